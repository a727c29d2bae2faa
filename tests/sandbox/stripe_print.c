#include "stripe.h"
#include <stdlib.h>
#include <string.h>

static const char *brand_of(const struct card_facts *card) {
  return network_name(card->network);
}

static void print_lower(struct text *text, const char *currency) {
  text_print(text, "\"%c%c%c\"", currency[0] | 0x20, currency[1] | 0x20, currency[2] | 0x20);
}

static void print_metadata(struct text *text, const char *metadata) {
  text_print(text, "\"metadata\":%s", metadata == NULL ? "{}" : metadata);
}

char *stripe_metadata(const struct form *form) {
  struct text text = {0};
  text_put(&text, "{");
  for (size_t i = 0; i < form->count; i++) {
    const char *name = form->pairs[i].name;
    size_t length = strlen(name);
    if (strncmp(name, "metadata[", 9) != 0 || name[length - 1] != ']')
      continue;
    char key[128];
    copy_text(key, length - 9 < sizeof key ? length - 9 : sizeof key, name + 9);
    text_put(&text, text.length > 1 ? "," : "");
    text_json(&text, key);
    text_put(&text, ":");
    text_json(&text, form->pairs[i].value);
  }
  text_put(&text, "}");
  return text.bytes;
}

static void print_address(struct text *text, const struct form *form) {
  static const char *const parts[] = {"city", "country", "line1", "line2", "postal_code", "state"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char name[64];
    copy_text(name, sizeof name, "billing_details[address][");
    copy_text(name + strlen(name), sizeof name - strlen(name), parts[i]);
    copy_text(name + strlen(name), sizeof name - strlen(name), "]");
    text_print(text, "%s\"%s\":", i == 0 ? "" : ",", parts[i]);
    text_json_or_null(text, form == NULL ? NULL : form_get(form, name));
  }
}

static void print_billing(struct text *text, const struct form *form) {
  text_put(text, "\"billing_details\":{\"address\":{");
  print_address(text, form);
  text_put(text, "},\"email\":");
  text_json_or_null(text, form == NULL ? NULL : form_get(form, "billing_details[email]"));
  text_put(text, ",\"name\":");
  text_json_or_null(text, form == NULL ? NULL : form_get(form, "billing_details[name]"));
  text_put(text, ",\"phone\":");
  text_json_or_null(text, form == NULL ? NULL : form_get(form, "billing_details[phone]"));
  text_put(text, "}");
}

void stripe_print_method(struct text *text, const struct method *method, const struct form *form) {
  const struct card_facts *card = &method->card;
  text_print(text, "{\"id\":\"%s\",\"object\":\"payment_method\",", method->id);
  print_billing(text, form);
  text_print(
      text,
      ",\"card\":{\"brand\":\"%s\",\"checks\":{\"address_line1_check\":null,\"address_postal_code_check\":"
      "null,"
      "\"cvc_check\":%s},\"country\":\"US\",\"exp_month\":%u,\"exp_year\":%u,\"fingerprint\":null,"
      "\"funding\":\"credit\",\"generated_from\":null,\"last4\":\"%s\",\"networks\":{\"available\":[\"%s\"],"
      "\"preferred\":null},\"three_d_secure_usage\":{\"supported\":true},\"wallet\":null}",
      brand_of(card), card->code == CODE_NOT_GIVEN ? "null" : "\"unchecked\"", card->exp_month,
      card->exp_year, card->last4, brand_of(card));
  text_print(text,
             ",\"created\":%lld,\"customer\":null,\"livemode\":false,\"metadata\":{},\"type\":\"card\"}",
             (long long)(method->created_ms / 1000));
}

