/* Webhooks on their way through the vault: who waits for whom, for how long, and what is lost with whom. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "harness.h"
#include "sandbox_sign.h"
#include "scrub_digits.h"

#define KEY "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"
#define SECRET "canary-webhook-secret"
#define CONTENT "{\"type\":\"payment_captured\"}"

static struct harness h;
static uint8_t bytes[MESSAGE_MAX];

static void set_connector(enum webhook_scheme scheme, const char *secret) {
  struct connector_set set = {.facts = {.name = "adyen", .sheet = "adyen", .status = CONNECTOR_ACTIVE},
                              .signing = {.scheme = scheme, .header = scheme == WEBHOOK_BODY_HMAC ? 1 : 0},
                              .credential_count = 2,
                              .credentials = {{"api_key", "canary-credential-1"}, {"webhook_secret", ""}}};
  memset(set.facts.sheet_hash, 5, sizeof set.facts.sheet_hash);
  snprintf(set.credentials[1].value, sizeof set.credentials[1].value, "%s", secret);
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  struct message changed;
  write_connector_set(&body, &set);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_CONNECTOR_SET, &body, &rest), STATUS_DONE);
  cr_assert_eq(harness_receive(&h, &h.router, &changed), 0);
}

static void open_memory(void) {
  harness_open(&h, HARNESS_MEMORY);
  set_connector(WEBHOOK_BODY_HMAC, SECRET);
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(webhooks, .init = open_memory, .fini = close_harness);

/* A PSP's webhook comes in; returns its correlation. */
static uint64_t come_in_with(const char *secret, const void *content, size_t length) {
  struct hook hook = {.connector = "adyen", .body_length = (uint32_t)length, .body = content};
  sign_body(secret, content, length, hook.signatures[1]);
  struct writer body = writer_over(bytes, sizeof bytes);
  write_hook(&body, &hook);
  return harness_send(&h, &h.hooks, HV_WEBHOOK, &body);
}

static uint64_t come_in(const char *secret) {
  return come_in_with(secret, CONTENT, sizeof CONTENT - 1);
}

/* What hooks was answered: its status; -2 for nothing. */
static int answered(uint64_t correlation) {
  struct message message;
  if (harness_receive(&h, &h.hooks, &message) != 0)
    return -2;
  cr_assert_eq(message.type, HV_WEBHOOK | REPLY_BIT);
  cr_assert_eq(message.correlation, correlation);
  struct reader reader = reader_over(message.body, message.length);
  int status = read_u16(&reader);
  cr_assert_eq(reader_finish(&reader), 0, "a status and nothing else");
  return status;
}

/* What egress was pushed; returns its correlation, 0 for nothing. */
static uint64_t pushed(void) {
  struct message message;
  struct webhook_body body;
  if (harness_receive(&h, &h.egress, &message) != 0)
    return 0;
  cr_assert_eq(message.type, EV_WEBHOOK);
  struct reader reader = reader_over(message.body, message.length);
  cr_assert_eq(read_webhook_body(&reader, &body), 0);
  cr_assert_str_eq(body.sheet, "adyen");
  cr_assert_eq(body.sheet_hash[0], 5);
  cr_assert_eq(body.length, sizeof CONTENT - 1);
  cr_assert_eq(memcmp(body.bytes, CONTENT, body.length), 0);
  return message.correlation;
}

static void read_it(uint64_t correlation, const struct webhook_reading *reading) {
  struct writer body = writer_over(bytes, sizeof bytes);
  write_u16(&body, STATUS_DONE);
  write_webhook_reading(&body, reading);
  cr_assert_eq(channel_send(&h.egress, EV_WEBHOOK | REPLY_BIT, correlation, bytes, writer_length(&body)), 0);
}

static struct webhook_reading captured(void) {
  struct webhook_reading reading = {.count = 1};
  reading.events[0] = (struct webhook_event){
      .tells = true, .key = KEY, .about = OPERATION_CAPTURE, .answer = ANSWER_IS_CAPTURED};
  return reading;
}

/* What the router was told; its number, 0 for nothing. */
static uint64_t told(struct webhook *ret_webhook) {
  struct message message;
  if (harness_receive(&h, &h.router, &message) != 0)
    return 0;
  cr_assert_eq(message.type, RV_WEBHOOK);
  cr_assert_eq(message.correlation, 0);
  struct reader reader = reader_over(message.body, message.length);
  cr_assert_eq(read_webhook(&reader, ret_webhook), 0);
  return ret_webhook->number;
}

static void take(uint64_t number) {
  struct webhook_taken taken = {number, STATUS_DONE};
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_webhook_taken(&body, &taken);
  cr_assert_eq(harness_ask(&h, &h.router, RV_WEBHOOK_TAKEN, &body, &rest), STATUS_DONE);
}

static void connect_anew(enum role role, struct channel *channel) {
  int ends[2];
  channel_close(channel);
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  cr_assert_eq(channel_open(channel, ends[0]), 0);
  cr_assert_eq(peer_connect(h.vault, role, ends[1]), 0);
}

