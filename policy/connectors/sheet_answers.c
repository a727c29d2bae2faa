/* How answers are read: what each is made of. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
