/* The real freeport-hooks, freeport-vault and freeport-egress, connected as their supervisor connects them,
 * between PSPs and forgers on one side and a router on the other. */
#include "admin.h"
#include "control.h"
#include "egress_vault.h"
#include "hooks_vault.h"
#include "sandbox_sign.h"
#include "sheet_trial.h"
#include "spawn.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CARD "4242427391058265"
#define MOVEMENT "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"
#define ATTEMPT "pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"
#define ADYEN_SECRET "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define ADYEN_SECRET_BEFORE "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define STRIPE_SECRET "whsec_canary_stripe_7261"
#define CHECKOUT_SECRET "canary-checkout-secret-7261"

enum { REPLY_MS = 30000, QUIET_MS = 150, ANSWER_MAX = 4096, BODY_MAX = 30000 };

struct stage {
  char folder[64];
  struct spawned vault, egress, hooks;
  int router, admin, listener;
  uint16_t port;
  uint64_t correlation;
};

static struct stage stage;
static uint8_t bytes[MESSAGE_MAX], received[MESSAGE_MAX];
static size_t received_length;
static char body[BODY_MAX], answer[ANSWER_MAX + 1];
static uint8_t said[1 << 20]; /* everything that the router was told */
static size_t said_length;

/* ---- the stage ---- */

static void connect_processes(struct spawned *one, const char *name_in_one, struct spawned *other,
                              const char *name_in_other) {
  int ends[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  spawn_give(one, name_in_one, ends[0]);
  spawn_give(other, name_in_other, ends[1]);
  close(ends[0]);
  close(ends[1]);
}

static int listen_http(uint16_t *ret_port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(listen(fd, 64), 0);
  cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
  *ret_port = ntohs(address.sin_port);
  return fd;
}

static void connect_admin(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", stage.folder);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(listen(listener, 8), 0);
  spawn_give(&stage.vault, "admin", listener);
  close(listener);
  stage.admin = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  cr_assert_eq(connect(stage.admin, (struct sockaddr *)&address, sizeof address), 0);
}

static void send_raw(int fd, uint8_t type, uint64_t correlation, const void *content, size_t length) {
  uint8_t message[MESSAGE_MAX];
  struct writer writer = writer_over(message, sizeof message);
  write_u8(&writer, MESSAGE_VERSION);
  write_u8(&writer, type);
  write_u16(&writer, 0);
  write_u32(&writer, (uint32_t)length);
  write_u64(&writer, correlation);
  write_bytes(&writer, content, length);
  (void)send(fd, message, writer_length(&writer), MSG_NOSIGNAL);
}

/* The next message within wait_ms; false when there is none. */
static bool receive(int fd, int wait_ms) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  if (poll(&watched, 1, wait_ms) != 1)
    return false;
  ssize_t length = recv(fd, received, sizeof received, 0);
  if (length < MESSAGE_HEADER)
    return false;
  received_length = (size_t)length;
  if (fd == stage.router && said_length + received_length < sizeof said) {
    memcpy(said + said_length, received, received_length);
    said_length += received_length;
  }
  return true;
}

static struct reader body_of_received(void) {
  return reader_over(received + MESSAGE_HEADER, received_length - MESSAGE_HEADER);
}

static void register_connector(const char *name, const char *sheet, struct webhook_signing signing,
                               const char *secret, const char *secret_before) {
  struct connector_set set = {.facts = {.status = CONNECTOR_ACTIVE},
                              .signing = signing,
                              .credential_count = 1,
                              .credentials = {{"api_key", "sk_test_1"}}};
  snprintf(set.facts.name, sizeof set.facts.name, "%s", name);
  snprintf(set.facts.sheet, sizeof set.facts.sheet, "%s", sheet);
  size_t length;
  char *text = trial_sheet_text(sheet, &length);
  sheet_hash(text, length, set.facts.sheet_hash);
  free(text);
  const char *const secrets[] = {secret, secret_before};
  static const char *const names[] = {"webhook_secret", "webhook_secret_previous"};
  for (size_t i = 0; i < 2; i++)
    if (secrets[i] != NULL) {
      struct credential *credential = &set.credentials[set.credential_count++];
      snprintf(credential->name, sizeof credential->name, "%s", names[i]);
      snprintf(credential->value, sizeof credential->value, "%s", secrets[i]);
    }
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_connector_set(&writer, &set);
  send_raw(stage.admin, ADMIN_CONNECTOR_SET, ++stage.correlation, bytes, writer_length(&writer));
  cr_assert(receive(stage.admin, REPLY_MS));
  struct reader reply = body_of_received();
  cr_assert_eq(read_u16(&reply), STATUS_DONE);
}

