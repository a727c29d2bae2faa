/* Webhooks read by the three sheets: what each event says, what concerns nobody, what is none. */
#include "sheet_trial.h"
#include "webhook.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPT "pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"
#define CHECK "ver_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"
#define MOVEMENT "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"

enum { TEXT_MAX = 4096 };

static struct webhook_reading reading;
static char text[TEXT_MAX];

static int read_by(const char *name, const char *content) {
  struct sheet *sheet = trial_sheet(name);
  struct webhook_body body = {.length = (uint32_t)strlen(content), .bytes = (const uint8_t *)content};
  int result = webhook_read(sheet, &body, &reading);
  sheet_free(sheet);
  return result;
}

static const char *field(enum answer_field which) {
  const char *value = answer_fields_get(&reading.events[0].fields, which);
  return value != NULL ? value : "";
}

/* ---- What each event says ---- */

static const char *adyen(const char *event, const char *reference, const char *success) {
  snprintf(text, sizeof text,
           "{\"live\":\"false\",\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{"
           "\"hmacSignature\":\"c2lnbmF0dXJl\",\"authCode\":\"123456\"},\"amount\":{\"currency\":\"EUR\","
           "\"value\":1999},\"eventCode\":\"%s\",\"eventDate\":\"2026-06-15T12:00:00+02:00\","
           "\"merchantAccountCode\":\"Acme\",\"merchantReference\":\"%s\",\"originalReference\":\"ORIGINAL\","
           "\"pspReference\":\"WNS7WQ756L2GWR82\",\"reason\":\"a reason\",\"success\":\"%s\"}}]}",
           event, reference, success);
  return text;
}

static const char *checkout(const char *event, const char *reference, const char *unused) {
  (void)unused;
  snprintf(
      text, sizeof text,
      "{\"id\":\"evt_1\",\"type\":\"%s\",\"created_on\":\"2026-06-15T12:00:00Z\",\"data\":{\"id\":\"pay_1\","
      "\"action_id\":\"act_1\",\"amount\":1999,\"currency\":\"EUR\",\"response_code\":\"10000\","
      "\"response_summary\":\"Approved\",\"reference\":\"%s\"}}",
      event, reference);
  return text;
}

/* what: the members of the object that decide. */
static const char *stripe(const char *event, const char *reference, const char *what) {
  snprintf(
      text, sizeof text,
      "{\"id\":\"evt_1\",\"object\":\"event\",\"created\":1781524800,\"type\":\"%s\",\"data\":{\"object\":{"
      "\"id\":\"pi_1\",\"amount\":1999,\"amount_received\":1500,\"currency\":\"eur\",\"latest_charge\":"
      "\"ch_1\",\"metadata\":{\"reference\":\"%s\"},%s}}}",
      event, reference, what);
  return text;
}

#define REFUND "\"object\":\"refund\",\"status\":"

