/* bench_open FIGURES: records opened a second, held to the sum of their parts.
 *
 * A vault in this process, on LMDB, holds RECORDS cards. Opening one is what a release does: derive the
 * token's names, find the record, open its outside and its inside. The parts are the same primitives bare:
 * one BLAKE2b of the same lengths, one LMDB get, two XChaCha20-Poly1305 opens of the same lengths. */
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report.h"
#include "tables.h"
#include "tokens.h"

enum {
  ROUNDS = 5,
  RECORDS = 20000,
  OPENS = 100000,
  TOKEN_TEXT_BYTES = 4 + ID_BODY_LENGTH, /* tok_ and what follows */
  INNER_BYTES = NUMBER_BYTES + 11,
  OUTER_BYTES = 33 + INNER_BYTES + 16
};

/* Authenticated data: of the outside, both ids, the head of 17 bytes, the escrow of 54 and the salt of 8; of
 * the inside, type, environment and both ids. */
enum { OUTER_BOUND = 32 + 17 + 54 + 8, INNER_BOUND = 2 + 32 };

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

static double open_records(void) {
  double began = seconds_now();
  for (unsigned i = 0; i < OPENS; i++) {
    struct found_token found;
    struct card card;
    must(token_find(harness.vault, &harness.merchant, &tokens[i * 7919u % RECORDS], &found),
         "finding a token");
    struct record_binding binding = token_binding(&found);
    must(record_open_card(&found.record, &binding, found.names.inner_key, &card), "opening a card");
    card_wipe(&card);
    token_found_wipe(&found);
  }
  return OPENS / (seconds_now() - began);
}

/* ---- The parts, bare ---- */

static double hashes(void) {
  uint8_t text[TOKEN_TEXT_BYTES] = {1}, derived[TOKEN_HASH_BYTES + KEY_BYTES];
  double began = seconds_now();
  for (unsigned i = 0; i < OPENS; i++) {
    memcpy(text, &i, sizeof i);
    crypto_generichash(derived, sizeof derived, text, sizeof text, NULL, 0);
  }
  return seconds_now() - began;
}

static double gets(MDB_env *env, uint8_t (*keys)[TOKEN_HASH_BYTES]) {
  MDB_txn *txn;
  MDB_dbi dbi;
  must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "a read");
  must(mdb_dbi_open(txn, "tokens", 0, &dbi), "the table");
  double began = seconds_now();
  for (unsigned i = 0; i < OPENS; i++) {
    MDB_val key = {TOKEN_HASH_BYTES, keys[i * 7919u % RECORDS]}, value;
    must(mdb_get(txn, dbi, &key, &value), "a get");
  }
  double seconds = seconds_now() - began;
  mdb_txn_abort(txn);
  return seconds;
}

static double opens(size_t length, size_t bound) {
  uint8_t key[32] = {7}, nonce[24] = {9}, data[192] = {0}, plain[256] = {0}, sealed[272];
  unsigned long long sealed_length;
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_length, plain, length, data, bound, NULL, nonce,
                                             key);
  double began = seconds_now();
  for (unsigned i = 0; i < OPENS; i++) {
    must(crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, sealed_length, data, bound,
                                                    nonce, key),
         "an open");
  }
  return seconds_now() - began;
}

/* A copy of the table in a file of its own, so that the bare gets share nothing with the vault's environment.
 */
static MDB_env *bare_copy(uint8_t (*keys)[TOKEN_HASH_BYTES]) {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;
  char path[96];
  snprintf(path, sizeof path, "%s/bare.mdb", harness.folder);
  must(mdb_env_create(&env), "an environment");
  must(mdb_env_set_maxdbs(env, 4), "an environment");
  must(mdb_env_set_mapsize(env, (size_t)1 << 30), "an environment");
  must(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), "an environment");
  must(mdb_txn_begin(env, NULL, 0, &txn), "a write");
  must(mdb_dbi_open(txn, "tokens", MDB_CREATE, &dbi), "a table");
  for (unsigned i = 0; i < RECORDS; i++) {
    struct token_names names;
    struct view value;
    token_names_of(&tokens[i], &names);
    must(store_get(harness.store, TABLE_TOKENS, names.hash, TOKEN_HASH_BYTES, &value), "a record");
    memcpy(keys[i], names.hash, TOKEN_HASH_BYTES);
    MDB_val key = {TOKEN_HASH_BYTES, names.hash}, data = {value.length, (void *)(uintptr_t)value.bytes};
    must(mdb_put(txn, dbi, &key, &data, 0), "a put");
  }
  must(mdb_txn_commit(txn), "a commit");
  return env;
}

int main(int argc, char **argv) {
  static uint8_t keys[RECORDS][TOKEN_HASH_BYTES];
  double rates[ROUNDS], limits[ROUNDS];
  if (argc != 2) {
    fputs("usage: bench_open FIGURES\n", stderr);
    return 64;
  }
  pin_to(0);
  harness_open(&harness, HARNESS_LMDB);
  fill();
  MDB_env *env = bare_copy(keys);
  for (int i = 0; i < ROUNDS; i++) {
    double parts =
        hashes() + gets(env, keys) + opens(OUTER_BYTES, OUTER_BOUND) + opens(INNER_BYTES, INNER_BOUND);
    limits[i] = OPENS / parts;
    rates[i] = open_records();
  }
  mdb_env_close(env);
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
