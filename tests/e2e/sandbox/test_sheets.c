/* The sheets, through the sheet engine and real sockets, on the sandbox: what each operation asks is what
 * that PSP takes, and what it answers is read for what it is. Operations that the published descriptions lack
 * are held to this alone. */
#include "dispatcher.h"
#include "sheet_trial.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PSPS = 3, REPLY_CAPACITY = 65536, SEEN_AFTER_MS = 80 };

static const char *const names[PSPS] = {"stripe", "adyen", "checkout"};
enum { CHECKOUT = 2 }; /* among them */

struct bench {
  char directory[64];
  pid_t sandbox;
  uint16_t http, own[PSPS];
  struct loop *loop;
  struct client_pool *pool;
  struct sheet_shelf *shelf;
  struct dispatcher *dispatcher;
  unsigned ended;
  struct dispatch_result result;
};

static struct bench bench;

static void ended(void *owner, uint64_t line, uint64_t correlation, const struct dispatch_result *result) {
  (void)owner, (void)line, (void)correlation;
  bench.ended++;
  bench.result = *result;
}

static void run_sandbox(int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  close(3); /* no control line */
  execl(FREEPORT_SANDBOX, "freeport-sandbox", "--data", bench.directory, "--port", "0", "--listen",
        "stripe=0", "--listen", "adyen=0", "--listen", "checkout=0", NULL);
  _exit(127);
}

static uint16_t read_port(FILE *output) {
  char name[40];
  unsigned port = 0;
  cr_assert_eq(fscanf(output, "%39s http://127.0.0.1:%u", name, &port), 2, "freeport-sandbox did not start");
  return (uint16_t)port;
}

static void start_sandbox(void) {
  int ends[2];
  strcpy(bench.directory, "/tmp/freeport-sheets-XXXXXX");
  cr_assert_not_null(mkdtemp(bench.directory));
  cr_assert_eq(pipe(ends), 0);
  bench.sandbox = fork();
  if (bench.sandbox == 0)
    run_sandbox(ends[1]);
  close(ends[1]);
  FILE *output = fdopen(ends[0], "r");
  bench.http = read_port(output);
  for (int i = 0; i < PSPS; i++)
    bench.own[i] = read_port(output);
  fclose(output);
}

static void begin(void) {
  struct shelf_error error;
  start_sandbox();
  cr_assert_eq(loop_new(&system_clock, &bench.loop), 0);
  cr_assert_eq(client_pool_new(bench.loop, &system_clock, &(struct client_settings){0}, &bench.pool), 0);
  cr_assert_eq(sheet_shelf_open(FREEPORT_SHEETS, &bench.shelf, &error), 0);
  struct dispatcher_settings settings = {.loop = bench.loop,
                                         .clock = &system_clock,
                                         .pool = bench.pool,
                                         .shelf = bench.shelf,
                                         .environment = ENVIRONMENT_TEST,
                                         .ended = ended};
  cr_assert_eq(dispatcher_new(&settings, &bench.dispatcher), 0);
}

static void end(void) {
  char command[128];
  dispatcher_free(bench.dispatcher);
  client_pool_free(bench.pool);
  sheet_shelf_free(bench.shelf);
  loop_free(bench.loop);
  kill(bench.sandbox, SIGTERM);
  int status = -1;
  waitpid(bench.sandbox, &status, 0);
  cr_expect_eq(status, 0);
  snprintf(command, sizeof command, "rm -r %s", bench.directory);
  cr_expect_eq(system(command), 0);
}

TestSuite(sheets, .init = begin, .fini = end, .timeout = 60);

/* One request to the sandbox's own paths. Returns the answer's body, which the caller frees. */
static char *control(const char *method, const char *path, const char *body) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(bench.http), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char *reply = calloc(1, REPLY_CAPACITY);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  int length = snprintf(reply, REPLY_CAPACITY,
                        "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                        method, path, strlen(body), body);
  cr_assert_eq(write(fd, reply, (size_t)length), length);
  size_t got = 0;
  for (ssize_t more; (more = read(fd, reply + got, REPLY_CAPACITY - 1 - got)) > 0;)
    got += (size_t)more;
  close(fd);
  reply[got] = '\0';
  cr_assert(strncmp(reply, "HTTP/1.1 200", 12) == 0, "%s", reply);
  char *text = strdup(strstr(reply, "\r\n\r\n") + 4);
  free(reply);
  return text;
}

