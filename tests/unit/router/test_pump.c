/* Deliveries: order, backing off, dead letters, and that no crash loses an event. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_signature.h"
#include "pump.h"
#include "world.h"

enum { SENT_AT_MOST = 65536, S = 1000 };

/* An attempt as notify was given it. */
struct attempt_made {
  uint64_t number; /* 0: it has ended */
  char url[WEBHOOK_URL_CAPACITY];
  struct id event;
  char signatures[DELIVERY_SIGNATURES_CAPACITY];
  int64_t timestamp_s;
  uint64_t sequence;
  char object[ID_CAPACITY];
  enum event_type type;
};

static struct world world;
static struct pump *pump;
static struct pump_options options;
static struct attempt_made *made;
static unsigned made_count;
static bool notify_full;

static int body(void *context, const struct entry_events *events, unsigned index, char **ret_text,
                size_t *ret_length) {
  char text[128];
  (void)context;
  snprintf(text, sizeof text, "%lu %d %s", events->sequence, (int)events->events[index].type,
           events->object.text);
  *ret_text = strdup(text);
  *ret_length = strlen(text);
  return *ret_text ? 0 : -ENOMEM;
}

static int take(void *context, uint64_t number, const struct delivery_head *head, const void *bytes) {
  struct attempt_made *attempt = &made[made_count];
  char text[128] = "";
  int type;
  (void)context;
  if (notify_full)
    return -EAGAIN;
  cr_assert_lt(made_count, SENT_AT_MOST);
  cr_assert_lt(head->length, sizeof text);
  memcpy(text, bytes, head->length);
  cr_assert_eq(sscanf(text, "%lu %d %39s", &attempt->sequence, &type, attempt->object), 3);
  attempt->type = (enum event_type)type;
  attempt->number = number;
  attempt->event = head->id;
  attempt->timestamp_s = head->timestamp_s;
  strcpy(attempt->url, head->url);
  strcpy(attempt->signatures, head->signatures);
  made_count++;
  return 0;
}

static void start_pump(void) {
  options.ledger = world.ledger;
  options.draws = world.draws;
  options.send = take;
  options.body = body;
  cr_assert_eq(pump_new(&options, world.now_ms, &pump), 0);
  pump_on_line(pump, world.now_ms, true);
}

static void setup(void) {
  world_open(&world, 11);
  made = calloc(SENT_AT_MOST, sizeof *made);
  cr_assert_not_null(made);
  start_pump();
}

static void teardown(void) {
  pump_free(pump);
  world_close(&world);
  free(made);
}

TestSuite(pump, .init = setup, .fini = teardown, .timeout = 120);

/* ---- A host of a few lines ---- */

static int commit(void) {
  if (pump_wants_commit(pump, world.now_ms) && pump_put(pump, world.now_ms) < 0)
    ledger_spoil(world.ledger, -EIO);
  int r = engine_commit(world.engine, world.now_ms);
  pump_committed(pump, world.now_ms, r == 0);
  return r;
}

/* Rounds until the pump wants none now. */
static void settle(void) {
  for (unsigned i = 0;
       i < 10000 && pump_due(pump, world.now_ms) >= 0 && pump_due(pump, world.now_ms) <= world.now_ms; i++) {
    pump_run(pump, world.now_ms);
    (void)commit();
  }
}

static void pass(int64_t ms) {
  int64_t end_ms = world.now_ms + ms, due;
  settle();
  while ((due = pump_due(pump, world.now_ms)) >= 0 && due <= end_ms) {
    world.now_ms = due > world.now_ms ? due : world.now_ms + 1;
    settle();
  }
  world.now_ms = end_ms;
}

static struct id make_endpoint(const char *url, event_type_set types) {
  struct endpoint_record record = {.merchant = world.merchant, .created_ms = world.now_ms, .types = types};
  struct journal_head head = {.at_ms = world.now_ms, .actor = world.actor};
  struct delivery_progress progress = {0};
  record.id = draw_id(&world.draws, "whk", world.now_ms);
  strcpy(record.url, url);
  memset(record.secret, 3, sizeof record.secret);
  cr_assert_eq(ledger_endpoint_put(world.ledger, &head, ENDPOINT_MADE, &record, &progress.sequence), 0);
  cr_assert_eq(ledger_progress_put(world.ledger, &world.merchant, &record.id, &progress), 0);
  cr_assert_eq(pump_on_endpoint(pump, world.now_ms, &world.merchant, &record.id), 0);
  cr_assert_eq(commit(), 0);
  return record.id;
}

