/* The real freeport-egress between a vault that is hostile and a PSP that is. */
#include "certificates.h"
#include "client.h"
#include "egress_vault.h"
#include "scripted_server.h"
#include "sheet_trial.h"
#include "spawn.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CARD "4242427391058264"
#define CODE "9183"

enum { REPLY_MS = 30000, QUIET_MS = 150, OUTSTANDING = 1024 };

struct stage {
  struct spawned egress;
  int vault;
  struct scripted_server psp;
};

static const char *const arguments[] = {"--environment", "test", "--sheets", FREEPORT_SHEETS, NULL};

static void begin(struct stage *stage, const struct script *scripts, unsigned count) {
  scripted_server_start(&stage->psp, scripts, count, NULL);
  spawn_start(&stage->egress, "freeport-egress", arguments, NULL);
  stage->vault = spawn_connect(&stage->egress, "vault");
  spawn_wait_ready(&stage->egress);
}

static void end(struct stage *stage) {
  cr_expect_eq(spawn_stop(&stage->egress), 0);
  close(stage->vault);
  scripted_server_stop(&stage->psp);
}

/* A charge of the canary card at Adyen, whose PSP is the stage's. */
static struct egress_send *make_send(const struct stage *stage, const char *sheet, enum operation operation) {
  struct egress_send *send = malloc(sizeof *send);
  size_t length;
  char *text = trial_sheet_text(sheet, &length);
  *send = trial_send(sheet, operation, true);
  sheet_hash(text, length, send->sheet_hash);
  snprintf(send->base_url, sizeof send->base_url, "http://127.0.0.1:%u", stage->psp.port);
  if (send->has_card) {
    strcpy(send->card.number, CARD);
    strcpy(send->code.digits, CODE);
    strcpy(send->bin, "42424273");
    strcpy(send->last4, "8264");
  }
  send->timeout_ms = 20000;
  free(text);
  return send;
}

static size_t make_message(uint8_t message[MESSAGE_MAX], uint8_t type, uint64_t correlation,
                           const struct egress_send *send) {
  struct writer writer = writer_over(message + MESSAGE_HEADER, MESSAGE_MAX - MESSAGE_HEADER);
  write_egress_send(&writer, send);
  cr_assert_eq(writer_finish(&writer), 0);
  struct writer header = writer_over(message, MESSAGE_HEADER);
  write_u8(&header, MESSAGE_VERSION);
  write_u8(&header, type);
  write_u16(&header, 0);
  write_u32(&header, (uint32_t)writer_length(&writer));
  write_u64(&header, correlation);
  return MESSAGE_HEADER + writer_length(&writer);
}

static void push(int vault, uint64_t correlation, const struct egress_send *request) {
  uint8_t message[MESSAGE_MAX];
  size_t length = make_message(message, EV_SEND, correlation, request);
  cr_assert_eq(send(vault, message, length, 0), (ssize_t)length);
}

struct reply {
  size_t length;
  uint8_t bytes[MESSAGE_MAX];
  uint64_t correlation;
  enum status status;
  struct dispatch_result result;
};

/* Receives one reply and reads it as the vault does. Returns false when the line was closed. */
static bool receive(int vault, struct reply *reply) {
  struct pollfd watched = {.fd = vault, .events = POLLIN};
  cr_assert_eq(poll(&watched, 1, REPLY_MS), 1, "no reply");
  ssize_t length = recv(vault, reply->bytes, sizeof reply->bytes, 0);
  if (length <= 0)
    return false;
  reply->length = (size_t)length;
  struct reader reader = reader_over(reply->bytes, reply->length);
  cr_assert_eq(read_u8(&reader), MESSAGE_VERSION);
  cr_assert_eq(read_u8(&reader), EV_SEND | REPLY_BIT, "egress asked for something");
  cr_assert_eq(read_u16(&reader), 0);
  cr_assert_eq(read_u32(&reader), reply->length - MESSAGE_HEADER);
  reply->correlation = read_u64(&reader);
  reply->status = (enum status)read_u16(&reader);
  if (reply->status == STATUS_DONE)
    cr_assert_eq(read_dispatch_result(&reader, &reply->result), 0);
  else
    cr_assert_eq(reader_finish(&reader), 0);
  return true;
}

