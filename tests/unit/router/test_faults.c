/* Random payments through random faults, with an oracle: PSPs that keep books. Crashes of the router at any
 * round, lost lines, requests that arrive late or never, answers that are lost, stores that refuse, webhooks
 * that come early, late, twice and in the wrong order; people who look things up.
 *
 * What is held, at every step:
 *   - at most one charge of a payment is live (P4), and none starts while another could still come into being
 * (P2)
 *   - no key is dispatched twice but as a replay, and a replay is the first dispatch to the byte
 *   - what a key created it creates again never (P3), also across crashes
 * and at the end, when all faults are over: books and ledger agree line by line, nothing is left open that a
 * question could settle, and the journal rebuilds the ledger. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_psp.h"
#include "world.h"

enum {
  FLIGHTS_MAX = 1024,
  KEYS_MAX = 8192,
  REQUESTS_MAX = 1024,
  ROUNDS = 4000,
  SETTLING_MS = 2000,
  PARTIAL_SEND = 4,
  WEBHOOKS_MAX = 64,
  WEBHOOK_AGAIN_MS = 5000
};

/* A dispatch under way beyond the router. */
struct flight {
  bool used;
  bool answerable; /* the line that it came by is still there */
  uint64_t correlation;
  struct dispatch dispatch;
  bool refused, arrives, taken;
  int64_t arrive_ms, reply_ms, lag_ms;
  bool lose_answer;
  enum phase phase; /* of the reply when it is not the PSP's */
  struct dispatch_result result;
};

struct known_key {
  char key[STEP_KEY_CAPACITY];
  struct dispatch first;
};

struct known_request {
  struct payment_request request;
  struct id payment; /* once answered */
};

static struct world world;
static struct fake_psp psp;
static struct flight *flights;
static struct known_key *keys;
static unsigned key_count;
static struct known_request *requests;
static unsigned request_count;
static struct {
  uint64_t ticket;
  unsigned request;
} tickets[REQUESTS_MAX * 4];
static unsigned ticket_count;
static uint64_t state;
static bool faultless, line_is_there = true;
static unsigned failed_commits, events, resolved;
static struct {
  struct webhook webhook; /* number 0: none */
  int64_t due_ms;
} webhooks[WEBHOOKS_MAX];
static uint64_t webhook_count;
static unsigned webhooks_put_off;

static uint64_t draw(void *context, uint64_t below) {
  (void)context;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static bool chance(unsigned percent) {
  return !faultless && draw(NULL, 100) < percent;
}

/* ---- Beyond the router ---- */

static bool charges(const struct dispatch *dispatch) {
  return dispatch->operation == OPERATION_AUTHORIZE || dispatch->operation == OPERATION_CHARGE;
}

/* A charge of that payment that is on its way to a PSP and not there yet. */
static const struct flight *coming(const char *payment) {
  for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
    const struct flight *flight = &flights[i];
    if (flight->used && charges(&flight->dispatch) && flight->arrives && !flight->taken &&
        strcmp(flight->dispatch.payment.text, payment) == 0 && !psp_declined(&psp, flight->dispatch.key))
      return flight;
  }
  return NULL;
}

static void encode(const struct dispatch *dispatch, uint8_t *bytes, size_t *length) {
  struct dispatch plain = *dispatch;
  plain.replay = plain.security_code_sent = false;
  struct writer writer = writer_over(bytes, MESSAGE_MAX);
  write_dispatch(&writer, &plain);
  cr_assert_eq(writer_finish(&writer), 0);
  *length = writer_length(&writer);
}

