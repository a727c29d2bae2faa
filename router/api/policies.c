#include "bodies.h"
#include "check.h"
#include "policies_render.h"
#include "query_args.h"
#include "repeats.h"
#include "resources.h"
#include "routing.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char policies_path[] = "/v1/policies";

enum { HISTORY_MAX = 1000 /* publications looked through for whether a policy was ever published */ };

_Static_assert((int)POLICY_LEDGER_HASH_BYTES == (int)POLICY_HASH_BYTES,
               "the ledger keeps a policy's whole hash");

/* "published" now, "superseded" when it once was, else "draft". Returns 0 or a negated errno. */
static int status_of(struct ledger *ledger, const struct id *merchant, const struct id *policy,
                     const char **ret_status) {
  struct policy_publication publication;
  uint64_t number = UINT64_MAX;
  for (unsigned i = 0; i < HISTORY_MAX; i++) {
    int result = ledger_policy_history(ledger, merchant, number, &publication);
    if (result < 0)
      return result;
    if (result == LEDGER_ABSENT)
      break;
    if (id_equal(&publication.policy, policy)) {
      *ret_status = i == 0 ? "published" : "superseded";
      return 0;
    }
    if (publication.number <= 1)
      break;
    number = publication.number - 1;
  }
  *ret_status = "draft";
  return 0;
}

/* record's text lies in the store, and is copied before the store is asked again. */
static int render(struct json_out *out, const struct call *call, const struct policy_record *record) {
  struct ledger *ledger = call->api->options.ledger;
  char text[POLICY_LEDGER_TEXT_MAX];
  struct policy_record copy = *record;
  const char *status;
  assert(record->text_length <= sizeof text);
  memcpy(text, record->text, record->text_length);
  copy.text = text;
  int result = status_of(ledger, &call->from.merchant, &record->id, &status);
  if (result == 0)
    render_policy(out, NULL, &copy, status, call->from.livemode);
  return result;
}

static void answer_policy(struct call *call, unsigned status, const struct id *policy, bool replayed) {
  struct policy_record record;
  struct json_out out = {0};
  int result = ledger_policy_get(call->api->options.ledger, &call->from.merchant, policy, &record);
  if (result == 0)
    result = render(&out, call, &record);
  if (result == 0) {
    call_answer_committed(call, status, replayed, &out);
    return;
  }
  out_drop(&out);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    call_write_failed(call, result);
}

/* Whether the request was made before; then it is answered as then, or refused. */
static bool answered_before(struct call *call, const char *path, unsigned status) {
  struct id before;
  enum repeat repeat = call_repeats(call, path, &before);
  if (repeat == REPEAT_SAME)
    answer_policy(call, status, &before, true);
  return repeat != REPEAT_NOT;
}

/* ---- Drafting ---- */

/* What forbids the policy, a connector that is not registered before anything else. */
static const struct policy_finding *first_error(const struct policy_findings *findings) {
  const struct policy_finding *found = NULL;
  for (unsigned i = 0; i < findings->count; i++) {
    const struct policy_finding *finding = &findings->findings[i];
    if (finding->severity == POLICY_ERROR && strcmp(finding->code, "connector_unknown") == 0)
      return finding;
    if (finding->severity == POLICY_ERROR && found == NULL)
      found = finding;
  }
  return found;
}

/* Returns 0 with whether nothing forbids the policy, else what does in *ret_finding; or -ENOMEM. */
static int check_policy(struct engine *engine, const struct policy *policy,
                        struct policy_finding *ret_finding, bool *ret_good) {
  struct policy_connector connectors[CONNECTORS_MAX];
  struct policy_findings findings;
  size_t count = 0;
  for (; count < engine_connector_count(engine) && count < CONNECTORS_MAX; count++)
    connectors[count] = (struct policy_connector){.name = engine_connector_at(engine, count)->name};
  int result = policy_check(policy, connectors, count, &findings);
  if (result != 0)
    return result;
  const struct policy_finding *error = first_error(&findings);
  *ret_good = error == NULL;
  if (error != NULL)
    *ret_finding = *error;
  return 0;
}

static void draft_again(struct call *call, bool read);

/* A connector that was registered a moment ago may not have been told of yet: asks the vault once before it
 * refuses. */
static void refuse_finding(struct call *call, const struct policy_finding *finding) {
  bool unknown = strcmp(finding->code, "connector_unknown") == 0;
  if (unknown && !call->refreshed) {
    call->refreshed = true;
    call_wait_connectors(call, draft_again);
    return;
  }
  struct fault fault = fault_at(422, unknown ? "connector_not_found" : "invalid_policy", NULL, "text");
  snprintf(fault.text, sizeof fault.text, "Line %u, column %u: %s", finding->line, finding->column,
           finding->text);
  call_refuse(call, &fault);
}

/* Parses and checks; on success the policy's hash is in ret_hash. Returns whether it is good, else the call
 * is on its way to its answer. */
