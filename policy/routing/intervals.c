#include "intervals.h"
#include <stdlib.h>
#include <string.h>

static const struct interval every_number = {INT64_MIN, INT64_MAX};
const struct interval_set interval_set_all = {true, 1, &every_number};

static int64_t greater(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Adds one that does not begin before the last one does. Returns how many there are. */
static unsigned append(struct interval *items, unsigned count, struct interval one) {
  struct interval *last = count > 0 ? &items[count - 1] : NULL;
  if (last != NULL && (one.low <= last->high || one.low - 1 == last->high)) {
    last->high = greater(last->high, one.high);
    return count;
  }
  items[count] = one;
  return count + 1;
}

static int by_low(const void *a, const void *b) {
  const struct interval *left = a, *right = b;
  return (left->low > right->low) - (left->low < right->low);
}

struct interval_set interval_set_of(const struct interval *list, unsigned count, struct interval *room) {
  unsigned kept = 0;
  if (count > 0)
    memmove(room, list, count * sizeof *list);
  qsort(room, count, sizeof *room, by_low);
  for (unsigned i = 0; i < count; i++)
    kept = append(room, kept, room[i]);
  return (struct interval_set){.count = kept, .items = room};
}

struct interval_set interval_set_union(const struct interval_set *a, const struct interval_set *b,
                                       struct interval *room) {
  unsigned count = 0, i = 0, j = 0;
  while (i < a->count || j < b->count) {
    bool first = j == b->count || (i < a->count && a->items[i].low <= b->items[j].low);
    count = append(room, count, first ? a->items[i++] : b->items[j++]);
  }
  return (struct interval_set){.absent = a->absent || b->absent, .count = count, .items = room};
}

struct interval_set interval_set_intersection(const struct interval_set *a, const struct interval_set *b,
                                              struct interval *room) {
  unsigned count = 0, i = 0, j = 0;
  while (i < a->count && j < b->count) {
    struct interval both = {greater(a->items[i].low, b->items[j].low),
                            lesser(a->items[i].high, b->items[j].high)};
    if (both.low <= both.high)
      room[count++] = both;
    if (a->items[i].high < b->items[j].high)
      i++;
    else
      j++;
  }
  return (struct interval_set){.absent = a->absent && b->absent, .count = count, .items = room};
}

/* Adds what is left of one; j: the first of b that may reach it. Returns how many there are. */
static unsigned append_rest(struct interval *items, unsigned count, struct interval one,
                            const struct interval_set *b, unsigned j) {
  for (; j < b->count && b->items[j].low <= one.high; j++) {
    if (b->items[j].low > one.low)
      count = append(items, count, (struct interval){one.low, b->items[j].low - 1});
    if (b->items[j].high >= one.high)
      return count;
    one.low = b->items[j].high + 1;
  }
  return append(items, count, one);
}

struct interval_set interval_set_difference(const struct interval_set *a, const struct interval_set *b,
                                            struct interval *room) {
  unsigned count = 0, j = 0;
  for (unsigned i = 0; i < a->count; i++) {
    while (j < b->count && b->items[j].high < a->items[i].low)
      j++;
    count = append_rest(room, count, a->items[i], b, j);
  }
  return (struct interval_set){.absent = a->absent && !b->absent, .count = count, .items = room};
}

bool interval_set_is_empty(const struct interval_set *set) {
  return set->count == 0 && !set->absent;
}

bool interval_set_equal(const struct interval_set *a, const struct interval_set *b) {
  return a->absent == b->absent && a->count == b->count &&
         (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
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

bool interval_set_within(const struct interval_set *part, const struct interval_set *whole,
                         uint64_t *ret_steps) {
  unsigned i = 0, j = 0;
  bool within = !part->absent || whole->absent;
  for (; within && i < part->count; i++) {
    while (j < whole->count && whole->items[j].high < part->items[i].low)
      j++;
    within = j < whole->count && whole->items[j].low <= part->items[i].low &&
             whole->items[j].high >= part->items[i].high;
  }
  *ret_steps = (uint64_t)i + j;
  return within;
}

bool interval_set_apart(const struct interval_set *a, const struct interval_set *b, uint64_t *ret_steps) {
  unsigned i = 0, j = 0;
  bool apart = !a->absent || !b->absent;
  while (apart && i < a->count && j < b->count) {
    if (a->items[i].high < b->items[j].low)
      i++;
    else if (b->items[j].high < a->items[i].low)
      j++;
    else
      apart = false;
  }
  *ret_steps = (uint64_t)i + j;
  return apart;
}
