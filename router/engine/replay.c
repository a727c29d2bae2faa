#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "choose.h"
#include "engine.h"
#include "payment_facts.h"
#include "replay_accounts.h"
#include "replay_learner.h"
#include "replay_prices.h"

enum { STEPS_OF_ONE = 16 /* back over payments, in the time that one is looked at */ };

struct replay {
  struct replay_options options;
  bool begun;     /* where the payments begin is known */
  struct id at;   /* before that: the oldest one stepped over; then the one looked at last */
  uint32_t steps; /* back over payments: as many are taken */
  uint32_t taken;
  bool has_windows; /* the draft asks about them */
  /* The policy that decided what was looked at last, for the windows that it asked about. */
  struct id recorded_id;
  const struct policy *recorded;   /* of the cache */
  uint8_t hash[POLICY_HASH_BYTES]; /* of the draft */
  struct replay_counts counts;
  struct replay_prices prices;
  struct replay_learner learner; /* where the draft has rules that need it */
  struct replay_figures figures;
};

static const char nowhere[] = "decline"; /* a word of the language: no connector is called so */

/* Whether some rule orders by what was learned or by cost. */
static bool has_choices(const struct policy *policy) {
  for (unsigned rule = 0; rule < policy_rule_count(policy); rule++) {
    const struct policy_action *action = policy_rule_action(policy, rule);
    if (!action->advice && (action->type == POLICY_BEST || action->type == POLICY_CHEAPEST))
      return true;
  }
  return false;
}

int replay_new(const struct replay_options *options, struct replay **ret_replay) {
  struct replay *replay = calloc(1, sizeof *replay);
  if (!replay)
    return -ENOMEM;
  replay->options = *options;
  policy_hash(options->policy, replay->hash);
  replay->has_windows = policy_window(options->policy, 0) != 0;
  replay->figures.learned = has_choices(options->policy);
  int r = counts_open(&replay->counts);
  if (r == 0)
    r = prices_open(&replay->prices);
  if (r == 0 && replay->figures.learned)
    r = learner_open(&replay->learner);
  if (r < 0) {
    replay_free(replay);
    return r;
  }
  *ret_replay = replay;
  return 0;
}

void replay_free(struct replay *replay) {
  if (!replay)
    return;
  policy_cache_return(replay->options.policies, replay->recorded);
  counts_close(&replay->counts);
  prices_close(&replay->prices);
  learner_close(&replay->learner);
  free(replay);
}

/* ---- What the draft asks for besides the payment itself ---- */

/* The policy that decided it, or NULL when it cannot be read any more. */
static const struct policy *recorded_policy(struct replay *replay, const struct id *policy) {
  struct policy_record record;
  struct policy_error error;
  if (id_equal(&replay->recorded_id, policy))
    return replay->recorded;
  policy_cache_return(replay->options.policies, replay->recorded);
  replay->recorded = NULL;
  replay->recorded_id = *policy;
  if (ledger_policy_get(replay->options.ledger, &replay->options.merchant, policy, &record) != 0 ||
      policy_cache_take(replay->options.policies, record.text, record.text_length, &replay->recorded, NULL,
                        &error) != 0)
    replay->recorded = NULL;
  return replay->recorded;
}

/* What was counted then in a window of that length. Returns whether it was. */
static bool take_window(const struct policy *recorded, const struct decision_basis *before, uint32_t window_s,
                        int32_t *ret_attempts, int64_t *ret_spend) {
  unsigned number = 0;
  *ret_attempts = -1;
  *ret_spend = -1;
  while (recorded && number < before->window_count && policy_window(recorded, number) != window_s)
    number++;
  if (!recorded || number >= before->window_count || before->attempts[number] < 0)
    return false;
  *ret_attempts = before->attempts[number];
  *ret_spend = before->spend[number];
  return true;
}

