/* A dispatch against a PSP that fails at each of its steps: what is told is the charging step's phase. */
#include "dispatcher.h"
#include "scripted_server.h"
#include "sheet_model.h"
#include "sheet_trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWERS(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define METHOD_MADE ANSWERS("200 OK", "{\"id\":\"pm_1\",\"object\":\"payment_method\",\"type\":\"card\"}")
#define AUTHORIZED                                                                                           \
  ANSWERS("200 OK", "{\"id\":\"pi_1\",\"status\":\"requires_capture\",\"amount\":1234,\"currency\":"         \
                    "\"eur\"}")
#define DECLINED                                                                                             \
  ANSWERS(                                                                                                   \
      "402 Payment Required",                                                                                \
      "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":\"do_not_honor\"}}")

enum { LINE = 3, CORRELATION = 77, TIMEOUT_MS = 600000, US_PER_MS = 1000 };

/* In microseconds: a test that waits so long in vain has failed. */
static const int64_t patience_us = 60000000;

struct outcome {
  unsigned times;
  struct dispatch_result result;
};

/* Its clock goes as the machine's, and on top of that as far as the test lets pass, so that nothing times out
 * on a busy machine but what is to. */
struct bench {
  struct clock clock;
  int64_t passed_us;
  struct loop *loop;
  struct client_pool *pool;
  struct sheet_shelf *shelf;
  struct dispatcher *dispatcher;
  struct scripted_server server;
  struct outcome outcome;
};

static int64_t bench_us(void *context) {
  const struct bench *bench = context;
  return system_clock.monotonic_us(NULL) + bench->passed_us;
}

static void pass(struct bench *bench, int64_t ms) {
  bench->passed_us += ms * US_PER_MS;
}

static void ended(void *owner, uint64_t line, uint64_t correlation, const struct dispatch_result *result) {
  struct outcome *outcome = owner;
  cr_assert_eq(line, LINE);
  cr_assert_eq(correlation, CORRELATION);
  outcome->times++;
  outcome->result = *result;
}

static void begin_with(const char *sheets, uint8_t environment, struct bench *bench,
                       const struct script *scripts, unsigned count) {
  struct shelf_error error;
  memset(bench, 0, sizeof *bench);
  bench->clock = (struct clock){.now_ms = system_clock.now_ms, .monotonic_us = bench_us, .context = bench};
  cr_assert_eq(loop_new(&bench->clock, &bench->loop), 0);
  cr_assert_eq(client_pool_new(bench->loop, &bench->clock, &(struct client_settings){0}, &bench->pool), 0);
  cr_assert_eq(sheet_shelf_open(sheets, &bench->shelf, &error), 0, "%s:%u %s", error.path, error.sheet.line,
               error.sheet.reason);
  struct dispatcher_settings settings = {.loop = bench->loop,
                                         .clock = &bench->clock,
                                         .pool = bench->pool,
                                         .shelf = bench->shelf,
                                         .environment = environment,
                                         .ended = ended,
                                         .owner = &bench->outcome};
  cr_assert_eq(dispatcher_new(&settings, &bench->dispatcher), 0);
  scripted_server_start(&bench->server, scripts, count, NULL);
}

static void begin(struct bench *bench, const struct script *scripts, unsigned count) {
  begin_with(FREEPORT_SHEETS, ENVIRONMENT_TEST, bench, scripts, count);
}

static void end(struct bench *bench) {
  dispatcher_free(bench->dispatcher);
  client_pool_free(bench->pool);
  sheet_shelf_free(bench->shelf);
  loop_free(bench->loop);
  scripted_server_stop(&bench->server);
}

static struct egress_send *make_send(const struct bench *bench, const char *sheet, enum operation operation) {
  struct egress_send *send = malloc(sizeof *send);
  size_t length;
  char *text = trial_sheet_text(sheet, &length);
  *send = trial_send(sheet, operation, true);
  sheet_hash(text, length, send->sheet_hash);
  snprintf(send->base_url, sizeof send->base_url, "http://127.0.0.1:%u", bench->server.port);
  send->timeout_ms = TIMEOUT_MS;
  free(text);
  return send;
}

