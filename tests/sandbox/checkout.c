/* Checkout.com: JSON, payments that can be asked for by reference, movements that are accepted (202) and seen
 * a little later. */
#include "checkout.h"
#include "money.h"
#include <stdlib.h>
#include <string.h>

enum { KEY_HOURS = 24, HOUR_MS = 3600 * 1000, REFERENCE_MAX = 80, PAGE_DEFAULT = 10, PAGE_MAX = 100 };

static void invalid(struct exchange *exchange, const char *error_code) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "", CHECKOUT_ALPHABET, 26);
  exchange->answer->status = 422;
  text_print(&exchange->answer->body,
             "{\"request_id\":\"%s\",\"error_type\":\"request_invalid\",\"error_codes\":[\"%s\"]}", id,
             error_code);
}

static void refuse(struct exchange *exchange, uint16_t status) {
  exchange->answer->status = status; /* no body, as its description has it */
}

static const char *const payment_members[] = {"payment_context_id",
                                              "source",
                                              "amount",
                                              "currency",
                                              "payment_type",
                                              "payment_plan",
                                              "merchant_initiated",
                                              "reference",
                                              "description",
                                              "authorization_type",
                                              "partial_authorization",
                                              "capture",
                                              "capture_on",
                                              "expire_on",
                                              "customer",
                                              "billing_descriptor",
                                              "shipping",
                                              "authentication",
                                              "3ds",
                                              "processing_channel_id",
                                              "previous_payment_id",
                                              "risk",
                                              "success_url",
                                              "failure_url",
                                              "payment_ip",
                                              "sender",
                                              "recipient",
                                              "marketplace",
                                              "amount_allocations",
                                              "processing",
                                              "items",
                                              "retry",
                                              "subscription",
                                              "routing",
                                              "metadata",
                                              "segment",
                                              "instruction",
                                              "fallback_source",
                                              NULL};
static const char *const source_members[] = {"type",
                                             "number",
                                             "expiry_month",
                                             "expiry_year",
                                             "name",
                                             "cvv",
                                             "stored",
                                             "store_for_future_use",
                                             "billing_address",
                                             "phone",
                                             "allow_update",
                                             "account_holder",
                                             NULL};

static long integer_of(const json_t *object, const char *name) {
  const json_t *value = json_object_get(object, name);
  json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
  return number < 0 || number > 9999 ? -1 : (long)number;
}

/* Each returns an error code, or NULL. */
static const char *check_source(const struct exchange *exchange, struct card_facts *ret_card) {
  static const char *const codes[] = {[CARD_GOOD] = NULL,
                                      [CARD_NUMBER_WRONG] = "card_number_invalid",
                                      [CARD_MONTH_WRONG] = "card_expiry_month_invalid",
                                      [CARD_YEAR_WRONG] = "card_expiry_year_invalid",
                                      [CARD_EXPIRED] = "card_expired",
                                      [CARD_CODE_WRONG] = "cvv_invalid"};
  const json_t *source = json_object_get(exchange->json, "source");
  const char *type = json_text(source, "type"), *number = json_text(source, "number");
  if (type == NULL)
    return "payment_source_required";
  if (strcmp(type, "card") != 0 || json_unknown_member(source, source_members) != NULL)
    return "payment_source_invalid";
  if (number == NULL)
    return "card_number_required";
  return codes[card_check("checkout", number, integer_of(source, "expiry_month"),
                          integer_of(source, "expiry_year"), json_text(source, "cvv"), exchange->now_ms,
                          ret_card)];
}

static const char *check_reference(const json_t *body) {
  const json_t *reference = json_object_get(body, "reference");
  if (reference == NULL)
    return NULL;
  const char *text = json_string_value(reference);
  return text == NULL || strlen(text) > REFERENCE_MAX ? "reference_invalid" : NULL;
}

static const char *check_money(const struct exchange *exchange) {
  const json_t *amount = json_object_get(exchange->json, "amount");
  const char *currency = json_text(exchange->json, "currency");
  if (currency == NULL)
    return "currency_required";
  if (strlen(currency) != 3 || !currency_known(currency))
    return "currency_invalid";
  if (amount != NULL && (!json_is_integer(amount) || json_integer_value(amount) < 0))
    return "amount_invalid";
  return NULL;
}

