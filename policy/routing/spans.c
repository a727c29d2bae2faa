#include "policy_spans.h"
#include <stdlib.h>
#include <string.h>

bool effort_take(struct effort *effort, uint64_t steps) {
  if (steps > effort->left) {
    effort->spent = true;
    return false;
  }
  effort->left -= steps;
  return true;
}

void *effort_memory(struct effort *effort, size_t size) {
  void *memory =
      effort_take(effort, 1 + size / sizeof(struct span)) ? policy_arena_take(effort->arena, size) : NULL;
  if (memory == NULL)
    effort->spent = true;
  return memory;
}

static struct spans *spans_new(struct effort *effort, size_t most) {
  return effort_memory(effort, sizeof(struct spans) + most * sizeof(struct span));
}

/* Adds a span that does not begin before the last one does. */
static void append(struct spans *spans, struct span span) {
  struct span *last = spans->count > 0 ? &spans->at[spans->count - 1] : NULL;
  if (last != NULL && (span.low <= last->high || span.low - 1 == last->high)) {
    if (span.high > last->high)
      last->high = span.high;
    return;
  }
  spans->at[spans->count++] = span;
}

static int compare(const void *left_span, const void *right_span) {
  const struct span *left = left_span, *right = right_span;
  return left->low < right->low ? -1 : left->low > right->low;
}

const struct spans *spans_of(struct effort *effort, const struct span *list, unsigned count) {
  struct spans *spans = spans_new(effort, count);
  struct spans *sorted = spans_new(effort, count);
  if (spans == NULL || sorted == NULL)
    return NULL;
  if (count > 0)
    memcpy(sorted->at, list, count * sizeof *list);
  qsort(sorted->at, count, sizeof *list, compare);
  for (unsigned i = 0; i < count; i++)
    append(spans, sorted->at[i]);
  return spans;
}

const struct spans *spans_unite(struct effort *effort, const struct spans *left, const struct spans *right) {
  struct spans *both = spans_new(effort, (size_t)left->count + right->count);
  unsigned i = 0, j = 0;
  if (both == NULL)
    return NULL;
  while (i < left->count || j < right->count) {
    bool first = j == right->count || (i < left->count && left->at[i].low <= right->at[j].low);
    append(both, first ? left->at[i++] : right->at[j++]);
  }
  return both;
}

const struct spans *spans_intersect(struct effort *effort, const struct spans *left,
                                    const struct spans *right) {
  struct spans *common = spans_new(effort, (size_t)left->count + right->count);
  unsigned i = 0, j = 0;
  if (common == NULL)
    return NULL;
  while (i < left->count && j < right->count) {
    const struct span *one = &left->at[i], *other = &right->at[j];
    struct span span = {one->low > other->low ? one->low : other->low,
                        one->high < other->high ? one->high : other->high};
    if (span.low <= span.high)
      append(common, span);
    if (one->high < other->high)
      i++;
    else
      j++;
  }
  return common;
}

/* What is left of one span; j: the first span of right that may reach it. */
static void append_rest(struct spans *rest, struct span span, const struct spans *right, unsigned j) {
  for (; j < right->count && right->at[j].low <= span.high; j++) {
    if (right->at[j].low > span.low)
      append(rest, (struct span){span.low, right->at[j].low - 1});
    if (right->at[j].high >= span.high)
      return;
    span.low = right->at[j].high + 1;
  }
  append(rest, span);
}

const struct spans *spans_subtract(struct effort *effort, const struct spans *left,
                                   const struct spans *right) {
  struct spans *rest = spans_new(effort, (size_t)left->count + right->count);
  unsigned j = 0;
  if (rest == NULL)
    return NULL;
  for (unsigned i = 0; i < left->count; i++) {
    while (j < right->count && right->at[j].high < left->at[i].low)
      j++;
    append_rest(rest, left->at[i], right, j);
  }
  return rest;
}

bool spans_within(struct effort *effort, const struct spans *part, const struct spans *whole) {
  unsigned i = 0, j = 0;
  for (; i < part->count; i++) {
    while (j < whole->count && whole->at[j].high < part->at[i].low)
      j++;
    if (j == whole->count || whole->at[j].low > part->at[i].low || whole->at[j].high < part->at[i].high)
      break;
  }
  return effort_take(effort, (uint64_t)i + j + 1) && i == part->count;
}

bool spans_apart(struct effort *effort, const struct spans *left, const struct spans *right) {
  unsigned i = 0, j = 0;
  while (i < left->count && j < right->count) {
    if (left->at[i].high < right->at[j].low)
      i++;
    else if (right->at[j].high < left->at[i].low)
      j++;
    else
      return false;
  }
  return effort_take(effort, (uint64_t)i + j + 1);
}

bool spans_hold(const struct spans *spans, int64_t number) {
  for (unsigned i = 0; i < spans->count; i++)
    if (number >= spans->at[i].low && number <= spans->at[i].high)
      return true;
  return false;
}
