/* Messages with cards: what is written is read, and nothing else is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collect_vault.h"
#include "egress_vault.h"
#include "webhook_reading.h"

static uint8_t bytes[MESSAGE_MAX];

static struct tokenize a_tokenize(void) {
  struct tokenize tokenize = {
      .card = {.number = "4242424242424242", .exp_month = 12, .exp_year = 2030, .name = "Ada"},
      .code = {"123"}};
  memset(tokenize.key_hash, 3, sizeof tokenize.key_hash);
  return tokenize;
}

static int reread_tokenize(const struct tokenize *tokenize, struct tokenize *ret_tokenize) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_tokenize(&writer, tokenize);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_tokenize(&reader, ret_tokenize);
}

Test(protocol, a_card_to_tokenize) {
  struct tokenize sent = a_tokenize(), got;
  cr_assert_eq(reread_tokenize(&sent, &got), 0);
  cr_assert_str_eq(got.card.number, sent.card.number);
  cr_assert_str_eq(got.card.name, "Ada");
  cr_assert_str_eq(got.code.digits, "123");
  cr_assert_eq(got.card.exp_year, 2030);
}

Test(protocol, what_cannot_be_a_card_is_malformed) {
  struct tokenize got, wrong[8];
  for (size_t i = 0; i < 8; i++)
    wrong[i] = a_tokenize();
  strcpy(wrong[0].card.number, "42424242424");
  strcpy(wrong[1].card.number, "424242424242424a");
  wrong[2].card.exp_month = 13;
  wrong[3].card.exp_month = 0;
  wrong[4].card.exp_year = 30;
  strcpy(wrong[5].card.name, "a\nb");
  strcpy(wrong[6].code.digits, "12");
  strcpy(wrong[7].code.digits, "12x");
  for (size_t i = 0; i < 8; i++)
    cr_assert_eq(reread_tokenize(&wrong[i], &got), -EBADMSG, "%zu", i);
}

/* A card may come without its code; a code that is typed again is there. */
Test(protocol, a_code_typed_again_is_never_empty) {
  struct code_typed typed = {.token = id_new("tok", 1700000000000), .code = {"1234"}}, got;
  for (int i = 0; i < 2; i++) {
    struct writer writer = writer_over(bytes, sizeof bytes);
    write_code_typed(&writer, &typed);
    struct reader reader = reader_over(bytes, writer_length(&writer));
    cr_assert_eq(read_code_typed(&reader, &got), i == 0 ? 0 : -EBADMSG, "%d", i);
    cr_assert_str_eq(got.code.digits, "1234");
    typed.code.digits[0] = '\0';
  }
}

Test(protocol, every_truncation_and_every_byte_too_many_is_malformed) {
  struct tokenize sent = a_tokenize(), got;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_tokenize(&writer, &sent);
  size_t length = writer_length(&writer);
  for (size_t i = 0; i <= length + 3; i++) {
    struct reader reader = reader_over(bytes, i);
    cr_assert_eq(read_tokenize(&reader, &got), i == length ? 0 : -EBADMSG, "%zu", i);
  }
}

