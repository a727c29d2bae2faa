/* Paths into an answer, and the words that stand beside them. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    ret_part->key = sheet_memory_copy(&builder->sheet->memory, inside, name);
    ret_part->value = sheet_memory_copy(&builder->sheet->memory, value, (size_t)(end - value));
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
  ret_part->key = sheet_memory_copy(&builder->sheet->memory, *text, length);
  *text += length;
  return ret_part->key == NULL ? -ENOMEM : 0;
}

int build_path_text(struct builder *builder, unsigned line, const char *text, struct json_path *ret_path) {
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

int build_path(struct builder *builder, const struct yaml_node *node, struct json_path *ret_path) {
  const char *text = NULL;
  int error = builder_text(builder, node, &text);
  return error != 0 ? error : build_path_text(builder, node->line, text, ret_path);
}

bool builder_word(const struct yaml_node *node, const char *word) {
  return node->kind == YAML_TEXT && node->plain && strcmp(node->text, word) == 0;
}

bool builder_header_name(const char *text) {
  return *text != '\0' && text[key_length(text)] == '\0';
}