static bool is_quiet(int vault) {
  struct pollfd watched = {.fd = vault, .events = POLLIN};
  return poll(&watched, 1, QUIET_MS) == 0;
}

#define ADYEN_OK                                                                                             \
  "HTTP/1.1 200 OK\r\nContent-Length: 81\r\n\r\n"                                                            \
  "{\"pspReference\":\"ABC123DEF456GHI7\",\"resultCode\":\"Authorised\",\"additionalData\":{}}"

static void expect_approval(struct stage *stage, uint64_t correlation) {
  static struct reply reply;
  struct egress_send *request = make_send(stage, "adyen", OPERATION_AUTHORIZE);
  push(stage->vault, correlation, request);
  cr_assert(receive(stage->vault, &reply));
  cr_assert_eq(reply.correlation, correlation);
  cr_assert_eq(reply.result.phase, PHASE_REPLY, "%s", phase_name(reply.result.phase));
  cr_assert_eq(reply.result.answer, ANSWER_IS_APPROVED, "%s", answer_name(reply.result.answer));
  free(request);
}

static const struct script approves = {{{ACTION_READ_REQUEST}, {ACTION_WRITE, ADYEN_OK}, {ACTION_REPEAT}}};

Test(egress, one_reply_for_each_push_and_nothing_unasked) {
  struct stage stage;
  begin(&stage, &approves, 1);
  cr_assert(is_quiet(stage.vault), "it spoke first");
  for (uint64_t i = 1; i <= 20; i++)
    expect_approval(&stage, i);
  cr_assert(is_quiet(stage.vault));
  cr_assert_eq(stage.psp.accepted, 1, "connections are kept");
  end(&stage);
}

/* ---- a hostile vault ---- */

static void expect_closed(struct stage *stage, const uint8_t *message, size_t length, const char *what) {
  static struct reply reply;
  int vault = spawn_connect(&stage->egress, "vault");
  close(stage->vault);
  stage->vault = vault;
  cr_assert_eq(send(vault, message, length, 0), (ssize_t)length);
  cr_assert(!receive(vault, &reply), "%s was answered", what);
  cr_assert(spawn_runs(&stage->egress), "%s ended the process", what);
}

Test(egress, a_malformed_message_ends_the_line_and_not_the_process) {
  static uint8_t message[MESSAGE_MAX + 1];
  struct stage stage;
  begin(&stage, &approves, 1);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  size_t length = make_message(message, EV_SEND, 1, request);
  expect_closed(&stage, message, length - 1, "a short body");
  message[4]--; /* the length agrees, the body does not */
  expect_closed(&stage, message, length - 1, "a cut body");
  make_message(message, EV_SEND, 1, request);
  message[4]++;
  expect_closed(&stage, message, length + 1, "a byte too many");
  static const uint8_t types[] = {0, 2, 3, 0x40, EV_SEND | REPLY_BIT, 0xff};
  for (size_t i = 0; i < sizeof types; i++) {
    make_message(message, types[i], 1, request);
    expect_closed(&stage, message, length, "another type");
  }
  make_message(message, EV_SEND, 0, request);
  expect_closed(&stage, message, length, "no correlation");
  make_message(message, EV_SEND, 1, request);
  message[0] = 2;
  expect_closed(&stage, message, length, "another version");
  expect_closed(&stage, message, 1, "one byte");
  memset(message, 0xff, sizeof message);
  expect_closed(&stage, message, sizeof message, "too long a message");
  request->timeout_ms = 0;
  expect_closed(&stage, message, make_message(message, EV_SEND, 1, request), "no time");
  free(request);
  close(stage.vault);
  stage.vault = spawn_connect(&stage.egress, "vault");
  expect_approval(&stage, 5);
  end(&stage);
}

