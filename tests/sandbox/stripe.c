/* Stripe: form bodies, two steps to a charge, one table of routes. */
#include "stripe.h"
#include "money.h"
#include <stdlib.h>
#include <string.h>

#define ALPHANUMERIC "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

enum { KEY_HOURS = 24, HOUR_MS = 3600 * 1000, AMOUNT_MAX = 99999999, PAGE_DEFAULT = 10, PAGE_MAX = 100 };

static const char invalid_request[] = "invalid_request_error";

static void invalid(struct exchange *exchange, const char *code, const char *param, const char *message) {
  stripe_error(exchange, 400, invalid_request, code, param, message);
}

static void answer_intent(struct exchange *exchange, const struct charge *charge) {
  bool expanded = false;
  for (size_t i = 0; i < exchange->form.count; i++)
    expanded |= strncmp(exchange->form.pairs[i].name, "expand[", 7) == 0 &&
                strcmp(exchange->form.pairs[i].value, "latest_charge") == 0;
  exchange->answer->status = 200;
  stripe_print_intent(&exchange->answer->body, charge, expanded);
}

/* Stripe refuses parameters that it does not know. */
static bool knows_parameters(struct exchange *exchange, const char *const *allowed) {
  for (size_t i = 0; i < exchange->form.count; i++) {
    char name[64];
    const char *full = exchange->form.pairs[i].name;
    size_t length = strcspn(full, "[");
    if (length < sizeof name) {
      memcpy(name, full, length);
      name[length] = '\0';
    }
    if (length >= sizeof name || !is_listed(allowed, name)) {
      invalid(exchange, "parameter_unknown", NULL, "Received unknown parameter.");
      return false;
    }
  }
  return true;
}

static const char *need(struct exchange *exchange, const char *name) {
  const char *value = form_get(&exchange->form, name);
  if (value == NULL || value[0] == '\0') {
    invalid(exchange, "parameter_missing", name, "Missing required param.");
    return NULL;
  }
  return value;
}

static long number_of(const char *text) {
  int64_t value;
  return read_amount(text, 0, 9999, &value) ? (long)value : -1;
}

static void answer_card_fault(struct exchange *exchange, enum card_fault fault) {
  static const struct {
    const char *code, *param;
  } words[] = {[CARD_NUMBER_WRONG] = {"incorrect_number", "number"},
               [CARD_MONTH_WRONG] = {"invalid_expiry_month", "exp_month"},
               [CARD_YEAR_WRONG] = {"invalid_expiry_year", "exp_year"},
               [CARD_EXPIRED] = {"invalid_expiry_year", "exp_year"},
               [CARD_CODE_WRONG] = {"invalid_cvc", "cvc"}};
  stripe_error(exchange, 402, "card_error", words[fault].code, words[fault].param,
               "Your card's details are wrong.");
}

static void create_method(struct exchange *exchange) {
  static const char *const allowed[] = {"type",   "card",          "billing_details", "metadata", "customer",
                                        "expand", "radar_options", "allow_redisplay", NULL};
  if (!knows_parameters(exchange, allowed))
    return;
  const char *type = need(exchange, "type");
  if (type == NULL)
    return;
  if (strcmp(type, "card") != 0) {
    invalid(exchange, NULL, "type", "This account takes cards only.");
    return;
  }
  const char *number = need(exchange, "card[number]");
  if (number == NULL || need(exchange, "card[exp_month]") == NULL || need(exchange, "card[exp_year]") == NULL)
    return;
  struct card_facts card;
  enum card_fault fault =
      card_check("stripe", number, number_of(form_get(&exchange->form, "card[exp_month]")),
                 number_of(form_get(&exchange->form, "card[exp_year]")),
                 form_get(&exchange->form, "card[cvc]"), exchange->now_ms, &card);
  if (fault != CARD_GOOD) {
    answer_card_fault(exchange, fault);
    return;
  }
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "pm_1", ALPHANUMERIC, 23);
  struct method *method = book_add_method(exchange->book, id);
  method->created_ms = exchange->now_ms;
  method->card = card;
  books_note_method(exchange->books, exchange->book, method);
  exchange->answer->status = 200;
  stripe_print_method(&exchange->answer->body, method, &exchange->form);
}

