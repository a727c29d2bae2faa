#include "yaml_tree.h"
#include <errno.h>
#include <string.h>
#include <yaml.h>

/* A map or list that is still open, and where its next child goes. */
struct level {
  struct yaml_node *node;
  struct yaml_node **tail;
};

struct tree_reader {
  struct sheet_memory *memory;
  struct sheet_error *error;
  struct level levels[YAML_DEPTH_MAX];
  size_t depth;
  size_t nodes;
  const char *key; /* of a map: read, its value awaited */
  unsigned key_line;
  struct yaml_node *root;
};

static int refuse(struct tree_reader *reader, unsigned line, const char *reason) {
  *reader->error = (struct sheet_error){.line = line, .reason = reason};
  return -EINVAL;
}

static unsigned line_of(const yaml_event_t *event) {
  return (unsigned)event->start_mark.line + 1;
}

static bool printable(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < 0x20 || text[i] > 0x7e)
      return false;
  return true;
}

static bool has_key(const struct yaml_node *map, const char *key) {
  return yaml_member(map, key) != NULL;
}

/* The first scalar of a pair in a map is its key. */
static int take_key(struct tree_reader *reader, const struct level *level, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  if (length == 0 || strcmp(text, "<<") == 0)
    return refuse(reader, line_of(event), "an empty key or a merge key");
  if (has_key(level->node, text))
    return refuse(reader, line_of(event), "the same key twice");
  reader->key = sheet_memory_copy(reader->memory, text, length);
  reader->key_line = line_of(event);
  return reader->key == NULL ? -ENOMEM : 0;
}

static int add_node(struct tree_reader *reader, enum yaml_kind kind, const yaml_event_t *event,
                    struct yaml_node **ret_node) {
  if (++reader->nodes > YAML_NODES_MAX)
    return refuse(reader, line_of(event), "too many pieces");
  struct level *level = reader->depth == 0 ? NULL : &reader->levels[reader->depth - 1];
  if (level != NULL && level->node->kind == YAML_MAP && reader->key == NULL)
    return refuse(reader, line_of(event), "a key that is no text");
  struct yaml_node *node = sheet_memory_take(reader->memory, sizeof *node);
  if (node == NULL)
    return -ENOMEM;
  node->kind = kind;
  node->line = line_of(event);
  if (level == NULL) {
    reader->root = node;
  } else {
    node->key = level->node->kind == YAML_MAP ? reader->key : NULL;
    node->key_line = node->key != NULL ? reader->key_line : 0;
    *level->tail = node;
    level->tail = &node->next;
    reader->key = NULL;
  }
  *ret_node = node;
  return 0;
}

static int open_level(struct tree_reader *reader, enum yaml_kind kind, const yaml_event_t *event) {
  struct yaml_node *node = NULL;
  int error = add_node(reader, kind, event, &node);
  if (error != 0)
    return error;
  if (reader->depth == YAML_DEPTH_MAX)
    return refuse(reader, line_of(event), "nested too deep");
  reader->levels[reader->depth++] = (struct level){.node = node, .tail = &node->child};
  return 0;
}

static int take_scalar(struct tree_reader *reader, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
    return refuse(reader, line_of(event), "anchors and tags are not part of the format");
  if (length > YAML_TEXT_MAX || !printable(text, length))
    return refuse(reader, line_of(event), "a text that is too long or not printable ASCII");
  const struct level *level = reader->depth == 0 ? NULL : &reader->levels[reader->depth - 1];
  if (level != NULL && level->node->kind == YAML_MAP && reader->key == NULL)
    return take_key(reader, level, event);
  struct yaml_node *node = NULL;
  int error = add_node(reader, YAML_TEXT, event, &node);
  if (error != 0)
    return error;
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  node->text = sheet_memory_copy(reader->memory, text, length);
  return node->text == NULL ? -ENOMEM : 0;
}

static int take_event(struct tree_reader *reader, const yaml_event_t *event) {
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (reader->root != NULL)
      return refuse(reader, line_of(event), "a second document");
    if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
      return refuse(reader, line_of(event), "anchors and tags are not part of the format");
    return 0;
  case YAML_ALIAS_EVENT:
    return refuse(reader, line_of(event), "aliases are not part of the format");
  case YAML_SCALAR_EVENT:
    return take_scalar(reader, event);
  case YAML_SEQUENCE_START_EVENT:
    if (event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL)
      return refuse(reader, line_of(event), "anchors and tags are not part of the format");
    return open_level(reader, YAML_LIST, event);
  case YAML_MAPPING_START_EVENT:
    if (event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL)
      return refuse(reader, line_of(event), "anchors and tags are not part of the format");
    return open_level(reader, YAML_MAP, event);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    reader->depth--;
    return 0;
  default:
    return 0;
  }
}

static int read_events(yaml_parser_t *parser, struct tree_reader *reader) {
  for (;;) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) {
      if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
      return refuse(reader, (unsigned)parser->problem_mark.line + 1, "not well-formed YAML");
    }
    bool last = event.type == YAML_STREAM_END_EVENT;
    int error = take_event(reader, &event);
    yaml_event_delete(&event);
    if (error != 0 || last)
      return error;
  }
}

int yaml_tree_read(const void *bytes, size_t length, struct sheet_memory *memory, struct yaml_node **ret_root,
                   struct sheet_error *ret_error) {
  struct tree_reader reader = {.memory = memory, .error = ret_error};
  if (length > SHEET_BYTES_MAX)
    return refuse(&reader, 1, "too long");
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    return -ENOMEM;
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, bytes, length);
  int error = read_events(&parser, &reader);
  yaml_parser_delete(&parser);
  if (error == 0 && reader.root == NULL)
    error = refuse(&reader, 1, "empty");
  if (error != 0)
    return error;
  *ret_root = reader.root;
  return 0;
}

const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key) {
  for (const struct yaml_node *node = map->child; node != NULL; node = node->next)
    if (strcmp(node->key, key) == 0)
      return node;
  return NULL;
}
