#include "checkout.h"
#include <string.h>

/* What can be seen of a payment: movements are processed a little after they were accepted. */
struct seen {
  int64_t captured, refunded, voided;
  bool final_captured;
};

static struct seen look(const struct charge *charge, int64_t now_ms) {
  struct seen seen = {0};
  bool all = true;
  if (charge->capture_at_once && now_ms - charge->created_ms >= CHECKOUT_SETTLING_MS)
    seen.captured = charge->status == CHARGE_DECLINED ? 0 : charge->amount;
  for (const struct movement *movement = charge->first; movement != NULL; movement = movement->next) {
    if (now_ms - movement->created_ms < CHECKOUT_SETTLING_MS) {
      all = false;
      continue;
    }
    if (movement->operation == OPERATION_CAPTURE)
      seen.captured += movement->amount;
    else if (movement->operation == OPERATION_REFUND)
      seen.refunded += movement->amount;
    else
      seen.voided = movement->amount;
  }
  seen.final_captured = charge->final_captured && all;
  return seen;
}

static const char *status_of(const struct charge *charge, const struct seen *seen) {
  if (charge->status == CHARGE_DECLINED)
    return "Declined";
  if (charge->status == CHARGE_VERIFIED)
    return "Card Verified";
  if (seen->voided > 0 && seen->captured == 0)
    return "Voided";
  if (seen->refunded > 0)
    return seen->refunded == seen->captured ? "Refunded" : "Partially Refunded";
  if (seen->captured == 0)
    return "Authorized";
  return seen->captured < charge->amount ? "Partially Captured" : "Captured";
}

static const char *response_code(const struct charge *charge) {
  return charge->status == CHARGE_DECLINED ? charge->decline : "10000";
}

static const char *response_summary(const struct charge *charge) {
  static const struct {
    const char *code, *words;
  } known[] = {{"20005", "Declined - Do not honour"},
               {"20051", "Insufficient Funds"},
               {"20054", "Expired Card"},
               {"20059", "Suspected Fraud"},
               {"20087", "Bad Track Data"},
               {"200N7", "Decline for CVV2 failure"},
               {"30041", "Lost Card - Pick Up"},
               {"30043", "Stolen Card - Pick Up"}};
  if (charge->status != CHARGE_DECLINED)
    return "Approved";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].code, charge->decline) == 0)
      return known[i].words;
  return "Declined";
}

static const char *cvv_check_of(const struct charge *charge) {
  static const char *const letters[] = {[CODE_NOT_GIVEN] = "P", [CODE_MATCHES] = "Y", [CODE_WRONG] = "D"};
  return letters[code_check_of(charge, "200N7")];
}

static void print_source(struct text *text, const struct charge *charge) {
  static const char *const schemes[NETWORK_COUNT] = {[NETWORK_UNKNOWN] = "Unknown",
                                                     [NETWORK_VISA] = "Visa",
                                                     [NETWORK_MASTERCARD] = "Mastercard",
                                                     [NETWORK_AMEX] = "American Express",
                                                     [NETWORK_DISCOVER] = "Discover",
                                                     [NETWORK_DINERS] = "Diners Club International",
                                                     [NETWORK_JCB] = "JCB",
                                                     [NETWORK_UNIONPAY] = "UnionPay",
                                                     [NETWORK_MAESTRO] = "Maestro"};
  const struct card_facts *card = &charge->card;
  text_print(text,
             "\"source\":{\"id\":\"src_%s\",\"type\":\"card\",\"expiry_month\":%u,\"expiry_year\":%u,"
             "\"scheme\":\"%s\","
             "\"last4\":\"%s\",\"bin\":\"%s\",\"card_type\":\"CREDIT\",\"card_category\":\"CONSUMER\","
             "\"issuer_country\":\"US\",\"avs_check\":\"G\",\"cvv_check\":\"%s\"}",
             charge->id + 4, card->exp_month, card->exp_year, schemes[card->network], card->last4, card->bin,
             cvv_check_of(charge));
}

static void print_processing(struct text *text, const struct charge *charge) {
  text_print(text,
             "\"processing\":{\"acquirer_transaction_id\":\"%.10s\",\"retrieval_reference_number\":\"%.12s\"",
             charge->id + 4, charge->id + 14);
  if (charge->network_code[0] != '\0') {
    text_put(text, ",\"partner_response_code\":");
    text_json(text, charge->network_code);
  }
  if (charge->advice_code[0] != '\0') {
    text_put(text, ",\"partner_merchant_advice_code\":");
    text_json(text, charge->advice_code);
  }
  text_put(text, "}");
}

static void print_links(struct text *text, const struct charge *charge) {
  text_print(
      text,
      "\"_links\":{\"self\":{\"href\":\"/payments/%s\"},\"actions\":{\"href\":\"/payments/%s/actions\"}}",
      charge->id, charge->id);
}

