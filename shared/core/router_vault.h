/* The messages between freeport-router and freeport-vault. No message of this file can carry a card number, a
 * security code or a credential: there is no field for one (B1). Each pair of functions is the two halves of
 * one schema; encoders return through the writer, decoders return 0 or -EBADMSG and check every limit
 * themselves. */
#pragma once

#include "account_facts.h"
#include "channel.h"
#include "cursor.h"
#include "fields.h"
#include "ids.h"
#include "money.h"
#include "operations.h"
#include <stdint.h>

enum router_vault_type {
  RV_HEAD = 1, /* the audit head that the router last saw (sequence 0: none) -> the vault's own; or, when its
                  chain does not hold that one, STATUS_ROLLED_BACK to this and to all that follows (B9) */
  RV_DESCRIBE, /* a token's metadata */
  RV_DISPATCH, /* one operation at one connector */
  RV_END_PAYMENT,   /* the payment is over: its security code dies */
  RV_DELETE_TOKEN,  /* disable now, destroy after seven days (B13) */
  RV_UPDATE_TOKEN,  /* a new expiry date */
  RV_CONNECTORS,    /* the registered connectors, one page at a time */
  RV_WEBHOOK_TAKEN, /* what became of an RV_WEBHOOK */
  RV_RELEASES,      /* the releases of cards, and movements, after a place of the audit chain: a page */
  RV_CONNECTORS_CHANGED = 0x40, /* vault to router, unasked: ask RV_CONNECTORS again */
  RV_WEBHOOK = 0x41,        /* vault to router, unasked: what a PSP's webhook says, its signature checked */
  RV_LEDGER_ACCEPTED = 0x42 /* vault to router, unasked: an operator takes the ledger as it is, up to this
                               audit head */
};

enum {
  CONNECTOR_NAME_CAPACITY = 33, /* a-z 0-9 _ , 1 to 32 */
  SHEET_NAME_CAPACITY = 33,
  STEP_KEY_CAPACITY = 48, /* "pay_" + 26 + "_1_2" */
  ACCOUNT_TEXT_CAPACITY = 65,
  SHEET_HASH_BYTES = 32, /* BLAKE2b-256 of the sheet's bytes */
  CONNECTORS_PER_PAGE = 16,
  RELEASES_PER_PAGE = 256
};

/* Where the audit chain stands: travels with replies, is kept in the journal. */
struct audit_head {
  uint64_t sequence;
  uint8_t hash[32];
};

enum token_status { TOKEN_ACTIVE = 1, TOKEN_DELETED, TOKEN_EXPIRED };

/* What may be shown of a card (B11). */
struct card_view {
  char bin[9]; /* eight digits of 16 or more, else six */
  char last4[5];
  enum network network;
  uint8_t exp_month;     /* 1 to 12 */
  uint16_t exp_year;     /* four digits */
  struct id fingerprint; /* "fpr" */
};

struct token_question { /* RV_DESCRIBE, RV_DELETE_TOKEN */
  struct id merchant;   /* "mer" */
  struct id token;      /* "tok" */
};

struct token_update {
  struct id merchant;
  struct id token;
  uint8_t exp_month;
  uint16_t exp_year;
};

struct token_description { /* reply to RV_DESCRIBE, RV_UPDATE_TOKEN, RV_DELETE_TOKEN */
  enum token_status status;
  struct card_view card;
  int64_t created_ms;
  int64_t destroy_ms; /* when a deleted token is destroyed; else 0 */
};

struct dispatch {
  struct id merchant;
  struct id payment;           /* "pay" or "ver": what a security code is leased to */
  char key[STEP_KEY_CAPACITY]; /* pay_..._1, ver_..._1 or mov_..._1: each step appends its number */
  char connector[CONNECTOR_NAME_CAPACITY];
  uint8_t
      sheet_hash[SHEET_HASH_BYTES]; /* the version the attempt began with; another pinned one is a conflict */
  enum operation operation;
  enum operation asked_about; /* for OPERATION_STATUS: which operation; else 0 */
  struct id token;            /* for authorize, charge, verify; else empty, or known for the scrub */
  struct id security_code;    /* "cvc", or empty: then the code typed with the card, if still leased */
  struct money amount;        /* not negative; the currency always set */
  uint32_t timeout_ms;        /* for the whole of it, 100 to 120,000 */
  int64_t deadline_us;        /* CLOCK_MONOTONIC, set as it is handed over: what is read later than this is
                                 STATUS_BUSY, for the router has begun to ask for its fate (P2) */
  bool replay;                /* the same dispatch again, to learn its fate (P2) */
  bool security_code_sent; /* of a replay: a code was, or for all the router knows may have been, part of the
                              first sending; then it is sent again, or the answer is STATUS_EXPIRED when it is
                              gone. false: a replay carries none */
  struct request_fields fields;
};

struct dispatch_result { /* reply to RV_DISPATCH, status 0 whatever the PSP said */
  enum phase phase;
  enum answer answer;      /* ANSWER_IS_UNKNOWN unless phase is PHASE_REPLY */
  uint8_t step;            /* the step that it ended at, 1 for the first */
  uint16_t http_status;    /* 0 when none came */
  uint32_t latency_us;     /* from the first byte sent to the last received */
  uint8_t scrubbed;        /* fields dropped by the scrub (B4) */
  bool security_code_sent; /* a leased security code was part of it */
  bool transient_error;    /* the PSP said that the request went no further (Adyen's Transient-Error) */
  struct answer_fields fields;
  struct audit_head head;
};

