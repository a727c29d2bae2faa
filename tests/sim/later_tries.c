#include "later_tries.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "universe.h"

#define HOUR (3600LL * 1000)
#define DAY (24 * HOUR)

enum { ATTEMPTS_AT_MOST = 16, CLOSE_MS = 60 * 1000 };

int sim_zone(const char *zone, int64_t at_ms, int32_t *ret_offset_s) {
  int64_t age_ms = at_ms - universe_start_ms;
  if (strcmp(zone, "Sim/Town") != 0)
    return -ENOENT;
  *ret_offset_s = age_ms >= 9 * DAY + HOUR && age_ms < 20 * DAY + HOUR ? 7200 : 3600;
  return 0;
}

static bool is_one_of(const char *const *codes, const char *code) {
  while (*codes && strcmp(*codes, code) != 0)
    codes++;
  return *codes != NULL;
}

static bool may_be_mastercard(const struct scenario *scenario) {
  return scenario->network == NETWORK_MASTERCARD || scenario->network == NETWORK_UNKNOWN;
}

/* ---- What the schedule says ---- */

static struct tm local_time(const struct later_plan *plan, int64_t at_ms) {
  int32_t offset_s = 0;
  struct tm parts = {0};
  if (plan->zone[0] != '\0')
    (void)sim_zone(plan->zone, at_ms, &offset_s);
  time_t seconds = (time_t)(at_ms / 1000 + offset_s);
  gmtime_r(&seconds, &parts);
  return parts;
}

/* The universes' schedules name days that every month has. */
static bool is_within(const struct later_plan *plan, int64_t at_ms) {
  struct tm now = local_time(plan, at_ms);
  bool night = plan->hour_from > plan->hour_to;
  bool hour = night ? now.tm_hour >= plan->hour_from || now.tm_hour <= plan->hour_to
                    : now.tm_hour >= plan->hour_from && now.tm_hour <= plan->hour_to;
  if (night && now.tm_hour <= plan->hour_to)
    now = local_time(plan, at_ms - DAY / 2);
  return hour && (plan->days == 0 || plan->days >> now.tm_mday & 1);
}

/* ---- What the issuer said ---- */

static bool allows_later(const struct scenario *scenario, const struct attempt *attempt) {
  static const char *const may_pass[] = {"05", "51", "91", "96", NULL};
  static const char *const never[] = {"01", "03", "21", NULL};
  const struct psp_answer *answer = &attempt->step.answer;
  if (attempt->step.status != STEP_FAILED || attempt->surplus || attempt->step.by_person)
    return false;
  if (attempt->step.class == OUTCOME_NOT_SENT)
    return true;
  bool stopped = may_be_mastercard(scenario) && is_one_of(never, answer->advice_code);
  /* Where nobody said why it is worth another try, later: reasons.c holds that nothing that was said is lost.
   */
  bool may = answer->network_code[0] == '\0' || is_one_of(may_pass, answer->network_code);
  return answer->answer == ANSWER_IS_DECLINED && may && !stopped;
}

static bool was_sent(const struct attempt *attempt) {
  return attempt->step.class != OUTCOME_NOT_SENT;
}

/* Of the first count attempts. */
static const struct attempt *last_sent(const struct payment *payment, unsigned count) {
  for (unsigned i = count; i > 0; i--) {
    if (was_sent(&payment->attempts[i - 1]))
      return &payment->attempts[i - 1];
  }
  return NULL;
}

/* What the network advises, or a day. */
static int64_t wait_ms(const struct scenario *scenario, const char *advice) {
  if (may_be_mastercard(scenario) && strcmp(advice, "24") == 0)
    return HOUR;
  if (may_be_mastercard(scenario) && strcmp(advice, "30") == 0)
    return 10 * DAY;
  return DAY;
}

/* By the books: when the PSP made what it declined. */
static int64_t declined_ms(const struct scenario *scenario, const struct attempt *attempt) {
  char key[STEP_KEY_CAPACITY];
  int64_t made_ms = INT64_MIN;
  key_of_step(&scenario->payment->id, attempt->number, key);
  unsigned place = books_key(&scenario->books, key);
  for (unsigned i = 0; i < scenario->books.charge_count; i++) {
    const struct charge *charge = &scenario->books.charges[i];
    if (charge->key == place && charge->status == CHARGE_DECLINED)
      made_ms = charge->made_ms;
  }
  return made_ms;
}