Test(protocol, a_dispatch_to_egress) {
  static uint8_t again[MESSAGE_MAX];
  static struct egress_send sent, got;
  sent = (struct egress_send){.connector = "adyen_eu",
                              .sheet = "adyen",
                              .base_url = "https://example.com",
                              .environment = ENVIRONMENT_TEST,
                              .operation = OPERATION_AUTHORIZE,
                              .asked_about = OPERATION_CHARGE,
                              .has_card = true,
                              .card = {.number = "5555555555554444", .exp_month = 1, .exp_year = 2031},
                              .code = {"777"},
                              .bin = "55555555",
                              .last4 = "4444",
                              .amount = {1250, "EUR"},
                              .timeout_ms = 5000,
                              .deadline_us = 7000000,
                              .credential_count = 2,
                              .credentials = {{"api_key", "k"}, {"merchant_account", "m"}}};
  struct id payment = id_new("pay", 1700000000000);
  snprintf(sent.key, sizeof sent.key, "%.30s_1", payment.text);
  cr_assert_eq(request_fields_set(&sent.fields, REQUEST_REFERENCE, "r"), 0);
  memset(sent.sheet_hash, 7, sizeof sent.sheet_hash);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_egress_send(&writer, &sent);
  size_t length = writer_length(&writer);
  struct reader reader = reader_over(bytes, length);
  cr_assert_eq(read_egress_send(&reader, &got), 0);
  cr_assert_str_eq(got.connector, "adyen_eu");
  cr_assert_str_eq(got.card.number, sent.card.number);
  cr_assert_str_eq(got.credentials[1].value, "m");
  cr_assert_eq(got.deadline_us, 7000000);
  cr_assert_str_eq(request_fields_get(&got.fields, REQUEST_REFERENCE), "r");
  writer = writer_over(again, sizeof again);
  write_egress_send(&writer, &got);
  cr_assert_eq(writer_length(&writer), length);
  cr_assert_arr_eq(bytes, again, length, "what was read is all that was sent");
  for (size_t i = 0; i <= length + 3; i++) {
    reader = reader_over(bytes, i);
    cr_assert_eq(read_egress_send(&reader, &got), i == length ? 0 : -EBADMSG, "%zu", i);
  }
}

static struct hook a_hook(void) {
  static const uint8_t content[] = "{}";
  struct hook hook = {.connector = "adyen_eu", .body_length = 2, .body = content};
  strcpy(hook.signatures[1], "00ff");
  return hook;
}

static int pass_hook(const struct hook *hook, struct hook *ret_hook) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_hook(&writer, hook);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_hook(&reader, ret_hook);
}

Test(protocol, what_hooks_hands_on) {
  struct hook sent = a_hook(), got;
  cr_assert_eq(pass_hook(&sent, &got), 0);
  cr_assert_str_eq(got.connector, "adyen_eu");
  cr_assert_str_eq(got.signatures[1], "00ff");
  cr_assert_eq(got.body_length, 2);
  cr_assert_eq(memcmp(got.body, "{}", 2), 0);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_hook(&writer, &sent);
  for (size_t i = 0; i < writer_length(&writer); i++) {
    struct reader reader = reader_over(bytes, i);
    cr_assert_eq(read_hook(&reader, &got), -EBADMSG);
  }
  strcpy(sent.connector, "Adyen");
  cr_assert_eq(pass_hook(&sent, &got), -EBADMSG);
  sent = a_hook();
  strcpy(sent.signatures[0], "a\r\nb");
  cr_assert_eq(pass_hook(&sent, &got), -EBADMSG);
  sent = a_hook();
  sent.body_length = 0;
  cr_assert_eq(pass_hook(&sent, &got), -EBADMSG);
  static uint8_t longest[HOOK_BODY_MAX + 1];
  sent.body = longest;
  sent.body_length = HOOK_BODY_MAX;
  cr_assert_eq(pass_hook(&sent, &got), 0);
  sent.body_length++;
  cr_assert_eq(pass_hook(&sent, &got), -EBADMSG);
}

Test(protocol, the_largest_webhook_fits_a_message) {
  struct hook sent = a_hook(), got;
  static uint8_t longest[HOOK_BODY_MAX];
  memset(sent.connector, 'c', CONNECTOR_NAME_CAPACITY - 1);
  for (size_t i = 0; i < WEBHOOK_HEADERS; i++)
    memset(sent.signatures[i], 's', WEBHOOK_SIGNATURE_CAPACITY - 1);
  sent.body = longest;
  sent.body_length = HOOK_BODY_MAX;
  cr_assert_eq(pass_hook(&sent, &got), 0);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_hook(&writer, &sent);
  cr_assert_leq(writer_length(&writer), 26700, "as the vault's surface takes it");
}