static void take(struct bench *bench, struct egress_send *send) {
  memset(&bench->outcome, 0, sizeof bench->outcome);
  cr_assert_eq(dispatcher_take(bench->dispatcher, send, LINE, CORRELATION), 0);
  cr_assert_eq(bench->outcome.times, 0, "told within dispatcher_take()");
  free(send);
}

/* Runs the loop until the server has read so many requests. */
static void await_requests(struct bench *bench, unsigned count) {
  int64_t late = system_clock.monotonic_us(NULL) + patience_us;
  while (bench->server.requests < count && system_clock.monotonic_us(NULL) < late)
    cr_assert_eq(loop_round(bench->loop, 5), 0);
  cr_assert_eq(bench->server.requests, count);
}

/* Where the server hangs, the time passes at once. */
static struct dispatch_result await_end(struct bench *bench) {
  int64_t late = system_clock.monotonic_us(NULL) + patience_us;
  while (bench->outcome.times == 0 && system_clock.monotonic_us(NULL) < late) {
    cr_assert_eq(loop_round(bench->loop, 5), 0);
    if (bench->server.hanging > 0 && bench->passed_us == 0)
      pass(bench, TIMEOUT_MS);
  }
  cr_assert_eq(bench->outcome.times, 1);
  cr_assert_eq(dispatcher_outstanding(bench->dispatcher), 0);
  return bench->outcome.result;
}

/* Dispatches send, which is freed, and waits for its end. */
static struct dispatch_result dispatch(struct bench *bench, struct egress_send *send) {
  take(bench, send);
  return await_end(bench);
}

#define NO_ANSWER                                                                                            \
  {                                                                                                          \
    {                                                                                                        \
      { ACTION_READ_REQUEST }                                                                                \
    }                                                                                                        \
  }
#define HANGS                                                                                                \
  {                                                                                                          \
    {                                                                                                        \
      {ACTION_READ_REQUEST}, {                                                                               \
        ACTION_HANG                                                                                          \
      }                                                                                                      \
    }                                                                                                        \
  }
#define SAYS(text)                                                                                           \
  {                                                                                                          \
    {                                                                                                        \
      {ACTION_READ_REQUEST}, {                                                                               \
        ACTION_WRITE, text                                                                                   \
      }                                                                                                      \
    }                                                                                                        \
  }

/* Stripe's two steps, each on a connection of its own. */
static const struct {
  const char *what;
  struct script scripts[2];
  enum phase phase;
  enum answer answer;
  unsigned step, http_status;
  bool code_sent;
} courses[] = {
    {"both answered", {SAYS(METHOD_MADE), SAYS(AUTHORIZED)}, PHASE_REPLY, ANSWER_IS_APPROVED, 2, 200, true},
    {"declined at once", {SAYS(DECLINED)}, PHASE_REPLY, ANSWER_IS_DECLINED, 1, 402, true},
    {"declined in the end",
     {SAYS(METHOD_MADE), SAYS(DECLINED)},
     PHASE_REPLY,
     ANSWER_IS_DECLINED,
     2,
     402,
     true},
    {"closed at the first", {NO_ANSWER}, PHASE_NOT_SENT, ANSWER_IS_UNKNOWN, 1, 0, true},
    {"hung at the first", {HANGS}, PHASE_NOT_SENT, ANSWER_IS_UNKNOWN, 1, 0, true},
    {"half an answer to the first",
     {SAYS("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")},
     PHASE_NOT_SENT,
     ANSWER_IS_UNKNOWN,
     1,
     200,
     true},
    {"garbage to the first",
     {SAYS(ANSWERS("200 OK", "<html>"))},
     PHASE_NOT_SENT,
     ANSWER_IS_UNKNOWN,
     1,
     200,
     true},
    {"an error to the first",
     {SAYS(ANSWERS("500 No", "{}"))},
     PHASE_NOT_SENT,
     ANSWER_IS_UNKNOWN,
     1,
     500,
     true},
    {"closed before the second",
     {SAYS(METHOD_MADE), {{{ACTION_WAIT_MS, NULL, 1}, {ACTION_READ_REQUEST}}}},
     PHASE_SENT_NO_REPLY,
     ANSWER_IS_UNKNOWN,
     2,
     0,
     true},
    {"hung at the second", {SAYS(METHOD_MADE), HANGS}, PHASE_SENT_NO_REPLY, ANSWER_IS_UNKNOWN, 2, 0, true},
    {"half an answer to the second",
     {SAYS(METHOD_MADE), SAYS("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")},
     PHASE_PARTIAL_REPLY,
     ANSWER_IS_UNKNOWN,
     2,
     200,
     true},
    {"garbage to the second",
     {SAYS(METHOD_MADE), SAYS(ANSWERS("200 OK", "<html>"))},
     PHASE_REPLY,
     ANSWER_IS_UNKNOWN,
     2,
     200,
     true},
    {"an error to the second",
     {SAYS(METHOD_MADE), SAYS(ANSWERS("500 No", "{}"))},
     PHASE_REPLY,
     ANSWER_IS_UNKNOWN,
     2,
     500,
     true},
};