static void change_endpoint(const struct id *id, enum endpoint_change change, enum endpoint_status status) {
  struct endpoint_record record;
  struct journal_head head = {.at_ms = world.now_ms, .actor = world.actor};
  uint64_t sequence;
  cr_assert_eq(ledger_endpoint_get(world.ledger, &world.merchant, id, &record), 0);
  record.status = status;
  cr_assert_eq(ledger_endpoint_put(world.ledger, &head, change, &record, &sequence), 0);
  cr_assert_eq(pump_on_endpoint(pump, world.now_ms, &world.merchant, id), 0);
  cr_assert_eq(commit(), 0);
}

static enum endpoint_status status_of(const struct id *id) {
  struct endpoint_record record;
  cr_assert_eq(ledger_endpoint_get(world.ledger, &world.merchant, id, &record), 0);
  return record.status;
}

/* A manual payment, authorized. */
static struct id authorize(void) {
  struct payment_request request = world_request(&world);
  request.capture_manual = true;
  world.now_ms++;
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  return world_newest(&world);
}

/* Two events more: capture.succeeded and a status. */
static void capture(const struct id *payment, int64_t amount) {
  struct movement_request movement = world_movement(&world, payment, MOVEMENT_CAPTURE, amount);
  movement.final = false;
  (void)world_move(&world, &movement);
  world_approve(&world, ANSWER_IS_APPROVED);
}

static void end_attempt(struct attempt_made *attempt, enum delivery_outcome outcome, unsigned status) {
  struct delivery_attempt end = {.outcome = outcome, .http_status = (uint16_t)status};
  uint64_t number = attempt->number;
  attempt->number = 0;
  pump_on_attempt(pump, world.now_ms, number, &end);
}

/* The newest attempt under way about that object at that URL; NULL: any. */
static struct attempt_made *under_way(const char *object, const char *url) {
  for (unsigned i = made_count; i > 0; i--) {
    struct attempt_made *attempt = &made[i - 1];
    if (attempt->number && (!object || strcmp(attempt->object, object) == 0) &&
        (!url || strcmp(attempt->url, url) == 0))
      return attempt;
  }
  return NULL;
}

/* Takes all that comes, but what is about `but` (or NULL). */
static void take_all(const char *but) {
  bool again = true;
  while (again) {
    again = false;
    settle();
    for (unsigned i = 0; i < made_count; i++) {
      if (made[i].number && (!but || strcmp(made[i].object, but) != 0)) {
        end_attempt(&made[i], DELIVERY_TAKEN, 200);
        again = true;
      }
    }
  }
}

static unsigned count_of(const struct id *event) {
  unsigned count = 0;
  for (unsigned i = 0; i < made_count; i++)
    count += id_equal(&made[i].event, event);
  return count;
}

/* ---- Order ---- */

Test(pump, the_events_of_a_payment_go_one_after_another_and_others_go_on) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  struct id first = authorize(), second = authorize();
  capture(&first, 100);
  capture(&second, 100);
  settle();
  cr_assert_eq(made_count, 2, "one of each payment is under way, %u", made_count);
  end_attempt(under_way(first.text, NULL), DELIVERY_ANSWERED, 500);
  take_all(first.text);
  cr_assert_eq(made_count, 4, "the other payment's went");
  for (unsigned i = 0; i < made_count; i++)
    cr_expect_null(under_way(first.text, NULL), "what failed waits, and all behind it");
  pass(6 * S);
  cr_assert_eq(made_count, 5);
  cr_assert(id_equal(&made[4].event, &made[0].event) || id_equal(&made[4].event, &made[1].event));
  take_all(NULL);
  cr_assert_eq(made_count, 7);
  cr_expect_eq(made[4].type, EVENT_PAYMENT_AUTHORIZED);
  cr_expect_eq(made[5].type, EVENT_PAYMENT_PARTIALLY_CAPTURED);
  cr_expect_eq(made[6].type, EVENT_CAPTURE_SUCCEEDED);
  cr_expect_eq(made[5].sequence, made[6].sequence);
}