static void check_key(const struct dispatch *dispatch) {
  static uint8_t left[MESSAGE_MAX], right[MESSAGE_MAX];
  size_t left_length, right_length;
  for (unsigned i = 0; i < key_count; i++) {
    if (strcmp(keys[i].key, dispatch->key) != 0)
      continue;
    cr_assert(dispatch->replay, "a key was dispatched twice");
    encode(&keys[i].first, left, &left_length);
    encode(dispatch, right, &right_length);
    cr_assert(left_length == right_length && memcmp(left, right, left_length) == 0, "a replay differs");
    return;
  }
  /* It may be a replay: a router that is killed between commit and send cannot know whether it sent. */
  cr_assert_lt(key_count, KEYS_MAX);
  strcpy(keys[key_count].key, dispatch->key);
  keys[key_count++].first = *dispatch;
}

static void check_charge(const struct dispatch *dispatch) {
  const struct flight *other = coming(dispatch->payment.text);
  const struct book *live = psp_live_book(&psp, dispatch->payment.text);
  if (other)
    cr_assert_str_eq(other->dispatch.key, dispatch->key, "a second attempt while the first may still arrive");
  if (live)
    cr_assert_str_eq(live->key, dispatch->key, "a second attempt while the first is live");
}

static struct flight *free_flight(void) {
  for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
    if (!flights[i].used)
      return &flights[i];
  }
  cr_assert_fail("too many in flight");
  return NULL;
}

/* When it leaves, arrives and is answered, and how that goes wrong. Bytes leave within the timeout; what has
 * left is in the books and visible within the settling time, or never. */
static void plan(struct flight *flight) {
  int64_t timeout_ms = flight->dispatch.timeout_ms;
  int64_t leave_ms = world.now_ms + (int64_t)draw(NULL, chance(20) ? (uint64_t)timeout_ms : 20);
  int64_t travel_ms = (int64_t)draw(NULL, chance(20) ? SETTLING_MS / 2 : 10);
  flight->arrives = true;
  flight->arrive_ms = leave_ms + travel_ms;
  flight->lag_ms = (int64_t)draw(NULL, chance(20) ? SETTLING_MS / 2 : 10);
  flight->reply_ms = flight->arrive_ms + (int64_t)draw(NULL, 30);
  if (chance(4)) {
    flight->refused = true;
    flight->arrives = false;
    flight->reply_ms = world.now_ms;
  } else if (chance(8)) {
    flight->arrives = false;
    flight->phase = PHASE_NOT_SENT;
  } else if (chance(10)) {
    flight->arrives = false;
    flight->phase = chance(50) ? PHASE_SENT_NO_REPLY : PHASE_PARTIAL_REPLY;
  } else if (chance(20)) {
    flight->lose_answer = true;
    flight->phase = chance(50) ? PHASE_SENT_NO_REPLY : PHASE_REPLY; /* PHASE_REPLY: garbage */
  }
  /* Egress gives up at the timeout, and what left may arrive after that. */
  if (flight->reply_ms > world.now_ms + timeout_ms) {
    flight->reply_ms = world.now_ms + timeout_ms;
    if (!flight->phase) {
      flight->phase = PHASE_SENT_NO_REPLY;
      flight->lose_answer = true;
    }
  }
  if (leave_ms > flight->reply_ms)
    flight->reply_ms = leave_ms;
}

static void take_dispatch(const struct effect *effect) {
  struct flight *flight = free_flight();
  memset(flight, 0, offsetof(struct flight, dispatch));
  memset((char *)flight + offsetof(struct flight, refused), 0,
         sizeof *flight - offsetof(struct flight, refused));
  flight->used = flight->answerable = true;
  flight->correlation = effect->correlation;
  flight->dispatch = *effect->dispatch;
  if (flight->dispatch.operation != OPERATION_STATUS)
    check_key(&flight->dispatch);
  if (charges(&flight->dispatch))
    check_charge(&flight->dispatch);
  plan(flight);
}

static void arrive(struct flight *flight) {
  flight->taken = true;
  psp_take(&psp, flight->arrive_ms, flight->lag_ms, &flight->dispatch, &flight->result);
  if (charges(&flight->dispatch))
    cr_assert_leq(psp_live(&psp, flight->dispatch.payment.text), 1, "two live charges");
}