static void get_method(struct exchange *exchange) {
  const struct method *method = map_get(&exchange->book->methods, exchange->id);
  if (method == NULL) {
    stripe_error(exchange, 404, invalid_request, "resource_missing", "payment_method",
                 "No such PaymentMethod.");
    return;
  }
  exchange->answer->status = 200;
  stripe_print_method(&exchange->answer->body, method, NULL);
}

/* Three letters in lower case, as Stripe writes them. */
static bool read_currency(const char *text, char ret_currency[4]) {
  if (strlen(text) != 3 || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
    return false;
  for (int i = 0; i < 3; i++)
    ret_currency[i] = (char)(text[i] & ~0x20);
  ret_currency[3] = '\0';
  return currency_known(ret_currency);
}

struct wanted {
  int64_t amount;
  char currency[4];
  bool capture_at_once;
  const struct method *method;
};

static bool read_method(struct exchange *exchange, const struct method **ret_method) {
  const char *id = need(exchange, "payment_method");
  const char *confirm = form_get(&exchange->form, "confirm");
  if (id == NULL)
    return false;
  *ret_method = map_get(&exchange->book->methods, id);
  if (*ret_method == NULL)
    invalid(exchange, "resource_missing", "payment_method", "No such PaymentMethod.");
  else if (confirm == NULL || strcmp(confirm, "true") != 0)
    invalid(exchange, NULL, "confirm", "The sandbox takes intents with confirm=true only.");
  else
    return true;
  return false;
}

static bool read_wanted(struct exchange *exchange, struct wanted *ret_wanted) {
  const char *amount = need(exchange, "amount"),
             *currency = amount == NULL ? NULL : need(exchange, "currency");
  const char *capture = form_get(&exchange->form, "capture_method");
  if (currency == NULL)
    return false;
  if (!read_currency(currency, ret_wanted->currency))
    invalid(exchange, "parameter_invalid", "currency", "Invalid currency.");
  else if (!read_amount(amount, 1, INT64_MAX, &ret_wanted->amount))
    invalid(exchange, "parameter_invalid_integer", "amount", "Invalid positive integer.");
  else if (ret_wanted->amount > AMOUNT_MAX)
    invalid(exchange, "amount_too_large", "amount", "Amount must be no more than 999,999.99.");
  else if (!amount_is_whole(exchange->book, ret_wanted->amount, ret_wanted->currency) ||
           (currency_exponent(ret_wanted->currency) == 3 && ret_wanted->amount % 10 != 0))
    invalid(exchange, "parameter_invalid_integer", "amount", "This currency takes rounded amounts only.");
  else if (capture != NULL && strcmp(capture, "manual") != 0 && strncmp(capture, "automatic", 9) != 0)
    invalid(exchange, NULL, "capture_method", "Invalid capture_method.");
  else {
    ret_wanted->capture_at_once = capture == NULL || strcmp(capture, "manual") != 0;
    return read_method(exchange, &ret_wanted->method);
  }
  return false;
}

static struct charge *book_charge(struct exchange *exchange, const struct wanted *wanted) {
  char id[PSP_ID_CAPACITY];
  const char *reference = form_get(&exchange->form, "metadata[reference]");
  make_psp_id(id, "pi_3", ALPHANUMERIC, 23);
  struct charge *charge = book_add_charge(exchange->book, id, reference == NULL ? "" : reference);
  charge->amount = wanted->amount;
  memcpy(charge->currency, wanted->currency, sizeof charge->currency);
  charge->created_ms = exchange->now_ms;
  charge->capture_at_once = wanted->capture_at_once;
  charge->card = wanted->method->card;
  copy_text(charge->method, sizeof charge->method, wanted->method->id);
  charge->metadata = stripe_metadata(&exchange->form);
  return charge;
}

static void settle_charge(struct exchange *exchange, struct charge *charge, const char *decline) {
  if (decline != NULL) {
    charge->status = CHARGE_DECLINED;
    copy_text(charge->decline, sizeof charge->decline, decline);
    copy_text(charge->network_code, sizeof charge->network_code,
              network_code_wanted(exchange, stripe_usual_network_code(decline)));
    copy_text(charge->advice_code, sizeof charge->advice_code, advice_code_wanted(exchange));
    return;
  }
  charge->status = charge->capture_at_once ? CHARGE_CAPTURED : CHARGE_AUTHORIZED;
  charge->captured = charge->capture_at_once ? charge->amount : 0;
  charge->final_captured = charge->capture_at_once;
  make_approval_codes(charge);
}

static void create_intent(struct exchange *exchange) {
  static const char *const allowed[] = {"amount",
                                        "application_fee_amount",
                                        "automatic_payment_methods",
                                        "capture_method",
                                        "confirm",
                                        "confirmation_method",
                                        "confirmation_token",
                                        "currency",
                                        "customer",
                                        "description",
                                        "error_on_requires_action",
                                        "expand",
                                        "mandate",
                                        "mandate_data",
                                        "metadata",
                                        "off_session",
                                        "on_behalf_of",
                                        "payment_method",
                                        "payment_method_data",
                                        "payment_method_options",
                                        "payment_method_types",
                                        "radar_options",
                                        "receipt_email",
                                        "return_url",
                                        "setup_future_usage",
                                        "shipping",
                                        "statement_descriptor",
                                        "statement_descriptor_suffix",
                                        "transfer_data",
                                        "transfer_group",
                                        "use_stripe_sdk",
                                        "payment_details",
                                        NULL};
  struct wanted wanted = {0};
  if (!knows_parameters(exchange, allowed) || !read_wanted(exchange, &wanted))
    return;
  exchange->executed = true;
  struct charge *charge = book_charge(exchange, &wanted);
  settle_charge(exchange, charge, decline_wanted(exchange, &charge->card));
  books_note_charge(exchange->books, exchange->book, charge);
  if (charge->status == CHARGE_DECLINED)
    stripe_decline(exchange, charge, charge->decline, charge->network_code, charge->advice_code, false);
  else
    answer_intent(exchange, charge);
}

static struct charge *find_intent(struct exchange *exchange, const char *id, uint16_t status) {
  struct charge *charge = map_get(&exchange->book->charges, id);
  if (charge == NULL)
    stripe_error(exchange, status, invalid_request, "resource_missing",
                 status == 404 ? "intent" : "payment_intent", "No such payment_intent.");
  return charge;
}

static void wrong_state(struct exchange *exchange, const struct charge *charge) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 400;
  text_put(text, "{\"error\":{\"code\":\"payment_intent_unexpected_state\",\"message\":\"This "
                 "PaymentIntent's status does "
                 "not allow that.\",\"type\":\"invalid_request_error\",\"payment_intent\":");
  stripe_print_intent(text, charge, false);
  text_put(text, "}}");
}

