/* A payment comes into being: with its personal data apart (P9), its idempotency key (P3), its decision (P6)
 * and the dispatch record of its first attempt (P1), in one batch. */
#include "engine_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { OWN_FIELDS_MAX = 256 /* bytes that the engine's own fields take at most */ };

static const char payments_path[] = "/v1/payments";

/* ---- Fields: what is personal, and what is not ---- */

static void clear_fields(struct request_fields *fields) {
  memset(fields, 0, offsetof(struct request_fields, bytes));
}

static bool is_own_field(enum request_field field) {
  return field == REQUEST_KIND || field == REQUEST_STORE || field == REQUEST_PREVIOUS_NTID ||
         field == REQUEST_CUSTOMER_ID;
}

static int split_fields(struct engine *engine, const struct payment_request *request) {
  clear_fields(&engine->inputs);
  clear_fields(&engine->personal);
  for (unsigned i = 1; i < REQUEST_FIELD_COUNT; i++) {
    enum request_field field = (enum request_field)i;
    const char *value = request_fields_get(&request->fields, field);
    if (!value || is_own_field(field))
      continue;
    bool personal = request_field_rule(field)->personal;
    int r = request_fields_set(personal ? &engine->personal : &engine->inputs, field, value);
    if (r < 0)
      return r;
  }
  return 0;
}

static int add_field(struct engine *engine, enum request_field field, const char *value) {
  return value[0] == '\0' ? 0 : request_fields_set(&engine->inputs, field, value);
}

static int add_own_fields(struct engine *engine, const struct payment *payment,
                          const struct referred *referred) {
  bool customer_matters = referred->customer.text[0] != '\0' || payment->store != STORE_NONE;
  int r = add_field(engine, REQUEST_KIND, payment_kind_name(payment->kind));
  if (r == 0)
    r = add_field(engine, REQUEST_STORE, store_usage_name(payment->store));
  if (r == 0)
    r = add_field(engine, REQUEST_PREVIOUS_NTID, referred->agreement.network_transaction_id);
  if (r == 0 && customer_matters)
    r = add_field(engine, REQUEST_CUSTOMER_ID, payment->customer.text);
  return r;
}

static int encode_fields(struct engine *engine, const struct request_fields *fields, size_t *ret_length) {
  struct writer writer = writer_over(engine->bytes, sizeof engine->bytes);
  write_request_fields(&writer, fields);
  *ret_length = writer_length(&writer);
  return writer_finish(&writer);
}

/* A customer is made for those who have none yet. */
static void name_customer(struct engine *engine, const struct payment_request *request,
                          struct payment *payment) {
  payment->personal = engine->personal.used > 0;
  if ((payment->personal || gives_attributes(&request->fields)) && payment->customer.text[0] == '\0')
    payment->customer = draw_id(&engine->options.draws, "cus", engine->now_ms);
}

enum request_outcome gather_fields(struct engine *engine, const struct payment_request *request,
                                   const struct referred *referred, struct payment *payment) {
  if (split_fields(engine, request) < 0)
    return REQUEST_FIELDS_TOO_LARGE;
  payment->customer = referred->customer;
  enum request_outcome outcome = take_attributes(engine, payment);
  if (outcome == REQUEST_DONE && engine->inputs.used + engine->personal.used + OWN_FIELDS_MAX > FIELDS_BYTES)
    outcome = REQUEST_FIELDS_TOO_LARGE;
  name_customer(engine, request, payment);
  return outcome;
}

/* Sealed under the customer's key. */
static int keep_personal(struct engine *engine, const struct payment *payment) {
  size_t length;
  if (!payment->personal)
    return 0;
  int r = encode_fields(engine, &engine->personal, &length);
  if (r == 0)
    r = ledger_personal_put(engine->ledger, &payment->merchant, &payment->customer, &payment->id,
                            engine->bytes, length);
  sodium_memzero(engine->bytes, sizeof engine->bytes);
  sodium_memzero(&engine->personal, sizeof engine->personal);
  return r;
}

int keep_inputs(struct engine *engine, struct payment *payment) {
  size_t length;
  int r = encode_fields(engine, &engine->inputs, &length);
  if (r < 0)
    return r;
  payment->inputs = malloc(length);
  if (!payment->inputs)
    return -ENOMEM;
  memcpy(payment->inputs, engine->bytes, length);
  payment->inputs_length = (uint16_t)length;
  return 0;
}

static int keep_fields(struct engine *engine, const struct payment_request *request, struct payment *payment,
                       const struct referred *referred) {
  int r = keep_personal(engine, payment);
  if (r == 0 && gives_attributes(&request->fields))
    r = keep_attributes(engine, payment);
  if (r == 0)
    r = add_own_fields(engine, payment, referred);
  return r == 0 ? keep_inputs(engine, payment) : r;
}

/* ---- The payment ---- */

static void take_card(struct engine *engine, struct payment *payment, const struct card_view *card) {
  struct bin_facts facts = engine_bin_facts(engine, card->bin);
  payment->card = *card;
  payment->funding = facts.funding;
  memcpy(payment->country, facts.country, sizeof payment->country);
  memcpy(payment->issuer, facts.issuer, sizeof payment->issuer);
  memcpy(payment->category, facts.category, sizeof payment->category);
}