static const struct {
  const char *sheet;
  const char *(*write)(const char *event, const char *reference, const char *what);
  const char *event, *reference, *what;
  enum operation about;
  enum answer answer;
} events[] = {
    {"adyen", adyen, "AUTHORISATION", ATTEMPT, "true", OPERATION_AUTHORIZE, ANSWER_IS_APPROVED},
    {"adyen", adyen, "AUTHORISATION", ATTEMPT, "false", OPERATION_AUTHORIZE, ANSWER_IS_DECLINED},
    {"adyen", adyen, "AUTHORISATION", CHECK, "true", OPERATION_VERIFY, ANSWER_IS_APPROVED},
    {"adyen", adyen, "CAPTURE", MOVEMENT, "true", OPERATION_CAPTURE, ANSWER_IS_CAPTURED},
    {"adyen", adyen, "CAPTURE", MOVEMENT, "false", OPERATION_CAPTURE, ANSWER_IS_DECLINED},
    {"adyen", adyen, "CAPTURE", ATTEMPT, "true", OPERATION_CAPTURE, ANSWER_IS_CAPTURED},
    {"adyen", adyen, "CAPTURE_FAILED", MOVEMENT, "true", OPERATION_CAPTURE, ANSWER_IS_DECLINED},
    {"adyen", adyen, "CANCELLATION", MOVEMENT, "true", OPERATION_VOID, ANSWER_IS_VOIDED},
    {"adyen", adyen, "CANCELLATION", MOVEMENT, "false", OPERATION_VOID, ANSWER_IS_DECLINED},
    {"adyen", adyen, "REFUND", MOVEMENT, "true", OPERATION_REFUND, ANSWER_IS_REFUNDED},
    {"adyen", adyen, "REFUND", MOVEMENT, "false", OPERATION_REFUND, ANSWER_IS_DECLINED},
    {"adyen", adyen, "REFUND_FAILED", MOVEMENT, "true", OPERATION_REFUND, ANSWER_IS_DECLINED},
    {"adyen", adyen, "REFUNDED_REVERSED", MOVEMENT, "true", OPERATION_REFUND, ANSWER_IS_DECLINED},
    {"checkout", checkout, "payment_approved", ATTEMPT, "", OPERATION_AUTHORIZE, ANSWER_IS_APPROVED},
    {"checkout", checkout, "payment_declined", ATTEMPT, "", OPERATION_AUTHORIZE, ANSWER_IS_DECLINED},
    {"checkout", checkout, "payment_expired", ATTEMPT, "", OPERATION_AUTHORIZE, ANSWER_IS_DECLINED},
    {"checkout", checkout, "card_verified", CHECK, "", OPERATION_VERIFY, ANSWER_IS_APPROVED},
    {"checkout", checkout, "payment_captured", MOVEMENT, "", OPERATION_CAPTURE, ANSWER_IS_CAPTURED},
    {"checkout", checkout, "payment_capture_declined", MOVEMENT, "", OPERATION_CAPTURE, ANSWER_IS_DECLINED},
    {"checkout", checkout, "payment_voided", MOVEMENT, "", OPERATION_VOID, ANSWER_IS_VOIDED},
    {"checkout", checkout, "payment_void_declined", MOVEMENT, "", OPERATION_VOID, ANSWER_IS_DECLINED},
    {"checkout", checkout, "payment_refunded", MOVEMENT, "", OPERATION_REFUND, ANSWER_IS_REFUNDED},
    {"checkout", checkout, "payment_refund_declined", MOVEMENT, "", OPERATION_REFUND, ANSWER_IS_DECLINED},
    {"stripe", stripe, "payment_intent.succeeded", ATTEMPT, "\"capture_method\":\"automatic\"",
     OPERATION_CHARGE, ANSWER_IS_CAPTURED},
    {"stripe", stripe, "payment_intent.succeeded", ATTEMPT, "\"capture_method\":\"manual\"",
     OPERATION_CAPTURE, ANSWER_IS_CAPTURED},
    {"stripe", stripe, "payment_intent.amount_capturable_updated", ATTEMPT, "\"status\":\"requires_capture\"",
     OPERATION_AUTHORIZE, ANSWER_IS_APPROVED},
    {"stripe", stripe, "payment_intent.payment_failed", ATTEMPT, "\"status\":\"requires_payment_method\"",
     OPERATION_AUTHORIZE, ANSWER_IS_DECLINED},
    {"stripe", stripe, "payment_intent.canceled", ATTEMPT, "\"status\":\"canceled\"", OPERATION_VOID,
     ANSWER_IS_VOIDED},
    {"stripe", stripe, "setup_intent.succeeded", CHECK, "\"status\":\"succeeded\"", OPERATION_VERIFY,
     ANSWER_IS_APPROVED},
    {"stripe", stripe, "refund.updated", MOVEMENT, REFUND "\"succeeded\"", OPERATION_REFUND,
     ANSWER_IS_REFUNDED},
    {"stripe", stripe, "charge.refund.updated", MOVEMENT, REFUND "\"failed\"", OPERATION_REFUND,
     ANSWER_IS_DECLINED},
    {"stripe", stripe, "refund.failed", MOVEMENT, REFUND "\"failed\"", OPERATION_REFUND, ANSWER_IS_DECLINED},
    {"stripe", stripe, "refund.created", MOVEMENT, REFUND "\"pending\"", OPERATION_REFUND,
     ANSWER_IS_RECEIVED},
};

Test(webhook, each_event_says_what_its_sheet_says) {
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    const char *content = events[i].write(events[i].event, events[i].reference, events[i].what);
    cr_assert_eq(read_by(events[i].sheet, content), 0, "%s", events[i].event);
    cr_assert_eq(reading.count, 1);
    const struct webhook_event *event = &reading.events[0];
    cr_expect(event->tells, "%s", events[i].event);
    cr_expect_eq(event->about, events[i].about, "%s: %s", events[i].event, operation_name(event->about));
    cr_expect_eq(event->answer, events[i].answer, "%s: %s", events[i].event, answer_name(event->answer));
    cr_expect_str_eq(event->key, events[i].reference, "%s", events[i].event);
  }
}

/* ---- Its fields ---- */

