/* Dispatches: what leaves for egress, when, with which code; what comes back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "scrub_digits.h"
#include "store_memory.h"
#include "tables.h"
#include "token_names.h"

static struct harness h;
static struct id token;
static struct egress_send sent;
static uint64_t correlation;

static const char VISA[] = "4242424242424242";

static struct id token_with_code(const char *code) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, code, &made), STATUS_DONE);
  return made.token;
}

static void open_memory(void) {
  harness_open(&h, HARNESS_MEMORY);
  token = token_with_code("123");
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(dispatch, .init = open_memory, .fini = close_harness);

static int dispatch(const struct dispatch *dispatch) {
  return harness_dispatch(&h, dispatch, &sent, &correlation);
}

static struct dispatch_result answer(void) {
  struct dispatch_result approved = harness_approved(), got = {0};
  cr_assert_eq(harness_answer(&h, correlation, &approved, &got), STATUS_DONE);
  return got;
}

static void end_payment(const struct id *merchant, const struct id *payment) {
  struct end_payment end = {*merchant, *payment};
  uint8_t bytes[128];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_end_payment(&body, &end);
  cr_assert_eq(harness_ask(&h, &h.router, RV_END_PAYMENT, &body, &rest), STATUS_DONE);
}

static int type_code(const char *code, struct reader *ret_rest) {
  struct code_typed typed = {.token = token};
  uint8_t bytes[128];
  memcpy(typed.key_hash, h.key_hash, sizeof typed.key_hash);
  snprintf(typed.code.digits, sizeof typed.code.digits, "%s", code);
  struct writer body = writer_over(bytes, sizeof bytes);
  write_code_typed(&body, &typed);
  return harness_ask(&h, &h.collect, CV_SECURITY_CODE, &body, ret_rest);
}

static struct id lease_again(const char *code) {
  struct code_leased leased;
  struct reader rest;
  cr_assert_eq(type_code(code, &rest), STATUS_DONE);
  cr_assert_eq(read_code_leased(&rest, &leased), 0);
  cr_assert_eq(leased.expires_ms, h.now_ms + 15 * 60 * 1000);
  return leased.security_code;
}

Test(dispatch, a_charge_carries_card_code_and_credentials_and_comes_back) {
  struct dispatch charge = harness_charge(&h, &token);
  cr_assert_eq(request_fields_set(&charge.fields, REQUEST_REFERENCE, "order-1"), 0);
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert(sent.has_card);
  cr_assert_str_eq(sent.card.number, VISA);
  cr_assert_str_eq(sent.card.name, "Ada Lovelace");
  cr_assert_eq(sent.card.exp_year, 2030);
  cr_assert_str_eq(sent.code.digits, "123");
  cr_assert_str_eq(sent.bin, "42424242");
  cr_assert_str_eq(sent.credentials[0].value, "canary-credential-1");
  cr_assert_str_eq(sent.base_url, "http://127.0.0.1:9/adyen");
  cr_assert_str_eq(sent.key, charge.key);
  cr_assert_str_eq(request_fields_get(&sent.fields, REQUEST_REFERENCE), "order-1");
  cr_assert_null(memmem(h.vault->dispatches.message, MESSAGE_MAX, VISA, 16), "the vault keeps no copy");
  cr_assert(sodium_is_zero((const uint8_t *)h.vault->dispatches.send, sizeof *h.vault->dispatches.send));
  struct dispatch_result got = answer();
  size_t places = DISPATCHES_MAX * sizeof *h.vault->dispatches.all;
  cr_assert_null(memmem(h.vault->dispatches.all, places, "order-1", 7), "nor of personal data");
  cr_assert_eq(got.answer, ANSWER_IS_CAPTURED);
  cr_assert(got.security_code_sent);
  cr_assert_eq(got.head.sequence, h.vault->audit.committed.sequence);
  cr_assert_eq(memcmp(&got.head, &h.vault->audit.committed, sizeof got.head), 0);
}

Test(dispatch, the_release_is_on_the_chain_before_egress_sees_it) {
  struct dispatch charge = harness_charge(&h, &token);
  struct audit_head before = h.vault->audit.committed;
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(dispatch(&charge), STATUS_STORAGE);
  struct message message;
  cr_assert_eq(harness_receive(&h, &h.egress, &message), CHANNEL_NOTHING);
  store_memory_fail_commits(h.store, 0);
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_eq(sent.code.digits, "123", "a failed round leaves the code free");
  store_memory_crash(h.store); /* what a crash right now would leave */
  struct audit audit;
  cr_assert_eq(audit_load(&audit, h.store), 0);
  cr_assert_eq(audit.head.sequence, before.sequence + 1);
  static struct audit_page page;
  cr_assert_eq(audit_read_page(&audit, before.sequence + 1, &page), 0);
  struct reader reader = reader_over(page.bytes, page.length);
  size_t length;
  const uint8_t *bytes = audit_page_next(&reader, &length);
  struct audit_record record;
  cr_assert_eq(audit_record_read(bytes, length, &record), 0);
  cr_assert_eq(record.kind, AUDIT_RELEASE);
  cr_assert_str_eq(record.connector, "adyen");
  cr_assert_str_eq(record.key, charge.key);
  cr_assert_eq(record.operation, OPERATION_CHARGE);
  cr_assert(record.security_code);
  cr_assert(id_equal(&record.merchant, &h.merchant));
  cr_assert_arr_eq(record.sheet_hash, charge.sheet_hash, sizeof record.sheet_hash);
  struct token_names names;
  token_names_of(&token, &names);
  cr_assert_arr_eq(record.token, names.hash, sizeof record.token);
}

