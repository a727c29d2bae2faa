/* Captures, cancellations and refunds. */
#include "stripe.h"
#include <string.h>

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
  make_psp_id(id, operation == OPERATION_REFUND ? "re_3" : "mv_3", STRIPE_ALPHABET, 23);
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

void stripe_capture_intent(struct exchange *exchange) {
  static const char *const allowed[] = {
      "amount_to_capture", "application_fee_amount", "expand",
      "metadata",          "statement_descriptor",   "statement_descriptor_suffix",
      "transfer_data",     "final_capture",          NULL};
  struct charge *charge =
      stripe_knows_parameters(exchange, allowed) ? stripe_find_intent(exchange, exchange->id, 404) : NULL;
  if (charge == NULL)
    return;
  exchange->executed = true;
  bool open = charge->status == CHARGE_AUTHORIZED;
  int64_t left = charge->amount, amount = left;
  const char *wanted = form_get(&exchange->form, "amount_to_capture");
  const char *final = form_get(&exchange->form, "final_capture");
  if (!open)
    wrong_state(exchange, charge);
  else if (final != NULL && strcmp(final, "true") != 0)
    stripe_invalid(exchange, NULL, "final_capture", "Multicapture is not available for this PaymentIntent.");
  else if (wanted != NULL && !read_amount(wanted, 1, INT64_MAX, &amount))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount_to_capture", "Invalid positive integer.");
  else if (amount > left)
    stripe_invalid(exchange, "amount_too_large", "amount_to_capture",
                   "The provided amount_to_capture is greater than the capturable amount.");
  else if (!amount_is_whole(exchange->book, amount, charge->currency))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount_to_capture",
                   "This currency takes rounded amounts only.");
  else {
    charge->status = CHARGE_CAPTURED;
    charge->captured += amount;
    charge->final_captured = true;
    book_movement(exchange, charge, OPERATION_CAPTURE, amount);
    stripe_answer_intent(exchange, charge);
  }
}

void stripe_cancel_intent(struct exchange *exchange) {
  static const char *const allowed[] = {"cancellation_reason", "expand", NULL};
  static const char *const reasons[] = {"duplicate", "fraudulent", "requested_by_customer", "abandoned",
                                        NULL};
  struct charge *charge =
      stripe_knows_parameters(exchange, allowed) ? stripe_find_intent(exchange, exchange->id, 404) : NULL;
  if (charge == NULL)
    return;
  const char *reason = form_get(&exchange->form, "cancellation_reason");
  if (reason != NULL && !is_listed(reasons, reason)) {
    stripe_invalid(exchange, NULL, "cancellation_reason", "Invalid cancellation_reason.");
    return;
  }
  exchange->executed = true;
  if (charge->status != CHARGE_AUTHORIZED) {
    wrong_state(exchange, charge);
    return;
  }
  charge->status = CHARGE_VOIDED;
  book_movement(exchange, charge, OPERATION_VOID, charge->amount);
  stripe_answer_intent(exchange, charge);
}

/* payment_intent, or the charge that belongs to it. */
struct charge *stripe_charge_to_refund(struct exchange *exchange) {
  const char *intent = form_get(&exchange->form, "payment_intent"), *id = form_get(&exchange->form, "charge");
  char made[PSP_ID_CAPACITY];
  if (intent == NULL && (id == NULL || strncmp(id, "ch_", 3) != 0)) {
    stripe_invalid(exchange, "parameter_missing", "charge", "One of charge and payment_intent is needed.");
    return NULL;
  }
  if (intent == NULL) {
    copy_text(made, sizeof made, "pi_");
    copy_text(made + 3, sizeof made - 3, id + 3);
    intent = made;
  }
  return stripe_find_intent(exchange, intent, 400);
}

void stripe_create_refund(struct exchange *exchange) {
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
  struct charge *charge =
      stripe_knows_parameters(exchange, allowed) ? stripe_charge_to_refund(exchange) : NULL;
  const char *wanted = form_get(&exchange->form, "amount"), *reason = form_get(&exchange->form, "reason");
  if (charge == NULL)
    return;
  if (reason != NULL && !is_listed(reasons, reason)) {
    stripe_invalid(exchange, NULL, "reason", "Invalid reason.");
    return;
  }
  exchange->executed = true;
  int64_t left = charge->captured - charge->refunded, amount = left;
  if (charge->status != CHARGE_CAPTURED)
    stripe_invalid(exchange, "payment_intent_unexpected_state", NULL,
                   "This PaymentIntent does not have a successful charge to refund.");
  else if (left == 0)
    stripe_invalid(exchange, "charge_already_refunded", NULL, "The charge has already been refunded.");
  else if (wanted != NULL && !read_amount(wanted, 1, INT64_MAX, &amount))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount", "Invalid positive integer.");
  else if (amount > left)
    stripe_invalid(exchange, "amount_too_large", "amount",
                   "Refund amount is greater than unrefunded amount on charge.");
  else if (!amount_is_whole(exchange->book, amount, charge->currency))
    stripe_invalid(exchange, "parameter_invalid_integer", "amount",
                   "This currency takes rounded amounts only.");
  else {
    charge->refunded += amount;
    const struct movement *refund = book_movement(exchange, charge, OPERATION_REFUND, amount);
    exchange->answer->status = 200;
    stripe_print_refund(&exchange->answer->body, refund);
  }
}

void stripe_get_refund(struct exchange *exchange) {
  const struct movement *refund = map_get(&exchange->book->movements, exchange->id);
  if (refund == NULL || refund->operation != OPERATION_REFUND) {
    stripe_error(exchange, 404, stripe_invalid_request, "resource_missing", "refund", "No such refund.");
    return;
  }
  exchange->answer->status = 200;
  stripe_print_refund(&exchange->answer->body, refund);
}

void stripe_get_charge(struct exchange *exchange) {
  char id[PSP_ID_CAPACITY] = "pi_";
  if (strlen(exchange->id) > 3)
    copy_text(id + 3, sizeof id - 3, exchange->id + 3);
  const struct charge *charge = stripe_find_intent(exchange, id, 404);
  if (charge == NULL)
    return;
  exchange->answer->status = 200;
  stripe_print_charge(&exchange->answer->body, charge);
}