static struct movement *book_movement(struct exchange *exchange, struct charge *charge,
                                      enum operation operation, int64_t amount) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, operation == OPERATION_REFUND ? "re_3" : "mv_3", ALPHANUMERIC, 23);
  struct movement *movement = book_add_movement(exchange->book, id, charge);
  const char *reason =
      form_get(&exchange->form, operation == OPERATION_VOID ? "cancellation_reason" : "reason");
  const char *reference = form_get(&exchange->form, "metadata[reference]");
  movement->operation = operation;
  movement->amount = amount;
  movement->created_ms = exchange->now_ms;
  copy_text(movement->reason, sizeof movement->reason, reason == NULL ? "" : reason);
  copy_text(movement->reference, sizeof movement->reference, reference == NULL ? "" : reference);
  movement->metadata = stripe_metadata(&exchange->form);
  books_note_movement(exchange->books, exchange->book, movement);
  books_note_charge(exchange->books, exchange->book, charge);
  return movement;
}

static void get_intent(struct exchange *exchange) {
  const struct charge *charge = find_intent(exchange, exchange->id, 404);
  if (charge != NULL)
    answer_intent(exchange, charge);
}

static void capture_intent(struct exchange *exchange) {
  static const char *const allowed[] = {
      "amount_to_capture", "application_fee_amount", "expand",
      "metadata",          "statement_descriptor",   "statement_descriptor_suffix",
      "transfer_data",     "final_capture",          NULL};
  struct charge *charge =
      knows_parameters(exchange, allowed) ? find_intent(exchange, exchange->id, 404) : NULL;
  if (charge == NULL)
    return;
  exchange->executed = true;
  bool open =
      charge->status == CHARGE_AUTHORIZED || (charge->status == CHARGE_CAPTURED && !charge->final_captured);
  int64_t left = charge->amount - charge->captured, amount = left;
  const char *wanted = form_get(&exchange->form, "amount_to_capture");
  const char *final = form_get(&exchange->form, "final_capture");
  if (!open)
    wrong_state(exchange, charge);
  else if (wanted != NULL && !read_amount(wanted, 1, INT64_MAX, &amount))
    invalid(exchange, "parameter_invalid_integer", "amount_to_capture", "Invalid positive integer.");
  else if (amount > left)
    invalid(exchange, "amount_too_large", "amount_to_capture",
            "The provided amount_to_capture is greater than the capturable amount.");
  else if (!amount_is_whole(exchange->book, amount, charge->currency))
    invalid(exchange, "parameter_invalid_integer", "amount_to_capture",
            "This currency takes rounded amounts only.");
  else {
    charge->status = CHARGE_CAPTURED;
    charge->captured += amount;
    charge->final_captured =
        final == NULL || strcmp(final, "false") != 0 || charge->captured == charge->amount;
    book_movement(exchange, charge, OPERATION_CAPTURE, amount);
    answer_intent(exchange, charge);
  }
}