static void print_outcome(struct text *text, const struct charge *charge) {
  bool declined = charge->status == CHARGE_DECLINED;
  text_print(text, "\"outcome\":{\"network_status\":\"%s\",\"network_decline_code\":",
             declined ? "declined_by_network" : "approved_by_network");
  text_json_or_null(text, charge->network_code);
  text_put(text, ",\"network_advice_code\":");
  text_json_or_null(text, charge->advice_code);
  text_put(text, ",\"reason\":");
  text_json_or_null(text, charge->decline);
  text_print(text, ",\"risk_level\":\"normal\",\"risk_score\":12,\"seller_message\":\"%s\",\"type\":\"%s\"}",
             declined ? "The bank did not approve this payment." : "Payment complete.",
             declined ? "issuer_declined" : "authorized");
}

static const char *cvc_check_of(const struct charge *charge) {
  static const char *const words[] = {
      [CODE_NOT_GIVEN] = "null", [CODE_MATCHES] = "\"pass\"", [CODE_WRONG] = "\"fail\""};
  return words[code_check_of(charge, "incorrect_cvc")];
}

static void print_charge_card(struct text *text, const struct charge *charge) {
  const struct card_facts *card = &charge->card;
  text_print(text, "\"payment_method_details\":{\"card\":{\"amount_authorized\":%lld,\"authorization_code\":",
             (long long)charge->amount);
  text_json_or_null(text, charge->auth_code);
  text_print(
      text,
      ",\"brand\":\"%s\",\"checks\":{\"address_line1_check\":null,\"address_postal_code_check\":null,"
      "\"cvc_check\":%s},\"country\":\"US\",\"exp_month\":%u,\"exp_year\":%u,\"fingerprint\":null,"
      "\"funding\":\"credit\",\"installments\":null,\"last4\":\"%s\",\"mandate\":null,\"network\":\"%s\","
      "\"network_transaction_id\":",
      brand_of(card), cvc_check_of(charge), card->exp_month, card->exp_year, card->last4, brand_of(card));
  text_json_or_null(text, charge->network_transaction_id);
  text_put(text, ",\"three_d_secure\":null,\"wallet\":null},\"type\":\"card\"}");
}

void stripe_print_charge(struct text *text, const struct charge *charge) {
  bool declined = charge->status == CHARGE_DECLINED, captured = charge->captured > 0;
  text_print(text,
             "{\"id\":\"ch_%s\",\"object\":\"charge\",\"amount\":%lld,\"amount_captured\":%lld,\"amount_"
             "refunded\":%lld,",
             charge->id + 3, (long long)charge->amount, (long long)charge->captured,
             (long long)charge->refunded);
  text_put(text, "\"application\":null,\"authorization_code\":");
  text_json_or_null(text, charge->auth_code);
  text_put(text, ",\"balance_transaction\":null,");
  print_billing(text, NULL);
  text_print(text, ",\"captured\":%s,\"created\":%lld,\"currency\":", captured ? "true" : "false",
             (long long)(charge->created_ms / 1000));
  print_lower(text, charge->currency);
  text_put(text, ",\"customer\":null,\"description\":null,\"disputed\":false,\"failure_code\":");
  text_json_or_null(text, declined ? "card_declined" : NULL);
  text_put(text, ",\"livemode\":false,");
  print_metadata(text, charge->metadata);
  text_put(text, ",");
  print_outcome(text, charge);
  text_print(text, ",\"paid\":%s,\"payment_intent\":\"%s\",\"payment_method\":\"%s\",",
             declined ? "false" : "true", charge->id, charge->method);
  print_charge_card(text, charge);
  text_print(text, ",\"refunded\":%s,\"statement_descriptor\":null,\"status\":\"%s\"}",
             captured && charge->refunded == charge->captured ? "true" : "false",
             declined ? "failed" : "succeeded");
}

static const char *intent_status(const struct charge *charge) {
  switch (charge->status) {
  case CHARGE_AUTHORIZED:
    return "requires_capture";
  case CHARGE_CAPTURED:
    return charge->final_captured ? "succeeded" : "requires_capture";
  case CHARGE_VOIDED:
    return "canceled";
  default:
    return "requires_payment_method";
  }
}

