#include "fee_reader.h"

#include "countries.h"
#include <errno.h>
#include <string.h>

static const char *const pricings[] = {[CHOICE_BLENDED] = "blended",
                                       [CHOICE_INTERCHANGE_PLUS] = "interchange_plus",
                                       [CHOICE_PRICING_COUNT] = NULL};

const char *fee_pricing_name(enum choice_pricing pricing) {
  return pricing > 0 && pricing < CHOICE_PRICING_COUNT ? pricings[pricing] : "";
}

/* A member that must be there. */
static int member(struct fee_reader *reader, const struct yaml_node *map, const char *key,
                  const char *missing, const struct yaml_node **ret_node) {
  *ret_node = yaml_member(map, key);
  return *ret_node != NULL ? 0 : fee_refuse(reader, map->key_line, missing);
}

static int read_pricing(struct fee_reader *reader, const struct yaml_node *map,
                        enum choice_pricing *ret_pricing) {
  const struct yaml_node *node;
  const char *text;
  int result = member(reader, map, "pricing", "a table without `pricing`", &node);
  if (result == 0)
    result = fee_text(reader, map, "pricing", &text);
  if (result != 0)
    return result;
  *ret_pricing = (enum choice_pricing)fee_word(text, pricings);
  return *ret_pricing != 0 ? 0 : fee_expected(reader, node->line, "blended or interchange_plus");
}

static int read_currency(struct fee_reader *reader, const struct yaml_node *node,
                         char ret_currency[CURRENCY_CAPACITY]) {
  static const char expected[] = "a currency of ISO 4217, as EUR,";
  int result = fee_code(reader, node, CURRENCY_CAPACITY - 1, expected, ret_currency);
  return result == 0 && !currency_known(ret_currency) ? fee_expected(reader, node->line, expected) : result;
}

static int read_country(struct fee_reader *reader, const struct yaml_node *node, char ret_country[3]) {
  static const char expected[] = "a country of ISO 3166-1 in two letters, as NL,";
  int result = fee_code(reader, node, 2, expected, ret_country);
  return result == 0 && !country_known(ret_country) ? fee_expected(reader, node->line, expected) : result;
}

/* Its countries stand under that name in `regions`. */
static int read_region(struct fee_reader *reader, const struct yaml_node *map, struct choice_fees *fees) {
  const struct yaml_node *node = yaml_member(map, "region");
  const char *name;
  if (node == NULL)
    return 0;
  int result = fee_text(reader, map, "region", &name);
  if (result != 0)
    return result;
  const struct yaml_node *region = reader->regions != NULL ? yaml_member(reader->regions, name) : NULL;
  if (region == NULL)
    return fee_expected(reader, node->line, "the name of one of the file's `regions`");
  result = fee_list(reader, region, "a list of countries");
  for (const struct yaml_node *one = region->child; result == 0 && one != NULL; one = one->next) {
    if (fees->region_count == CHOICE_REGION_MAX)
      return fee_refuse(reader, one->line, "more than 64 countries in a region");
    result = read_country(reader, one, fees->region[fees->region_count++]);
  }
  return result;
}

static int read_settlements(struct fee_reader *reader, const struct yaml_node *list,
                            struct choice_fees *fees) {
  int result = fee_list(reader, list, "a list of currencies");
  for (const struct yaml_node *node = list->child; result == 0 && node != NULL; node = node->next) {
    if (fees->settlement_count == CHOICE_SETTLEMENTS_MAX)
      return fee_refuse(reader, node->line, "more than eight settlement currencies");
    result = read_currency(reader, node, fees->settlements[fees->settlement_count++]);
  }
  return result;
}

/* The line of the fee with that number, from 1; of the table for 0. */
static unsigned line_of(const struct yaml_node *table, const struct yaml_node *fees, unsigned number) {
  const struct yaml_node *node = fees->child;
  while (number > 1) {
    node = node->next;
    number--;
  }
  return number == 1 ? node->line : table->key_line;
}

static int read_head(struct fee_reader *reader, const struct yaml_node *map, struct choice_fees *fees) {
  static const char *const keys[] = {"pricing", "currency", "country", "region", "settles", "fees", NULL};
  const struct yaml_node *currency = NULL, *country = NULL, *settles = NULL;
  int result = fee_map(reader, map, keys);
  if (result == 0)
    result = read_pricing(reader, map, &fees->pricing);
  if (result == 0)
    result = member(reader, map, "currency", "a table without `currency`: that of its amounts", &currency);
  if (result == 0)
    result = read_currency(reader, currency, fees->currency);
  if (result == 0)
    result = member(reader, map, "country", "a table without `country`: the acquirer's", &country);
  if (result == 0)
    result = read_country(reader, country, fees->country);
  if (result == 0)
    result = read_region(reader, map, fees);
  if (result == 0)
    result = member(reader, map, "settles", "a table without `settles`: the currencies paid out", &settles);
  return result == 0 ? read_settlements(reader, settles, fees) : result;
}

int fee_table_read(struct fee_reader *reader, const struct yaml_node *node, struct choice_fees *ret_fees) {
  struct choice_fees fees = {0};
  struct choice_fees_error wrong;
  const struct yaml_node *lines = NULL;
  int result = read_head(reader, node, &fees);
  if (result == 0)
    result = member(reader, node, "fees", "a table without `fees`", &lines);
  if (result == 0)
    result = fee_lines_read(reader, lines, &fees);
  if (result == 0 && choice_fees_check(&fees, &wrong) != 0)
    result = fee_expected(reader, line_of(node, lines, wrong.line), wrong.expected);
  if (result == 0)
    *ret_fees = fees;
  return result;
}
