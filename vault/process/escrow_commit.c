#include "escrow_commit.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "tables.h"

enum { NUMBER_BYTES = 8 };

static void key_of(uint64_t number, uint8_t ret_key[NUMBER_BYTES]) {
  for (size_t i = 0; i < NUMBER_BYTES; i++)
    ret_key[i] = (uint8_t)(number >> (8 * (NUMBER_BYTES - 1 - i)));
}

int escrow_commit_load(struct escrow_commit *escrow, struct store *store, struct arena *arena,
                       const uint8_t public_key[KEY_BYTES]) {
  *escrow = (struct escrow_commit){.store = store, .number = 1, .key = arena_take(arena, KEY_BYTES)};
  if (!escrow->key)
    return -ENOMEM;
  memcpy(escrow->public_key, public_key, KEY_BYTES);
  struct view key, value;
  int r = store_last(store, TABLE_ESCROW, NULL, 0, &key, &value);
  if (r != 0)
    return r < 0 ? r : 0;
  if (key.length != NUMBER_BYTES)
    return -EBADMSG;
  uint64_t last = 0;
  for (size_t i = 0; i < NUMBER_BYTES; i++)
    last = last << 8 | key.bytes[i];
  escrow->number = last + 1;
  return 0;
}

int escrow_commit_prepare(struct escrow_commit *escrow) {
  if (escrow->ready)
    return 0;
  randombytes_buf(escrow->key, KEY_BYTES);
  int r = escrow_seal(escrow->public_key, escrow->key, escrow->sealed);
  escrow->ready = r == 0;
  return r;
}

int escrow_commit_use(struct escrow_commit *escrow) {
  if (escrow->written)
    return 0;
  int r = escrow_commit_prepare(escrow);
  if (r < 0)
    return r;
  uint8_t key[NUMBER_BYTES];
  key_of(escrow->number, key);
  r = store_put(escrow->store, TABLE_ESCROW, key, sizeof key, escrow->sealed, sizeof escrow->sealed);
  escrow->written = r == 0;
  return r;
}

void escrow_commit_end(struct escrow_commit *escrow, bool committed) {
  if (!escrow->written)
    return;
  sodium_memzero(escrow->key, KEY_BYTES);
  escrow->number += committed ? 1 : 0;
  escrow->written = escrow->ready = false;
}
