/* The evaluator against a slow, obvious one, over random policies and payments; and the order of splits. */
#include "explain.h"
#include "reference_policy.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef FREEPORT_SANITIZED /* which is some five times slower, and looks for other things */
enum { POLICIES = 5000, PAYMENTS_EACH = 80 };
#else
enum { POLICIES = 25000, PAYMENTS_EACH = 80 };
#endif

static struct drawn_policy drawn;

static void print_once(const struct policy_facts *facts) {
  cr_log_error("amount %lld %s, bin %s, network %u, country %s, risk %d", (long long)facts->amount.minor,
               facts->amount.currency, facts->bin ? facts->bin : "-", (unsigned)facts->network,
               facts->country ? facts->country : "-", facts->risk);
}

/* The schedule that the decision's options name is the one that was drawn for the rule. */
static void hold_later(const struct policy *policy, const struct policy_decision *decision) {
  const struct policy_schedule *later = policy_schedule(policy, decision->action->options.later - 1u);
  unsigned wanted = drawn.later[decision->rule];
  cr_assert(eq(int, later != NULL, wanted != 0), "of\n%s", drawn.text);
  if (later == NULL)
    return;
  const struct drawn_schedule *schedule = &drawn.schedules[wanted - 1];
  bool timed = schedule->days != 0 || (schedule->hour_to + 1) % 24 != schedule->hour_from;
  cr_assert(later->tries == schedule->tries && later->within_days == schedule->within_days &&
                later->days == schedule->days && later->hour_from == schedule->hour_from &&
                later->hour_to == schedule->hour_to && strcmp(later->zone, timed ? "Europe/Vienna" : "") == 0,
            "of\n%s", drawn.text);
}

static void hold_to_reference(uint64_t *state, const struct policy *policy) {
  struct drawn_facts facts;
  struct policy_decision decision;
  unsigned advice;
  draw_facts(state, policy, &facts);
  unsigned rule = reference_decide(&drawn, policy, &facts.facts, &advice);
  policy_evaluate(policy, &facts.facts, &decision);
  if (decision.rule != rule ||
      decision.advice_count != (advice < POLICY_ADVICE_MAX ? advice : POLICY_ADVICE_MAX))
    print_once(&facts.facts);
  cr_assert(eq(uint, decision.rule, rule), "of\n%s", drawn.text);
  cr_assert(eq(uint, decision.advice_count, advice < POLICY_ADVICE_MAX ? advice : POLICY_ADVICE_MAX));
  hold_later(policy, &decision);
}

Test(evaluate, it_is_the_reference_on_random_policies_and_payments) {
  uint64_t state = 20261127;
  for (unsigned i = 0; i < POLICIES; i++) {
    struct policy *policy;
    struct policy_error error;
    draw_policy(&state, &drawn);
    int result = policy_parse(drawn.text, drawn.length, &policy, &error);
    cr_assert(eq(int, result, 0), "line %u column %u: %s\n%s", error.line, error.column, error.expected,
              drawn.text);
    for (unsigned j = 0; j < PAYMENTS_EACH; j++)
      hold_to_reference(&state, policy);
    policy_free(policy);
  }
}

static struct policy *parsed(const char *text) {
  struct policy *policy;
  struct policy_error error;
  cr_assert(eq(int, policy_parse(text, strlen(text), &policy, &error), 0), "%s", error.expected);
  return policy;
}

/* ---- Memory ---- */

static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size) {
  allocations++;
  return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  allocations++;
  return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
  allocations++;
  return __real_realloc(old, size);
}

Test(evaluate, it_allocates_nothing) {
  uint64_t state = 7;
  for (unsigned i = 0; i < 200; i++) {
    struct policy *policy;
    struct policy_error error;
    struct policy_decision decision;
    struct drawn_facts facts;
    draw_policy(&state, &drawn);
    cr_assert(eq(int, policy_parse(drawn.text, drawn.length, &policy, &error), 0));
    cr_assert(gt(uint, allocations, 0), "they are counted");
    draw_facts(&state, policy, &facts);
    allocations = 0;
    policy_evaluate(policy, &facts.facts, &decision);
    cr_assert(eq(uint, allocations, 0));
    policy_free(policy);
  }
}

/* ---- Splits ---- */

enum { SHOPPERS = 20000, TOLERANCE = 400 /* five standard deviations of a share of 20,000 */ };

static struct policy_decision decide(const struct policy *policy, const char *payment, const char *customer) {
  struct policy_facts facts = {.method = "card",
                               .risk = -1,
                               .amount = {1000, "EUR"},
                               .split_payment = payment,
                               .split_customer = customer};
  struct policy_decision decision;
  policy_evaluate(policy, &facts, &decision);
  return decision;
}

Test(evaluate, shares_are_as_the_policy_says) {
  struct policy *policy = parsed("otherwise split a 70%, b 25%, c 5%");
  unsigned counts[3] = {0};
  for (unsigned i = 0; i < SHOPPERS; i++) {
    char payment[24];
    snprintf(payment, sizeof payment, "pay_%u", i);
    struct policy_decision decision = decide(policy, payment, NULL);
    cr_assert(eq(uint, decision.order_count, 3));
    counts[decision.order[0]]++;
  }
  cr_expect(lt(int, abs((int)counts[0] - SHOPPERS * 70 / 100), TOLERANCE), "%u", counts[0]);
  cr_expect(lt(int, abs((int)counts[1] - SHOPPERS * 25 / 100), TOLERANCE), "%u", counts[1]);
  cr_expect(lt(int, abs((int)counts[2] - SHOPPERS * 5 / 100), TOLERANCE), "%u", counts[2]);
  policy_free(policy);
}