Test(dispatch, a_movement_is_on_the_chain_before_egress_sees_it) {
  struct dispatch refund = harness_charge(&h, &token);
  struct id movement = id_new("mov", 1700000000000);
  refund.operation = OPERATION_REFUND;
  snprintf(refund.key, sizeof refund.key, "%.30s_1", movement.text);
  struct audit_head before = h.vault->audit.committed;
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(dispatch(&refund), STATUS_STORAGE);
  struct message message;
  cr_assert_eq(harness_receive(&h, &h.egress, &message), CHANNEL_NOTHING);
  store_memory_fail_commits(h.store, 0);
  cr_assert_eq(dispatch(&refund), STATUS_DONE);
  store_memory_crash(h.store); /* what a crash right now would leave */
  struct audit audit;
  cr_assert_eq(audit_load(&audit, h.store), 0);
  cr_assert_eq(audit.head.sequence, before.sequence + 1);
  static struct audit_page page;
  cr_assert_eq(audit_read_page(&audit, before.sequence + 1, &page), 0);
  struct reader reader = reader_over(page.bytes, page.length);
  size_t length;
  const uint8_t *bytes = audit_page_next(&reader, &length);
  struct audit_record record;
  cr_assert_eq(audit_record_read(bytes, length, &record), 0);
  cr_assert_eq(record.kind, AUDIT_MOVEMENT);
  cr_assert_eq(record.operation, OPERATION_REFUND);
  cr_assert_str_eq(record.connector, "adyen");
  cr_assert_str_eq(record.key, refund.key);
  cr_assert(id_equal(&record.merchant, &h.merchant));
  cr_assert(id_equal(&record.payment, &refund.payment));
}