static void print_common(struct text *text, const struct charge *charge, const char *status) {
  text_print(text, "\"amount\":%lld,\"currency\":\"%s\",\"approved\":%s,\"status\":\"%s\",",
             (long long)charge->amount, charge->currency,
             charge->status == CHARGE_DECLINED ? "false" : "true", status);
  if (charge->status != CHARGE_DECLINED)
    text_print(text, "\"auth_code\":\"%s\",\"scheme_id\":\"%s\",", charge->auth_code,
               charge->network_transaction_id);
  text_put(text, "\"eci\":\"07\",\"response_code\":");
  text_json(text, response_code(charge));
  text_print(text, ",\"response_summary\":\"%s\",\"risk\":{\"flagged\":false},", response_summary(charge));
  print_source(text, charge);
  text_put(text, ",\"reference\":");
  text_json_or_null(text, charge->reference);
  text_put(text, ",");
  print_processing(text, charge);
}

/* A charge is answered as authorized: that it is captured is seen a little later. */
void checkout_print_created(struct text *text, const struct charge *charge) {
  struct seen nothing = {0};
  text_print(text, "{\"id\":\"%s\",\"action_id\":\"act_%s\",", charge->id, charge->id + 4);
  print_common(text, charge, status_of(charge, &nothing));
  text_put(text, ",\"processed_on\":\"");
  print_time(text, charge->created_ms);
  text_put(text, "\",");
  print_links(text, charge);
  text_put(text, "}");
}

static void print_balances(struct text *text, const struct charge *charge, const struct seen *seen) {
  bool authorized = charge->status != CHARGE_DECLINED;
  int64_t total = authorized ? charge->amount : 0;
  bool open = authorized && seen->voided == 0 && !seen->final_captured;
  text_print(text,
             "\"balances\":{\"total_authorized\":%lld,\"total_voided\":%lld,\"available_to_void\":%lld,"
             "\"total_captured\":%lld,\"available_to_capture\":%lld,\"total_refunded\":%lld,"
             "\"available_to_refund\":%lld}",
             (long long)total, (long long)seen->voided, (long long)(open ? total - seen->captured : 0),
             (long long)seen->captured, (long long)(open ? total - seen->captured : 0),
             (long long)seen->refunded, (long long)(seen->captured - seen->refunded));
}

void checkout_print_payment(struct text *text, const struct charge *charge, int64_t now_ms) {
  struct seen seen = look(charge, now_ms);
  text_print(text, "{\"id\":\"%s\",\"payment_type\":\"Regular\",\"requested_on\":\"", charge->id);
  print_time(text, charge->created_ms);
  text_put(text, "\",");
  print_common(text, charge, status_of(charge, &seen));
  text_put(text, ",");
  print_balances(text, charge, &seen);
  text_put(text, ",");
  print_links(text, charge);
  text_put(text, "}");
}

static void print_action(struct text *text, const char *id, const char *type, int64_t amount, int64_t time_ms,
                         const char *reference, const struct charge *charge, bool approved) {
  text_print(text, "{\"id\":\"%s\",\"type\":\"%s\",\"processed_on\":\"", id, type);
  print_time(text, time_ms);
  text_print(text, "\",\"amount\":%lld,\"approved\":%s,\"response_code\":", (long long)amount,
             approved ? "true" : "false");
  text_json(text, approved ? "10000" : response_code(charge));
  text_print(text,
             ",\"response_summary\":\"%s\",\"reference\":", approved ? "Approved" : response_summary(charge));
  text_json_or_null(text, reference);
  text_put(text, "}");
}

void checkout_print_actions(struct text *text, const struct charge *charge, int64_t now_ms) {
  static const char *const types[OPERATION_COUNT] = {
      [OPERATION_CAPTURE] = "Capture", [OPERATION_VOID] = "Void", [OPERATION_REFUND] = "Refund"};
  char id[PSP_ID_CAPACITY] = "act_";
  copy_text(id + 4, sizeof id - 4, charge->id + 4);
  text_put(text, "[");
  for (const struct movement *movement = charge->last == NULL ? NULL : charge->first; movement != NULL;
       movement = movement->next) {
    if (now_ms - movement->created_ms < CHECKOUT_SETTLING_MS)
      continue;
    print_action(text, movement->id, types[movement->operation], movement->amount, movement->created_ms,
                 movement->reference, charge, true);
    text_put(text, ",");
  }
  print_action(text, id, charge->status == CHARGE_VERIFIED ? "Card Verification" : "Authorization",
               charge->amount, charge->created_ms, charge->reference, charge,
               charge->status != CHARGE_DECLINED);
  text_put(text, "]");
}