static struct webhook_reading a_reading(void) {
  struct webhook_reading reading = {.count = 2};
  reading.events[1] = (struct webhook_event){.tells = true,
                                             .key = "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1",
                                             .about = OPERATION_REFUND,
                                             .answer = ANSWER_IS_REFUNDED,
                                             .at_ms = 5,
                                             .signed_count = 2,
                                             .signed_values = {"a", ""},
                                             .signature = "c2ln"};
  return reading;
}

static int pass_reading(const struct webhook_reading *reading, struct webhook_reading *ret_reading) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_webhook_reading(&writer, reading);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_webhook_reading(&reader, ret_reading);
}

Test(protocol, what_egress_read_of_a_webhook) {
  static struct webhook_reading sent, got;
  sent = a_reading();
  cr_assert_eq(pass_reading(&sent, &got), 0);
  cr_assert_eq(memcmp(&sent, &got, sizeof sent), 0);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_webhook_reading(&writer, &sent);
  for (size_t i = 0; i < writer_length(&writer); i++) {
    struct reader reader = reader_over(bytes, i);
    cr_assert_eq(read_webhook_reading(&reader, &got), -EBADMSG);
    cr_assert_eq(got.count, 0, "nothing half read");
  }
}

#define WRONG_READING(change)                                                                                \
  do {                                                                                                       \
    static struct webhook_reading sent, got;                                                                 \
    sent = a_reading();                                                                                      \
    change;                                                                                                  \
    cr_assert_eq(pass_reading(&sent, &got), -EBADMSG, #change);                                              \
  } while (0)

Test(protocol, an_egress_that_says_what_a_webhook_cannot) {
  WRONG_READING(sent.count = WEBHOOK_EVENTS_MAX + 1);
  WRONG_READING(strcpy(sent.events[1].key, "mov_1"));
  WRONG_READING(sent.events[1].about = OPERATION_STATUS);
  WRONG_READING(sent.events[1].answer = ANSWER_IS_ABSENT);
  WRONG_READING(sent.events[1].answer = ANSWER_IS_UNKNOWN);
  WRONG_READING(sent.events[1].at_ms = -1);
  WRONG_READING(sent.events[1].signed_count = WEBHOOK_SIGNED_MAX + 1);
}

static int pass_body(const struct webhook_body *body, struct webhook_body *ret_body) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_webhook_body(&writer, body);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_webhook_body(&reader, ret_body);
}

Test(protocol, a_webhook_to_be_read) {
  struct webhook_body sent = {
      .sheet = "adyen", .environment = ENVIRONMENT_TEST, .length = 2, .bytes = (const uint8_t *)"{}"};
  struct webhook_body got, wrong = sent;
  cr_assert_eq(pass_body(&sent, &got), 0);
  cr_assert_eq(memcmp(got.bytes, "{}", 2), 0);
  wrong.environment = ENVIRONMENT_LIVE + 1;
  cr_assert_eq(pass_body(&wrong, &got), -EBADMSG);
  wrong = sent;
  wrong.length = 0;
  cr_assert_eq(pass_body(&wrong, &got), -EBADMSG);
  wrong = sent;
  strcpy(wrong.sheet, "../adyen");
  cr_assert_eq(pass_body(&wrong, &got), -EBADMSG);
}

Test(protocol, no_reply_to_collect_has_room_for_a_number) {
  struct tokenized tokenized = {.token = id_new_random("tok"),
                                .card = {.bin = "42424242",
                                         .last4 = "4242",
                                         .network = NETWORK_VISA,
                                         .exp_month = 1,
                                         .exp_year = 2031,
                                         .fingerprint = id_new_random("fpr")}},
                   got;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_tokenized(&writer, &tokenized);
  cr_assert_null(memmem(bytes, writer_length(&writer), "fpr_", 4), "no fingerprint for collect (B11)");
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_assert_eq(read_tokenized(&reader, &got), 0);
  cr_assert_str_empty(got.card.fingerprint.text);
}