/* Returns whether every window was counted then. */
static bool find_windows(struct replay *replay, const struct decision *before, struct decision_basis *basis) {
  bool all = true;
  if (!replay->has_windows)
    return true;
  const struct policy *recorded = recorded_policy(replay, &before->policy);
  uint32_t window_s;
  for (; (window_s = policy_window(replay->options.policy, basis->window_count)) != 0;
       basis->window_count++) {
    unsigned number = basis->window_count;
    all &= take_window(recorded, &before->basis, window_s, &basis->attempts[number], &basis->spend[number]);
  }
  return all;
}

static bool is_drafts_own(const struct replay *replay, const struct payment *payment) {
  return memcmp(payment->decision.policy_hash, replay->hash, sizeof replay->hash) == 0;
}

/* What the draft itself chose stands recorded. */
static void decide_draft(struct replay *replay, const struct payment *payment,
                         const struct request_fields *inputs, struct decision *decision) {
  const struct known known = {replay->learner.learned, replay->options.fees, payment->created_ms};
  if (!replay->figures.learned || is_drafts_own(replay, payment)) {
    decide_again(replay->options.policy, payment, inputs, decision);
    return;
  }
  learner_pass_time(&replay->learner, payment->created_ms);
  decision->choice = (struct choice_snapshot){0};
  decide_knowing(replay->options.policy, payment, inputs, &known, decision);
}

/* Decides by the draft. Returns 0 or -EBADMSG. */
static int decide_by_draft(struct replay *replay, const struct payment *payment,
                           struct decision *ret_decision) {
  struct request_fields inputs;
  if (payment_inputs(payment, &inputs) != 0)
    return -EBADMSG;
  *ret_decision = payment->decision;
  ret_decision->basis = (struct decision_basis){0};
  replay->figures.without_zones += !find_zones(replay->options.zone_offset, replay->options.policy,
                                               payment->created_ms, &ret_decision->basis);
  replay->figures.without_windows += !find_windows(replay, &payment->decision, &ret_decision->basis);
  decide_draft(replay, payment, &inputs, ret_decision);
  if (replay->options.engine && !is_drafts_own(replay, payment))
    accounts_apply(replay->options.engine, payment, &payment->decision, ret_decision, &replay->figures);
  return 0;
}

/* ---- Comparing ---- */

/* By what the payment records of its connectors' health. */
static const char *first_of(const struct decision *decision) {
  const struct candidate *first = first_usable(decision);
  return first ? first->connector : nowhere;
}

static bool same_list(const struct decision *left, const struct decision *right) {
  if (left->candidate_count != right->candidate_count)
    return false;
  for (unsigned i = 0; i < left->candidate_count; i++)
    if (strcmp(left->candidates[i].connector, right->candidates[i].connector) != 0)
      return false;
  return true;
}

/* The number of that pair, or -1 when there are too many. */
static int pair_of(struct replay_figures *figures, const char *from, const char *to) {
  unsigned number = 0;
  for (; number < figures->pair_count; number++)
    if (strcmp(figures->pairs[number].from, from) == 0 && strcmp(figures->pairs[number].to, to) == 0)
      return (int)number;
  if (number == REPLAY_PAIRS_MAX)
    return -1;
  memcpy(figures->pairs[number].from, from, strlen(from) + 1);
  memcpy(figures->pairs[number].to, to, strlen(to) + 1);
  figures->pair_count++;
  return (int)number;
}

/* The first attempt when it has ended, or NULL. */
static const struct attempt *first_attempt(const struct payment *payment) {
  const struct attempt *first = payment->attempt_count > 0 ? &payment->attempts[0] : NULL;
  return first && (first->step.status == STEP_SUCCEEDED || first->step.status == STEP_FAILED) ? first : NULL;
}

static struct replay_kind kind_of(const struct payment *payment) {
  struct replay_kind kind = {.network = payment->card.network, .funding = payment->funding};
  memcpy(kind.country, payment->country, sizeof kind.country);
  return kind;
}

/* The newest first. */
static void keep_example(struct replay_pair *pair, const struct payment *payment) {
  if (pair->example_count < REPLAY_EXAMPLES_MAX)
    pair->example_count++;
  memmove(pair->examples + 1, pair->examples, (pair->example_count - 1U) * sizeof *pair->examples);
  pair->examples[0] = payment->id;
}