Test(dispatcher, the_phase_is_the_charging_steps) {
  for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
    struct bench bench;
    begin(&bench, courses[i].scripts, 2);
    struct dispatch_result got = dispatch(&bench, make_send(&bench, "stripe", OPERATION_AUTHORIZE));
    const char *what = courses[i].what;
    cr_expect_eq(got.phase, courses[i].phase, "%s: %s", what, phase_name(got.phase));
    cr_expect_eq(got.answer, courses[i].answer, "%s: %s", what, answer_name(got.answer));
    cr_expect_eq(got.step, courses[i].step, "%s: step %u", what, got.step);
    cr_expect_eq(got.http_status, courses[i].http_status, "%s: %u", what, got.http_status);
    cr_expect_eq(got.security_code_sent, courses[i].code_sent, "%s", what);
    end(&bench);
  }
}

/* The payment method's id goes from the first step to the second; each has its own key. */
Test(dispatcher, values_are_carried_from_step_to_step) {
  static const struct script scripts[] = {SAYS(METHOD_MADE), SAYS(AUTHORIZED)};
  struct bench bench;
  begin(&bench, scripts, 2);
  struct dispatch_result got = dispatch(&bench, make_send(&bench, "stripe", OPERATION_AUTHORIZE));
  cr_assert_str_eq(answer_fields_get(&got.fields, ANSWER_PSP_ID), "pi_1");
  cr_assert_str_eq(answer_fields_get(&got.fields, ANSWER_AMOUNT), "1234");
  cr_assert_not_null(strstr(bench.server.seen, "payment_method=pm_1"));
  cr_assert_not_null(strstr(bench.server.seen, "Idempotency-Key: " TRIAL_KEY "_1\r\n"));
  cr_assert_not_null(strstr(bench.server.seen, "Idempotency-Key: " TRIAL_KEY "_2\r\n"));
  cr_assert_eq(bench.server.requests, 2);
  end(&bench);
}

Test(dispatcher, a_psp_that_is_not_there_is_not_sent) {
  static const struct script script = NO_ANSWER;
  struct bench bench;
  begin(&bench, &script, 1);
  struct egress_send *send = make_send(&bench, "adyen", OPERATION_CHARGE);
  snprintf(send->base_url, sizeof send->base_url, "http://127.0.0.1:%u", unused_port());
  struct dispatch_result got = dispatch(&bench, send);
  cr_assert_eq(got.phase, PHASE_NOT_SENT);
  cr_assert(!got.security_code_sent);
  end(&bench);
}

/* What cannot be rendered or may not be sent is not sent, and nobody is asked. */
Test(dispatcher, a_wrong_dispatch_reaches_nobody) {
  static const struct script script = HANGS;
  struct bench bench;
  begin(&bench, &script, 1);
  struct egress_send *sends[8];
  unsigned count = 0;
  for (; count < 6; count++)
    sends[count] = make_send(&bench, "adyen", OPERATION_CHARGE);
  sends[0]->sheet_hash[5] ^= 1;
  strcpy(sends[1]->sheet, "nosuch");
  sends[2]->environment = ENVIRONMENT_LIVE;
  sends[3]->credential_count = 0;
  snprintf(sends[4]->base_url, sizeof sends[4]->base_url, "http://user@127.0.0.1:%u", bench.server.port);
  sends[5]->has_card = false;
  sends[count] = make_send(&bench, "adyen", OPERATION_STATUS); /* Adyen has none */
  sends[count++]->asked_about = OPERATION_CHARGE;
  for (unsigned i = 0; i < count; i++) {
    struct dispatch_result got = dispatch(&bench, sends[i]);
    cr_expect_eq(got.phase, PHASE_NOT_SENT, "%u", i);
    cr_expect_eq(got.answer, ANSWER_IS_UNKNOWN, "%u", i);
  }
  cr_assert_eq(bench.server.accepted, 0);
  end(&bench);
}