static const char *check_payment(const struct exchange *exchange, struct card_facts *ret_card) {
  const json_t *capture = json_object_get(exchange->json, "capture");
  if (json_unknown_member(exchange->json, payment_members) != NULL)
    return "request_body_malformed";
  if (capture != NULL && !json_is_boolean(capture))
    return "capture_invalid";
  if (json_text(exchange->json, "processing_channel_id") == NULL)
    return "processing_channel_id_required";
  const char *wrong = check_money(exchange);
  if (wrong == NULL)
    wrong = check_reference(exchange->json);
  return wrong != NULL ? wrong : check_source(exchange, ret_card);
}

static struct charge *book_payment(struct exchange *exchange, const struct card_facts *card) {
  char id[PSP_ID_CAPACITY];
  const json_t *body = exchange->json;
  const char *reference = json_text(body, "reference");
  make_psp_id(id, "pay_", CHECKOUT_ALPHABET, 26);
  struct charge *charge = book_add_charge(exchange->book, id, reference == NULL ? "" : reference);
  charge->amount = json_integer_value(json_object_get(body, "amount"));
  copy_text(charge->currency, sizeof charge->currency, json_text(body, "currency"));
  charge->created_ms = exchange->now_ms;
  charge->capture_at_once = !json_is_false(json_object_get(body, "capture"));
  charge->card = *card;
  return charge;
}

static void settle_payment(struct exchange *exchange, struct charge *charge, const char *decline) {
  if (decline != NULL) {
    charge->status = CHARGE_DECLINED;
    copy_text(charge->decline, sizeof charge->decline, decline);
    copy_text(charge->network_code, sizeof charge->network_code, network_code_wanted(exchange, ""));
    copy_text(charge->advice_code, sizeof charge->advice_code, advice_code_wanted(exchange));
    return;
  }
  bool captured = charge->capture_at_once && charge->amount > 0;
  charge->status = charge->amount == 0 ? CHARGE_VERIFIED : captured ? CHARGE_CAPTURED : CHARGE_AUTHORIZED;
  charge->captured = captured ? charge->amount : 0;
  charge->final_captured = captured;
  make_approval_codes(charge);
}

static void create_payment(struct exchange *exchange) {
  struct card_facts card;
  const char *wrong = check_payment(exchange, &card);
  if (wrong != NULL) {
    invalid(exchange, wrong);
    return;
  }
  struct charge *charge = book_payment(exchange, &card);
  settle_payment(exchange, charge, decline_wanted(exchange, &card));
  books_note_charge(exchange->books, exchange->book, charge);
  exchange->answer->status = 201;
  checkout_print_created(&exchange->answer->body, charge);
}

static struct charge *find_payment(struct exchange *exchange) {
  struct charge *charge = map_get(&exchange->book->charges, exchange->id);
  if (charge == NULL)
    refuse(exchange, 404);
  return charge;
}

static void get_payment(struct exchange *exchange) {
  const struct charge *charge = find_payment(exchange);
  if (charge == NULL)
    return;
  exchange->answer->status = 200;
  checkout_print_payment(&exchange->answer->body, charge, exchange->now_ms);
}

static void get_actions(struct exchange *exchange) {
  const struct charge *charge = find_payment(exchange);
  if (charge == NULL)
    return;
  exchange->answer->status = 200;
  checkout_print_actions(&exchange->answer->body, charge, exchange->now_ms);
}

static bool read_page(struct exchange *exchange, const char **ret_reference, int64_t *ret_limit,
                      int64_t *ret_skip) {
  exchange->form_text = copy_string(exchange->request->query);
  *ret_limit = PAGE_DEFAULT;
  *ret_skip = 0;
  if (!form_parse(exchange->form_text, &exchange->form))
    return false;
  const char *limit = form_get(&exchange->form, "limit"), *skip = form_get(&exchange->form, "skip");
  *ret_reference = form_get(&exchange->form, "reference");
  return *ret_reference != NULL && (*ret_reference)[0] != '\0' && strlen(*ret_reference) <= REFERENCE_MAX &&
         (limit == NULL || read_amount(limit, 1, PAGE_MAX, ret_limit)) &&
         (skip == NULL || read_amount(skip, 0, INT32_MAX, ret_skip));
}

