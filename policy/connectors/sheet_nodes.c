/* The fields of a request: a tree of objects, lists and values. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int build_value(struct builder *builder, const struct yaml_node *yaml, struct node **ret_node);

static int new_node(struct builder *builder, enum node_kind kind, unsigned line, struct node **ret_node) {
  if (++builder->nodes > BUILT_NODES_MAX)
    return builder_refuse(builder, line, "too many fields");
  struct node *node = builder_take(builder, sizeof *node);
  if (node == NULL)
    return -ENOMEM;
  node->kind = kind;
  node->line = line;
  *ret_node = node;
  return 0;
}

static bool is_integer(const char *text) {
  size_t digits = strspn(text + (*text == '-'), "0123456789");
  const char *first = text + (*text == '-');
  return digits > 0 && digits <= 18 && first[digits] == '\0' && (digits == 1 || *first != '0');
}

static bool is_literal(const struct yaml_node *yaml) {
  return yaml->plain &&
         (strcmp(yaml->text, "true") == 0 || strcmp(yaml->text, "false") == 0 || is_integer(yaml->text));
}

static int build_scalar(struct builder *builder, const struct yaml_node *yaml, struct node **ret_node) {
  struct node *node = NULL;
  int error = new_node(builder, is_literal(yaml) ? NODE_LITERAL : NODE_TEXT, yaml->line, &node);
  if (error == 0)
    error = build_template(builder, yaml, &node->text);
  if (error == 0)
    *ret_node = node;
  return error;
}

static int build_list(struct builder *builder, const struct yaml_node *yaml, enum node_kind kind,
                      struct node **ret_node) {
  int error = builder_list(builder, yaml);
  struct node *list = NULL;
  if (error == 0)
    error = new_node(builder, kind, yaml->line, &list);
  if (error != 0)
    return error;
  struct node **tail = &list->child;
  for (const struct yaml_node *item = yaml->child; error == 0 && item != NULL; item = item->next) {
    error = build_value(builder, item, tail);
    if (error == 0)
      tail = &(*tail)->next;
  }
  if (error == 0 && list->child == NULL)
    error = builder_refuse(builder, yaml->line, "an empty list");
  if (error == 0)
    *ret_node = list;
  return error;
}

static int build_when(struct builder *builder, const struct yaml_node *map, struct node *node) {
  const struct yaml_node *when = yaml_member(map, "$when");
  return when == NULL ? 0 : build_conditions(builder, when, &node->when);
}

/* {$text | $number | $boolean: "...", $limit: N, $when: {...}} */
static int build_leaf(struct builder *builder, const struct yaml_node *map, enum node_kind kind,
                      const char *key, struct node **ret_node) {
  const char *const keys[] = {key, "$limit", "$when", NULL};
  int error = builder_keys(builder, map, keys);
  struct node *node = NULL;
  if (error == 0)
    error = new_node(builder, kind, map->line, &node);
  if (error == 0)
    error = build_template(builder, yaml_member(map, key), &node->text);
  const struct yaml_node *limit = yaml_member(map, "$limit");
  long bytes = 0;
  if (error == 0 && limit != NULL)
    error = kind == NODE_TEXT ? builder_number(builder, limit, 1, 4096, &bytes)
                              : builder_refuse(builder, limit->line, "only a text can be cut");
  if (error == 0 && node->text.count != 1 && (kind != NODE_TEXT || limit != NULL))
    error = builder_refuse(builder, map->line,
                           "a number, a boolean or a text that is cut is one placeholder alone");
  if (error == 0)
    error = build_when(builder, map, node);
  if (error != 0)
    return error;
  node->limit = (uint16_t)bytes;
  *ret_node = node;
  return 0;
}

static int add_named(struct builder *builder, const struct yaml_node *yaml, struct node ***tail) {
  int error = build_value(builder, yaml, *tail);
  if (error != 0)
    return error;
  (**tail)->name = yaml->key;
  *tail = &(**tail)->next;
  return 0;
}

/* {$map: SUBJECT, VALUE: ..., $otherwise: ..., $absent: ..., $when: {...}} */
static int build_map(struct builder *builder, const struct yaml_node *map, struct node **ret_node) {
  const struct yaml_node *subject = yaml_member(map, "$map");
  const char *name = NULL;
  struct node *node = NULL;
  int error = builder_text(builder, subject, &name);
  if (error == 0)
    error = new_node(builder, NODE_MAP, map->line, &node);
  if (error == 0)
    error = build_place(builder, subject->line, name, strlen(name), &node->subject);
  if (error == 0 && (place_is_card(node->subject.place) || node->subject.place == PLACE_CREDENTIAL))
    error = builder_refuse(builder, subject->line, "a card or a credential cannot be mapped");
  if (error == 0)
    error = build_when(builder, map, node);
  if (error != 0)
    return error;
  struct node **tail = &node->child;
  for (const struct yaml_node *child = map->child; error == 0 && child != NULL; child = child->next) {
    bool choice =
        child->key[0] != '$' || strcmp(child->key, "$otherwise") == 0 || strcmp(child->key, "$absent") == 0;
    if (choice)
      error = add_named(builder, child, &tail);
    else if (strcmp(child->key, "$map") != 0 && strcmp(child->key, "$when") != 0)
      error = builder_refuse(builder, child->line, "a key that the format does not have here");
  }
  if (error == 0)
    *ret_node = node;
  return error;
}