Test(pump, an_endpoint_gets_what_it_wants_and_what_came_after_it) {
  (void)authorize();
  (void)make_endpoint("https://captures.example/", 1ULL << EVENT_CAPTURE_SUCCEEDED);
  struct id payment = authorize();
  capture(&payment, 100);
  take_all(NULL);
  cr_assert_eq(made_count, 1);
  cr_expect_eq(made[0].type, EVENT_CAPTURE_SUCCEEDED);
}

Test(pump, other_merchants_events_go_nowhere) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  struct id mine = world.merchant;
  world.merchant = draw_id(&world.draws, "mer", world.now_ms);
  world_publish(&world, "otherwise route alpha");
  (void)authorize();
  world.merchant = mine;
  take_all(NULL);
  cr_expect_eq(made_count, 0);
}

Test(pump, nothing_is_told_before_it_is_durable) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  struct payment_request request = world_request(&world);
  (void)world_pay(&world, &request);
  struct sent *sent = world_outstanding(&world);
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_APPROVED);
  engine_on_result(world.engine, world.now_ms, sent->correlation, STATUS_DONE, &result);
  sent->correlation = 0;
  cr_assert(ledger_pending(world.ledger));
  pump_run(pump, world.now_ms);
  cr_expect_eq(made_count, 0);
  take_all(NULL);
  (void)world_round(&world);
  take_all(NULL);
  cr_expect_eq(made_count, 1);
}

/* ---- Backing off ---- */

Test(pump, a_failed_event_is_tried_by_the_schedule_and_becomes_a_dead_letter) {
  static const int64_t waits_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
  struct id endpoint = make_endpoint("https://down.example/", EVERY_EVENT_TYPE);
  struct id payment = authorize();
  struct delivery_row row;
  settle();
  for (unsigned i = 0; i < sizeof waits_s / sizeof *waits_s; i++) {
    cr_assert_eq(made_count, i + 1);
    end_attempt(under_way(payment.text, NULL), DELIVERY_ANSWERED, 500);
    pass(waits_s[i] * S - 1);
    cr_assert_eq(made_count, i + 1, "not before its time");
    for (int64_t end_ms = world.now_ms + waits_s[i] * S / 5 + 2; made_count < i + 2 && world.now_ms < end_ms;)
      pass(1);
    cr_assert_eq(made_count, i + 2, "within a fifth of it: %u", i);
    cr_expect_eq(ledger_delivery_next(world.ledger, &world.merchant, &endpoint, DELIVERY_DEAD, NULL, &row),
                 LEDGER_ABSENT);
  }
  end_attempt(under_way(payment.text, NULL), DELIVERY_TIMEOUT, 0);
  pass(S);
  cr_assert_eq(ledger_delivery_next(world.ledger, &world.merchant, &endpoint, DELIVERY_DEAD, NULL, &row), 0);
  cr_expect_eq(row.attempts, 10);
  cr_expect_eq(row.outcome, DELIVERY_TIMEOUT);
  cr_expect_eq(ledger_delivery_next(world.ledger, &world.merchant, &endpoint, DELIVERY_WAITING, NULL, &row),
               LEDGER_ABSENT);
  cr_expect_eq(pump_counts(pump).held, 0);
  for (unsigned i = 1; i < made_count; i++)
    cr_expect(id_equal(&made[0].event, &made[i].event));
}

Test(pump, an_endpoints_health_is_told) {
  struct id endpoint = make_endpoint("https://down.example/", EVERY_EVENT_TYPE);
  struct endpoint_health health;
  struct id payment = authorize();
  settle();
  cr_assert(pump_endpoint_health(pump, &world.merchant, &endpoint, &health));
  cr_expect(health.last_success_ms == 0 && health.failures == 0 && health.waiting == 1 && !health.behind);
  end_attempt(under_way(payment.text, NULL), DELIVERY_ANSWERED, 500);
  cr_assert(pump_endpoint_health(pump, &world.merchant, &endpoint, &health));
  cr_expect(health.last_success_ms == 0 && health.failures == 1 && health.waiting == 1);
  while (made_count < 2)
    pass(S);
  end_attempt(under_way(payment.text, NULL), DELIVERY_TAKEN, 200);
  cr_assert(pump_endpoint_health(pump, &world.merchant, &endpoint, &health));
  cr_expect_eq(health.last_success_ms, world.now_ms);
  cr_expect(health.failures == 0 && health.waiting == 0);
  cr_expect_not(pump_endpoint_health(pump, &endpoint, &endpoint, &health), "another merchant's");
}

