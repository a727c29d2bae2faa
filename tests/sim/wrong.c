/* The linker sends calls of these functions here first (-Wl,--wrap). */
#include "wrong.h"

#include <string.h>

#include "engine_parts.h"

enum { HTTP_NOT_FOUND = 404 };

static enum wrong chosen;
static int64_t started_ms;
static bool restarted; /* the process is not the universe's first */
static bool late;
static struct engine *running; /* once it has committed */

static const struct {
  const char *name, *about;
} wrongs[WRONG_COUNT] = {
    [WRONG_NOTHING] = {"nothing", "the router as it is"},
    [WRONG_NO_DISPATCH_RECORD] = {"no_dispatch_record",
                                  "a dispatch leaves before its record is durable (P1)"},
    [WRONG_RETRY_ON_TIMEOUT] = {"retry_on_timeout",
                                "a lost answer counts as a request that was not sent (P2)"},
    [WRONG_ABSENT_AT_ONCE] = {"absent_at_once", "a 404 counts as absence, at once (P2)"},
    [WRONG_KEY_FORGOTTEN_AT_RESTART] = {"key_forgotten_at_restart",
                                        "idempotency keys from before a restart are unknown (P3)"},
    [WRONG_CAPTURE_NOT_IDEMPOTENT] = {"capture_not_idempotent",
                                      "a capture is made again under the same key (P3)"},
    [WRONG_HEALTH_IGNORED] = {"health_ignored", "payments go to connectors that fail, all the same"},
    [WRONG_NEVER_BACK] = {"never_back", "a connector that was taken out is never tried again"},
    [WRONG_WEBHOOK_AWAITED_FOR_EVER] = {"webhook_awaited_for_ever",
                                        "nobody is told of a movement whose webhook does not come (P2)"},
    [WRONG_BUDGET_IGNORED] = {"budget_ignored", "a card is tried as often as it is asked for (P7)"},
    [WRONG_FIRST_TRIES_FREE] = {"first_tries_free",
                                "what is under way counts only once a try was declined (P7)"},
    [WRONG_MONTH_FORGOTTEN] = {"month_forgotten",
                               "Mastercard's declines count for a day, and no longer (P7)"},
    [WRONG_HARD_TRIED_ELSEWHERE] = {"hard_tried_elsewhere", "a hard decline goes on to the next acquirer"},
    [WRONG_HALF_PUBLISHED] = {"half_published",
                              "a cascade goes on by a policy that was published since (P6)"},
    [WRONG_REASON_NOT_AWAITED] = {"reason_not_awaited",
                                  "a decline told by webhook is settled before its reply says why (P7)"},
    [WRONG_LATER_IGNORES_ADVICE] = {"later_ignores_advice",
                                    "a later try comes after a day, whatever the network advises"},
    [WRONG_LATER_FORGETS_BUDGET] = {"later_forgets_budget",
                                    "the networks' limits are not asked before a later try (P7)"},
    [WRONG_LATER_FORGOTTEN] = {"later_forgotten", "what is to be tried later is forgotten at a restart"},
    [WRONG_LATER_AT_ANY_HOUR] = {"later_at_any_hour", "a later try comes at any hour of its days"},
    [WRONG_LATER_AFTER_HARD] = {"later_after_hard", "what was declined for good is tried later, too"},
};

const char *wrong_name(enum wrong wrong) {
  return wrongs[wrong].name;
}

const char *wrong_about(enum wrong wrong) {
  return wrongs[wrong].about;
}

enum wrong wrong_named(const char *name) {
  unsigned wrong = WRONG_NOTHING + 1;
  while (wrong < WRONG_COUNT && strcmp(wrongs[wrong].name, name) != 0)
    wrong++;
  return (enum wrong)wrong;
}

void wrong_choose(enum wrong wrong) {
  chosen = wrong;
}

void wrong_restarted(int64_t now_ms, bool first) {
  started_ms = now_ms;
  restarted = !first;
  late &= !first; /* the same universe goes the same way each time */
  running = NULL;
}

/* ---- Between the parts ---- */

