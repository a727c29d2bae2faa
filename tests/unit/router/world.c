#include "world.h"
#include "routing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

const uint8_t world_ledger_key[LEDGER_KEY_BYTES] = "the ledger's key of these tests";

struct sheet_facts world_sheets[3] = {
    {.name = "checkout",
     .question = QUESTION_STATUS,
     .movement_question = QUESTION_STATUS,
     .absent_is_proof = true,
     .movement_absent_is_proof = true,
     .received_is_asked = true,
     .several_captures = true,
     .voids_rest = true,
     .settling_ms = 2000,
     .key_lifetime_s = 86400},
    {.name = "adyen",
     .question = QUESTION_REPLAY,
     .movement_question = QUESTION_REPLAY,
     .settling_ms = 2000,
     .key_lifetime_s = 7 * 86400},
    {.name = "stripe",
     .question = QUESTION_STATUS,
     .movement_question = QUESTION_STATUS,
     .absent_is_proof = true,
     .movement_absent_is_proof = true,
     .settling_ms = 2000,
     .key_lifetime_s = 86400},
};

static const char *const connector_names[3] = {"alpha", "beta", "gamma"};

static uint64_t next_random(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15ULL;
  uint64_t value = *state;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

static void fill(void *context, void *ret_bytes, size_t length) {
  uint8_t *bytes = ret_bytes;
  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)next_random(context);
}

static const struct sheet_facts *sheet_of(void *context, const char *name,
                                          const uint8_t hash[SHEET_HASH_BYTES]) {
  (void)context;
  (void)hash;
  for (unsigned i = 0; i < 3; i++) {
    if (strcmp(world_sheets[i].name, name) == 0)
      return &world_sheets[i];
  }
  return NULL;
}

static void offer_everything(void) {
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned j = 1; j < OPERATION_COUNT; j++)
      world_sheets[i].operations[j] = true;
    world_sheets[i].operations[OPERATION_STATUS] = world_sheets[i].question == QUESTION_STATUS;
  }
}

static void register_connectors(struct world *world) {
  struct connector_facts facts[3] = {0};
  for (unsigned i = 0; i < 3; i++) {
    strcpy(facts[i].name, connector_names[i]);
    strcpy(facts[i].sheet, world_sheets[i].name);
    strcpy(facts[i].merchant_account, "Account");
    memset(facts[i].sheet_hash, (int)i + 1, sizeof facts[i].sheet_hash);
    facts[i].status = CONNECTOR_ACTIVE;
  }
  engine_on_connectors(world->engine, world->now_ms, facts, 3);
}

static void start_engine(struct world *world) {
  int r = ledger_open(world->store, world_ledger_key, &world->draws, &world->ledger);
  assert(r == 0);
  world->options.ledger = world->ledger;
  world->options.draws = world->draws;
  world->options.sheet = sheet_of;
  r = engine_new(&world->options, &world->engine);
  assert(r == 0);
  r = engine_start(world->engine, world->now_ms);
  assert(r == 0);
  r = engine_commit(world->engine, world->now_ms);
  assert(r == 0);
  register_connectors(world);
  engine_on_vault(world->engine, world->now_ms, true);
}

void world_open(struct world *world, uint64_t seed) {
  struct store *store;
  int r = store_open_memory(ledger_tables, &store);
  assert(r == 0);
  world_open_over(world, seed, store);
}

/* Connectors' changes are told to merchants that have a key. */
static void add_key(struct world *world) {
  static const uint8_t hash[32] = {1};
  struct api_key key = {.id = world->actor, .merchant = world->merchant, .created_ms = world->now_ms};
  int r = ledger_api_key_add(world->ledger, hash, &key);
  assert(r == 0);
}

void world_open_over(struct world *world, uint64_t seed, struct store *store) {
  memset(world, 0, sizeof *world);
  world->store = store;
  offer_everything();
  world->random = seed;
  world->draws = (struct draws){.fill = fill, .context = &world->random};
  world->now_ms = 1767225600000;
  world->next_ticket = 1;
  world->describe_by_itself = true;
  world->token_status = TOKEN_ACTIVE;
  world->network = NETWORK_VISA;
  world->sent = calloc(SENT_MAX, sizeof *world->sent);
  world->merchant = draw_id(&world->draws, "mer", world->now_ms);
  world->actor = draw_id(&world->draws, "key", world->now_ms);
  world->token = draw_id(&world->draws, "tok", world->now_ms);
  assert(world->sent);
  start_engine(world);
  add_key(world);
  world_publish(world, "otherwise route alpha, beta, gamma");
}

void world_close(struct world *world) {
  engine_free(world->engine);
  ledger_free(world->ledger);
  store_close(world->store);
  free(world->sent);
}

void world_restart(struct world *world) {
  engine_free(world->engine);
  ledger_free(world->ledger);
  store_memory_crash(world->store);
  world->sent_count = 0;
  world->asked = 0;
  start_engine(world);
}