static void use_short_schedule(void) {
  pump_free(pump);
  options.schedule_count = 2;
  options.schedule_ms[0] = options.schedule_ms[1] = S;
  start_pump();
}

Test(pump, dead_letters_are_sent_again_when_asked_for) {
  use_short_schedule();
  struct id endpoint = make_endpoint("https://down.example/", EVERY_EVENT_TYPE);
  struct id payment = authorize();
  capture(&payment, 10);
  for (unsigned i = 0; i < 9; i++) {
    settle();
    end_attempt(under_way(payment.text, NULL), DELIVERY_CLOSED, 0);
    pass(2 * S);
  }
  cr_expect_eq(pump_counts(pump).dead, 3);
  struct id died = made[0].event;
  cr_assert_eq(count_of(&died), 3);
  unsigned count;
  bool more;
  struct event_key key = event_key_of(world.ledger);
  struct event_place place;
  int64_t at_ms;
  cr_assert_eq(event_id_read(&key, &died, &place, &at_ms), 0);
  cr_assert_eq(pump_redeliver(pump, world.now_ms, &world.merchant, &endpoint, &place, &count, &more), 0);
  cr_assert_eq(commit(), 0);
  cr_expect_eq(count, 1);
  cr_expect_not(more);
  take_all(NULL);
  cr_expect_eq(count_of(&died), 4);
  cr_assert_eq(pump_redeliver(pump, world.now_ms, &world.merchant, &endpoint, NULL, &count, &more), 0);
  cr_assert_eq(commit(), 0);
  cr_expect_eq(count, 2);
  take_all(NULL);
  pass(S);
  struct delivery_row row;
  cr_expect_eq(ledger_delivery_next(world.ledger, &world.merchant, &endpoint, DELIVERY_DEAD, NULL, &row),
               LEDGER_ABSENT);
  cr_expect_eq(ledger_delivery_next(world.ledger, &world.merchant, &endpoint, DELIVERY_WAITING, NULL, &row),
               LEDGER_ABSENT);
}

/* ---- One endpoint harms no other ---- */

Test(pump, an_endpoint_that_hangs_holds_nobody_up) {
  enum { PAYMENTS = ENDPOINT_HELD_MAX + 2 * EVENTS_PER_ENTRY_MAX };
  (void)make_endpoint("https://hangs.example/", EVERY_EVENT_TYPE);
  (void)make_endpoint("https://good.example/", EVERY_EVENT_TYPE);
  unsigned good = 0, hanging = 0;
  for (unsigned i = 0; i < PAYMENTS; i++) {
    (void)authorize();
    settle();
    struct attempt_made *attempt;
    while ((attempt = under_way(NULL, "https://good.example/"))) {
      end_attempt(attempt, DELIVERY_TAKEN, 204);
      settle();
      good++;
    }
  }
  for (unsigned i = 0; i < made_count; i++)
    hanging += strcmp(made[i].url, "https://hangs.example/") == 0;
  cr_expect_eq(good, PAYMENTS);
  cr_expect_eq(hanging, ENDPOINT_OUTSTANDING_MAX);
  cr_expect_leq(pump_counts(pump).held, ENDPOINT_HELD_MAX + EVENTS_PER_ENTRY_MAX);
}

/* As many as one merchant may have, each with more to take than it is given at once. */
Test(pump, endpoints_that_hang_together_leave_places_for_others) {
  char url[64];
  (void)make_endpoint("https://good.example/", EVERY_EVENT_TYPE);
  for (unsigned i = 0; i < ENDPOINTS_PER_MERCHANT; i++) {
    snprintf(url, sizeof url, "https://hangs%u.example/", i);
    (void)make_endpoint(url, EVERY_EVENT_TYPE);
  }
  for (unsigned i = 0; i < 2 * ENDPOINT_OUTSTANDING_MAX; i++)
    (void)authorize();
  settle();
  unsigned good = 0;
  for (struct attempt_made *attempt; (attempt = under_way(NULL, "https://good.example/")); good++) {
    end_attempt(attempt, DELIVERY_TAKEN, 204);
    settle();
  }
  cr_expect_eq(good, 2 * ENDPOINT_OUTSTANDING_MAX);
  cr_expect_lt(pump_counts(pump).outstanding, NOTIFY_OUTSTANDING_MAX - 2 * ENDPOINT_OUTSTANDING_MAX);
}

