/* How answers are read: patterns that say what an answer means, and where its fields stand. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RANGES_MAX = 16 };

static bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static size_t key_length(const char *text) {
  size_t length = 0;
  while (is_key_character(text[length]))
    length++;
  return length;
}

/* "[0]" or "[name=value]" at *text, which moves behind it. */
static int take_element(struct builder *builder, unsigned line, const char **text,
                        struct path_part *ret_part) {
  const char *inside = *text + 1;
  const char *end = strchr(inside, ']');
  size_t name = key_length(inside);
  if (end == NULL || name == 0)
    return builder_refuse(builder, line, "a path with a [ that does not end well");
  *text = end + 1;
  if (inside[name] == '=') {
    const char *value = inside + name + 1;
    ret_part->key = arena_copy(&builder->sheet->arena, inside, name);
    ret_part->value = arena_copy(&builder->sheet->arena, value, (size_t)(end - value));
    return ret_part->key == NULL || ret_part->value == NULL ? -ENOMEM : 0;
  }
  if (inside + name != end || name > 3 || strspn(inside, "0123456789") != name)
    return builder_refuse(builder, line, "an element is told by a number below 1000 or by name=value");
  ret_part->index = (int32_t)strtol(inside, NULL, 10);
  return 0;
}

static int take_part(struct builder *builder, unsigned line, bool first, const char **text,
                     struct path_part *ret_part) {
  if (**text == '[')
    return take_element(builder, line, text, ret_part);
  if (!first && *(*text)++ != '.')
    return builder_refuse(builder, line, "not a path: names joined by dots, with [0] or [name=value]");
  size_t length = key_length(*text);
  if (length == 0)
    return builder_refuse(builder, line, "not a path: names joined by dots, with [0] or [name=value]");
  ret_part->key = arena_copy(&builder->sheet->arena, *text, length);
  *text += length;
  return ret_part->key == NULL ? -ENOMEM : 0;
}

static int build_path_text(struct builder *builder, unsigned line, const char *text,
                           struct json_path *ret_path) {
  struct path_part parts[SHEET_PATH_MAX] = {0};
  uint8_t count = 0;
  int error = 0;
  if (strcmp(text, ".") == 0) {
    ret_path->count = 0;
    return 0;
  }
  while (error == 0 && *text != '\0') {
    if (count == SHEET_PATH_MAX)
      return builder_refuse(builder, line, "a path that is too long");
    error = take_part(builder, line, count == 0, &text, &parts[count]);
    count++;
  }
  if (error != 0)
    return error;
  ret_path->parts = builder_take(builder, count * sizeof *parts);
  if (ret_path->parts == NULL)
    return -ENOMEM;
  memcpy(ret_path->parts, parts, count * sizeof *parts);
  ret_path->count = count;
  return 0;
}

static int build_path(struct builder *builder, const struct yaml_node *node, struct json_path *ret_path) {
  const char *text = NULL;
  int error = builder_text(builder, node, &text);
  return error != 0 ? error : build_path_text(builder, node->line, text, ret_path);
}

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

static bool is_word(const struct yaml_node *node, const char *word) {
  return node->kind == YAML_TEXT && node->plain && strcmp(node->text, word) == 0;
}

static bool is_header_name(const char *text) {
  return *text != '\0' && text[key_length(text)] == '\0';
}