/* What the payment cost and would cost, where its first attempt has ended and both are known. */
static bool find_price(struct replay *replay, const struct payment *payment, const struct attempt *first,
                       const char *to, struct replay_price *ret_price) {
  const struct fee_source *fees = replay->options.fees;
  *ret_price =
      (struct replay_price){.currency = payment->currency, .approved = first->step.status == STEP_SUCCEEDED};
  bool known = fee_source_cost(fees, payment, first->connector, &ret_price->before);
  if (known && strcmp(first->connector, to) == 0)
    ret_price->after = ret_price->before;
  else if (known)
    known = fee_source_cost(fees, payment, to, &ret_price->after);
  replay->figures.without_fees += !known;
  return known;
}

static bool count_price(struct replay *replay, const struct payment *payment, int pair,
                        const struct attempt *first, const char *to) {
  const struct replay_kind kind = kind_of(payment);
  struct replay_price price;
  bool room = true;
  if (!find_price(replay, payment, first, to, &price))
    return true;
  if (pair < 0)
    room = prices_add_stay(&replay->prices, &price);
  else
    room = prices_add_moved(&replay->prices, (unsigned)pair, to, &kind, &price);
  return room;
}

static bool count_moved(struct replay *replay, const struct payment *payment, const char *from,
                        const char *to) {
  const struct attempt *first = first_attempt(payment);
  const struct replay_kind kind = kind_of(payment);
  int number = pair_of(&replay->figures, from, to);
  if (number < 0)
    return false;
  struct replay_pair *pair = &replay->figures.pairs[number];
  pair->payments++;
  keep_example(pair, payment);
  if (first && strcmp(first->connector, from) == 0) {
    replay->counts.moved[number].ended++;
    replay->counts.moved[number].approved += first->step.status == STEP_SUCCEEDED;
    if (strcmp(to, nowhere) != 0 && !count_price(replay, payment, number, first, to))
      return false;
  }
  return strcmp(to, nowhere) == 0 || counts_add_moved(&replay->counts, (unsigned)number, to, &kind);
}

static bool compare(struct replay *replay, const struct payment *payment, const struct decision *draft) {
  struct replay_figures *figures = &replay->figures;
  const struct decision *before = &payment->decision;
  const struct attempt *first = first_attempt(payment);
  figures->compared++;
  figures->list_differs += !same_list(before, draft);
  if (strcmp(first_of(before), first_of(draft)) != 0) {
    figures->first_differs++;
    return count_moved(replay, payment, first_of(before), first_of(draft));
  }
  if (first) {
    const struct replay_kind kind = kind_of(payment);
    return counts_add_stay(&replay->counts, first->connector, &kind, first->step.status == STEP_SUCCEEDED) &&
           count_price(replay, payment, -1, first, first->connector);
  }
  return true;
}

/* What a request named itself says something of its connector as well, and no policy would change it. */
static bool count_history(struct replay *replay, const struct payment *payment) {
  const struct replay_kind kind = kind_of(payment);
  const struct attempt *first = first_attempt(payment);
  return !first ||
         counts_add_attempt(&replay->counts, first->connector, &kind, first->step.status == STEP_SUCCEEDED);
}

/* Decides it again and compares. Returns whether there was room. */
static bool try_draft(struct replay *replay, const struct payment *payment) {
  struct decision draft;
  if (decide_by_draft(replay, payment, &draft) < 0) {
    replay->figures.damaged++;
    return true;
  }
  if (is_drafts_own(replay, payment)) {
    replay->figures.own++;
    advice_count(&replay->figures.advice, replay->options.policy, payment);
  }
  return compare(replay, payment, &draft);
}

/* Returns whether there was room. */
static bool look_at(struct replay *replay, const struct payment *payment) {
  bool room = count_history(replay, payment);
  if (replay->figures.looked_at++ == 0)
    replay->figures.oldest_ms = payment->created_ms;
  if (strcmp(payment->decision.rule, "request") == 0)
    replay->figures.by_request++;
  else
    room &= try_draft(replay, payment);
  return room;
}

/* ---- Steps ---- */