static void behave(int psp, const char *behaviour) {
  char path[64];
  snprintf(path, sizeof path, "/_sandbox/%s/behaviour", names[psp]);
  free(control("PUT", path, behaviour));
}

/* The books of a PSP. The caller lets go of them. */
static json_t *books(int psp) {
  char path[64];
  snprintf(path, sizeof path, "/_sandbox/%s/charges", names[psp]);
  char *text = control("GET", path, "");
  json_t *charges = json_loads(text, 0, NULL);
  free(text);
  cr_assert(json_is_array(charges));
  return charges;
}

static void expect_book(int psp, size_t index, const char *status, int captured, int refunded) {
  json_t *charges = books(psp), *charge = json_array_get(charges, index);
  cr_expect_str_eq(json_string_value(json_object_get(charge, "status")), status, "%s", names[psp]);
  cr_expect_eq(json_integer_value(json_object_get(charge, "amount_captured")), captured, "%s", names[psp]);
  cr_expect_eq(json_integer_value(json_object_get(charge, "amount_refunded")), refunded, "%s", names[psp]);
  json_decref(charges);
}

static struct egress_send prepare(int psp, enum operation operation, const char *key, bool maximal) {
  struct egress_send send = trial_send(names[psp], operation, maximal);
  size_t length;
  char *text = trial_sheet_text(names[psp], &length);
  sheet_hash(text, length, send.sheet_hash);
  free(text);
  snprintf(send.base_url, sizeof send.base_url, "http://127.0.0.1:%u/%s", bench.own[psp], names[psp]);
  snprintf(send.key, sizeof send.key, "%s", key);
  if (operation != OPERATION_AUTHORIZE && operation != OPERATION_CHARGE && operation != OPERATION_VERIFY)
    trial_unset(&send, REQUEST_PSP_ID);
  return send;
}

static struct dispatch_result dispatch(const struct egress_send *send) {
  bench.ended = 0;
  cr_assert_eq(dispatcher_take(bench.dispatcher, send, 0, 1), 0);
  int64_t late = system_clock.monotonic_us(NULL) + 60000000;
  while (bench.ended == 0 && system_clock.monotonic_us(NULL) < late)
    cr_assert_eq(loop_round(bench.loop, 100), 0);
  cr_assert_eq(bench.ended, 1);
  return bench.result;
}

static void expect(int psp, const char *what, const struct dispatch_result *got, enum answer answer) {
  const char *message = answer_fields_get(&got->fields, ANSWER_MESSAGE);
  const char *code = answer_fields_get(&got->fields, ANSWER_CODE);
  cr_assert_eq(got->answer, answer, "%s %s: %s, %s, HTTP %u, code %s, %s", names[psp], what,
               phase_name(got->phase), answer_name(got->answer), got->http_status, code == NULL ? "-" : code,
               message == NULL ? "-" : message);
  cr_assert_eq(got->phase, PHASE_REPLY);
}

static const char *field(const struct dispatch_result *got, enum answer_field name) {
  const char *value = answer_fields_get(&got->fields, name);
  return value == NULL ? "" : value;
}

/* Pays, and gives the PSP's id to ret_id. */
static void pay(int psp, enum operation operation, const char *key, bool maximal, char ret_id[64]) {
  struct egress_send send = prepare(psp, operation, key, maximal);
  struct dispatch_result got = dispatch(&send);
  expect(psp, key, &got, operation == OPERATION_CHARGE ? ANSWER_IS_CAPTURED : ANSWER_IS_APPROVED);
  cr_expect_str_eq(field(&got, ANSWER_REFERENCE), key, "%s", names[psp]);
  cr_expect(strlen(field(&got, ANSWER_NETWORK_TRANSACTION_ID)) == 15, "%s %s: no network transaction id",
            names[psp], key);
  snprintf(ret_id, 64, "%s", field(&got, ANSWER_PSP_ID));
  cr_expect(ret_id[0] != '\0');
}