/* GET /payments?reference=: newest first. */
static void list_payments(struct exchange *exchange) {
  struct text *text = &exchange->answer->body;
  const char *reference;
  int64_t limit, skip, total = 0, listed = 0;
  if (!read_page(exchange, &reference, &limit, &skip)) {
    invalid(exchange, "reference_invalid");
    return;
  }
  const struct charge *newest = map_get(&exchange->book->references, reference);
  for (const struct charge *charge = newest; charge != NULL; charge = charge->earlier_same_reference)
    total++;
  exchange->answer->status = 200;
  text_print(text, "{\"limit\":%lld,\"skip\":%lld,\"total_count\":%lld,\"data\":[", (long long)limit,
             (long long)skip, (long long)total);
  for (const struct charge *charge = newest; charge != NULL && listed < limit;
       charge = charge->earlier_same_reference) {
    if (skip-- > 0)
      continue;
    text_put(text, listed++ == 0 ? "" : ",");
    checkout_print_payment(text, charge, exchange->now_ms);
  }
  text_put(text, "]}");
}

static void accept(struct exchange *exchange, struct charge *charge, enum operation operation,
                   int64_t amount) {
  char id[PSP_ID_CAPACITY];
  const char *reference = json_text(exchange->json, "reference");
  make_psp_id(id, "act_", CHECKOUT_ALPHABET, 26);
  struct movement *movement = book_add_movement(exchange->book, id, charge);
  movement->operation = operation;
  movement->amount = amount;
  movement->created_ms = exchange->now_ms;
  copy_text(movement->reference, sizeof movement->reference, reference == NULL ? "" : reference);
  books_note_movement(exchange->books, exchange->book, movement);
  books_note_charge(exchange->books, exchange->book, charge);
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 202;
  text_print(text, "{\"action_id\":\"%s\",\"reference\":", id);
  text_json_or_null(text, movement->reference);
  text_print(text, ",\"_links\":{\"payment\":{\"href\":\"/payments/%s\"}}}", charge->id);
}

/* The amount of a movement: the body's, or all that is left. */
static bool read_movement_amount(struct exchange *exchange, int64_t left, const char *too_much,
                                 int64_t *ret_amount) {
  const json_t *amount = json_object_get(exchange->json, "amount");
  *ret_amount = left;
  const char *wrong = check_reference(exchange->json);
  if (wrong == NULL && amount != NULL) {
    if (!json_is_integer(amount) || json_integer_value(amount) < 1)
      wrong = "amount_invalid";
    else if (json_integer_value(amount) > left)
      wrong = too_much;
    else
      *ret_amount = json_integer_value(amount);
  }
  if (wrong != NULL)
    invalid(exchange, wrong);
  return wrong == NULL;
}

static void capture_payment(struct exchange *exchange) {
  static const char *const members[] = {"amount",      "capture_type",       "reference",  "customer",
                                        "description", "billing_descriptor", "shipping",   "items",
                                        "marketplace", "amount_allocations", "processing", "metadata",
                                        NULL};
  struct charge *charge = find_payment(exchange);
  int64_t amount;
  if (charge == NULL)
    return;
  bool open =
      charge->status == CHARGE_AUTHORIZED || (charge->status == CHARGE_CAPTURED && !charge->final_captured);
  const char *type = json_text(exchange->json, "capture_type");
  if (json_unknown_member(exchange->json, members) != NULL)
    invalid(exchange, "request_body_malformed");
  else if (type != NULL && strcmp(type, "NonFinal") != 0 && strcmp(type, "Final") != 0)
    invalid(exchange, "capture_type_invalid");
  else if (!open)
    refuse(exchange, 403);
  else if (read_movement_amount(exchange, charge->amount - charge->captured,
                                "capture_value_greater_than_remaining_authorized", &amount)) {
    charge->status = CHARGE_CAPTURED;
    charge->captured += amount;
    charge->final_captured =
        type == NULL || strcmp(type, "NonFinal") != 0 || charge->captured == charge->amount;
    accept(exchange, charge, OPERATION_CAPTURE, amount);
  }
}

static void void_payment(struct exchange *exchange) {
  static const char *const members[] = {"reference", "metadata", NULL};
  struct charge *charge = find_payment(exchange);
  if (charge == NULL)
    return;
  if (json_unknown_member(exchange->json, members) != NULL) {
    invalid(exchange, "request_body_malformed");
  } else if (charge->status == CHARGE_AUTHORIZED) {
    charge->status = CHARGE_VOIDED;
    accept(exchange, charge, OPERATION_VOID, charge->amount);
  } else if (charge->status == CHARGE_CAPTURED && !charge->final_captured) {
    charge->final_captured = true; /* the rest of it is released */
    accept(exchange, charge, OPERATION_VOID, charge->amount - charge->captured);
  } else {
    refuse(exchange, 403);
  }
}

