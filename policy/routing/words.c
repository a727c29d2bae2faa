#include "countries.h"
#include "money.h"
#include "policy_words.h"
#include <assert.h>
#include <string.h>

static const char *const methods[] = {"card", "sepa_debit", "ach_debit", "bacs_debit", NULL};
static const char *const networks[] = {"visa", "mastercard", "amex",    "discover", "diners",
                                       "jcb",  "unionpay",   "maestro", NULL};
static const char *const fundings[] = {"credit", "debit", "prepaid", NULL};
static const char *const kinds[] = {"customer",     "recurring", "installment", "unscheduled",
                                    "resubmission", "moto",      NULL};
static const char *const modes[] = {"auto", "require", "skip", "external", NULL};
static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* `external` is no choice: nobody but the merchant has a result of 3-D Secure done elsewhere. */
const char *const policy_three_ds_choices[] = {"auto", "require", "skip", NULL};
const char *const policy_exemption_choices[] = {"low_value", "transaction_risk_analysis",
                                                "trusted_beneficiary", "secure_corporate", NULL};

const char *const policy_later_kinds[POLICY_LATER_KINDS] = {"recurring", "installment", "unscheduled",
                                                            "resubmission"};

bool policy_kind_is_tried_later(const char *kind) {
  for (unsigned i = 0; i < POLICY_LATER_KINDS; i++)
    if (strcmp(policy_later_kinds[i], kind) == 0)
      return true;
  return false;
}

enum { CATEGORY_DIGITS = 4, ATTEMPTS_COUNT_MAX = 1000000, RISK_MOST = 100 };

static bool category_known(const char *text) {
  return strlen(text) == CATEGORY_DIGITS && strspn(text, "0123456789") == CATEGORY_DIGITS;
}

static const struct fact_rule rules[FACT_COUNT] = {
    [FACT_METHOD] = {"method", VALUES_WORD, .words = methods, .expected = "a payment method, as card"},
    [FACT_CARD_NETWORK] = {"card.network", VALUES_WORD, .words = networks,
                           .expected = "visa, mastercard, amex, discover, diners, jcb, unionpay or maestro"},
    [FACT_CARD_BIN] = {"card.bin", VALUES_BIN, .expected = "6 to 8 leading digits of a card, as 411111"},
    [FACT_CARD_ISSUER] = {"card.issuer", VALUES_TEXT, .expected = "a quoted text"},
    [FACT_CARD_COUNTRY] = {"card.country", VALUES_WORD, .known = country_known,
                           .expected = "a country of ISO 3166-1, as DE"},
    [FACT_CARD_FUNDING] = {"card.funding", VALUES_WORD, .words = fundings,
                           .expected = "credit, debit or prepaid"},
    [FACT_CARD_CATEGORY] = {"card.category", VALUES_TEXT, .expected = "a quoted text"},
    [FACT_AMOUNT] = {"amount", VALUES_AMOUNT, .expected = "an amount with its currency, as 5000.00 USD"},
    [FACT_CURRENCY] = {"currency", VALUES_WORD, .known = currency_known,
                       .expected = "a currency of ISO 4217, as EUR"},
    [FACT_KIND] = {"kind", VALUES_WORD, .words = kinds,
                   .expected = "customer, recurring, installment, unscheduled, resubmission or moto"},
    [FACT_MERCHANT_CATEGORY] = {"merchant_category", VALUES_TEXT, .known = category_known,
                                .expected = "a merchant category of four digits, quoted"},
    [FACT_RISK] = {"risk", VALUES_NUMBER, .low = 0, .high = RISK_MOST, .expected = "a number from 0 to 100"},
    [FACT_THREE_DS] = {"three_ds", VALUES_WORD, .words = modes,
                       .expected = "auto, require, skip or external"},
    [FACT_EXEMPTION] = {"exemption", VALUES_WORD, .words = policy_exemption_choices,
                        .expected = "an exemption, as low_value"},
    [FACT_HOUR] = {"hour", VALUES_NUMBER, ARGUMENT_ZONE, 0, POLICY_HOUR_LAST,
                   .expected = "an hour from 0 to 23"},
    [FACT_WEEKDAY] = {"weekday", VALUES_WORD, ARGUMENT_ZONE, .words = weekdays,
                      .expected = "a weekday: mon, tue, wed, thu, fri, sat or sun"},
    [FACT_DAY] = {"day", VALUES_NUMBER, ARGUMENT_ZONE, 1, POLICY_DAY_LAST, .expected = "a day from 1 to 31"},
    [FACT_CARD_ATTEMPTS] = {"card.attempts", VALUES_NUMBER, ARGUMENT_WINDOW, 0, ATTEMPTS_COUNT_MAX,
                            .expected = "a number from 0 to 1000000"},
    [FACT_CARD_SPEND] = {"card.spend", VALUES_AMOUNT, ARGUMENT_WINDOW,
                         .expected = "an amount with its currency, as 5000.00 USD"},
    [FACT_CUSTOMER] = {"customer", VALUES_ATTRIBUTE, ARGUMENT_NAME, .expected = "a quoted text or a number"},
    [FACT_METADATA] = {"metadata", VALUES_ATTRIBUTE, ARGUMENT_NAME, .expected = "a quoted text or a number"},
};

