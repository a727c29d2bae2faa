/* Webhooks in each PSP's own format. */
#include "adyen.h"
#include "checkout.h"
#include "sandbox_sign.h"
#include "sandbox_webhooks.h"
#include "stripe.h"
#include <stdio.h>
#include <string.h>

/* ---- Adyen: JSON, one item, signed over eight of its fields ---- */

#define ADYEN_ACCOUNT "SandboxMerchant"
#define ADYEN_UNSIGNED "{hmac}" /* where the signature will stand */

struct adyen_notice {
  const char *event, *psp_reference, *original, *reference, *success;
  int64_t value;
};

static struct adyen_notice adyen_notice_of(const struct charge *charge, const struct movement *movement) {
  static const char *const events[OPERATION_COUNT] = {
      [OPERATION_CAPTURE] = "CAPTURE", [OPERATION_VOID] = "CANCELLATION", [OPERATION_REFUND] = "REFUND"};
  if (movement == NULL)
    return (struct adyen_notice){"AUTHORISATION",
                                 charge->id,
                                 "",
                                 charge->reference,
                                 charge->status == CHARGE_DECLINED ? "false" : "true",
                                 charge->amount};
  return (struct adyen_notice){events[movement->operation], movement->id, charge->id,
                               movement->reference,         "true",       movement->amount};
}

static void adyen_write(const struct charge *charge, const struct movement *movement, int64_t now_ms,
                        struct text *text) {
  struct adyen_notice notice = adyen_notice_of(charge, movement);
  bool declined = movement == NULL && charge->status == CHARGE_DECLINED;
  text_print(text,
             "{\"live\":\"false\",\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{"
             "\"hmacSignature\":\"%s\"},\"amount\":{\"currency\":\"%s\",\"value\":%lld},\"eventCode\":\"%s\","
             "\"eventDate\":\"",
             ADYEN_UNSIGNED, charge->currency, (long long)notice.value, notice.event);
  print_time(text, now_ms);
  text_put(text, "\",\"merchantAccountCode\":\"" ADYEN_ACCOUNT "\",\"merchantReference\":");
  text_json(text, notice.reference);
  if (notice.original[0] != '\0')
    text_print(text, ",\"originalReference\":\"%s\"", notice.original);
  text_print(text, ",\"paymentMethod\":\"%s\",\"pspReference\":\"%s\",\"reason\":",
             charge->card.network == NETWORK_MASTERCARD ? "mc" : network_name(charge->card.network),
             notice.psp_reference);
  text_json(text, declined ? adyen_find_refusal(charge->decline)->reason : "");
  text_print(text, ",\"success\":\"%s\"}}]}", notice.success);
}

/* A string or number of the item, as it is signed. */
static void adyen_member(const json_t *item, const char *name, struct text *text) {
  const json_t *value = json_object_get(item, name);
  if (json_is_integer(value))
    text_print(text, "%lld", (long long)json_integer_value(value));
  else if (json_is_string(value))
    text_put(text, json_string_value(value));
}

static void adyen_sign(const char *secret, struct notice *notice) {
  json_t *root = json_loadb(notice->body.bytes, notice->body.length, 0, NULL);
  const json_t *item = json_object_get(json_array_get(json_object_get(root, "notificationItems"), 0),
                                       "NotificationRequestItem");
  const json_t *amount = json_object_get(item, "amount");
  static const char *const before[] = {"pspReference", "originalReference", "merchantAccountCode",
                                       "merchantReference"};
  struct text text = {0};
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
    adyen_member(item, before[i], &text);
    text_put(&text, ":");
  }
  adyen_member(amount, "value", &text);
  text_put(&text, ":");
  adyen_member(amount, "currency", &text);
  text_put(&text, ":");
  adyen_member(item, "eventCode", &text);
  text_put(&text, ":");
  adyen_member(item, "success", &text);
  char signature[SIGN_BASE64_CAPACITY];
  sign_text(secret, text.bytes, signature);
  text_free(&text);
  json_decref(root);
  const char *at = strstr(notice->body.bytes, ADYEN_UNSIGNED);
  struct text whole = {0};
  text_add(&whole, notice->body.bytes, (size_t)(at - notice->body.bytes));
  text_put(&whole, signature);
  text_put(&whole, at + strlen(ADYEN_UNSIGNED));
  text_free(&notice->body);
  notice->body = whole;
}

/* ---- Stripe: events around the object as its API prints it ---- */

static const char *stripe_event(const struct charge *charge, const struct movement *movement) {
  bool setup = strncmp(charge->id, "seti_", 5) == 0;
  if (movement != NULL && movement->operation == OPERATION_REFUND)
    return "refund.created";
  switch (charge->status) {
  case CHARGE_AUTHORIZED:
    return "payment_intent.amount_capturable_updated";
  case CHARGE_CAPTURED:
    return charge->final_captured ? "payment_intent.succeeded" : "payment_intent.amount_capturable_updated";
  case CHARGE_VOIDED:
    return "payment_intent.canceled";
  case CHARGE_DECLINED:
    return setup ? "setup_intent.setup_failed" : "payment_intent.payment_failed";
  default:
    return "setup_intent.succeeded";
  }
}