static struct dispatch_result move(int psp, enum operation operation, const char *key, const char *id,
                                   int64_t amount) {
  struct egress_send send = prepare(psp, operation, key, true);
  trial_set(&send, REQUEST_PSP_ID, id);
  send.amount.minor = amount;
  return dispatch(&send);
}

static struct dispatch_result ask(int psp, enum operation about, const char *key, const char *id) {
  struct egress_send send = prepare(psp, OPERATION_STATUS, key, false);
  char now[24];
  snprintf(now, sizeof now, "%lld", (long long)time(NULL));
  trial_set(&send, REQUEST_STARTED_AT, now);
  send.asked_about = about;
  if (id != NULL)
    trial_set(&send, REQUEST_PSP_ID, id);
  return dispatch(&send);
}

static void wait_until_seen(void) {
  nanosleep(&(struct timespec){.tv_nsec = SEEN_AFTER_MS * 1000000L}, NULL);
}

static const enum answer moved[PSPS] = {ANSWER_IS_APPROVED, ANSWER_IS_RECEIVED, ANSWER_IS_RECEIVED};

Test(sheets, authorize_capture_refund_void) {
  for (int psp = 0; psp < PSPS; psp++)
    for (int maximal = 0; maximal < 2; maximal++) {
      char id[64];
      size_t index = (size_t)maximal * 2;
      pay(psp, OPERATION_AUTHORIZE, maximal ? "pay_B_1" : "pay_A_1", maximal, id);
      expect_book(psp, index, "authorized", 0, 0);
      struct dispatch_result got = move(psp, OPERATION_CAPTURE, maximal ? "mov_B1_1" : "mov_A1_1", id, 1000);
      expect(psp, "capture", &got, moved[psp]);
      got = move(psp, OPERATION_REFUND, maximal ? "mov_B2_1" : "mov_A2_1", id, 300);
      expect(psp, "refund", &got, moved[psp]);
      expect_book(psp, index, "captured", 1000, 300);
      pay(psp, OPERATION_AUTHORIZE, maximal ? "pay_D_1" : "pay_C_1", maximal, id);
      got = move(psp, OPERATION_VOID, maximal ? "mov_D1_1" : "mov_C1_1", id, 1234);
      expect(psp, "void", &got, moved[psp]);
      expect_book(psp, index + 1, "voided", 0, 0);
    }
}

static const char *code_check(int psp, const char *key, const char *code) {
  static struct dispatch_result got;
  struct egress_send send = prepare(psp, OPERATION_CHARGE, key, false);
  snprintf(send.code.digits, sizeof send.code.digits, "%s", code);
  got = dispatch(&send);
  return field(&got, ANSWER_CVC_CHECK);
}

Test(sheets, a_code_matches_only_when_one_was_sent) {
  static const char *const none[PSPS] = {"", "not_provided", "not_checked"};
  static const char *const wrong_code[PSPS] = {"incorrect_cvc", "24", "200N7"};
  static const char *const when_wrong[PSPS] = {"", "no_match",
                                               "no_match"}; /* Stripe's refusal names no check */
  for (int psp = 0; psp < PSPS; psp++) {
    cr_expect_str_eq(code_check(psp, "pay_A_1", ""), none[psp], "%s", names[psp]);
    cr_expect_str_eq(code_check(psp, "pay_B_1", "737"), "match", "%s", names[psp]);
    char decline[64];
    snprintf(decline, sizeof decline, "{\"decline\":\"%s\"}", wrong_code[psp]);
    behave(psp, decline);
    cr_expect_str_eq(code_check(psp, "pay_C_1", "737"), when_wrong[psp], "%s", names[psp]);
    cr_expect_str_eq(code_check(psp, "pay_D_1", ""), none[psp], "%s", names[psp]);
  }
}

