#include "policy_json.h"
#include <string.h>

enum { THOUSAND = 1000 };

/* ---- Values ---- */

/* Numbers between these are counted in thousandths without loss, by double and by int64. */
static const int64_t whole_bound = INT64_C(1000000000000);

int json_read_number(struct json_reader *reader, const json_t *number, int64_t *ret_thousandths) {
  static const char expected[] = "a number: at most twelve digits, and three decimals besides";
  if (!json_is_number(number))
    return json_wrong(reader, "a number");
  double real = json_number_value(number);
  if (real <= (double)-whole_bound || real >= (double)whole_bound)
    return json_wrong(reader, expected);
  int64_t thousandths = json_is_integer(number) ? json_integer_value(number) * THOUSAND
                                                : (int64_t)(real * THOUSAND + (real < 0 ? -0.5 : 0.5));
  /* Both are the double next to the decimal fraction, if it is one. */
  if ((double)thousandths / THOUSAND != real)
    return json_wrong(reader, expected);
  *ret_thousandths = thousandths;
  return 0;
}

static int read_number_value(struct json_reader *reader, const json_t *json, struct value *ret_value) {
  int64_t thousandths;
  int result = json_read_number(reader, json, &thousandths);
  return result != 0 ? result : tree_number(&reader->tree, (struct place){0}, thousandths, ret_value);
}

static int read_word_value(struct json_reader *reader, const json_t *json, struct value *ret_value) {
  const char *word = json_string_value(json);
  int result = tree_word(&reader->tree, (struct place){0}, word, strlen(word), ret_value);
  if (result == 0 && ret_value->type != VALUE_WORD)
    result = json_wrong(reader, "a word; numbers have no quotation marks");
  return result;
}

static int read_text_value(struct json_reader *reader, const json_t *json, struct value *ret_value) {
  static const char *const members[] = {"text", NULL};
  const char *text;
  int result = json_only(reader, json, members);
  if (result == 0)
    result = json_text_of(reader, json, "text", &text);
  return result != 0 ? result : tree_text(&reader->tree, (struct place){0}, text, strlen(text), ret_value);
}

static int read_amount_value(struct json_reader *reader, const json_t *json, struct value *ret_value) {
  static const char *const members[] = {"amount", "currency", NULL};
  const json_t *amount = json_object_get(json, "amount");
  const char *currency;
  int result = json_only(reader, json, members);
  if (result == 0 && !json_is_integer(amount))
    result = json_wrong(reader, "an amount in minor units");
  if (result == 0)
    result = json_text_of(reader, json, "currency", &currency);
  return result != 0 ? result
                     : tree_amount_minor(&reader->tree, (struct place){0}, json_integer_value(amount),
                                         currency, strlen(currency), ret_value);
}

int json_read_value(struct json_reader *reader, const json_t *json, struct value *ret_value) {
  if (json_is_number(json))
    return read_number_value(reader, json, ret_value);
  if (json_is_string(json))
    return read_word_value(reader, json, ret_value);
  if (json_object_get(json, "text") != NULL)
    return read_text_value(reader, json, ret_value);
  if (json_object_get(json, "amount") != NULL)
    return read_amount_value(reader, json, ret_value);
  return json_wrong(reader, "a value: a word, a number, {\"text\"} or {\"amount\", \"currency\"}");
}

static int read_value_of(struct json_reader *reader, const json_t *object, const char *member,
                         struct value *ret_value) {
  size_t before = json_enter(reader, member);
  int result = json_read_value(reader, json_object_get(object, member), ret_value);
  json_leave(reader, before);
  return result;
}

int json_read_member(struct json_reader *reader, const json_t *json, void *context) {
  static const char *const members[] = {"from", "to", NULL};
  struct value low, high;
  if (json_object_get(json, members[0]) == NULL) {
    int result = json_read_value(reader, json, &low);
    return result != 0 ? result : tree_add_member(&reader->tree, context, &low, NULL);
  }
  int result = json_only(reader, json, members);
  if (result == 0)
    result = read_value_of(reader, json, members[0], &low);
  if (result == 0)
    result = read_value_of(reader, json, members[1], &high);
  return result != 0 ? result : tree_add_member(&reader->tree, context, &low, &high);
}

/* ---- Comparisons ---- */

/* A member's text goes to a function of the tree; errors have its path. */
static int take_text(struct json_reader *reader, const json_t *object, const char *member,
                     int (*take)(struct tree_builder *, struct place, const char *, size_t,
                                 struct fact_name *),
                     struct fact_name *fact) {
  const char *text;
  int result = json_text_of(reader, object, member, &text);
  size_t before = json_enter(reader, member);
  if (result == 0)
    result = take(&reader->tree, (struct place){0}, text, strlen(text), fact);
  json_leave(reader, before);
  return result;
}

/* The fact with its time zone or window, which only facts have that need one. */
static int read_fact(struct json_reader *reader, const json_t *json, struct fact_name *ret_fact) {
  int result = take_text(reader, json, "fact", tree_fact, ret_fact);
  if (result != 0)
    return result;
  enum fact_argument argument = policy_fact_rule(ret_fact->fact)->argument;
  if (argument != ARGUMENT_ZONE && json_object_get(json, "zone") != NULL)
    return json_wrong(reader, "no time zone with this fact");
  if (argument != ARGUMENT_WINDOW && json_object_get(json, "window") != NULL)
    return json_wrong(reader, "no window with this fact");
  if (argument == ARGUMENT_ZONE)
    return take_text(reader, json, "zone", tree_zone, ret_fact);
  return argument == ARGUMENT_WINDOW ? take_text(reader, json, "window", tree_window, ret_fact) : 0;
}