/* A live egress sends no test card anywhere. */
Test(dispatcher, another_environments_dispatch_reaches_nobody) {
  static const struct script script = HANGS;
  struct bench bench;
  begin_with(FREEPORT_SHEETS, ENVIRONMENT_LIVE, &bench, &script, 1);
  struct dispatch_result got = dispatch(&bench, make_send(&bench, "adyen", OPERATION_CHARGE));
  cr_expect_eq(got.phase, PHASE_NOT_SENT);
  cr_assert_eq(bench.server.accepted, 0);
  end(&bench);
}

/* The time is for all steps together: the second has what the first has left of it. */
Test(dispatcher, the_timeout_is_for_the_whole) {
  static const struct script scripts[] = {
      {{{ACTION_READ_REQUEST}, {ACTION_AWAIT_GATE}, {ACTION_WRITE, METHOD_MADE}}},
      {{{ACTION_READ_REQUEST}, {ACTION_HANG}}}};
  struct bench bench;
  begin(&bench, scripts, 2);
  take(&bench, make_send(&bench, "stripe", OPERATION_AUTHORIZE));
  await_requests(&bench, 1);
  pass(&bench, TIMEOUT_MS / 2);
  bench.server.gate = true;
  await_requests(&bench, 2);
  cr_assert_eq(bench.outcome.times, 0);
  pass(&bench, TIMEOUT_MS / 2);
  struct dispatch_result got = await_end(&bench);
  cr_assert_eq(got.phase, PHASE_SENT_NO_REPLY, "%s", phase_name(got.phase));
  cr_assert_eq(got.step, 2);
  end(&bench);
}

Test(dispatcher, an_echo_is_dropped_and_the_outcome_stands) {
  static const char *const echoes[] = {TRIAL_CARD, "4242 4242 4242 4242",
                                       "NDI0MjQyNDI0MjQyNDI0Mg==", ("code " TRIAL_CODE)};
  for (size_t i = 0; i < sizeof echoes / sizeof *echoes; i++) {
    char answer[512];
    snprintf(
        answer, sizeof answer,
        ANSWERS("402 No",
                "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"message\":\"for %s\"}}"),
        echoes[i]);
    struct script script = SAYS(answer);
    struct bench bench;
    begin(&bench, &script, 1);
    struct dispatch_result got = dispatch(&bench, make_send(&bench, "stripe", OPERATION_AUTHORIZE));
    cr_expect_eq(got.answer, ANSWER_IS_DECLINED);
    cr_expect_eq(got.scrubbed, 1, "%s", echoes[i]);
    cr_expect_null(answer_fields_get(&got.fields, ANSWER_MESSAGE), "%s", echoes[i]);
    cr_expect_str_eq(answer_fields_get(&got.fields, ANSWER_CODE), "card_declined");
    end(&bench);
  }
}