/* All that may be held for all endpoints is held for some that hang. */
Test(pump, endpoints_that_hang_leave_room_in_memory) {
  enum { HANGING = PUMP_HELD_MAX / ENDPOINT_HELD_MAX };
  unsigned good = 0;
  (void)make_endpoint("https://good.example/", EVERY_EVENT_TYPE);
  for (unsigned i = 0; i < HANGING; i++)
    (void)make_endpoint("https://hangs.example/", EVERY_EVENT_TYPE);
  for (unsigned i = 0; i < ENDPOINT_HELD_MAX + 100; i++) {
    (void)authorize();
    settle();
    for (struct attempt_made *attempt; (attempt = under_way(NULL, "https://good.example/")); good++) {
      end_attempt(attempt, DELIVERY_TAKEN, 204);
      settle();
    }
  }
  cr_expect_eq(good, ENDPOINT_HELD_MAX + 100);
  cr_expect_geq(pump_counts(pump).held, PUMP_HELD_MAX);
}

/* What has heaped up while the line was away goes in small runs, between which payments have their turn. */
Test(pump, a_heap_goes_in_small_runs) {
  for (unsigned i = 0; i < 8; i++)
    (void)make_endpoint("https://good.example/", EVERY_EVENT_TYPE);
  pump_on_line(pump, world.now_ms, false);
  for (unsigned i = 0; i < ENDPOINT_OUTSTANDING_MAX; i++)
    (void)authorize();
  settle();
  pump_on_line(pump, world.now_ms, true);
  unsigned runs = 0;
  for (; pump_due(pump, world.now_ms) == 0; runs++) {
    unsigned before = made_count;
    pump_run(pump, world.now_ms);
    cr_expect_leq(made_count - before, PUMP_SENDS);
  }
  cr_expect_gt(made_count, 2 * PUMP_SENDS);
  cr_expect_lt(runs, made_count);
}

Test(pump, every_endpoint_has_its_turn) {
  char url[64];
  for (unsigned i = 0; i < 3 * PUMP_SENDS / 2; i++) {
    snprintf(url, sizeof url, "https://good%u.example/", i);
    (void)make_endpoint(url, EVERY_EVENT_TYPE);
  }
  pump_on_line(pump, world.now_ms, false);
  for (unsigned i = 0; i < 4; i++)
    (void)authorize();
  settle();
  pump_on_line(pump, world.now_ms, true);
  for (unsigned run = 0; run < 2; run++) {
    pump_run(pump, world.now_ms);
    for (unsigned i = 0; i < made_count; i++) {
      if (made[i].number)
        end_attempt(&made[i], DELIVERY_TAKEN, 200);
    }
  }
  for (unsigned i = 0; i < 3 * PUMP_SENDS / 2; i++) {
    unsigned count = 0;
    snprintf(url, sizeof url, "https://good%u.example/", i);
    for (unsigned k = 0; k < made_count; k++)
      count += strcmp(made[k].url, url) == 0;
    cr_expect_geq(count, 1, "%s", url);
  }
}

Test(pump, what_fails_gets_one_attempt_at_once_and_all_when_it_answers_again) {
  (void)make_endpoint("https://down.example/", EVERY_EVENT_TYPE);
  for (unsigned i = 0; i < 40; i++)
    (void)authorize();
  settle();
  cr_assert_eq(made_count, ENDPOINT_OUTSTANDING_MAX);
  for (unsigned i = 0; i < ENDPOINT_OUTSTANDING_MAX; i++)
    end_attempt(&made[i], DELIVERY_NO_CONNECTION, 0);
  settle();
  cr_expect_eq(made_count, ENDPOINT_OUTSTANDING_MAX, "it is down: nothing goes for a while");
  pass(5 * S + 1);
  cr_expect_eq(made_count, ENDPOINT_OUTSTANDING_MAX + 1);
  end_attempt(under_way(NULL, NULL), DELIVERY_TAKEN, 200);
  take_all(NULL);
  cr_expect_eq(pump_counts(pump).taken, 40, "what waited for another try goes as well");
}