Test(egress, random_messages_end_the_line_and_not_the_process) {
  static uint8_t message[MESSAGE_MAX];
  struct stage stage;
  begin(&stage, &approves, 1);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  size_t length = make_message(message, EV_SEND, 1, request);
  srandom(7);
  for (int i = 0; i < 300; i++) {
    make_message(message, EV_SEND, 1, request);
    for (int changes = 1 + (int)random() % 8; changes > 0; changes--)
      message[MESSAGE_HEADER + (size_t)random() % (length - MESSAGE_HEADER)] ^= (uint8_t)(1 + random() % 255);
    int vault = spawn_connect(&stage.egress, "vault");
    close(stage.vault);
    stage.vault = vault;
    cr_assert_eq(send(vault, message, length, 0), (ssize_t)length);
  }
  free(request);
  cr_assert(spawn_runs(&stage.egress));
  close(stage.vault);
  stage.vault = spawn_connect(&stage.egress, "vault");
  expect_approval(&stage, 5);
  end(&stage);
}

Test(egress, a_flood_is_answered_busy) {
  static const struct script hangs = {{{ACTION_READ_REQUEST}, {ACTION_HANG}}};
  enum { FLOOD = OUTSTANDING + 500 };
  static struct reply reply;
  static bool told[FLOOD + 1];
  unsigned busy = 0, unsent = 0, unanswered = 0;
  struct stage stage;
  begin(&stage, &hangs, 1);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  request->timeout_ms = 10000; /* enough for the whole flood to be sent */
  for (uint64_t i = 1; i <= FLOOD; i++)
    push(stage.vault, i, request);
  for (int i = 0; i < FLOOD; i++) {
    cr_assert(receive(stage.vault, &reply));
    cr_assert(reply.correlation >= 1 && reply.correlation <= FLOOD && !told[reply.correlation]);
    told[reply.correlation] = true;
    busy += reply.status == STATUS_BUSY;
    unsent += reply.status == STATUS_DONE && reply.result.phase == PHASE_NOT_SENT;
    unanswered += reply.status == STATUS_DONE && reply.result.phase == PHASE_SENT_NO_REPLY;
  }
  cr_assert_eq(busy, FLOOD - OUTSTANDING, "%u", busy);
  cr_assert_geq(unanswered, CLIENT_CONNECTIONS_PER_HOST); /* as many as had a connection */
  cr_assert_eq(unsent + unanswered, OUTSTANDING);
  free(request);
  end(&stage);
}

Test(egress, a_vault_that_went_is_not_answered_and_the_next_one_is) {
  static const struct script scripts[] = {
      {{{ACTION_READ_REQUEST}, {ACTION_AWAIT_GATE}, {ACTION_WRITE, ADYEN_OK}, {ACTION_HANG}}},
      {{{ACTION_READ_REQUEST}, {ACTION_WRITE, ADYEN_OK}, {ACTION_REPEAT}}}};
  struct stage stage;
  begin(&stage, scripts, 2);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  push(stage.vault, 1, request);
  free(request);
  while (stage.psp.requests == 0)
    usleep(1000);
  int next = spawn_connect(&stage.egress, "vault");
  close(stage.vault);
  stage.vault = next;
  expect_approval(&stage, 2);
  stage.psp.gate = true;
  while (stage.psp.hanging == 0)
    usleep(1000);
  cr_assert(is_quiet(stage.vault), "the old one's result came to the new one");
  end(&stage);
}

/* ---- a hostile PSP ---- */

/* What no byte that leaves egress may hold: the number in every dress, and its digits in a row under any
 * separator. */
