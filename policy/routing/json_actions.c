#include "policy_json.h"
#include <string.h>

/* ---- Connectors ---- */

static int read_connector(struct json_reader *reader, const json_t *json, void *context) {
  const char *name = json_string_value(json);
  if (name == NULL)
    return json_wrong(reader, "the name of a connector");
  return tree_candidate(&reader->tree, context, (struct place){0}, name, strlen(name));
}

/* {"name", "weight"} */
static int read_share(struct json_reader *reader, const json_t *json, void *context) {
  static const char *const members[] = {"name", "weight", NULL};
  const char *name;
  int64_t thousandths = 0;
  int result = json_only(reader, json, members);
  if (result == 0)
    result = json_text_of(reader, json, "name", &name);
  if (result == 0)
    result = tree_candidate(&reader->tree, context, (struct place){0}, name, strlen(name));
  size_t before = json_enter(reader, "weight");
  if (result == 0)
    result = json_read_number(reader, json_object_get(json, "weight"), &thousandths);
  if (result == 0)
    result = tree_weight(&reader->tree, context, (struct place){0}, thousandths);
  json_leave(reader, before);
  return result;
}

/* ---- What only some actions have ---- */

static int read_by(struct json_reader *reader, const json_t *json, struct rule *rule) {
  const char *by = json_string_value(json);
  rule->action.by_customer = by != NULL && strcmp(by, "customer") == 0;
  if (rule->action.by_customer || (by != NULL && strcmp(by, "payment") == 0))
    return 0;
  return json_wrong(reader, "customer or payment");
}

static int read_approval(struct json_reader *reader, const json_t *json, struct rule *rule) {
  int64_t thousandths;
  int result = json_read_number(reader, json, &thousandths);
  return result != 0 ? result : tree_floor(&reader->tree, rule, (struct place){0}, thousandths);
}

static int read_advice(struct json_reader *reader, const json_t *json, struct rule *rule) {
  if (!json_is_boolean(json))
    return json_wrong(reader, "true or false");
  return json_is_true(json) ? tree_advice(&reader->tree, rule, (struct place){0}) : 0;
}

static int read_options(struct json_reader *reader, const json_t *json, struct rule *rule) {
  const char *key;
  const json_t *member;
  int result = json_is_object(json) ? 0 : json_wrong(reader, "an object");
  if (result != 0)
    return result;
  json_object_foreach((json_t *)(uintptr_t)json, key, member) {
    struct value value;
    unsigned option;
    result = tree_option(&reader->tree, rule, (struct place){0}, key, strlen(key), &option);
    if (result == 0)
      result = json_read_value(reader, member, &value);
    if (result == 0)
      result = tree_option_value(&reader->tree, rule, option, &value);
    if (result != 0)
      return result;
  }
  return 0;
}

static int read_if_there(struct json_reader *reader, const json_t *object, const char *member,
                         int (*read)(struct json_reader *, const json_t *, struct rule *),
                         struct rule *rule) {
  const json_t *json = json_object_get(object, member);
  size_t before = json_enter(reader, member);
  int result = json == NULL ? 0 : read(reader, json, rule);
  json_leave(reader, before);
  return result;
}

/* ---- Actions ---- */

/* The members that an action of the type has. */
static const char *const *members_of(enum policy_action_type type) {
  static const char *const route[] = {"type", "connectors", "with", NULL};
  static const char *const split[] = {"type", "connectors", "by", "with", NULL};
  static const char *const cheapest[] = {"type", "connectors", "approval", "with", NULL};
  static const char *const best[] = {"type", "connectors", "advice", "with", NULL};
  static const char *const decline[] = {"type", NULL};
  static const char *const *const by_type[] = {[POLICY_ROUTE] = route,
                                               [POLICY_SPLIT] = split,
                                               [POLICY_CHEAPEST] = cheapest,
                                               [POLICY_BEST] = best,
                                               [POLICY_DECLINE] = decline};
  return by_type[type];
}

static int read_type(struct json_reader *reader, const json_t *json, struct rule *rule) {
  const char *type;
  int result = json_is_object(json) ? 0 : json_wrong(reader, "an action: {\"type\", ...}");
  if (result == 0)
    result = json_text_of(reader, json, "type", &type);
  if (result != 0)
    return result;
  rule->action.type = policy_action_named(type, strlen(type));
  if (rule->action.type != 0)
    return json_only(reader, json, members_of(rule->action.type));
  size_t before = json_enter(reader, "type");
  result = json_wrong(reader, "route, split, cheapest, best or decline");
  json_leave(reader, before);
  return result;
}

int json_read_action(struct json_reader *reader, const json_t *json, struct rule *rule) {
  int result = read_type(reader, json, rule);
  if (result != 0 || rule->action.type == POLICY_DECLINE)
    return result;
  result = json_each(reader, json, "connectors",
                     rule->action.type == POLICY_SPLIT ? read_share : read_connector, rule);
  if (result == 0)
    result = read_if_there(reader, json, "by", read_by, rule);
  if (result == 0)
    result = read_if_there(reader, json, "approval", read_approval, rule);
  if (result == 0)
    result = read_if_there(reader, json, "advice", read_advice, rule);
  size_t before = json_enter(reader, "connectors");
  if (result == 0)
    result = tree_action_end(&reader->tree, rule, (struct place){0});
  json_leave(reader, before);
  return result != 0 ? result : read_if_there(reader, json, "with", read_options, rule);
}