Test(dispatch, what_releases_no_card_sends_none) {
  enum operation operations[] = {OPERATION_CAPTURE, OPERATION_VOID, OPERATION_REFUND, OPERATION_STATUS,
                                 OPERATION_CONTINUE};
  for (size_t i = 0; i < 5; i++) {
    struct audit_head before = h.vault->audit.committed;
    struct dispatch movement = harness_charge(&h, &token);
    movement.operation = operations[i];
    movement.asked_about = operations[i] == OPERATION_STATUS ? OPERATION_CHARGE : 0;
    cr_assert_eq(dispatch(&movement), STATUS_DONE, "%zu", i);
    cr_assert_not(sent.has_card);
    cr_assert_str_empty(sent.card.number);
    cr_assert_str_empty(sent.code.digits);
    cr_assert_str_eq(sent.last4, "4242", "for the scrub");
    answer();
    movement.token = (struct id){0};
    cr_assert_eq(dispatch(&movement), STATUS_DONE);
    cr_assert_str_empty(sent.last4);
    answer();
    cr_assert_eq(h.vault->audit.committed.sequence, before.sequence + (i < 3 ? 2 : 0), "%zu", i);
  }
  struct dispatch gone = harness_charge(&h, &token);
  gone.token = id_new_random("tok");
  gone.operation = OPERATION_REFUND;
  cr_assert_eq(dispatch(&gone), STATUS_DONE, "money goes back although the card was destroyed");
  answer();
  gone.merchant = id_new("mer", 1);
  gone.token = (struct id){0};
  cr_assert_eq(dispatch(&gone), STATUS_NOT_FOUND, "of no merchant");
}

/* The round's later messages count: what they end is not sent any more. */
Test(dispatch, what_ended_within_the_round_is_not_sent) {
  static uint8_t bytes[16384];
  struct dispatch charge = harness_charge(&h, &token);
  struct end_payment end = {h.merchant, charge.payment};
  struct writer body = writer_over(bytes, sizeof bytes);
  struct message message;
  write_dispatch(&body, &charge);
  harness_send(&h, &h.router, RV_DISPATCH, &body);
  body = writer_over(bytes, sizeof bytes);
  write_end_payment(&body, &end);
  harness_send(&h, &h.router, RV_END_PAYMENT, &body);
  cr_assert_eq(harness_receive(&h, &h.egress, &message), CHANNEL_NOTHING);
  unsigned expired = 0;
  while (harness_receive(&h, &h.router, &message) == 0) {
    struct reader rest = reader_over(message.body, message.length);
    expired += message.type == (RV_DISPATCH | REPLY_BIT) && read_u16(&rest) == STATUS_NO_CODE;
  }
  cr_assert_eq(expired, 1, "its code");
  struct token_question question = {h.merchant, token};
  body = writer_over(bytes, sizeof bytes);
  write_dispatch(&body, &charge);
  harness_send(&h, &h.router, RV_DISPATCH, &body);
  body = writer_over(bytes, sizeof bytes);
  write_token_question(&body, &question);
  harness_send(&h, &h.router, RV_DELETE_TOKEN, &body);
  cr_assert_eq(harness_receive(&h, &h.egress, &message), CHANNEL_NOTHING);
  unsigned deleted = 0;
  while (harness_receive(&h, &h.router, &message) == 0) {
    struct reader rest = reader_over(message.body, message.length);
    deleted += message.type == (RV_DISPATCH | REPLY_BIT) && read_u16(&rest) == STATUS_DELETED;
  }
  cr_assert_eq(deleted, 1, "its token");
}

/* Places are used again: an answer names the dispatch, not only its place. */
Test(dispatch, an_answer_given_twice_is_nobody_elses) {
  struct dispatch first = harness_charge(&h, &token), second = harness_charge(&h, &token);
  struct dispatch_result approved = harness_approved(), got;
  cr_assert_eq(dispatch(&first), STATUS_DONE);
  uint64_t old = correlation;
  answer();
  cr_assert_eq(dispatch(&second), STATUS_DONE);
  cr_assert_eq(old & 0xffff, correlation & 0xffff, "the same place");
  cr_assert_eq(harness_answer(&h, old, &approved, &got), -2);
  cr_assert_eq(harness_answer(&h, correlation, &approved, &got), STATUS_DONE);
}

Test(dispatch, a_replay_may_be_late_but_not_of_a_deleted_token) {
  struct dispatch charge = harness_charge(&h, &token);
  struct token_description description;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  answer();
  charge.replay = true;
  h.now_ms = INT64_C(1925121600000); /* 2031-01-02 */
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  answer();
  cr_assert_eq(harness_question(&h, &h.router, RV_DELETE_TOKEN, &h.merchant, &token, &description),
               STATUS_DONE);
  cr_assert_eq(dispatch(&charge), STATUS_DELETED);
}