static int64_t capturable(const struct charge *charge) {
  bool open =
      charge->status == CHARGE_AUTHORIZED || (charge->status == CHARGE_CAPTURED && !charge->final_captured);
  return open ? charge->amount - charge->captured : 0;
}

/* What is the same for a decline in an intent and in an error. */
static void print_decline(struct text *text, const char *decline, const char *network_code,
                          const char *advice_code) {
  static const char *const codes[] = {"expired_card",     "incorrect_cvc",           "incorrect_number",
                                      "processing_error", "authentication_required", NULL};
  text_put(text, "\"code\":");
  text_json(text, is_listed(codes, decline) ? decline : "card_declined");
  text_put(text, ",\"decline_code\":");
  text_json(text, decline);
  text_put(text, ",\"network_decline_code\":");
  text_json_or_null(text, network_code);
  text_put(text, ",\"network_advice_code\":");
  text_json_or_null(text, advice_code);
  text_put(text, ",\"doc_url\":\"https://stripe.com/docs/error-codes/card-declined\",\"message\":\"Your card "
                 "was declined.\","
                 "\"type\":\"card_error\"");
}

void stripe_print_intent(struct text *text, const struct charge *charge, bool expanded) {
  bool declined = charge->status == CHARGE_DECLINED;
  text_print(text,
             "{\"id\":\"%s\",\"object\":\"payment_intent\",\"amount\":%lld,\"amount_capturable\":%lld,"
             "\"amount_details\":{\"tip\":{}},\"amount_received\":%lld,\"application\":null,"
             "\"application_fee_amount\":null,\"automatic_payment_methods\":null,",
             charge->id, (long long)charge->amount, (long long)capturable(charge),
             (long long)charge->captured);
  if (charge->status == CHARGE_VOIDED && charge->last != NULL)
    text_print(text,
               "\"canceled_at\":%lld,\"cancellation_reason\":", (long long)(charge->last->created_ms / 1000));
  else
    text_put(text, "\"canceled_at\":null,\"cancellation_reason\":");
  text_json_or_null(text,
                    charge->status == CHARGE_VOIDED && charge->last != NULL ? charge->last->reason : NULL);
  text_print(text,
             ",\"capture_method\":\"%s\",\"client_secret\":null,\"confirmation_method\":\"automatic\","
             "\"created\":%lld,"
             "\"currency\":",
             charge->capture_at_once ? "automatic" : "manual", (long long)(charge->created_ms / 1000));
  print_lower(text, charge->currency);
  text_put(text, ",\"customer\":null,\"description\":null,\"invoice\":null,\"last_payment_error\":");
  if (declined) {
    text_put(text, "{");
    print_decline(text, charge->decline, charge->network_code, charge->advice_code);
    text_put(text, "}");
  } else {
    text_put(text, "null");
  }
  text_put(text, ",\"latest_charge\":");
  if (expanded)
    stripe_print_charge(text, charge);
  else
    text_print(text, "\"ch_%s\"", charge->id + 3);
  text_put(text, ",\"livemode\":false,");
  print_metadata(text, charge->metadata);
  text_put(text, ",\"next_action\":null,\"on_behalf_of\":null,\"payment_method\":");
  text_json_or_null(text, declined ? NULL : charge->method);
  text_print(
      text,
      ",\"payment_method_options\":{},\"payment_method_types\":[\"card\"],\"processing\":null,"
      "\"receipt_email\":null,\"review\":null,\"setup_future_usage\":null,\"shipping\":null,\"source\":null,"
      "\"statement_descriptor\":null,\"statement_descriptor_suffix\":null,\"status\":\"%s\","
      "\"transfer_data\":null,\"transfer_group\":null}",
      intent_status(charge));
}