/* {$first: [...], $when: {...}} */
static int build_first(struct builder *builder, const struct yaml_node *map, struct node **ret_node) {
  static const char *const keys[] = {"$first", "$when", NULL};
  struct node *node = NULL;
  int error = builder_keys(builder, map, keys);
  if (error == 0)
    error = build_list(builder, yaml_member(map, "$first"), NODE_FIRST, &node);
  if (error == 0)
    error = build_when(builder, map, node);
  if (error == 0)
    *ret_node = node;
  return error;
}

static int add_metadata(struct builder *builder, const struct yaml_node *yaml, struct node ***tail) {
  long limit = 0;
  struct node *node = NULL;
  int error = builder_number(builder, yaml, 1, 512, &limit);
  if (error == 0)
    error = new_node(builder, NODE_METADATA, yaml->line, &node);
  if (error != 0)
    return error;
  node->limit = (uint16_t)limit;
  **tail = node;
  *tail = &node->next;
  return 0;
}

static int add_members(struct builder *builder, const struct yaml_node *map, struct node *object,
                       struct node ***tail);

static int add_definition(struct builder *builder, const struct yaml_node *yaml, struct node *object,
                          struct node ***tail) {
  const char *name = NULL;
  int error = builder_text(builder, yaml, &name);
  if (error != 0)
    return error;
  const struct yaml_node *definition =
      builder->definitions == NULL ? NULL : yaml_member(builder->definitions, name);
  if (definition == NULL)
    return builder_refuse(builder, yaml->line, "no such definition");
  if (builder->include_depth == INCLUDE_DEPTH_MAX)
    return builder_refuse(builder, yaml->line, "definitions inside definitions too deep");
  builder->include_depth++;
  error = builder_map(builder, definition);
  if (error == 0)
    error = add_members(builder, definition, object, tail);
  builder->include_depth--;
  return error;
}

static int add_definitions(struct builder *builder, const struct yaml_node *yaml, struct node *object,
                           struct node ***tail) {
  if (yaml->kind == YAML_TEXT)
    return add_definition(builder, yaml, object, tail);
  int error = builder_list(builder, yaml);
  for (const struct yaml_node *item = yaml->child; error == 0 && item != NULL; item = item->next)
    error = add_definition(builder, item, object, tail);
  return error;
}

static int add_member(struct builder *builder, const struct yaml_node *yaml, struct node *object,
                      struct node ***tail) {
  if (strcmp(yaml->key, "$include") == 0)
    return add_definitions(builder, yaml, object, tail);
  if (strcmp(yaml->key, "$metadata") == 0)
    return add_metadata(builder, yaml, tail);
  if (strcmp(yaml->key, "$when") == 0)
    return object->when != NULL ? builder_refuse(builder, yaml->line, "a second condition for one object")
                                : build_conditions(builder, yaml, &object->when);
  if (strcmp(yaml->key, "$card") == 0)
    return builder_flag(builder, yaml, &object->card);
  if (yaml->key[0] == '$')
    return builder_refuse(builder, yaml->line, "a key that the format does not have here");
  for (const struct node *member = object->child; member != NULL; member = member->next)
    if (member->name != NULL && strcmp(member->name, yaml->key) == 0)
      return builder_refuse(builder, yaml->line, "the same field twice");
  return add_named(builder, yaml, tail);
}

static int add_members(struct builder *builder, const struct yaml_node *map, struct node *object,
                       struct node ***tail) {
  int error = 0;
  for (const struct yaml_node *child = map->child; error == 0 && child != NULL; child = child->next)
    error = add_member(builder, child, object, tail);
  return error;
}

int build_object(struct builder *builder, const struct yaml_node *map, struct node **ret_node) {
  struct node *object = NULL;
  int error = builder_map(builder, map);
  if (error == 0)
    error = new_node(builder, NODE_OBJECT, map->line, &object);
  if (error != 0)
    return error;
  struct node **tail = &object->child;
  error = add_members(builder, map, object, &tail);
  if (error == 0 && object->child == NULL)
    error = builder_refuse(builder, map->line, "an object without fields");
  if (error == 0)
    *ret_node = object;
  return error;
}

static int build_value(struct builder *builder, const struct yaml_node *yaml, struct node **ret_node) {
  if (yaml->kind == YAML_TEXT)
    return build_scalar(builder, yaml, ret_node);
  if (yaml->kind == YAML_LIST)
    return build_list(builder, yaml, NODE_LIST, ret_node);
  if (yaml_member(yaml, "$text") != NULL)
    return build_leaf(builder, yaml, NODE_TEXT, "$text", ret_node);
  if (yaml_member(yaml, "$number") != NULL)
    return build_leaf(builder, yaml, NODE_NUMBER, "$number", ret_node);
  if (yaml_member(yaml, "$boolean") != NULL)
    return build_leaf(builder, yaml, NODE_BOOLEAN, "$boolean", ret_node);
  if (yaml_member(yaml, "$map") != NULL)
    return build_map(builder, yaml, ret_node);
  if (yaml_member(yaml, "$first") != NULL)
    return build_first(builder, yaml, ret_node);
  return build_object(builder, yaml, ret_node);
}
