#include <criterion/criterion.h>

#include "operations.h"

Test(operations, names_come_back) {
  for (unsigned i = 1; i < OPERATION_COUNT; i++) {
    cr_expect_neq(operation_name((enum operation)i)[0], '\0');
    cr_expect_eq(operation_from_name(operation_name((enum operation)i)), i);
  }
  for (unsigned i = 1; i < ANSWER_COUNT; i++) {
    cr_expect_neq(answer_name((enum answer)i)[0], '\0');
    cr_expect_eq(answer_from_name(answer_name((enum answer)i)), i);
  }
  for (unsigned i = 1; i < PHASE_COUNT; i++)
    cr_expect_neq(phase_name((enum phase)i)[0], '\0');
}

Test(operations, what_is_out_of_range_has_no_name) {
  cr_expect_str_eq(operation_name((enum operation)0), "");
  cr_expect_str_eq(operation_name(OPERATION_COUNT), "");
  cr_expect_str_eq(phase_name(PHASE_COUNT), "");
  cr_expect_str_eq(answer_name((enum answer)255), "");
  cr_expect_eq(operation_from_name(""), 0);
  cr_expect_eq(operation_from_name("Charge"), 0);
  cr_expect_eq(answer_from_name("approve"), 0);
}

Test(operations, the_words_of_the_interface) {
  cr_expect_str_eq(phase_name(PHASE_NOT_SENT), "not_sent");
  cr_expect_str_eq(phase_name(PHASE_SENT_NO_REPLY), "sent_no_reply");
  cr_expect_str_eq(phase_name(PHASE_PARTIAL_REPLY), "partial_reply");
  cr_expect_str_eq(phase_name(PHASE_REPLY), "reply");
}

/* B3, B4 and B8 all ask this. */
Test(operations, three_release_a_card) {
  unsigned released = 0;
  for (unsigned i = 0; i <= OPERATION_COUNT; i++)
    released |= operation_releases_card((enum operation)i) ? 1U << i : 0;
  cr_assert_eq(released, 1U << OPERATION_AUTHORIZE | 1U << OPERATION_CHARGE | 1U << OPERATION_VERIFY);
}