static void reply(struct flight *flight) {
  struct dispatch_result result = flight->result;
  bool answered = flight->taken && !flight->lose_answer;
  if (!answered) {
    memset(&result, 0, sizeof result);
    result.phase = flight->phase ? flight->phase : PHASE_SENT_NO_REPLY;
    result.answer = ANSWER_IS_UNKNOWN;
  }
  flight->answerable = false;
  engine_on_result(world.engine, world.now_ms, flight->correlation,
                   flight->refused ? STATUS_BUSY : STATUS_DONE, flight->refused ? NULL : &result);
}

/* The next thing that happens to a flight, or INT64_MAX. */
static int64_t next_of(const struct flight *flight) {
  int64_t next = INT64_MAX;
  if (flight->used && flight->arrives && !flight->taken)
    next = flight->arrive_ms;
  if (flight->used && flight->answerable && flight->reply_ms < next)
    next = flight->reply_ms;
  return next;
}

static struct flight *next_flight(void) {
  struct flight *next = NULL;
  for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
    if (next_of(&flights[i]) <= world.now_ms && (!next || next_of(&flights[i]) < next_of(next)))
      next = &flights[i];
  }
  return next;
}

/* Everything up to now happens, in the order of its time. */
static void fly(void) {
  struct flight *flight;
  while ((flight = next_flight())) {
    int64_t at_ms = next_of(flight);
    events++;
    psp_pass_time(&psp, at_ms);
    if (flight->arrives && !flight->taken && flight->arrive_ms <= at_ms)
      arrive(flight);
    else
      reply(flight);
    flight->used = flight->answerable || (flight->arrives && !flight->taken);
  }
  psp_pass_time(&psp, world.now_ms);
}

/* The line is gone: what was on it goes on, or is dropped before it left, and is answered to nobody. */
static void cut_line(void) {
  for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
    struct flight *flight = &flights[i];
    if (!flight->used || !flight->answerable)
      continue;
    flight->answerable = false;
    if (!flight->taken && chance(30))
      flight->arrives = false;
    flight->used = flight->arrives && !flight->taken;
  }
}

/* Something that stands in the books now will be told of, some time. */
static void plan_webhook(void) {
  unsigned at = (unsigned)draw(NULL, WEBHOOKS_MAX);
  if (webhooks[at].webhook.number != 0 ||
      !psp_webhook(&psp, world.now_ms, draw(NULL, UINT32_MAX), &webhooks[at].webhook))
    return;
  webhooks[at].webhook.number = ++webhook_count;
  webhooks[at].due_ms = world.now_ms + (int64_t)draw(NULL, chance(50) ? 100 : 60000);
}

/* Each comes again until it is taken, and now and then once more all the same. */
static void deliver_webhooks(void) {
  for (unsigned i = 0; i < WEBHOOKS_MAX; i++) {
    if (webhooks[i].webhook.number == 0 || webhooks[i].due_ms > world.now_ms)
      continue;
    webhooks[i].due_ms = world.now_ms + WEBHOOK_AGAIN_MS;
    engine_on_webhook(world.engine, world.now_ms, &webhooks[i].webhook);
  }
}

static void webhook_taken(const struct webhook_taken *taken) {
  for (unsigned i = 0; i < WEBHOOKS_MAX; i++) {
    if (webhooks[i].webhook.number == taken->number && taken->status == STATUS_DONE && !chance(10))
      webhooks[i].webhook.number = 0;
    webhooks_put_off += webhooks[i].webhook.number == taken->number && taken->status == STATUS_STORAGE;
  }
}

/* ---- The merchant ---- */

static void note_ticket(uint64_t ticket, unsigned request) {
  if (ticket_count == sizeof tickets / sizeof *tickets)
    ticket_count = 0;
  tickets[ticket_count].ticket = ticket;
  tickets[ticket_count++].request = request;
}

