/* Where the fields of an answer are read from. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
  if (error == 0 && !builder_header_name(source->header))
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

/* A map, or the name of one among the sheet's words. */
static int build_map(struct builder *builder, const struct yaml_node *node, struct reading *reading) {
  if (node->kind == YAML_TEXT)
    node = builder->words == NULL ? NULL : yaml_member(builder->words, node->text);
  return node != NULL ? build_pairs(builder, node, reading)
                      : builder_refuse(builder, reading->line, "no such words");
}

/* {path | header, take: word, map: {...} | NAME} */
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
    reading->first_word = builder_word(take, "word");
    error = reading->first_word ? 0 : builder_refuse(builder, take->line, "take: word is all there is");
  }
  const struct yaml_node *pairs = yaml_member(map, "map");
  if (error == 0 && pairs != NULL)
    error = build_map(builder, pairs, reading);
  return error;
}

static int build_reading(struct builder *builder, const struct answer_plan *plan,
                         const struct yaml_node *node, struct reading *reading) {
  reading->line = node->line;
  if (node->kind == YAML_MAP)
    return build_reading_options(builder, plan, node, reading);
  return build_sources(builder, plan, node, reading);
}

/* A field with words of its own is read by a map into these; a word that the map lacks is dropped. */
static int check_words(struct builder *builder, const struct reading *reading) {
  const struct field_rule *rule = answer_field_rule(reading->field);
  bool maps = reading->pair_count > 0 || rule->words == NULL;
  for (uint8_t i = 0; i < reading->pair_count; i++)
    maps &= field_rule_takes(rule, reading->pairs[i].to, strlen(reading->pairs[i].to));
  return maps ? 0 : builder_refuse(builder, reading->line, "a field of few words needs a map into these");
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

int build_readings(struct builder *builder, const struct yaml_node *map, bool carried,
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
    if (error == 0 && !carried)
      error = check_words(builder, reading);
    reading->next = plan->readings;
    plan->readings = reading;
  }
  return error;
}