static void refund_payment(struct exchange *exchange) {
  static const char *const members[] = {
      "amount",      "reference", "metadata", "amount_allocations", "capture_action_id",
      "destination", "items",     NULL};
  struct charge *charge = find_payment(exchange);
  int64_t amount;
  if (charge == NULL)
    return;
  int64_t left = charge->captured - charge->refunded;
  if (json_unknown_member(exchange->json, members) != NULL)
    invalid(exchange, "request_body_malformed");
  else if (charge->status != CHARGE_CAPTURED || left == 0)
    refuse(exchange, 403);
  else if (read_movement_amount(exchange, left, "refund_amount_exceeds_balance", &amount)) {
    charge->refunded += amount;
    accept(exchange, charge, OPERATION_REFUND, amount);
  }
}

static const struct route routes[] = {
    {"POST", "/payments", OPERATION_AUTHORIZE, create_payment}, /* or charge, or verify: see prepare() */
    {"GET", "/payments", OPERATION_STATUS, list_payments},
    {"GET", "/payments/*", OPERATION_STATUS, get_payment},
    {"GET", "/payments/*/actions", OPERATION_STATUS, get_actions},
    {"POST", "/payments/*/captures", OPERATION_CAPTURE, capture_payment},
    {"POST", "/payments/*/voids", OPERATION_VOID, void_payment},
    {"POST", "/payments/*/refunds", OPERATION_REFUND, refund_payment},
};

static const char *key(const struct request *request) {
  return request->cko_idempotency_key;
}

static int exponent(const char *currency) {
  return currency_exponent(currency);
}

static bool authenticate(struct exchange *exchange) {
  const char *header = exchange->request->authorization;
  if (strncmp(header, "Bearer sk_", 10) == 0 || strncmp(header, "sk_", 3) == 0)
    return true;
  refuse(exchange, 401);
  return false;
}

static bool read_json(struct exchange *exchange) {
  const struct request *request = exchange->request;
  bool optional = exchange->operation != OPERATION_AUTHORIZE;
  if (request->body.length == 0 && optional)
    return true;
  if (strncmp(request->content_type, "application/json", 16) != 0)
    return false;
  exchange->json = json_loadb(request->body.bytes, request->body.length, JSON_REJECT_DUPLICATES, NULL);
  return json_is_object(exchange->json);
}

static bool prepare(struct exchange *exchange) {
  enum route_result found = route_find(routes, sizeof routes / sizeof *routes, exchange);
  if (found != ROUTE_FOUND) {
    refuse(exchange, found == ROUTE_NO_METHOD ? 405 : 404);
    return false;
  }
  if (strcmp(exchange->request->method, "POST") == 0 && !read_json(exchange)) {
    invalid(exchange, "request_body_malformed");
    return false;
  }
  if (exchange->operation == OPERATION_AUTHORIZE) {
    const json_t *amount = json_object_get(exchange->json, "amount");
    if (amount == NULL || (json_is_integer(amount) && json_integer_value(amount) == 0))
      exchange->operation = OPERATION_VERIFY;
    else if (!json_is_false(json_object_get(exchange->json, "capture")))
      exchange->operation = OPERATION_CHARGE;
  }
  return true;
}

static void fail(struct exchange *exchange, uint16_t status) {
  refuse(exchange, status);
}

static void key_conflict(struct exchange *exchange) {
  refuse(exchange, 409); /* never asked: the kept answer is given */
}

/* Errors are not kept: a repeat is a new try. */
static bool keeps(const struct exchange *exchange) {
  return exchange->answer->status < 400;
}

static void decorate(struct exchange *exchange, bool replayed) {
  char id[PSP_ID_CAPACITY];
  (void)replayed;
  make_psp_id(id, "", CHECKOUT_ALPHABET, 26);
  text_print(&exchange->answer->headers, "Cko-Request-Id: %s\r\n", id);
}

const struct psp checkout_psp = {.name = "checkout",
                                 .key_lifetime_ms = (int64_t)KEY_HOURS * HOUR_MS,
                                 .compares_requests = false,
                                 .key = key,
                                 .exponent = exponent,
                                 .authenticate = authenticate,
                                 .prepare = prepare,
                                 .fail = fail,
                                 .key_conflict = key_conflict,
                                 .keeps = keeps,
                                 .decorate = decorate};