Test(evaluate, the_others_follow_by_weight) {
  struct policy *policy = parsed("otherwise split a 5%, b 25%, c 25%, d 45%");
  static const char *const orders[] = {"0312", "1320", "2310", "3120"}; /* by which one it falls to */
  for (unsigned i = 0; i < 200; i++) {
    char payment[24], order[5] = "";
    snprintf(payment, sizeof payment, "pay_%u", i);
    struct policy_decision decision = decide(policy, payment, NULL);
    for (unsigned k = 0; k < decision.order_count; k++)
      order[k] = (char)('0' + decision.order[k]);
    cr_assert(eq(str, order, (char *)(uintptr_t)orders[decision.order[0]]));
  }
  policy_free(policy);
}

Test(evaluate, a_split_by_customer_sticks_to_the_customer) {
  struct policy *policy = parsed("otherwise split a 50%, b 50% by customer");
  struct policy *each = parsed("otherwise split a 50%, b 50%");
  unsigned moved = 0;
  for (unsigned i = 0; i < 100; i++) {
    char payment[24];
    snprintf(payment, sizeof payment, "pay_%u", i);
    cr_assert(eq(u8, decide(policy, payment, "cus_1").order[0], decide(policy, "pay", "cus_1").order[0]));
    moved += decide(each, payment, "cus_1").order[0] != decide(each, "pay", "cus_1").order[0];
    cr_assert(eq(u8, decide(policy, payment, NULL).order[0], decide(policy, payment, NULL).order[0]));
  }
  cr_expect(gt(uint, moved, 20), "payments fall by themselves");
  policy_free(policy);
  policy_free(each);
}

/* ---- Explanations ---- */

static void expect_why(const char *condition, const struct policy_facts *facts, bool matches,
                       const char *why) {
  char text[256], explanation[POLICY_EXPLANATION_CAPACITY];
  snprintf(text, sizeof text, "set eea = [AT DE] rule r when %s route a, b otherwise route a", condition);
  struct policy *policy = parsed(text);
  cr_expect(eq(int, policy_explain(policy, facts, 0, explanation), matches), "%s", condition);
  cr_expect(eq(str, explanation, (char *)(uintptr_t)why));
  policy_free(policy);
}

Test(evaluate, it_says_why) {
  struct policy_facts facts = {.method = "card",
                               .network = NETWORK_VISA,
                               .country = "US",
                               .bin = "41111111",
                               .amount = {1050, "EUR"},
                               .risk = 40,
                               .attributes = {{false, "plan", "gold"}},
                               .attribute_count = 1,
                               .split_payment = "pay"};
  facts.at_ms = INT64_C(1782907200000); /* Wednesday, 1 July 2026, noon UTC */
  facts.zone_known[0] = true;
  facts.zone_offset_s[0] = 7200;
  facts.spend[0] = facts.attempts[0] = -1;
  expect_why("card.country in eea", &facts, false, "card.country in eea does not hold: card.country is US");
  expect_why("card.country == US and risk < 40", &facts, false, "risk < 40 does not hold: risk is 40");
  expect_why("card.country == DE or risk > 40", &facts, false,
             "card.country == DE does not hold: card.country is US; risk > 40 does not hold: risk is 40");
  expect_why("card.country == US or risk > 40", &facts, true, "card.country == US holds: card.country is US");
  expect_why("not card.network == visa", &facts, false, "card.network == visa holds: card.network is visa");
  expect_why("amount > 10.50 EUR", &facts, false, "amount > 10.50 EUR does not hold: amount is 10.50 EUR");
  expect_why("amount > 10 JPY", &facts, false, "amount > 10 JPY does not hold: amount is 10.50 EUR");
  expect_why("metadata.shop == \"a\"", &facts, false,
             "metadata.shop == \"a\" does not hold: metadata.shop is not known");
  expect_why("customer.plan == \"gold\"", &facts, true,
             "customer.plan == \"gold\" holds: customer.plan is gold");
  expect_why("hour(\"Europe/Vienna\") < 9", &facts, false,
             "hour(\"Europe/Vienna\") < 9 does not hold: hour is 14");
  expect_why("weekday(\"Europe/Vienna\") in [mon wed]", &facts, true,
             "weekday(\"Europe/Vienna\") in [mon wed] holds: weekday is wed");
  expect_why("weekday(\"Europe/Vienna\") == mon", &facts, false,
             "weekday(\"Europe/Vienna\") == mon does not hold: weekday is wed");
  expect_why("card.attempts(1d) > 3", &facts, false,
             "card.attempts(1d) > 3 does not hold: card.attempts is not known");
  expect_why("card.spend(7d) > 1.00 EUR", &facts, false,
             "card.spend(7d) > 1.00 EUR does not hold: card.spend is not known");
  expect_why("card.bin in 411110..411119", &facts, true,
             "card.bin in 411110..411119 holds: card.bin is 41111111");
}