void take_request(struct engine *engine, struct payment *payment, const struct payment_request *request) {
  uint32_t deadline_ms = request->deadline_ms ? request->deadline_ms : engine->options.deadline_ms;
  payment->id = draw_id(&engine->options.draws, "pay", engine->now_ms);
  payment->merchant = request->from.merchant;
  payment->actor = request->from.actor;
  payment->request = request->from.request;
  payment->livemode = request->from.livemode;
  payment->created_ms = payment->updated_ms = engine->now_ms;
  payment->amount = request->amount.minor;
  memcpy(payment->currency, request->amount.currency, sizeof payment->currency);
  payment->token = request->token;
  payment->security_code = request->security_code;
  payment->agreement = request->agreement;
  payment->customer = request->customer;
  payment->kind = request->kind ? request->kind : KIND_CUSTOMER;
  payment->store = request->store;
  payment->capture_manual = request->capture_manual;
  payment->retry_none = request->retry_none;
  payment->late_void = request->late_void;
  payment->risk = request->risk;
  payment->deadline_ms = engine->now_ms + deadline_ms;
}

static int put_index(struct engine *engine, const struct payment_request *request,
                     const struct payment *payment) {
  struct idempotent entry = {.object = payment->id, .created_ms = payment->created_ms};
  const char *reference = request_fields_get(&request->fields, REQUEST_REFERENCE);
  memcpy(entry.body_hash, request->from.body_hash, sizeof entry.body_hash);
  int r = ledger_idempotency_put(engine->ledger, &payment->merchant, payments_path,
                                 request->from.idempotency_key, &entry);
  if (r == 0 && reference)
    r = ledger_reference_put(engine->ledger, &payment->merchant, reference, &payment->id);
  return r;
}

/* The payment as it was asked for, decided; nothing is written yet. */
static enum request_outcome draft_payment(struct engine *engine, const struct payment_request *request,
                                          const struct token_description *description,
                                          const struct referred *referred, struct payment *payment) {
  struct named_connectors named = {request->connector_count, request->connectors};
  take_request(engine, payment, request);
  take_card(engine, payment, &description->card);
  enum request_outcome outcome = gather_fields(engine, request, referred, payment);
  if (outcome == REQUEST_DONE)
    outcome = decide(engine, &named, &engine->inputs, payment);
  payment->retry_none = payment->retry_none || payment->decision.options.retry_off;
  return outcome;
}

static int keep_payment(struct engine *engine, const struct payment_request *request,
                        const struct referred *referred, struct payment *payment) {
  int r = keep_fields(engine, request, payment, referred);
  if (r == 0)
    r = put_index(engine, request, payment);
  return r == 0 ? payment_derive(payment) : r;
}

/* For the answer that says why none can be tried. */
static void note_passed_over(struct engine *engine, struct payment *payment,
                             struct passed_over *ret_passed_over) {
  note_skips(engine, payment);
  ret_passed_over->count = payment->decision.candidate_count;
  memcpy(ret_passed_over->candidates, payment->decision.candidates, sizeof ret_passed_over->candidates);
}

static enum request_outcome make_payment(struct intake *intake, const struct token_description *description,
                                         const struct referred *referred, struct slot **ret_slot) {
  struct engine *engine = intake->engine;
  const struct payment_request *request = intake->request;
  struct payment *payment = payment_new();
  if (!payment)
    return REQUEST_BUSY;
  enum request_outcome outcome = draft_payment(engine, request, description, referred, payment);
  int r = outcome == REQUEST_DONE ? keep_payment(engine, request, referred, payment) : 0;
  struct slot *slot = outcome == REQUEST_DONE && r == 0 ? slot_for_new(engine, payment) : NULL;
  sodium_memzero(&engine->personal, sizeof engine->personal);
  if (slot) {
    *ret_slot = slot;
    return REQUEST_DONE;
  }
  if (outcome == REQUEST_NO_CONNECTOR)
    note_passed_over(engine, payment, &intake->passed_over);
  payment_free(payment);
  if (outcome != REQUEST_DONE)
    return outcome;
  engine_fail(engine, r == 0 ? -ENOMEM : r);
  return REQUEST_STORAGE;
}

static void move_waiters(struct intake *intake, struct slot *slot) {
  struct waiter *next;
  for (struct waiter *waiter = intake->waiters; waiter; waiter = next) {
    next = waiter->next;
    wait_at_slot(slot, waiter, NULL, waiter->replayed);
  }
  intake->waiters = NULL;
}

static void begin_payment(struct slot *slot) {
  struct engine *engine = slot->engine;
  entry_actor(engine, &slot->payment->actor, &slot->payment->request);
  engine_fail(engine, change_created(entry_of(slot), slot->payment));
  attempt_next(slot, true);
  entry_end(engine);
  if (++engine->counts.created % SWEEP_EVERY == 0)
    engine_fail(engine, ledger_idempotency_sweep(engine->ledger, engine->now_ms, SWEEP_STEPS));
}

void create_payment(struct intake *intake, const struct token_description *description) {
  struct engine *engine = intake->engine;
  struct referred referred;
  struct slot *slot = NULL;
  enum request_outcome outcome = find_referred(engine, intake->request, &referred);
  if (outcome == REQUEST_DONE)
    outcome = make_payment(intake, description, &referred, &slot);
  if (outcome != REQUEST_DONE) {
    intake_refuse(intake, outcome);
    return;
  }
  begin_payment(slot);
  move_waiters(intake, slot);
  intake_free(intake);
  slot_schedule(slot);
}