Test(dispatch, a_code_serves_all_attempts_of_one_payment_and_dies_with_it) {
  struct dispatch first = harness_charge(&h, &token), other = harness_charge(&h, &token);
  cr_assert_eq(dispatch(&first), STATUS_DONE);
  answer();
  first.key[31] = '2';
  cr_assert_eq(dispatch(&first), STATUS_DONE);
  cr_assert_str_eq(sent.code.digits, "123");
  answer();
  cr_assert_eq(dispatch(&other), STATUS_DONE);
  cr_assert_str_empty(sent.code.digits, "another payment");
  cr_assert_not(answer().security_code_sent);
  end_payment(&h.other_merchant, &first.payment);
  cr_assert_eq(leases_count(h.vault->leases), 1, "another merchant ends nothing");
  end_payment(&h.merchant, &first.payment);
  cr_assert_eq(leases_count(h.vault->leases), 0);
  cr_assert_eq(dispatch(&first), STATUS_DONE);
  cr_assert_str_empty(sent.code.digits);
}

Test(dispatch, a_code_typed_again_is_used_by_its_id) {
  struct id code = lease_again("999"), unknown = id_new_random("cvc");
  struct dispatch charge = harness_charge(&h, &token);
  charge.security_code = code;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_eq(sent.code.digits, "999");
  answer();
  struct dispatch other = harness_charge(&h, &token);
  other.security_code = code;
  cr_assert_eq(dispatch(&other), STATUS_NO_CODE, "bound to the first payment");
  other.security_code = unknown;
  cr_assert_eq(dispatch(&other), STATUS_NO_CODE);
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
  other = harness_charge(&h, &made.token);
  other.security_code = lease_again("888");
  cr_assert_eq(dispatch(&other), STATUS_NO_CODE, "leased for another token");
}

Test(dispatch, a_code_is_typed_again_only_for_a_card_that_can_pay) {
  struct reader rest;
  struct token_description description;
  cr_assert_eq(type_code("1234", &rest), STATUS_INVALID, "as American Express has");
  cr_assert_eq(harness_question(&h, &h.router, RV_DELETE_TOKEN, &h.merchant, &token, &description),
               STATUS_DONE);
  cr_assert_eq(type_code("123", &rest), STATUS_DELETED);
  token = token_with_code("");
  h.now_ms = INT64_C(1925121600000); /* 2031-01-02 */
  cr_assert_eq(type_code("123", &rest), STATUS_EXPIRED);
  cr_assert_eq(leases_count(h.vault->leases), 0);
}

Test(dispatch, codes_die_after_fifteen_minutes_and_at_restart) {
  struct dispatch charge = harness_charge(&h, &token);
  cr_assert_neq(h.vault->lease_timer.index, 0, "a timer waits for the deadline");
  cr_assert_eq(h.vault->lease_timer.at_us, h.now_us + INT64_C(15) * 60 * 1000000);
  harness_pass(&h, 15 * 60 * 1000 + 1000);
  cr_assert_eq(leases_count(h.vault->leases), 0, "without anyone asking");
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_empty(sent.code.digits);
  token_with_code("123");
  harness_restart(&h);
  cr_assert_eq(leases_count(h.vault->leases), 0);
}

Test(dispatch, a_replay_sends_the_code_exactly_when_the_first_sending_did) {
  struct dispatch charge = harness_charge(&h, &token);
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  answer();
  charge.replay = true;
  charge.security_code_sent = true;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_eq(sent.code.digits, "123");
  answer();
  charge.security_code_sent = false;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_empty(sent.code.digits);
  answer();
  harness_restart(&h);
  charge.security_code_sent = true;
  cr_assert_eq(dispatch(&charge), STATUS_EXPIRED, "the code is gone: no other body in its place");

  struct id bare = token_with_code("");
  struct dispatch without = harness_charge(&h, &bare);
  cr_assert_eq(dispatch(&without), STATUS_DONE);
  answer();
  harness_restart(&h);
  without.replay = true;
  without.security_code_sent = true; /* the router does not know */
  cr_assert_eq(dispatch(&without), STATUS_DONE, "the audit chain does");
  cr_assert_str_empty(sent.code.digits);
}