static const char *const dresses[] = {
    CARD,
    "4242 4273 9105 8264",
    "4242-4273-9105-8264",
    "4242.4273.9105.8264",
    "4 2 4 2 4 2 7 3 9 1 0 5 8 2 6 4",
    "NDI0MjQyNzM5MTA1ODI2NA==",
    "NDI0MjQyNzM5MTA1ODI2NA",
    "bjo0MjQyNDI3MzkxMDU4MjY0",
    "%34%32%34%32%34%32%37%33%39%31%30%35%38%32%36%34",
    "%2534%2532%2534%2532%2534%2532%2537%2533%2539%2531%2530%2535%2538%2532%2536%2534",
    "\\u0034\\u0032\\u0034\\u0032\\u0034\\u0032\\u0037\\u0033\\u0039\\u0031\\u0030\\u0035\\u0038\\u0032\\u003"
    "6\\u0034",
    "\\\\u0034\\\\u0032\\\\u0034\\\\u0032\\\\u0034\\\\u0032\\\\u0037\\\\u0033\\\\u0039\\\\u0031\\\\u0030\\\\u"
    "0035\\\\u0038"
    "\\\\u0032\\\\u0036\\\\u0034",
    "&#52;&#50;&#52;&#50;&#52;&#50;&#55;&#51;&#57;&#49;&#48;&#53;&#56;&#50;&#54;&#52;",
    "the code " CODE " was wrong",
};

static void expect_clean(const struct reply *reply, const struct stage *stage, const char *dress) {
  static char output[SPAWN_OUTPUT_MAX + 1];
  char digits[MESSAGE_MAX];
  size_t count = 0;
  for (size_t i = MESSAGE_HEADER; i < reply->length; i++)
    if (reply->bytes[i] >= '0' && reply->bytes[i] <= '9')
      digits[count++] = (char)reply->bytes[i];
  cr_expect_null(memmem(digits, count, CARD, strlen(CARD)), "%s", dress);
  cr_expect_null(memmem(reply->bytes, reply->length, CODE, strlen(CODE)), "%s", dress);
  cr_expect_null(memmem(reply->bytes, reply->length, "NDI0MjQy", 8), "%s", dress);
  cr_expect_null(memmem(reply->bytes, reply->length, "%34%32", 6), "%s", dress);
  spawn_output(&stage->egress, output);
  cr_expect_null(strstr(output, CARD), "logged: %s", dress);
  cr_expect_null(strstr(output, CODE), "logged: %s", dress);
  cr_expect_not_null(strstr(output, "card data, which was dropped connector=adyen fields="), "%s", dress);
}

/* In every field that Adyen's sheet reads, a byte at a time; the outcome stands. */
static void echo(const char *dress) {
  static struct reply reply;
  char body[4096], answer[4400];
  snprintf(
      body, sizeof body,
      "{\"pspReference\":\"%s\",\"resultCode\":\"Authorised\",\"merchantReference\":\"%s\",\"refusalReason\":"
      "\"%s\","
      "\"refusalReasonCode\":\"%s\",\"additionalData\":{\"authCode\":\"%s\",\"networkTxReference\":\"%s\","
      "\"refusalReasonRaw\":\"%s\",\"avsResult\":\"%s\",\"cvcResult\":\"%s\",\"merchantAdviceCode\":\"%s\"}}",
      dress, dress, dress, dress, dress, dress, dress, dress, dress, dress);
  snprintf(answer, sizeof answer, "HTTP/1.1 200 %s\r\nX-Echo: %s\r\nContent-Length: %zu\r\n\r\n%s", dress,
           dress, strlen(body), body);
  struct script script = {{{ACTION_READ_REQUEST}, {ACTION_WRITE_SLOWLY, answer}}};
  struct stage stage;
  begin(&stage, &script, 1);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  push(stage.vault, 9, request);
  cr_assert(receive(stage.vault, &reply));
  cr_expect_eq(reply.result.phase, PHASE_REPLY, "%s: %s", dress, phase_name(reply.result.phase));
  cr_expect_eq(reply.result.answer, ANSWER_IS_APPROVED, "%s: %s", dress, answer_name(reply.result.answer));
  cr_assert_not_null(strstr(stage.psp.seen, CARD), "the PSP itself is given the card");
  expect_clean(&reply, &stage, dress);
  free(request);
  end(&stage);
}