/* Goes back to where the payments begin, or the learning before them. Returns 0 when that is found, or there
 * is no payment; REPLAY_MORE; or a negated errno. */
static int seek(struct replay *replay, unsigned payments) {
  const struct replay_options *options = &replay->options;
  int64_t since_ms = options->from_ms - (replay->figures.learned ? REPLAY_WARM_MS : 0);
  unsigned wanted = payments * STEPS_OF_ONE, most = REPLAY_PAYMENTS_MAX - replay->steps, taken = 0;
  if (wanted > most)
    wanted = most;
  int r = ledger_payments_back(options->ledger, &options->merchant, &replay->at, since_ms, wanted,
                               &replay->at, &taken);
  if (r < 0)
    return r;
  replay->steps += taken;
  replay->begun = r == LEDGER_ABSENT || taken < wanted || replay->steps == REPLAY_PAYMENTS_MAX;
  return replay->begun ? 0 : REPLAY_MORE;
}

/* Whether there are older ones that were to be looked at. */
static int find_cut_off(struct replay *replay) {
  const struct replay_options *options = &replay->options;
  struct id older;
  unsigned taken;
  if (replay->steps < REPLAY_PAYMENTS_MAX)
    return 0;
  int r = ledger_payments_back(options->ledger, &options->merchant, &replay->at, options->from_ms, 1, &older,
                               &taken);
  replay->figures.cut_off = r == 0;
  return r < 0 ? r : 0;
}

/* What was created before the days looked at is learned from alone. Returns REPLAY_MORE, or 0 when there is
 * no room for more. */
static int take(struct replay *replay, const struct payment *payment) {
  bool room = payment->created_ms < replay->options.from_ms || look_at(replay, payment);
  if (replay->figures.learned)
    learner_note(&replay->learner, payment);
  replay->figures.without_room = !room;
  return room ? REPLAY_MORE : 0;
}

/* One record that cannot be read is stepped over. Returns as step_on(). */
static int pass_damaged(struct replay *replay, bool first) {
  int r = ledger_payment_id_after(replay->options.ledger, &replay->options.merchant, &replay->at, first,
                                  &replay->at);
  replay->figures.damaged += r == 0;
  return r == 0 ? REPLAY_MORE : r == LEDGER_ABSENT ? 0 : r;
}

/* The next payment. Returns REPLAY_MORE; 0 when there is no room for more; or a negated errno. */
static int step_on(struct replay *replay) {
  struct view bytes;
  struct payment *payment;
  struct id at;
  bool first = replay->taken++ == 0;
  int r = ledger_payment_after(replay->options.ledger, &replay->options.merchant, &replay->at, first, &at,
                               &bytes);
  if (r == 0)
    r = read_payment(bytes.bytes, bytes.length, &payment);
  if (r == -EBADMSG)
    return pass_damaged(replay, first);
  if (r != 0)
    return r == LEDGER_ABSENT ? 0 : r;
  replay->at = at;
  r = take(replay, payment);
  payment_free(payment);
  return r;
}

static int by_payments(const void *left, const void *right) {
  const struct replay_pair *a = left, *b = right;
  return a->payments > b->payments ? -1 : a->payments < b->payments;
}

static int finish(struct replay *replay) {
  int r = counts_rates(&replay->counts, &replay->figures);
  if (r == 0)
    r = prices_costs(&replay->prices, &replay->counts, &replay->figures);
  qsort(replay->figures.pairs, replay->figures.pair_count, sizeof *replay->figures.pairs, by_payments);
  return r;
}

int replay_step(struct replay *replay, unsigned payments) {
  int r = REPLAY_MORE;
  if (!replay->begun) {
    r = seek(replay, payments);
    if (r == 0)
      r = find_cut_off(replay);
    return r == 0 ? REPLAY_MORE : r;
  }
  for (unsigned i = 0; r == REPLAY_MORE && i < payments; i++)
    r = replay->taken < replay->steps ? step_on(replay) : 0;
  return r == 0 ? finish(replay) : r;
}

const struct replay_figures *replay_figures(const struct replay *replay) {
  return &replay->figures;
}