static int build_answer_condition(struct builder *builder, enum source source, const struct yaml_node *node,
                                  struct answer_condition *condition) {
  condition->source = source;
  int error = 0;
  if (source == SOURCE_HEADER && is_header_name(node->key))
    condition->header = node->key;
  else if (source == SOURCE_HEADER)
    error = builder_refuse(builder, node->line, "not a header name");
  else
    error = build_path_text(builder, node->line, node->key, &condition->path);
  if (error != 0)
    return error;
  if (is_word(node, "present") || is_word(node, "absent")) {
    condition->test = is_word(node, "present") ? TEST_PRESENT : TEST_ABSENT;
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

static int build_outcomes(struct builder *builder, const struct yaml_node *list, struct answer_plan *plan) {
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

/* The default root of a path: the entry that was asked for where the answer is a list, else the body. */
static enum source default_source(const struct answer_plan *plan) {
  return plan->list != NULL ? SOURCE_ITEM : SOURCE_BODY;
}

static int add_source(struct builder *builder, const struct answer_plan *plan, const struct yaml_node *node,
                      const struct reading_source ***tail) {
  struct reading_source *source = builder_take(builder, sizeof *source);
  if (source == NULL)
    return -ENOMEM;
  source->source = default_source(plan);
  int error = build_path(builder, node, &source->path);
  **tail = source;
  *tail = &source->next;
  return error;
}

static int build_sources(struct builder *builder, const struct answer_plan *plan,
                         const struct yaml_node *node, struct reading *reading) {
  const struct reading_source **tail = &reading->sources;
  if (node->kind == YAML_TEXT)
    return add_source(builder, plan, node, &tail);
  int error = builder_list(builder, node);
  for (const struct yaml_node *item = node->child; error == 0 && item != NULL; item = item->next)
    error = add_source(builder, plan, item, &tail);
  return error;
}

static int build_header_source(struct builder *builder, const struct yaml_node *node,
                               struct reading *reading) {
  struct reading_source *source = builder_take(builder, sizeof *source);
  if (source == NULL)
    return -ENOMEM;
  source->source = SOURCE_HEADER;
  int error = builder_text(builder, node, &source->header);
  if (error == 0 && !is_header_name(source->header))
    error = builder_refuse(builder, node->line, "not a header name");
  reading->sources = source;
  return error;
}

static int build_pairs(struct builder *builder, const struct yaml_node *map, struct reading *reading) {
  int error = builder_map(builder, map);
  size_t count = 0;
  for (const struct yaml_node *node = map->child; error == 0 && node != NULL; node = node->next)
    count++;
  if (error == 0 && (count == 0 || count > SHEET_VALUES_MAX))
    error = builder_refuse(builder, map->line, "an empty or too long list");
  if (error != 0)
    return error;
  struct value_pair *pairs = builder_take(builder, count * sizeof *pairs);
  if (pairs == NULL)
    return -ENOMEM;
  size_t i = 0;
  for (const struct yaml_node *node = map->child; error == 0 && node != NULL; node = node->next, i++) {
    pairs[i].from = node->key;
    error = builder_text(builder, node, &pairs[i].to);
  }
  reading->pairs = pairs;
  reading->pair_count = (uint8_t)count;
  return error;
}

/* {path | header, take: word, map: {...}} */
static int build_reading_options(struct builder *builder, const struct answer_plan *plan,
                                 const struct yaml_node *map, struct reading *reading) {
  static const char *const keys[] = {"path", "header", "take", "map", NULL};
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *path = yaml_member(map, "path");
  const struct yaml_node *header = yaml_member(map, "header");
  if (error == 0 && (path == NULL) == (header == NULL))
    error = builder_refuse(builder, map->line, "a field is read from a path or from a header");
  if (error == 0)
    error = path != NULL ? build_sources(builder, plan, path, reading)
                         : build_header_source(builder, header, reading);
  const struct yaml_node *take = yaml_member(map, "take");
  if (error == 0 && take != NULL) {
    reading->first_word = is_word(take, "word");
    error = reading->first_word ? 0 : builder_refuse(builder, take->line, "take: word is all there is");
  }
  const struct yaml_node *pairs = yaml_member(map, "map");
  if (error == 0 && pairs != NULL)
    error = build_pairs(builder, pairs, reading);
  return error;
}

static int build_reading(struct builder *builder, const struct answer_plan *plan,
                         const struct yaml_node *node, struct reading *reading) {
  reading->line = node->line;
  if (node->kind == YAML_MAP)
    return build_reading_options(builder, plan, node, reading);
  return build_sources(builder, plan, node, reading);
}

static int name_carried(struct builder *builder, const struct yaml_node *node, uint8_t *ret_index) {
  struct sheet *sheet = builder->sheet;
  for (size_t i = 0; i < sheet->carried_count; i++)
    if (strcmp(sheet->carried[i], node->key) == 0) {
      *ret_index = (uint8_t)i;
      return 0;
    }
  if (sheet->carried_count == SHEET_CARRIED_MAX)
    return builder_refuse(builder, node->line, "too many carried values");
  *ret_index = (uint8_t)sheet->carried_count;
  sheet->carried[sheet->carried_count++] = node->key;
  return 0;
}

static int build_readings(struct builder *builder, const struct yaml_node *map, bool carried,
                          struct answer_plan *plan) {
  int error = builder_map(builder, map);
  for (const struct yaml_node *node = map->child; error == 0 && node != NULL; node = node->next) {
    struct reading *reading = builder_take(builder, sizeof *reading);
    if (reading == NULL)
      return -ENOMEM;
    if (carried)
      error = name_carried(builder, node, &reading->carried);
    else if ((reading->field = answer_field_named(node->key)) == 0)
      error = builder_refuse(builder, node->line, "no such answer field");
    if (error == 0)
      error = build_reading(builder, plan, node, reading);
    reading->next = plan->readings;
    plan->readings = reading;
  }
  return error;
}

/* {items, match, more, cursor, pages} */
static int build_list_reading(struct builder *builder, const struct yaml_node *map,
                              struct answer_plan *plan) {
  static const char *const keys[] = {"items", "match", "more", "cursor", "pages", NULL};
  struct list_reading *list = builder_take(builder, sizeof *list);
  if (list == NULL)
    return -ENOMEM;
  plan->list = list;
  list->pages = 1;
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *items = yaml_member(map, "items"), *match = yaml_member(map, "match");
  const struct yaml_node *more = yaml_member(map, "more"), *cursor = yaml_member(map, "cursor");
  const struct yaml_node *pages = yaml_member(map, "pages");
  if (error == 0 && (items == NULL || match == NULL))
    error = builder_refuse(builder, map->line, "a list has items, and what an item is known by");
  if (error == 0 && ((more == NULL) != (cursor == NULL) || (more == NULL) != (pages == NULL)))
    error = builder_refuse(builder, map->line, "paging needs more, cursor and pages");
  if (error == 0)
    error = build_path(builder, items, &list->items);
  if (error == 0)
    error = build_path(builder, match, &list->match);
  if (error != 0 || more == NULL)
    return error;
  long most = 0;
  list->paged = true;
  error = build_path(builder, more, &list->more);
  if (error == 0)
    error = build_path(builder, cursor, &list->cursor);
  if (error == 0)
    error = builder_number(builder, pages, 1, SHEET_LIST_PAGES_MAX, &most);
  list->pages = (uint8_t)most;
  return error;
}

/* {list, outcome, fields, carry} */
static int build_answer(struct builder *builder, const struct yaml_node *map, struct answer_plan *plan) {
  static const char *const keys[] = {"list", "outcome", "fields", "carry", NULL};
  plan->line = map->line;
  plan->name = map->key;
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *list = yaml_member(map, "list");
  if (error == 0 && list != NULL)
    error = build_list_reading(builder, list, plan);
  const struct yaml_node *outcome = yaml_member(map, "outcome");
  if (error == 0)
    error = outcome != NULL ? build_outcomes(builder, outcome, plan)
                            : builder_refuse(builder, map->line, "an answer without a pattern");
  const struct yaml_node *fields = yaml_member(map, "fields");
  if (error == 0 && fields != NULL)
    error = build_readings(builder, fields, false, plan);
  const struct yaml_node *carry = yaml_member(map, "carry");
  if (error == 0 && carry != NULL)
    error = build_readings(builder, carry, true, plan);
  return error;
}

int build_answers(struct builder *builder, const struct yaml_node *node) {
  int error = builder_map(builder, node);
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    error = builder_map(builder, child);
    struct answer_plan *plan = error != 0 ? NULL : builder_take(builder, sizeof *plan);
    if (plan == NULL)
      return error != 0 ? error : -ENOMEM;
    error = build_answer(builder, child, plan);
    plan->next = builder->sheet->answers;
    builder->sheet->answers = plan;
  }
  return error;
}

const struct answer_plan *builder_answer(const struct builder *builder, const char *name) {
  const struct answer_plan *plan = builder->sheet->answers;
  while (plan != NULL && strcmp(plan->name, name) != 0)
    plan = plan->next;
  return plan;
}