Test(webhook, adyens_signed_fields_are_told_in_their_order_and_nothing_unsigned_but_a_message_of_a_movement) {
  static const char *const in_order[] = {"WNS7WQ756L2GWR82", "ORIGINAL", "Acme", MOVEMENT, "1999", "EUR",
                                         "CAPTURE",          "true"};
  cr_assert_eq(read_by("adyen", adyen("CAPTURE", MOVEMENT, "true")), 0);
  const struct webhook_event *event = &reading.events[0];
  cr_assert_eq(event->signed_count, 8);
  for (size_t i = 0; i < 8; i++)
    cr_expect_str_eq(event->signed_values[i], in_order[i]);
  cr_expect_str_eq(event->signature, "c2lnbmF0dXJl");
  cr_expect_eq(event->at_ms, 0);
  cr_expect_str_eq(field(ANSWER_PSP_ID), "WNS7WQ756L2GWR82");
  cr_expect_str_eq(field(ANSWER_AMOUNT), "1999");
  cr_expect_str_eq(field(ANSWER_CURRENCY), "EUR");
  cr_expect_str_eq(field(ANSWER_MESSAGE), "a reason");
  cr_expect_str_empty(field(ANSWER_AUTH_CODE));
}

Test(webhook, what_adyen_leaves_out_is_signed_as_nothing) {
  cr_assert_eq(
      read_by("adyen", "{\"notificationItems\":[{\"NotificationRequestItem\":{\"eventCode\":\"X\"}}]}"), 0);
  cr_expect_not(reading.events[0].tells);
  cr_expect_str_empty(reading.events[0].signed_values[1]);
  cr_expect_str_eq(reading.events[0].signed_values[6], "X");
  cr_expect_str_empty(reading.events[0].signature);
}

Test(webhook, times_are_read_in_either_form) {
  cr_assert_eq(read_by("stripe", stripe("payment_intent.canceled", ATTEMPT, "\"status\":\"canceled\"")), 0);
  cr_expect_eq(reading.events[0].at_ms, 1781524800000);
  cr_assert_eq(read_by("checkout", checkout("payment_voided", MOVEMENT, "")), 0);
  cr_expect_eq(reading.events[0].at_ms, 1781524800000);
  cr_assert_eq(read_by("checkout", "{\"type\":\"payment_voided\",\"created_on\":\"yesterday\",\"data\":{"
                                   "\"reference\":\"" MOVEMENT "\"}}"),
               0);
  cr_expect_eq(reading.events[0].at_ms, 0);
  cr_expect(reading.events[0].tells);
}

Test(webhook, an_events_own_fields_stand_before_the_common_ones) {
  cr_assert_eq(read_by("checkout", checkout("payment_approved", ATTEMPT, "")), 0);
  cr_expect_str_eq(field(ANSWER_PSP_ID), "pay_1");
  cr_expect_str_eq(field(ANSWER_PSP_CAPTURE_ID), "act_1");
  cr_assert_eq(read_by("checkout", checkout("payment_captured", MOVEMENT, "")), 0);
  cr_expect_str_eq(field(ANSWER_PSP_ID), "act_1");
}

/* As each PSP shows them: what the issuer said, and what the network advises. */
Test(webhook, a_decline_says_why) {
  cr_assert_eq(
      read_by(
          "adyen",
          "{\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{\"refusalReasonRaw\":"
          "\"51 : Insufficient funds\",\"merchantAdviceCode\":\"24 : Retry after 1 hour\"},\"eventCode\":"
          "\"AUTHORISATION\",\"success\":\"false\",\"merchantReference\":\"" ATTEMPT "\"}}]}"),
      0);
  cr_expect_str_eq(field(ANSWER_NETWORK_CODE), "51");
  cr_expect_str_eq(field(ANSWER_ADVICE_CODE), "24");
  cr_assert_eq(read_by("checkout",
                       "{\"type\":\"payment_declined\",\"data\":{\"id\":\"pay_1\",\"reference\":\"" ATTEMPT
                       "\",\"response_code\":\"20051\",\"processing\":{\"partner_response_code\":"
                       "\"51\",\"partner_merchant_advice_code\":\"24\"}}}"),
               0);
  cr_expect_str_eq(field(ANSWER_CODE), "20051");
  cr_expect_str_eq(field(ANSWER_NETWORK_CODE), "51");
  cr_expect_str_eq(field(ANSWER_ADVICE_CODE), "24");
  cr_assert_eq(
      read_by("stripe", stripe("payment_intent.payment_failed", ATTEMPT,
                               "\"status\":\"requires_payment_method\",\"last_payment_error\":{\"code\":"
                               "\"card_declined\",\"decline_code\":\"insufficient_funds\","
                               "\"network_decline_code\":\"51\",\"network_advice_code\":\"24\"}")),
      0);
  cr_expect_str_eq(field(ANSWER_CODE), "insufficient_funds");
  cr_expect_str_eq(field(ANSWER_NETWORK_CODE), "51");
  cr_expect_str_eq(field(ANSWER_ADVICE_CODE), "24");
}

