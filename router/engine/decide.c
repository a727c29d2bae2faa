/* Which connectors, in which order, and why: the published policy's word, or the request's own list. */
#include "choose.h"
#include "engine_parts.h"
#include "payment_facts.h"

#include <string.h>

enum { MS_PER_S = 1000 };

_Static_assert((int)CANDIDATES_MAX >= (int)POLICY_CANDIDATES_MAX, "a decision holds every list of a policy");
_Static_assert((int)POLICY_NAME_CAPACITY == (int)CONNECTOR_NAME_CAPACITY, "names fit each other");
_Static_assert((int)POLICY_ZONE_CAPACITY <= (int)LATER_ZONE_CAPACITY, "zones fit each other");
_Static_assert((int)POLICY_LATER_TRIES_MAX <= (int)LATER_TRIES_MAX &&
                   (int)POLICY_LATER_DAYS_MAX <= (int)LATER_DAYS_MAX,
               "schedules fit each other");
_Static_assert((int)POLICY_HASH_BYTES == (int)POLICY_LEDGER_HASH_BYTES, "hashes fit each other");

void policies_forget(struct engine *engine) {
  engine->published_count = 0;
}

static struct published_policy *remembered(struct engine *engine, const struct id *merchant) {
  for (unsigned i = 0; i < engine->published_count; i++) {
    if (id_equal(&engine->published[i].merchant, merchant))
      return &engine->published[i];
  }
  return NULL;
}

/* Looks up which one is published, and what it says. Returns whether there is one that can be read. */
static bool look_up(struct engine *engine, const struct id *merchant, struct published_policy *ret_published,
                    const struct policy **ret_policy) {
  struct policy_publication publication;
  struct policy_record record;
  struct policy_error error;
  if (ledger_policy_published(engine->ledger, merchant, &publication) != 0 ||
      ledger_policy_get(engine->ledger, merchant, &publication.policy, &record) != 0 ||
      policy_cache_take(engine->policies, record.text, record.text_length, ret_policy, &ret_published->key,
                        &error) != 0)
    return false;
  ret_published->merchant = *merchant;
  ret_published->id = record.id;
  memcpy(ret_published->hash, record.hash, sizeof ret_published->hash);
  return true;
}

/* The merchant's published policy, and the same compiled, which goes back to the cache. NULL when none is
 * published, or it cannot be read. */
static const struct published_policy *published(struct engine *engine, const struct id *merchant,
                                                const struct policy **ret_policy) {
  struct published_policy *found = remembered(engine, merchant), looked_up;
  if (found && (*ret_policy = policy_cache_find(engine->policies, &found->key)) != NULL)
    return found;
  if (!look_up(engine, merchant, &looked_up, ret_policy))
    return NULL;
  if (!found && engine->published_count == PUBLISHED_MAX)
    policies_forget(engine);
  if (!found)
    found = &engine->published[engine->published_count++];
  *found = looked_up;
  return found;
}

static bool is_listed(const struct decision *decision, const char *connector) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    if (strcmp(decision->candidates[i].connector, connector) == 0)
      return true;
  }
  return false;
}

/* A connector stands in a list once. */
static void add_candidate(struct decision *decision, const char *connector) {
  if (decision->candidate_count >= CANDIDATES_MAX || is_listed(decision, connector))
    return;
  struct candidate *candidate = &decision->candidates[decision->candidate_count++];
  strncpy(candidate->connector, connector, sizeof candidate->connector - 1);
}

static enum request_outcome by_request(struct engine *engine, const struct named_connectors *named,
                                       struct decision *decision) {
  strcpy(decision->rule, "request");
  decision->action = POLICY_ROUTE;
  for (unsigned i = 0; i < named->count; i++) {
    if (!connector_named(engine, named->names[i]))
      return REQUEST_CONNECTOR_UNKNOWN;
    add_candidate(decision, named->names[i]);
  }
  return REQUEST_DONE;
}

/* ---- What the policy asks for besides the payment itself ---- */

