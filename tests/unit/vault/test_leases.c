/* Security codes: one payment, fifteen minutes, nothing left behind. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#include "leases.h"

enum { MINUTES = 60 * 1000000 };

static struct arena *arena;
static struct leases *leases;
static struct lease_owner owner, other;
static uint8_t payment[LEASE_ID_BYTES] = {1}, second[LEASE_ID_BYTES] = {2}, id[LEASE_ID_BYTES] = {3};
static const struct card_code code = {"123"};

static void open_leases(void) {
  cr_assert_geq(sodium_init(), 0);
  cr_assert_eq(arena_new(65536, &arena), 0);
  cr_assert_eq(leases_new(arena, 64, &leases), 0);
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
