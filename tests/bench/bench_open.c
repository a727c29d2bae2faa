/* bench_open FIGURES: records opened a second, held to the sum of their parts.
 *
 * A vault in this process, on LMDB, holds RECORDS cards. Opening one is what a release does: derive the
 * token's names, find the record, open its outside and its inside. The limit is the same calls on the same
 * bytes with nothing between them: one BLAKE2b of the token's text, one LMDB get, one XChaCha20-Poly1305 open
 * of what it found and one of what that gave. It checks no field, copies only what must lie in one piece,
 * wipes nothing, and asks for all of a record's cache lines at once. */
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "packed_digits.h"
#include "report.h"
#include "tables.h"
#include "tokens.h"

enum {
  ROUNDS = 5,
  RECORDS = 20000,
  OPENS = 100000, /* a round */
  SLICE = 5000,   /* of a round: the two take turns, so that both meet the same neighbours in the cache */
  TOKEN_TEXT_BYTES = 4 + ID_BODY_LENGTH, /* tok_ and what follows */
  BEFORE = 17 + 54 + RECORD_SALT_BYTES,  /* what stands before the outside: head, escrow, salt */
  INNER_BOUND = 2 + 2 * TOKEN_HASH_BYTES,
  CACHE_LINE = 64
};

/* What a bare open needs. */
struct bare {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;
  const uint8_t *outer_key;
  uint8_t bound[INNER_BOUND + BEFORE]; /* type, environment, both ids; then what stands before the outside */
};

static struct harness harness;
static struct id tokens[RECORDS];

static void must(int result, const char *what) {
  if (result != 0) {
    fprintf(stderr, "bench: %s failed (%d)\n", what, result);
    exit(1);
  }
}