Test(sheets, charge_and_verify) {
  for (int psp = 0; psp < PSPS; psp++)
    for (int maximal = 0; maximal < 2; maximal++) {
      char id[64];
      pay(psp, OPERATION_CHARGE, maximal ? "pay_B_1" : "pay_A_1", maximal, id);
      expect_book(psp, (size_t)maximal, "captured", 1234, 0);
      pay(psp, OPERATION_VERIFY, maximal ? "ver_B_1" : "ver_A_1", maximal, id);
      json_t *charges = books(psp);
      cr_expect_eq(json_array_size(charges), (size_t)maximal + 1, "%s: a verification is no charge",
                   names[psp]);
      json_decref(charges);
    }
}

Test(sheets, what_is_too_much_is_refused) {
  for (int psp = 0; psp < PSPS; psp++) {
    char id[64];
    pay(psp, OPERATION_AUTHORIZE, "pay_A_1", false, id);
    struct dispatch_result got = move(psp, OPERATION_CAPTURE, "mov_A_1", id, 1235);
    expect(psp, "capture above authorized", &got, ANSWER_IS_REJECTED);
    got = move(psp, OPERATION_CAPTURE, "mov_B_1", id, 1234);
    expect(psp, "capture", &got, moved[psp]);
    got = move(psp, OPERATION_REFUND, "mov_C_1", id, 1235);
    expect(psp, "refund above captured", &got, ANSWER_IS_REJECTED);
    expect_book(psp, 0, "captured", 1234, 0);
  }
}

Test(sheets, declines) {
  static const struct {
    const char *behaviour, *code, *network_code, *advice_code;
  } wanted[PSPS] = {
      {"{\"decline\":\"insufficient_funds\",\"advice_code\":\"24\"}", "insufficient_funds", "51", "24"},
      {"{\"decline\":\"12\",\"advice_code\":\"24\"}", "12", "51", "24"},
      {"{\"decline\":\"20051\",\"network_code\":\"51\",\"advice_code\":\"24\"}", "20051", "51", "24"}};
  for (int psp = 0; psp < PSPS; psp++) {
    behave(psp, wanted[psp].behaviour);
    struct egress_send send = prepare(psp, OPERATION_AUTHORIZE, "pay_A_1", false);
    struct dispatch_result got = dispatch(&send);
    expect(psp, "decline", &got, ANSWER_IS_DECLINED);
    cr_expect_str_eq(field(&got, ANSWER_CODE), wanted[psp].code);
    cr_expect_str_eq(field(&got, ANSWER_NETWORK_CODE), wanted[psp].network_code);
    cr_expect_str_eq(field(&got, ANSWER_ADVICE_CODE), wanted[psp].advice_code);
    expect_book(psp, 0, "declined", 0, 0);
  }
}

/* Adyen has no question: it is asked by the same dispatch again. */
static const int asked[] = {0, 2};

Test(sheets, questions_about_attempts) {
  for (int i = 0; i < 2; i++) {
    int psp = asked[i];
    char authorized[64], charged[64];
    pay(psp, OPERATION_AUTHORIZE, "pay_A_1", false, authorized);
    pay(psp, OPERATION_CHARGE, "pay_B_1", false, charged);
    wait_until_seen();
    struct dispatch_result got = ask(psp, OPERATION_AUTHORIZE, "pay_A_1", NULL);
    expect(psp, "by reference", &got, ANSWER_IS_APPROVED);
    cr_expect_str_eq(field(&got, ANSWER_PSP_ID), authorized);
    got = ask(psp, OPERATION_CHARGE, "pay_B_1", NULL);
    expect(psp, "a charge by reference", &got, ANSWER_IS_CAPTURED);
    got = ask(psp, OPERATION_CHARGE, "pay_B_1", charged);
    expect(psp, "a charge by id", &got, ANSWER_IS_CAPTURED);
    cr_expect_str_eq(field(&got, ANSWER_AMOUNT_CAPTURED), "1234");
    got = ask(psp, OPERATION_AUTHORIZE, "pay_C_1", NULL);
    expect(psp, "what never came", &got, ANSWER_IS_ABSENT);
    behave(psp, "{\"fault\":\"status_404\"}");
    got = ask(psp, OPERATION_AUTHORIZE, "pay_C_1", NULL);
    expect(psp, "a 404", &got, ANSWER_IS_UNKNOWN);
    behave(psp, "{\"fault\":\"status_403\"}");
    got = ask(psp, OPERATION_AUTHORIZE, "pay_A_1", NULL);
    expect(psp, "a 403", &got, ANSWER_IS_UNKNOWN);
  }
}

