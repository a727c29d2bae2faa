/* Payment methods: the first of the two steps to a charge. */
#include "stripe.h"
#include <string.h>

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

void stripe_create_method(struct exchange *exchange) {
  static const char *const allowed[] = {"type",   "card",          "billing_details", "metadata", "customer",
                                        "expand", "radar_options", "allow_redisplay", NULL};
  if (!stripe_knows_parameters(exchange, allowed))
    return;
  const char *type = stripe_need(exchange, "type");
  if (type == NULL)
    return;
  if (strcmp(type, "card") != 0) {
    stripe_invalid(exchange, NULL, "type", "This account takes cards only.");
    return;
  }
  const char *number = stripe_need(exchange, "card[number]");
  if (number == NULL || stripe_need(exchange, "card[exp_month]") == NULL ||
      stripe_need(exchange, "card[exp_year]") == NULL)
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
  make_psp_id(id, "pm_1", STRIPE_ALPHABET, 23);
  struct method *method = book_add_method(exchange->book, id);
  method->created_ms = exchange->now_ms;
  method->card = card;
  books_note_method(exchange->books, exchange->book, method);
  exchange->answer->status = 200;
  stripe_print_method(&exchange->answer->body, method, &exchange->form);
}

void stripe_get_method(struct exchange *exchange) {
  const struct method *method = map_get(&exchange->book->methods, exchange->id);
  if (method == NULL) {
    stripe_error(exchange, 404, stripe_invalid_request, "resource_missing", "payment_method",
                 "No such PaymentMethod.");
    return;
  }
  exchange->answer->status = 200;
  stripe_print_method(&exchange->answer->body, method, NULL);
}
