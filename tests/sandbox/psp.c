#include "money.h"
#include "sandbox_psp.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct psp *psp_of(const char *connector) {
  static const struct psp *const psps[] = {&stripe_psp, &adyen_psp, &checkout_psp};
  for (size_t i = 0; i < sizeof psps / sizeof *psps; i++)
    if (strncmp(connector, psps[i]->name, strlen(psps[i]->name)) == 0)
      return psps[i];
  return NULL;
}

/* Whether path has the form of pattern; the piece that stands for * goes to ret_id. */
static bool path_matches(const char *pattern, const char *path, char ret_id[PATH_ID_CAPACITY]) {
  ret_id[0] = '\0';
  while (*pattern != '\0') {
    if (*pattern == '*') {
      size_t length = strcspn(path, "/");
      if (length == 0 || length >= PATH_ID_CAPACITY)
        return false;
      memcpy(ret_id, path, length);
      ret_id[length] = '\0';
      path += length;
      pattern++;
    } else if (*pattern++ != *path++) {
      return false;
    }
  }
  return *path == '\0';
}

enum route_result route_find(const struct route *routes, size_t count, struct exchange *exchange) {
  enum route_result result = ROUTE_NO_PATH;
  for (size_t i = 0; i < count; i++) {
    if (!path_matches(routes[i].path, exchange->path, exchange->id))
      continue;
    if (strcmp(routes[i].method, exchange->request->method) == 0) {
      exchange->operation = routes[i].operation;
      exchange->handle = routes[i].handle;
      return ROUTE_FOUND;
    }
    result = ROUTE_NO_METHOD;
  }
  return result;
}

static bool passes_luhn(const char *number, size_t length) {
  unsigned sum = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned digit = (unsigned)(number[length - 1 - i] - '0');
    if (i % 2 == 1)
      digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return sum % 10 == 0;
}

static bool is_expired(long month, long year, int64_t now_ms) {
  time_t now = (time_t)(now_ms / 1000);
  struct tm today;
  gmtime_r(&now, &today);
  return year * 12 + month < (today.tm_year + 1900) * 12 + today.tm_mon + 1;
}

/* The PSPs' own test cards that are declined whatever is asked. */
static const char *test_card_decline(const char *psp, const char *number) {
  static const struct {
    const char *psp, *number, *code;
  } cards[] = {{"stripe", "4000000000000002", "generic_decline"},
               {"adyen", "4000000000000002", "2"},
               {"checkout", "4000000000000002", "20005"},
               {"stripe", "4000000000009995", "insufficient_funds"},
               {"stripe", "4000000000009987", "lost_card"},
               {"stripe", "4000000000009979", "stolen_card"},
               {"stripe", "4000000000000069", "expired_card"},
               {"stripe", "4000000000000127", "incorrect_cvc"},
               {"stripe", "4000000000000119", "processing_error"},
               {"stripe", "4000002500003155", "authentication_required"}};
  for (size_t i = 0; i < sizeof cards / sizeof *cards; i++)
    if (strcmp(cards[i].psp, psp) == 0 && strcmp(cards[i].number, number) == 0)
      return cards[i].code;
  return "";
}

enum card_fault card_check(const char *psp, const char *number, long exp_month, long exp_year,
                           const char *code, int64_t now_ms, struct card_facts *ret_facts) {
  size_t length = strlen(number);
  if (length < 12 || length > 19 || strspn(number, "0123456789") != length || !passes_luhn(number, length))
    return CARD_NUMBER_WRONG;
  if (exp_month < 1 || exp_month > 12)
    return CARD_MONTH_WRONG;
  if (exp_year < 2000 || exp_year > 2099)
    return CARD_YEAR_WRONG;
  if (code != NULL && (strspn(code, "0123456789") != strlen(code) || strlen(code) < 3 || strlen(code) > 4))
    return CARD_CODE_WRONG;
  *ret_facts = (struct card_facts){.exp_month = (uint8_t)exp_month,
                                   .exp_year = (uint16_t)exp_year,
                                   .code = code == NULL ? CODE_NOT_GIVEN : CODE_MATCHES};
  memcpy(ret_facts->bin, number, 6);
  memcpy(ret_facts->last4, number + length - 4, 4);
  char leading[9] = {0};
  memcpy(leading, number, 8);
  ret_facts->network = network_of(leading);
  copy_text(ret_facts->decline, sizeof ret_facts->decline, test_card_decline(psp, number));
  return is_expired(exp_month, exp_year, now_ms) ? CARD_EXPIRED : CARD_GOOD;
}

const char *decline_wanted(const struct exchange *exchange, const struct card_facts *card) {
  const struct behaviour *behaviour = &exchange->book->behaviour;
  if (behaviour->decline[0] != '\0' && behaviour_matches(behaviour, exchange->operation))
    return behaviour->decline;
  return card->decline[0] == '\0' ? NULL : card->decline;
}

enum code_check code_check_of(const struct charge *charge, const char *wrong_code) {
  if (charge->card.code == CODE_NOT_GIVEN || strcmp(charge->decline, wrong_code) != 0)
    return charge->card.code;
  return CODE_WRONG;
}

const char *network_code_wanted(const struct exchange *exchange, const char *usual) {
  const char *code = exchange->book->behaviour.network_code;
  return code[0] == '\0' ? usual : code;
}

const char *advice_code_wanted(const struct exchange *exchange) {
  return exchange->book->behaviour.advice_code;
}

bool read_amount(const char *text, int64_t low, int64_t high, int64_t *ret_value) {
  size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
  if (digits == 0 || digits > 18 || text[digits] != '\0')
    return false;
  int64_t value = strtoll(text, NULL, 10);
  if (value < low || value > high)
    return false;
  *ret_value = value;
  return true;
}

bool amount_is_whole(const struct book *book, int64_t amount, const char *currency) {
  int64_t minor;
  return amount_rescale(amount, book->psp->exponent(currency), currency_exponent(currency), &minor) == 0;
}

void print_time(struct text *text, int64_t unix_ms) {
  time_t seconds = (time_t)(unix_ms / 1000);
  struct tm time;
  char stamp[32];
  gmtime_r(&seconds, &time);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &time);
  text_put(text, stamp);
}

const char *json_text(const json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

bool is_listed(const char *const *list, const char *name) {
  for (; *list != NULL; list++)
    if (strcmp(*list, name) == 0)
      return true;
  return false;
}

const char *json_unknown_member(const json_t *object, const char *const *allowed) {
  /* Only read: jansson's iterator wants a pointer without const. */
  json_t *members = json_incref((json_t *)(uintptr_t)object);
  const char *name, *unknown = NULL;
  json_t *value;
  json_object_foreach(members, name, value) {
    if (unknown == NULL && !is_listed(allowed, name))
      unknown = name;
  }
  json_decref(members);
  return unknown;
}

void make_network_transaction_id(char ret_id[PSP_ID_CAPACITY]) {
  make_psp_id(ret_id, "MC", "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 13);
}

void make_approval_codes(struct charge *charge) {
  char code[PSP_ID_CAPACITY];
  make_psp_id(code, "", "123456789", 6);
  copy_text(charge->auth_code, sizeof charge->auth_code, code);
  make_network_transaction_id(charge->network_transaction_id);
}
