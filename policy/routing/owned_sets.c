#include "owned_sets.h"
#include <errno.h>
#include <stdlib.h>

static int make_room(unsigned count, struct interval **ret_room) {
  struct interval *room = calloc(count ? count : 1, sizeof *room);
  if (room == NULL)
    return -ENOMEM;
  *ret_room = room;
  return 0;
}

int owned_set_of(const struct interval *list, unsigned count, struct interval_set *ret_set) {
  struct interval *room;
  int r = make_room(count, &room);
  if (r == 0)
    *ret_set = interval_set_of(list, count, room);
  return r;
}

/* Two sets make one, by one of the algebra's functions. */
static int combine(struct interval_set (*by)(const struct interval_set *, const struct interval_set *,
                                             struct interval *),
                   const struct interval_set *a, const struct interval_set *b, struct interval_set *ret_set) {
  struct interval *room;
  int r = make_room(a->count + b->count, &room);
  if (r == 0)
    *ret_set = by(a, b, room);
  return r;
}

int owned_set_copy(const struct interval_set *set, struct interval_set *ret_set) {
  static const struct interval_set nothing;
  return combine(interval_set_union, set, &nothing, ret_set);
}

int owned_set_complement(const struct interval_set *set, struct interval_set *ret_set) {
  return combine(interval_set_difference, &interval_set_all, set, ret_set);
}

int owned_set_intersection(const struct interval_set *a, const struct interval_set *b,
                           struct interval_set *ret_set) {
  return combine(interval_set_intersection, a, b, ret_set);
}

int owned_set_union(const struct interval_set *a, const struct interval_set *b,
                    struct interval_set *ret_set) {
  return combine(interval_set_union, a, b, ret_set);
}

void owned_set_free(struct interval_set *set) {
  free((void *)(uintptr_t)set->items);
  *set = (struct interval_set){0};
}