/* A page of a list with one entry, on a connection that stays. */
static void make_page(char *text, size_t capacity, const char *id) {
  char body[200];
  snprintf(body, sizeof body,
           "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"%s\",\"status\":\"canceled\"}]}", id);
  snprintf(text, capacity, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
}

static char one[300], other[300];

static struct script list_without_end(void) {
  make_page(one, sizeof one, "pi_a");
  make_page(other, sizeof other, "pi_b");
  return (struct script){{{ACTION_READ_REQUEST},
                          {ACTION_WRITE, one},
                          {ACTION_READ_REQUEST},
                          {ACTION_WRITE, other},
                          {ACTION_REPEAT}}};
}

/* A list that never ends is not read for ever. */
Test(dispatcher, a_list_without_end_is_given_up) {
  struct script script = list_without_end();
  struct bench bench;
  begin(&bench, &script, 1);
  struct egress_send *send = make_send(&bench, "stripe", OPERATION_STATUS);
  struct dispatch_result got = dispatch(&bench, send);
  cr_assert_eq(got.phase, PHASE_REPLY);
  cr_assert_eq(got.answer, ANSWER_IS_UNKNOWN);
  cr_assert_eq(bench.server.requests, SHEET_LIST_PAGES_MAX);
  end(&bench);
}

/* Puts what after the first place where text has anchor; there is room. */
static void insert_after(char *text, const char *anchor, const char *what) {
  char *at = strstr(text, anchor);
  cr_assert_not_null(at, "%s", anchor);
  at += strlen(anchor);
  memmove(at + strlen(what), at, strlen(at) + 1);
  memcpy(at, what, strlen(what));
}

/* Stripe's sheet, but that a list which ends in nothing is followed by another. */
static void make_sheet_of_two_lists(const char *path, uint8_t ret_hash[SHEET_HASH_BYTES]) {
  size_t length;
  char *text = trial_sheet_text("stripe", &length);
  cr_assert_not_null(text = realloc(text, length + 1000));
  insert_after(text,
               "  intents_listed:\n    list: {items: data, match: metadata.reference, more: has_more, "
               "cursor: id, pages: 50}\n    outcome:\n",
               "      - {http: 200, found: false, is: next}\n");
  insert_after(text, "          answer: intents_listed\n",
               "        - method: GET\n          path: /setup_intents\n          query: {starting_after: "
               "\"{cursor}\"}\n          answer: setup_intents_listed\n");
  sheet_hash(text, strlen(text), ret_hash);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  free(text);
}

/* Whatever its sheet has read, a dispatch ends. */
Test(dispatcher, lists_after_one_another_are_given_up) {
  char directory[] = "/tmp/freeport-sheets-XXXXXX", path[64];
  uint8_t hash[SHEET_HASH_BYTES];
  cr_assert_not_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/stripe.yaml", directory);
  make_sheet_of_two_lists(path, hash);
  struct script script = list_without_end();
  struct bench bench;
  begin_with(directory, ENVIRONMENT_TEST, &bench, &script, 1);
  struct egress_send *send = make_send(&bench, "stripe", OPERATION_STATUS);
  memcpy(send->sheet_hash, hash, sizeof hash);
  struct dispatch_result got = dispatch(&bench, send);
  cr_assert_eq(got.phase, PHASE_REPLY);
  cr_assert_eq(got.answer, ANSWER_IS_UNKNOWN);
  cr_assert_eq(bench.server.requests, DISPATCH_REQUESTS_MAX);
  end(&bench);
  unlink(path);
  rmdir(directory);
}

/* Egress was stopped, or the line was full: the router has long been told that its fate is unknown, and what
 * was found absent must not be charged afterwards. */
Test(dispatcher, what_comes_too_late_is_not_sent) {
  static const struct script script = {{{ACTION_READ_REQUEST}, {ACTION_HANG}}};
  struct bench bench;
  begin(&bench, &script, 1);
  struct egress_send *send = make_send(&bench, "adyen", OPERATION_CHARGE);
  send->deadline_us = bench_us(&bench) - 1;
  struct dispatch_result got = dispatch(&bench, send);
  cr_assert_eq(got.phase, PHASE_NOT_SENT);
  cr_assert_eq(bench.server.accepted, 0);
  end(&bench);
}

Test(dispatcher, what_is_outstanding_is_bounded) {
  static const struct script script = HANGS;
  struct bench bench;
  begin(&bench, &script, 1);
  struct egress_send *send = make_send(&bench, "adyen", OPERATION_CHARGE);
  for (int i = 0; i < DISPATCHES_MAX; i++)
    cr_assert_eq(dispatcher_take(bench.dispatcher, send, LINE, CORRELATION), 0);
  cr_assert_eq(dispatcher_take(bench.dispatcher, send, LINE, CORRELATION), -EBUSY);
  pass(&bench, TIMEOUT_MS);
  int64_t late = system_clock.monotonic_us(NULL) + patience_us;
  while (bench.outcome.times < DISPATCHES_MAX && system_clock.monotonic_us(NULL) < late)
    cr_assert_eq(loop_round(bench.loop, 5), 0);
  cr_assert_eq(bench.outcome.times, DISPATCHES_MAX);
  cr_assert_eq(dispatcher_outstanding(bench.dispatcher), 0);
  free(send);
  end(&bench);
}
