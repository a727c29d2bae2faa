/* What is sent to the vault for an errand. The same attempt gives the same bytes every time (P2): its inputs
 * come from its record and from the customer's sealed one, and from nowhere else. */
#include "engine_parts.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { MS_PER_S = 1000, UNIX_SECONDS_CAPACITY = 24 };

static int join_fields(struct request_fields *fields, const struct request_fields *more) {
  for (unsigned i = 1; i < REQUEST_FIELD_COUNT; i++) {
    const char *value = request_fields_get(more, (enum request_field)i);
    int r = value ? request_fields_set(fields, (enum request_field)i, value) : 0;
    if (r < 0)
      return r;
  }
  return 0;
}

/* Opens what is personal into engine->personal. -ENODATA when the customer was erased since, or it cannot be
 * opened. */
static int open_personal(struct engine *engine, const struct payment *payment) {
  size_t length;
  int r = ledger_personal_get(engine->ledger, &payment->merchant, &payment->customer, &payment->id,
                              engine->bytes, sizeof engine->bytes, &length);
  if (r != 0)
    return r == LEDGER_ABSENT || r == -EBADMSG ? -ENODATA : r;
  struct reader reader = reader_over(engine->bytes, length);
  read_request_fields(&reader, &engine->personal);
  sodium_memzero(engine->bytes, length);
  return reader_finish(&reader) < 0 ? -ENODATA : 0;
}

static int add_personal(struct engine *engine, const struct payment *payment, bool again) {
  if (!payment->personal)
    return 0;
  int r = open_personal(engine, payment);
  if (r == 0)
    r = join_fields(&engine->inputs, &engine->personal);
  sodium_memzero(&engine->personal, sizeof engine->personal);
  /* Another acquirer is tried without what was erased; the same request again must be the same to the byte.
   */
  return r == -ENODATA && !again ? 0 : r;
}

/* Attributes are for the routing policy alone. */
static void drop_for_policy(struct request_fields *inputs) {
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FINAL; i++)
    inputs->offset[i] = 0;
}

static int replace_field(struct request_fields *inputs, enum request_field field, const char *value) {
  inputs->offset[field] = 0;
  return request_fields_set(inputs, field, value);
}

/* What the policy wants besides. An authentication that the merchant has made elsewhere stands. */
static int apply_options(struct request_fields *inputs, const struct policy_options *options) {
  const char *mode = request_fields_get(inputs, REQUEST_THREE_DS_MODE);
  int r = 0;
  if (mode != NULL && strcmp(mode, "external") == 0)
    return 0;
  if (options->three_ds[0] != '\0')
    r = replace_field(inputs, REQUEST_THREE_DS_MODE, options->three_ds);
  if (r == 0 && options->exemption[0] != '\0')
    r = replace_field(inputs, REQUEST_THREE_DS_EXEMPTION, options->exemption);
  return r;
}

/* The request's fields, all of them, into engine->inputs. */
static int gather_inputs(struct engine *engine, const struct payment *payment, bool again) {
  struct request_fields *inputs = &engine->inputs;
  if (payment_inputs(payment, inputs) < 0)
    return -ENODATA;
  drop_for_policy(inputs);
  int r = apply_options(inputs, &payment->decision.options);
  return r < 0 ? r : add_personal(engine, payment, again);
}

static void move_fields(struct request_fields *to, struct request_fields *from) {
  memcpy(to->offset, from->offset, sizeof to->offset);
  memcpy(to->bytes, from->bytes, from->used);
  to->used = from->used;
  sodium_memzero(from->bytes, from->used);
}

static void copy_text(char *ret, size_t capacity, const char *text) {
  size_t length = strnlen(text, capacity - 1);
  memcpy(ret, text, length);
  ret[length] = '\0';
}

/* Texts of records: whoever brought them, merchant, PSP or person, was held to this field's rule or to a
 * stricter one, and so is the record when it is read. */
static void set_field(struct request_fields *fields, enum request_field field, const char *value) {
  int r = value[0] == '\0' ? 0 : request_fields_set(fields, field, value);
  assert(r == 0);
}

static void fill_common(struct dispatch *dispatch, const struct payment *payment,
                        const struct attempt *attempt, const struct step *step) {
  dispatch->merchant = payment->merchant;
  dispatch->payment = payment->id;
  copy_text(dispatch->connector, sizeof dispatch->connector, attempt->connector);
  dispatch->token = payment->token;
  dispatch->amount.minor = step->amount;
  memcpy(dispatch->amount.currency, payment->currency, sizeof dispatch->amount.currency);
  dispatch->timeout_ms = step->timeout_ms;
}