int __real_engine_commit(struct engine *engine, int64_t now_ms);
int __wrap_engine_commit(struct engine *engine, int64_t now_ms);
enum finding __real_find(const struct evidence *evidence);
enum finding __wrap_find(const struct evidence *evidence);
int __real_ledger_idempotency_get(struct ledger *ledger, const struct id *merchant, const char *path,
                                  const char *key, int64_t now_ms, struct idempotent *ret_entry);
int __wrap_ledger_idempotency_get(struct ledger *ledger, const struct id *merchant, const char *path,
                                  const char *key, int64_t now_ms, struct idempotent *ret_entry);

int __real_ledger_awaited_first(struct ledger *ledger, int64_t *ret_since_ms, struct id *ret_movement);
int __wrap_ledger_awaited_first(struct ledger *ledger, int64_t *ret_since_ms, struct id *ret_movement);

int __wrap_ledger_awaited_first(struct ledger *ledger, int64_t *ret_since_ms, struct id *ret_movement) {
  return chosen == WRONG_WEBHOOK_AWAITED_FOR_EVER
             ? LEDGER_ABSENT
             : __real_ledger_awaited_first(ledger, ret_since_ms, ret_movement);
}

struct budget __real_budget_ask(const struct card_uses *uses, enum network network,
                                const struct money *amount, int64_t now_ms);
struct budget __wrap_budget_ask(const struct card_uses *uses, enum network network,
                                const struct money *amount, int64_t now_ms);
struct outcome __real_outcome_classify(const char *psp, enum answer answer, enum phase phase,
                                       const char *code, const char *network_code, const char *advice_code,
                                       enum network network);
struct outcome __wrap_outcome_classify(const char *psp, enum answer answer, enum phase phase,
                                       const char *code, const char *network_code, const char *advice_code,
                                       enum network network);
/* ---- A policy published in mid-cascade ---- */

int __real_change_attempt(struct entry *entry, struct payment *payment, enum change_type type,
                          const struct attempt *attempt);
int __wrap_change_attempt(struct entry *entry, struct payment *payment, enum change_type type,
                          const struct attempt *attempt);

/* The list as the policy in force has it. Returns whether there is one. */
static bool decide_anew(const struct payment *payment, struct decision *ret_decision) {
  struct policy_publication publication;
  struct policy_record record;
  struct policy_error error;
  struct policy *policy;
  struct request_fields inputs;
  if (payment_inputs(payment, &inputs) != 0 ||
      ledger_policy_published(running->ledger, &payment->merchant, &publication) != 0 ||
      ledger_policy_get(running->ledger, &payment->merchant, &publication.policy, &record) != 0 ||
      policy_parse(record.text, record.text_length, &policy, &error) != 0)
    return false;
  *ret_decision = payment->decision;
  decide_again(policy, payment, &inputs, ret_decision);
  policy_free(policy);
  return true;
}

/* The connector of that place in the list of the policy in force, where it can be tried. */
static void go_elsewhere(const struct payment *payment, struct attempt *attempt) {
  struct decision decision;
  unsigned place = attempt->number - 1U;
  if (!decide_anew(payment, &decision) || place >= decision.candidate_count)
    return;
  const struct connector *connector = connector_named(running, decision.candidates[place].connector);
  if (connector_skip(connector, payment, attempt->operation) != SKIP_NONE)
    return;
  memcpy(attempt->connector, connector->facts.name, sizeof attempt->connector);
  memcpy(attempt->sheet, connector->facts.sheet, sizeof attempt->sheet);
  memcpy(attempt->step.sheet_hash, connector->facts.sheet_hash, sizeof attempt->step.sheet_hash);
}

int __wrap_change_attempt(struct entry *entry, struct payment *payment, enum change_type type,
                          const struct attempt *attempt) {
  struct attempt changed = *attempt;
  bool cascades = type == CHANGE_ATTEMPT_STARTED && attempt->number > 1;
  if (chosen == WRONG_HALF_PUBLISHED && cascades && payment->decision.policy.text[0] != '\0' && running)
    go_elsewhere(payment, &changed);
  return __real_change_attempt(entry, payment, type, &changed);
}

