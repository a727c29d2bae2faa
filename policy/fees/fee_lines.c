#include "fee_reader.h"

#include <errno.h>
#include <string.h>

enum {
  SHARE_PLACES = 4,   /* a per cent is 10,000 millionths */
  MINOR_PLACES = 6,   /* fees are in millionths of a minor unit */
  FIXED_MAX = 1000000 /* in major units */
};

static const char *const kinds[] = {[CHOICE_FEE_BLENDED] = "blended",
                                    [CHOICE_FEE_INTERCHANGE] = "interchange",
                                    [CHOICE_FEE_SCHEME] = "scheme",
                                    [CHOICE_FEE_MARKUP] = "markup",
                                    [CHOICE_FEE_CROSS_BORDER] = "cross_border",
                                    [CHOICE_FEE_CONVERSION] = "conversion",
                                    [CHOICE_FEE_TRY] = "try",
                                    [CHOICE_FEE_KIND_COUNT] = NULL};
static const char *const fundings[] = {
    [FUNDING_CREDIT] = "credit", [FUNDING_DEBIT] = "debit", [FUNDING_PREPAID] = "prepaid", NULL};
static const char *const reaches[] = {[CHOICE_DOMESTIC] = "domestic",
                                      [CHOICE_REGIONAL] = "regional",
                                      [CHOICE_INTERNATIONAL] = "international",
                                      [CHOICE_REACH_COUNT] = NULL};

const char *fee_kind_name(enum choice_fee_kind kind) {
  return kind >= CHOICE_FEE_BLENDED && kind < CHOICE_FEE_KIND_COUNT ? kinds[kind] : "";
}

/* One of those words, if the key is there. */
static int read_word(struct fee_reader *reader, const struct yaml_node *map, const char *key,
                     const char *const *names, const char *expected, unsigned *ret_value) {
  const struct yaml_node *node = yaml_member(map, key);
  const char *text;
  if (node == NULL)
    return 0;
  int result = fee_text(reader, map, key, &text);
  if (result != 0)
    return result;
  *ret_value = fee_word(text, names);
  return *ret_value != 0 ? 0 : fee_expected(reader, node->line, expected);
}

static int read_network(struct fee_reader *reader, const struct yaml_node *map, enum network *ret_network) {
  const struct yaml_node *node = yaml_member(map, "network");
  const char *text;
  if (node == NULL)
    return 0;
  int result = fee_text(reader, map, "network", &text);
  if (result != 0)
    return result;
  *ret_network = network_from_name(text);
  return *ret_network != NETWORK_UNKNOWN ? 0 : fee_expected(reader, node->line, "a card network, as visa,");
}

/* "0.2%". */
static int read_share(struct fee_reader *reader, const struct yaml_node *map, uint32_t *ret_share) {
  const struct yaml_node *node = yaml_member(map, "share");
  char digits[16] = "";
  int64_t value;
  if (node == NULL)
    return 0;
  size_t length = node->kind == YAML_TEXT ? strlen(node->text) : 0;
  if (length >= 2 && length < sizeof digits && node->text[length - 1] == '%')
    memcpy(digits, node->text, length - 1);
  if (fee_decimal(digits, SHARE_PLACES, CHOICE_SHARE_MAX, &value) != 0)
    return fee_expected(reader, node->line,
                        "a share of the amount, as 0.25%: at most 100%, with four decimals,");
  *ret_share = (uint32_t)value;
  return 0;
}

static int64_t power_of_ten(unsigned places) {
  int64_t power = 1;
  while (places-- > 0)
    power *= 10;
  return power;
}

/* "0.11", in major units of the table's currency. */
static int read_fixed(struct fee_reader *reader, const struct yaml_node *map, const char *key, int exponent,
                      int64_t *ret_fee) {
  const struct yaml_node *node = yaml_member(map, key);
  unsigned places = (unsigned)exponent + MINOR_PLACES;
  if (node == NULL)
    return 0;
  if (node->kind == YAML_TEXT &&
      fee_decimal(node->text, places, FIXED_MAX * power_of_ten(places), ret_fee) == 0)
    return 0;
  return fee_expected(reader, node->line, "an amount of the table's currency, as 0.11,");
}

static int read_line(struct fee_reader *reader, const struct yaml_node *map, int exponent,
                     struct choice_fee_line *ret_line) {
  static const char *const keys[] = {"fee", "network", "funding", "reach", "share", "fixed", "minimum", NULL};
  unsigned kind = 0, funding = FUNDING_UNKNOWN, reach = CHOICE_REACH_ANY;
  int result = fee_map(reader, map, keys);
  if (result == 0)
    result = read_word(reader, map, "fee", kinds,
                       "blended, interchange, scheme, markup, cross_border, conversion or try", &kind);
  if (result == 0 && kind == 0)
    result = fee_refuse(reader, map->line, "a fee without `fee`: its kind");
  if (result == 0)
    result = read_word(reader, map, "funding", fundings, "credit, debit or prepaid", &funding);
  if (result == 0)
    result = read_word(reader, map, "reach", reaches, "domestic, regional or international", &reach);
  if (result == 0)
    result = read_network(reader, map, &ret_line->network);
  if (result == 0)
    result = read_share(reader, map, &ret_line->share);
  if (result == 0)
    result = read_fixed(reader, map, "fixed", exponent, &ret_line->fixed);
  if (result == 0)
    result = read_fixed(reader, map, "minimum", exponent, &ret_line->minimum);
  ret_line->kind = (enum choice_fee_kind)kind;
  ret_line->funding = (enum funding)funding;
  ret_line->reach = (enum choice_reach)reach;
  return result;
}

int fee_lines_read(struct fee_reader *reader, const struct yaml_node *list, struct choice_fees *fees) {
  int exponent = currency_exponent(fees->currency);
  int result = fee_list(reader, list, "a list of fees");
  if (result == 0 && exponent < 0)
    result = fee_expected(reader, list->line, "a currency of ISO 4217 for them");
  for (const struct yaml_node *node = list->child; result == 0 && node != NULL; node = node->next) {
    if (fees->line_count == CHOICE_FEE_LINES_MAX)
      return fee_refuse(reader, node->line, "more than 64 fees");
    result = read_line(reader, node, exponent, &fees->lines[fees->line_count++]);
  }
  return result;
}