static void expect_whole_way(void) {
  struct webhook webhook;
  struct webhook_reading reading = captured();
  uint64_t correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_neq(told(&webhook), 0);
  cr_assert_str_eq(webhook.key, KEY);
  cr_assert_str_eq(webhook.connector, "adyen");
  cr_assert_not(webhook.codes_unsigned, "the whole body is signed");
  cr_assert_eq(answered(correlation), -2);
  take(webhook.number);
  cr_assert_eq(answered(correlation), STATUS_DONE);
}

Test(webhooks, one_goes_the_whole_way) {
  expect_whole_way();
  struct connector_listing listing = {0};
  webhook_counts_show(&h.vault->webhooks.counts, "adyen", &listing);
  cr_assert_eq(listing.webhooks_taken, 1);
  cr_assert_eq(listing.webhooks_wrongly_signed + listing.webhooks_without_secret, 0);
  harness_restart(&h);
  expect_whole_way();
}

Test(webhooks, what_is_not_signed_reaches_nobody) {
  cr_assert_eq(answered(come_in("another-secret")), STATUS_REFUSED);
  cr_assert_eq(pushed(), 0);
  set_connector(WEBHOOK_UNSIGNED, SECRET);
  cr_assert_eq(answered(come_in(SECRET)), STATUS_REFUSED);
  set_connector(WEBHOOK_BODY_HMAC, "short");
  cr_assert_eq(answered(come_in("short")), STATUS_REFUSED, "a secret that can be guessed is none");
  cr_assert_eq(pushed(), 0);
  struct connector_listing listing = {0};
  webhook_counts_show(&h.vault->webhooks.counts, "adyen", &listing);
  cr_assert_eq(listing.webhooks_wrongly_signed, 1);
  cr_assert_eq(listing.webhooks_without_secret, 2);
  cr_assert_eq(listing.webhooks_taken + listing.webhooks_unreadable, 0);
}

Test(webhooks, an_event_whose_fields_are_not_signed_is_refused) {
  set_connector(WEBHOOK_FIELD_HMAC, "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF");
  struct webhook webhook;
  struct webhook_reading reading = captured();
  uint64_t correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_eq(answered(correlation), STATUS_REFUSED, "an egress that says nothing was to be signed");
  cr_assert_eq(told(&webhook), 0);
}

Test(webhooks, an_event_about_a_key_that_is_not_signed_tells_nothing) {
  static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
  set_connector(WEBHOOK_FIELD_HMAC, key);
  struct webhook webhook;
  struct webhook_reading reading = captured();
  struct webhook_event *event = &reading.events[0];
  event->signed_count = 1;
  strcpy(event->signed_values[0], "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3T_1");
  sign_text(key, event->signed_values[0], event->signature);
  uint64_t correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_eq(answered(correlation), STATUS_DONE);
  cr_assert_eq(told(&webhook), 0);
  strcpy(event->signed_values[0], KEY);
  sign_text(key, KEY, event->signature);
  correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_neq(told(&webhook), 0);
  take(webhook.number);
  cr_assert_eq(answered(correlation), STATUS_DONE);
}

Test(webhooks, without_egress_or_router_it_is_not_now) {
  channel_close(&h.egress);
  harness_run(&h);
  cr_assert_eq(answered(come_in(SECRET)), STATUS_UNAVAILABLE);
  connect_anew(ROLE_EGRESS, &h.egress);
  channel_close(&h.router);
  harness_run(&h);
  cr_assert_eq(answered(come_in(SECRET)), STATUS_UNAVAILABLE);
  cr_assert_eq(pushed(), 0);
}

/* B9: a router that has seen more of the chain than there is, is served nothing. */
Test(webhooks, a_router_that_has_seen_more_is_told_nothing) {
  struct audit_head seen = h.vault->audit.committed;
  struct webhook webhook;
  struct webhook_reading reading = captured();
  struct reader rest;
  seen.sequence++;
  struct writer body = writer_over(bytes, sizeof bytes);
  write_audit_head(&body, &seen);
  uint64_t correlation = come_in(SECRET);
  uint64_t being_read = pushed();
  cr_assert_eq(harness_ask(&h, &h.router, RV_HEAD, &body, &rest), STATUS_ROLLED_BACK);
  read_it(being_read, &reading);
  cr_assert_eq(answered(correlation), STATUS_UNAVAILABLE);
  cr_assert_eq(answered(come_in(SECRET)), STATUS_ROLLED_BACK);
  cr_assert_eq(told(&webhook), 0);
}