/* A status question goes by the sheet that is pinned now: it moves no money, and the old one may be gone. */
static void fill_question(struct engine *engine, struct dispatch *dispatch, const struct attempt *attempt,
                          const struct step *step, enum operation asked_about) {
  char seconds[UNIX_SECONDS_CAPACITY];
  const struct connector *connector = connector_named(engine, attempt->connector);
  dispatch->operation = OPERATION_STATUS;
  dispatch->asked_about = asked_about;
  dispatch->timeout_ms = engine->options.attempt_ms;
  if (connector)
    memcpy(dispatch->sheet_hash, connector->facts.sheet_hash, sizeof dispatch->sheet_hash);
  snprintf(seconds, sizeof seconds, "%lld", (long long)(step->started_ms / MS_PER_S));
  set_field(&dispatch->fields, REQUEST_STARTED_AT, seconds);
  set_field(&dispatch->fields, REQUEST_PSP_ID, attempt->step.answer.psp_id);
}

static struct dispatch *stage_for(struct task *task, enum errand errand) {
  struct engine *engine = task->slot->engine;
  uint64_t correlation = engine->next_correlation++;
  struct dispatch *dispatch = stage_dispatch(engine, correlation);
  if (!dispatch)
    return NULL;
  task_send(task, errand, correlation);
  engine->counts.dispatched += errand == ERRAND_FIRST;
  engine->counts.questions += errand == ERRAND_STATUS;
  engine->counts.replays += errand == ERRAND_REPLAY;
  return dispatch;
}

static void fill_attempt(struct task *task, struct dispatch *dispatch) {
  struct slot *slot = task->slot;
  const struct payment *payment = slot->payment;
  const struct attempt *attempt = &payment->attempts[task->attempt - 1];
  fill_common(dispatch, payment, attempt, &attempt->step);
  step_key(&payment->id, attempt->number, dispatch->key);
  if (task->errand == ERRAND_STATUS) {
    fill_question(slot->engine, dispatch, attempt, &attempt->step, attempt->operation);
    return;
  }
  memcpy(dispatch->sheet_hash, attempt->step.sheet_hash, sizeof dispatch->sheet_hash);
  dispatch->operation = attempt->operation;
  if (attempt->round == 0) /* the lease ends with the request's own round */
    dispatch->security_code = payment->security_code;
  dispatch->replay = task->errand == ERRAND_REPLAY;
  dispatch->security_code_sent = dispatch->replay && attempt->step.security_code_sent;
  move_fields(&dispatch->fields, &slot->engine->inputs);
}

int dispatch_attempt(struct slot *slot, struct task *task, enum errand errand) {
  int r = errand == ERRAND_STATUS ? 0 : gather_inputs(slot->engine, slot->payment, errand == ERRAND_REPLAY);
  if (r < 0)
    return r;
  struct dispatch *dispatch = stage_for(task, errand);
  if (!dispatch)
    return -ENOMEM;
  fill_attempt(task, dispatch);
  return 0;
}

/* Where refunds name a capture: the latest that there is. */
static const char *capture_id(const struct payment *payment, const struct attempt *attempt,
                              const struct movement *movement) {
  const char *found = attempt->step.answer.psp_capture_id;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *other = &payment->movements[i];
    const struct psp_answer *answer = &other->step.answer;
    if (other == movement)
      break;
    if (other->type != MOVEMENT_CAPTURE || other->step.status == STEP_FAILED)
      continue;
    if (answer->psp_capture_id[0] != '\0')
      found = answer->psp_capture_id;
    else if (answer->psp_id[0] != '\0')
      found = answer->psp_id;
  }
  return found;
}

static void fill_movement(struct dispatch *dispatch, const struct payment *payment,
                          const struct attempt *attempt, const struct movement *movement) {
  dispatch->operation = movement_operation(movement->type);
  memcpy(dispatch->sheet_hash, movement->step.sheet_hash, sizeof dispatch->sheet_hash);
  set_field(&dispatch->fields, REQUEST_PSP_ID, attempt->step.answer.psp_id);
  if (movement->type == MOVEMENT_REFUND)
    set_field(&dispatch->fields, REQUEST_PSP_CAPTURE_ID, capture_id(payment, attempt, movement));
  if (movement->type == MOVEMENT_CAPTURE)
    set_field(&dispatch->fields, REQUEST_FINAL, movement->final ? "true" : "false");
  set_field(&dispatch->fields, REQUEST_REFERENCE, movement->reference);
  set_field(&dispatch->fields, REQUEST_REASON, movement->reason);
}

int dispatch_movement(struct slot *slot, struct task *task, enum errand errand) {
  struct engine *engine = slot->engine;
  const struct payment *payment = slot->payment;
  const struct movement *movement = &payment->movements[task->movement - 1];
  const struct attempt *attempt = &payment->attempts[movement->attempt - 1];
  struct dispatch *dispatch = stage_for(task, errand);
  if (!dispatch)
    return -ENOMEM;
  fill_common(dispatch, payment, attempt, &movement->step);
  step_key(&movement->id, 1, dispatch->key);
  if (errand == ERRAND_STATUS) {
    fill_question(engine, dispatch, attempt, &movement->step, movement_operation(movement->type));
    return 0;
  }
  fill_movement(dispatch, payment, attempt, movement);
  dispatch->replay = errand == ERRAND_REPLAY;
  return 0;
}
