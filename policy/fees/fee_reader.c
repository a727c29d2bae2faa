#include "fee_reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int fee_refuse(struct fee_reader *reader, unsigned line, const char *reason) {
  reader->error->line = line;
  snprintf(reader->error->reason, sizeof reader->error->reason, "%s", reason);
  return -EINVAL;
}

int fee_expected(struct fee_reader *reader, unsigned line, const char *expected) {
  reader->error->line = line;
  snprintf(reader->error->reason, sizeof reader->error->reason, "%s is wanted here", expected);
  return -EINVAL;
}

static bool is_listed(const char *key, const char *const *keys) {
  while (*keys != NULL && strcmp(*keys, key) != 0)
    keys++;
  return *keys != NULL;
}

int fee_map(struct fee_reader *reader, const struct yaml_node *node, const char *const *keys) {
  if (node->kind != YAML_MAP)
    return fee_expected(reader, node->line, "a map");
  for (const struct yaml_node *child = node->child; child != NULL; child = child->next)
    if (!is_listed(child->key, keys))
      return fee_refuse(reader, child->key_line, "a key that the format does not have here");
  return 0;
}

int fee_list(struct fee_reader *reader, const struct yaml_node *node, const char *expected) {
  return node->kind == YAML_LIST && node->child != NULL ? 0 : fee_expected(reader, node->line, expected);
}

int fee_text(struct fee_reader *reader, const struct yaml_node *map, const char *key, const char **ret_text) {
  const struct yaml_node *node = yaml_member(map, key);
  if (node != NULL && node->kind == YAML_TEXT && node->text[0] != '\0') {
    *ret_text = node->text;
    return 0;
  }
  char expected[FEE_BOOK_REASON_CAPACITY];
  snprintf(expected, sizeof expected, "%s, as one text,", key);
  return fee_expected(reader, node != NULL ? node->line : map->line, expected);
}

unsigned fee_word(const char *text, const char *const *names) {
  for (unsigned i = 1; names[i] != NULL; i++)
    if (strcmp(names[i], text) == 0)
      return i;
  return 0;
}

int fee_code(struct fee_reader *reader, const struct yaml_node *node, size_t length, const char *expected,
             char *ret_code) {
  if (node->kind != YAML_TEXT || strlen(node->text) != length)
    return fee_expected(reader, node->line, expected);
  memcpy(ret_code, node->text, length + 1);
  return 0;
}

/* Appends a digit. Returns whether the value stays at or below most. */
static bool append(int64_t *value, char digit, int64_t most) {
  return !__builtin_mul_overflow(*value, 10, value) && !__builtin_add_overflow(*value, digit - '0', value) &&
         *value <= most;
}

static bool is_decimal(const char *text, size_t whole, size_t fraction) {
  bool has_point = text[whole] == '.';
  return whole > 0 && (whole == 1 || text[0] != '0') && (!has_point || fraction > 0) &&
         text[whole + has_point + fraction] == '\0';
}

int fee_decimal(const char *text, unsigned places, int64_t most, int64_t *ret_value) {
  static const char digits[] = "0123456789";
  size_t whole = strspn(text, digits);
  size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
  int64_t value = 0;
  if (!is_decimal(text, whole, fraction) || fraction > places)
    return -EINVAL;
  for (size_t i = 0; i < whole; i++)
    if (!append(&value, text[i], most))
      return -EINVAL;
  for (size_t i = 0; i < places; i++)
    if (!append(&value, i < fraction ? text[whole + 1 + i] : '0', most))
      return -EINVAL;
  *ret_value = value;
  return 0;
}
