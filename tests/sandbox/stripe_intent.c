/* Payment intents: the step that charges. */
#include "money.h"
#include "stripe.h"
#include <string.h>

enum { AMOUNT_MAX = 99999999 };

bool stripe_expands(const struct exchange *exchange, const char *what) {
  for (size_t i = 0; i < exchange->form.count; i++)
    if (strncmp(exchange->form.pairs[i].name, "expand[", 7) == 0 &&
        strcmp(exchange->form.pairs[i].value, what) == 0)
      return true;
  return false;
}

void stripe_answer_intent(struct exchange *exchange, const struct charge *charge) {
  exchange->answer->status = 200;
  stripe_print_intent(&exchange->answer->body, charge, stripe_expands(exchange, "latest_charge"));
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

bool stripe_read_method(struct exchange *exchange, const struct method **ret_method) {
  const char *id = stripe_need(exchange, "payment_method");
  const char *confirm = form_get(&exchange->form, "confirm");
  if (id == NULL)
    return false;
  *ret_method = map_get(&exchange->book->methods, id);
  if (*ret_method == NULL)
    stripe_invalid(exchange, "resource_missing", "payment_method", "No such PaymentMethod.");
  else if (confirm == NULL || strcmp(confirm, "true") != 0)
    stripe_invalid(exchange, NULL, "confirm", "The sandbox takes intents with confirm=true only.");
  else
    return true;
  return false;
}

static bool read_wanted(struct exchange *exchange, struct wanted *ret_wanted) {
  const char *amount = stripe_need(exchange, "amount"),
             *currency = amount == NULL ? NULL : stripe_need(exchange, "currency");
  const char *capture = form_get(&exchange->form, "capture_method");
  if (currency == NULL)
    return false;
  if (!read_currency(currency, ret_wanted->currency))
    stripe_invalid(exchange, "parameter_invalid", "currency", "Invalid currency.");
  else if (!read_amount(amount, 1, INT64_MAX, &ret_wanted->amount))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount", "Invalid positive integer.");
  else if (ret_wanted->amount > AMOUNT_MAX)
    stripe_invalid(exchange, "amount_too_large", "amount", "Amount must be no more than 999,999.99.");
  else if (!amount_is_whole(exchange->book, ret_wanted->amount, ret_wanted->currency) ||
           (currency_exponent(ret_wanted->currency) == 3 && ret_wanted->amount % 10 != 0))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount",
                   "This currency takes rounded amounts only.");
  else if (capture != NULL && strcmp(capture, "manual") != 0 && strncmp(capture, "automatic", 9) != 0)
    stripe_invalid(exchange, NULL, "capture_method", "Invalid capture_method.");
  else {
    ret_wanted->capture_at_once = capture == NULL || strcmp(capture, "manual") != 0;
    return stripe_read_method(exchange, &ret_wanted->method);
  }
  return false;
}

static struct charge *book_charge(struct exchange *exchange, const struct wanted *wanted) {
  char id[PSP_ID_CAPACITY];
  const char *reference = form_get(&exchange->form, "metadata[reference]");
  make_psp_id(id, "pi_3", STRIPE_ALPHABET, 23);
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

void stripe_decline_charge(struct exchange *exchange, struct charge *charge, const char *decline) {
  charge->status = CHARGE_DECLINED;
  copy_text(charge->decline, sizeof charge->decline, decline);
  copy_text(charge->network_code, sizeof charge->network_code,
            network_code_wanted(exchange, stripe_usual_network_code(decline)));
  copy_text(charge->advice_code, sizeof charge->advice_code, advice_code_wanted(exchange));
}

static void settle_charge(struct exchange *exchange, struct charge *charge, const char *decline) {
  if (decline != NULL) {
    stripe_decline_charge(exchange, charge, decline);
    return;
  }
  charge->status = charge->capture_at_once ? CHARGE_CAPTURED : CHARGE_AUTHORIZED;
  charge->captured = charge->capture_at_once ? charge->amount : 0;
  charge->final_captured = charge->capture_at_once;
  make_approval_codes(charge);
}

static const char *const parameters[] = {"amount",
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

void stripe_create_intent(struct exchange *exchange) {
  struct wanted wanted = {0};
  if (!stripe_knows_parameters(exchange, parameters) || !read_wanted(exchange, &wanted))
    return;
  exchange->executed = true;
  struct charge *charge = book_charge(exchange, &wanted);
  settle_charge(exchange, charge, decline_wanted(exchange, &charge->card));
  books_note_charge(exchange->books, exchange->book, charge);
  if (charge->status == CHARGE_DECLINED)
    stripe_answer_decline(exchange, charge);
  else
    stripe_answer_intent(exchange, charge);
}

struct charge *stripe_find_intent(struct exchange *exchange, const char *id, uint16_t status) {
  struct charge *charge = strncmp(id, "pi_", 3) == 0 ? map_get(&exchange->book->charges, id) : NULL;
  if (charge == NULL)
    stripe_error(exchange, status, stripe_invalid_request, "resource_missing",
                 status == 404 ? "intent" : "payment_intent", "No such payment_intent.");
  return charge;
}

void stripe_get_intent(struct exchange *exchange) {
  const struct charge *charge = stripe_find_intent(exchange, exchange->id, 404);
  if (charge != NULL)
    stripe_answer_intent(exchange, charge);
}