static void cancel_intent(struct exchange *exchange) {
  static const char *const allowed[] = {"cancellation_reason", "expand", NULL};
  static const char *const reasons[] = {"duplicate", "fraudulent", "requested_by_customer", "abandoned",
                                        NULL};
  struct charge *charge =
      knows_parameters(exchange, allowed) ? find_intent(exchange, exchange->id, 404) : NULL;
  if (charge == NULL)
    return;
  const char *reason = form_get(&exchange->form, "cancellation_reason");
  if (reason != NULL && !is_listed(reasons, reason)) {
    invalid(exchange, NULL, "cancellation_reason", "Invalid cancellation_reason.");
    return;
  }
  exchange->executed = true;
  if (charge->status != CHARGE_AUTHORIZED) {
    wrong_state(exchange, charge);
    return;
  }
  charge->status = CHARGE_VOIDED;
  book_movement(exchange, charge, OPERATION_VOID, charge->amount);
  answer_intent(exchange, charge);
}

/* payment_intent, or the charge that belongs to it. */
static struct charge *charge_to_refund(struct exchange *exchange) {
  const char *intent = form_get(&exchange->form, "payment_intent"), *id = form_get(&exchange->form, "charge");
  char made[PSP_ID_CAPACITY];
  if (intent == NULL && (id == NULL || strncmp(id, "ch_", 3) != 0)) {
    invalid(exchange, "parameter_missing", "charge", "One of charge and payment_intent is needed.");
    return NULL;
  }
  if (intent == NULL) {
    copy_text(made, sizeof made, "pi_");
    copy_text(made + 3, sizeof made - 3, id + 3);
    intent = made;
  }
  return find_intent(exchange, intent, 400);
}

static void create_refund(struct exchange *exchange) {
  static const char *const allowed[] = {"amount",
                                        "charge",
                                        "currency",
                                        "customer",
                                        "expand",
                                        "instructions_email",
                                        "metadata",
                                        "origin",
                                        "payment_intent",
                                        "reason",
                                        "refund_application_fee",
                                        "reverse_transfer",
                                        NULL};
  static const char *const reasons[] = {"duplicate", "fraudulent", "requested_by_customer", NULL};
  struct charge *charge = knows_parameters(exchange, allowed) ? charge_to_refund(exchange) : NULL;
  const char *wanted = form_get(&exchange->form, "amount"), *reason = form_get(&exchange->form, "reason");
  if (charge == NULL)
    return;
  if (reason != NULL && !is_listed(reasons, reason)) {
    invalid(exchange, NULL, "reason", "Invalid reason.");
    return;
  }
  exchange->executed = true;
  int64_t left = charge->captured - charge->refunded, amount = left;
  if (charge->status != CHARGE_CAPTURED)
    invalid(exchange, "payment_intent_unexpected_state", NULL,
            "This PaymentIntent does not have a successful charge to refund.");
  else if (left == 0)
    invalid(exchange, "charge_already_refunded", NULL, "The charge has already been refunded.");
  else if (wanted != NULL && !read_amount(wanted, 1, INT64_MAX, &amount))
    invalid(exchange, "parameter_invalid_integer", "amount", "Invalid positive integer.");
  else if (amount > left)
    invalid(exchange, "amount_too_large", "amount",
            "Refund amount is greater than unrefunded amount on charge.");
  else if (!amount_is_whole(exchange->book, amount, charge->currency))
    invalid(exchange, "parameter_invalid_integer", "amount", "This currency takes rounded amounts only.");
  else {
    charge->refunded += amount;
    const struct movement *refund = book_movement(exchange, charge, OPERATION_REFUND, amount);
    exchange->answer->status = 200;
    stripe_print_refund(&exchange->answer->body, refund);
  }
}

