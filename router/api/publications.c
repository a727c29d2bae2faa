/* Policies: published by hash, rolled back, and the history of that. */
#include "bodies.h"
#include "pages.h"
#include "policies_check.h"
#include "policies_render.h"
#include "policy_cache.h"
#include "query_args.h"
#include "repeats.h"
#include "resources.h"
#include "routing.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static struct journal_head head_of(const struct call *call) {
  return (struct journal_head){
      .at_ms = api_now_ms(call->api), .actor = call->from.actor, .request = call->from.request};
}

/* It is in force for every payment that begins from here on; what has begun keeps its list. */
static void published(struct call *call, int result, const struct id *policy) {
  if (result == 0)
    result = call_remember(call, call->http->path, policy);
  if (result != 0) {
    call_write_failed(call, result);
    return;
  }
  engine_on_policy(call->api->engine);
  policies_answer(call, 200, policy, false);
}

/* Whether text names hash, or nothing ("") and so any. */
static bool names(const char *text, const uint8_t hash[POLICY_HASH_BYTES]) {
  char known[POLICY_HASH_CAPACITY];
  sodium_bin2hex(known, sizeof known, hash, POLICY_HASH_BYTES);
  return text[0] == '\0' || strcmp(text, known) == 0;
}

/* Who names a hash means the policy of that hash, and no other. */
static bool is_meant(struct call *call, const struct policy_record *record, const char *hash) {
  if (names(hash, record->hash))
    return true;
  struct fault fault = fault_at(409, "hash_mismatch", "The policy of that id has another hash.", "hash");
  call_refuse(call, &fault);
  return false;
}

/* Who compared with the policy of a hash wants that one replaced, and none that came in between. */
static bool still_in_force(struct call *call, const char *replaces) {
  static const uint8_t nothing[POLICY_HASH_BYTES] = {0};
  struct policy_publication current;
  int result = ledger_policy_published(call->api->options.ledger, &call->from.merchant, &current);
  if (result < 0)
    call_write_failed(call, result);
  else if (names(replaces, result == 0 ? current.hash : nothing))
    return true;
  else {
    struct fault fault = fault_at(409, "policy_changed", "Another policy is in force by now.", "replaces");
    call_refuse(call, &fault);
  }
  return false;
}

/* A connector may be gone since it was drafted. While nobody knows the connectors, it stands as it was. */
static bool may_publish(struct call *call, const struct policy_record *record) {
  struct policy_findings findings;
  struct policy_error error;
  struct policy_cache *policies = engine_policies(call->api->engine);
  const struct policy *policy;
  if (!call->api->connectors.known)
    return true;
  int result = policy_cache_take(policies, record->text, record->text_length, &policy, NULL, &error);
  if (result == 0) {
    result = check_policy(call->api, policy, &findings);
    policy_cache_return(policies, policy);
  }
  if (result != 0)
    call_write_failed(call, result < 0 ? result : -EBADMSG);
  else if (findings.errors > 0)
    refuse_findings(call, &findings, "id");
  return result == 0 && findings.errors == 0;
}

static void publish(struct call *call, const struct id *policy, const struct publication_body *body) {
  struct ledger *ledger = call->api->options.ledger;
  struct journal_head head = head_of(call);
  struct policy_record record;
  int result = ledger_policy_get(ledger, &call->from.merchant, policy, &record);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else if (result < 0)
    call_write_failed(call, result);
  else if (is_meant(call, &record, body->hash) && still_in_force(call, body->replaces) &&
           may_publish(call, &record))
    published(call, ledger_policy_publish(ledger, &head, &call->from.merchant, policy, body->reason), policy);
}

void policies_publish(struct call *call, const char *segment) {
  struct publication_body body;
  struct fault fault;
  struct id policy;
  if (id_parse("pol", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  if (parse_publication(call->http->body, call->http->body_length, &body, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  strcpy(policy.text, segment);
  if (!policies_answered_before(call, call->http->path, 200))
    publish(call, &policy, &body);
}

void policies_rollback(struct call *call, const char *segment) {
  struct ledger *ledger = call->api->options.ledger;
  struct journal_head head = head_of(call);
  struct publication_body body;
  struct fault fault;
  struct id policy = {""};
  (void)segment;
  if (parse_rollback(call->http->body, call->http->body_length, &body, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (policies_answered_before(call, call->http->path, 200) || !still_in_force(call, body.replaces))
    return;
  int result = ledger_policy_rollback(ledger, &head, &call->from.merchant, body.reason, &policy);
  if (result == LEDGER_ABSENT) {
    fault = fault_of(409, "invalid_state", "No earlier policy was published.");
    call_refuse(call, &fault);
    return;
  }
  published(call, result, &policy);
}

/* ---- History ---- */

static int render_history(struct json_out *out, const struct call *call, const struct history_query *query) {
  struct ledger *ledger = call->api->options.ledger;
  struct policy_publication publication = {.number = query->before};
  unsigned count = 0;
  int result = 0;
  page_open(out);
  for (; result == 0 && count <= query->limit; count++) {
    result = ledger_policy_history(ledger, &call->from.merchant, publication.number - 1, &publication);
    if (result == 0 && count < query->limit)
      render_publication(out, &publication, call->from.livemode);
  }
  if (result < 0)
    return result;
  page_close_number(out, result == 0 ? publication.number + 1 : 0);
  return 0;
}

static void history_now(struct call *call, bool committed) {
  struct history_query query;
  struct fault fault;
  struct json_out out = {0};
  (void)committed;
  if (parse_history_query(call->http->query, &query, &fault) != 0)
    call_refuse(call, &fault);
  else
    page_answer(call, render_history(&out, call, &query), &out);
}

void policies_history(struct call *call, const char *segment) {
  struct history_query query;
  struct fault fault;
  (void)segment;
  if (parse_history_query(call->http->query, &query, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, history_now);
}