void world_publish(struct world *world, const char *text) {
  struct policy_record record = {.id = draw_id(&world->draws, "pol", world->now_ms),
                                 .merchant = world->merchant,
                                 .author = world->actor,
                                 .created_ms = world->now_ms,
                                 .text = text,
                                 .text_length = strlen(text)};
  struct journal_head head = {.at_ms = world->now_ms, .actor = world->actor};
  struct policy_error error;
  struct policy *policy;
  int r = policy_parse(text, record.text_length, &policy, &error);
  assert(r == 0);
  policy_hash(policy, record.hash);
  policy_free(policy);
  r = ledger_policy_put(world->ledger, &record);
  assert(r == 0);
  r = ledger_policy_publish(world->ledger, &head, &world->merchant, &record.id, "");
  assert(r == 0);
  engine_on_policy(world->engine);
  r = engine_commit(world->engine, world->now_ms);
  assert(r == 0);
}

static void describe(struct world *world, uint64_t correlation) {
  struct token_description description = {.status = world->token_status, .created_ms = 1};
  strcpy(description.card.bin, "424242");
  strcpy(description.card.last4, "4242");
  description.card.network = world->network;
  description.card.exp_month = 12;
  description.card.exp_year = 2030;
  description.card.fingerprint =
      world->fingerprint.text[0] != '\0' ? world->fingerprint : draw_id(&world->draws, "fpr", world->now_ms);
  engine_on_description(world->engine, world->now_ms, correlation, STATUS_DONE, &description);
}

/* Whether the round gave rise to another one. */
static bool take_effect(struct world *world, const struct effect *effect) {
  switch (effect->type) {
  case EFFECT_DESCRIBE:
    world->described++;
    world->asked = effect->correlation;
    if (world->describe_by_itself)
      describe(world, effect->correlation);
    return world->describe_by_itself;
  case EFFECT_DISPATCH:
    assert(world->sent_count < SENT_MAX);
    world->sent[world->sent_count].correlation = effect->correlation;
    world->sent[world->sent_count++].dispatch = *effect->dispatch;
    break;
  case EFFECT_END_PAYMENT:
    world->ended++;
    break;
  case EFFECT_ANSWER:
    assert(world->answer_count < ANSWERS_MAX);
    world->answers[world->answer_count++] = effect->answer;
    break;
  case EFFECT_WEBHOOK_TAKEN:
    world->taken_count++;
    world->taken = effect->taken;
    break;
  }
  return false;
}

int world_round(struct world *world) {
  struct effect effect;
  bool again = false;
  int r = engine_commit(world->engine, world->now_ms);
  while (engine_next_effect(world->engine, &effect))
    again |= take_effect(world, &effect);
  return again ? world_round(world) : r;
}

void world_advance(struct world *world, int64_t ms) {
  int64_t end_ms = world->now_ms + ms;
  int64_t due;
  while ((due = engine_due(world->engine)) >= 0 && due <= end_ms) {
    if (due > world->now_ms)
      world->now_ms = due;
    engine_on_time(world->engine, world->now_ms);
    if (world_round(world) < 0)
      world->now_ms++;
  }
  world->now_ms = end_ms;
}

static struct requester requester_of(struct world *world) {
  struct requester from = {.merchant = world->merchant, .actor = world->actor};
  from.request = draw_id(&world->draws, "req", world->now_ms);
  snprintf(from.idempotency_key, sizeof from.idempotency_key, "key-%u", ++world->next_key);
  memset(from.body_hash, 7, sizeof from.body_hash);
  return from;
}

struct payment_request world_request(struct world *world) {
  struct payment_request request = {.from = requester_of(world), .token = world->token, .risk = -1};
  request.amount = (struct money){.minor = 1000, .currency = "EUR"};
  return request;
}

uint64_t world_pay(struct world *world, const struct payment_request *request) {
  uint64_t ticket = world->next_ticket++;
  engine_pay(world->engine, world->now_ms, ticket, request);
  (void)world_round(world);
  return ticket;
}

struct movement_request world_movement(struct world *world, const struct id *payment, enum movement_type type,
                                       int64_t amount) {
  return (struct movement_request){.from = requester_of(world),
                                   .payment = *payment,
                                   .type = type,
                                   .amount = amount,
                                   .amount_given = amount != 0,
                                   .final = type == MOVEMENT_CAPTURE};
}

uint64_t world_move(struct world *world, const struct movement_request *request) {
  uint64_t ticket = world->next_ticket++;
  engine_move(world->engine, world->now_ms, ticket, request);
  (void)world_round(world);
  return ticket;
}

const struct request_answer *world_answer(const struct world *world, uint64_t ticket) {
  for (unsigned i = 0; i < world->answer_count; i++) {
    if (world->answers[i].ticket == ticket)
      return &world->answers[i];
  }
  return NULL;
}

