#include "networks.h"

#include <stdio.h>
#include <string.h>

#include "later_tries.h"
#include "universe.h"

#define DAY (24LL * 3600 * 1000)

enum { VISA_RETRIES = 15, MASTERCARD_A_DAY = 10, MASTERCARD_A_MONTH = 35 };

static bool is_one_of(const char *const *codes, const char *code) {
  while (*codes && strcmp(*codes, code) != 0)
    codes++;
  return *codes != NULL;
}

static bool may_be(const struct scenario *scenario, enum network network) {
  return scenario->network == network || scenario->network == NETWORK_UNKNOWN;
}

static bool charges(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE;
}

/* ---- How often it was tried ---- */

struct count {
  unsigned day, month; /* of any amount within a day; of that amount within thirty */
};

static void add(struct count *count, int64_t age_ms, bool same_amount) {
  count->day += age_ms < DAY;
  count->month += same_amount && age_ms < 30 * DAY;
}

static bool is_undecided(const struct charge *charge) {
  return charge->status == CHARGE_ACTION || charge->status == CHARGE_PENDING;
}

/* What was declined, and what is on its way or undecided and may be. */
static void add_key(const struct books *books, unsigned key, int64_t now_ms, int64_t amount,
                    struct count *count) {
  const struct sent_key *sent = &books->keys[key];
  bool made = false;
  for (unsigned i = 0; i < books->charge_count; i++) {
    const struct charge *charge = &books->charges[i];
    if (charge->key != key)
      continue;
    made = true;
    if (charge->status == CHARGE_DECLINED)
      add(count, now_ms - charge->made_ms, charge->amount == amount);
    else if (is_undecided(charge))
      add(count, 0, charge->amount == amount);
  }
  if (!made && sent->coming > 0)
    add(count, 0, sent->amount == amount);
}

static struct count count_card(struct universe *universe, const struct scenario *scenario,
                               const struct dispatch *dispatch) {
  struct count count = {0};
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    struct scenario *other = &universe->scenarios[i];
    if (other->card != scenario->card || !other->there)
      continue;
    books_pass_time(&other->books, universe->now_ms);
    for (unsigned key = 0; key < other->books.key_count; key++) {
      if (charges(other->books.keys[key].operation) &&
          strcmp(other->books.keys[key].text, dispatch->key) != 0)
        add_key(&other->books, key, universe->now_ms, dispatch->amount.minor, &count);
    }
  }
  return count;
}

/* Whether the router had been told of a decline of that amount within thirty days before it began the
 * attempt: Visa counts repeats, and without one nothing is known to be a repeat. */
static bool repeats(const struct universe *universe, const struct scenario *scenario,
                    const struct attempt *begun) {
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    const struct scenario *other = &universe->scenarios[i];
    if (other->card != scenario->card || !other->payment)
      continue;
    for (unsigned j = 0; j < other->payment->attempt_count; j++) {
      const struct step *step = &other->payment->attempts[j].step;
      if (step->status == STEP_FAILED && step->answer.answer == ANSWER_IS_DECLINED &&
          step->amount == begun->step.amount && step->ended_ms < begun->step.started_ms &&
          begun->step.started_ms - step->started_ms < 30 * DAY)
        return true;
    }
  }
  return false;
}

static void check_counts(struct universe *universe, const struct scenario *scenario,
                         const struct attempt *attempt, const struct dispatch *dispatch) {
  struct count count = count_card(universe, scenario, dispatch);
  if (may_be(scenario, NETWORK_VISA) && count.month > VISA_RETRIES && repeats(universe, scenario, attempt))
    violation(universe, scenario->number, "P7: Visa: %s is retry %u of its amount in thirty days",
              dispatch->key, count.month);
  if (may_be(scenario, NETWORK_MASTERCARD) && count.day >= MASTERCARD_A_DAY)
    violation(universe, scenario->number, "P7: Mastercard: %s follows %u declines in a day", dispatch->key,
              count.day);
  if (may_be(scenario, NETWORK_MASTERCARD) && count.month >= MASTERCARD_A_MONTH)
    violation(universe, scenario->number, "P7: Mastercard: %s follows %u declines of its amount",
              dispatch->key, count.month);
}

/* ---- What was forbidden for good ---- */