Test(sheets, questions_about_verifications) {
  for (int i = 0; i < 2; i++) {
    int psp = asked[i];
    char id[64];
    pay(psp, OPERATION_VERIFY, "ver_A_1", false, id);
    struct dispatch_result got = ask(psp, OPERATION_VERIFY, "ver_A_1", NULL);
    expect(psp, "by reference", &got, ANSWER_IS_APPROVED);
    got = ask(psp, OPERATION_VERIFY, "ver_A_1", id);
    expect(psp, "by id", &got, ANSWER_IS_APPROVED);
    got = ask(psp, OPERATION_VERIFY, "ver_B_1", NULL);
    expect(psp, "what never came", &got, ANSWER_IS_ABSENT);
  }
}

Test(sheets, questions_about_movements) {
  for (int i = 0; i < 2; i++) {
    int psp = asked[i];
    char id[64], other[64];
    pay(psp, OPERATION_AUTHORIZE, "pay_A_1", false, id);
    pay(psp, OPERATION_AUTHORIZE, "pay_B_1", false, other);
    struct dispatch_result got = ask(psp, OPERATION_CAPTURE, "mov_A_1", id);
    expect(psp, "a capture that never came", &got, ANSWER_IS_ABSENT);
    got = move(psp, OPERATION_CAPTURE, "mov_A_1", id, 1000);
    got = move(psp, OPERATION_REFUND, "mov_B_1", id, 10);
    got = move(psp, OPERATION_VOID, "mov_C_1", other, 1234);
    wait_until_seen();
    got = ask(psp, OPERATION_CAPTURE, "mov_A_1", id);
    expect(psp, "a capture", &got, ANSWER_IS_CAPTURED);
    got = ask(psp, OPERATION_REFUND, "mov_B_1", id);
    expect(psp, "a refund", &got, ANSWER_IS_REFUNDED);
    got = ask(psp, OPERATION_REFUND, "mov_D_1", id);
    expect(psp, "a refund that never came", &got, ANSWER_IS_ABSENT);
    got = ask(psp, OPERATION_VOID, "mov_C_1", other);
    expect(psp, "a void", &got, ANSWER_IS_VOIDED);
  }
}

static void capture_a_part(const char *key, const char *id, int64_t amount, const char *final,
                           enum answer answer) {
  struct egress_send send = prepare(CHECKOUT, OPERATION_CAPTURE, key, true);
  trial_set(&send, REQUEST_PSP_ID, id);
  trial_set(&send, REQUEST_FINAL, final);
  send.amount.minor = amount;
  struct dispatch_result got = dispatch(&send);
  expect(CHECKOUT, key, &got, answer);
}

Test(sheets, several_captures_and_a_void_of_the_rest) {
  char id[64], other[64];
  pay(CHECKOUT, OPERATION_AUTHORIZE, "pay_A_1", false, id);
  capture_a_part("mov_A_1", id, 400, "false", ANSWER_IS_RECEIVED);
  capture_a_part("mov_B_1", id, 100, "false", ANSWER_IS_RECEIVED);
  struct dispatch_result got = move(CHECKOUT, OPERATION_VOID, "mov_C_1", id, 734);
  expect(CHECKOUT, "a void of the rest", &got, ANSWER_IS_RECEIVED);
  wait_until_seen();
  got = ask(CHECKOUT, OPERATION_CAPTURE, "mov_A_1", id);
  expect(CHECKOUT, "a part", &got, ANSWER_IS_CAPTURED);
  got = ask(CHECKOUT, OPERATION_VOID, "mov_C_1", id);
  expect(CHECKOUT, "a void of the rest", &got, ANSWER_IS_VOIDED);
  got = ask(CHECKOUT, OPERATION_AUTHORIZE, "pay_A_1", id);
  expect(CHECKOUT, "a payment captured in part", &got, ANSWER_IS_CAPTURED);
  expect_book(CHECKOUT, 0, "captured", 500, 0);
  capture_a_part("mov_D_1", id, 1, "true", ANSWER_IS_UNKNOWN);
  pay(CHECKOUT, OPERATION_AUTHORIZE, "pay_B_1", false, other);
  capture_a_part("mov_E_1", other, 400, "true", ANSWER_IS_RECEIVED);
  capture_a_part("mov_F_1", other, 100, "true", ANSWER_IS_UNKNOWN);
  expect_book(CHECKOUT, 1, "captured", 400, 0);
}