const struct payment *world_payment(struct world *world, const struct id *payment) {
  const struct payment *found;
  int r = engine_payment(world->engine, &world->merchant, payment, &found);
  return r == 0 ? found : NULL;
}

struct id world_newest(struct world *world) {
  struct id payment = {0};
  struct view bytes;
  int r = ledger_payment_before(world->ledger, &world->merchant, NULL, &payment, &bytes);
  assert(r == 0);
  return payment;
}

struct sent *world_outstanding(struct world *world) {
  for (unsigned i = world->sent_count; i > 0; i--) {
    if (world->sent[i - 1].correlation != 0)
      return &world->sent[i - 1];
  }
  return NULL;
}

struct dispatch_result world_result(enum phase phase, enum answer answer) {
  return (struct dispatch_result){.phase = phase, .answer = answer, .step = 1, .latency_us = 1500};
}

void world_reply(struct world *world, struct sent *sent, const struct dispatch_result *result) {
  uint64_t correlation = sent->correlation;
  sent->correlation = 0;
  engine_on_result(world->engine, world->now_ms, correlation, STATUS_DONE, result);
  (void)world_round(world);
}

static void set_answer(struct dispatch_result *result, enum answer_field field, const char *value) {
  int r = answer_fields_set(&result->fields, field, value);
  assert(r == 0);
}

void world_approve(struct world *world, enum answer answer) {
  struct dispatch_result result = world_result(PHASE_REPLY, answer);
  set_answer(&result, ANSWER_PSP_ID, "psp-1");
  set_answer(&result, ANSWER_NETWORK_TRANSACTION_ID, "ntid-1");
  set_answer(&result, ANSWER_AUTH_CODE, "123456");
  result.security_code_sent = true;
  world_reply(world, world_outstanding(world), &result);
}

void world_decline(struct world *world, const char *code) {
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  set_answer(&result, ANSWER_NETWORK_CODE, code);
  world_reply(world, world_outstanding(world), &result);
}

void world_fault(struct world *world, enum phase phase) {
  struct dispatch_result result = world_result(phase, ANSWER_IS_UNKNOWN);
  world_reply(world, world_outstanding(world), &result);
}

void world_refuse(struct world *world, enum status status) {
  struct sent *sent = world_outstanding(world);
  uint64_t correlation = sent->correlation;
  sent->correlation = 0;
  engine_on_result(world->engine, world->now_ms, correlation, status, NULL);
  (void)world_round(world);
}

struct webhook world_webhook(const struct dispatch *dispatch, enum operation about, enum answer answer,
                             int64_t at_ms) {
  struct webhook webhook = {.number = 1, .about = about, .answer = answer, .at_ms = at_ms};
  strcpy(webhook.connector, dispatch->connector);
  strcpy(webhook.key, dispatch->key);
  return webhook;
}

enum status world_tell(struct world *world, const struct webhook *webhook) {
  unsigned before = world->taken_count;
  engine_on_webhook(world->engine, world->now_ms, webhook);
  (void)world_round(world);
  assert(world->taken_count == before + 1 && world->taken.number == webhook->number);
  return world->taken.status;
}

static bool tables_equal(struct store *left, struct store *right, unsigned table) {
  struct view left_key, left_value, right_key, right_value;
  uint8_t key[STORE_KEY_MAX] = {0};
  size_t length = 1;
  bool first = true;
  for (;;) {
    int l = store_next(left, table, key, length, first, &left_key, &left_value);
    int r = store_next(right, table, key, length, first, &right_key, &right_value);
    if (l != 0 || r != 0)
      return l == STORE_ABSENT && r == STORE_ABSENT;
    if (left_key.length != right_key.length ||
        memcmp(left_key.bytes, right_key.bytes, left_key.length) != 0 ||
        left_value.length != right_value.length ||
        memcmp(left_value.bytes, right_value.bytes, left_value.length) != 0)
      return false;
    memcpy(key, left_key.bytes, left_key.length);
    length = left_key.length;
    first = false;
  }
}

bool world_payments_agree(struct store *left, struct store *right) {
  return tables_equal(left, right, LEDGER_PAYMENTS) && tables_equal(left, right, LEDGER_OPEN) &&
         tables_equal(left, right, LEDGER_MOVEMENTS) && tables_equal(left, right, LEDGER_AWAITED) &&
         tables_equal(left, right, LEDGER_CARD_USES) && tables_equal(left, right, LEDGER_SCHEDULED);
}

bool world_journal_agrees(struct world *world) {
  struct store *store;
  struct ledger *ledger;
  uint64_t entries;
  int r = store_open_memory(ledger_tables, &store);
  assert(r == 0);
  r = ledger_open(store, world_ledger_key, &world->draws, &ledger);
  assert(r == 0);
  r = payments_rebuild(world->ledger, ledger, &entries);
  bool agrees = r == 0 && entries > 0 && world_payments_agree(world->store, store);
  ledger_free(ledger);
  store_close(store);
  return agrees;
}