static void get_refund(struct exchange *exchange) {
  const struct movement *refund = map_get(&exchange->book->movements, exchange->id);
  if (refund == NULL || refund->operation != OPERATION_REFUND) {
    stripe_error(exchange, 404, invalid_request, "resource_missing", "refund", "No such refund.");
    return;
  }
  exchange->answer->status = 200;
  stripe_print_refund(&exchange->answer->body, refund);
}

static void get_charge(struct exchange *exchange) {
  char id[PSP_ID_CAPACITY] = "pi_";
  if (strlen(exchange->id) > 3)
    copy_text(id + 3, sizeof id - 3, exchange->id + 3);
  const struct charge *charge = find_intent(exchange, id, 404);
  if (charge == NULL)
    return;
  exchange->answer->status = 200;
  stripe_print_charge(&exchange->answer->body, charge);
}

struct page {
  int64_t limit, created_gte, created_lte; /* seconds */
  const char *starting_after;
};

static bool read_page(struct exchange *exchange, struct page *ret_page) {
  const struct form *form = &exchange->form;
  const char *limit = form_get(form, "limit"), *gte = form_get(form, "created[gte]");
  const char *lte = form_get(form, "created[lte]");
  *ret_page = (struct page){PAGE_DEFAULT, 0, INT64_MAX, form_get(form, "starting_after")};
  if ((limit == NULL || read_amount(limit, 1, PAGE_MAX, &ret_page->limit)) &&
      (gte == NULL || read_amount(gte, 0, INT64_MAX, &ret_page->created_gte)) &&
      (lte == NULL || read_amount(lte, 0, INT64_MAX, &ret_page->created_lte)))
    return true;
  invalid(exchange, "parameter_invalid_integer", NULL, "Invalid integer.");
  return false;
}

static void begin_list(struct exchange *exchange) {
  exchange->answer->status = 200;
  text_put(&exchange->answer->body, "{\"object\":\"list\",\"data\":[");
}

static void end_list(struct exchange *exchange, bool has_more, const char *url) {
  text_print(&exchange->answer->body, "],\"has_more\":%s,\"url\":\"%s\"}", has_more ? "true" : "false", url);
}

/* Newest first. */
static void list_intents(struct exchange *exchange) {
  static const char *const allowed[] = {"created",        "customer", "ending_before", "expand", "limit",
                                        "starting_after", NULL};
  struct page page;
  if (!knows_parameters(exchange, allowed) || !read_page(exchange, &page))
    return;
  const struct book *book = exchange->book;
  if (page.starting_after != NULL && find_intent(exchange, page.starting_after, 400) == NULL)
    return;
  bool begun = page.starting_after == NULL, has_more = false;
  int64_t listed = 0;
  begin_list(exchange);
  for (size_t i = book->charge_count; i-- > 0 && !has_more;) {
    const struct charge *charge = book->in_order[i];
    int64_t created = charge->created_ms / 1000;
    if (created < page.created_gte)
      break;
    if (begun && created <= page.created_lte) {
      has_more = listed == page.limit;
      if (!has_more) {
        text_put(&exchange->answer->body, listed++ == 0 ? "" : ",");
        stripe_print_intent(&exchange->answer->body, charge, false);
      }
    }
    begun = begun || strcmp(charge->id, page.starting_after) == 0;
  }
  end_list(exchange, has_more, "/v1/payment_intents");
}

static void list_refunds(struct exchange *exchange) {
  static const char *const allowed[] = {"payment_intent", "charge", "created",        "ending_before",
                                        "expand",         "limit",  "starting_after", NULL};
  struct page page;
  if (!knows_parameters(exchange, allowed) || !read_page(exchange, &page))
    return;
  const struct charge *charge = charge_to_refund(exchange);
  if (charge == NULL)
    return;
  int64_t listed = 0;
  bool has_more = false;
  begin_list(exchange);
  for (const struct movement *movement = charge->first; movement != NULL; movement = movement->next) {
    if (movement->operation != OPERATION_REFUND)
      continue;
    has_more = listed == page.limit;
    if (has_more)
      break;
    text_put(&exchange->answer->body, listed++ == 0 ? "" : ",");
    stripe_print_refund(&exchange->answer->body, movement);
  }
  end_list(exchange, has_more, "/v1/refunds");
}