static void pay_again(unsigned index) {
  uint64_t ticket = world.next_ticket++;
  note_ticket(ticket, index);
  engine_pay(world.engine, world.now_ms, ticket, &requests[index].request);
}

static void pay_new(void) {
  if (request_count == REQUESTS_MAX)
    return;
  struct payment_request *request = &requests[request_count].request;
  *request = world_request(&world);
  requests[request_count].payment = (struct id){0};
  request->amount.minor = 1 + (int64_t)draw(NULL, 100000);
  request->capture_manual = chance(50);
  request->retry_none = chance(10);
  request->late_void = chance(20);
  request->deadline_ms = (uint32_t)(1000 + draw(NULL, 60000));
  if (chance(30))
    cr_assert_eq(request_fields_set(&request->fields, REQUEST_CUSTOMER_NAME, "Ada Lovelace"), 0);
  if (chance(30)) {
    request->connector_count = 1;
    strcpy(request->connectors[0], "beta");
  }
  pay_again(request_count++);
}

static void move_something(void) {
  struct id *payment = &requests[draw(NULL, request_count)].payment;
  if (payment->text[0] == '\0')
    return;
  enum movement_type type = (enum movement_type)(1 + draw(NULL, 3));
  int64_t amount = type == MOVEMENT_VOID || chance(20) ? 0 : 1 + (int64_t)draw(NULL, 100000);
  struct movement_request request = world_movement(&world, payment, type, amount);
  request.final = chance(50);
  engine_move(world.engine, world.now_ms, world.next_ticket++, &request);
}

/* ---- People ---- */

static const struct book *book_of(const char *key) {
  for (unsigned i = 0; i < psp.book_count; i++) {
    if (strcmp(psp.books[i].key, key) == 0)
      return &psp.books[i];
  }
  return NULL;
}

static bool look_up(const struct id *payment, struct resolution *resolution) {
  char key[STEP_KEY_CAPACITY];
  snprintf(key, sizeof key, "%s_%u", payment->text, resolution->attempt);
  const struct book *book = book_of(key);
  if (book && book->status == BOOK_ACTION)
    return false;
  strcpy(resolution->evidence, "the books");
  resolution->succeeded = book && (book->status == BOOK_AUTHORIZED || book->status == BOOK_CAPTURED);
  if (resolution->succeeded)
    snprintf(resolution->psp_id, sizeof resolution->psp_id, "psp-%u", (unsigned)(book - psp.books));
  return true;
}

/* Somebody looks up in the books what is unresolved and says so. */
static void resolve_something(void) {
  const struct payment *payment;
  const struct id *id = &requests[draw(NULL, request_count)].payment;
  if (id->text[0] == '\0' || engine_payment(world.engine, &world.merchant, id, &payment) != 0)
    return;
  struct resolution_request request = {.payment = *id};
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts[i].step.status == STEP_UNRESOLVED)
      request.resolution.attempt = i + 1;
  }
  if (request.resolution.attempt == 0 || !look_up(id, &request.resolution))
    return;
  request.from = world_movement(&world, id, MOVEMENT_VOID, 0).from;
  engine_resolve(world.engine, world.now_ms, world.next_ticket++, &request);
}

/* ---- The host ---- */

static void take_answer(const struct request_answer *answer) {
  cr_assert_neq(answer->outcome, REQUEST_KEY_REUSED);
  for (unsigned i = 0; i < ticket_count; i++) {
    if (tickets[i].ticket != answer->ticket || answer->outcome != REQUEST_DONE)
      continue;
    struct id *known = &requests[tickets[i].request].payment;
    cr_assert(known->text[0] == '\0' || id_equal(known, &answer->payment), "one key, two payments");
    *known = answer->payment;
  }
}

