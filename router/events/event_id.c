/* A balanced Feistel network of 80 bits over SipHash, with the time as its tweak. The last byte is counted up
 * until the id holds no run of digits that id_parse() refuses. */
#include "event_id.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum {
  TIME_BYTES = 6,
  HALF_BYTES = 5,
  BLOCK_BYTES = 2 * HALF_BYTES,
  ROUNDS = 8,
  SEQUENCE_BYTES = 6,
  SALTS = 256
};

_Static_assert((int)EVENT_KEY_BYTES == (int)crypto_shorthash_KEYBYTES, "the key is SipHash's");
_Static_assert((int)TIME_BYTES + (int)BLOCK_BYTES == (int)ID_RANDOM_BYTES, "time and block make an id");
_Static_assert((int)SEQUENCE_BYTES + 4 == (int)BLOCK_BYTES,
               "sequence, zero, type, subject, salt make a block");

/* Where in a block they lie. */
enum { ZERO = SEQUENCE_BYTES, TYPE, SUBJECT, SALT };

struct event_key event_key_of(const struct ledger *ledger) {
  uint8_t derived[LEDGER_KEY_BYTES];
  struct event_key key;
  ledger_derive_key(ledger, "freeport ids of events", derived);
  memcpy(key.bytes, derived, sizeof key.bytes);
  sodium_memzero(derived, sizeof derived);
  return key;
}

/* Mixes one half into the other. */
static void round_of(const struct event_key *key, const uint8_t time[TIME_BYTES], unsigned number,
                     const uint8_t from[HALF_BYTES], uint8_t into[HALF_BYTES]) {
  uint8_t input[TIME_BYTES + 1 + HALF_BYTES], hash[crypto_shorthash_BYTES];
  memcpy(input, time, TIME_BYTES);
  input[TIME_BYTES] = (uint8_t)number;
  memcpy(input + TIME_BYTES + 1, from, HALF_BYTES);
  crypto_shorthash(hash, input, sizeof input, key->bytes);
  for (unsigned i = 0; i < HALF_BYTES; i++)
    into[i] ^= hash[i];
}

static void encipher(const struct event_key *key, const uint8_t time[TIME_BYTES],
                     uint8_t block[BLOCK_BYTES]) {
  for (unsigned i = 0; i < ROUNDS; i++) {
    bool even = i % 2 == 0;
    round_of(key, time, i, block + (even ? HALF_BYTES : 0), block + (even ? 0 : HALF_BYTES));
  }
}

static void decipher(const struct event_key *key, const uint8_t time[TIME_BYTES],
                     uint8_t block[BLOCK_BYTES]) {
  for (unsigned i = ROUNDS; i-- > 0;) {
    bool even = i % 2 == 0;
    round_of(key, time, i, block + (even ? HALF_BYTES : 0), block + (even ? 0 : HALF_BYTES));
  }
}

static void put_number(uint8_t *bytes, size_t length, uint64_t number) {
  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)(number >> (8 * (length - 1 - i)));
}

static uint64_t get_number(const uint8_t *bytes, size_t length) {
  uint64_t number = 0;
  for (size_t i = 0; i < length; i++)
    number = number << 8 | bytes[i];
  return number;
}

struct id event_id_of(const struct event_key *key, const struct event_place *place, int64_t at_ms) {
  uint8_t bytes[ID_RANDOM_BYTES];
  struct id id;
  assert(place->sequence >> (8 * SEQUENCE_BYTES) == 0);
  for (unsigned salt = 0; salt < SALTS; salt++) {
    uint8_t *block = bytes + TIME_BYTES;
    put_number(bytes, TIME_BYTES, (uint64_t)at_ms);
    put_number(block, SEQUENCE_BYTES, place->sequence);
    block[ZERO] = 0;
    block[TYPE] = (uint8_t)place->type;
    block[SUBJECT] = place->subject;
    block[SALT] = (uint8_t)salt;
    encipher(key, bytes, block);
    id = id_from_bytes("evt", bytes);
    if (id_parse("evt", id.text, NULL) == 0)
      break;
  }
  return id;
}

int event_id_read(const struct event_key *key, const struct id *id, struct event_place *ret_place,
                  int64_t *ret_at_ms) {
  uint8_t bytes[ID_RANDOM_BYTES];
  if (id_parse("evt", id->text, bytes) < 0)
    return -EINVAL;
  uint8_t *block = bytes + TIME_BYTES;
  decipher(key, bytes, block);
  struct event_place place = {.sequence = get_number(block, SEQUENCE_BYTES),
                              .type = (enum event_type)block[TYPE],
                              .subject = block[SUBJECT]};
  int64_t at_ms = (int64_t)get_number(bytes, TIME_BYTES);
  if (block[ZERO] != 0 || block[TYPE] >= EVENT_TYPE_COUNT || (place.type == EVENT_NONE) != (at_ms == 0))
    return -EINVAL;
  struct id same = event_id_of(key, &place, at_ms); /* with the salt that it would have from us */
  if (!id_equal(&same, id))
    return -EINVAL;
  *ret_place = place;
  *ret_at_ms = at_ms;
  return 0;
}
