/* Security codes: one payment, fifteen minutes, nothing left behind. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#include "leases.h"

enum { MINUTES = 60 * 1000000 };

static struct arena *arena;
static const uint8_t *begin, *end; /* the pieces of the arena around the leases */
static struct leases *leases;
static struct lease_owner owner, other;
static uint8_t payment[LEASE_ID_BYTES] = {1}, second[LEASE_ID_BYTES] = {2}, id[LEASE_ID_BYTES] = {3};
static const struct card_code code = {"123"};

static void open_leases(void) {
  cr_assert_geq(sodium_init(), 0);
  cr_assert_eq(arena_new(65536, &arena), 0);
  begin = arena_take(arena, 1);
  cr_assert_eq(leases_new(arena, 64, &leases), 0);
  end = arena_take(arena, 1);
  memset(&owner, 7, sizeof owner);
  memset(&other, 8, sizeof other);
}

static void close_leases(void) {
  leases_free(leases);
  arena_free(arena);
}

TestSuite(leases, .init = open_leases, .fini = close_leases);

static void expect_code(uint32_t lease, const uint8_t *of, int64_t now) {
  struct card_code got;
  cr_assert_eq(lease_code(leases, lease, of, now, &got), 0);
  cr_assert_str_eq(got.digits, "123");
}

Test(leases, a_code_serves_every_attempt_of_the_first_payment_alone) {
  uint32_t lease;
  cr_assert_eq(lease_with_card(leases, &owner, &code, 0), 0);
  cr_assert_eq(lease_find_bound(leases, &owner, NULL, payment, 1, &lease), LEASE_ABSENT);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 1, &lease), 0);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 2, &lease), 0);
  expect_code(lease, payment, 2);
  cr_assert_eq(lease_bind(leases, &owner, NULL, second, 3, &lease), LEASE_ABSENT);
  struct card_code got;
  cr_assert_eq(lease_code(leases, lease, second, 3, &got), LEASE_ABSENT);
  lease_end_payment(leases, owner.merchant, payment);
  cr_assert_eq(leases_count(leases), 0);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 4, &lease), LEASE_ABSENT);
}

Test(leases, an_id_is_bound_to_merchant_and_token) {
  uint32_t lease;
  cr_assert_eq(lease_with_id(leases, &owner, id, &code, 0), 0);
  cr_assert_eq(lease_bind(leases, &other, id, payment, 1, &lease), LEASE_ABSENT);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 1, &lease), LEASE_ABSENT, "only by its id");
  cr_assert_eq(lease_bind(leases, &owner, id, payment, 1, &lease), 0);
  cr_assert_eq(lease_find_bound(leases, &owner, id, payment, 1, &lease), 0);
  lease_end_payment(leases, other.merchant, payment);
  cr_assert_eq(leases_count(leases), 1, "another merchant ends nothing");
}

/* They share a chain: only the first byte tells them apart. */
Test(leases, two_ids_of_one_card_are_told_apart) {
  static const struct card_code later = {"456"};
  uint8_t third[LEASE_ID_BYTES] = {9};
  struct card_code got;
  uint32_t lease;
  cr_assert_eq(lease_with_id(leases, &owner, id, &code, 0), 0);
  cr_assert_eq(lease_with_id(leases, &owner, second, &later, 0), 0);
  cr_assert_eq(lease_bind(leases, &owner, id, payment, 1, &lease), 0);
  expect_code(lease, payment, 1);
  cr_assert_eq(lease_bind(leases, &owner, second, payment, 1, &lease), 0);
  cr_assert_eq(lease_code(leases, lease, payment, 1, &got), 0);
  cr_assert_str_eq(got.digits, "456");
  cr_assert_eq(lease_bind(leases, &owner, third, payment, 1, &lease), LEASE_ABSENT);
}

Test(leases, one_that_ends_takes_no_neighbour_with_it) {
  uint32_t lease;
  cr_assert_eq(lease_with_id(leases, &owner, id, &code, 0), 0);
  cr_assert_eq(lease_bind(leases, &owner, id, payment, 0, &lease), 0);
  cr_assert_eq(lease_with_id(leases, &other, second, &code, 0), 0);
  cr_assert_eq(lease_bind(leases, &other, second, second, 0, &lease), 0);
  lease_end_token(leases, &other);
  cr_assert_eq(lease_find_bound(leases, &owner, id, payment, 1, &lease), 0);
  expect_code(lease, payment, 1);
  lease_end_payment(leases, owner.merchant, payment);
  cr_assert_eq(leases_count(leases), 0);
}

static bool lies_there(const struct card_code *sought) {
  return memmem(begin, (size_t)(end - begin), sought->digits, 4) != NULL;
}