Test(sheets, faults_have_their_phase) {
  static const struct {
    const char *fault;
    enum phase phase;
    size_t booked;
  } faults[] = {{"refuse", PHASE_NOT_SENT, 0},           {"reset_before", PHASE_SENT_NO_REPLY, 0},
                {"reset_after", PHASE_SENT_NO_REPLY, 1}, {"hang_before", PHASE_SENT_NO_REPLY, 0},
                {"hang_after", PHASE_SENT_NO_REPLY, 1},  {"http_500_before", PHASE_REPLY, 0},
                {"http_500_after", PHASE_REPLY, 1}};
  for (int psp = 0; psp < PSPS; psp++) {
    size_t booked = 0;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
      char behaviour[64], key[32];
      snprintf(behaviour, sizeof behaviour, "{\"fault\":\"%s\"}", faults[i].fault);
      snprintf(key, sizeof key, "pay_%zu_1", i);
      behave(psp, behaviour);
      struct egress_send send = prepare(psp, OPERATION_AUTHORIZE, key, false);
      if (strncmp(faults[i].fault, "hang", 4) == 0)
        send.timeout_ms = 2000;
      struct dispatch_result got = dispatch(&send);
      cr_expect_eq(got.phase, faults[i].phase, "%s %s: %s", names[psp], faults[i].fault,
                   phase_name(got.phase));
      cr_expect_eq(got.answer, ANSWER_IS_UNKNOWN, "%s %s: %s", names[psp], faults[i].fault,
                   answer_name(got.answer));
      json_t *charges = books(psp);
      booked += faults[i].booked;
      cr_expect_eq(json_array_size(charges), booked, "%s %s", names[psp], faults[i].fault);
      json_decref(charges);
    }
  }
}

Test(sheets, garbage_is_never_an_answer) {
  for (int psp = 0; psp < PSPS; psp++) {
    behave(psp, "{\"fault\":\"garbage_after\"}");
    for (int i = 0; i < 2; i++) {
      struct egress_send send = prepare(psp, OPERATION_CHARGE, i == 0 ? "pay_A_1" : "pay_B_1", false);
      struct dispatch_result got = dispatch(&send);
      cr_expect(got.phase == PHASE_PARTIAL_REPLY || got.phase == PHASE_REPLY, "%s", phase_name(got.phase));
      cr_expect_eq(got.answer, ANSWER_IS_UNKNOWN);
    }
    expect_book(psp, 1, "captured", 1234, 0);
  }
}

Test(sheets, the_same_dispatch_again_finds_the_charge) {
  for (int psp = 0; psp < PSPS; psp++) {
    behave(psp, "{\"fault\":\"reset_after\"}");
    struct egress_send send = prepare(psp, OPERATION_AUTHORIZE, "pay_A_1", true);
    struct dispatch_result got = dispatch(&send);
    cr_expect_eq(got.phase, PHASE_SENT_NO_REPLY);
    behave(psp, "{}");
    got = dispatch(&send);
    expect(psp, "replay", &got, ANSWER_IS_APPROVED);
    json_t *charges = books(psp);
    cr_expect_eq(json_array_size(charges), 1, "%s", names[psp]);
    json_decref(charges);
  }
}
