#include "emptied.h"

#include <string.h>

#include "log.h"
#include "tables.h"

#define MS_PER_DAY (INT64_C(24) * 3600 * 1000)

enum { FORMAT = 1, DAY_BYTES = 4, ROW_KEY_BYTES = DAY_BYTES + INDEX_ENTRY_BYTES };

static uint32_t day_of(int64_t now_ms) {
  return (uint32_t)(now_ms / MS_PER_DAY);
}

uint32_t emptied_forget_day(int64_t now_ms) {
  return day_of(now_ms) + EMPTIED_KEPT_DAYS + 1;
}

/* A row's key: big-endian, so that the earliest day is the first. */
static void row_key(uint32_t day, const uint8_t entry[INDEX_ENTRY_BYTES], uint8_t ret_key[ROW_KEY_BYTES]) {
  for (size_t i = 0; i < DAY_BYTES; i++)
    ret_key[i] = (uint8_t)(day >> (8 * (DAY_BYTES - 1 - i)));
  memcpy(ret_key + DAY_BYTES, entry, INDEX_ENTRY_BYTES);
}

int emptied_note(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t forget_day) {
  static const uint8_t format = FORMAT;
  uint8_t key[ROW_KEY_BYTES];
  row_key(forget_day, entry, key);
  return store_put(store, TABLE_EMPTIED, key, sizeof key, &format, sizeof format);
}

int emptied_cancel(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t forget_day) {
  uint8_t key[ROW_KEY_BYTES];
  row_key(forget_day, entry, key);
  return store_delete(store, TABLE_EMPTIED, key, sizeof key);
}

static uint32_t day_in(const uint8_t key[ROW_KEY_BYTES]) {
  uint32_t day = 0;
  for (size_t i = 0; i < DAY_BYTES; i++)
    day = day << 8 | key[i];
  return day;
}

/* A row that is none goes as well: it would keep all behind it from being forgotten. */
static int forget(struct store *store, const uint8_t *key, size_t length, uint32_t today) {
  int r = 0;
  if (length == ROW_KEY_BYTES)
    r = index_forget(store, key + DAY_BYTES, today);
  else
    log_warn("a damaged row of the emptied index entries was dropped");
  return r < 0 ? r : store_delete(store, TABLE_EMPTIED, key, length);
}

int emptied_sweep(struct store *store, unsigned batch, int64_t now_ms) {
  uint32_t today = day_of(now_ms);
  for (unsigned i = 0; i < batch; i++) {
    struct view found, value;
    uint8_t key[STORE_KEY_MAX];
    int r = store_next(store, TABLE_EMPTIED, NULL, 0, true, &found, &value);
    if (r < 0)
      return r;
    if (r == STORE_ABSENT)
      return (int)i;
    size_t length = found.length < sizeof key ? found.length : sizeof key;
    memcpy(key, found.bytes, length);
    if (length == ROW_KEY_BYTES && day_in(key) > today)
      return (int)i;
    if ((r = forget(store, key, length, today)) < 0)
      return r;
  }
  return (int)batch;
}
