#include "similar.h"

#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "key_label.h"
#include "tables.h"

enum { MERCHANT_BYTES = 16, BIN_BYTES = 8, LAST_BYTES = 4, TIME_BYTES = 4, MS_PER_S = 1000 };

/* Whose numbers are meant, and what is asked of them. */
struct kin {
  struct store *store;
  uint8_t numbers[SIMILAR_KEY_BYTES]; /* key of the row of new numbers */
  uint8_t refused[SIMILAR_KEY_BYTES]; /* key of the row of the last refusal */
  uint32_t now_s;
};

static void key_of(const char *purpose, const uint8_t *index_key, const uint8_t *merchant_id,
                   const struct card_view *view, uint8_t ret_key[SIMILAR_KEY_BYTES]) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
  memcpy(personal, purpose, strlen(purpose));
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

static struct kin kin_of(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                         const struct card_view *view, int64_t now_ms) {
  struct kin kin = {.store = store, .now_s = (uint32_t)(now_ms / MS_PER_S)};
  key_of("freeport similar", index_key, merchant_id, view, kin.numbers);
  key_of("freeport refused", index_key, merchant_id, view, kin.refused);
  return kin;
}

/* Reads the recent times of a row. */
static int read_times(const struct kin *kin, const uint8_t key[SIMILAR_KEY_BYTES], unsigned most,
                      uint32_t *ret_times, size_t *ret_count) {
  struct view found = {0};
  int r = store_get(kin->store, TABLE_SIMILAR, key, SIMILAR_KEY_BYTES, &found);
  if (r < 0)
    return r;
  *ret_count = r == 0 ? recent(found, kin->now_s, most, ret_times) : 0;
  return 0;
}

static int write_times(const struct kin *kin, const uint8_t key[SIMILAR_KEY_BYTES], const uint32_t *times,
                       size_t count) {
  uint8_t bytes[(SIMILAR_LIMIT_MAX + 1) * TIME_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  for (size_t i = 0; i < count; i++)
    write_u32(&writer, times[i]);
  return store_put(kin->store, TABLE_SIMILAR, key, SIMILAR_KEY_BYTES, bytes, writer_length(&writer));
}

/* From the first refusal on, known numbers are refused too. A flood of refusals writes once. */
static int note_refusal(const struct kin *kin) {
  uint32_t time;
  size_t count = 0;
  int r = read_times(kin, kin->refused, 1, &time, &count);
  if (r == 0 && count == 0)
    r = write_times(kin, kin->refused, &kin->now_s, 1);
  return r < 0 ? r : STATUS_LIMITED;
}

int similar_note(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                 const struct card_view *view, unsigned limit, int64_t now_ms) {
  if (limit == 0)
    return 0;
  struct kin kin = kin_of(store, index_key, merchant_id, view, now_ms);
  uint32_t times[SIMILAR_LIMIT_MAX + 1];
  size_t count = 0;
  int r = read_times(&kin, kin.numbers, limit, times, &count);
  if (r < 0)
    return r;
  if (count >= limit)
    return note_refusal(&kin);
  times[count++] = kin.now_s;
  return write_times(&kin, kin.numbers, times, count);
}

int similar_known(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                  const struct card_view *view, unsigned limit, int64_t now_ms) {
  if (limit == 0)
    return 0;
  struct kin kin = kin_of(store, index_key, merchant_id, view, now_ms);
  uint32_t times[SIMILAR_LIMIT_MAX + 1];
  size_t count = 0, refusals = 0;
  int r = read_times(&kin, kin.numbers, limit, times, &count);
  if (r == 0 && count >= limit)
    r = read_times(&kin, kin.refused, 1, times, &refusals);
  return r < 0 ? r : refusals > 0 ? STATUS_LIMITED : 0;
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