Test(egress, nothing_that_a_psp_echoes_leaves, .timeout = 120) {
  for (size_t i = 0; i < sizeof dresses / sizeof *dresses; i++)
    echo(dresses[i]);
}

/* ---- its memory, its environment, its end ---- */

Test(egress, no_card_stays_in_memory) {
  static const struct script scripts[] = {
      {{{ACTION_READ_REQUEST}, {ACTION_WRITE, ADYEN_OK}, {ACTION_REPEAT}}},
  };
  struct stage stage;
  begin(&stage, scripts, 1);
  for (uint64_t i = 1; i <= 3; i++)
    expect_approval(&stage, i);
  int found = spawn_memory_count(&stage.egress, CARD, strlen(CARD));
  cr_assert_leq(found, 0, "%d copies", found);
  cr_assert_leq(spawn_memory_count(&stage.egress, "sk_test_trial", 13), 0, "a credential stays");
  end(&stage);
}

/* ---- over TLS ---- */

static struct authority ours, theirs;
static char trust[32], revoked[32];

static void begin_tls(struct stage *stage, const struct authority *authority,
                      const struct server_facts *facts, char **environment, SSL_CTX **ret_context) {
  const char *const given[] = {"--environment", "test",  "--sheets", FREEPORT_SHEETS, "--trust", trust,
                               "--crl",         revoked, NULL};
  *ret_context = server_context(authority, facts);
  scripted_server_start(&stage->psp, &approves, 1, *ret_context);
  spawn_start(&stage->egress, "freeport-egress", given, environment);
  stage->vault = spawn_connect(&stage->egress, "vault");
  spawn_wait_ready(&stage->egress);
}

static void make_authorities(void) {
  ours = authority_new("ours");
  theirs = authority_new("theirs");
  write_certificate(&ours, trust);
  write_revoked(&ours, 8, revoked);
}

static void remove_authorities(void) {
  unlink(trust);
  unlink(revoked);
  authority_free(&ours);
  authority_free(&theirs);
}

static struct egress_send *make_tls_send(const struct stage *stage) {
  struct egress_send *request = make_send(stage, "adyen", OPERATION_AUTHORIZE);
  snprintf(request->base_url, sizeof request->base_url, "https://localhost:%u", stage->psp.port);
  return request;
}

TestSuite(egress_tls, .init = make_authorities, .fini = remove_authorities);

Test(egress_tls, a_good_server_is_asked_and_no_card_stays_in_memory) {
  static struct reply reply;
  struct stage stage;
  SSL_CTX *context;
  begin_tls(&stage, &ours, &(struct server_facts){"DNS:localhost", -1, 1, 7, 0}, NULL, &context);
  struct egress_send *request = make_tls_send(&stage);
  for (uint64_t i = 1; i <= 3; i++) {
    push(stage.vault, i, request);
    cr_assert(receive(stage.vault, &reply));
    cr_assert_eq(reply.result.answer, ANSWER_IS_APPROVED, "%s", phase_name(reply.result.phase));
  }
  cr_assert_not_null(strstr(stage.psp.seen, CARD));
  int found = spawn_memory_count(&stage.egress, CARD, strlen(CARD));
  cr_assert_leq(found, 0, "%d copies", found);
  free(request);
  end(&stage);
  SSL_CTX_free(context);
}