/* One event of a PSP's webhook. It comes again until it is taken, in any order, and as often as the PSP
 * likes. */
struct webhook {
  uint64_t number;                         /* the vault's name for it; not 0 */
  char connector[CONNECTOR_NAME_CAPACITY]; /* whose secret signed it */
  char key[STEP_KEY_CAPACITY]; /* the reference it names: pay_..._1, ver_..._1 or mov_..._1, without a step */
  enum operation about; /* authorize, charge, capture, void, refund or verify. With an attempt's key and
                           about a movement, the PSP did not say which one */
  enum answer answer;   /* never ANSWER_IS_ABSENT or ANSWER_IS_UNKNOWN */
  int64_t at_ms;        /* when it happened, by the PSP's clock; 0 when it did not say */
  bool codes_unsigned;  /* its signature does not cover the codes among the fields: they may make an outcome
                           stricter, never milder */
  struct answer_fields fields;
};

/* What the router made of it. Anything but STATUS_DONE has the PSP send it again. */
struct webhook_taken {
  uint64_t number;
  enum status
      status; /* STATUS_DONE: what it taught, if anything, is durable. Else STATUS_BUSY or STATUS_STORAGE */
};

struct end_payment {
  struct id merchant;
  struct id payment;
};

enum connector_status { CONNECTOR_ACTIVE = 1, CONNECTOR_DRAINING, CONNECTOR_DISABLED };

struct connector_facts {
  char name[CONNECTOR_NAME_CAPACITY];
  char sheet[SHEET_NAME_CAPACITY];
  uint8_t sheet_hash[SHEET_HASH_BYTES];
  enum connector_status status;
  char merchant_account[ACCOUNT_TEXT_CAPACITY]; /* as the PSP calls it; not a secret; or "" */
  uint32_t settling_ms; /* 0: as the sheet says; another value in the test environment only */
  struct account_facts account;
};

struct connectors_question {
  char after[CONNECTOR_NAME_CAPACITY]; /* "" for the first page */
};

struct connectors_page {
  uint8_t count;
  bool more;
  struct connector_facts facts[CONNECTORS_PER_PAGE];
};

struct releases_question {
  uint64_t after; /* a sequence of the audit chain; 0: from the beginning */
};

/* A card that left, or a capture, void or refund: for which attempt or movement, and whose. */
struct release {
  uint64_t sequence;
  struct id merchant;
  char key[STEP_KEY_CAPACITY];
};

/* In the order of the chain. Of a long chain without releases a page says how far it was looked through. */
struct releases_page {
  uint64_t through; /* every release up to this sequence stands here or before */
  bool more;        /* the chain goes on */
  uint16_t count;
  struct release releases[RELEASES_PER_PAGE];
};

void write_audit_head(struct writer *writer, const struct audit_head *head);
void read_audit_head(struct reader *reader, struct audit_head *ret_head);
void write_token_question(struct writer *writer, const struct token_question *question);
MUST_USE int read_token_question(struct reader *reader, struct token_question *ret_question);
void write_token_update(struct writer *writer, const struct token_update *update);
MUST_USE int read_token_update(struct reader *reader, struct token_update *ret_update);
void write_token_description(struct writer *writer, const struct token_description *description);
MUST_USE int read_token_description(struct reader *reader, struct token_description *ret_description);
void write_dispatch(struct writer *writer, const struct dispatch *dispatch);
MUST_USE int read_dispatch(struct reader *reader, struct dispatch *ret_dispatch);
void write_dispatch_result(struct writer *writer, const struct dispatch_result *result);
MUST_USE int read_dispatch_result(struct reader *reader, struct dispatch_result *ret_result);
void write_end_payment(struct writer *writer, const struct end_payment *end);
MUST_USE int read_end_payment(struct reader *reader, struct end_payment *ret_end);
/* Whether a webhook can be about that operation, and prove that about it. */
bool webhook_tells(enum operation about, enum answer answer);
void write_webhook(struct writer *writer, const struct webhook *webhook);
MUST_USE int read_webhook(struct reader *reader, struct webhook *ret_webhook);
void write_webhook_taken(struct writer *writer, const struct webhook_taken *taken);
MUST_USE int read_webhook_taken(struct reader *reader, struct webhook_taken *ret_taken);
/* A part of connectors_page and of the admin socket's connector_set. */
void write_connector_facts(struct writer *writer, const struct connector_facts *facts);
void read_connector_facts(struct reader *reader, struct connector_facts *ret_facts);
void write_connectors_question(struct writer *writer, const struct connectors_question *question);
MUST_USE int read_connectors_question(struct reader *reader, struct connectors_question *ret_question);
void write_connectors_page(struct writer *writer, const struct connectors_page *page);
MUST_USE int read_connectors_page(struct reader *reader, struct connectors_page *ret_page);
void write_releases_question(struct writer *writer, const struct releases_question *question);
MUST_USE int read_releases_question(struct reader *reader, struct releases_question *ret_question);
void write_releases_page(struct writer *writer, const struct releases_page *page);
MUST_USE int read_releases_page(struct reader *reader, struct releases_page *ret_page);