Test(pump, an_endpoint_that_took_nothing_for_days_is_disabled_and_that_is_told_of) {
  struct id down = make_endpoint("https://down.example/", 1ULL << EVENT_PAYMENT_AUTHORIZED);
  (void)make_endpoint("https://good.example/", 1ULL << EVENT_ENDPOINT_DISABLED);
  int64_t begin_ms = world.now_ms;
  for (unsigned i = 0; i < 7 * 8640 && status_of(&down) == ENDPOINT_ENABLED; i++) {
    if (i % 8640 == 0)
      (void)authorize();
    for (struct attempt_made *attempt; (attempt = under_way(NULL, "https://down.example/")) != NULL; settle())
      end_attempt(attempt, DELIVERY_ANSWERED, 503);
    pass(10 * S);
  }
  cr_expect_geq(world.now_ms - begin_ms, DISABLE_AFTER_MS);
  cr_assert_eq(status_of(&down), ENDPOINT_FAILING);
  take_all(NULL);
  struct attempt_made *last = &made[made_count - 1];
  cr_expect_str_eq(last->url, "https://good.example/");
  cr_expect_eq(last->type, EVENT_ENDPOINT_DISABLED);
  cr_expect_str_eq(last->object, down.text);
  unsigned before = made_count;
  (void)authorize();
  take_all(NULL);
  cr_expect_eq(made_count, before, "nothing goes to it");
  change_endpoint(&down, ENDPOINT_CHANGED, ENDPOINT_ENABLED);
  take_all(NULL);
  cr_expect_gt(made_count, before, "and it goes on where it stopped");
  cr_expect_eq(pump_counts(pump).held, 0);
}

Test(pump, gone_disables_at_once) {
  struct id endpoint = make_endpoint("https://gone.example/", EVERY_EVENT_TYPE);
  (void)authorize();
  settle();
  end_attempt(under_way(NULL, NULL), DELIVERY_ANSWERED, 410);
  pass(S);
  cr_expect_eq(status_of(&endpoint), ENDPOINT_GONE);
}

/* ---- Signing ---- */

Test(pump, a_secret_that_was_replaced_signs_too_for_a_day) {
  struct id endpoint = make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  struct endpoint_record record;
  cr_assert_eq(ledger_endpoint_get(world.ledger, &world.merchant, &endpoint, &record), 0);
  (void)authorize();
  take_all(NULL);
  memcpy(record.secret_before, record.secret, sizeof record.secret);
  memset(record.secret, 4, sizeof record.secret);
  record.secret_before_until_ms = world.now_ms + SECRET_OVERLAP_MS;
  struct journal_head head = {.at_ms = world.now_ms};
  uint64_t sequence;
  cr_assert_eq(ledger_endpoint_put(world.ledger, &head, ENDPOINT_SECRET_ROTATED, &record, &sequence), 0);
  cr_assert_eq(pump_on_endpoint(pump, world.now_ms, &world.merchant, &endpoint), 0);
  cr_assert_eq(commit(), 0);
  (void)authorize();
  take_all(NULL);
  world.now_ms += SECRET_OVERLAP_MS;
  (void)authorize();
  take_all(NULL);
  cr_assert_eq(made_count, 3);
  for (unsigned i = 0; i < 3; i++) {
    char text[128], now[SIGNATURE_CAPACITY], before[SIGNATURE_CAPACITY], wanted[SIGNATURES_CAPACITY];
    snprintf(text, sizeof text, "%lu %d %s", made[i].sequence, (int)made[i].type, made[i].object);
    event_sign(record.secret, sizeof record.secret, made[i].event.text, made[i].timestamp_s, text,
               strlen(text), now);
    event_sign(record.secret_before, sizeof record.secret, made[i].event.text, made[i].timestamp_s, text,
               strlen(text), before);
    snprintf(wanted, sizeof wanted, "%s%s%s", i == 0 ? before : now, i == 1 ? " " : "", i == 1 ? before : "");
    cr_expect_str_eq(made[i].signatures, wanted, "%u", i);
  }
}

