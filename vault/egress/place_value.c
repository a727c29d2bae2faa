#include "place_value.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int give(struct value *value, const char *text) {
  if (text == NULL || text[0] == '\0')
    return PLACE_HAS_NONE;
  value->text = text;
  value->length = strlen(text);
  return 0;
}

/* At least so many digits. */
static int give_number(struct value *value, long long number, int digits) {
  int length = snprintf(value->own, sizeof value->own, "%0*lld", digits, number);
  value->text = value->own;
  value->length = (size_t)length;
  return 0;
}

static const char *credential(const struct exchange *exchange, uint16_t index) {
  const struct egress_send *send = exchange->send;
  const char *name = exchange->sheet->credentials[index].name;
  for (uint8_t i = 0; i < send->credential_count; i++)
    if (strcmp(send->credentials[i].name, name) == 0)
      return send->credentials[i].value;
  return NULL;
}

/* The PSP's minor units; what it cannot count is refused, never rounded. */
static int give_amount(const struct exchange *exchange, struct value *value) {
  const struct money *amount = &exchange->send->amount;
  int iso = currency_exponent(amount->currency);
  int psp = iso < 0 ? iso : sheet_exponent(exchange->sheet, amount->currency);
  if (psp < 0 || amount->minor < 0)
    return -ERANGE;
  int64_t minor = 0;
  if (amount_rescale(amount->minor, iso, psp, &minor) != 0)
    return -ERANGE;
  const struct currency_rule *rule = sheet_currency(exchange->sheet, amount->currency);
  if (rule != NULL && rule->multiple != 0 && minor % rule->multiple != 0)
    return -ERANGE;
  return give_number(value, minor, 1);
}

static int give_currency(const struct exchange *exchange, struct value *value, bool lower) {
  const char *code = exchange->send->amount.currency;
  if (sheet_exponent(exchange->sheet, code) < 0)
    return -ERANGE;
  for (size_t i = 0; i < CURRENCY_CAPACITY; i++)
    value->own[i] = (char)(lower && code[i] >= 'A' && code[i] <= 'Z' ? code[i] + 32 : code[i]);
  return give(value, value->own);
}

static int give_window(const struct exchange *exchange, struct value *value, long long offset) {
  const char *started = request_fields_get(&exchange->send->fields, REQUEST_STARTED_AT);
  if (started == NULL)
    return PLACE_HAS_NONE;
  long long at = strtoll(started, NULL, 10) + offset;
  return give_number(value, at > 0 ? at : 0, 1);
}

/* A name of one word has no last name: a PSP that wants both is told neither. */
static int give_name(const struct exchange *exchange, struct value *value, bool last) {
  const char *name = request_fields_get(&exchange->send->fields, REQUEST_CUSTOMER_NAME);
  const char *space = name == NULL ? NULL : strrchr(name, ' ');
  if (space == NULL || space == name || space[1] == '\0')
    return PLACE_HAS_NONE;
  value->text = last ? space + 1 : name;
  value->length = last ? strlen(space + 1) : (size_t)(space - name);
  return 0;
}

static int give_card(const struct exchange *exchange, enum place place, struct value *value) {
  const struct egress_send *send = exchange->send;
  if (!send->has_card)
    return PLACE_HAS_NONE;
  switch (place) {
  case PLACE_CARD_NUMBER:
    return give(value, send->card.number);
  case PLACE_CARD_EXP_MONTH:
    return give_number(value, send->card.exp_month, 1);
  case PLACE_CARD_EXP_MONTH_PADDED:
    return give_number(value, send->card.exp_month, 2);
  case PLACE_CARD_EXP_YEAR:
    return give_number(value, send->card.exp_year, 4);
  case PLACE_CARD_EXP_YEAR_SHORT:
    return give_number(value, send->card.exp_year % 100, 2);
  case PLACE_CARD_NAME:
    return send->card.name[0] == '\0' || alphabet_holds(ALPHABET_TEXT, send->card.name)
               ? give(value, send->card.name)
               : -EINVAL;
  case PLACE_CARD_CODE:
    return give(value, send->code.digits);
  default:
    return -EINVAL;
  }
}

static int give_step_key(const struct exchange *exchange, struct value *value) {
  int length =
      snprintf(value->own, sizeof value->own, "%s_%u", exchange->send->key, (unsigned)exchange->number);
  value->text = value->own;
  value->length = (size_t)length;
  return 0;
}

static int give_operation(const struct exchange *exchange, struct value *value) {
  const struct egress_send *send = exchange->send;
  return give(value,
              operation_name(send->operation == OPERATION_STATUS ? send->asked_about : send->operation));
}

int place_value(const struct exchange *exchange, struct place_ref ref, struct value *ret_value) {
  const struct egress_send *send = exchange->send;
  switch (ref.place) {
  case PLACE_FIELD:
    return give(ret_value, request_fields_get(&send->fields, (enum request_field)ref.index));
  case PLACE_CREDENTIAL:
    return give(ret_value, credential(exchange, ref.index));
  case PLACE_CARRIED:
    return give(ret_value, exchange->carried[ref.index]);
  case PLACE_KEY:
    return give(ret_value, send->key);
  case PLACE_STEP_KEY:
    return give_step_key(exchange, ret_value);
  case PLACE_AMOUNT:
    return give_amount(exchange, ret_value);
  case PLACE_CURRENCY:
    return give_currency(exchange, ret_value, false);
  case PLACE_CURRENCY_LOWER:
    return give_currency(exchange, ret_value, true);
  case PLACE_WINDOW_FROM:
    return give_window(exchange, ret_value, -WINDOW_BEFORE_S);
  case PLACE_WINDOW_TO:
    return give_window(exchange, ret_value, WINDOW_AFTER_S);
  case PLACE_CURSOR:
    return give(ret_value, exchange->cursor);
  case PLACE_FIRST_NAME:
    return give_name(exchange, ret_value, false);
  case PLACE_LAST_NAME:
    return give_name(exchange, ret_value, true);
  case PLACE_OPERATION:
    return give_operation(exchange, ret_value);
  default:
    return give_card(exchange, ref.place, ret_value);
  }
}

static bool condition_holds(const struct exchange *exchange, const struct condition *condition) {
  struct value value = {0};
  bool present = place_value(exchange, condition->subject, &value) == 0;
  if (condition->test != TEST_ONE_OF)
    return present == (condition->test == TEST_PRESENT);
  for (uint8_t i = 0; present && i < condition->count; i++)
    if (strlen(condition->values[i]) == value.length &&
        memcmp(condition->values[i], value.text, value.length) == 0)
      return true;
  return false;
}

bool conditions_hold(const struct exchange *exchange, const struct condition *condition) {
  while (condition != NULL && condition_holds(exchange, condition))
    condition = condition->next;
  return condition == NULL;
}

bool exchange_stand_at(struct exchange *exchange, const struct step *step) {
  while (step != NULL && !conditions_hold(exchange, step->when))
    step = step->next;
  if (step == NULL)
    return false;
  exchange->step = step;
  exchange->number = step->number;
  exchange->pages = 0;
  exchange->cursor[0] = '\0';
  return true;
}
