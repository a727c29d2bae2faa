#include "intervals.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int allocate(unsigned count, struct interval **ret_items) {
  struct interval *items = calloc(count ? count : 1, sizeof *items);
  if (items == NULL)
    return -ENOMEM;
  *ret_items = items;
  return 0;
}

int interval_set_all(struct interval_set *ret_set) {
  struct interval *items;
  int r = allocate(1, &items);
  if (r < 0)
    return r;
  items[0] = (struct interval){INT64_MIN, INT64_MAX};
  *ret_set = (struct interval_set){.absent = true, .count = 1, .items = items};
  return 0;
}

static int by_low(const void *a, const void *b) {
  const struct interval *left = a, *right = b;
  return (left->low > right->low) - (left->low < right->low);
}

/* Whether next, which begins no earlier, continues or touches before. */
static bool continues(const struct interval *before, const struct interval *next) {
  return before->high == INT64_MAX || next->low <= before->high + 1;
}

/* Sorts, and makes one of those that touch. Returns how many are left. */
static unsigned normalize(struct interval *items, unsigned count) {
  unsigned kept = 0;
  qsort(items, count, sizeof *items, by_low);
  for (unsigned i = 0; i < count; i++) {
    if (kept > 0 && continues(&items[kept - 1], &items[i])) {
      if (items[i].high > items[kept - 1].high)
        items[kept - 1].high = items[i].high;
    } else
      items[kept++] = items[i];
  }
  return kept;
}

int interval_set_of(const struct interval *intervals, unsigned count, struct interval_set *ret_set) {
  struct interval *items;
  int r = allocate(count, &items);
  if (r < 0)
    return r;
  memcpy(items, intervals, count * sizeof *items);
  *ret_set = (struct interval_set){.count = normalize(items, count), .items = items};
  return 0;
}

int interval_set_complement(const struct interval_set *set, struct interval_set *ret_set) {
  struct interval *items;
  unsigned count = 0;
  int64_t next = INT64_MIN;
  bool ended = false;
  int r = allocate(set->count + 1, &items);
  if (r < 0)
    return r;
  for (unsigned i = 0; i < set->count; i++) {
    if (set->items[i].low > next)
      items[count++] = (struct interval){next, set->items[i].low - 1};
    ended = set->items[i].high == INT64_MAX;
    if (!ended)
      next = set->items[i].high + 1;
  }
  if (!ended)
    items[count++] = (struct interval){next, INT64_MAX};
  *ret_set = (struct interval_set){.absent = !set->absent, .count = count, .items = items};
  return 0;
}

static int64_t greater(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b) {
  return a < b ? a : b;
}

int interval_set_intersection(const struct interval_set *a, const struct interval_set *b,
                              struct interval_set *ret_set) {
  struct interval *items;
  unsigned count = 0, i = 0, j = 0;
  int r = allocate(a->count + b->count, &items);
  if (r < 0)
    return r;
  while (i < a->count && j < b->count) {
    struct interval both = {greater(a->items[i].low, b->items[j].low),
                            lesser(a->items[i].high, b->items[j].high)};
    if (both.low <= both.high)
      items[count++] = both;
    if (a->items[i].high < b->items[j].high)
      i++;
    else
      j++;
  }
  *ret_set = (struct interval_set){.absent = a->absent && b->absent, .count = count, .items = items};
  return 0;
}

int interval_set_union(const struct interval_set *a, const struct interval_set *b,
                       struct interval_set *ret_set) {
  struct interval *items;
  int r = allocate(a->count + b->count, &items);
  if (r < 0)
    return r;
  memcpy(items, a->items, a->count * sizeof *items);
  memcpy(items + a->count, b->items, b->count * sizeof *items);
  *ret_set = (struct interval_set){
      .absent = a->absent || b->absent, .count = normalize(items, a->count + b->count), .items = items};
  return 0;
}

void interval_set_free(struct interval_set *set) {
  free(set->items);
  *set = (struct interval_set){0};
}

bool interval_set_holds(const struct interval_set *set, int64_t value) {
  unsigned low = 0, high = set->count;
  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    if (set->items[middle].high < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low < set->count && set->items[low].low <= value;
}
