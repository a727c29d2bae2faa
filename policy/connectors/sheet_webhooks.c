/* Webhooks: how they are signed, where their entries lie, and what each event says. */
#include "sheet_builder.h"
#include <errno.h>
#include <string.h>

static int build_over(struct builder *builder, const struct yaml_node *over, struct webhook_plan *plan) {
  const char **texts = NULL;
  int error = builder_list(builder, over);
  if (error == 0)
    error = builder_texts(builder, over, SHEET_SIGNED_MAX, &plan->signed_count, &texts);
  for (uint8_t i = 0; error == 0 && i < plan->signed_count; i++)
    error = build_path_text(builder, over->line, texts[i], &plan->signed_paths[i]);
  return error;
}

static int build_signature_header(struct builder *builder, const struct yaml_node *node,
                                  struct webhook_plan *plan) {
  const char *name = NULL;
  int error = builder_text(builder, node, &name);
  size_t number = error == 0 ? webhook_header_numbered(name) : 0;
  if (error == 0 && number == WEBHOOK_HEADERS)
    error = builder_refuse(builder, node->line, "not a header that freeport-hooks passes on");
  plan->signing.header = (uint8_t)number;
  return error;
}

/* {scheme, header} or {scheme, value, over} */
static int build_signature(struct builder *builder, const struct yaml_node *map, struct webhook_plan *plan) {
  static const char *const keys[] = {"scheme", "header", "value", "over", NULL};
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *scheme = yaml_member(map, "scheme"), *header = yaml_member(map, "header");
  const struct yaml_node *value = yaml_member(map, "value"), *over = yaml_member(map, "over");
  const char *name = NULL;
  if (error == 0 && scheme == NULL)
    error = builder_refuse(builder, map->line, "a signature has a scheme");
  if (error == 0)
    error = builder_text(builder, scheme, &name);
  if (error != 0)
    return error;
  plan->signing.scheme = webhook_scheme_named(name);
  if (plan->signing.scheme == WEBHOOK_UNSIGNED)
    return builder_refuse(builder, scheme->line, "scheme: body_hmac, timestamped_hmac or field_hmac");
  bool in_header = webhook_scheme_has_header(plan->signing.scheme);
  if ((header != NULL) != in_header || (value != NULL) == in_header || (over != NULL) == in_header)
    return builder_refuse(builder, map->line, "a signature stands in a header, or is a value over fields");
  if (in_header)
    return build_signature_header(builder, header, plan);
  error = build_path(builder, value, &plan->signature);
  return error == 0 ? build_over(builder, over, plan) : error;
}

static int build_optional_path(struct builder *builder, const struct yaml_node *map, const char *key,
                               bool *ret_there, struct json_path *ret_path) {
  const struct yaml_node *node = yaml_member(map, key);
  *ret_there = node != NULL;
  return node == NULL ? 0 : build_path(builder, node, ret_path);
}

static int build_places(struct builder *builder, const struct yaml_node *map, struct webhook_plan *plan) {
  bool item, event, key;
  int error = build_optional_path(builder, map, "items", &plan->listed, &plan->items);
  if (error == 0)
    error = build_optional_path(builder, map, "item", &item, &plan->item);
  if (error == 0 && item && !plan->listed)
    error = builder_refuse(builder, map->line, "item says where in each of items an entry lies");
  if (error == 0)
    error = build_optional_path(builder, map, "event", &event, &plan->event);
  if (error == 0)
    error = build_optional_path(builder, map, "key", &key, &plan->key);
  if (error == 0 && (!event || !key))
    error = builder_refuse(builder, map->line, "webhooks name the event and the key by paths");
  if (error == 0)
    error = build_optional_path(builder, map, "time", &plan->timed, &plan->time);
  return error;
}

static int build_about(struct builder *builder, const struct yaml_node *map, struct webhook_rule *rule) {
  const struct yaml_node *about = yaml_member(map, "about");
  const char *name = NULL;
  if (about == NULL)
    return builder_refuse(builder, map->line, "an event is about an operation");
  int error = builder_text(builder, about, &name);
  if (error != 0)
    return error;
  rule->about = operation_from_name(name);
  return rule->about != 0 ? 0 : builder_refuse(builder, about->line, "no such operation");
}

/* What stands first counts, and readings are put before those that stand: the event's own come last. */
static int build_event_fields(struct builder *builder, const struct yaml_node *common,
                              const struct yaml_node *own, struct answer_plan *plan) {
  int error = common != NULL ? build_readings(builder, common, false, plan) : 0;
  return error == 0 && own != NULL ? build_readings(builder, own, false, plan) : error;
}

/* {event, about, outcome, fields} */
static int build_event(struct builder *builder, const struct yaml_node *map, const struct yaml_node *common,
                       struct webhook_rule *rule) {
  static const char *const keys[] = {"event", "about", "outcome", "fields", NULL};
  rule->line = rule->plan.line = map->line;
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *event = yaml_member(map, "event"), *outcome = yaml_member(map, "outcome");
  if (error == 0 && (event == NULL || outcome == NULL))
    error = builder_refuse(builder, map->line, "an event has a name and an outcome");
  if (error == 0)
    error = builder_texts(builder, event, SHEET_VALUES_MAX, &rule->name_count, &rule->names);
  if (error == 0)
    error = build_about(builder, map, rule);
  if (error == 0)
    error = build_outcomes(builder, outcome, &rule->plan);
  return error == 0 ? build_event_fields(builder, common, yaml_member(map, "fields"), &rule->plan) : error;
}

static int build_events(struct builder *builder, const struct yaml_node *map, struct webhook_plan *plan) {
  const struct yaml_node *events = yaml_member(map, "events"), *common = yaml_member(map, "fields");
  if (events == NULL)
    return builder_refuse(builder, map->line, "webhooks without events");
  int error = builder_list(builder, events);
  const struct webhook_rule **tail = &plan->rules;
  for (const struct yaml_node *node = events->child; error == 0 && node != NULL; node = node->next) {
    struct webhook_rule *rule = builder_take(builder, sizeof *rule);
    if (rule == NULL)
      return -ENOMEM;
    error = build_event(builder, node, common, rule);
    *tail = rule;
    tail = &rule->next;
  }
  return error;
}

/* {signature, items, item, event, key, time, fields, events} */
int build_webhooks(struct builder *builder, const struct yaml_node *node) {
  static const char *const keys[] = {"signature", "items",  "item",   "event", "key",
                                     "time",      "fields", "events", NULL};
  struct webhook_plan *plan = builder_take(builder, sizeof *plan);
  if (plan == NULL)
    return -ENOMEM;
  builder->sheet->webhooks = plan;
  plan->line = node->line;
  int error = builder_keys(builder, node, keys);
  const struct yaml_node *signature = yaml_member(node, "signature");
  if (error == 0 && signature == NULL)
    error = builder_refuse(builder, node->line, "webhooks without a signature");
  if (error == 0)
    error = build_signature(builder, signature, plan);
  if (error == 0)
    error = build_places(builder, node, plan);
  return error == 0 ? build_events(builder, node, plan) : error;
}
