/* Placeholders, texts that hold them, and conditions on them. */
#include "sheet_builder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  enum place place;
} places[] = {
    {"key", PLACE_KEY},
    {"step_key", PLACE_STEP_KEY},
    {"amount", PLACE_AMOUNT},
    {"currency", PLACE_CURRENCY},
    {"currency_lower", PLACE_CURRENCY_LOWER},
    {"window_from", PLACE_WINDOW_FROM},
    {"window_to", PLACE_WINDOW_TO},
    {"cursor", PLACE_CURSOR},
    {"customer_first_name", PLACE_FIRST_NAME},
    {"customer_last_name", PLACE_LAST_NAME},
    {"operation", PLACE_OPERATION},
    {"card.number", PLACE_CARD_NUMBER},
    {"card.exp_month", PLACE_CARD_EXP_MONTH},
    {"card.exp_month_padded", PLACE_CARD_EXP_MONTH_PADDED},
    {"card.exp_year", PLACE_CARD_EXP_YEAR},
    {"card.exp_year_short", PLACE_CARD_EXP_YEAR_SHORT},
    {"card.name", PLACE_CARD_NAME},
    {"card.code", PLACE_CARD_CODE},
};

bool place_is_card(enum place place) {
  return place >= PLACE_CARD_NUMBER;
}

/* Of PREFIX.NAME: NAME when text begins with the prefix, else NULL. */
static const char *after_prefix(const char *text, const char *prefix) {
  size_t length = strlen(prefix);
  return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static int credential_index(const struct sheet *sheet, const char *name) {
  for (size_t i = 0; i < sheet->credential_count; i++)
    if (strcmp(sheet->credentials[i].name, name) == 0)
      return (int)i;
  return -1;
}

static int carried_index(const struct sheet *sheet, const char *name) {
  for (size_t i = 0; i < sheet->carried_count; i++)
    if (strcmp(sheet->carried[i], name) == 0)
      return (int)i;
  return -1;
}

static bool find_place(const struct sheet *sheet, const char *name, struct place_ref *ret_ref) {
  const char *rest = after_prefix(name, "credential.");
  int index = rest != NULL ? credential_index(sheet, rest) : -1;
  if (index >= 0) {
    *ret_ref = (struct place_ref){PLACE_CREDENTIAL, (uint16_t)index};
    return true;
  }
  rest = after_prefix(name, "carried.");
  index = rest != NULL ? carried_index(sheet, rest) : -1;
  if (index >= 0) {
    *ret_ref = (struct place_ref){PLACE_CARRIED, (uint16_t)index};
    return true;
  }
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
    if (strcmp(places[i].name, name) == 0) {
      *ret_ref = (struct place_ref){places[i].place, 0};
      return true;
    }
  enum request_field field = request_field_named(name);
  if (field == 0 || (field >= REQUEST_METADATA_FIRST && field < REQUEST_FINAL))
    return false;
  *ret_ref = (struct place_ref){PLACE_FIELD, (uint16_t)field};
  return true;
}

int build_place(struct builder *builder, unsigned line, const char *name, size_t length,
                struct place_ref *ret_ref) {
  char text[64];
  if (length == 0 || length >= sizeof text)
    return builder_refuse(builder, line, "no such placeholder");
  memcpy(text, name, length);
  text[length] = '\0';
  if (!find_place(builder->sheet, text, ret_ref))
    return builder_refuse(builder, line, "no such placeholder");
  return 0;
}

/* The piece at *text, which moves on: up to the next "{", or from "{" to "}". */
static int take_piece(struct builder *builder, unsigned line, const char **text, struct piece *ret_piece) {
  const char *start = *text;
  if (*start != '{') {
    size_t length = strcspn(start, "{}");
    if (length == 0)
      return builder_refuse(builder, line, "a } without its {");
    *ret_piece = (struct piece){.ref = {PLACE_LITERAL, 0},
                                .literal = sheet_memory_copy(&builder->sheet->memory, start, length)};
    *text += length;
    return ret_piece->literal == NULL ? -ENOMEM : 0;
  }
  const char *end = strchr(start, '}');
  if (end == NULL)
    return builder_refuse(builder, line, "a { without its }");
  *text = end + 1;
  return build_place(builder, line, start + 1, (size_t)(end - start - 1), &ret_piece->ref);
}

int build_template(struct builder *builder, const struct yaml_node *node,
                   struct text_template *ret_template) {
  const char *text = NULL;
  int error = builder_text(builder, node, &text);
  struct piece pieces[SHEET_PIECES_MAX] = {0};
  uint8_t count = 0;
  while (error == 0 && *text != '\0') {
    if (count == SHEET_PIECES_MAX)
      return builder_refuse(builder, node->line, "too many placeholders in one text");
    error = take_piece(builder, node->line, &text, &pieces[count++]);
    if (error == 0 && pieces[count - 1].ref.place == PLACE_OPERATION)
      error = builder_refuse(builder, node->line, "the operation's name stands in conditions only");
  }
  if (error != 0)
    return error;
  ret_template->pieces = builder_take(builder, count * sizeof *pieces);
  if (ret_template->pieces == NULL)
    return -ENOMEM;
  memcpy(ret_template->pieces, pieces, count * sizeof *pieces);
  ret_template->count = count;
  return 0;
}

static bool is_unquoted(const struct yaml_node *node, const char *text) {
  return node->kind == YAML_TEXT && node->plain && strcmp(node->text, text) == 0;
}

static int build_condition(struct builder *builder, const struct yaml_node *node,
                           struct condition *condition) {
  int error = build_place(builder, node->line, node->key, strlen(node->key), &condition->subject);
  if (error != 0)
    return error;
  if (is_unquoted(node, "present")) {
    condition->test = TEST_PRESENT;
    return 0;
  }
  if (is_unquoted(node, "absent")) {
    condition->test = TEST_ABSENT;
    return 0;
  }
  condition->test = TEST_ONE_OF;
  /* A number, a code or a name of a card may be asked for only whether it is there: a comparison would tell
   * it. */
  if (place_is_card(condition->subject.place) || condition->subject.place == PLACE_CREDENTIAL)
    return builder_refuse(builder, node->line, "of a card or a credential a condition may ask presence only");
  return builder_texts(builder, node, SHEET_VALUES_MAX, &condition->count, &condition->values);
}

int build_conditions(struct builder *builder, const struct yaml_node *node,
                     const struct condition **ret_first) {
  int error = builder_map(builder, node);
  const struct condition *first = NULL;
  const struct condition **tail = &first;
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    struct condition *condition = builder_take(builder, sizeof *condition);
    if (condition == NULL)
      return -ENOMEM;
    error = build_condition(builder, child, condition);
    *tail = condition;
    tail = &condition->next;
  }
  if (error != 0)
    return error;
  *ret_first = first;
  return 0;
}