/* Of the card, before this payment; it is not known what became of one without a fingerprint. */
static void find_window(const struct card_uses *uses, const struct payment *payment, uint32_t window_s,
                        int32_t *ret_attempts, int64_t *ret_spend) {
  int64_t since_ms = payment->created_ms - (int64_t)window_s * MS_PER_S;
  *ret_attempts = uses ? (int32_t)card_uses_attempts(uses, since_ms) : -1;
  *ret_spend = uses ? card_uses_spend(uses, since_ms, payment->currency) : -1;
}

static void find_windows(struct engine *engine, const struct policy *policy, const struct payment *payment,
                         struct decision_basis *basis) {
  struct card_uses uses;
  if (policy_window(policy, 0) == 0)
    return;
  bool known = payment->card.fingerprint.text[0] != '\0' &&
               card_uses_load(engine->ledger, &engine->card, payment, payment->created_ms, &uses) == 0;
  uint32_t window_s;
  for (; (window_s = policy_window(policy, basis->window_count)) != 0; basis->window_count++)
    find_window(known ? &uses : NULL, payment, window_s, &basis->attempts[basis->window_count],
                &basis->spend[basis->window_count]);
}

/* ---- By a policy ---- */

/* A schedule is kept as what it says: it stands for the payment, whatever becomes of the policy. */
static void take_schedule(const struct policy *policy, struct decision *decision) {
  unsigned later = decision->options.later;
  const struct policy_schedule *schedule = later > 0 ? policy_schedule(policy, later - 1) : NULL;
  decision->options.later = 0;
  decision->later = (struct later_plan){0};
  if (!schedule)
    return;
  decision->later = (struct later_plan){.tries = schedule->tries,
                                        .within_days = schedule->within_days,
                                        .days = schedule->days,
                                        .hour_from = schedule->hour_from,
                                        .hour_to = schedule->hour_to};
  memcpy(decision->later.zone, schedule->zone, sizeof schedule->zone);
}

static void take_verdict(const struct policy *policy, const struct policy_decision *verdict,
                         struct decision *decision) {
  const struct policy_action *action = verdict->action;
  memcpy(decision->rule, verdict->name, strlen(verdict->name) + 1);
  decision->rule_number = (uint16_t)verdict->rule;
  decision->action = action->type;
  decision->share = verdict->share;
  decision->options = action->options;
  take_schedule(policy, decision);
  for (unsigned i = 0; i < verdict->order_count; i++)
    add_candidate(decision, action->candidates[verdict->order[i]]);
}

static void ask_policy(const struct policy *policy, const struct payment *payment,
                       const struct request_fields *inputs, const struct decision *decision,
                       struct policy_decision *ret_verdict) {
  struct fact_texts texts;
  struct policy_facts facts;
  payment_facts(payment, inputs, &decision->basis, &texts, &facts);
  policy_evaluate(policy, &facts, ret_verdict);
}

static void settle(const struct policy *policy, const struct policy_decision *verdict,
                   struct decision *decision) {
  decision->candidate_count = 0;
  take_verdict(policy, verdict, decision);
  choose_order(decision);
}

/* What was recorded of the same connector then; one that was not in the list is taken as healthy, and as able
 * to take the payment: a replay asks its account (replay_accounts.c). */
static struct candidate as_recorded(const struct decision *recorded, const char *connector) {
  struct candidate candidate = {0};
  for (unsigned i = 0; i < recorded->candidate_count; i++) {
    if (strcmp(recorded->candidates[i].connector, connector) == 0)
      return recorded->candidates[i];
  }
  strncpy(candidate.connector, connector, sizeof candidate.connector - 1);
  return candidate;
}

/* known: what a choice rests on; NULL: on what is recorded. */
static void decide_anew(const struct policy *policy, const struct payment *payment,
                        const struct request_fields *inputs, const struct known *known,
                        struct decision *decision) {
  const struct decision recorded = *decision;
  struct policy_decision verdict;
  ask_policy(policy, payment, inputs, decision, &verdict);
  if (known)
    choose_gather(known, &verdict, payment, decision);
  settle(policy, &verdict, decision);
  for (unsigned i = 0; i < decision->candidate_count; i++)
    decision->candidates[i] = as_recorded(&recorded, decision->candidates[i].connector);
  gate_list(decision);
}