Test(egress_tls, a_bad_server_gets_no_byte_of_a_card) {
  const struct {
    const char *what;
    const struct authority *authority;
    struct server_facts facts;
  } servers[] = {
      {"expired", &ours, {"DNS:localhost", -2, -1, 7, 0}},
      {"another's name", &ours, {"DNS:elsewhere.example", -1, 1, 7, 0}},
      {"its own", NULL, {"DNS:localhost", -1, 1, 7, 0}},
      {"another authority's", &theirs, {"DNS:localhost", -1, 1, 7, 0}},
      {"revoked", &ours, {"DNS:localhost", -1, 1, 8, 0}},
      {"TLS 1.1", &ours, {"DNS:localhost", -1, 1, 7, TLS1_1_VERSION}},
      {"TLS 1.0", &ours, {"DNS:localhost", -1, 1, 7, TLS1_VERSION}},
  };
  static struct reply reply;
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    struct stage stage;
    SSL_CTX *context;
    begin_tls(&stage, servers[i].authority, &servers[i].facts, NULL, &context);
    struct egress_send *request = make_tls_send(&stage);
    push(stage.vault, 1, request);
    cr_assert(receive(stage.vault, &reply));
    cr_expect_eq(reply.result.phase, PHASE_NOT_SENT, "%s: %s", servers[i].what,
                 phase_name(reply.result.phase));
    cr_expect_eq(stage.psp.seen_length, 0, "%s", servers[i].what);
    free(request);
    end(&stage);
    SSL_CTX_free(context);
  }
}

static const char inside[] = "psp.freeport.example";

/* Makes that name lead to this machine, for this process and those that it starts. Returns false where that
 * is not allowed. */
static bool lead_inside(const char *directory) {
  char path[64];
  snprintf(path, sizeof path, "%s/hosts", directory);
  FILE *file = fopen(path, "w");
  cr_assert_not_null(file);
  fprintf(file, "127.0.0.1 %s\n", inside);
  fclose(file);
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount(path, "/etc/hosts", NULL, MS_BIND, NULL) == 0;
}

/* Adyen's sheet, but for its host. */
static void make_sheet_of_this_machine(const char *directory, uint8_t ret_hash[SHEET_HASH_BYTES]) {
  static const char host[] = "checkout-test.adyen.com";
  char path[64];
  size_t length;
  char *text = trial_sheet_text("adyen", &length), *at = strstr(text, host);
  cr_assert_not_null(at);
  memmove(at + strlen(inside), at + strlen(host), strlen(at + strlen(host)) + 1);
  memcpy(at, inside, strlen(inside));
  sheet_hash(text, strlen(text), ret_hash);
  snprintf(path, sizeof path, "%s/adyen.yaml", directory);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  free(text);
}

static void remove_sheet(const char *directory) {
  static const char *const names[] = {"adyen.yaml", "hosts"};
  char path[64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", directory, names[i]);
    unlink(path);
  }
  rmdir(directory);
}

/* Live reaches public addresses alone; and says so, where another failure would look the same to the vault.
 */
Test(egress_tls, live_does_not_reach_inside) {
  static char output[SPAWN_OUTPUT_MAX + 1];
  static struct reply reply;
  struct stage stage = {0};
  char directory[] = "/tmp/freeport-sheets-XXXXXX";
  uint8_t hash[SHEET_HASH_BYTES];
  cr_assert_not_null(mkdtemp(directory));
  make_sheet_of_this_machine(directory, hash);
  if (!lead_inside(directory)) {
    remove_sheet(directory);
    cr_skip_test("who may not mount cannot have a name lead inside");
  }
  const char *const given[] = {"--environment", "live", "--sheets", directory, NULL};
  spawn_start(&stage.egress, "freeport-egress", given, NULL);
  stage.vault = spawn_connect(&stage.egress, "vault");
  spawn_wait_ready(&stage.egress);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  request->environment = ENVIRONMENT_LIVE;
  request->base_url[0] = '\0';
  memcpy(request->sheet_hash, hash, sizeof hash);
  push(stage.vault, 1, request);
  cr_assert(receive(stage.vault, &reply));
  cr_expect_eq(reply.result.phase, PHASE_NOT_SENT);
  spawn_output(&stage.egress, output);
  cr_expect_not_null(strstr(output, "address_refused"), "%s", output);
  free(request);
  cr_expect_eq(spawn_stop(&stage.egress), 0);
  close(stage.vault);
  umount("/etc/hosts");
  remove_sheet(directory);
}

