/* What merchants.h counts: tokens, and deletions of the last 24 hours. */
#include <string.h>

#include "cursor.h"
#include "merchants.h"
#include "tables.h"

#define MS_PER_HOUR INT64_C(3600000)

enum { DELETIONS_FREE = 100, TOKENS_PER_DELETION = 100, ROW_BYTES = 16 + 4 * DELETION_HOURS };

void merchant_count_token(struct merchant *merchant, int change) {
  if (change > 0 || merchant->counters.tokens > 0)
    merchant->counters.tokens += (uint64_t)(int64_t)change;
  merchant->counters_changed = true;
}

/* Moves the places so that the first is the hour of now_ms. A clock set back moves nothing. */
static void turn_to(struct merchant_counters *counters, int64_t now_ms) {
  int64_t hours = now_ms / MS_PER_HOUR - counters->hour;
  if (hours <= 0)
    return;
  size_t shift = hours < DELETION_HOURS ? (size_t)hours : DELETION_HOURS;
  memmove(counters->deleted + shift, counters->deleted,
          (DELETION_HOURS - shift) * sizeof counters->deleted[0]);
  memset(counters->deleted, 0, shift * sizeof counters->deleted[0]);
  counters->hour += hours;
}

bool merchant_count_deletion(struct merchant *merchant, bool forced, int64_t now_ms) {
  struct merchant_counters *counters = &merchant->counters;
  turn_to(counters, now_ms);
  uint64_t deleted = 0;
  for (size_t i = 0; i < DELETION_HOURS; i++)
    deleted += counters->deleted[i];
  uint64_t share = counters->tokens / TOKENS_PER_DELETION;
  if (!forced && deleted >= (share > DELETIONS_FREE ? share : DELETIONS_FREE))
    return false;
  counters->deleted[0]++;
  merchant->counters_changed = true;
  return true;
}

static int write_row(struct store *store, const struct merchant *merchant) {
  uint8_t key[5], bytes[ROW_BYTES];
  struct writer name = writer_over(key, sizeof key);
  write_u8(&name, 'm');
  write_u32(&name, merchant->number);
  struct writer row = writer_over(bytes, sizeof bytes);
  write_u64(&row, merchant->counters.tokens);
  write_i64(&row, merchant->counters.hour);
  for (size_t i = 0; i < DELETION_HOURS; i++)
    write_u32(&row, merchant->counters.deleted[i]);
  return store_put(store, TABLE_META, key, sizeof key, bytes, sizeof bytes);
}

int merchants_write_counters(struct merchants *merchants) {
  for (uint32_t i = 0; i < merchants->count; i++) {
    if (!merchants->all[i].counters_changed)
      continue;
    int r = write_row(merchants->store, &merchants->all[i]);
    if (r < 0)
      return r;
  }
  return 0;
}

void merchants_keep_counters(struct merchants *merchants) {
  for (uint32_t i = 0; i < merchants->count; i++) {
    if (merchants->all[i].counters_changed)
      merchants->all[i].committed = merchants->all[i].counters;
    merchants->all[i].counters_changed = false;
  }
}

void merchants_take_back_counters(struct merchants *merchants) {
  for (uint32_t i = 0; i < merchants->count; i++) {
    if (merchants->all[i].counters_changed)
      merchants->all[i].counters = merchants->all[i].committed;
    merchants->all[i].counters_changed = false;
  }
}

uint64_t merchants_tokens(const struct merchants *merchants) {
  uint64_t tokens = 0;
  for (uint32_t i = 0; i < merchants->count; i++)
    tokens += merchants->all[i].committed.tokens;
  return tokens;
}