void decide_again(const struct policy *policy, const struct payment *payment,
                  const struct request_fields *inputs, struct decision *decision) {
  decide_anew(policy, payment, inputs, NULL, decision);
}

void decide_knowing(const struct policy *policy, const struct payment *payment,
                    const struct request_fields *inputs, const struct known *known,
                    struct decision *decision) {
  decide_anew(policy, payment, inputs, known, decision);
}

static void evaluate(struct engine *engine, const struct policy *policy, const struct payment *payment,
                     const struct request_fields *inputs, struct decision *decision) {
  const struct known known = {engine->learned, engine->options.fees, engine->now_ms};
  struct policy_decision verdict;
  (void)find_zones(engine->options.zone_offset, policy, payment->created_ms, &decision->basis);
  find_windows(engine, policy, payment, &decision->basis);
  ask_policy(policy, payment, inputs, decision, &verdict);
  choose_gather(&known, &verdict, payment, decision);
  choose_advise(&known, policy, &verdict, payment, decision);
  settle(policy, &verdict, decision);
}

static enum request_outcome by_policy(struct engine *engine, const struct payment *payment,
                                      const struct request_fields *inputs, struct decision *decision) {
  const struct policy *policy;
  const struct published_policy *is = published(engine, &payment->merchant, &policy);
  if (!is)
    return REQUEST_NO_POLICY;
  decision->policy = is->id;
  memcpy(decision->policy_hash, is->hash, sizeof decision->policy_hash);
  evaluate(engine, policy, payment, inputs, decision);
  policy_cache_return(engine->policies, policy);
  return REQUEST_DONE;
}

enum operation payment_operation(const struct payment *payment) {
  return payment->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
}

static bool any_usable(const struct engine *engine, const struct payment *payment,
                       const struct decision *decision) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    const struct connector *connector = connector_named(engine, decision->candidates[i].connector);
    if (connector_skip(connector, payment, payment_operation(payment)) == SKIP_NONE)
      return true;
  }
  return false;
}

/* Health gates every list, however it came about. */
static void look_at_health(const struct engine *engine, struct payment *payment) {
  struct decision *decision = &payment->decision;
  for (unsigned i = 0; i < decision->candidate_count; i++)
    decision->candidates[i].health =
        gates_look(engine, payment, decision->candidates[i].connector, payment_operation(payment));
  gate_list(decision);
}

/* A rule that declines is a decision like any other. */
static enum request_outcome outcome_of(const struct engine *engine, const struct payment *payment,
                                       const struct decision *decision) {
  bool decided = decision->action == POLICY_DECLINE || any_usable(engine, payment, decision);
  return decided ? REQUEST_DONE : REQUEST_NO_CONNECTOR;
}

/* What every decision records besides its list (P6). */
static void note_circumstances(struct engine *engine, struct decision *decision) {
  if (engine->options.bins)
    strncpy(decision->bins_version, bin_table_version(engine->options.bins),
            sizeof decision->bins_version - 1);
}

static void begin_decision(struct engine *engine, struct decision *decision) {
  *decision = (struct decision){0};
  note_circumstances(engine, decision);
  engine->options.draws.fill(engine->options.draws.context, &decision->draw, sizeof decision->draw);
}

enum request_outcome decide(struct engine *engine, const struct named_connectors *named,
                            const struct request_fields *inputs, struct payment *payment) {
  struct decision *decision = &payment->decision;
  begin_decision(engine, decision);
  enum request_outcome outcome =
      named->count ? by_request(engine, named, decision) : by_policy(engine, payment, inputs, decision);
  if (outcome != REQUEST_DONE)
    return outcome;
  look_at_health(engine, payment);
  return outcome_of(engine, payment, decision);
}

enum request_outcome decide_by(struct engine *engine, const struct policy *policy,
                               const struct request_fields *inputs, struct payment *payment) {
  struct decision *decision = &payment->decision;
  begin_decision(engine, decision);
  policy_hash(policy, decision->policy_hash);
  evaluate(engine, policy, payment, inputs, decision);
  look_at_health(engine, payment);
  return outcome_of(engine, payment, decision);
}