static unsigned occurrences(const char *text, const char *part) {
  unsigned count = 0;
  for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
    count++;
  return count;
}

/* Live: no test dispatch, no base URL. Each is refused before its host is looked up: for the address, which
 * would look the same to the vault, it would be refused as well. */
Test(egress_tls, live_refuses_what_belongs_to_test) {
  enum { TRIES = 3 };
  const char *const given[] = {"--environment", "live", "--sheets", FREEPORT_SHEETS, NULL};
  static char output[SPAWN_OUTPUT_MAX + 1];
  static struct reply reply;
  struct stage stage;
  scripted_server_start(&stage.psp, &approves, 1, NULL);
  spawn_start(&stage.egress, "freeport-egress", given, NULL);
  stage.vault = spawn_connect(&stage.egress, "vault");
  spawn_wait_ready(&stage.egress);
  for (int i = 0; i < TRIES; i++) {
    struct egress_send *request = make_tls_send(&stage);
    request->environment = i == 0 ? ENVIRONMENT_TEST : ENVIRONMENT_LIVE;
    if (i == 2)
      snprintf(request->base_url, sizeof request->base_url, "http://localhost:%u", stage.psp.port);
    push(stage.vault, 1, request);
    cr_assert(receive(stage.vault, &reply));
    cr_expect_eq(reply.result.phase, PHASE_NOT_SENT, "%d", i);
    free(request);
  }
  spawn_output(&stage.egress, output);
  cr_expect_eq(occurrences(output, "a dispatch was not sent"), TRIES, "%s", output);
  cr_assert_eq(stage.psp.accepted, 0);
  end(&stage);
}

/* A file of that content; its name, a template of mkstemp(3), is made. */
static void make_file(char *name, const char *content) {
  int fd = mkstemp(name);
  cr_assert_geq(fd, 0);
  cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
  close(fd);
}

static bool is_empty(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && facts.st_size == 0;
}

/* Not even TLS 1.2. */
static const char openssl_conf[] = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = any\n"
                                   "[any]\nMaxProtocol = TLSv1.1\n";

/* Proxies, a log of the keys, settings of OpenSSL: what general clients heed. */
Test(egress_tls, the_environment_changes_nothing) {
  static struct reply reply;
  struct stage stage;
  struct scripted_server proxy, plain;
  SSL_CTX *context;
  char keys[] = "/tmp/freeport-keys-XXXXXX", settings[] = "/tmp/freeport-conf-XXXXXX";
  char log[64], conf[64], http[64], https[64];
  make_file(keys, "");
  make_file(settings, openssl_conf);
  scripted_server_start(&proxy, &approves, 1, NULL);
  scripted_server_start(&plain, &approves, 1, NULL);
  snprintf(log, sizeof log, "SSLKEYLOGFILE=%s", keys);
  snprintf(conf, sizeof conf, "OPENSSL_CONF=%s", settings);
  snprintf(http, sizeof http, "http_proxy=http://127.0.0.1:%u", proxy.port);
  snprintf(https, sizeof https, "https_proxy=http://127.0.0.1:%u", proxy.port);
  char *environment[] = {log, conf, http, https, NULL};
  begin_tls(&stage, &ours, &(struct server_facts){"DNS:localhost", -1, 1, 7, 0}, environment, &context);
  for (int i = 0; i < 2; i++) {
    struct egress_send *request = make_tls_send(&stage);
    if (i == 1)
      snprintf(request->base_url, sizeof request->base_url, "http://127.0.0.1:%u", plain.port);
    push(stage.vault, 1, request);
    cr_assert(receive(stage.vault, &reply));
    cr_expect_eq(reply.result.answer, ANSWER_IS_APPROVED, "%d: %s", i, phase_name(reply.result.phase));
    free(request);
  }
  cr_expect_eq(stage.psp.requests, 1);
  cr_expect_eq(plain.requests, 1);
  cr_expect_eq(proxy.accepted, 0);
  cr_expect(is_empty(keys), "the keys of its connections were logged");
  end(&stage);
  SSL_CTX_free(context);
  scripted_server_stop(&plain);
  scripted_server_stop(&proxy);
  unlink(settings);
  unlink(keys);
}