static bool forbids(const struct scenario *scenario, const struct attempt *attempt) {
  static const char *const never[] = {"03", "04", "07", "12", "15", "41", "43", "57",
                                      "62", "78", "93", "R0", "R1", "R3", NULL};
  static const char *const stop[] = {"03", "21", NULL};
  const struct psp_answer *answer = &attempt->step.answer;
  if (attempt->step.status != STEP_FAILED || answer->answer != ANSWER_IS_DECLINED)
    return false;
  return (may_be(scenario, NETWORK_VISA) && is_one_of(never, answer->network_code)) ||
         (may_be(scenario, NETWORK_MASTERCARD) && is_one_of(stop, answer->advice_code));
}

/* The attempt of that card and amount that forbids another one, told before before_ms; or NULL. */
static const struct attempt *forbidden_by(const struct universe *universe, const struct scenario *scenario,
                                          int64_t amount, int64_t before_ms) {
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    const struct scenario *other = &universe->scenarios[i];
    if (other->card != scenario->card || !other->payment)
      continue;
    for (unsigned j = 0; j < other->payment->attempt_count; j++) {
      const struct attempt *attempt = &other->payment->attempts[j];
      if (attempt->step.amount == amount && attempt->step.ended_ms < before_ms && forbids(scenario, attempt))
        return attempt;
    }
  }
  return NULL;
}

/* ---- What an issuer's word allows ---- */

static bool allows_another(const struct scenario *scenario, const struct attempt *attempt) {
  static const char *const elsewhere[] = {"05", "91", "96", NULL};
  static const char *const not_now[] = {"01", "03", "21", "24", "30", NULL};
  const struct psp_answer *answer = &attempt->step.answer;
  if (attempt->step.class == OUTCOME_NOT_SENT)
    return true;
  if (answer->answer != ANSWER_IS_DECLINED)
    return false;
  bool advised = may_be(scenario, NETWORK_MASTERCARD) && is_one_of(not_now, answer->advice_code);
  return is_one_of(elsewhere, answer->network_code) && !advised;
}

static void check_cascade(struct universe *universe, const struct scenario *scenario,
                          const struct attempt *attempt) {
  for (unsigned i = 0; i + 1 < attempt->number; i++) {
    const struct attempt *before = &scenario->payment->attempts[i];
    if (before->round == attempt->round && !allows_another(scenario, before))
      violation(universe, scenario->number, "attempt %u follows one that allows no other (%s %s)",
                attempt->number, before->step.answer.network_code, before->step.answer.advice_code);
  }
}

static const struct attempt *attempt_of(const struct scenario *scenario, const struct dispatch *dispatch) {
  char text[STEP_KEY_CAPACITY];
  for (unsigned i = 0; scenario->payment && i < scenario->payment->attempt_count; i++) {
    snprintf(text, sizeof text, "%s_%u", scenario->payment->id.text, i + 1);
    if (strcmp(text, dispatch->key) == 0)
      return &scenario->payment->attempts[i];
  }
  return NULL;
}

void check_networks(struct universe *universe, const struct scenario *scenario,
                    const struct dispatch *dispatch) {
  const struct attempt *attempt = attempt_of(scenario, dispatch);
  if (!attempt || dispatch->replay) /* begun before anything was told */
    return;
  check_counts(universe, scenario, attempt, dispatch);
  if (forbidden_by(universe, scenario, dispatch->amount.minor, attempt->step.started_ms))
    violation(universe, scenario->number, "P7: %s is tried again, and never may be", dispatch->key);
  check_cascade(universe, scenario, attempt);
  check_later_try(universe, scenario, attempt);
}

/* ---- And no more is given up than must be ---- */

/* However long ago, and whatever came of them. */
static struct count count_begun(const struct universe *universe, const struct scenario *scenario,
                                int64_t amount) {
  struct count count = {0};
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    const struct scenario *other = &universe->scenarios[i];
    if (other->card != scenario->card || !other->payment)
      continue;
    for (unsigned j = 0; j < other->payment->attempt_count; j++)
      add(&count, 0, other->payment->attempts[j].step.amount == amount);
  }
  return count;
}

void check_given_up(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  if (!payment->concluded || strcmp(payment->decline.reason, "retry_budget_exhausted") != 0)
    return;
  struct count count = count_begun(universe, scenario, payment->amount);
  bool visa = may_be(scenario, NETWORK_VISA) && count.month > VISA_RETRIES;
  bool mastercard = may_be(scenario, NETWORK_MASTERCARD) &&
                    (count.day >= MASTERCARD_A_DAY || count.month >= MASTERCARD_A_MONTH);
  if (!visa && !mastercard && !forbidden_by(universe, scenario, payment->amount, INT64_MAX))
    violation(universe, scenario->number, "P7: given up after %u tries of the card, and no network says so",
              count.day);
}