bool __real_reason_awaited(struct slot *slot, struct task *task, const struct found *found);
bool __wrap_reason_awaited(struct slot *slot, struct task *task, const struct found *found);

bool __wrap_reason_awaited(struct slot *slot, struct task *task, const struct found *found) {
  return chosen != WRONG_REASON_NOT_AWAITED && __real_reason_awaited(slot, task, found);
}

/* ---- Later tries ---- */

int __real_later_next(const struct later_question *question, int64_t *ret_at_ms);
int __wrap_later_next(const struct later_question *question, int64_t *ret_at_ms);
bool __real_later_fits(const struct later_plan *plan, later_zone *zone_offset, int64_t created_ms,
                       int64_t at_ms);
bool __wrap_later_fits(const struct later_plan *plan, later_zone *zone_offset, int64_t created_ms,
                       int64_t at_ms);
bool __real_later_is_worth(enum outcome_retry retry, const char *category);
bool __wrap_later_is_worth(enum outcome_retry retry, const char *category);
int __real_payment_budget(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                          int64_t now_ms, struct budget *ret_budget);
int __wrap_payment_budget(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                          int64_t now_ms, struct budget *ret_budget);
int __real_ledger_scheduled_first(struct ledger *ledger, int64_t *ret_at_ms, struct id *ret_merchant,
                                  struct id *ret_payment);
int __wrap_ledger_scheduled_first(struct ledger *ledger, int64_t *ret_at_ms, struct id *ret_merchant,
                                  struct id *ret_payment);

static struct later_plan at_any_hour(const struct later_plan *plan) {
  struct later_plan any = *plan;
  any.hour_from = 0;
  any.hour_to = LATER_HOUR_LAST;
  return any;
}

int __wrap_later_next(const struct later_question *question, int64_t *ret_at_ms) {
  struct later_question changed = *question;
  struct later_plan any = at_any_hour(question->plan);
  if (chosen == WRONG_LATER_IGNORES_ADVICE)
    changed.advised_s = 0;
  if (chosen == WRONG_LATER_AT_ANY_HOUR)
    changed.plan = &any;
  return __real_later_next(&changed, ret_at_ms);
}

bool __wrap_later_fits(const struct later_plan *plan, later_zone *zone_offset, int64_t created_ms,
                       int64_t at_ms) {
  struct later_plan any = at_any_hour(plan);
  return __real_later_fits(chosen == WRONG_LATER_AT_ANY_HOUR ? &any : plan, zone_offset, created_ms, at_ms);
}

bool __wrap_later_is_worth(enum outcome_retry retry, const char *category) {
  return chosen == WRONG_LATER_AFTER_HARD || __real_later_is_worth(retry, category);
}

int __wrap_payment_budget(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                          int64_t now_ms, struct budget *ret_budget) {
  if (chosen == WRONG_LATER_FORGETS_BUDGET && payment->round.number > 0) {
    *ret_budget = (struct budget){.allowed = true};
    return 0;
  }
  return __real_payment_budget(ledger, card, payment, now_ms, ret_budget);
}

int __wrap_ledger_scheduled_first(struct ledger *ledger, int64_t *ret_at_ms, struct id *ret_merchant,
                                  struct id *ret_payment) {
  if (chosen == WRONG_LATER_FORGOTTEN && restarted)
    return LEDGER_ABSENT;
  return __real_ledger_scheduled_first(ledger, ret_at_ms, ret_merchant, ret_payment);
}

/* Everything leaves in one round, and is made durable in the next. */
int __wrap_engine_commit(struct engine *engine, int64_t now_ms) {
  running = engine;
  late = !late;
  if (chosen == WRONG_NO_DISPATCH_RECORD && late) {
    effects_release(engine);
    return 0;
  }
  return __real_engine_commit(engine, now_ms);
}

static bool is_timeout(const struct evidence *evidence) {
  return evidence->errand == ERRAND_FIRST && evidence->status == STATUS_DONE &&
         evidence->result->phase == PHASE_SENT_NO_REPLY;
}

