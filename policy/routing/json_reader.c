/* A policy's tree from JSON: statements, and what all that is read has in common. README.md gives the shape.
 */
#include "policy_json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { JSON_WORDINESS = 2 /* as JSON, a policy is at least so many times as long */ };

/* ---- Paths ---- */

/* A part that does not fit is left off. */
static size_t extend(struct json_reader *reader, const char *part) {
  size_t before = reader->path_length, length = strlen(part);
  if (length < JSON_PATH_CAPACITY - before) {
    memcpy(reader->path + before, part, length + 1);
    reader->path_length += length;
  }
  return before;
}

size_t json_enter(struct json_reader *reader, const char *member) {
  size_t before = extend(reader, reader->path_length == 0 ? "" : ".");
  extend(reader, member);
  return before;
}

size_t json_enter_element(struct json_reader *reader, size_t index) {
  char part[32];
  snprintf(part, sizeof part, "[%zu]", index);
  return extend(reader, part);
}

void json_leave(struct json_reader *reader, size_t before) {
  reader->path_length = before;
  reader->path[before] = '\0';
}

int json_wrong(struct json_reader *reader, const char *expected) {
  return tree_wrong(&reader->tree, (struct place){0}, expected);
}

/* ---- Objects and lists ---- */

int json_only(struct json_reader *reader, const json_t *object, const char *const *members) {
  const char *key;
  const json_t *value;
  if (!json_is_object(object))
    return json_wrong(reader, "an object");
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    const char *const *member = members;
    while (*member != NULL && strcmp(*member, key) != 0)
      member++;
    if (*member == NULL)
      return json_wrong(reader, "no member of another name than this object has");
  }
  return 0;
}

int json_text_of(struct json_reader *reader, const json_t *object, const char *member,
                 const char **ret_text) {
  const char *text = json_string_value(json_object_get(object, member));
  if (text != NULL) {
    *ret_text = text;
    return 0;
  }
  size_t before = json_enter(reader, member);
  int result = json_wrong(reader, "a string");
  json_leave(reader, before);
  return result;
}

int json_each(struct json_reader *reader, const json_t *object, const char *member,
              int (*read)(struct json_reader *, const json_t *, void *), void *context) {
  const json_t *list = json_object_get(object, member);
  size_t before = json_enter(reader, member);
  int result = json_is_array(list) ? 0 : json_wrong(reader, "a list");
  for (size_t i = 0; result == 0 && i < json_array_size(list); i++) {
    size_t list_path = json_enter_element(reader, i);
    result = read(reader, json_array_get(list, i), context);
    json_leave(reader, list_path);
  }
  json_leave(reader, before);
  return result;
}

/* ---- Statements ---- */

/* A name with its path. */
static int read_name(struct json_reader *reader, const json_t *object,
                     int (*take)(struct json_reader *, const char *, void *), void *context) {
  const char *name;
  int result = json_text_of(reader, object, "name", &name);
  size_t before = json_enter(reader, "name");
  if (result == 0)
    result = take(reader, name, context);
  json_leave(reader, before);
  return result;
}

static int take_set_name(struct json_reader *reader, const char *name, void *context) {
  (void)context;
  return tree_set(&reader->tree, (struct place){0}, name, strlen(name));
}

static int read_set(struct json_reader *reader, const json_t *json, void *context) {
  static const char *const members[] = {"name", "members", NULL};
  struct member_list list = {0};
  (void)context;
  int result = json_only(reader, json, members);
  if (result == 0)
    result = read_name(reader, json, take_set_name, NULL);
  if (result == 0)
    result = json_each(reader, json, "members", json_read_member, &list);
  return result != 0 ? result : tree_set_end(&reader->tree, (struct place){0}, &list);
}

static int take_schedule_name(struct json_reader *reader, const char *name, void *context) {
  return tree_schedule(&reader->tree, (struct place){0}, name, strlen(name), context);
}

static int read_schedule(struct json_reader *reader, const json_t *json, void *context) {
  struct policy_schedule *schedule = NULL;
  (void)context;
  int result = json_only(reader, json, json_schedule_members);
  if (result == 0)
    result = read_name(reader, json, take_schedule_name, &schedule);
  return result != 0 ? result : json_read_schedule(reader, json, schedule);
}

static int take_rule_name(struct json_reader *reader, const char *name, void *context) {
  return tree_rule(&reader->tree, (struct place){0}, name, strlen(name), context);
}

static int read_when(struct json_reader *reader, const json_t *json, struct rule *rule) {
  size_t before = json_enter(reader, "when");
  int result = json_read_condition(reader, json_object_get(json, "when"), &rule->when);
  json_leave(reader, before);
  return result;
}

static int read_action_of(struct json_reader *reader, const json_t *object, const char *member,
                          struct rule *rule) {
  size_t before = json_enter(reader, member);
  int result = json_read_action(reader, json_object_get(object, member), rule);
  json_leave(reader, before);
  return result;
}

static int read_rule(struct json_reader *reader, const json_t *json, void *context) {
  static const char *const members[] = {"name", "when", "action", NULL};
  struct rule *rule = NULL;
  (void)context;
  int result = json_only(reader, json, members);
  if (result == 0)
    result = read_name(reader, json, take_rule_name, &rule);
  if (result == 0)
    result = read_when(reader, json, rule);
  return result != 0 ? result : read_action_of(reader, json, "action", rule);
}

static int read_policy(struct json_reader *reader, const json_t *json) {
  static const char *const members[] = {"sets", "schedules", "rules", "otherwise", NULL};
  struct rule *otherwise;
  int result = json_only(reader, json, members);
  if (result == 0 && json_object_get(json, "sets") != NULL)
    result = json_each(reader, json, "sets", read_set, NULL);
  if (result == 0 && json_object_get(json, "schedules") != NULL)
    result = json_each(reader, json, "schedules", read_schedule, NULL);
  if (result == 0)
    result = json_each(reader, json, "rules", read_rule, NULL);
  if (result == 0)
    result = tree_otherwise(&reader->tree, (struct place){0}, &otherwise);
  return result != 0 ? result : read_action_of(reader, json, "otherwise", otherwise);
}

static int read_text(struct json_reader *reader, const char *text, size_t length) {
  json_error_t error;
  if (length > POLICY_JSON_MAX)
    return json_wrong(reader, "at most 16777216 bytes");
  json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
  if (json == NULL)
    return json_error_code(&error) == json_error_out_of_memory
               ? -ENOMEM
               : json_wrong(reader, "well-formed JSON, in which no object has a member twice");
  int result = read_policy(reader, json);
  json_decref(json);
  return result;
}

int policy_parse_json(const char *text, size_t length, struct policy **ret_policy,
                      struct policy_error *ret_error) {
  struct json_reader reader = {.path = ""};
  int result = tree_begin(length / JSON_WORDINESS, &reader.tree);
  if (result != 0)
    return result;
  reader.tree.reached = (struct place){0};
  reader.tree.path = reader.path;
  result = read_text(&reader, text, length);
  return tree_end(&reader.tree, result, ret_policy, ret_error);
}
