/* The networks' limits at their edges. */
#include "budget.h"
#include <criterion/criterion.h>
#include <string.h>

#define HOUR ((int64_t)CARD_USE_HOUR_MS)
#define DAY (24 * HOUR)
#define BEGIN (400 * DAY)

static struct card_uses uses;
static uint64_t next_payment;

static const struct money ten = {1000, "EUR"}, eleven = {1100, "EUR"}, ten_dollars = {1000, "USD"};

static void setup(void) {
  uses.count = 0;
  next_payment = 1;
}

TestSuite(budget, .init = setup);

/* A try that began then and has come to that. */
static struct card_use *use(int64_t at_ms, enum card_use_result result, const struct money *amount) {
  struct card_use made = {
      .at_ms = at_ms, .payment = next_payment++, .attempt = 1, .result = CARD_USE_OPEN, .amount = *amount};
  card_uses_put(&uses, &made, at_ms);
  made.result = result;
  made.visa_category = result == CARD_USE_DECLINED ? 4 : 0;
  card_uses_put(&uses, &made, at_ms);
  return &uses.uses[uses.count - 1];
}

static void decline(unsigned count, int64_t at_ms, const struct money *amount) {
  for (unsigned i = 0; i < count; i++)
    use(at_ms + i, CARD_USE_DECLINED, amount);
}

static struct budget ask(enum network network, const struct money *amount, int64_t at_ms) {
  return budget_ask(&uses, network, amount, at_ms);
}

Test(budget, a_card_never_tried_may_be) {
  for (enum network network = 0; network < NETWORK_COUNT; network++)
    cr_expect(ask(network, &ten, BEGIN).allowed);
}

Test(budget, visa_takes_fifteen_retries_in_thirty_days) {
  decline(15, BEGIN, &ten);
  cr_assert(ask(NETWORK_VISA, &ten, BEGIN + HOUR).allowed, "the fifteenth retry");
  decline(1, BEGIN + HOUR, &ten);
  struct budget budget = ask(NETWORK_VISA, &ten, BEGIN + 2 * HOUR);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_LATER);
  cr_expect_eq(budget.again_ms, BEGIN + 30 * DAY + BUDGET_MARGIN_MS, "when the first has left the window");
  cr_expect_not(ask(NETWORK_VISA, &ten, budget.again_ms - 1).allowed);
  cr_expect(ask(NETWORK_VISA, &ten, budget.again_ms).allowed);
  cr_expect(ask(NETWORK_VISA, &eleven, BEGIN + 2 * HOUR).allowed, "another amount");
  cr_expect(ask(NETWORK_VISA, &ten_dollars, BEGIN + 2 * HOUR).allowed, "another currency");
  cr_expect(ask(NETWORK_AMEX, &ten, BEGIN + 2 * HOUR).allowed, "another network");
  cr_expect_not(ask(NETWORK_UNKNOWN, &ten, BEGIN + 2 * HOUR).allowed, "it may be Visa");
}

Test(budget, visa_category_one_is_never_tried_again) {
  use(BEGIN, CARD_USE_DECLINED, &ten)->visa_category = 1;
  struct budget budget = ask(NETWORK_VISA, &ten, BEGIN + 29 * DAY);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_NEVER);
  cr_expect_eq(budget.again_ms, 0);
  cr_expect(ask(NETWORK_MASTERCARD, &ten, BEGIN + 1).allowed, "it is Visa's category");
  cr_expect(ask(NETWORK_VISA, &eleven, BEGIN + 1).allowed, "another amount is no repeat");
  cr_expect_not(ask(NETWORK_UNKNOWN, &ten, BEGIN + 1).allowed);
  use(BEGIN + 1, CARD_USE_APPROVED, &ten);
  cr_expect_not(ask(NETWORK_VISA, &ten, BEGIN + 2).allowed, "approvals wipe nothing out");
  decline(15, BEGIN + 2, &ten);
  cr_expect_eq(ask(NETWORK_VISA, &ten, BEGIN + DAY).retry, OUTCOME_RETRY_NEVER, "never is the stricter");
}

Test(budget, one_limit_that_is_surely_reached_is_enough) {
  use(BEGIN, CARD_USE_DECLINED, &ten)->visa_category = 1;
  for (unsigned i = 0; i < 15; i++)
    use(BEGIN, CARD_USE_OPEN, &ten);
  struct budget budget = ask(NETWORK_VISA, &ten, BEGIN + 1);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_NEVER);
  cr_expect_not(budget.undecided);
}