static void describe(uint64_t correlation) {
  struct token_description description = {.status = TOKEN_ACTIVE};
  strcpy(description.card.bin, "424242");
  strcpy(description.card.last4, "4242");
  description.card.network = NETWORK_VISA;
  engine_on_description(world.engine, world.now_ms, correlation, STATUS_DONE, &description);
}

/* limit: how many effects leave before the router is killed. */
static void drain(unsigned limit) {
  struct effect effect;
  uint64_t asked[256];
  unsigned count = 0;
  for (unsigned taken = 0; taken < limit && count < 256 && engine_next_effect(world.engine, &effect);
       taken++) {
    events++;
    if (effect.type == EFFECT_DISPATCH && !line_is_there)
      engine_on_refused(world.engine, world.now_ms, effect.correlation);
    else if (effect.type == EFFECT_DISPATCH)
      take_dispatch(&effect);
    else if (effect.type == EFFECT_ANSWER)
      take_answer(&effect.answer);
    else if (effect.type == EFFECT_WEBHOOK_TAKEN)
      webhook_taken(&effect.taken);
    else if (effect.type == EFFECT_DESCRIBE)
      asked[count++] = effect.correlation;
  }
  for (unsigned i = 0; i < count; i++)
    describe(asked[i]);
}

static void commit(void) {
  if (engine_commit(world.engine, world.now_ms) < 0)
    failed_commits++;
}

static void crash(void) {
  if (chance(50)) {
    commit();
    drain((unsigned)draw(NULL, PARTIAL_SEND));
  }
  cut_line();
  store_memory_fail_commits(world.store, 0);
  world_restart(&world);
}

static void lose_vault(void) {
  cut_line();
  engine_on_vault(world.engine, world.now_ms, false);
  line_is_there = false;
  commit();
  drain(UINT32_MAX);
  line_is_there = true;
  engine_on_vault(world.engine, world.now_ms, true);
}

static void pass_time(void) {
  int64_t due = engine_due(world.engine);
  world.now_ms += 1 + (int64_t)draw(NULL, chance(10) ? 5000 : 50);
  if (due >= 0 && due <= world.now_ms)
    engine_on_time(world.engine, world.now_ms);
}

static void one_round(void) {
  if (chance(25))
    pay_new();
  if (request_count > 0 && chance(5))
    pay_again((unsigned)draw(NULL, request_count));
  if (request_count > 0 && chance(25))
    move_something();
  for (int i = 0; request_count > 0 && i < 8; i++)
    resolve_something();
  if (chance(50))
    plan_webhook();
  if (chance(2))
    store_memory_fail_commits(world.store, -28);
  if (chance(30))
    store_memory_fail_commits(world.store, 0);
  pass_time();
  if (chance(50))
    deliver_webhooks();
  fly();
  deliver_webhooks();
  if (chance(2)) {
    crash();
    return;
  }
  if (chance(1)) {
    lose_vault();
    return;
  }
  commit();
  drain(UINT32_MAX);
}

/* ---- The end ---- */

static void calm_down(void) {
  faultless = psp.faultless = true;
  store_memory_fail_commits(world.store, 0);
  for (int i = 0; i < 40000; i++) {
    int64_t due = engine_due(world.engine);
    bool near = due >= 0 && due < world.now_ms + 1000;
    world.now_ms += near ? 20 : 500;
    if (due >= 0 && due <= world.now_ms)
      engine_on_time(world.engine, world.now_ms);
    fly();
    deliver_webhooks();
    cr_assert_eq(engine_commit(world.engine, world.now_ms), 0);
    drain(UINT32_MAX);
  }
}

static int64_t sum_received(const struct payment *payment, enum movement_type type) {
  int64_t sum = 0;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->type == type && movement->received)
      sum += movement->step.amount;
  }
  return sum;
}

static void check_money(const struct payment *payment, const struct book *book) {
  cr_assert_eq(payment->amount_captured + sum_received(payment, MOVEMENT_CAPTURE), book->captured);
  cr_assert_eq(payment->amount_refunded + sum_received(payment, MOVEMENT_REFUND), book->refunded);
  cr_assert_eq(payment->amount, book->amount);
  cr_assert_str_eq(payment_live_attempt(payment)->connector, book->connector);
}

