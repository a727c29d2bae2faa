/* Patterns of answers and what they mean. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RANGES_MAX = 16 };

/* 200, or "4xx". */
static int build_range(struct builder *builder, unsigned line, const char *text,
                       struct http_range *ret_range) {
  if (strlen(text) != 3 || text[0] < '1' || text[0] > '5')
    return builder_refuse(builder, line, "an HTTP status: 200 or 4xx");
  int hundred = (text[0] - '0') * 100;
  if (strcmp(text + 1, "xx") == 0) {
    *ret_range = (struct http_range){(uint16_t)hundred, (uint16_t)(hundred + 99)};
    return 0;
  }
  if (strspn(text, "0123456789") != 3)
    return builder_refuse(builder, line, "an HTTP status: 200 or 4xx");
  uint16_t status = (uint16_t)strtol(text, NULL, 10);
  *ret_range = (struct http_range){status, status};
  return 0;
}

static int build_ranges(struct builder *builder, const struct yaml_node *node, struct outcome_rule *rule) {
  const char **texts = NULL;
  int error = builder_texts(builder, node, RANGES_MAX, &rule->range_count, &texts);
  if (error != 0)
    return error;
  rule->ranges = builder_take(builder, rule->range_count * sizeof *rule->ranges);
  if (rule->ranges == NULL)
    return -ENOMEM;
  for (uint8_t i = 0; error == 0 && i < rule->range_count; i++)
    error = build_range(builder, node->line, texts[i], &rule->ranges[i]);
  return error;
}

static int build_rule_operations(struct builder *builder, const struct yaml_node *node, uint32_t *ret_bits) {
  const char **texts = NULL;
  uint8_t count = 0;
  uint32_t bits = 0;
  int error = builder_texts(builder, node, OPERATION_COUNT, &count, &texts);
  for (uint8_t i = 0; error == 0 && i < count; i++) {
    enum operation operation = operation_from_name(texts[i]);
    if (operation == 0)
      error = builder_refuse(builder, node->line, "no such operation");
    else
      bits |= UINT32_C(1) << operation;
  }
  if (error == 0)
    *ret_bits = bits;
  return error;
}

static int build_answer_condition(struct builder *builder, enum source source, const struct yaml_node *node,
                                  struct answer_condition *condition) {
  condition->source = source;
  int error = 0;
  if (source == SOURCE_HEADER && builder_header_name(node->key))
    condition->header = node->key;
  else if (source == SOURCE_HEADER)
    error = builder_refuse(builder, node->line, "not a header name");
  else
    error = build_path_text(builder, node->line, node->key, &condition->path);
  if (error != 0)
    return error;
  if (builder_word(node, "present") || builder_word(node, "absent")) {
    condition->test = builder_word(node, "present") ? TEST_PRESENT : TEST_ABSENT;
    return 0;
  }
  condition->test = TEST_ONE_OF;
  return builder_texts(builder, node, SHEET_VALUES_MAX, &condition->count, &condition->values);
}

/* The conditions of one source, before those that stand already. */
static int add_conditions(struct builder *builder, const struct yaml_node *map, enum source source,
                          const char *key, struct outcome_rule *rule) {
  const struct yaml_node *section = yaml_member(map, key);
  if (section == NULL)
    return 0;
  int error = builder_map(builder, section);
  for (const struct yaml_node *node = section->child; error == 0 && node != NULL; node = node->next) {
    struct answer_condition *condition = builder_take(builder, sizeof *condition);
    if (condition == NULL)
      return -ENOMEM;
    error = build_answer_condition(builder, source, node, condition);
    condition->next = rule->conditions;
    rule->conditions = condition;
  }
  return error;
}

static int build_meaning(struct builder *builder, const struct yaml_node *map, struct outcome_rule *rule) {
  const struct yaml_node *is = yaml_member(map, "is");
  const char *name = NULL;
  if (is == NULL)
    return builder_refuse(builder, map->line, "a pattern that does not say what it means");
  int error = builder_text(builder, is, &name);
  if (error != 0)
    return error;
  rule->goes_on = strcmp(name, "next") == 0;
  rule->answer = rule->goes_on ? ANSWER_IS_UNKNOWN : answer_from_name(name);
  if (rule->answer == 0)
    return builder_refuse(builder, is->line, "no such outcome");
  return 0;
}

/* {http, operation, found, header, body, item, is, transient} */
static int build_outcome(struct builder *builder, const struct yaml_node *map, struct outcome_rule *rule) {
  static const char *const keys[] = {"http", "operation", "found",     "header", "body",
                                     "item", "is",        "transient", NULL};
  rule->line = map->line;
  int error = builder_keys(builder, map, keys);
  if (error == 0)
    error = build_meaning(builder, map, rule);
  const struct yaml_node *http = yaml_member(map, "http");
  if (error == 0 && http != NULL)
    error = build_ranges(builder, http, rule);
  const struct yaml_node *operation = yaml_member(map, "operation");
  if (error == 0 && operation != NULL)
    error = build_rule_operations(builder, operation, &rule->operations);
  const struct yaml_node *found = yaml_member(map, "found");
  bool yes = false;
  if (error == 0 && found != NULL) {
    error = builder_flag(builder, found, &yes);
    rule->found = yes ? FOUND_YES : FOUND_NO;
  }
  const struct yaml_node *transient = yaml_member(map, "transient");
  if (error == 0 && transient != NULL)
    error = builder_flag(builder, transient, &rule->transient);
  if (error == 0)
    error = add_conditions(builder, map, SOURCE_HEADER, "header", rule);
  if (error == 0)
    error = add_conditions(builder, map, SOURCE_BODY, "body", rule);
  if (error == 0)
    error = add_conditions(builder, map, SOURCE_ITEM, "item", rule);
  return error;
}

int build_outcomes(struct builder *builder, const struct yaml_node *list, struct answer_plan *plan) {
  int error = builder_list(builder, list);
  const struct outcome_rule **tail = &plan->outcomes;
  for (const struct yaml_node *node = list->child; error == 0 && node != NULL; node = node->next) {
    error = builder_map(builder, node);
    struct outcome_rule *rule = error != 0 ? NULL : builder_take(builder, sizeof *rule);
    if (rule == NULL)
      return error != 0 ? error : -ENOMEM;
    error = build_outcome(builder, node, rule);
    *tail = rule;
    tail = &rule->next;
  }
  if (error == 0 && plan->outcomes == NULL)
    error = builder_refuse(builder, list->line, "an answer without a pattern");
  return error;
}
