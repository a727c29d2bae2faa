#include "answer_view.h"
#include <string.h>
#include <strings.h>

const char *answer_header_value(const struct http_answer *http, const char *name) {
  for (size_t i = 0; i < http->header_count; i++)
    if (strcasecmp(http->headers[i].name, name) == 0)
      return http->headers[i].value;
  return NULL;
}

void answer_view_search(struct answer_view *view, const struct list_reading *list) {
  const json_t *items = answer_json_at(view->body, &list->items);
  view->is_list = json_is_array(items);
  for (size_t i = 0; i < json_array_size(items); i++) {
    const json_t *item = json_array_get(items, i);
    char text[JSON_SCALAR_CAPACITY];
    if (answer_json_text(answer_json_at(item, &list->match), text) > 0 && strcmp(text, view->key) == 0) {
      view->item = item;
      return;
    }
  }
}

static bool one_of(const char *text, const char *const *values, uint8_t count, bool header) {
  for (uint8_t i = 0; i < count; i++)
    if ((header ? strcasecmp(text, values[i]) : strcmp(text, values[i])) == 0)
      return true;
  return false;
}

static bool header_condition_holds(const struct answer_view *view, const struct answer_condition *condition) {
  const char *value = answer_header_value(view->http, condition->header);
  if (condition->test != TEST_ONE_OF)
    return (value != NULL) == (condition->test == TEST_PRESENT);
  return value != NULL && one_of(value, condition->values, condition->count, true);
}

static bool condition_holds(const struct answer_view *view, const struct answer_condition *condition) {
  if (condition->source == SOURCE_HEADER)
    return header_condition_holds(view, condition);
  const json_t *root = condition->source == SOURCE_ITEM ? view->item : view->body;
  const json_t *value = root == NULL ? NULL : answer_json_at(root, &condition->path);
  if (condition->test != TEST_ONE_OF)
    return root != NULL && (value != NULL) == (condition->test == TEST_PRESENT);
  char text[JSON_SCALAR_CAPACITY];
  return value != NULL && answer_json_text(value, text) > 0 &&
         one_of(text, condition->values, condition->count, false);
}

static bool status_fits(const struct outcome_rule *rule, uint16_t status) {
  for (uint8_t i = 0; i < rule->range_count; i++)
    if (rule->ranges[i].from <= status && status <= rule->ranges[i].to)
      return true;
  return rule->range_count == 0;
}

static bool operation_fits(const struct outcome_rule *rule, enum operation operation) {
  return rule->operations == 0 || (rule->operations & (UINT32_C(1) << operation)) != 0;
}

static bool found_fits(const struct outcome_rule *rule, const struct answer_view *view) {
  if (rule->found == FOUND_EITHER)
    return true;
  return view->is_list && (view->item != NULL) == (rule->found == FOUND_YES);
}

static bool rule_fits(const struct outcome_rule *rule, const struct answer_view *view) {
  if (!status_fits(rule, view->http->status) || !operation_fits(rule, view->operation) ||
      !found_fits(rule, view))
    return false;
  const struct answer_condition *condition = rule->conditions;
  while (condition != NULL && condition_holds(view, condition))
    condition = condition->next;
  return condition == NULL;
}

const struct outcome_rule *answer_view_rule(const struct answer_view *view) {
  const struct outcome_rule *rule = view->plan->outcomes;
  while (rule != NULL && !rule_fits(rule, view))
    rule = rule->next;
  return rule;
}

static size_t read_source(const struct answer_view *view, const struct reading_source *source,
                          char ret_text[JSON_SCALAR_CAPACITY]) {
  if (source->source == SOURCE_HEADER) {
    const char *value = answer_header_value(view->http, source->header);
    size_t length = value == NULL ? 0 : strlen(value);
    if (length == 0 || length >= JSON_SCALAR_CAPACITY)
      return 0;
    memcpy(ret_text, value, length + 1);
    return length;
  }
  const json_t *root = source->source == SOURCE_ITEM ? view->item : view->body;
  return root == NULL ? 0 : answer_json_text(answer_json_at(root, &source->path), ret_text);
}

static size_t apply_map(const struct reading *reading, size_t length, char text[JSON_SCALAR_CAPACITY]) {
  for (uint8_t i = 0; i < reading->pair_count; i++)
    if (strcmp(reading->pairs[i].from, text) == 0) {
      length = strlen(reading->pairs[i].to);
      memcpy(text, reading->pairs[i].to, length + 1);
      break;
    }
  return length;
}

size_t answer_view_read(const struct answer_view *view, const struct reading *reading,
                        char ret_text[JSON_SCALAR_CAPACITY]) {
  size_t length = 0;
  for (const struct reading_source *source = reading->sources; length == 0 && source != NULL;
       source = source->next)
    length = read_source(view, source, ret_text);
  if (length > 0 && reading->first_word) {
    length = strcspn(ret_text, " :");
    ret_text[length] = '\0';
  }
  return length == 0 ? 0 : apply_map(reading, length, ret_text);
}