/* The dispatch itself was lost with a line: the router asks by a replay, which no sending went before. */
Test(dispatch, a_replay_of_what_was_never_released_is_a_first_sending) {
  struct dispatch charge = harness_charge(&h, &token);
  charge.replay = true;
  charge.security_code_sent = true; /* for all the router knows */
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_str_eq(sent.code.digits, "123");
  answer();
  struct dispatch other = harness_charge(&h, &token);
  cr_assert_eq(dispatch(&other), STATUS_DONE);
  cr_assert_str_empty(sent.code.digits, "the code is bound to the first payment");
  answer();

  struct id bare = token_with_code("");
  struct dispatch without = harness_charge(&h, &bare);
  without.replay = true;
  without.security_code_sent = true;
  cr_assert_eq(dispatch(&without), STATUS_DONE, "there was no code to send");
  cr_assert_str_empty(sent.code.digits);
  answer();
  struct dispatch typed = harness_charge(&h, &bare);
  typed.replay = true;
  typed.security_code_sent = true;
  typed.security_code = id_new_random("cvc");
  cr_assert_eq(dispatch(&typed), STATUS_EXPIRED, "there was one, and it is gone");
}

static void set_status(enum connector_status status) {
  struct connector_status_set set = {.name = "adyen", .status = status};
  uint8_t bytes[64];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  struct message message;
  write_connector_status_set(&body, &set);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_CONNECTOR_STATUS, &body, &rest), STATUS_DONE);
  cr_assert_eq(harness_receive(&h, &h.router, &message), 0);
  cr_assert_eq(message.type, RV_CONNECTORS_CHANGED);
}

Test(dispatch, connectors_are_pinned_drained_and_disabled) {
  struct dispatch charge = harness_charge(&h, &token), capture = charge, status = charge;
  capture.operation = OPERATION_CAPTURE;
  status.operation = OPERATION_STATUS;
  status.asked_about = OPERATION_CHARGE;
  charge.sheet_hash[0] ^= 1;
  cr_assert_eq(dispatch(&charge), STATUS_CONFLICT);
  charge.sheet_hash[0] ^= 1;
  snprintf(charge.connector, sizeof charge.connector, "nowhere");
  cr_assert_eq(dispatch(&charge), STATUS_NOT_FOUND);
  snprintf(charge.connector, sizeof charge.connector, "adyen");
  set_status(CONNECTOR_DRAINING);
  cr_assert_eq(dispatch(&charge), STATUS_UNAVAILABLE);
  cr_assert_eq(dispatch(&capture), STATUS_DONE);
  answer();
  set_status(CONNECTOR_DISABLED);
  cr_assert_eq(dispatch(&capture), STATUS_UNAVAILABLE);
  cr_assert_eq(dispatch(&charge), STATUS_UNAVAILABLE);
  cr_assert_eq(dispatch(&status), STATUS_DONE, "what became of a charge may still be asked");
  answer();
  charge.replay = true;
  cr_assert_eq(dispatch(&charge), STATUS_DONE, "by a replay of it too");
}

Test(dispatch, a_token_of_another_merchant_pays_nothing) {
  struct dispatch charge = harness_charge(&h, &token);
  charge.merchant = h.other_merchant;
  cr_assert_eq(dispatch(&charge), STATUS_NOT_FOUND);
  charge.merchant = id_new("mer", 1);
  cr_assert_eq(dispatch(&charge), STATUS_NOT_FOUND);
  charge = harness_charge(&h, &token);
  h.now_ms = INT64_C(1925121600000);
  cr_assert_eq(dispatch(&charge), STATUS_EXPIRED);
}

static int router_gets(struct dispatch_result *ret_result) {
  struct message message;
  if (harness_receive(&h, &h.router, &message) != 0)
    return -2;
  struct reader rest = reader_over(message.body, message.length);
  int status = read_u16(&rest);
  if (status == STATUS_DONE)
    cr_assert_eq(read_dispatch_result(&rest, ret_result), 0);
  return status;
}