/* ---- Lines that break, stores that fail ---- */

Test(pump, what_was_under_way_on_a_lost_line_is_sent_again) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  (void)authorize();
  settle();
  cr_assert_eq(made_count, 1);
  pump_on_line(pump, world.now_ms, false);
  settle();
  cr_assert_eq(made_count, 1);
  pump_on_line(pump, world.now_ms, true);
  settle();
  cr_assert_eq(made_count, 2);
  cr_expect(id_equal(&made[0].event, &made[1].event));
  end_attempt(&made[0], DELIVERY_TAKEN, 200); /* the old line's: of no meaning now */
  cr_expect_eq(pump_counts(pump).taken, 0);
  end_attempt(&made[1], DELIVERY_TAKEN, 200);
  cr_expect_eq(pump_counts(pump).taken, 1);
  cr_expect_eq(pump_counts(pump).outstanding, 0);
}

Test(pump, a_busy_notify_is_asked_again_and_counts_no_attempt) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  (void)authorize();
  settle();
  uint64_t number = made[0].number;
  made[0].number = 0;
  pump_on_attempt(pump, world.now_ms, number, NULL);
  settle();
  cr_expect_eq(made_count, 1);
  pass(S);
  cr_assert_eq(made_count, 2);
  notify_full = true;
  (void)authorize();
  pass(S);
  cr_expect_eq(made_count, 2);
  notify_full = false;
  pass(S);
  take_all(NULL);
  cr_expect_eq(pump_counts(pump).taken, 2);
  cr_expect_eq(pump_counts(pump).failed, 0);
}

/* ---- Restarts ---- */

/* The events in order, of all that the merchant has; what must arrive. */
static unsigned list_events(struct id *ret_ids, uint64_t after, unsigned capacity) {
  struct event_key key = event_key_of(world.ledger);
  unsigned count = 0;
  for (uint64_t at = after + 1; at <= ledger_durable(world.ledger); at++) {
    struct entry_events events;
    cr_assert_eq(events_at(world.ledger, at, &events, NULL), 0);
    for (unsigned i = 0; i < events.count && count < capacity; i++) {
      struct event_place place = {at, events.events[i].type, events.events[i].subject};
      ret_ids[count++] = event_id_of(&key, &place, events.at_ms);
    }
    events_free(&events);
  }
  return count;
}

static unsigned drawn(unsigned below) {
  uint64_t value;
  world.draws.fill(world.draws.context, &value, sizeof value);
  return (unsigned)(value % below);
}

static void crash(void) {
  pump_free(pump);
  world_restart(&world);
  for (unsigned i = 0; i < made_count; i++)
    made[i].number = 0;
  start_pump();
}

static void go_on(struct id *payments, unsigned *count) {
  if (*count < 24 && drawn(2) == 0)
    payments[(*count)++] = authorize();
  else if (*count > 0)
    capture(&payments[drawn(*count)], 1 + drawn(20));
}

/* What was taken, event by event, and that each was taken in its payment's order: an event that is taken for
 * the first time comes after all that are earlier. */
static struct {
  char object[ID_CAPACITY];
  uint64_t sequence;
} taken_upto[64];

static void expect_in_order(const struct attempt_made *attempt) {
  unsigned i = 0;
  while (taken_upto[i].object[0] && strcmp(taken_upto[i].object, attempt->object) != 0)
    i++;
  strcpy(taken_upto[i].object, attempt->object);
  if (attempt->sequence > taken_upto[i].sequence)
    taken_upto[i].sequence = attempt->sequence;
}

static bool first_time(const struct attempt_made *attempt, const struct id *taken, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (id_equal(&taken[i], &attempt->event))
      return false;
  }
  return true;
}