/* query=metadata['reference']:'X', against an index that lags. */
static void search_intents(struct exchange *exchange) {
  const char *query = form_get(&exchange->form, "query");
  static const char head[] = "metadata['reference']:'", head2[] = "metadata[\"reference\"]:\"";
  char reference[PSP_REFERENCE_CAPACITY] = "";
  if (query != NULL &&
      (strncmp(query, head, sizeof head - 1) == 0 || strncmp(query, head2, sizeof head2 - 1) == 0))
    copy_text(reference, sizeof reference, query + sizeof head - 1);
  size_t length = strcspn(reference, "'\"");
  if (reference[0] == '\0' || reference[length] == '\0' || reference[length + 1] != '\0') {
    invalid(exchange, NULL, "query", "We were unable to parse your search query.");
    return;
  }
  reference[length] = '\0';
  const char *comma = "";
  exchange->answer->status = 200;
  text_put(&exchange->answer->body, "{\"object\":\"search_result\",\"data\":[");
  for (const struct charge *charge = map_get(&exchange->book->references, reference); charge != NULL;
       charge = charge->earlier_same_reference)
    if (exchange->now_ms - charge->created_ms >= exchange->book->behaviour.search_lag_ms) {
      text_put(&exchange->answer->body, comma);
      stripe_print_intent(&exchange->answer->body, charge, false);
      comma = ",";
    }
  text_put(&exchange->answer->body,
           "],\"has_more\":false,\"next_page\":null,\"url\":\"/v1/payment_intents/search\"}");
}

/* The zero-amount check of a card. */
static void create_setup(struct exchange *exchange) {
  static const char *const allowed[] = {"automatic_payment_methods",
                                        "confirm",
                                        "customer",
                                        "description",
                                        "expand",
                                        "mandate_data",
                                        "metadata",
                                        "on_behalf_of",
                                        "payment_method",
                                        "payment_method_options",
                                        "payment_method_types",
                                        "return_url",
                                        "usage",
                                        "use_stripe_sdk",
                                        "single_use",
                                        "flow_directions",
                                        NULL};
  const struct method *method;
  if (!knows_parameters(exchange, allowed) || !read_method(exchange, &method))
    return;
  exchange->executed = true;
  const char *decline = decline_wanted(exchange, &method->card);
  if (decline != NULL) {
    stripe_decline(exchange, NULL, decline, network_code_wanted(exchange, stripe_usual_network_code(decline)),
                   advice_code_wanted(exchange), true);
    return;
  }
  char id[PSP_ID_CAPACITY], transaction[PSP_ID_CAPACITY], *metadata = stripe_metadata(&exchange->form);
  make_psp_id(id, "seti_1", ALPHANUMERIC, 23);
  make_network_transaction_id(transaction);
  exchange->answer->status = 200;
  text_print(
      &exchange->answer->body,
      "{\"id\":\"%s\",\"object\":\"setup_intent\",\"application\":null,\"cancellation_reason\":null,"
      "\"client_secret\":null,\"created\":%lld,\"customer\":null,\"description\":null,\"last_setup_error\":"
      "null,"
      "\"latest_attempt\":{\"id\":\"setatt_%s\",\"object\":\"setup_attempt\",\"payment_method_details\":"
      "{\"card\":{\"network_transaction_id\":\"%s\"},\"type\":\"card\"},\"status\":\"succeeded\"},"
      "\"livemode\":false,\"mandate\":null,\"metadata\":%s,\"next_action\":null,\"payment_method\":\"%s\","
      "\"payment_method_types\":[\"card\"],\"single_use_mandate\":null,\"status\":\"succeeded\",\"usage\":"
      "\"off_session\"}",
      id, (long long)(exchange->now_ms / 1000), id + 6, transaction, metadata, method->id);
  free(metadata);
}

static const struct route routes[] = {
    {"POST", "/v1/payment_methods", 0, create_method},
    {"GET", "/v1/payment_methods/*", 0, get_method},
    {"POST", "/v1/payment_intents", OPERATION_AUTHORIZE, create_intent}, /* or charge: see prepare() */
    {"GET", "/v1/payment_intents", OPERATION_STATUS, list_intents},
    {"GET", "/v1/payment_intents/search", OPERATION_STATUS, search_intents},
    {"GET", "/v1/payment_intents/*", OPERATION_STATUS, get_intent},
    {"POST", "/v1/payment_intents/*/capture", OPERATION_CAPTURE, capture_intent},
    {"POST", "/v1/payment_intents/*/cancel", OPERATION_VOID, cancel_intent},
    {"POST", "/v1/refunds", OPERATION_REFUND, create_refund},
    {"GET", "/v1/refunds", OPERATION_STATUS, list_refunds},
    {"GET", "/v1/refunds/*", OPERATION_STATUS, get_refund},
    {"GET", "/v1/charges/*", OPERATION_STATUS, get_charge},
    {"POST", "/v1/setup_intents", OPERATION_VERIFY, create_setup},
};

