#include "bins_flatten.h"

#include <errno.h>
#include <stdlib.h>

static int by_first(const void *left, const void *right) {
  const struct span *a = left, *b = right;
  return a->first != b->first ? (a->first > b->first) - (a->first < b->first)
                              : (a->row > b->row) - (a->row < b->row);
}

static int by_value(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static bool counts_more(const struct span *left, const struct span *right) {
  uint32_t left_width = left->last - left->first, right_width = right->last - right->first;
  return left_width != right_width ? left_width < right_width : left->row > right->row;
}

/* Spans that hold the place that the sweep has come to, and some that ended before: a heap, what counts most
 * on top. */
struct heap {
  const struct span **spans;
  size_t used;
};

static void heap_push(struct heap *heap, const struct span *span) {
  size_t slot = heap->used++;
  for (; slot > 0 && counts_more(span, heap->spans[(slot - 1) / 2]); slot = (slot - 1) / 2)
    heap->spans[slot] = heap->spans[(slot - 1) / 2];
  heap->spans[slot] = span;
}

static void heap_pop(struct heap *heap) {
  const struct span *last = heap->spans[--heap->used];
  size_t slot = 0;
  for (;;) {
    size_t child = 2 * slot + 1;
    if (child + 1 < heap->used && counts_more(heap->spans[child + 1], heap->spans[child]))
      child++;
    if (child >= heap->used || !counts_more(heap->spans[child], last))
      break;
    heap->spans[slot] = heap->spans[child];
    slot = child;
  }
  heap->spans[slot] = last;
}

/* Adds a piece, or lengthens the one before when it goes on with the same facts. */
static int add_piece(struct bytes *pieces, uint32_t first, uint32_t last, uint32_t record) {
  struct span *before =
      pieces->used ? (struct span *)(void *)(pieces->at + pieces->used - sizeof(struct span)) : NULL;
  if (before && before->last + 1 == first && before->record == record) {
    before->last = last;
    return 0;
  }
  const struct span piece = {.first = first, .last = last, .record = record};
  return bytes_append(pieces, &piece, sizeof piece);
}

/* Between two neighbouring borders the same span counts throughout. */
static int sweep(const struct span *spans, size_t count, const uint32_t *borders, size_t border_count,
                 struct heap *heap, struct bytes *pieces) {
  size_t next = 0;
  int r = 0;
  for (size_t i = 0; r == 0 && i + 1 < border_count; i++) {
    while (next < count && spans[next].first == borders[i])
      heap_push(heap, &spans[next++]);
    while (heap->used > 0 && heap->spans[0]->last < borders[i])
      heap_pop(heap);
    if (heap->used > 0 && borders[i + 1] > borders[i])
      r = add_piece(pieces, borders[i], borders[i + 1] - 1, heap->spans[0]->record);
  }
  return r;
}

int bins_flatten(struct bytes *all, struct bytes *pieces) {
  struct span *spans = (struct span *)(void *)all->at;
  size_t count = all->used / sizeof *spans;
  if (count == 0)
    return 0;
  qsort(spans, count, sizeof *spans, by_first);
  uint32_t *borders = calloc(2 * count, sizeof *borders);
  struct heap heap = {.spans = calloc(count, sizeof(struct span *))};
  int r = borders && heap.spans ? 0 : -ENOMEM;
  for (size_t i = 0; r == 0 && i < count; i++) {
    borders[2 * i] = spans[i].first;
    borders[2 * i + 1] = spans[i].last + 1;
  }
  if (r == 0) {
    qsort(borders, 2 * count, sizeof *borders, by_value);
    r = sweep(spans, count, borders, 2 * count, &heap, pieces);
  }
  free(borders);
  free(heap.spans);
  return r;
}