static void register_connectors(void) {
  static const char *const sheets[] = {"adyen", "stripe", "checkout"};
  static const char *const secrets[] = {ADYEN_SECRET, STRIPE_SECRET, CHECKOUT_SECRET};
  for (size_t i = 0; i < 3; i++) {
    struct webhook_signing signing;
    struct sheet *sheet = trial_sheet(sheets[i]);
    sheet_webhook_signing(sheet, &signing);
    sheet_free(sheet);
    register_connector(sheets[i], sheets[i], signing, secrets[i], i == 0 ? ADYEN_SECRET_BEFORE : NULL);
    if (i == 0)
      register_connector("secretless", sheets[i], signing, NULL, NULL);
  }
  register_connector("unsigned", "stripe", (struct webhook_signing){0}, STRIPE_SECRET, NULL);
}

/* A router that the vault has answered, and so knows of. */
static void connect_router(void) {
  struct connectors_question question = {0};
  struct writer writer = writer_over(bytes, sizeof bytes);
  stage.router = spawn_connect(&stage.vault, "router");
  write_connectors_question(&writer, &question);
  send_raw(stage.router, RV_CONNECTORS, ++stage.correlation, bytes, writer_length(&writer));
  do
    cr_assert(receive(stage.router, REPLY_MS));
  while (received[1] != (RV_CONNECTORS | REPLY_BIT));
}

static void begin(void) {
  char data[96];
  cr_assert_geq(sodium_init(), 0);
  stage = (struct stage){.folder = "/tmp/freeport-hooks-XXXXXX"};
  said_length = 0;
  cr_assert_not_null(mkdtemp(stage.folder));
  snprintf(data, sizeof data, "%s/data", stage.folder);
  cr_assert_eq(mkdir(data, 0700), 0);
  const char *const vault[] = {"--data", data, "--environment", "test", NULL};
  const char *const egress[] = {"--environment", "test", "--sheets", FREEPORT_SHEETS, NULL};
  const char *const hooks[] = {"--environment", "test", NULL};
  spawn_start(&stage.vault, "freeport-vault", vault, NULL);
  spawn_start(&stage.egress, "freeport-egress", egress, NULL);
  spawn_start(&stage.hooks, "freeport-hooks", hooks, NULL);
  spawn_wait_ready(&stage.vault);
  connect_admin();
  register_connectors();
  connect_router();
  connect_processes(&stage.vault, "egress", &stage.egress, "vault");
  connect_processes(&stage.vault, "hooks", &stage.hooks, "vault");
  stage.listener = listen_http(&stage.port);
  spawn_give(&stage.hooks, "http", stage.listener);
  spawn_wait_ready(&stage.egress);
  spawn_wait_ready(&stage.hooks);
}

