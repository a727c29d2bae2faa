/* Which connectors, in which order, and why: the published policy's word, or the request's own list. */
#include "engine_parts.h"

#include <string.h>

_Static_assert((int)CANDIDATES_MAX >= (int)POLICY_CANDIDATES_MAX, "a decision holds every list of a policy");
_Static_assert((int)POLICY_NAME_CAPACITY == (int)CONNECTOR_NAME_CAPACITY, "names fit each other");
_Static_assert((int)POLICY_HASH_BYTES == (int)POLICY_LEDGER_HASH_BYTES, "hashes fit each other");

void policies_forget(struct engine *engine) {
  for (unsigned i = 0; i < engine->policy_count; i++)
    policy_free(engine->policies[i].policy);
  engine->policy_count = 0;
}

static struct cached_policy *cached(struct engine *engine, const struct id *merchant) {
  for (unsigned i = 0; i < engine->policy_count; i++) {
    if (id_equal(&engine->policies[i].merchant, merchant))
      return &engine->policies[i];
  }
  return NULL;
}

/* The merchant's published policy, parsed. NULL when none is published, or it cannot be read. */
static struct cached_policy *published(struct engine *engine, const struct id *merchant) {
  struct cached_policy *found = cached(engine, merchant);
  struct policy_publication publication;
  struct policy_record record;
  struct policy_error error;
  struct policy *policy;
  if (found)
    return found;
  if (ledger_policy_published(engine->ledger, merchant, &publication) != 0 ||
      ledger_policy_get(engine->ledger, merchant, &publication.policy, &record) != 0 ||
      policy_parse(record.text, record.text_length, &policy, &error) != 0)
    return NULL;
  if (engine->policy_count == POLICIES_CACHED)
    policies_forget(engine);
  found = &engine->policies[engine->policy_count++];
  *found = (struct cached_policy){.merchant = *merchant, .id = record.id, .policy = policy};
  memcpy(found->hash, record.hash, sizeof found->hash);
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

static enum request_outcome by_request(struct engine *engine, const struct wish *wish,
                                       struct decision *decision) {
  strcpy(decision->rule, "request");
  for (unsigned i = 0; i < wish->connector_count; i++) {
    if (!connector_named(engine, wish->connectors[i]))
      return REQUEST_CONNECTOR_UNKNOWN;
    add_candidate(decision, wish->connectors[i]);
  }
  return REQUEST_DONE;
}

/* Nothing is known yet of what the card did before. */
static void facts_without_history(struct policy_facts *facts) {
  for (unsigned i = 0; i < POLICY_WINDOWS_MAX; i++) {
    facts->attempts[i] = -1;
    facts->spend[i] = -1;
  }
}

static void evaluate(const struct policy *policy, const struct wish *wish, struct decision *decision) {
  struct policy_facts facts = {.amount = wish->amount, .method = "card", .risk = -1};
  struct policy_decision verdict;
  facts_without_history(&facts);
  policy_evaluate(policy, &facts, &verdict);
  strncpy(decision->rule, verdict.name, sizeof decision->rule - 1);
  for (unsigned i = 0; i < verdict.order_count; i++)
    add_candidate(decision, verdict.action->candidates[verdict.order[i]]);
}

static enum request_outcome by_policy(struct engine *engine, const struct wish *wish,
                                      struct decision *decision) {
  const struct cached_policy *policy = published(engine, wish->merchant);
  if (!policy)
    return REQUEST_NO_POLICY;
  decision->policy = policy->id;
  memcpy(decision->policy_hash, policy->hash, sizeof decision->policy_hash);
  evaluate(policy->policy, wish, decision);
  return REQUEST_DONE;
}

static bool any_usable(const struct engine *engine, const struct wish *wish,
                       const struct decision *decision) {
  enum operation operation = wish->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    const struct connector *connector = connector_named(engine, decision->candidates[i].connector);
    if (connector_skip(connector, operation) == SKIP_NONE)
      return true;
  }
  return false;
}

/* What every decision records besides its list (P6). */
static void note_circumstances(struct engine *engine, struct decision *decision) {
  if (engine->options.bins)
    strncpy(decision->bins_version, bin_table_version(engine->options.bins),
            sizeof decision->bins_version - 1);
}

enum request_outcome decide(struct engine *engine, const struct wish *wish, struct decision *ret_decision) {
  *ret_decision = (struct decision){0};
  note_circumstances(engine, ret_decision);
  enum request_outcome outcome =
      wish->connector_count ? by_request(engine, wish, ret_decision) : by_policy(engine, wish, ret_decision);
  if (outcome != REQUEST_DONE)
    return outcome;
  return any_usable(engine, wish, ret_decision) ? REQUEST_DONE : REQUEST_NO_CONNECTOR;
}

static enum request_outcome by_text(struct engine *engine, const struct wish *wish,
                                    const struct route_question *question, struct decision *ret_decision) {
  struct policy_error error;
  struct policy *policy;
  if (policy_parse(question->policy_text, question->policy_length, &policy, &error) != 0)
    return REQUEST_NO_POLICY;
  *ret_decision = (struct decision){0};
  note_circumstances(engine, ret_decision);
  policy_hash(policy, ret_decision->policy_hash);
  evaluate(policy, wish, ret_decision);
  policy_free(policy);
  return any_usable(engine, wish, ret_decision) ? REQUEST_DONE : REQUEST_NO_CONNECTOR;
}

enum request_outcome engine_route(struct engine *engine, const struct route_question *question,
                                  struct decision *ret_decision) {
  struct wish wish = {.merchant = &question->merchant,
                      .amount = question->amount,
                      .capture_manual = question->capture_manual,
                      .connector_count = question->connector_count,
                      .connectors = question->connectors};
  enum operation operation = question->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  enum request_outcome outcome = question->policy_text ? by_text(engine, &wish, question, ret_decision)
                                                       : decide(engine, &wish, ret_decision);
  for (unsigned i = 0; i < ret_decision->candidate_count; i++) {
    struct candidate *candidate = &ret_decision->candidates[i];
    candidate->skipped = connector_skip(connector_named(engine, candidate->connector), operation);
  }
  return outcome;
}
