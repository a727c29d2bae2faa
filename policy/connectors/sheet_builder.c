#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int builder_refuse(struct builder *builder, unsigned line, const char *reason) {
  *builder->error = (struct sheet_error){.line = line, .reason = reason};
  return -EINVAL;
}

void *builder_take(struct builder *builder, size_t size) {
  return sheet_memory_take(&builder->sheet->memory, size);
}

int builder_map(struct builder *builder, const struct yaml_node *node) {
  return node->kind == YAML_MAP ? 0 : builder_refuse(builder, node->line, "a map is wanted here");
}

int builder_list(struct builder *builder, const struct yaml_node *node) {
  return node->kind == YAML_LIST ? 0 : builder_refuse(builder, node->line, "a list is wanted here");
}

int builder_text(struct builder *builder, const struct yaml_node *node, const char **ret_text) {
  if (node->kind != YAML_TEXT || node->text[0] == '\0')
    return builder_refuse(builder, node->line, "a text is wanted here");
  *ret_text = node->text;
  return 0;
}

int builder_number(struct builder *builder, const struct yaml_node *node, long least, long most,
                   long *ret_number) {
  if (node->kind != YAML_TEXT || !node->plain || node->text[0] < '0' || node->text[0] > '9')
    return builder_refuse(builder, node->line, "a number is wanted here");
  char *end = NULL;
  errno = 0;
  long number = strtol(node->text, &end, 10);
  if (errno != 0 || *end != '\0' || number < least || number > most)
    return builder_refuse(builder, node->line, "a number out of range");
  *ret_number = number;
  return 0;
}

int builder_flag(struct builder *builder, const struct yaml_node *node, bool *ret_flag) {
  bool yes = node->kind == YAML_TEXT && node->plain && strcmp(node->text, "true") == 0;
  bool no = node->kind == YAML_TEXT && node->plain && strcmp(node->text, "false") == 0;
  if (!yes && !no)
    return builder_refuse(builder, node->line, "true or false is wanted here");
  *ret_flag = yes;
  return 0;
}

int builder_keys(struct builder *builder, const struct yaml_node *map, const char *const *names) {
  int error = builder_map(builder, map);
  for (const struct yaml_node *node = map->child; error == 0 && node != NULL; node = node->next) {
    const char *const *name = names;
    while (*name != NULL && strcmp(*name, node->key) != 0)
      name++;
    if (*name == NULL)
      error = builder_refuse(builder, node->line, "a key that the format does not have here");
  }
  return error;
}

static size_t count_children(const struct yaml_node *node) {
  size_t count = 0;
  for (const struct yaml_node *child = node->child; child != NULL; child = child->next)
    count++;
  return count;
}

int builder_texts(struct builder *builder, const struct yaml_node *node, size_t most, uint8_t *ret_count,
                  const char ***ret_texts) {
  if (node->kind == YAML_MAP)
    return builder_refuse(builder, node->line, "a text or a list of texts is wanted here");
  size_t count = node->kind == YAML_TEXT ? 1 : count_children(node);
  if (count == 0 || count > most)
    return builder_refuse(builder, node->line, "an empty or too long list");
  const char **texts = builder_take(builder, count * sizeof *texts);
  if (texts == NULL)
    return -ENOMEM;
  const struct yaml_node *item = node->kind == YAML_TEXT ? node : node->child;
  for (size_t i = 0; i < count; i++, item = item->next) {
    int error = builder_text(builder, item, &texts[i]);
    if (error != 0)
      return error;
  }
  *ret_count = (uint8_t)count;
  *ret_texts = texts;
  return 0;
}
