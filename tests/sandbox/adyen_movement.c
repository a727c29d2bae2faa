/* Captures, cancels and refunds: received. */
#include "adyen.h"
#include <string.h>

static const char *const capture_members[] = {"amount",    "applicationInfo", "enhancedSchemeData",
                                              "lineItems", "merchantAccount", "platformChargebackLogic",
                                              "reference", "splits",          "subMerchants",
                                              NULL};
static const char *const refund_members[] = {"amount",
                                             "applicationInfo",
                                             "capturePspReference",
                                             "enhancedSchemeData",
                                             "lineItems",
                                             "merchantAccount",
                                             "merchantRefundReason",
                                             "reference",
                                             "splits",
                                             "store",
                                             NULL};
static const char *const cancel_members[] = {"applicationInfo", "enhancedSchemeData", "merchantAccount",
                                             "reference", NULL};

/* What every modification is checked for; the payment goes to *ret_charge. */
static const struct adyen_error *check_modification(const struct exchange *exchange,
                                                    const char *const *members, struct charge **ret_charge,
                                                    struct adyen_amount *ret_amount) {
  const char *reference = json_text(exchange->json, "reference");
  if (json_unknown_member(exchange->json, members) != NULL)
    return &adyen_unknown_field;
  if (json_text(exchange->json, "merchantAccount") == NULL)
    return &adyen_no_account;
  if (reference != NULL && strlen(reference) > 80)
    return &adyen_no_reference;
  *ret_charge = map_get(&exchange->book->charges, exchange->id);
  if (*ret_charge == NULL)
    return &adyen_no_original;
  if (ret_amount == NULL)
    return NULL;
  const struct adyen_error *wrong = adyen_read_amount(exchange, 1, ret_amount);
  if (wrong == NULL && strcmp(ret_amount->currency, (*ret_charge)->currency) != 0)
    wrong = &adyen_currency_wrong;
  return wrong;
}

static void answer_received(struct exchange *exchange, const struct movement *movement) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 201;
  text_put(text, "{\"merchantAccount\":");
  text_json(text, json_text(exchange->json, "merchantAccount"));
  text_print(text,
             ",\"paymentPspReference\":\"%s\",\"pspReference\":\"%s\",\"reference\":", movement->charge->id,
             movement->id);
  text_json(text, movement->reference);
  text_put(text, ",\"status\":\"received\"");
  if (movement->operation != OPERATION_VOID)
    text_print(text, ",\"amount\":{\"currency\":\"%s\",\"value\":%lld}", movement->charge->currency,
               (long long)movement->amount);
  if (movement->reason[0] != '\0') {
    text_put(text, ",\"merchantRefundReason\":");
    text_json(text, movement->reason);
  }
  text_put(text, "}");
}

static void book_modification(struct exchange *exchange, struct charge *charge, enum operation operation,
                              int64_t amount) {
  char id[PSP_ID_CAPACITY];
  const char *reference = json_text(exchange->json, "reference");
  const char *reason = json_text(exchange->json, "merchantRefundReason");
  make_psp_id(id, "", ADYEN_ALPHABET, 16);
  struct movement *movement = book_add_movement(exchange->book, id, charge);
  movement->operation = operation;
  movement->amount = amount;
  movement->created_ms = exchange->now_ms;
  copy_text(movement->reference, sizeof movement->reference, reference == NULL ? "" : reference);
  copy_text(movement->reason, sizeof movement->reason, reason == NULL ? "" : reason);
  books_note_movement(exchange->books, exchange->book, movement);
  books_note_charge(exchange->books, exchange->book, charge);
  answer_received(exchange, movement);
}

/* One capture a payment: several need a setting that this account does not have. */
void adyen_capture_payment(struct exchange *exchange) {
  struct charge *charge;
  struct adyen_amount amount;
  const struct adyen_error *wrong = check_modification(exchange, capture_members, &charge, &amount);
  if (wrong == NULL && charge->status != CHARGE_AUTHORIZED)
    wrong = &adyen_not_possible;
  if (wrong == NULL && amount.value > charge->amount)
    wrong = &adyen_amount_wrong;
  if (wrong != NULL) {
    adyen_answer_error(exchange, wrong);
    return;
  }
  charge->status = CHARGE_CAPTURED;
  charge->captured = amount.value;
  book_modification(exchange, charge, OPERATION_CAPTURE, amount.value);
}

void adyen_cancel_payment(struct exchange *exchange) {
  struct charge *charge;
  const struct adyen_error *wrong = check_modification(exchange, cancel_members, &charge, NULL);
  if (wrong == NULL && charge->status != CHARGE_AUTHORIZED)
    wrong = &adyen_not_possible;
  if (wrong != NULL) {
    adyen_answer_error(exchange, wrong);
    return;
  }
  charge->status = CHARGE_VOIDED;
  book_modification(exchange, charge, OPERATION_VOID, charge->amount);
}

void adyen_refund_payment(struct exchange *exchange) {
  struct charge *charge;
  struct adyen_amount amount;
  const struct adyen_error *wrong = check_modification(exchange, refund_members, &charge, &amount);
  if (wrong == NULL && charge->status != CHARGE_CAPTURED)
    wrong = &adyen_not_possible;
  if (wrong == NULL && amount.value > charge->captured - charge->refunded)
    wrong = &adyen_amount_wrong;
  if (wrong != NULL) {
    adyen_answer_error(exchange, wrong);
    return;
  }
  charge->refunded += amount.value;
  book_modification(exchange, charge, OPERATION_REFUND, amount.value);
}