static void end(void) {
  char command[128];
  cr_expect_eq(spawn_stop(&stage.hooks), 0);
  cr_expect_eq(spawn_stop(&stage.egress), 0);
  cr_expect_eq(spawn_stop(&stage.vault), 0);
  close(stage.router);
  close(stage.admin);
  close(stage.listener);
  snprintf(command, sizeof command, "rm -rf %s", stage.folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(hooks, .init = begin, .fini = end, .timeout = 120);

/* ---- what PSPs send ---- */

/* Sends a request and leaves the connection open. */
static int post(const char *connector, const char *header, const char *content, size_t length) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(stage.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char head[1024];
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  int written = snprintf(head, sizeof head,
                         "POST /v1/hooks/%s HTTP/1.1\r\nHost: hooks\r\nContent-Type: application/json; "
                         "charset=utf-8\r\n%sContent-Length: %zu\r\n\r\n",
                         connector, header, length);
  cr_assert_lt(written, (int)sizeof head);
  cr_assert_eq(send(fd, head, (size_t)written, MSG_NOSIGNAL), written);
  for (size_t sent = 0; sent < length;) {
    ssize_t more = send(fd, content + sent, length - sent, MSG_NOSIGNAL);
    if (more <= 0)
      break; /* refused before it was all sent */
    sent += (size_t)more;
  }
  return fd;
}

/* The status of the answer, its text in answer; 0 when none comes within wait_ms. */
static int answer_of(int fd, int wait_ms) {
  size_t length = 0;
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  answer[0] = '\0';
  while (strstr(answer, "\r\n\r\n") == NULL || length < 20) {
    if (poll(&watched, 1, wait_ms) != 1)
      return 0;
    ssize_t got = recv(fd, answer + length, ANSWER_MAX - length, 0);
    if (got <= 0)
      break;
    length += (size_t)got;
    answer[length] = '\0';
  }
  return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

static int status_of(int fd) {
  int status = answer_of(fd, REPLY_MS);
  close(fd);
  return status;
}

struct adyen_event {
  const char *code, *reference, *success, *signature_of, *secret, *reason, *psp_reference;
  const char *additional; /* members beside the signature */
  long long value;
};

/* signature_of: the text that is signed; NULL: that of the event. */
static size_t put_adyen_item(char *at, size_t capacity, const struct adyen_event *event) {
  char text[512], signature[SIGN_BASE64_CAPACITY];
  const char *psp_reference = event->psp_reference != NULL ? event->psp_reference : "WNS7WQ756L2GWR82";
  snprintf(text, sizeof text, "%s:8536214160615591:Acme:%s:%lld:EUR:%s:%s", psp_reference, event->reference,
           event->value, event->code, event->success);
  sign_text(event->secret != NULL ? event->secret : ADYEN_SECRET,
            event->signature_of != NULL ? event->signature_of : text, signature);
  return (size_t)snprintf(
      at, capacity,
      "{\"NotificationRequestItem\":{\"additionalData\":{\"hmacSignature\":\"%s\"%s},\"amount\":{"
      "\"currency\":"
      "\"EUR\",\"value\":%lld},\"eventCode\":\"%s\",\"eventDate\":\"2026-06-15T12:00:00+02:00\","
      "\"merchantAccountCode\":\"Acme\",\"merchantReference\":\"%s\",\"originalReference\":"
      "\"8536214160615591\",\"paymentMethod\":\"visa\",\"pspReference\":\"%s\",\"reason\":\"%s\","
      "\"success\":\"%s\"}}",
      signature, event->additional != NULL ? event->additional : "", event->value, event->code,
      event->reference, psp_reference, event->reason != NULL ? event->reason : "", event->success);
}

static int post_adyen(const char *connector, const struct adyen_event *event) {
  size_t length = (size_t)snprintf(body, sizeof body, "{\"live\":\"false\",\"notificationItems\":[");
  length += put_adyen_item(body + length, sizeof body - length, event);
  length += (size_t)snprintf(body + length, sizeof body - length, "]}");
  return post(connector, "", body, length);
}

static const struct adyen_event captured = {
    .code = "CAPTURE", .reference = MOVEMENT, .success = "true", .value = 1999};

static int post_stripe(const char *secret, int64_t seconds, const char *content) {
  char header[SIGN_TIMED_CAPACITY + 32] = "Stripe-Signature: ";
  sign_time_and_body(secret, seconds, content, strlen(content), header + strlen(header));
  strcat(header, "\r\n");
  return post("stripe", header, content, strlen(content));
}

static int post_checkout(const char *secret, const char *content) {
  char header[SIGN_HEX_CAPACITY + 32] = "Cko-Signature: ";
  sign_body(secret, content, strlen(content), header + strlen(header));
  strcat(header, "\r\n");
  return post("checkout", header, content, strlen(content));
}

/* ---- what the router is told ---- */

/* The next webhook that reaches the router; false when none comes. */
static bool told(struct webhook *ret_webhook, int wait_ms) {
  do
    if (!receive(stage.router, wait_ms))
      return false;
  while (received[1] != RV_WEBHOOK);
  struct reader header = reader_over(received + 8, 8);
  cr_assert_eq(read_u64(&header), 0, "unasked");
  struct reader reader = body_of_received();
  cr_assert_eq(read_webhook(&reader, ret_webhook), 0);
  return true;
}

static void take(uint64_t number, enum status status) {
  struct webhook_taken taken = {number, status};
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_webhook_taken(&writer, &taken);
  send_raw(stage.router, RV_WEBHOOK_TAKEN, ++stage.correlation, bytes, writer_length(&writer));
}

static void expect_nothing_told(void) {
  struct webhook webhook;
  cr_expect_not(told(&webhook, QUIET_MS));
}

static const char *field(const struct webhook *webhook, enum answer_field which) {
  const char *value = answer_fields_get(&webhook->fields, which);
  return value != NULL ? value : "";
}

/* ---- tests ---- */

Test(hooks, a_signed_capture_of_adyen_reaches_the_router_and_is_accepted_when_it_is_taken) {
  struct webhook webhook;
  int fd = post_adyen("adyen", &captured);
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_str_eq(webhook.connector, "adyen");
  cr_assert_str_eq(webhook.key, MOVEMENT);
  cr_assert_eq(webhook.about, OPERATION_CAPTURE);
  cr_assert_eq(webhook.answer, ANSWER_IS_CAPTURED);
  cr_assert_eq(webhook.at_ms, 0, "its time is not signed");
  cr_assert_str_eq(field(&webhook, ANSWER_PSP_ID), "WNS7WQ756L2GWR82");
  cr_assert_str_eq(field(&webhook, ANSWER_AMOUNT), "1999");
  cr_assert_str_eq(field(&webhook, ANSWER_CURRENCY), "EUR");
  cr_assert_eq(answer_of(fd, QUIET_MS), 0, "not before the router has it");
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
  cr_assert_not_null(strstr(answer, "\r\n\r\n[accepted]"));
}

static int64_t now_s(void) {
  return (int64_t)time(NULL);
}

#define INTENT(status, capture_method)                                                                       \
  "{\"id\":\"evt_1\",\"object\":\"event\",\"created\":1781524800,\"type\":\"payment_intent.succeeded\","     \
  "\"data\":{\"object\":{\"id\":\"pi_3Nq8xE2eZvKYlo2C\",\"object\":\"payment_intent\",\"amount\":1999,"      \
  "\"amount_received\":1999,\"currency\":\"eur\",\"capture_method\":\"" capture_method                       \
  "\",\"latest_charge\":\"ch_3Nq8xE2eZvKYlo2C\",\"status\":\"" status                                        \
  "\",\"metadata\":{\"reference\":\"" ATTEMPT "\"}}}}"

Test(hooks, a_charge_of_stripe_is_told_as_one_and_a_capture_by_hand_as_a_capture) {
  struct webhook webhook;
  int fd = post_stripe(STRIPE_SECRET, now_s(), INTENT("succeeded", "automatic"));
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_str_eq(webhook.connector, "stripe");
  cr_assert_str_eq(webhook.key, ATTEMPT);
  cr_assert_eq(webhook.about, OPERATION_CHARGE);
  cr_assert_eq(webhook.answer, ANSWER_IS_CAPTURED);
  cr_assert_eq(webhook.at_ms, 1781524800000);
  cr_assert_str_eq(field(&webhook, ANSWER_PSP_ID), "pi_3Nq8xE2eZvKYlo2C");
  cr_assert_str_eq(field(&webhook, ANSWER_PSP_CAPTURE_ID), "ch_3Nq8xE2eZvKYlo2C");
  cr_assert_str_eq(field(&webhook, ANSWER_AMOUNT_CAPTURED), "1999");
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
  fd = post_stripe(STRIPE_SECRET, now_s(), INTENT("succeeded", "manual"));
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_eq(webhook.about, OPERATION_CAPTURE);
  cr_assert_str_eq(webhook.key, ATTEMPT, "Stripe does not say which capture");
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
}

#define REFUNDED                                                                                             \
  "{\"id\":\"evt_2\",\"type\":\"payment_refunded\",\"created_on\":\"2026-06-15T12:00:00Z\",\"data\":{"       \
  "\"id\":\"pay_y3oqhf46pyzuxjbcn2giaqnb44\",\"action_id\":\"act_ndn5apw62w4uplijufbdhydyre\","              \
  "\"amount\":500,\"currency\":\"EUR\",\"response_code\":\"10000\",\"reference\":\"" MOVEMENT "\"}}"

Test(hooks, a_refund_of_checkout_reaches_the_router) {
  struct webhook webhook;
  int fd = post_checkout(CHECKOUT_SECRET, REFUNDED);
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_str_eq(webhook.connector, "checkout");
  cr_assert_str_eq(webhook.key, MOVEMENT);
  cr_assert_eq(webhook.about, OPERATION_REFUND);
  cr_assert_eq(webhook.answer, ANSWER_IS_REFUNDED);
  cr_assert_eq(webhook.at_ms, 1781524800000);
  cr_assert_str_eq(field(&webhook, ANSWER_PSP_ID), "act_ndn5apw62w4uplijufbdhydyre");
  cr_assert_str_eq(field(&webhook, ANSWER_AMOUNT), "500");
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
}

/* Adyen's signature leaves the codes of a decline out, and the router is told so; Checkout.com's is over all.
 */
Test(hooks, codes_that_no_signature_covers_are_told_as_such) {
  static const struct adyen_event declined = {
      .code = "AUTHORISATION",
      .reference = ATTEMPT,
      .success = "false",
      .value = 1999,
      .additional =
          ",\"refusalReasonRaw\":\"41 : Lost card\",\"merchantAdviceCode\":\"03 : Do not try again\""};
  struct webhook webhook;
  int fd = post_adyen("adyen", &declined);
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_eq(webhook.answer, ANSWER_IS_DECLINED);
  cr_assert_str_eq(field(&webhook, ANSWER_NETWORK_CODE), "41");
  cr_assert_str_eq(field(&webhook, ANSWER_ADVICE_CODE), "03");
  cr_assert(webhook.codes_unsigned);
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
  fd = post_checkout(CHECKOUT_SECRET, REFUNDED);
  cr_assert(told(&webhook, REPLY_MS));
  cr_assert_not(webhook.codes_unsigned);
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
}

/* What is refused is answered alike, and the router hears nothing of it. */
static void expect_refused(int fd) {
  cr_expect_eq(status_of(fd), 401);
  cr_expect_not_null(strstr(answer, "webhook_refused"));
  cr_expect_null(strstr(answer, "canary"));
  expect_nothing_told();
}

Test(hooks, a_forged_signature_is_refused) {
  struct adyen_event forged = captured;
  forged.secret = "0011223344556677889900112233445566778899001122334455667788990011";
  expect_refused(post_adyen("adyen", &forged));
  expect_refused(post_stripe("whsec_another_secret", now_s(), INTENT("succeeded", "automatic")));
  expect_refused(post_checkout("another-secret", REFUNDED));
  expect_refused(post("stripe", "", REFUNDED, strlen(REFUNDED)));
  expect_refused(post("checkout", "Cko-Signature: 00\r\n", REFUNDED, strlen(REFUNDED)));
}

Test(hooks, a_body_changed_after_it_was_signed_is_refused) {
  struct adyen_event changed = captured;
  changed.signature_of = "WNS7WQ756L2GWR82:8536214160615591:Acme:" MOVEMENT ":1:EUR:CAPTURE:true";
  expect_refused(post_adyen("adyen", &changed));
  char header[SIGN_HEX_CAPACITY + 32] = "Cko-Signature: ";
  sign_body(CHECKOUT_SECRET, REFUNDED, strlen(REFUNDED), header + strlen(header));
  strcat(header, "\r\n");
  snprintf(body, sizeof body, "%s ", REFUNDED);
  expect_refused(post("checkout", header, body, strlen(body)));
}

Test(hooks, a_signature_that_is_old_or_from_the_future_is_refused) {
  expect_refused(post_stripe(STRIPE_SECRET, now_s() - 310, INTENT("succeeded", "automatic")));
  expect_refused(post_stripe(STRIPE_SECRET, now_s() + 310, INTENT("succeeded", "automatic")));
  struct webhook webhook;
  int fd = post_stripe(STRIPE_SECRET, now_s() - 280, INTENT("succeeded", "automatic"));
  cr_assert(told(&webhook, REPLY_MS));
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
}

Test(hooks, another_connectors_secret_opens_nothing) {
  expect_refused(post_adyen("stripe", &captured));
  expect_refused(post_adyen("secretless", &captured));
  expect_refused(post_adyen("unsigned", &captured));
  expect_refused(post_adyen("nowhere", &captured));
  char header[SIGN_TIMED_CAPACITY + 32] = "Stripe-Signature: ";
  sign_time_and_body(STRIPE_SECRET, now_s(), REFUNDED, strlen(REFUNDED), header + strlen(header));
  strcat(header, "\r\n");
  expect_refused(post("unsigned", header, REFUNDED, strlen(REFUNDED)));
  expect_refused(post("checkout", header, REFUNDED, strlen(REFUNDED)));
}

Test(hooks, the_secret_before_is_taken_while_it_is_changed) {
  struct webhook webhook;
  struct adyen_event before = captured;
  before.secret = ADYEN_SECRET_BEFORE;
  int fd = post_adyen("adyen", &before);
  cr_assert(told(&webhook, REPLY_MS));
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
}

/* Adyen joins the fields by colons and escapes none: what was signed for a payment of pspReference PSP,
 * original 8536214160615591 of the account Acme, whose owner chose the reference "Acme:mov_...", is cut
 * elsewhere. */
Test(hooks, fields_that_were_signed_as_one_are_not_read_as_several) {
  struct adyen_event shifted = captured;
  shifted.psp_reference = "PSP:ORIGINAL";
  shifted.signature_of = "PSP:ORIGINAL:8536214160615591:Acme:" MOVEMENT ":1999:EUR:CAPTURE:true";
  int fd = post_adyen("adyen", &shifted);
  expect_nothing_told();
  cr_expect_eq(status_of(fd), 200, "it is signed, and tells nothing");
}

Test(hooks, what_is_signed_and_does_not_concern_us_is_accepted) {
  struct adyen_event event = captured;
  event.code = "REPORT_AVAILABLE";
  cr_expect_eq(status_of(post_adyen("adyen", &event)), 200);
  event = captured;
  event.reference = "order-of-another-system";
  cr_expect_eq(status_of(post_adyen("adyen", &event)), 200);
  cr_expect_eq(status_of(post_stripe(STRIPE_SECRET, now_s(), "{\"type\":\"payout.paid\"}")), 200);
  expect_nothing_told();
}

Test(hooks, what_is_signed_and_unreadable_is_answered_400) {
  cr_expect_eq(status_of(post_stripe(STRIPE_SECRET, now_s(), "{}")), 400);
  cr_expect_not_null(strstr(answer, "invalid_webhook"));
  cr_expect_eq(status_of(post("adyen", "", "{\"notificationItems\":[]}", 24)), 400);
  expect_nothing_told();
}

static void expect_problem(const char *content, size_t length, int status) {
  cr_expect_eq(status_of(post("adyen", "", content, length)), status, "%.40s", content);
}

Test(hooks, what_is_no_json_object_goes_no_further) {
  static const char *const wrong[] = {"",
                                      "[]",
                                      "{",
                                      "{} {}",
                                      "{\"a\":1,\"a\":2}",
                                      "\"x\"",
                                      "{\"a\":\"\xff\"}",
                                      "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    expect_problem(wrong[i], strlen(wrong[i]), 400);
  memset(body, ' ', sizeof body);
  body[0] = '{';
  body[sizeof body - 1] = '}';
  expect_problem(body, sizeof body, 413);
  body[HOOK_BODY_MAX - 1] = '}';
  expect_problem(body, HOOK_BODY_MAX, 400);
  expect_nothing_told();
}

Test(hooks, two_signatures_are_no_signature) {
  int fd = post("checkout", "Cko-Signature: 00\r\nCko-Signature: 11\r\n", REFUNDED, strlen(REFUNDED));
  cr_expect_eq(status_of(fd), 400);
}

Test(hooks, a_router_that_cannot_take_it_has_it_sent_again) {
  struct webhook webhook;
  int fd = post_adyen("adyen", &captured);
  cr_assert(told(&webhook, REPLY_MS));
  take(webhook.number, STATUS_STORAGE);
  cr_expect_eq(status_of(fd), 503);
  fd = post_adyen("adyen", &captured);
  cr_assert(told(&webhook, REPLY_MS));
  uint64_t first = webhook.number;
  close(stage.router); /* it dies with the webhook in hand */
  cr_expect_eq(status_of(fd), 503);
  cr_expect_eq(status_of(post_adyen("adyen", &captured)), 503, "while it is away");
  connect_router();
  fd = post_adyen("adyen", &captured);
  cr_assert(told(&webhook, REPLY_MS));
  take(first, STATUS_DONE);
  take(webhook.number + 1, STATUS_DONE);
  take(webhook.number ^ (UINT64_C(1) << 60), STATUS_DONE);
  cr_expect_eq(answer_of(fd, QUIET_MS), 0, "not for another's number");
  take(webhook.number, STATUS_DONE);
  cr_expect_eq(status_of(fd), 200);
}

Test(hooks, several_entries_are_accepted_when_each_is_taken) {
  struct webhook first, second;
  struct adyen_event refunded = captured, unknown = captured;
  refunded.code = "REFUND";
  refunded.reference = "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3T_1";
  unknown.code = "REPORT_AVAILABLE";
  size_t length = (size_t)snprintf(body, sizeof body, "{\"live\":\"false\",\"notificationItems\":[");
  length += put_adyen_item(body + length, sizeof body - length, &captured);
  body[length++] = ',';
  length += put_adyen_item(body + length, sizeof body - length, &unknown);
  body[length++] = ',';
  length += put_adyen_item(body + length, sizeof body - length, &refunded);
  length += (size_t)snprintf(body + length, sizeof body - length, "]}");
  int fd = post("adyen", "", body, length);
  cr_assert(told(&first, REPLY_MS));
  cr_assert(told(&second, REPLY_MS));
  cr_assert_eq(first.about, OPERATION_CAPTURE);
  cr_assert_eq(second.about, OPERATION_REFUND);
  take(second.number, STATUS_DONE);
  take(second.number, STATUS_DONE);
  cr_expect_eq(answer_of(fd, QUIET_MS), 0);
  take(first.number, STATUS_DONE);
  cr_expect_eq(status_of(fd), 200);
}

Test(hooks, one_forged_entry_refuses_them_all) {
  struct adyen_event forged = captured;
  forged.signature_of = "anything";
  size_t length = (size_t)snprintf(body, sizeof body, "{\"notificationItems\":[");
  length += put_adyen_item(body + length, sizeof body - length, &captured);
  body[length++] = ',';
  length += put_adyen_item(body + length, sizeof body - length, &forged);
  length += (size_t)snprintf(body + length, sizeof body - length, "]}");
  expect_refused(post("adyen", "", body, length));
}

/* How often text is in a process's memory; of one that still closes the connection it came on, a little
 * later. */
static int left_in_memory(const struct spawned *spawned, const char *text) {
  int count = 0;
  for (int64_t until = now_s() + REPLY_MS / 1000; now_s() < until; usleep(50000))
    if ((count = spawn_memory_count(spawned, text, strlen(text))) <= 0)
      break;
  return count;
}

/* A card that a PSP echoes, wherever a field is read from, and our own secrets. */
Test(hooks, neither_a_card_nor_a_secret_reaches_the_router_a_log_or_memory) {
  static const char *const echoes[] = {"declined: 4242427391058265", "4242 4273 9105 8265",
                                       "NDI0MjQyNzM5MTA1ODI2NQ==", "4242-4273-9105-8265"};
  struct webhook webhook;
  for (size_t i = 0; i < sizeof echoes / sizeof echoes[0]; i++) {
    struct adyen_event echo = captured;
    echo.reason = echoes[i];
    int fd = post_adyen("adyen", &echo);
    cr_assert(told(&webhook, REPLY_MS));
    cr_expect_str_empty(field(&webhook, ANSWER_MESSAGE), "%s", echoes[i]);
    cr_expect_str_eq(field(&webhook, ANSWER_PSP_ID), "WNS7WQ756L2GWR82");
    take(webhook.number, STATUS_DONE);
    cr_assert_eq(status_of(fd), 200);
  }
  int fd =
      post_checkout(CHECKOUT_SECRET, "{\"type\":\"payment_captured\",\"data\":{\"action_id\":\"" CARD
                                     "\",\"response_code\":\"" CARD "\",\"reference\":\"" MOVEMENT "\"}}");
  cr_assert(told(&webhook, REPLY_MS));
  cr_expect_str_empty(field(&webhook, ANSWER_PSP_ID), "in a field that is no free text too");
  cr_expect_str_empty(field(&webhook, ANSWER_CODE));
  take(webhook.number, STATUS_DONE);
  cr_assert_eq(status_of(fd), 200);
  expect_problem("{\"" CARD "\":", strlen("{\"" CARD "\":"), 400);
  static const char *const canaries[] = {CARD, "42424273", STRIPE_SECRET, CHECKOUT_SECRET, ADYEN_SECRET};
  struct spawned *const processes[] = {&stage.hooks, &stage.vault, &stage.egress};
  static char output[SPAWN_OUTPUT_MAX + 1];
  for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++) {
    cr_expect_null(memmem(said, said_length, canaries[i], strlen(canaries[i])), "%s told", canaries[i]);
    for (size_t j = 0; j < 3; j++) {
      spawn_output(processes[j], output);
      cr_expect_null(strstr(output, canaries[i]), "%s logged", canaries[i]);
      cr_expect_leq(left_in_memory(processes[j], canaries[i]), 0, "%s in %zu", canaries[i], j);
    }
  }
}

/* A webhook goes through, as soon as the processes have taken up their new lines. */
static void expect_delivery(void) {
  struct webhook webhook;
  int status = 503;
  for (int64_t until = now_s() + REPLY_MS / 1000; status == 503 && now_s() < until;) {
    int fd = post_adyen("adyen", &captured);
    if (told(&webhook, QUIET_MS))
      take(webhook.number, STATUS_DONE);
    status = status_of(fd);
  }
  cr_assert_eq(status, 200);
}

/* A hooks process that was taken over says anything; the vault refuses, and serves the others. */
Test(hooks, a_hooks_process_that_lies_gets_nowhere) {
  int liar = spawn_connect(&stage.vault, "hooks");
  struct hook hook = {.connector = "stripe", .body = (const uint8_t *)REFUNDED};
  hook.body_length = (uint32_t)strlen(REFUNDED);
  sign_time_and_body("whsec_guessed", now_s(), hook.body, hook.body_length, hook.signatures[0]);
  uint8_t good[4096];
  struct writer writer = writer_over(good, sizeof good);
  write_hook(&writer, &hook);
  size_t length = writer_length(&writer);
  for (unsigned i = 0; i < 3000; i++) {
    uint8_t changed[4096];
    memcpy(changed, good, length);
    for (unsigned changes = randombytes_uniform(4); changes > 0; changes--)
      changed[randombytes_uniform((uint32_t)length)] = (uint8_t)randombytes_uniform(256);
    uint8_t type = i % 8 == 0 ? (uint8_t)randombytes_uniform(256) : HV_WEBHOOK;
    send_raw(liar, type, i, changed, i % 16 == 0 ? randombytes_uniform((uint32_t)length) : length);
    struct pollfd watched = {.fd = liar, .events = POLLIN};
    cr_assert_eq(poll(&watched, 1, REPLY_MS), 1);
    if (!receive(liar, 0)) { /* malformed: the connection was closed */
      close(liar);
      liar = spawn_connect(&stage.vault, "hooks");
      continue;
    }
    struct reader reply = body_of_received();
    cr_assert_eq(read_u16(&reply), STATUS_REFUSED);
    cr_assert_eq(reader_finish(&reply), 0, "a status and nothing else");
  }
  expect_nothing_told();
  close(liar);
  connect_processes(&stage.vault, "hooks", &stage.hooks, "vault");
  expect_delivery();
}

Test(hooks, a_flood_is_answered_and_does_not_keep_the_vault_from_others) {
  enum { MANY = 600 };
  static int fds[MANY];
  for (size_t i = 0; i < MANY; i++) /* nobody takes any of them */
    fds[i] = post_adyen("adyen", &captured);
  send_raw(stage.admin, ADMIN_STATUS, ++stage.correlation, NULL, 0);
  cr_assert(receive(stage.admin, REPLY_MS), "the operator is answered");
  unsigned busy = 0;
  static int status[MANY];
  for (int64_t until = now_s() + REPLY_MS / 1000; busy < MANY - 256 && now_s() < until;)
    for (size_t i = 0; i < MANY; i++)
      if (status[i] == 0 && (status[i] = answer_of(fds[i], 1)) == 503)
        busy++;
  cr_expect_geq(busy, MANY - 256, "more are not on their way at once: %u", busy);
  struct webhook webhook;
  while (told(&webhook, QUIET_MS))
    take(webhook.number, STATUS_DONE);
  for (size_t i = 0; i < MANY; i++)
    close(fds[i]);
  expect_delivery();
}

Test(hooks, without_the_vault_it_says_so_and_comes_back) {
  int ends[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  spawn_give(&stage.hooks, "vault", ends[0]);
  close(ends[0]);
  close(ends[1]);
  int status;
  int64_t until = now_s() + 10;
  while ((status = status_of(post_adyen("adyen", &captured))) != 503 && now_s() < until)
    ;
  cr_assert_eq(status, 503);
  connect_processes(&stage.vault, "hooks", &stage.hooks, "vault");
  expect_delivery();
}

static bool status_says(const struct spawned *spawned, const char *wanted) {
  char path[64], line[256];
  bool found = false;
  snprintf(path, sizeof path, "/proc/%d/status", spawned->pid);
  FILE *file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    found = found || strcmp(line, wanted) == 0;
  if (file != NULL)
    fclose(file);
  return found;
}

Test(hooks, it_is_confined) {
#ifdef FREEPORT_SANITIZED
  cr_skip_test("no jail in a build under sanitizers");
#endif
  cr_assert(status_says(&stage.hooks, "Seccomp:\t2\n"));
  cr_assert(status_says(&stage.hooks, "NoNewPrivs:\t1\n"));
}

/* In a live environment nobody is exempt, not even on loopback. */
Test(hooks_start, who_comes_too_fast_is_told_so) {
  const char *const arguments[] = {"--environment", "live", "--rate", "1", "--burst", "2", NULL};
  stage = (struct stage){0};
  spawn_start(&stage.hooks, "freeport-hooks", arguments, NULL);
  int vault = spawn_connect(&stage.hooks, "vault");
  stage.listener = listen_http(&stage.port);
  spawn_give(&stage.hooks, "http", stage.listener);
  spawn_wait_ready(&stage.hooks);
  int limited = 0;
  for (int i = 0; i < 6; i++)
    limited += status_of(post("adyen", "", "[]", 2)) == 429;
  cr_assert_geq(limited, 3);
  cr_assert_leq(limited, 4, "the first two are let in");
  cr_assert_eq(spawn_stop(&stage.hooks), 0);
  close(stage.listener);
  close(vault);
}

Test(hooks_start, wrong_usage_is_64) {
  static const char *const wrong[][5] = {{NULL},
                                         {"--environment", NULL},
                                         {"--environment", "prod", NULL},
                                         {"--environment", "test", "--rate", "fast", NULL},
                                         {"--environment", "test", "--certificate", "x", NULL},
                                         {"--environment", "test", "--nonsense", "x", NULL}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct spawned hooks;
    spawn_start(&hooks, "freeport-hooks", wrong[i], NULL);
    cr_assert_eq(spawn_wait_end(&hooks), 64, "%zu", i);
  }
}
