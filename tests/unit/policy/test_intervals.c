/* The algebra of interval sets, exhaustively over a few numbers, the least and the greatest there are among
 * them. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "intervals.h"

enum { NUMBERS = 7, ABSENT = 1 << NUMBERS, SETS = 2 * ABSENT, ROOM = 2 * NUMBERS };

/* Some are neighbours, some are not. */
static const int64_t numbers[NUMBERS] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};

/* The set of the numbers whose bits are set, in an order that is not theirs. */
static struct interval_set set_of(unsigned bits, struct interval *room) {
  struct interval list[NUMBERS];
  unsigned count = 0;
  for (unsigned i = NUMBERS; i-- > 0;)
    if (bits >> i & 1)
      list[count++] = (struct interval){numbers[i], numbers[i]};
  struct interval_set set = interval_set_of(list, count, room);
  set.absent = bits & ABSENT;
  return set;
}

/* Which of the numbers are in it. */
static unsigned bits_of(const struct interval_set *set) {
  unsigned bits = set->absent ? ABSENT : 0;
  for (unsigned i = 0; i < NUMBERS; i++)
    bits |= interval_set_holds(set, numbers[i]) ? 1U << i : 0;
  return bits;
}

static bool is_canonical(const struct interval_set *set) {
  for (unsigned i = 0; i < set->count; i++) {
    if (set->items[i].low > set->items[i].high)
      return false;
    if (i > 0 && (set->items[i - 1].high == INT64_MAX || set->items[i - 1].high + 1 >= set->items[i].low))
      return false;
  }
  return true;
}

static bool is_set_of(const struct interval_set *set, unsigned bits) {
  struct interval room[ROOM];
  struct interval_set wanted = set_of(bits, room);
  return is_canonical(set) && bits_of(set) == bits && interval_set_equal(set, &wanted);
}

Test(intervals, every_two_sets_of_a_few_numbers) {
  struct interval room_a[ROOM], room_b[ROOM], room[ROOM];
  uint64_t steps;
  for (unsigned a = 0; a < SETS; a++) {
    struct interval_set left = set_of(a, room_a);
    cr_assert(is_canonical(&left));
    cr_assert_eq(bits_of(&left), a);
    cr_assert_eq(interval_set_is_empty(&left), a == 0);
    for (unsigned b = 0; b < SETS; b++) {
      struct interval_set right = set_of(b, room_b), set;
      set = interval_set_union(&left, &right, room);
      cr_assert(is_set_of(&set, a | b), "%x or %x", a, b);
      set = interval_set_intersection(&left, &right, room);
      cr_assert(is_set_of(&set, a & b), "%x and %x", a, b);
      set = interval_set_difference(&left, &right, room);
      cr_assert(is_set_of(&set, a & ~b), "%x without %x", a, b);
      cr_assert_eq(interval_set_equal(&left, &right), a == b);
      cr_assert_eq(interval_set_within(&left, &right, &steps), (a & ~b) == 0, "%x within %x", a, b);
      cr_assert_eq(interval_set_apart(&left, &right, &steps), (a & b) == 0, "%x apart from %x", a, b);
    }
  }
}

Test(intervals, what_is_in_none_is_in_the_complement) {
  struct interval room_a[ROOM], room[ROOM + 1], room_back[ROOM + 2];
  for (unsigned a = 0; a < SETS; a++) {
    struct interval_set set = set_of(a, room_a);
    struct interval_set rest = interval_set_difference(&interval_set_all, &set, room);
    cr_assert(is_canonical(&rest));
    cr_assert_eq(bits_of(&rest), a ^ (SETS - 1U));
    cr_assert(interval_set_holds(&rest, 1000), "none of the numbers");
    struct interval_set back = interval_set_difference(&interval_set_all, &rest, room_back);
    cr_assert(interval_set_equal(&back, &set));
  }
}

Test(intervals, a_list_may_overlap_and_lie_where_it_is_put) {
  struct interval list[] = {{5, 9}, {1, 2}, {3, 3}, {8, 20}, {30, 40}, {31, 32}};
  struct interval_set set = interval_set_of(list, sizeof list / sizeof *list, list);
  cr_assert_eq(set.count, 3);
  cr_assert(set.items[0].low == 1 && set.items[0].high == 3);
  cr_assert(set.items[1].low == 5 && set.items[1].high == 20);
  cr_assert(set.items[2].low == 30 && set.items[2].high == 40);
}