static void stripe_write(const struct charge *charge, const struct movement *movement, int64_t now_ms,
                         struct text *text) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "evt_3", STRIPE_ALPHABET, 23);
  text_print(text,
             "{\"id\":\"%s\",\"object\":\"event\",\"api_version\":\"2023-08-16\",\"created\":%lld,\"data\":{"
             "\"object\":",
             id, (long long)(now_ms / 1000));
  if (movement != NULL && movement->operation == OPERATION_REFUND)
    stripe_print_refund(text, movement);
  else if (strncmp(charge->id, "seti_", 5) == 0)
    stripe_print_setup(text, charge, false);
  else
    stripe_print_intent(text, charge, false);
  text_print(text,
             "},\"livemode\":false,\"pending_webhooks\":1,\"request\":{\"id\":null,\"idempotency_key\":null},"
             "\"type\":\"%s\"}",
             stripe_event(charge, movement));
}

/* ---- Checkout.com: an event around what happened ---- */

static const char *checkout_event(const struct charge *charge, const struct movement *movement,
                                  unsigned number) {
  static const char *const events[OPERATION_COUNT] = {[OPERATION_CAPTURE] = "payment_captured",
                                                      [OPERATION_VOID] = "payment_voided",
                                                      [OPERATION_REFUND] = "payment_refunded"};
  if (movement != NULL)
    return events[movement->operation];
  bool check = charge->amount == 0;
  if (charge->status == CHARGE_DECLINED)
    return check ? "card_verification_declined" : "payment_declined";
  if (check)
    return "card_verified";
  return number == 0 ? "payment_approved" : "payment_captured";
}

static void checkout_write(const struct charge *charge, const struct movement *movement, unsigned number,
                           int64_t now_ms, struct text *text) {
  char id[PSP_ID_CAPACITY];
  bool declined = movement == NULL && charge->status == CHARGE_DECLINED;
  make_psp_id(id, "evt_", CHECKOUT_ALPHABET, 26);
  text_print(text, "{\"id\":\"%s\",\"type\":\"%s\",\"version\":\"1.0.1\",\"created_on\":\"", id,
             checkout_event(charge, movement, number));
  print_time(text, now_ms);
  text_print(text, "\",\"data\":{\"id\":\"%s\",\"action_id\":\"", charge->id);
  if (movement != NULL)
    text_put(text, movement->id);
  else
    text_print(text, "act_%s", charge->id + 4);
  text_print(text, "\",\"amount\":%lld,\"currency\":\"%s\",\"response_code\":",
             (long long)(movement != NULL ? movement->amount : charge->amount), charge->currency);
  text_json(text, declined ? charge->decline : "10000");
  text_print(text, ",\"response_summary\":\"%s\",\"metadata\":{},\"processing\":{",
             declined ? "Declined" : "Approved");
  if (declined && charge->network_code[0] != '\0') {
    text_put(text, "\"partner_response_code\":");
    text_json(text, charge->network_code);
  }
  if (declined && charge->advice_code[0] != '\0') {
    text_print(text, "%s\"partner_merchant_advice_code\":", charge->network_code[0] != '\0' ? "," : "");
    text_json(text, charge->advice_code);
  }
  text_put(text, "},\"reference\":");
  text_json_or_null(text, movement != NULL ? movement->reference : charge->reference);
  if (movement == NULL && !declined)
    text_print(text, ",\"auth_code\":\"%s\",\"scheme_id\":\"%s\",\"eci\":\"07\"", charge->auth_code,
               charge->network_transaction_id);
  text_put(text, "}}");
}

/* ---- All of them ---- */

unsigned notice_count(const struct book *book, const struct charge *charge, const struct movement *movement) {
  bool captured_later = book->psp == &checkout_psp && movement == NULL && charge->status == CHARGE_CAPTURED;
  return captured_later ? 2 : 1;
}

void notice_write(const struct book *book, const struct charge *charge, const struct movement *movement,
                  unsigned number, int64_t now_ms, struct text *body) {
  if (book->psp == &adyen_psp)
    adyen_write(charge, movement, now_ms, body);
  else if (book->psp == &stripe_psp)
    stripe_write(charge, movement, now_ms, body);
  else
    checkout_write(charge, movement, number, now_ms, body);
}

void notice_sign(const struct book *book, const char *secret, int64_t now_ms, struct notice *notice) {
  char timed[SIGN_TIMED_CAPACITY], hex[SIGN_HEX_CAPACITY];
  text_clear(&notice->headers);
  if (book->psp == &adyen_psp) {
    adyen_sign(secret, notice);
  } else if (book->psp == &stripe_psp) {
    sign_time_and_body(secret, now_ms / 1000, notice->body.bytes, notice->body.length, timed);
    text_print(&notice->headers, "Stripe-Signature: %s\r\n", timed);
  } else {
    sign_body(secret, notice->body.bytes, notice->body.length, hex);
    text_print(&notice->headers, "Cko-Signature: %s\r\n", hex);
  }
}