static int read_sign(struct json_reader *reader, const json_t *json, enum comparison *ret_comparison) {
  const char *sign;
  int result = json_text_of(reader, json, "compare", &sign);
  if (result != 0)
    return result;
  for (enum comparison comparison = COMPARE_EQ; comparison <= COMPARE_IN; comparison++) {
    if (strcmp(policy_comparison_sign(comparison), sign) == 0) {
      *ret_comparison = comparison;
      return 0;
    }
  }
  size_t before = json_enter(reader, "compare");
  result = json_wrong(reader, "== , != , < , <= , > , >= or in");
  json_leave(reader, before);
  return result;
}

static int read_in(struct json_reader *reader, const json_t *json, const struct fact_name *fact,
                   struct node **ret_node) {
  struct member_list list = {0};
  const char *set;
  bool named = json_object_get(json, "set") != NULL;
  if (named == (json_object_get(json, "members") != NULL))
    return json_wrong(reader, "either a set or members with in");
  int result = named ? json_text_of(reader, json, "set", &set)
                     : json_each(reader, json, "members", json_read_member, &list);
  size_t before = json_enter(reader, named ? "set" : "members");
  if (result == 0)
    result = named ? tree_in_set(&reader->tree, (struct place){0}, fact, (struct place){0}, set, strlen(set),
                                 ret_node)
                   : tree_comparison(&reader->tree, (struct place){0}, fact, COMPARE_IN, (struct place){0},
                                     &list, ret_node);
  json_leave(reader, before);
  return result;
}

static int read_single(struct json_reader *reader, const json_t *json, const struct fact_name *fact,
                       enum comparison comparison, struct node **ret_node) {
  struct member_list list = {0};
  struct value value;
  int result = read_value_of(reader, json, "value", &value);
  size_t before = json_enter(reader, "value");
  if (result == 0)
    result = tree_add_member(&reader->tree, &list, &value, NULL);
  if (result == 0)
    result = tree_comparison(&reader->tree, (struct place){0}, fact, comparison, (struct place){0}, &list,
                             ret_node);
  json_leave(reader, before);
  return result;
}

static int read_comparison(struct json_reader *reader, const json_t *json, struct node **ret_node) {
  static const char *const with_in[] = {"fact", "zone", "window", "compare", "set", "members", NULL};
  static const char *const with_value[] = {"fact", "zone", "window", "compare", "value", NULL};
  enum comparison comparison = COMPARE_EQ;
  struct fact_name fact;
  int result = read_fact(reader, json, &fact);
  if (result == 0)
    result = read_sign(reader, json, &comparison);
  if (result != 0)
    return result;
  result = json_only(reader, json, comparison == COMPARE_IN ? with_in : with_value);
  if (result != 0)
    return result;
  return comparison == COMPARE_IN ? read_in(reader, json, &fact, ret_node)
                                  : read_single(reader, json, &fact, comparison, ret_node);
}

/* ---- Conditions ---- */

static int read_operand(struct json_reader *reader, const json_t *json, void *context) {
  struct node *node;
  int result = json_read_condition(reader, json, &node);
  return result != 0 ? result : tree_add_node(&reader->tree, context, node);
}

static int read_junction(struct json_reader *reader, const json_t *json, enum node_type type,
                         struct node **ret_node) {
  const char *const members[] = {type == NODE_AND ? "and" : "or", NULL};
  struct node_list list = {0};
  int result = json_only(reader, json, members);
  if (result == 0)
    result = json_each(reader, json, members[0], read_operand, &list);
  if (result != 0)
    return result;
  return list.count < 2 ? json_wrong(reader, "a list of two conditions or more")
                        : tree_junction(&reader->tree, type, &list, ret_node);
}

static int read_not(struct json_reader *reader, const json_t *json, struct node **ret_node) {
  static const char *const members[] = {"not", NULL};
  struct node *child = NULL;
  int result = json_only(reader, json, members);
  size_t before = json_enter(reader, "not");
  if (result == 0)
    result = json_read_condition(reader, json_object_get(json, "not"), &child);
  json_leave(reader, before);
  return result != 0 ? result : tree_not(&reader->tree, (struct place){0}, child, ret_node);
}

int json_read_condition(struct json_reader *reader, const json_t *json, struct node **ret_node) {
  int result;
  if (!json_is_object(json))
    return json_wrong(reader, "a condition: {\"and\"}, {\"or\"}, {\"not\"} or {\"fact\", ...}");
  if (reader->depth == POLICY_DEPTH_MAX)
    return json_wrong(reader, "a condition nested at most 32 deep");
  reader->depth++;
  if (json_object_get(json, "and") != NULL)
    result = read_junction(reader, json, NODE_AND, ret_node);
  else if (json_object_get(json, "or") != NULL)
    result = read_junction(reader, json, NODE_OR, ret_node);
  else if (json_object_get(json, "not") != NULL)
    result = read_not(reader, json, ret_node);
  else
    result = read_comparison(reader, json, ret_node);
  reader->depth--;
  return result;
}
