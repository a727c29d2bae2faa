/* Setup intents: the zero-amount check of a card. In the books they are charges of no amount. */
#include "stripe.h"
#include <string.h>

static struct charge *book_setup(struct exchange *exchange, const struct method *method) {
  char id[PSP_ID_CAPACITY];
  const char *reference = form_get(&exchange->form, "metadata[reference]");
  make_psp_id(id, "seti_1", STRIPE_ALPHABET, 23);
  struct charge *charge = book_add_charge(exchange->book, id, reference == NULL ? "" : reference);
  copy_text(charge->currency, sizeof charge->currency, "USD");
  charge->created_ms = exchange->now_ms;
  charge->card = method->card;
  copy_text(charge->method, sizeof charge->method, method->id);
  charge->metadata = stripe_metadata(&exchange->form);
  return charge;
}

void stripe_create_setup(struct exchange *exchange) {
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
  if (!stripe_knows_parameters(exchange, allowed) || !stripe_read_method(exchange, &method))
    return;
  exchange->executed = true;
  struct charge *charge = book_setup(exchange, method);
  const char *decline = decline_wanted(exchange, &method->card);
  if (decline != NULL) {
    stripe_decline_charge(exchange, charge, decline);
  } else {
    charge->status = CHARGE_VERIFIED;
    make_approval_codes(charge);
  }
  books_note_charge(exchange->books, exchange->book, charge);
  if (decline != NULL) {
    stripe_answer_decline(exchange, charge);
    return;
  }
  exchange->answer->status = 200;
  stripe_print_setup(&exchange->answer->body, charge, stripe_expands(exchange, "latest_attempt"));
}

void stripe_get_setup(struct exchange *exchange) {
  const struct charge *charge =
      strncmp(exchange->id, "seti_", 5) == 0 ? map_get(&exchange->book->charges, exchange->id) : NULL;
  if (charge == NULL) {
    stripe_error(exchange, 404, stripe_invalid_request, "resource_missing", "intent", "No such setupintent.");
    return;
  }
  exchange->answer->status = 200;
  stripe_print_setup(&exchange->answer->body, charge, stripe_expands(exchange, "latest_attempt"));
}