/* Adyen counts the Icelandic krona with two decimals, ISO 4217 with none. */
Test(webhook, amounts_are_in_minor_units_of_iso_4217) {
  cr_assert_eq(
      read_by("adyen",
              "{\"notificationItems\":[{\"NotificationRequestItem\":{\"amount\":{\"currency\":\"ISK\","
              "\"value\":150000},\"eventCode\":\"REFUND\",\"success\":\"true\",\"merchantReference\":"
              "\"" MOVEMENT "\"}}]}"),
      0);
  cr_expect_str_eq(field(ANSWER_AMOUNT), "1500");
}

static void expect_scrubbed(const char *card) {
  snprintf(text, sizeof text,
           "{\"type\":\"payment_refund_declined\",\"data\":{\"action_id\":\"%s\",\"response_code\":\"20005\","
           "\"response_summary\":\"no: %s\",\"reference\":\"" MOVEMENT "\"}}",
           card, card);
  cr_assert_eq(read_by("checkout", text), 0);
  cr_expect(reading.events[0].tells);
  cr_expect_str_empty(field(ANSWER_MESSAGE), "%s", card);
  cr_expect_str_empty(field(ANSWER_PSP_ID), "%s", card);
  cr_expect_str_eq(field(ANSWER_CODE), "20005");
}

Test(webhook, any_card_number_is_dropped_whosever_it_is) {
  expect_scrubbed("4242424242424242");
  expect_scrubbed("5555555555554444");
  expect_scrubbed("378282246310005");
  expect_scrubbed("4242-4242-4242-4242");
  expect_scrubbed("NDI0MjQyNDI0MjQyNDI0Mg==");
}

/* ---- What concerns nobody, and what is none ---- */

Test(webhook, what_is_not_ours_tells_nothing) {
  cr_assert_eq(read_by("adyen", adyen("CAPTURE", "order-7", "true")), 0);
  cr_expect_not(reading.events[0].tells);
  cr_assert_eq(read_by("adyen", adyen("CAPTURE", MOVEMENT "_", "true")), 0);
  cr_expect_not(reading.events[0].tells);
  cr_assert_eq(read_by("adyen", adyen("CAPTURE", MOVEMENT, "perhaps")), 0);
  cr_expect_not(reading.events[0].tells);
  cr_assert_eq(read_by("adyen", adyen("CHARGEBACK", ATTEMPT, "true")), 0);
  cr_expect_not(reading.events[0].tells);
  cr_assert_eq(read_by("stripe", stripe("payment_intent.created", ATTEMPT, "\"status\":\"x\"")), 0);
  cr_expect_not(reading.events[0].tells);
  cr_assert_eq(read_by("stripe", "{\"type\":\"payout.paid\",\"data\":{\"object\":{\"metadata\":{}}}}"), 0);
  cr_expect_not(reading.events[0].tells);
}

Test(webhook, what_is_no_webhook_is_refused) {
  static const char *const wrong[][2] = {
      {"stripe", "{}"},
      {"stripe", "[]"},
      {"stripe", "no json"},
      {"stripe", "{\"type\":{}}"},
      {"checkout", "{\"data\":{\"reference\":\"" MOVEMENT "\"}}"},
      {"adyen", "{}"},
      {"adyen", "{\"notificationItems\":{}}"},
      {"adyen", "{\"notificationItems\":[]}"},
      {"adyen", "{\"notificationItems\":[{}]}"},
      {"adyen", "{\"notificationItems\":[{\"NotificationRequestItem\":\"x\"}]}"},
      {"adyen", "{\"notificationItems\":[{\"NotificationRequestItem\":{}}]}"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_expect_eq(read_by(wrong[i][0], wrong[i][1]), -EBADMSG, "%s", wrong[i][1]);
}

Test(webhook, more_entries_or_longer_values_than_can_be_told_are_refused) {
  size_t length = (size_t)snprintf(text, sizeof text, "{\"notificationItems\":[");
  for (int i = 0; i <= WEBHOOK_EVENTS_MAX; i++)
    length += (size_t)snprintf(text + length, sizeof text - length,
                               "%s{\"NotificationRequestItem\":{\"eventCode\":\"X\"}}", i > 0 ? "," : "");
  snprintf(text + length, sizeof text - length, "]}");
  cr_expect_eq(read_by("adyen", text), -EBADMSG);
  char longer[WEBHOOK_SIGNED_CAPACITY + 1];
  memset(longer, 'x', sizeof longer);
  longer[sizeof longer - 1] = '\0';
  cr_expect_eq(read_by("adyen", adyen("CAPTURE", longer, "true")), -EBADMSG);
  longer[sizeof longer - 2] = '\0';
  cr_expect_eq(read_by("adyen", adyen("CAPTURE", longer, "true")), 0);
}
