#include "budget.h"

#include <string.h>

#define DAY_MS (24LL * CARD_USE_HOUR_MS)

enum counted { COUNT_DECLINES, COUNT_VISA_FIRST_CATEGORY, COUNT_STOPPED };

/* Once `limit` tries count, no other is made. */
static const struct rule {
  enum network network;
  enum counted counted;
  bool any_amount;
  unsigned limit;
  int64_t window_ms;
  enum outcome_retry retry;
  bool first_tries; /* what is under way counts before anything was declined */
} rules[] = {
    {NETWORK_VISA, COUNT_VISA_FIRST_CATEGORY, false, 1, 30 * DAY_MS, OUTCOME_RETRY_NEVER, false},
    {NETWORK_VISA, COUNT_DECLINES, false, 1 + 15, 30 * DAY_MS, OUTCOME_RETRY_LATER, false},
    {NETWORK_MASTERCARD, COUNT_STOPPED, false, 1, 30 * DAY_MS, OUTCOME_RETRY_NEVER, true},
    {NETWORK_MASTERCARD, COUNT_DECLINES, true, 10, DAY_MS, OUTCOME_RETRY_LATER, true},
    {NETWORK_MASTERCARD, COUNT_DECLINES, false, 35, 30 * DAY_MS, OUTCOME_RETRY_LATER, true},
    /* As many declines as are kept: what came before them is forgotten, so that nothing more can be counted.
     */
    {NETWORK_VISA, COUNT_DECLINES, true, CARD_USES_MAX, CARD_USES_WINDOW_MS, OUTCOME_RETRY_LATER, false},
    {NETWORK_MASTERCARD, COUNT_DECLINES, true, CARD_USES_MAX, CARD_USES_WINDOW_MS, OUTCOME_RETRY_LATER, true},
};

static bool same_amount(const struct money *left, const struct money *right) {
  return left->minor == right->minor && strcmp(left->currency, right->currency) == 0;
}

static bool counts(const struct rule *rule, const struct card_use *use, const struct money *amount) {
  if (!rule->any_amount && !same_amount(&use->amount, amount))
    return false;
  switch (rule->counted) {
  case COUNT_DECLINES:
    return use->result != CARD_USE_APPROVED;
  case COUNT_VISA_FIRST_CATEGORY:
    return use->visa_category == 1;
  case COUNT_STOPPED:
    return use->stopped;
  }
  return true;
}

/* One whose end is not known may yet be sent again, and counts for as long as it is kept. */
static int64_t leaves_ms(const struct rule *rule, const struct card_use *use) {
  return use->result == CARD_USE_OPEN ? INT64_MAX : use->at_ms + rule->window_ms + BUDGET_MARGIN_MS;
}

/* What is under way counts as declined: it may be. Where the network counts repeats, it counts once there is
 * a decline to repeat. */
static unsigned counted_at(const struct rule *rule, const struct card_uses *uses, const struct money *amount,
                           int64_t at_ms) {
  unsigned declined = 0, open = 0;
  for (unsigned i = 0; i < uses->count; i++) {
    const struct card_use *use = &uses->uses[i];
    if (!counts(rule, use, amount) || leaves_ms(rule, use) <= at_ms)
      continue;
    declined += use->result == CARD_USE_DECLINED;
    open += use->result == CARD_USE_OPEN;
  }
  return rule->first_tries || declined > 0 ? declined + open : 0;
}

/* The first moment at which fewer than the limit count, if no more become known; 0: there is none. */
static int64_t again_ms(const struct rule *rule, const struct card_uses *uses, const struct money *amount) {
  int64_t again = INT64_MAX;
  for (unsigned i = 0; i < uses->count; i++) {
    int64_t at_ms = leaves_ms(rule, &uses->uses[i]);
    if (at_ms < again && counted_at(rule, uses, amount, at_ms) < rule->limit)
      again = at_ms;
  }
  return again < INT64_MAX ? again : 0;
}

static bool is_undecided(const struct rule *rule, const struct card_uses *uses, const struct money *amount,
                         int64_t now_ms) {
  unsigned declined = 0;
  for (unsigned i = 0; i < uses->count; i++) {
    const struct card_use *use = &uses->uses[i];
    declined +=
        use->result == CARD_USE_DECLINED && counts(rule, use, amount) && leaves_ms(rule, use) > now_ms;
  }
  return declined < rule->limit;
}

static void refuse(struct budget *budget, const struct rule *rule, int64_t again, bool undecided) {
  budget->undecided = undecided && (budget->allowed || budget->undecided);
  budget->allowed = false;
  if (rule->retry > budget->retry)
    budget->retry = rule->retry;
  if (again > budget->again_ms)
    budget->again_ms = again;
}

_Static_assert(OUTCOME_RETRY_NEVER > OUTCOME_RETRY_LATER, "never is the stricter of the two");

struct budget budget_ask(const struct card_uses *uses, enum network network, const struct money *amount,
                         int64_t now_ms) {
  struct budget budget = {.allowed = true};
  for (const struct rule *rule = rules; rule < rules + sizeof rules / sizeof *rules; rule++) {
    if (rule->network != network && network != NETWORK_UNKNOWN)
      continue;
    if (counted_at(rule, uses, amount, now_ms) >= rule->limit)
      refuse(&budget, rule, again_ms(rule, uses, amount), is_undecided(rule, uses, amount, now_ms));
  }
  if (budget.retry == OUTCOME_RETRY_NEVER)
    budget.again_ms = 0;
  return budget;
}