static bool void_received(const struct payment *payment) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (payment->movements[i].type == MOVEMENT_VOID && payment->movements[i].received)
      return true;
  }
  return false;
}

static void check_payment(void *context, const struct payment *payment) {
  unsigned *unresolved = context;
  const struct book *book = psp_live_book(&psp, payment->id.text);
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    cr_assert_not(payment->attempts[i].surplus, "a PSP that keeps its word is held to have lied");
    resolved += payment->attempts[i].step.by_person;
  }
  switch (payment->status) {
  case PAYMENT_AUTHORIZED:
    cr_assert(book || void_received(payment));
    if (book)
      check_money(payment, book);
    break;
  case PAYMENT_PARTIALLY_CAPTURED:
  case PAYMENT_CAPTURED:
    cr_assert(book);
    check_money(payment, book);
    break;
  case PAYMENT_VOIDED:
  case PAYMENT_DECLINED:
  case PAYMENT_FAILED:
    cr_assert_null(book, "nothing is to be live");
    break;
  case PAYMENT_REQUIRES_ACTION:
    cr_assert(book && book->status == BOOK_ACTION);
    break;
  case PAYMENT_UNRESOLVED:
    /* Only what the merchant no longer wants, or no customer ends, may stay open. */
    cr_assert(payment->late_void || psp_abandoned(&psp, payment->id.text) ||
              (payment_current_attempt(payment)->step.answer.answer == ANSWER_IS_ACTION &&
               strcmp(payment_current_attempt(payment)->connector, "beta") == 0));
    (*unresolved)++;
    break;
  default:
    cr_assert_fail("still processing");
  }
}

static void check_end(void) {
  struct payment_filter filter = {0};
  struct id last;
  bool more;
  unsigned unresolved = 0;
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 100000, check_payment, &unresolved,
                            &more, &last),
               0);
  cr_assert_not(more);
  cr_assert_eq(psp.violations, 0, "a PSP was asked to move more than there was");
  cr_assert(world_journal_agrees(&world));
}

static void run(uint64_t seed) {
  state = seed * 0x9e3779b97f4a7c15ULL + 1;
  faultless = false;
  key_count = request_count = ticket_count = failed_commits = events = resolved = 0;
  memset(&psp, 0, sizeof psp);
  memset(webhooks, 0, sizeof webhooks);
  webhook_count = webhooks_put_off = 0;
  psp.random = draw;
  flights = calloc(FLIGHTS_MAX, sizeof *flights);
  keys = calloc(KEYS_MAX, sizeof *keys);
  requests = calloc(REQUESTS_MAX, sizeof *requests);
  cr_assert(flights && keys && requests);
  world_open(&world, seed);
  for (int i = 0; i < ROUNDS; i++)
    one_round();
  calm_down();
  check_end();
  cr_assert_gt(events, 8000);
  cr_assert_gt(failed_commits, 10);
  cr_assert_gt(webhook_count, 1000);
  cr_assert_gt(webhooks_put_off, 0);
  cr_assert_gt(resolved, 0);
  cr_assert_gt(request_count, 300);
  world_close(&world);
  free(flights);
  free(keys);
  free(requests);
}

#define FAULTS(seed)                                                                                         \
  Test(faults, seed_##seed, .timeout = 300) {                                                                \
    run(seed);                                                                                               \
  }

FAULTS(1)
FAULTS(2)
FAULTS(3)
FAULTS(4)
FAULTS(5)
FAULTS(6)
FAULTS(7)
FAULTS(8)
FAULTS(9)
FAULTS(10)
FAULTS(11)
FAULTS(12)
FAULTS(13)
FAULTS(14)
FAULTS(15)
FAULTS(16)