Test(budget, mastercard_takes_ten_declines_a_day_of_any_amount) {
  decline(5, BEGIN, &ten);
  decline(4, BEGIN + HOUR, &eleven);
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 2 * HOUR).allowed);
  decline(1, BEGIN + 2 * HOUR, &ten_dollars);
  struct budget budget = ask(NETWORK_MASTERCARD, &ten, BEGIN + 3 * HOUR);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_LATER);
  cr_expect_eq(budget.again_ms, BEGIN + DAY + BUDGET_MARGIN_MS);
  cr_expect_not(ask(NETWORK_MASTERCARD, &ten, budget.again_ms - 1).allowed);
  cr_expect(ask(NETWORK_MASTERCARD, &ten, budget.again_ms).allowed);
  cr_expect(ask(NETWORK_VISA, &ten, BEGIN + 3 * HOUR).allowed);
}

Test(budget, mastercard_takes_thirty_five_declines_a_month_of_one_amount) {
  for (unsigned day = 0; day < 17; day++)
    decline(2, BEGIN + day * DAY, &ten);
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 17 * DAY).allowed);
  decline(1, BEGIN + 17 * DAY, &ten);
  struct budget budget = ask(NETWORK_MASTERCARD, &ten, BEGIN + 18 * DAY);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.again_ms, BEGIN + 30 * DAY + BUDGET_MARGIN_MS);
  cr_expect(ask(NETWORK_MASTERCARD, &eleven, BEGIN + 18 * DAY).allowed);
}

Test(budget, mastercard_advice_stops_for_thirty_days) {
  use(BEGIN, CARD_USE_DECLINED, &ten)->stopped = true;
  struct budget budget = ask(NETWORK_MASTERCARD, &ten, BEGIN + 29 * DAY);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_NEVER);
  cr_expect(ask(NETWORK_MASTERCARD, &ten, BEGIN + 30 * DAY + BUDGET_MARGIN_MS).allowed);
  cr_expect(ask(NETWORK_VISA, &ten, BEGIN + 1).allowed, "it is Mastercard's advice");
}

Test(budget, a_try_under_way_counts_and_an_approval_does_not) {
  decline(9, BEGIN, &ten);
  for (unsigned i = 0; i < 20; i++)
    use(BEGIN + 10, CARD_USE_APPROVED, &ten);
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 20).allowed);
  const struct card_use *open = use(BEGIN + 20, CARD_USE_OPEN, &ten);
  struct budget budget = ask(NETWORK_MASTERCARD, &ten, BEGIN + 30);
  cr_assert_not(budget.allowed);
  cr_assert_eq(budget.again_ms, BEGIN + DAY + BUDGET_MARGIN_MS, "when the first decline leaves");
  struct card_use held = *open;
  decline(9, BEGIN + 3 * DAY, &ten);
  cr_assert_not(ask(NETWORK_MASTERCARD, &ten, BEGIN + 3 * DAY + HOUR).allowed, "it is under way still");
  uses.count -= 9;
  card_uses_remove(&uses, held.payment, held.attempt);
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 30).allowed, "it was never sent");
}

/* None is declined yet, and all of them may be: a limit holds all the same. */
Test(budget, what_is_under_way_is_bounded_before_anything_was_declined) {
  for (unsigned i = 0; i < 9; i++)
    use(BEGIN, CARD_USE_OPEN, &ten);
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 1).allowed, "the tenth");
  use(BEGIN, CARD_USE_OPEN, &eleven);
  struct budget budget = ask(NETWORK_MASTERCARD, &ten, BEGIN + 1);
  cr_assert_not(budget.allowed);
  cr_expect_eq(budget.retry, OUTCOME_RETRY_LATER);
  cr_expect_eq(budget.again_ms, 0, "when one of them ends, and nobody knows when that is");
  cr_expect(budget.undecided, "all of them may yet be approved");
  cr_expect_not(ask(NETWORK_UNKNOWN, &ten, BEGIN + 1).allowed);
  uses.uses[0].result = CARD_USE_APPROVED;
  cr_assert(ask(NETWORK_MASTERCARD, &ten, BEGIN + 1).allowed, "an approval makes room");
}

Test(budget, visa_counts_what_is_under_way_once_there_is_a_decline_to_repeat) {
  for (unsigned i = 0; i < 100; i++)
    use(BEGIN, CARD_USE_OPEN, &ten);
  cr_assert(ask(NETWORK_VISA, &ten, BEGIN + 1).allowed, "nothing is a repeat");
  decline(1, BEGIN + 1, &ten);
  struct budget budget = ask(NETWORK_VISA, &ten, BEGIN + 2);
  cr_assert_not(budget.allowed);
  cr_assert(budget.undecided);
  cr_assert_eq(budget.again_ms, BEGIN + 1 + 30 * DAY + BUDGET_MARGIN_MS);
  cr_assert(ask(NETWORK_VISA, &eleven, BEGIN + 2).allowed, "nothing of that amount was declined");
}