Test(webhooks, what_waits_for_a_peer_that_goes_is_answered_at_once) {
  struct webhook webhook;
  struct webhook_reading reading = captured();
  uint64_t correlation = come_in(SECRET);
  cr_assert_neq(pushed(), 0);
  connect_anew(ROLE_EGRESS, &h.egress);
  cr_assert_eq(answered(correlation), STATUS_UNAVAILABLE);
  correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_neq(told(&webhook), 0);
  uint64_t number = webhook.number;
  connect_anew(ROLE_ROUTER, &h.router);
  cr_assert_eq(answered(correlation), STATUS_UNAVAILABLE);
  take(number); /* a new router cannot take what an earlier one was told */
  cr_assert_eq(answered(correlation), -2);
  expect_whole_way();
}

Test(webhooks, one_that_nobody_takes_in_time_is_not_taken) {
  struct webhook webhook;
  struct webhook_reading reading = captured();
  uint64_t correlation = come_in(SECRET), slow = pushed();
  harness_pass(&h, WEBHOOK_WAIT_MS - 1);
  cr_assert_eq(answered(correlation), -2);
  harness_pass(&h, 2);
  cr_assert_eq(answered(correlation), STATUS_UNAVAILABLE);
  read_it(slow, &reading);
  cr_assert_eq(told(&webhook), 0, "what egress says too late is not told");
  correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_neq(told(&webhook), 0);
  harness_pass(&h, WEBHOOK_WAIT_MS + 1);
  cr_assert_eq(answered(correlation), STATUS_UNAVAILABLE);
  take(webhook.number);
  cr_assert_eq(answered(correlation), -2);
}

Test(webhooks, so_many_at_once_and_no_more) {
  for (unsigned i = 0; i < WEBHOOKS_MAX; i++) {
    (void)come_in(SECRET);
    cr_assert_neq(pushed(), 0, "%u", i);
  }
  cr_assert_eq(answered(come_in(SECRET)), STATUS_BUSY);
  struct webhook_reading nothing = {.count = 1};
  read_it(UINT64_C(1) << 8 | 0, &nothing); /* the first one is over */
  struct message message;
  cr_assert_eq(harness_receive(&h, &h.hooks, &message), 0);
  (void)come_in(SECRET);
  cr_assert_neq(pushed(), 0);
}

/* P1, P2: whether a dispatch never left is told by its place among all that was handed to egress. */
Test(webhooks, a_webhook_on_the_way_to_egress_does_not_make_a_sent_dispatch_look_unsent) {
  struct tokenized made;
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_tokenize(&h, "4242424242424242", "123", &made), STATUS_DONE);
  struct dispatch charge = harness_charge(&h, &made.token);
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DONE);
  static uint8_t large[HOOK_BODY_MAX];
  for (unsigned i = 0; i < WEBHOOKS_MAX; i++) { /* none of which egress fetches */
    (void)come_in_with(SECRET, large, sizeof large);
    harness_run(&h);
  }
  cr_assert_gt(h.vault->peers.all[ROLE_EGRESS].channel.queued, 1, "its socket is full");
  connect_anew(ROLE_EGRESS, &h.egress);
  struct message message;
  cr_assert_eq(harness_receive(&h, &h.router, &message), 0);
  struct reader rest = reader_over(message.body, message.length);
  struct dispatch_result result;
  cr_assert_eq(read_u16(&rest), STATUS_DONE);
  cr_assert_eq(read_dispatch_result(&rest, &result), 0);
  cr_assert_eq(result.phase, PHASE_SENT_NO_REPLY, "egress has it, and may have sent it");
}

Test(webhooks, egress_is_not_told_the_secret) {
  struct tokenized made;
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_tokenize(&h, "4242424242424242", "", &made), STATUS_DONE);
  struct dispatch charge = harness_charge(&h, &made.token);
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DONE);
  cr_assert_eq(sent.credential_count, 1);
  cr_assert_str_eq(sent.credentials[0].name, "api_key");
  cr_assert_null(memmem(&sent, sizeof sent, SECRET, strlen(SECRET)));
}

Test(webhooks, a_card_number_that_egress_lets_through_is_dropped) {
  struct webhook webhook;
  struct webhook_reading reading = captured();
  struct answer_fields *fields = &reading.events[0].fields;
  cr_assert_eq(answer_fields_set(fields, ANSWER_MESSAGE, "declined 4242-4242-4242-4242"), 0);
  cr_assert_eq(answer_fields_set(fields, ANSWER_CODE, "5555555555554444"), 0);
  cr_assert_eq(answer_fields_set(fields, ANSWER_PSP_ID, "8536214160615591"), 0);
  uint64_t correlation = come_in(SECRET);
  read_it(pushed(), &reading);
  cr_assert_neq(told(&webhook), 0);
  cr_assert_null(answer_fields_get(&webhook.fields, ANSWER_MESSAGE));
  cr_assert_null(answer_fields_get(&webhook.fields, ANSWER_CODE));
  cr_assert_str_eq(answer_fields_get(&webhook.fields, ANSWER_PSP_ID), "8536214160615591", "no card's number");
  take(webhook.number);
  cr_assert_eq(answered(correlation), STATUS_DONE);
}