/* PCI DSS 3.3.1: a code is not kept once its payment is authorised. */
Test(leases, an_ended_code_lies_nowhere) {
  static const struct card_code rare = {"9375"};
  uint32_t lease;
  cr_assert_not(lies_there(&rare));
  for (unsigned way = 0; way < 4; way++) {
    cr_assert_eq(lease_with_card(leases, &owner, &rare, 0), 0);
    cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 1, &lease), 0);
    cr_assert(lies_there(&rare), "the search finds what is there");
    if (way == 0)
      lease_end_payment(leases, owner.merchant, payment);
    else if (way == 1)
      lease_end_token(leases, &owner);
    else if (way == 2)
      leases_take_back(leases);
    else
      cr_assert_eq(leases_expire(leases, INT64_C(15) * MINUTES), -1);
    cr_assert_eq(leases_count(leases), 0);
    cr_assert_not(lies_there(&rare), "%u", way);
  }
}

Test(leases, deadlines_wipe) {
  uint32_t lease;
  cr_assert_eq(lease_with_card(leases, &owner, &code, 0), 0);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 1, &lease), 0);
  cr_assert_eq(leases_expire(leases, INT64_C(14) * MINUTES), INT64_C(15) * MINUTES);
  expect_code(lease, payment, INT64_C(15) * MINUTES - 1);
  struct card_code got;
  cr_assert_eq(lease_code(leases, lease, payment, INT64_C(15) * MINUTES, &got), LEASE_ABSENT);
  cr_assert_eq(leases_expire(leases, INT64_C(15) * MINUTES), -1);
  cr_assert_eq(leases_count(leases), 0);
}

Test(leases, a_failed_round_takes_back_what_it_made_and_bound) {
  uint32_t lease;
  cr_assert_eq(lease_with_card(leases, &owner, &code, 0), 0);
  leases_keep(leases);
  cr_assert_eq(lease_with_card(leases, &other, &code, 0), 0);
  cr_assert_eq(lease_bind(leases, &owner, NULL, payment, 1, &lease), 0);
  leases_take_back(leases);
  cr_assert_eq(leases_count(leases), 1);
  cr_assert_eq(lease_bind(leases, &owner, NULL, second, 1, &lease), 0, "bound to nobody again");
}

Test(leases, a_deleted_token_ends_its_codes) {
  cr_assert_eq(lease_with_card(leases, &owner, &code, 0), 0);
  cr_assert_eq(lease_with_id(leases, &owner, id, &code, 0), 0);
  cr_assert_eq(lease_with_card(leases, &other, &code, 0), 0);
  lease_end_token(leases, &owner);
  cr_assert_eq(leases_count(leases), 1);
}

Test(leases, a_full_table_says_so_and_heals) {
  for (unsigned i = 0; i < 64; i++) {
    owner.token[15] = (uint8_t)i;
    cr_assert_eq(lease_with_card(leases, &owner, &code, i), 0);
  }
  cr_assert_not(leases_have_room(leases, 100));
  cr_assert_eq(lease_with_card(leases, &other, &code, 100), LEASES_FULL);
  leases_keep(leases);
  cr_assert(leases_have_room(leases, INT64_C(15) * MINUTES + 10), "eleven have passed their deadline");
  cr_assert_eq(leases_count(leases), 53);
}

/* What could not be taken back is not made. */
Test(leases, a_round_makes_no_more_than_it_can_take_back) {
  struct arena *larger;
  struct leases *many;
  uint32_t lease;
  cr_assert_eq(arena_new((size_t)1 << 20, &larger), 0);
  cr_assert_eq(leases_new(larger, LEASE_UNDO_MAX + 2, &many), 0);
  for (unsigned i = 0; i < LEASE_UNDO_MAX; i++) {
    cr_assert(leases_have_room(many, 0));
    cr_assert_eq(lease_with_card(many, &owner, &code, 0), 0);
  }
  cr_assert_not(leases_have_room(many, 0));
  cr_assert_eq(lease_with_card(many, &other, &code, 0), LEASES_FULL);
  cr_assert_eq(lease_with_id(many, &other, id, &code, 0), 0, "rests on no commit");
  leases_take_back(many);
  cr_assert_eq(leases_count(many), 1);
  cr_assert_eq(lease_bind(many, &other, id, payment, 0, &lease), 0);
  leases_free(many);
  arena_free(larger);
}

Test(leases, a_random_walk_agrees_with_a_simple_list) {
  struct {
    struct lease_owner owner;
    bool held;
  } model[40] = {0};
  uint32_t seed = 1;
  for (unsigned step = 0; step < 20000; step++) {
    seed = seed * 1664525 + 1013904223;
    unsigned at = (seed >> 16) % 40;
    struct lease_owner who = {.merchant = {1}, .token = {(uint8_t)at}};
    uint8_t pay[LEASE_ID_BYTES] = {(uint8_t)at, 9};
    uint32_t lease;
    switch ((seed >> 8) % 3) {
    case 0:
      if (!model[at].held)
        cr_assert_eq(lease_with_card(leases, &who, &code, step), 0);
      model[at].held = true;
      break;
    case 1:
      cr_assert_eq(lease_bind(leases, &who, NULL, pay, step, &lease), model[at].held ? 0 : LEASE_ABSENT);
      break;
    case 2:
      lease_end_token(leases, &who);
      model[at].held = false;
      break;
    }
    leases_keep(leases);
    size_t held = 0;
    for (unsigned i = 0; i < 40; i++)
      held += model[i].held;
    cr_assert_eq(leases_count(leases), held);
  }
}