Test(egress, it_ends_with_its_control_line) {
  struct stage stage;
  begin(&stage, &approves, 1);
  shutdown(stage.egress.control, SHUT_RDWR);
  cr_assert_eq(spawn_wait_end(&stage.egress), 0);
  close(stage.vault);
  scripted_server_stop(&stage.psp);
}

/* Every thread is under the filter, the one that looks up names too; and looking up still works. */
Test(egress, names_are_looked_up_from_within_the_jail) {
  static struct reply reply;
  struct stage stage;
  char command[200];
  begin(&stage, &approves, 1);
  struct egress_send *request = make_send(&stage, "adyen", OPERATION_AUTHORIZE);
  snprintf(request->base_url, sizeof request->base_url, "http://localhost:%u", stage.psp.port);
  push(stage.vault, 1, request);
  cr_assert(receive(stage.vault, &reply));
  cr_assert_eq(reply.result.answer, ANSWER_IS_APPROVED);
  free(request);
#ifndef FREEPORT_SANITIZED
  snprintf(command, sizeof command, "test $(grep -l 'Seccomp:.2' /proc/%d/task/*/status | wc -l) -eq 2",
           stage.egress.pid);
  cr_assert_eq(system(command), 0);
#else
  (void)command;
#endif
  end(&stage);
}

/* ---- its start ---- */

static int try_start(const char *const *given, char *output) {
  struct spawned egress;
  spawn_start(&egress, "freeport-egress", given, NULL);
  int status = spawn_wait_end(&egress);
  spawn_output(&egress, output);
  return status;
}

Test(egress, a_wrong_command_line_is_refused) {
  static const char *const wrong[][8] = {
      {NULL},
      {"--environment", "test", NULL},
      {"--environment", "other", "--sheets", FREEPORT_SHEETS, NULL},
      {"--environment", "test", "--sheets", NULL},
      {"--sheets", FREEPORT_SHEETS, NULL},
      {"--environment", "test", "--sheets", FREEPORT_SHEETS, "--sheets", FREEPORT_SHEETS, NULL},
      {"--environment", "test", "--sheets", FREEPORT_SHEETS, "--nonsense", "x", NULL},
  };
  static char output[SPAWN_OUTPUT_MAX + 1];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_expect_eq(try_start(wrong[i], output), 64, "%zu: %s", i, output);
}

Test(egress, a_bad_sheet_is_refused_by_file_and_line) {
  static char output[SPAWN_OUTPUT_MAX + 1];
  char directory[] = "/tmp/freeport-sheets-XXXXXX", path[64];
  cr_assert_not_null(mkdtemp(directory));
  const char *const given[] = {"--environment", "test", "--sheets", directory, NULL};
  cr_assert_eq(try_start(given, output), 78, "no sheet at all");
  snprintf(path, sizeof path, "%s/bad.yaml", directory);
  FILE *file = fopen(path, "w");
  fputs("sheet: 1\nname: bad\nnonsense: 4242427391058264\n", file);
  fclose(file);
  cr_assert_eq(try_start(given, output), 78);
  cr_assert_not_null(strstr(output, "bad.yaml:3: "), "%s", output);
  cr_assert_null(strstr(output, CARD), "what is refused is not echoed");
  unlink(path);
  rmdir(directory);
}