static void restart_at_every_commit(unsigned seed, bool failing_commits) {
  static struct id payments[24], expected[8192], taken[8192];
  unsigned payment_count = 0, taken_count = 0, crashes = 0;
  world.random = seed;
  memset(taken_upto, 0, sizeof taken_upto);
  use_short_schedule();
  options.schedule_count = 16; /* so that nothing dies meanwhile */
  for (unsigned i = 0; i < 16; i++)
    options.schedule_ms[i] = 100;
  crash();
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  uint64_t from = ledger_durable(world.ledger);
  for (unsigned step = 0; step < 900; step++) {
    if (step < 500 && drawn(3) == 0)
      go_on(payments, &payment_count);
    if (failing_commits)
      store_memory_fail_commits(world.store, step < 700 && drawn(5) == 0 ? -ENOSPC : 0);
    pump_run(pump, world.now_ms);
    (void)commit();
    if (failing_commits)
      store_memory_fail_commits(world.store, 0);
    for (unsigned i = 0; i < made_count; i++) {
      if (!made[i].number || drawn(2) == 0)
        continue;
      bool good = step > 700 || drawn(3) > 0;
      if (good && first_time(&made[i], taken, taken_count)) {
        for (unsigned k = 0; taken_upto[k].object[0]; k++)
          cr_expect(strcmp(taken_upto[k].object, made[i].object) != 0 ||
                        taken_upto[k].sequence <= made[i].sequence,
                    "out of order");
        expect_in_order(&made[i]);
        taken[taken_count++] = made[i].event;
      }
      end_attempt(&made[i], good ? DELIVERY_TAKEN : DELIVERY_ANSWERED, good ? 200 : 500);
    }
    if (step < 700 && drawn(6) == 0) {
      crash();
      crashes++;
    }
    world.now_ms += drawn(400);
  }
  for (unsigned i = 0; i < 100; i++) {
    take_all(NULL);
    pass(S);
  }
  unsigned count = list_events(expected, from, 8192);
  cr_expect_gt(crashes, 50);
  cr_expect_gt(count, 80);
  for (unsigned i = 0; i < count; i++)
    cr_expect_gt(count_of(&expected[i]), 0, "event %u of %u was never sent", i, count);
  cr_expect_eq(pump_counts(pump).held, 0);
  struct delivery_row row;
  struct id none = {0};
  struct endpoint_record record;
  cr_assert_eq(ledger_endpoint_next(world.ledger, &none, &none, &record), 0);
  cr_expect_eq(ledger_delivery_next(world.ledger, &world.merchant, &record.id, DELIVERY_WAITING, NULL, &row),
               LEDGER_ABSENT);
}

Test(pump, no_crash_loses_an_event_or_an_order) {
  for (unsigned seed = 1; seed <= 6; seed++) {
    restart_at_every_commit(seed, false);
    teardown();
    made_count = 0;
    setup();
  }
}

Test(pump, no_failing_store_loses_an_event_or_an_order) {
  for (unsigned seed = 21; seed <= 26; seed++) {
    restart_at_every_commit(seed, true);
    teardown();
    made_count = 0;
    setup();
  }
}

/* A restart does not send again what was taken long ago. */
Test(pump, progress_is_kept) {
  (void)make_endpoint("https://shop.example/", EVERY_EVENT_TYPE);
  for (unsigned i = 0; i < 30; i++)
    (void)authorize();
  take_all(NULL);
  pass(S);
  unsigned before = made_count;
  crash();
  take_all(NULL);
  pass(S);
  cr_expect_eq(made_count, before);
  (void)authorize();
  take_all(NULL);
  cr_expect_eq(made_count, before + 1);
}

Test(pump, a_deleted_endpoint_leaves_nothing) {
  struct id endpoint = make_endpoint("https://down.example/", EVERY_EVENT_TYPE);
  (void)authorize();
  settle();
  end_attempt(under_way(NULL, NULL), DELIVERY_CLOSED, 0);
  struct endpoint_record record;
  struct journal_head head = {.at_ms = world.now_ms};
  uint64_t sequence;
  pass(S);
  (void)authorize();
  settle();
  cr_assert_eq(ledger_endpoint_get(world.ledger, &world.merchant, &endpoint, &record), 0);
  cr_assert_eq(ledger_endpoint_put(world.ledger, &head, ENDPOINT_DELETED, &record, &sequence), 0);
  cr_assert_eq(pump_on_endpoint(pump, world.now_ms, &world.merchant, &endpoint), 0);
  cr_assert_eq(commit(), 0);
  pass(10 * S);
  struct view key, value;
  cr_expect_eq(store_next(world.store, LEDGER_DELIVERIES, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_expect_eq(store_next(world.store, LEDGER_ENDPOINTS, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_expect_eq(pump_counts(pump).endpoints, 0);
}
