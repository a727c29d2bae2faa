/* Later tries: rules whose option never counts, and schedules that leave payments out. */
#include "policy_checker.h"
#include "policy_words.h"

/* ---- Rules ---- */

static bool has_options(const struct policy_options *options) {
  return options->three_ds[0] != '\0' || options->exemption[0] != '\0' || options->retry_off ||
         options->max_attempts != 0 || options->later != 0;
}

/* The condition, and that nobody waits for the payment; NULL: any condition. */
static void terms_unattended(struct checker *checker, struct node *when, struct term_list *ret_list) {
  struct member kinds[POLICY_LATER_KINDS];
  struct node kind = {.type = NODE_COMPARISON,
                      .fact.fact = FACT_KIND,
                      .comparison = COMPARE_IN,
                      .member_count = POLICY_LATER_KINDS,
                      .members = kinds};
  struct node *both[] = {when, &kind};
  struct node node = {.type = NODE_AND, .child_count = 2, .children = both};
  for (unsigned i = 0; i < POLICY_LATER_KINDS; i++) {
    struct value word = {.type = VALUE_WORD, .text = policy_later_kinds[i]};
    kinds[i] = (struct member){.low = word, .high = word};
  }
  terms_of(&checker->terms, when == NULL ? &kind : &node, false, ret_list);
}

/* Whether no payment that could be tried later comes to the rule. A rule that nothing comes to at all has
 * been found already. */
static bool is_for_nothing(struct checker *checker, unsigned number) {
  struct term_list terms;
  if (checker->dead[number])
    return false;
  terms_unattended(checker, checker->policy->rules[number].when, &terms);
  return terms.known && (terms.count == 0 || checker_covered(checker, number, &terms));
}

static void check_rule(struct checker *checker, unsigned number) {
  const struct rule *rule = &checker->policy->rules[number];
  const struct policy_options *options = &rule->action.options;
  if (rule->action.advice) {
    if (has_options(options))
      checker_find(checker, POLICY_WARNING, number, rule->place, "advice_options",
                   "This rule is only advice: what it says after `with` never counts.");
    return;
  }
  if (options->later == 0)
    return;
  if (options->retry_off)
    checker_find(
        checker, POLICY_ERROR, number, rule->later_place, "later_retry_off",
        "`retry off` and `later` contradict each other: what is declined is left, or it is tried later.");
  if (is_for_nothing(checker, number))
    checker_find(
        checker, POLICY_WARNING, number, rule->later_place, "later_never",
        "Only payments of the kinds recurring, installment, unscheduled and resubmission are tried later: "
        "none of them comes to this rule.");
}

/* ---- Schedules ---- */

enum { MONTHS = 48, FEBRUARY = 1, LEAP = 13, HOURS_OF_DAY = 24 };

/* Days of the month, numbered from 0, of four years of which the second is a leap year. */
static unsigned month_length(unsigned month) {
  static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month % (sizeof lengths)] + (month == LEAP);
}

static bool is_on(uint32_t days, unsigned day, unsigned length) {
  uint32_t from_here = UINT32_MAX << day;
  return (days >> day & 1) != 0 || (day == length && (days & from_here) != 0);
}

/* The most days from one of its days to the next; 1 when any day will do. */
static unsigned longest_step(uint32_t days) {
  unsigned longest = 1, step = 0;
  bool started = false;
  for (unsigned month = 0; days != 0 && month < MONTHS; month++) {
    for (unsigned day = 1, length = month_length(month); day <= length; day++) {
      step++;
      if (!is_on(days, day, length))
        continue;
      longest = started && step > longest ? step : longest;
      started = true;
      step = 0;
    }
  }
  return longest;
}

/* The longest that no hour of it comes. */
static unsigned longest_wait_h(const struct policy_schedule *schedule) {
  unsigned open = (unsigned)(schedule->hour_to + HOURS_OF_DAY - schedule->hour_from) % HOURS_OF_DAY + 1;
  return longest_step(schedule->days) * HOURS_OF_DAY - open;
}

/* Before the first later try the networks want a day to pass, and then its next hour may be far. */
static void check_gap(struct checker *checker, const struct named_schedule *schedule) {
  const struct policy_schedule *is = &schedule->is;
  unsigned nobody = checker->policy->rule_count;
  if (POLICY_LATER_GAP_H + longest_wait_h(is) <= (unsigned)is->within_days * HOURS_OF_DAY)
    return;
  if (is->days != 0)
    checker_find(
        checker, POLICY_WARNING, nobody, schedule->place, "schedule_gap",
        "Some payments are never tried later: up to %u days lie between two of its days, a day passes "
        "after the decline, and all ends %u days after the payment began.",
        longest_step(is->days), is->within_days);
  else
    checker_find(
        checker, POLICY_WARNING, nobody, schedule->place, "schedule_gap",
        "Some payments are never tried later: a day passes after the decline, and all ends so soon after "
        "the payment began.");
}

static void check_schedule(struct checker *checker, const struct named_schedule *schedule) {
  if (!schedule->used)
    checker_find(checker, POLICY_WARNING, checker->policy->rule_count, schedule->place, "schedule_unused",
                 "No rule names this schedule: it changes nothing.");
  check_gap(checker, schedule);
}

void check_later(struct checker *checker) {
  for (unsigned i = 0; i < checker->policy->schedule_count; i++)
    check_schedule(checker, &checker->policy->schedules[i]);
  for (unsigned i = 0; i < checker->policy->rule_count; i++)
    check_rule(checker, i);
}
