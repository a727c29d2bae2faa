/* Later tries: rules whose option never counts, and schedules that leave payments out. */
#include "policy_checker.h"
#include "policy_words.h"
#include <stdio.h>

/* ---- Rules ---- */

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
    if (policy_has_options(options))
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

/* The most days from one of its days to the next; 1 when any day will do. Most lie between them where months
 * of 31 days meet: in a shorter one, a day that it lacks comes sooner. */
static unsigned longest_step(uint32_t days) {
  unsigned longest = 1, first = 0, last = 0;
  for (unsigned day = 1; day <= POLICY_DAY_LAST; day++) {
    if ((days >> day & 1) == 0)
      continue;
    longest = day - last > longest ? day - last : longest;
    first = first == 0 ? day : first;
    last = day;
  }
  unsigned around = days == 0 ? 1 : POLICY_DAY_LAST - last + first;
  return around > longest ? around : longest;
}

/* After a decline a day and a little passes before anything is tried. Whoever is declined so long before one
 * of its days ends, or its hours on it, waits for the next, whatever the hours. */
static void check_gap(struct checker *checker, const struct named_schedule *schedule) {
  unsigned step = longest_step(schedule->is.days), within = schedule->is.within_days;
  unsigned nobody = checker->policy->rule_count;
  char remedy[64] = "";
  if (step < within)
    return;
  if (step < POLICY_LATER_DAYS_MAX)
    snprintf(remedy, sizeof remedy, " Within %u days none would be left out.", step + 1);
  if (schedule->is.days != 0)
    checker_find(
        checker, POLICY_WARNING, nobody, schedule->place, "schedule_gap",
        "Some payments are never tried later: up to %u days lie between two of its days, and it ends after "
        "%u.%s",
        step, within, remedy);
  else
    checker_find(checker, POLICY_WARNING, nobody, schedule->place, "schedule_gap",
                 "Most payments are never tried later: a day passes after a decline, and it ends after %u.%s",
                 within, remedy);
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