static bool is_word(const char *text, size_t length, const char *word) {
  return strlen(word) == length && memcmp(text, word, length) == 0;
}

const struct fact_rule *policy_fact_rule(enum policy_fact fact) {
  assert(fact >= FACT_METHOD && fact < FACT_COUNT);
  return &rules[fact];
}

enum policy_fact policy_fact_named(const char *name, size_t length) {
  for (enum policy_fact fact = FACT_METHOD; fact < FACT_COUNT; fact++)
    if (is_word(name, length, rules[fact].name))
      return fact;
  return 0;
}

bool policy_may_compare(enum fact_values values, enum comparison comparison, enum value_type type) {
  bool ordered = comparison >= COMPARE_LT && comparison <= COMPARE_GE;
  if (values == VALUES_ATTRIBUTE)
    return !ordered || type == VALUE_NUMBER;
  return !ordered || values == VALUES_NUMBER || values == VALUES_AMOUNT;
}

const char *policy_comparison_sign(enum comparison comparison) {
  static const char *const signs[] = {
      [COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<", [COMPARE_LE] = "<=",
      [COMPARE_GT] = ">",  [COMPARE_GE] = ">=", [COMPARE_IN] = "in"};
  return signs[comparison];
}

static const char *const actions[] = {[POLICY_ROUTE] = "route",
                                      [POLICY_SPLIT] = "split",
                                      [POLICY_CHEAPEST] = "cheapest",
                                      [POLICY_BEST] = "best",
                                      [POLICY_DECLINE] = "decline"};

const char *policy_action_name(enum policy_action_type type) {
  return actions[type];
}

enum policy_action_type policy_action_named(const char *name, size_t length) {
  for (enum policy_action_type type = POLICY_ROUTE; type <= POLICY_DECLINE; type++)
    if (is_word(name, length, actions[type]))
      return type;
  return 0;
}

bool policy_is_reserved(const char *word, size_t length) {
  static const char *const reserved[] = {"set",     "rule",  "when",  "and",       "or", "not",   "in",
                                         "route",   "split", "best",  "cheapest",  "of", "where", "approval",
                                         "decline", "true",  "false", "otherwise", NULL};
  for (const char *const *one = reserved; *one != NULL; one++)
    if (is_word(word, length, *one))
      return true;
  return false;
}

/* ---- Numbers ---- */

enum { WHOLE_DIGITS_MAX = 12, DECIMALS_MAX = 3, TEN = 10 };

static size_t count_digits(const char *text, size_t length) {
  size_t digits = 0;
  while (digits < length && text[digits] >= '0' && text[digits] <= '9')
    digits++;
  return digits;
}

static int64_t read_digits(const char *text, size_t digits, int64_t number) {
  for (size_t i = 0; i < digits; i++)
    number = number * TEN + (text[i] - '0');
  return number;
}

bool policy_read_number(const char *text, size_t length, int64_t *ret_thousandths) {
  bool negative = length > 0 && text[0] == '-';
  const char *at = text + negative, *end = text + length;
  size_t whole = count_digits(at, (size_t)(end - at)), decimals = 0;
  if (whole == 0 || whole > WHOLE_DIGITS_MAX || (whole > 1 && at[0] == '0'))
    return false;
  int64_t number = read_digits(at, whole, 0);
  at += whole;
  if (at < end) {
    decimals = *at == '.' ? count_digits(at + 1, (size_t)(end - at - 1)) : 0;
    if (decimals == 0 || decimals > DECIMALS_MAX || at + 1 + decimals != end)
      return false;
    number = read_digits(at + 1, decimals, number);
  }
  for (; decimals < DECIMALS_MAX; decimals++)
    number *= TEN;
  if (negative && number == 0)
    return false;
  *ret_thousandths = negative ? -number : number;
  return true;
}
