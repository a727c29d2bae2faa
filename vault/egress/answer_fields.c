/* The typed fields of an answer. What breaks a field's rule is dropped; amounts become ISO 4217's minor
 * units. */
#include "answer_view.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_amount(enum answer_field field) {
  return field == ANSWER_AMOUNT || field == ANSWER_AMOUNT_CAPTURED || field == ANSWER_AMOUNT_REFUNDED;
}

static void set_or_drop(struct answer_fields *fields, enum answer_field field, const char *text) {
  int error = answer_fields_set(fields, field, text);
  (void)error; /* what does not fit is not there: the outcome stands without it */
}

/* The currency in which the answer counts: its own, else the view's. */
static void read_currency(const struct answer_view *view, struct answer_fields *fields,
                          char ret_code[CURRENCY_CAPACITY]) {
  memcpy(ret_code, view->currency, CURRENCY_CAPACITY);
  for (const struct reading *reading = view->plan->readings; reading != NULL; reading = reading->next) {
    char text[JSON_SCALAR_CAPACITY];
    if (reading->field != ANSWER_CURRENCY || answer_view_read(view, reading, text) != CURRENCY_CAPACITY - 1)
      continue;
    for (size_t i = 0; i < CURRENCY_CAPACITY - 1; i++)
      text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    memcpy(ret_code, text, CURRENCY_CAPACITY);
    if (currency_known(text))
      set_or_drop(fields, ANSWER_CURRENCY, text);
  }
}

static void read_amount(const struct answer_view *view, const struct reading *reading, const char *currency,
                        struct answer_fields *fields) {
  char text[JSON_SCALAR_CAPACITY];
  size_t length = answer_view_read(view, reading, text);
  int psp = sheet_exponent(view->sheet, currency);
  int iso = currency_exponent(currency);
  if (length == 0 || length > 18 || strspn(text, "0123456789") != length || psp < 0 || iso < 0)
    return;
  int64_t minor = 0;
  if (amount_rescale(strtoll(text, NULL, 10), psp, iso, &minor) != 0)
    return;
  char digits[24];
  snprintf(digits, sizeof digits, "%lld", (long long)minor);
  set_or_drop(fields, reading->field, digits);
}

void answer_view_fields(const struct answer_view *view, struct answer_fields *fields) {
  char currency[CURRENCY_CAPACITY];
  read_currency(view, fields, currency);
  for (const struct reading *reading = view->plan->readings; reading != NULL; reading = reading->next) {
    char text[JSON_SCALAR_CAPACITY];
    if (reading->field == 0 || reading->field == ANSWER_CURRENCY)
      continue;
    if (is_amount(reading->field))
      read_amount(view, reading, currency, fields);
    else if (answer_view_read(view, reading, text) > 0)
      set_or_drop(fields, reading->field, text);
  }
}
