#include "similar.h"

#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "key_label.h"
#include "tables.h"

enum { MERCHANT_BYTES = 16, BIN_BYTES = 8, LAST_BYTES = 4, TIME_BYTES = 4, MS_PER_S = 1000 };

static void key_of(const uint8_t *index_key, const uint8_t *merchant_id, const struct card_view *view,
                   uint8_t ret_key[SIMILAR_KEY_BYTES]) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport similar";
  uint8_t input[MERCHANT_BYTES + BIN_BYTES + LAST_BYTES] = {0}, derived[crypto_generichash_blake2b_BYTES_MIN];
  memcpy(input, merchant_id, MERCHANT_BYTES);
  memcpy(input + MERCHANT_BYTES, view->bin, strlen(view->bin));
  memcpy(input + MERCHANT_BYTES + BIN_BYTES, view->last4, LAST_BYTES);
  crypto_generichash_blake2b_salt_personal(derived, sizeof derived, input, sizeof input, index_key, KEY_BYTES,
                                           salt, personal);
  memcpy(ret_key, derived, SIMILAR_KEY_BYTES);
}

/* Copies the times that are within the window; returns how many. */
static size_t recent(struct view times, uint32_t now_s, unsigned most, uint32_t *ret_times) {
  struct reader reader = reader_over(times.bytes, times.length / TIME_BYTES * TIME_BYTES);
  size_t count = 0;
  while (reader_left(&reader) > 0 && count < most) {
    uint32_t at = read_u32(&reader);
    if (at + SIMILAR_WINDOW_S > now_s)
      ret_times[count++] = at;
  }
  return count;
}

int similar_note(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                 const struct card_view *view, unsigned limit, int64_t now_ms) {
  if (limit == 0)
    return 0;
  uint8_t key[SIMILAR_KEY_BYTES];
  key_of(index_key, merchant_id, view, key);
  struct view found = {0};
  int r = store_get(store, TABLE_SIMILAR, key, sizeof key, &found);
  if (r < 0)
    return r;
  uint32_t now_s = (uint32_t)(now_ms / MS_PER_S);
  uint32_t times[SIMILAR_LIMIT_MAX + 1];
  size_t count = r == 0 ? recent(found, now_s, limit, times) : 0;
  if (count >= limit)
    return STATUS_LIMITED;
  times[count++] = now_s;
  uint8_t bytes[(SIMILAR_LIMIT_MAX + 1) * TIME_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  for (size_t i = 0; i < count; i++)
    write_u32(&writer, times[i]);
  return store_put(store, TABLE_SIMILAR, key, sizeof key, bytes, writer_length(&writer));
}

int similar_sweep(struct store *store, uint8_t position[SIMILAR_KEY_BYTES], unsigned batch, int64_t now_ms,
                  bool *ret_done) {
  uint32_t now_s = (uint32_t)(now_ms / MS_PER_S), time;
  for (unsigned i = 0; i < batch; i++) {
    struct view key, times;
    bool first = sodium_is_zero(position, SIMILAR_KEY_BYTES);
    int r = store_next(store, TABLE_SIMILAR, position, SIMILAR_KEY_BYTES, first, &key, &times);
    if (r < 0)
      return r;
    *ret_done = r == STORE_ABSENT;
    if (*ret_done)
      return 0;
    memcpy(position, key.bytes, key.length < SIMILAR_KEY_BYTES ? key.length : SIMILAR_KEY_BYTES);
    if (recent(times, now_s, 1, &time) == 0 &&
        (r = store_delete(store, TABLE_SIMILAR, position, SIMILAR_KEY_BYTES)) < 0)
      return r;
  }
  return 0;
}