Test(dispatch, without_egress_nothing_is_sent_and_with_it_lost_the_fate_is_unknown) {
  struct dispatch charge = harness_charge(&h, &token);
  struct dispatch_result result;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  channel_close(&h.egress);
  cr_assert_eq(router_gets(&result), STATUS_DONE);
  cr_assert_eq(result.phase, PHASE_SENT_NO_REPLY);
  cr_assert(result.security_code_sent);
  h.egress.fd = -1;
  struct audit_head before = h.vault->audit.committed;
  uint8_t bytes[16384];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_dispatch(&body, &charge);
  cr_assert_eq(harness_ask(&h, &h.router, RV_DISPATCH, &body, &rest), STATUS_UNAVAILABLE);
  cr_assert_eq(memcmp(&before, &h.vault->audit.committed, sizeof before), 0);
}

Test(dispatch, what_waited_in_the_queue_when_egress_died_was_not_sent) {
  enum { MANY = 900 };
  uint8_t bytes[16384];
  struct dispatch charge = harness_charge(&h, &token);
  for (unsigned i = 0; i < 12; i++) { /* long messages, so that the socket is soon full */
    char value[400] = {0};
    snprintf(value, sizeof value, "key_%u=", i);
    size_t limit = request_field_rule(REQUEST_METADATA_FIRST + i)->limit;
    memset(value + strlen(value), 'x', (limit < sizeof value ? limit : sizeof value - 1) - strlen(value));
    cr_assert_eq(request_fields_set(&charge.fields, REQUEST_METADATA_FIRST + i, value), 0);
  }
  for (unsigned i = 0; i < MANY; i++) {
    struct writer body = writer_over(bytes, sizeof bytes);
    write_dispatch(&body, &charge);
    harness_send(&h, &h.router, RV_DISPATCH, &body);
    if (i % 50 == 0)
      harness_run(&h);
  }
  harness_run(&h);
  channel_close(&h.egress);
  h.egress.fd = -1;
  unsigned phases[PHASE_COUNT] = {0};
  struct dispatch_result result;
  while (router_gets(&result) == STATUS_DONE) {
    phases[result.phase]++;
    cr_assert_eq(result.security_code_sent, result.phase == PHASE_SENT_NO_REPLY);
  }
  cr_assert_eq(phases[PHASE_NOT_SENT] + phases[PHASE_SENT_NO_REPLY], MANY);
  cr_assert_gt(phases[PHASE_NOT_SENT], 0);
  cr_assert_gt(phases[PHASE_SENT_NO_REPLY], 0);
}

Test(dispatch, an_egress_that_never_answers_is_not_waited_for) {
  struct dispatch charge = harness_charge(&h, &token);
  struct dispatch_result result, late = harness_approved();
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  harness_pass(&h, 11000);
  cr_assert_eq(router_gets(&result), -2);
  harness_pass(&h, 1100);
  cr_assert_eq(router_gets(&result), STATUS_DONE);
  cr_assert_eq(result.phase, PHASE_SENT_NO_REPLY);
  cr_assert_eq(harness_answer(&h, correlation, &late, &result), -2, "a late answer goes nowhere");
}

Test(dispatch, egress_may_refuse) {
  struct dispatch charge = harness_charge(&h, &token);
  struct dispatch_result result;
  uint8_t conflict[2] = {STATUS_CONFLICT, 0};
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_eq(channel_send(&h.egress, EV_SEND | REPLY_BIT, correlation, conflict, sizeof conflict), 0);
  cr_assert_eq(router_gets(&result), STATUS_CONFLICT);
}