static const char *key(const struct request *request) {
  return request->idempotency_key;
}

/* Where Stripe's minor units are not ISO 4217's. Source: Stripe's list of currencies. */
static int exponent(const char *currency) {
  if (strcmp(currency, "MGA") == 0)
    return 0;
  if (strcmp(currency, "ISK") == 0 || strcmp(currency, "UGX") == 0)
    return 2;
  return currency_exponent(currency);
}

static bool authenticate(struct exchange *exchange) {
  const char *header = exchange->request->authorization;
  if (strncmp(header, "Bearer sk_", 10) == 0 || strncmp(header, "Bearer rk_", 10) == 0)
    return true;
  stripe_error(exchange, 401, invalid_request, NULL, NULL,
               header[0] == '\0' ? "You did not provide an API key." : "Invalid API Key provided.");
  return false;
}

static bool prepare(struct exchange *exchange) {
  struct request *request = exchange->request;
  bool post = strcmp(request->method, "POST") == 0;
  if (route_find(routes, sizeof routes / sizeof *routes, exchange) != ROUTE_FOUND) {
    stripe_error(exchange, 404, invalid_request, NULL, NULL, "Unrecognized request URL.");
    return false;
  }
  if (post && request->body.length > 0 &&
      strncmp(request->content_type, "application/x-www-form-urlencoded", 33) != 0) {
    stripe_error(exchange, 400, invalid_request, NULL, NULL, "Invalid content type: a form is expected.");
    return false;
  }
  exchange->form_text =
      copy_string(post ? (request->body.bytes == NULL ? "" : request->body.bytes) : request->query);
  if ((post && request->body.bytes != NULL && strlen(request->body.bytes) != request->body.length) ||
      !form_parse(exchange->form_text, &exchange->form)) {
    invalid(exchange, NULL, NULL, "Invalid form.");
    return false;
  }
  const char *capture = form_get(&exchange->form, "capture_method");
  if (exchange->operation == OPERATION_AUTHORIZE && (capture == NULL || strcmp(capture, "manual") != 0))
    exchange->operation = OPERATION_CHARGE;
  return true;
}

static void fail(struct exchange *exchange, uint16_t status) {
  if (status == 500)
    stripe_error(exchange, 500, "api_error", NULL, NULL, "An unknown error occurred.");
  else if (status == 404)
    stripe_error(exchange, 404, invalid_request, "resource_missing", "intent", "No such payment_intent.");
  else
    stripe_error(exchange, status, invalid_request, "more_permissions_required", NULL,
                 "The provided key does not have the required permissions for this endpoint.");
}

static void key_conflict(struct exchange *exchange) {
  stripe_error(exchange, 400, "idempotency_error", "idempotency_error", NULL,
               "Keys for idempotent requests can only be used for the same endpoint and parameters they were "
               "first used "
               "with.");
}

/* Stripe keeps whatever came of a request once its execution began, errors included; checks of fields are not
 * kept. */
static bool keeps(const struct exchange *exchange) {
  return exchange->executed || exchange->answer->status < 300;
}

static void decorate(struct exchange *exchange, bool replayed) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "req_", ALPHANUMERIC, 14);
  text_print(&exchange->answer->headers, "Request-Id: %s\r\n", id);
  if (exchange->request->idempotency_key[0] != '\0')
    text_print(&exchange->answer->headers, "Idempotency-Key: %s\r\n", exchange->request->idempotency_key);
  if (replayed)
    text_put(&exchange->answer->headers, "Idempotent-Replayed: true\r\n");
}

const struct psp stripe_psp = {.name = "stripe",
                               .key_lifetime_ms = (int64_t)KEY_HOURS * HOUR_MS,
                               .compares_requests = true,
                               .key = key,
                               .exponent = exponent,
                               .authenticate = authenticate,
                               .prepare = prepare,
                               .fail = fail,
                               .key_conflict = key_conflict,
                               .keeps = keeps,
                               .decorate = decorate};