static bool is_not_found(const struct evidence *evidence) {
  return evidence->errand == ERRAND_STATUS && evidence->status == STATUS_DONE &&
         evidence->result->http_status == HTTP_NOT_FOUND;
}

enum finding __wrap_find(const struct evidence *evidence) {
  if (chosen == WRONG_RETRY_ON_TIMEOUT && is_timeout(evidence))
    return FINDING_NOT_SENT;
  if (chosen == WRONG_ABSENT_AT_ONCE && is_not_found(evidence))
    return FINDING_ABSENT;
  return __real_find(evidence);
}

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

int __wrap_ledger_idempotency_get(struct ledger *ledger, const struct id *merchant, const char *path,
                                  const char *key, int64_t now_ms, struct idempotent *ret_entry) {
  if (chosen == WRONG_CAPTURE_NOT_IDEMPOTENT && ends_with(path, "/capture"))
    return LEDGER_ABSENT;
  int r = __real_ledger_idempotency_get(ledger, merchant, path, key, now_ms, ret_entry);
  bool before = r == 0 && ret_entry->created_ms < started_ms;
  return chosen == WRONG_KEY_FORGOTTEN_AT_RESTART && before ? LEDGER_ABSENT : r;
}

static bool any_declined(const struct card_uses *uses) {
  unsigned i = 0;
  while (i < uses->count && uses->uses[i].result != CARD_USE_DECLINED)
    i++;
  return i < uses->count;
}

/* Those of the last day, and what forbids another for good. */
static struct card_uses of_a_day(const struct card_uses *uses, int64_t now_ms) {
  struct card_uses kept = {0};
  for (unsigned i = 0; i < uses->count; i++) {
    const struct card_use *use = &uses->uses[i];
    if (use->stopped || use->at_ms > now_ms - 24LL * CARD_USE_HOUR_MS - BUDGET_MARGIN_MS)
      kept.uses[kept.count++] = *use;
  }
  return kept;
}

struct budget __wrap_budget_ask(const struct card_uses *uses, enum network network,
                                const struct money *amount, int64_t now_ms) {
  if (chosen == WRONG_BUDGET_IGNORED || (chosen == WRONG_FIRST_TRIES_FREE && !any_declined(uses)))
    return (struct budget){.allowed = true};
  if (chosen == WRONG_MONTH_FORGOTTEN && network == NETWORK_MASTERCARD) {
    struct card_uses kept = of_a_day(uses, now_ms);
    return __real_budget_ask(&kept, network, amount, now_ms);
  }
  return __real_budget_ask(uses, network, amount, now_ms);
}

struct outcome __wrap_outcome_classify(const char *psp, enum answer answer, enum phase phase,
                                       const char *code, const char *network_code, const char *advice_code,
                                       enum network network) {
  struct outcome outcome =
      __real_outcome_classify(psp, answer, phase, code, network_code, advice_code, network);
  if (chosen == WRONG_HARD_TRIED_ELSEWHERE && outcome.class == OUTCOME_HARD)
    outcome.may_go_elsewhere = true;
  return outcome;
}

enum candidate_health __real_gates_look(const struct engine *engine, const struct payment *payment,
                                        const char *connector, enum operation operation);
enum candidate_health __wrap_gates_look(const struct engine *engine, const struct payment *payment,
                                        const char *connector, enum operation operation);
bool __real_gate_pass_time(struct gate *gate, int64_t now_ms);
bool __wrap_gate_pass_time(struct gate *gate, int64_t now_ms);

enum candidate_health __wrap_gates_look(const struct engine *engine, const struct payment *payment,
                                        const char *connector, enum operation operation) {
  enum candidate_health health = __real_gates_look(engine, payment, connector, operation);
  return chosen == WRONG_HEALTH_IGNORED && health == CANDIDATE_OUT ? CANDIDATE_HEALTHY : health;
}

bool __wrap_gate_pass_time(struct gate *gate, int64_t now_ms) {
  if (chosen != WRONG_NEVER_BACK)
    return __real_gate_pass_time(gate, now_ms);
  gate->probe_ms = INT64_MAX;
  return false;
}