/* Advice holds for as long as it says; without any, a day counts from the last word. */
static void check_before(struct universe *universe, const struct scenario *scenario,
                         const struct attempt *before, unsigned number) {
  if (!allows_later(scenario, before))
    violation(universe, scenario->number, "attempt %u is a later try after what allows none (%s %s)", number,
              before->step.answer.network_code, before->step.answer.advice_code);
  int64_t made_ms = declined_ms(scenario, before);
  bool last = before == last_sent(scenario->payment, number - 1);
  if ((last || before->step.answer.advice_code[0] != '\0') && made_ms != INT64_MIN &&
      universe->now_ms < made_ms + wait_ms(scenario, before->step.answer.advice_code))
    violation(universe, scenario->number, "attempt %u is a later try before its time (%s)", number,
              before->step.answer.advice_code);
}

/* ---- How often ---- */

unsigned later_tries(const struct payment *payment) {
  unsigned tries = 0, last = 0;
  for (unsigned i = 0; payment && i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (attempt->round == last || !was_sent(attempt))
      continue;
    last = attempt->round;
    tries++;
  }
  return tries;
}

static bool begins_round(const struct payment *payment, const struct attempt *attempt) {
  return attempt->number == 1 || payment->attempts[attempt->number - 2].round < attempt->round;
}

static void check_moment(struct universe *universe, const struct scenario *scenario,
                         const struct attempt *attempt) {
  const struct payment *payment = scenario->payment;
  const struct later_plan *plan = &payment->decision.later;
  if (!is_within(plan, attempt->step.started_ms))
    violation(universe, scenario->number, "attempt %u is a later try out of its schedule's hours",
              attempt->number);
  if (attempt->step.started_ms >= payment->created_ms + plan->within_days * DAY)
    violation(universe, scenario->number, "attempt %u is a later try after its schedule's end",
              attempt->number);
  if (later_tries(payment) > plan->tries)
    violation(universe, scenario->number, "attempt %u is more than its schedule's %u later tries",
              attempt->number, plan->tries);
}

void check_later_try(struct universe *universe, const struct scenario *scenario,
                     const struct attempt *attempt) {
  const struct payment *payment = scenario->payment;
  if (scenario->cancelled)
    violation(universe, scenario->number, "it is tried again, and its schedule was cancelled");
  if (attempt->round == 0)
    return;
  if (!scenario->renewal || scenario->retry_none || payment->decision.later.tries == 0)
    violation(universe, scenario->number, "a later try of what is not to be tried later");
  if (!begins_round(payment, attempt))
    return;
  for (unsigned i = 0; i + 1 < attempt->number; i++)
    check_before(universe, scenario, &payment->attempts[i], attempt->number);
  check_moment(universe, scenario, attempt);
}

/* ---- And none is left out ---- */

/* How long after what was said last the next moment of the schedule comes, at most; a day of the month may be
 * far. */
static int64_t longest_ms(const struct later_plan *plan) {
  if (plan->days != 0)
    return 30 * DAY;
  return plan->hour_from == 0 && plan->hour_to == 23 ? 2 * HOUR : DAY + 2 * HOUR;
}

void check_later_end(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  const struct later_plan *plan = &payment->decision.later;
  const struct attempt *last = last_sent(payment, payment->attempt_count);
  bool given_up = payment->concluded && !scenario->cancelled && !scenario->token_deleted;
  if (!given_up || !scenario->renewal || scenario->retry_none || plan->tries == 0 || !last)
    return;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (!allows_later(scenario, &payment->attempts[i]))
      return;
  }
  bool exhausted = strcmp(payment->decline.reason, "retry_budget_exhausted") == 0;
  if (exhausted || payment->attempt_count >= ATTEMPTS_AT_MOST || later_tries(payment) >= plan->tries)
    return;
  const struct attempt *final = &payment->attempts[payment->attempt_count - 1];
  if (final->round != payment->round.number) /* nobody could be tried since */
    return;
  int64_t latest_ms =
      last->step.ended_ms + wait_ms(scenario, last->step.answer.advice_code) + HOUR + longest_ms(plan);
  if (final->step.ended_ms + longest_ms(plan) > latest_ms)
    latest_ms = final->step.ended_ms + HOUR + longest_ms(plan);
  if (latest_ms + CLOSE_MS < payment->created_ms + plan->within_days * DAY)
    violation(universe, scenario->number, "given up after %u later tries of %u, and there was time",
              later_tries(payment), plan->tries);
}