Test(dispatch, a_card_that_egress_lets_through_is_dropped) {
  struct dispatch charge = harness_charge(&h, &token);
  struct dispatch_result echo = harness_approved(), got;
  cr_assert_eq(answer_fields_set(&echo.fields, ANSWER_MESSAGE, "card 4242 4242 4242 4242 is fine"), 0);
  cr_assert_eq(answer_fields_set(&echo.fields, ANSWER_AUTH_CODE, "654321"), 0);
  echo.scrubbed = 2;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_eq(harness_answer(&h, correlation, &echo, &got), STATUS_DONE);
  cr_assert_null(answer_fields_get(&got.fields, ANSWER_MESSAGE));
  cr_assert_str_eq(answer_fields_get(&got.fields, ANSWER_AUTH_CODE), "654321");
  cr_assert_eq(got.scrubbed, 3);
  cr_assert_eq(got.answer, ANSWER_IS_CAPTURED, "an echo never turns a charge into an unknown");
}

Test(scrub, digits_that_could_be_the_card_go_and_others_stay) {
  static const struct {
    const char *text;
    bool goes;
  } CASES[] = {
      {"4000056655665556", true},      {"x4000056655665556y", true},
      {"4000-0566-5566-5556", true},   {"4000 0566 5566 5556.", true},
      {"004000056655665556000", true}, {"4000056655665557", false},
      {"5555555555554444", false},     {"8536214160615591", false},
      {"4000056655", false},           {"4000.0566.5566.5556", true},
      {"4000_0566_5566_5556", true},   {"4111111100095556", false},
      {"4000056655675556", false},     {"4000 0566 5566  5556", false},
      {"40000566 and 5556", false},    {"", false},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    struct answer_fields fields = {0};
    if (CASES[i].text[0])
      cr_assert_eq(answer_fields_set(&fields, ANSWER_MESSAGE, CASES[i].text), 0);
    cr_assert_eq(scrub_digits(&fields, "40000566", "5556"), CASES[i].goes, "%zu", i);
  }
  struct answer_fields fields = {0};
  cr_assert_eq(answer_fields_set(&fields, ANSWER_PSP_ID, "4000056655665556"), 0);
  cr_assert_eq(scrub_digits(&fields, "40000566", "5556"), 1, "the first field too");
  cr_assert_eq(answer_fields_set(&fields, ANSWER_MESSAGE, "4000056655665556"), 0);
  cr_assert_eq(scrub_digits(&fields, "", ""), 0);
}

Test(dispatch, a_number_that_a_network_could_have_issued_goes_whatever_stands_beside_it) {
  static const struct {
    const char *text;
    bool goes;
  } CASES[] = {
      {"4242424242424242", true},         {"x4242-4242-4242-4242y", true},
      {"4242424242424242 12/30", true},   {"4242 4242 4242 4242 12/30", true},
      {"12 4242424242424242", true},      {"12/30 4242.4242.4242.4242 737", true},
      {"3782 822463 10005", true},        {"4242424242424241 12/30", false},
      {"42424242424242420000000", false}, {"8536214160615591 12/30", false},
      {"2026-11-21 12 31 00", false},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    struct answer_fields fields = {0};
    cr_assert_eq(answer_fields_set(&fields, ANSWER_MESSAGE, CASES[i].text), 0);
    cr_expect_eq(scrub_card_numbers(&fields), CASES[i].goes, "%s", CASES[i].text);
  }
}

/* The router's deadline, or its time from now on when that ends earlier. */
Test(dispatch, egress_is_told_until_when) {
  struct dispatch charge = harness_charge(&h, &token);
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_eq(sent.deadline_us, h.now_us + (int64_t)charge.timeout_ms * 1000);
  charge = harness_charge(&h, &token);
  charge.deadline_us = h.now_us + 5000;
  cr_assert_eq(dispatch(&charge), STATUS_DONE);
  cr_assert_eq(sent.deadline_us, h.now_us + 5000);
}

/* The vault was stopped: the router has taken the dispatch for lost and asks for its fate. */
Test(dispatch, what_comes_too_late_is_not_begun) {
  struct dispatch charge = harness_charge(&h, &token);
  charge.deadline_us = h.now_us;
  cr_assert_eq(dispatch(&charge), STATUS_BUSY);
  struct message message;
  cr_assert_eq(harness_receive(&h, &h.egress, &message), CHANNEL_NOTHING);
}