void stripe_print_refund(struct text *text, const struct movement *refund) {
  text_print(text,
             "{\"id\":\"%s\",\"object\":\"refund\",\"amount\":%lld,\"balance_transaction\":null,\"charge\":"
             "\"ch_%s\","
             "\"created\":%lld,\"currency\":",
             refund->id, (long long)refund->amount, refund->charge->id + 3,
             (long long)(refund->created_ms / 1000));
  print_lower(text, refund->charge->currency);
  text_put(text, ",");
  print_metadata(text, refund->metadata);
  text_print(text, ",\"payment_intent\":\"%s\",\"reason\":", refund->charge->id);
  text_json_or_null(text, refund->reason);
  text_put(text, ",\"receipt_number\":null,\"source_transfer_reversal\":null,\"status\":\"succeeded\","
                 "\"transfer_reversal\":null}");
}

void stripe_error(struct exchange *exchange, uint16_t status, const char *type, const char *code,
                  const char *param, const char *message) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = status;
  text_put(text, "{\"error\":{");
  if (code != NULL) {
    text_put(text, "\"code\":");
    text_json(text, code);
    text_put(text, ",");
  }
  text_put(text, "\"message\":");
  text_json(text, message);
  if (param != NULL) {
    text_put(text, ",\"param\":");
    text_json(text, param);
  }
  text_put(text, ",\"type\":");
  text_json(text, type);
  text_put(text, "}}");
}

void stripe_print_setup(struct text *text, const struct charge *charge, bool expanded) {
  bool declined = charge->status == CHARGE_DECLINED;
  text_print(
      text,
      "{\"id\":\"%s\",\"object\":\"setup_intent\",\"application\":null,\"cancellation_reason\":null,"
      "\"client_secret\":null,\"created\":%lld,\"customer\":null,\"description\":null,\"last_setup_error\":",
      charge->id, (long long)(charge->created_ms / 1000));
  if (declined) {
    text_put(text, "{");
    print_decline(text, charge->decline, charge->network_code, charge->advice_code);
    text_put(text, "}");
  } else {
    text_put(text, "null");
  }
  text_put(text, ",\"latest_attempt\":");
  if (expanded) {
    text_print(text,
               "{\"id\":\"setatt_%s\",\"object\":\"setup_attempt\",\"payment_method_details\":{\"card\":{"
               "\"checks\":{\"cvc_check\":%s},\"network_transaction_id\":",
               charge->id + 5, cvc_check_of(charge));
    text_json_or_null(text, charge->network_transaction_id);
    text_print(text, "},\"type\":\"card\"},\"status\":\"%s\"}", declined ? "failed" : "succeeded");
  } else {
    text_print(text, "\"setatt_%s\"", charge->id + 5);
  }
  text_put(text, ",\"livemode\":false,\"mandate\":null,");
  print_metadata(text, charge->metadata);
  text_print(text,
             ",\"next_action\":null,\"payment_method\":\"%s\",\"payment_method_types\":[\"card\"],"
             "\"single_use_mandate\":null,\"status\":\"%s\",\"usage\":\"off_session\"}",
             charge->method, declined ? "requires_payment_method" : "succeeded");
}

void stripe_answer_decline(struct exchange *exchange, const struct charge *charge) {
  struct text *text = &exchange->answer->body;
  bool setup = strncmp(charge->id, "seti_", 5) == 0;
  exchange->answer->status = 402;
  text_put(text, "{\"error\":{");
  if (!setup)
    text_print(text, "\"charge\":\"ch_%s\",", charge->id + 3);
  print_decline(text, charge->decline, charge->network_code, charge->advice_code);
  text_put(text, setup ? ",\"setup_intent\":" : ",\"payment_intent\":");
  if (setup)
    stripe_print_setup(text, charge, false);
  else
    stripe_print_intent(text, charge, false);
  text_put(text, "}}");
}

const char *stripe_usual_network_code(const char *decline) {
  static const struct {
    const char *decline, *code;
  } usual[] = {{"do_not_honor", "05"},  {"insufficient_funds", "51"},  {"expired_card", "54"},
               {"lost_card", "41"},     {"stolen_card", "43"},         {"pickup_card", "04"},
               {"incorrect_cvc", "N7"}, {"issuer_not_available", "91"}};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    if (strcmp(usual[i].decline, decline) == 0)
      return usual[i].code;
  return "";
}
