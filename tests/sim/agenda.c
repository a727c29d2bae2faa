#include "agenda.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

void events_open(struct events *events) {
  *events = (struct events){.heap = calloc(FIRST_CAPACITY, sizeof(struct event)), .capacity = FIRST_CAPACITY};
  assert(events->heap);
}

void events_close(struct events *events) {
  free(events->heap);
  *events = (struct events){0};
}

void events_clear(struct events *events) {
  events->count = 0;
  events->order = 0;
}

static bool before(const struct event *left, const struct event *right) {
  return left->at_ms != right->at_ms ? left->at_ms < right->at_ms : left->order < right->order;
}

void events_add(struct events *events, int64_t at_ms, enum event_kind kind, uint32_t subject,
                uint32_t detail) {
  if (events->count == events->capacity) {
    events->capacity *= 2;
    events->heap = reallocarray(events->heap, events->capacity, sizeof(struct event));
    assert(events->heap);
  }
  struct event event = {at_ms, events->order++, kind, subject, detail};
  size_t at = events->count++;
  while (at > 0 && before(&event, &events->heap[(at - 1) / 2])) {
    events->heap[at] = events->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  events->heap[at] = event;
}

int64_t events_due(const struct events *events) {
  return events->count > 0 ? events->heap[0].at_ms : INT64_MAX;
}

struct event events_take(struct events *events) {
  assert(events->count > 0);
  struct event first = events->heap[0], last = events->heap[--events->count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < events->count) {
    if (child + 1 < events->count && before(&events->heap[child + 1], &events->heap[child]))
      child++;
    if (!before(&events->heap[child], &last))
      break;
    events->heap[at] = events->heap[child];
    at = child;
  }
  events->heap[at] = last;
  return first;
}