static bool check_text(struct call *call, const char *text, size_t length,
                       uint8_t ret_hash[POLICY_HASH_BYTES]) {
  struct policy *policy;
  struct policy_error error;
  struct policy_finding finding;
  bool good = false;
  int result = policy_parse(text, length, &policy, &error);
  if (result == 0) {
    result = check_policy(call->api->engine, policy, &finding, &good);
    policy_hash(policy, ret_hash);
    policy_free(policy);
  }
  if (result != 0) {
    struct fault fault = fault_passing("busy", "Out of memory.");
    if (result == POLICY_WRONG)
      fault = fault_of_policy(&error, "text");
    call_refuse(call, &fault);
  } else if (!good) {
    refuse_finding(call, &finding);
  }
  return good;
}

static void draft(struct call *call, const struct policy_body *body) {
  struct policy_record record = {.merchant = call->from.merchant,
                                 .author = call->from.actor,
                                 .created_ms = api_now_ms(call->api),
                                 .text = body->text,
                                 .text_length = strlen(body->text)};
  if (!check_text(call, body->text, record.text_length, record.hash))
    return;
  record.id = id_new("pol", record.created_ms);
  int result = ledger_policy_put(call->api->options.ledger, &record);
  if (result == 0)
    result = call_remember(call, policies_path, &record.id);
  if (result != 0)
    call_write_failed(call, result);
  else
    answer_policy(call, 201, &record.id, false);
}

static void begin_draft(struct call *call) {
  struct policy_body body;
  struct fault fault;
  if (parse_policy(call->http->body, call->http->body_length, &body, &fault) != 0)
    call_refuse(call, &fault);
  else if (!answered_before(call, policies_path, 201))
    draft(call, &body);
}

static void draft_again(struct call *call, bool read) {
  if (read)
    begin_draft(call);
  else
    call_refuse_vault(call);
}

void policies_create(struct call *call, const char *segment) {
  (void)segment;
  begin_draft(call);
}

/* ---- Publishing ---- */

static struct journal_head head_of(const struct call *call) {
  return (struct journal_head){
      .at_ms = api_now_ms(call->api), .actor = call->from.actor, .request = call->from.request};
}

static void published(struct call *call, const char *path, int result, const struct id *policy) {
  if (result == 0)
    result = call_remember(call, path, policy);
  if (result != 0) {
    call_write_failed(call, result);
    return;
  }
  engine_on_policy(call->api->engine);
  answer_policy(call, 200, policy, false);
}

void policies_publish(struct call *call, const char *segment) {
  struct ledger *ledger = call->api->options.ledger;
  struct journal_head head = head_of(call);
  struct fault fault;
  struct id policy = {""};
  if (id_parse("pol", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  if (parse_empty(call->http->body, call->http->body_length, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (answered_before(call, call->http->path, 200))
    return;
  strcpy(policy.text, segment);
  int result = ledger_policy_publish(ledger, &head, &call->from.merchant, &policy);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    published(call, call->http->path, result, &policy);
}

void policies_rollback(struct call *call, const char *segment) {
  struct ledger *ledger = call->api->options.ledger;
  struct journal_head head = head_of(call);
  struct fault fault;
  struct id policy = {""};
  (void)segment;
  if (parse_empty(call->http->body, call->http->body_length, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (answered_before(call, call->http->path, 200))
    return;
  int result = ledger_policy_rollback(ledger, &head, &call->from.merchant, &policy);
  if (result == LEDGER_ABSENT) {
    fault = fault_of(409, "invalid_state", "No earlier policy was published.");
    call_refuse(call, &fault);
    return;
  }
  published(call, call->http->path, result, &policy);
}

/* ---- Listing ---- */

static int render_list(struct json_out *out, const struct call *call, const struct page_query *page) {
  struct ledger *ledger = call->api->options.ledger;
  struct policy_record record;
  struct id at = page->after, last = {""};
  unsigned count = 0;
  int result;
  out_open(out, NULL);
  out_open_list(out, "data");
  while ((result = ledger_policy_before(ledger, &call->from.merchant, &at, &record)) == 0 &&
         count < page->limit) {
    at = last = record.id;
    count++;
    result = render(out, call, &record);
    if (result != 0)
      return result;
  }
  if (result < 0)
    return result;
  out_close_list(out);
  out_flag(out, "has_more", result == 0);
  out_text(out, "next", result == 0 ? last.text : NULL);
  out_close(out);
  return 0;
}

static void list_now(struct call *call, bool committed) {
  struct page_query page;
  struct fault fault;
  struct json_out out = {0};
  (void)committed;
  if (parse_policies_query(call->http->query, &page, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (render_list(&out, call, &page) != 0) {
    out_drop(&out);
    call_refuse(call, &fault_storage);
    return;
  }
  call_answer(call, 200, &out);
}

void policies_list(struct call *call, const char *segment) {
  struct page_query page;
  struct fault fault;
  (void)segment;
  if (parse_policies_query(call->http->query, &page, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, list_now);
}
