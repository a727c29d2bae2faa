/* Policies: drafted, read, listed. */
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
#include <stdlib.h>
#include <string.h>

static const char policies_path[] = "/v1/policies";

enum {
  HISTORY_MAX = 1000,         /* publications looked through for whether a policy was ever published */
  PAGE_TEXT_MAX = 1024 * 1024 /* bytes of texts after which a page ends */
};

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

static int render(struct json_out *out, const struct call *call, const struct policy_record *record,
                  struct policy_view view) {
  view.livemode = call->from.livemode;
  int result = status_of(call->api->options.ledger, &call->from.merchant, &record->id, &view.status);
  if (result == 0)
    render_policy(out, NULL, record, &view);
  return result;
}

/* The policy of its text: with what the checker says today, and as a tree when that is wanted. */
static int render_checked(struct json_out *out, const struct call *call, const struct policy_record *record,
                          bool with_tree) {
  struct policy_findings findings;
  struct policy_error error;
  struct policy_cache *policies = engine_policies(call->api->engine);
  const struct policy *policy;
  char *tree = NULL;
  int result = policy_cache_take(policies, record->text, record->text_length, &policy, NULL, &error);
  if (result != 0)
    return result < 0 ? result : -EBADMSG;
  result = check_policy(call->api, policy, &findings);
  if (result == 0 && with_tree)
    result = policy_print_json(policy, &tree);
  policy_cache_return(policies, policy);
  if (result == 0)
    result = render(out, call, record, (struct policy_view){.findings = &findings, .tree = tree});
  free(tree);
  return result;
}

/* Reads it and writes it out. Returns 0; LEDGER_ABSENT; or a negated errno. */
static int render_by_id(struct json_out *out, const struct call *call, const struct id *policy,
                        bool with_tree) {
  struct policy_record record;
  int result = ledger_policy_get(call->api->options.ledger, &call->from.merchant, policy, &record);
  return result == 0 ? render_checked(out, call, &record, with_tree) : result;
}

void policies_answer(struct call *call, unsigned status, const struct id *policy, bool replayed) {
  struct json_out out = {0};
  int result = render_by_id(&out, call, policy, false);
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

bool policies_answered_before(struct call *call, const char *path, unsigned status) {
  struct id before;
  enum repeat repeat = call_repeats(call, path, &before);
  if (repeat == REPEAT_SAME)
    policies_answer(call, status, &before, true);
  return repeat != REPEAT_NOT;
}

/* ---- Drafting ---- */

static void draft_again(struct call *call, bool read);

/* A connector that was registered a moment ago may not have been told of yet: asks the vault once before it
 * refuses. */
static void refuse_draft(struct call *call, const struct policy_findings *findings, const char *param) {
  if (findings_miss_connector(findings) && !call->refreshed) {
    call->refreshed = true;
    call_wait_connectors(call, draft_again);
    return;
  }
  refuse_findings(call, findings, param);
}

/* Parses and checks; on success the policy's hash is in ret_hash. Returns whether it is good, else the call
 * is on its way to its answer. */
static bool check_text(struct call *call, const char *text, size_t length, const char *param,
                       uint8_t ret_hash[POLICY_HASH_BYTES]) {
  struct policy_findings findings;
  struct policy_error error;
  struct policy_cache *policies = engine_policies(call->api->engine);
  const struct policy *policy;
  int result = policy_cache_take(policies, text, length, &policy, NULL, &error);
  if (result == 0) {
    result = check_policy(call->api, policy, &findings);
    policy_hash(policy, ret_hash);
    policy_cache_return(policies, policy);
  } else if (result == POLICY_WRONG) {
    finding_of_policy(&error, &findings);
    refuse_findings(call, &findings, param);
    return false;
  }
  if (result != 0) {
    struct fault fault = fault_passing("busy", "Out of memory.");
    call_refuse(call, &fault);
    return false;
  }
  if (findings.errors > 0)
    refuse_draft(call, &findings, param);
  return findings.errors == 0;
}

static void draft(struct call *call, const struct policy_body *body) {
  const char *text = body->tree ? body->tree_text : body->text;
  struct policy_record record = {.merchant = call->from.merchant,
                                 .author = call->from.actor,
                                 .created_ms = api_now_ms(call->api),
                                 .text = text,
                                 .text_length = strlen(text)};
  if (!check_text(call, text, record.text_length, body->tree ? "tree" : "text", record.hash))
    return;
  memcpy(record.reason, body->reason, sizeof record.reason);
  record.id = id_new("pol", record.created_ms);
  int result = ledger_policy_put(call->api->options.ledger, &record);
  if (result == 0)
    result = call_remember(call, policies_path, &record.id);
  if (result != 0)
    call_write_failed(call, result);
  else
    policies_answer(call, 201, &record.id, false);
}

static void refuse_tree(struct call *call, const struct policy_body *body) {
  struct policy_findings findings;
  finding_of_policy(&body->tree_error, &findings);
  refuse_findings(call, &findings, "tree");
}

static void begin_draft(struct call *call) {
  struct policy_body body;
  struct fault fault;
  if (parse_policy(call->http->body, call->http->body_length, &body, &fault) != 0)
    call_refuse(call, &fault);
  else if (body.tree_wrong)
    refuse_tree(call, &body);
  else if (!policies_answered_before(call, policies_path, 201))
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

/* ---- Reading ---- */

/* As all that is shown, after the commit. */
static void read_now(struct call *call, bool committed) {
  struct json_out out = {0};
  (void)committed;
  int result = render_by_id(&out, call, &call->object, true);
  if (result == 0) {
    call_answer(call, 200, &out);
    return;
  }
  out_drop(&out);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    call_refuse(call, &fault_storage);
}

void policies_read(struct call *call, const char *segment) {
  if (id_parse("pol", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  strcpy(call->object.text, segment);
  call_wait_round(call, read_now);
}

/* A page ends early when its texts are long. */
static int render_list(struct json_out *out, const struct call *call, const struct page_query *page) {
  struct ledger *ledger = call->api->options.ledger;
  struct policy_record record;
  struct id at = page->after, last = {""};
  size_t bytes = 0;
  unsigned count = 0;
  int result;
  page_open(out);
  while ((result = ledger_policy_before(ledger, &call->from.merchant, &at, &record)) == 0 &&
         count < page->limit && bytes < PAGE_TEXT_MAX) {
    at = last = record.id;
    count++;
    bytes += record.text_length;
    result = render(out, call, &record, (struct policy_view){0});
    if (result != 0)
      return result;
  }
  if (result < 0)
    return result;
  page_close(out, result == 0 ? last.text : NULL);
  return 0;
}

static const struct page_kind policy_pages = {parse_policies_query, render_list};

static void list_now(struct call *call, bool committed) {
  (void)committed;
  page_render(call, &policy_pages);
}

void policies_list(struct call *call, const char *segment) {
  (void)segment;
  page_ask(call, &policy_pages, list_now);
}