static void number_of(unsigned i, char ret_digits[CARD_NUMBER_CAPACITY]) {
  unsigned sum = 0;
  snprintf(ret_digits, CARD_NUMBER_CAPACITY, "424242%09u", i * 7919u % 1000000000u);
  for (int at = 0; at < 15; at++) {
    unsigned digit = (unsigned)(ret_digits[at] - '0') * (at % 2 == 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  ret_digits[15] = (char)('0' + (10 - sum % 10) % 10);
  ret_digits[16] = '\0';
}

static void fill(void) {
  for (unsigned i = 0; i < RECORDS; i++) {
    struct tokenize tokenize = {.card = {.exp_month = 12, .exp_year = 2030, .name = "Ada Example"}};
    struct tokenized tokenized;
    memcpy(tokenize.key_hash, harness.key_hash, sizeof tokenize.key_hash);
    number_of(i, tokenize.card.number);
    must(token_make(harness.vault, &tokenize, &tokenized), "a tokenization");
    tokens[i] = tokenized.token;
  }
  must(store_commit(harness.store), "the commit");
}

/* Seconds for a slice of a round. */
static double open_records(unsigned first) {
  double began = seconds_now();
  for (unsigned i = first; i < first + SLICE; i++) {
    struct found_token found;
    struct card card;
    must(token_find(harness.vault, &harness.merchant, &tokens[i * 7919u % RECORDS], &found),
         "finding a token");
    struct record_binding binding = token_binding(&found);
    must(record_open_card(&found.record, &binding, found.names.inner_key, &card), "opening a card");
    card_wipe(&card);
    token_found_wipe(&found);
  }
  return seconds_now() - began;
}

/* ---- The parts, bare ---- */

static MDB_val find_bare(const struct bare *bare, uint8_t *hash) {
  MDB_val key = {TOKEN_HASH_BYTES, hash}, value;
  must(mdb_get(bare->txn, bare->dbi, &key, &value), "a get");
  const uint8_t *record = value.mv_data;
  for (size_t at = 0; at < value.mv_size; at += CACHE_LINE)
    __builtin_prefetch(record + at);
  __builtin_prefetch(record + value.mv_size - 1);
  return value;
}

/* The authenticated data of the inside is that of the outside's first two fields and the ids; so the two
 * share one buffer. */
static void open_bare(struct bare *bare, const struct id *token, uint8_t ret_inside[INNER_MAX]) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport token";
  uint8_t names[TOKEN_HASH_BYTES + KEY_BYTES], outside[OUTSIDE_MAX];
  uint8_t outer_nonce[TOKEN_HASH_BYTES + RECORD_SALT_BYTES], inner_nonce[sizeof outer_nonce] = {0};
  crypto_generichash_blake2b_salt_personal(names, sizeof names, (const uint8_t *)token->text,
                                           TOKEN_TEXT_BYTES, NULL, 0, salt, personal);
  MDB_val value = find_bare(bare, names);
  const uint8_t *record = value.mv_data;
  size_t length = value.mv_size - BEFORE;
  memcpy(bare->bound + INNER_BOUND - TOKEN_HASH_BYTES, names, TOKEN_HASH_BYTES);
  memcpy(bare->bound + INNER_BOUND, record, BEFORE);
  memcpy(outer_nonce, names, TOKEN_HASH_BYTES);
  memcpy(outer_nonce + TOKEN_HASH_BYTES, record + BEFORE - RECORD_SALT_BYTES, RECORD_SALT_BYTES);
  must(crypto_aead_xchacha20poly1305_ietf_decrypt(outside, NULL, NULL, record + BEFORE, length,
                                                  bare->bound + 2, sizeof bare->bound - 2, outer_nonce,
                                                  bare->outer_key),
       "the outside");
  memcpy(inner_nonce, outside, RECORD_SALT_BYTES);
  must(crypto_aead_xchacha20poly1305_ietf_decrypt(ret_inside, NULL, NULL, outside + INNER_AT,
                                                  length - RECORD_TAG_BYTES - INNER_AT, bare->bound,
                                                  INNER_BOUND, inner_nonce, names + TOKEN_HASH_BYTES),
       "the inside");
}

static double open_records_bare(struct bare *bare, unsigned first) {
  uint8_t inside[INNER_MAX];
  double began = seconds_now();
  for (unsigned i = first; i < first + SLICE; i++)
    open_bare(bare, &tokens[i * 7919u % RECORDS], inside);
  return seconds_now() - began;
}

/* What was opened bare is the card that went in. */
static void check_bare(struct bare *bare) {
  for (unsigned i = 0; i < RECORDS; i++) {
    char digits[CARD_NUMBER_CAPACITY];
    uint8_t packed[NUMBER_BYTES], inside[INNER_MAX];
    number_of(i, digits);
    digits_pack(digits, packed, sizeof packed);
    open_bare(bare, &tokens[i], inside);
    must(memcmp(inside, packed, sizeof packed), "a card, opened bare,");
  }
}

static void copy_record(const struct bare *bare, const struct id *token) {
  struct token_names names;
  struct view value;
  token_names_of(token, &names);
  must(store_get(harness.store, TABLE_TOKENS, names.hash, TOKEN_HASH_BYTES, &value), "a record");
  MDB_val key = {TOKEN_HASH_BYTES, names.hash}, data = {value.length, (void *)(uintptr_t)value.bytes};
  must(mdb_put(bare->txn, bare->dbi, &key, &data, 0), "a put");
}

/* A copy of the table in a file of its own, so that the bare gets share nothing with the vault's environment.
 */
static void bare_store_open(struct bare *bare) {
  char path[96];
  snprintf(path, sizeof path, "%s/bare.mdb", harness.folder);
  must(mdb_env_create(&bare->env), "an environment");
  must(mdb_env_set_maxdbs(bare->env, 4), "an environment");
  must(mdb_env_set_mapsize(bare->env, (size_t)1 << 30), "an environment");
  must(mdb_env_open(bare->env, path, MDB_NOSUBDIR, 0600), "an environment");
  must(mdb_txn_begin(bare->env, NULL, 0, &bare->txn), "a write");
  must(mdb_dbi_open(bare->txn, "tokens", MDB_CREATE, &bare->dbi), "a table");
  for (unsigned i = 0; i < RECORDS; i++)
    copy_record(bare, &tokens[i]);
  must(mdb_txn_commit(bare->txn), "a commit");
  must(mdb_txn_begin(bare->env, NULL, MDB_RDONLY, &bare->txn), "a read");
  const struct merchant *merchant = merchant_by_id(&harness.vault->merchants, &harness.merchant);
  bare->outer_key = merchant_record_key(merchant, merchant->generation);
  bare->bound[0] = RECORD_TYPE_CARD;
  bare->bound[1] = ENVIRONMENT_TEST;
  memcpy(bare->bound + 2, merchant->id, MERCHANT_ID_BYTES);
}

static void bare_store_close(struct bare *bare) {
  mdb_txn_abort(bare->txn);
  mdb_env_close(bare->env);
}

int main(int argc, char **argv) {
  static struct bare bare;
  double rates[ROUNDS], limits[ROUNDS];
  if (argc != 2) {
    fputs("usage: bench_open FIGURES\n", stderr);
    return 64;
  }
  pin_to(0);
  harness_open(&harness, HARNESS_LMDB);
  fill();
  bare_store_open(&bare);
  check_bare(&bare);
  for (int i = 0; i < ROUNDS; i++) {
    double seconds = 0, seconds_bare = 0;
    for (unsigned first = 0; first < OPENS; first += SLICE) {
      seconds_bare += open_records_bare(&bare, first);
      seconds += open_records(first);
    }
    limits[i] = OPENS / seconds_bare;
    rates[i] = OPENS / seconds;
  }
  bare_store_close(&bare);
  double rate = median(rates, ROUNDS), limit = median(limits, ROUNDS);
  report(argv[1], &(struct figure){.name = "open",
                                   .value = rate,
                                   .unit = "records/s",
                                   .limit = limit,
                                   .ratio = rate / limit,
                                   .target = "ratio >= 0.8",
                                   .met = rate / limit >= 0.8});
  harness_close(&harness);
  return 0;
}
