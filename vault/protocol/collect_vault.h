/* The messages between freeport-collect and freeport-vault. Collect can hand cards in; none comes back. */
#pragma once

#include "card.h"
#include "channel.h"
#include "cursor.h"
#include "ids.h"
#include "router_vault.h"

enum collect_vault_type {
  CV_TOKENIZE = 1, /* a card, and perhaps its code, become a token */
  CV_SECURITY_CODE /* a saved card's code, typed again */
};

enum { PUBLISHABLE_HASH_BYTES = 32 };

struct tokenize {
  uint8_t
      key_hash[PUBLISHABLE_HASH_BYTES]; /* SHA-256 of the publishable key: names merchant and environment */
  struct card card;
  struct card_code code;
};

struct tokenized { /* STATUS_REFUSED: unknown key; STATUS_INVALID: not acceptable here (a real number in the
                      test environment, an expired date); STATUS_LIMITED: B11 */
  struct id token;
  struct card_view card; /* no fingerprint: collect is shown none (B11) */
};

struct code_typed {
  uint8_t key_hash[PUBLISHABLE_HASH_BYTES];
  struct id token;
  struct card_code code;
};

struct code_leased {
  struct id security_code; /* "cvc" */
  int64_t expires_ms;
};

void write_tokenize(struct writer *writer, const struct tokenize *tokenize);
MUST_USE int read_tokenize(struct reader *reader, struct tokenize *ret_tokenize);
void write_tokenized(struct writer *writer, const struct tokenized *tokenized);
MUST_USE int read_tokenized(struct reader *reader, struct tokenized *ret_tokenized);
void write_code_typed(struct writer *writer, const struct code_typed *typed);
MUST_USE int read_code_typed(struct reader *reader, struct code_typed *ret_typed);
void write_code_leased(struct writer *writer, const struct code_leased *leased);
MUST_USE int read_code_leased(struct reader *reader, struct code_leased *ret_leased);