Test(budget, what_is_under_way_beside_declines_is_waited_out_with_them) {
  decline(6, BEGIN, &ten);
  for (unsigned i = 0; i < 9; i++)
    use(BEGIN + HOUR, CARD_USE_OPEN, &ten);
  cr_expect_eq(ask(NETWORK_MASTERCARD, &ten, BEGIN + 2 * HOUR).again_ms, BEGIN + 5 + DAY + BUDGET_MARGIN_MS,
               "when the last decline leaves: nine are under way then");
  use(BEGIN + HOUR, CARD_USE_OPEN, &ten);
  cr_expect_eq(ask(NETWORK_MASTERCARD, &ten, BEGIN + 2 * HOUR).again_ms, 0);
  cr_expect(ask(NETWORK_MASTERCARD, &ten, BEGIN + 2 * HOUR).undecided);
  decline(10, BEGIN + 2 * HOUR, &ten);
  cr_expect_not(ask(NETWORK_VISA, &ten, BEGIN + 3 * HOUR).undecided, "sixteen were declined");
}

Test(budget, what_cannot_be_counted_is_not_tried) {
  struct money amount = {1, "EUR"};
  for (; amount.minor < CARD_USES_MAX; amount.minor++)
    decline(1, BEGIN + amount.minor, &amount);
  cr_assert(ask(NETWORK_VISA, &amount, BEGIN + DAY).allowed);
  decline(1, BEGIN + amount.minor, &amount);
  amount.minor++;
  cr_assert_not(ask(NETWORK_VISA, &amount, BEGIN + DAY).allowed);
  cr_assert(ask(NETWORK_AMEX, &amount, BEGIN + DAY).allowed);
}

Test(budget, the_oldest_approval_makes_room) {
  use(BEGIN, CARD_USE_DECLINED, &ten)->visa_category = 1;
  struct card_use first = *use(BEGIN + 1, CARD_USE_APPROVED, &ten);
  for (unsigned i = 0; i < 2 * CARD_USES_MAX; i++)
    use(BEGIN + 2, CARD_USE_APPROVED, &ten);
  cr_assert_eq(uses.count, CARD_USES_MAX);
  cr_assert_not(ask(NETWORK_VISA, &ten, BEGIN + 3).allowed, "the decline is still there");
  first.result = CARD_USE_DECLINED;
  card_uses_put(&uses, &first, BEGIN + 3);
  cr_assert_eq(card_uses_attempts(&uses, BEGIN), CARD_USES_MAX - 1, "what was dropped comes not again");
}

Test(budget, what_is_old_goes) {
  decline(3, BEGIN, &ten);
  decline(1, BEGIN + 30 * DAY + BUDGET_MARGIN_MS + 1, &ten);
  cr_assert_eq(uses.count, 2);
  use(BEGIN + 61 * DAY, CARD_USE_APPROVED, &ten);
  cr_assert_eq(uses.count, 1);
}

/* It may still be declined, or be sent again. */
Test(budget, what_is_open_counts_however_old) {
  decline(9, BEGIN, &ten);
  struct card_use open = *use(BEGIN, CARD_USE_OPEN, &ten);
  decline(1, BEGIN + 31 * DAY, &ten);
  cr_assert_eq(uses.count, 2);
  decline(8, BEGIN + 31 * DAY, &eleven);
  cr_expect_not(ask(NETWORK_MASTERCARD, &ten, BEGIN + 31 * DAY).allowed);
  open.result = CARD_USE_DECLINED;
  card_uses_put(&uses, &open, BEGIN + 31 * DAY);
  cr_expect(ask(NETWORK_MASTERCARD, &ten, BEGIN + 31 * DAY).allowed, "it came to the network so long ago");
}

Test(budget, windows_of_a_policy) {
  use(BEGIN, CARD_USE_APPROVED, &ten);
  use(BEGIN + HOUR, CARD_USE_DECLINED, &ten);
  use(BEGIN + 2 * HOUR, CARD_USE_APPROVED, &eleven);
  use(BEGIN + 3 * HOUR, CARD_USE_APPROVED, &ten_dollars);
  use(BEGIN + 4 * HOUR, CARD_USE_OPEN, &ten);
  cr_expect_eq(card_uses_attempts(&uses, BEGIN - 1), 5);
  cr_expect_eq(card_uses_attempts(&uses, BEGIN), 4);
  cr_expect_eq(card_uses_spend(&uses, BEGIN - 1, "EUR"), 2100);
  cr_expect_eq(card_uses_spend(&uses, BEGIN, "EUR"), 1100);
  cr_expect_eq(card_uses_spend(&uses, BEGIN, "USD"), 1000);
  cr_expect_eq(card_uses_spend(&uses, BEGIN, "GBP"), 0);
  const struct money most = {INT64_MAX, "EUR"};
  use(BEGIN, CARD_USE_APPROVED, &most);
  cr_expect_eq(card_uses_spend(&uses, BEGIN - 1, "EUR"), INT64_MAX);
}
