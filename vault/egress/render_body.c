#include "render_body.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
  FORM_NAME_CAPACITY = 512,
  MEMBER_NAME_CAPACITY = 96,
  METADATA_RENAMES = 3,
  NUMBER_DIGITS_MAX = 19 /* of an int64 */
};

static const char metadata_prefix[] = "merchant_";

struct body {
  const struct exchange *exchange;
  struct out *out;
  bool json;
  bool encode_names;
  char name[FORM_NAME_CAPACITY]; /* of a form: where the walk stands */
  size_t name_length;
};

int template_present(const struct exchange *exchange, const struct text_template *text) {
  for (uint8_t i = 0; i < text->count; i++) {
    struct value value = {0};
    int result =
        text->pieces[i].ref.place == PLACE_LITERAL ? 0 : place_value(exchange, text->pieces[i].ref, &value);
    if (result != 0)
      return result;
  }
  return 0;
}

/* At most limit bytes, cut between characters of UTF-8. */
static size_t cut(const char *text, size_t length, size_t limit) {
  if (limit == 0 || length <= limit)
    return length;
  while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
    limit--;
  return limit;
}

static void write_form_name(struct body *body) {
  if (body->out->length > 0 && body->out->bytes[body->out->length - 1] != '?')
    out_text(body->out, "&");
  if (body->encode_names)
    out_percent(body->out, body->name, body->name_length);
  else
    out_bytes(body->out, body->name, body->name_length);
  out_text(body->out, "=");
}

/* A whole value: a JSON text or literal, or a form pair. */
static void write_value(struct body *body, const char *text, size_t length, bool quoted) {
  if (!body->json) {
    write_form_name(body);
    out_percent(body->out, text, length);
  } else if (quoted) {
    out_json(body->out, text, length);
  } else {
    out_bytes(body->out, text, length);
  }
}

/* A text of several pieces goes out through a buffer of its own: no card stands there (lint). */
static int write_joined(struct body *body, const struct node *node) {
  char text[4096];
  size_t length = 0;
  for (uint8_t i = 0; i < node->text.count; i++) {
    const struct piece *piece = &node->text.pieces[i];
    struct value value = {.text = piece->literal,
                          .length = piece->literal == NULL ? 0 : strlen(piece->literal)};
    int result = piece->literal != NULL ? 0 : place_value(body->exchange, piece->ref, &value);
    if (result != 0)
      return result;
    if (value.length > sizeof text - length)
      return -ENOBUFS;
    memcpy(text + length, value.text, value.length);
    length += value.length;
  }
  write_value(body, text, length, node->kind != NODE_LITERAL);
  return 0;
}

/* Digits without the zeros that JSON does not have in front. */
static int write_number(struct body *body, const struct value *value) {
  const char *text = value->text;
  size_t length = value->length;
  bool negative = length > 0 && text[0] == '-';
  text += negative;
  length -= negative;
  size_t digits = strspn(text, "0123456789");
  if (length == 0 || digits < length || length > NUMBER_DIGITS_MAX)
    return -EINVAL;
  while (length > 1 && *text == '0') {
    text++;
    length--;
  }
  char number[NUMBER_DIGITS_MAX + 2];
  int written = snprintf(number, sizeof number, "%s%.*s", negative ? "-" : "", (int)length, text);
  write_value(body, number, (size_t)written, false);
  return 0;
}

static int write_boolean(struct body *body, const struct value *value) {
  bool yes = value->length == 4 && memcmp(value->text, "true", 4) == 0;
  bool no = value->length == 5 && memcmp(value->text, "false", 5) == 0;
  if (!yes && !no)
    return -EINVAL;
  write_value(body, value->text, value->length, false);
  return 0;
}

static int write_leaf(struct body *body, const struct node *node) {
  if (node->text.count != 1 || node->text.pieces[0].literal != NULL)
    return write_joined(body, node);
  struct value value = {0};
  int result = place_value(body->exchange, node->text.pieces[0].ref, &value);
  if (result != 0)
    return result;
  if (node->kind == NODE_NUMBER)
    return write_number(body, &value);
  if (node->kind == NODE_BOOLEAN)
    return write_boolean(body, &value);
  write_value(body, value.text, cut(value.text, value.length, node->limit), true);
  return 0;
}

static int write_node(struct body *body, const struct node *node);

/* Takes back what was written since a mark. */
static void take_back(struct body *body, size_t mark) {
  body->out->length = mark;
}

/* Opens a member or an element: for JSON its comma and name, for a form the longer name. Returns the old
 * length of the name, to be given to close_member(). */
static size_t open_member(struct body *body, const char *name, size_t number, bool first) {
  size_t old = body->name_length;
  if (body->json) {
    if (!first)
      out_text(body->out, ",");
    if (name != NULL) {
      out_json(body->out, name, strlen(name));
      out_text(body->out, ":");
    }
    return old;
  }
  char index[24];
  snprintf(index, sizeof index, "%zu", number);
  int length = snprintf(body->name + old, sizeof body->name - old, old == 0 ? "%s" : "[%s]",
                        name != NULL ? name : index);
  if (length < 0 || (size_t)length >= sizeof body->name - old)
    body->out->full = true;
  else
    body->name_length = old + (size_t)length;
  return old;
}

static void close_member(struct body *body, size_t old) {
  body->name[old] = '\0';
  body->name_length = old;
}

static int write_member(struct body *body, const struct node *node, const char *name, size_t *number) {
  size_t mark = body->out->length;
  size_t old = open_member(body, name, *number, *number == 0);
  int result = write_node(body, node);
  close_member(body, old);
  if (result == PLACE_HAS_NONE)
    take_back(body, mark);
  else
    ++*number;
  return result == PLACE_HAS_NONE ? 0 : result;
}

static bool has_sibling(const struct node *object, const char *name) {
  for (const struct node *child = object->child; child != NULL; child = child->next)
    if (child->name != NULL && strcmp(child->name, name) == 0)
      return true;
  return false;
}

static bool has_entry(const struct exchange *exchange, const char *name, size_t length) {
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_ATTRIBUTE_FIRST; i++) {
    const char *entry = request_fields_get(&exchange->send->fields, (enum request_field)i);
    if (entry != NULL && strncmp(entry, name, length) == 0 && entry[length] == '=')
      return true;
  }
  return false;
}

/* The merchant's entry never takes the place of one that the sheet writes: it is renamed. */
static bool metadata_name(const struct body *body, const struct node *object, const char *entry,
                          size_t length, char ret_name[MEMBER_NAME_CAPACITY]) {
  int written = snprintf(ret_name, MEMBER_NAME_CAPACITY, "%.*s", (int)length, entry);
  if (written < 0 || written >= MEMBER_NAME_CAPACITY)
    return false;
  for (unsigned i = 0; i < METADATA_RENAMES; i++) {
    bool renamed = i > 0;
    if (!has_sibling(object, ret_name) && !(renamed && has_entry(body->exchange, ret_name, strlen(ret_name))))
      return true;
    char longer[MEMBER_NAME_CAPACITY];
    written = snprintf(longer, sizeof longer, "%s%s", metadata_prefix, ret_name);
    if (written < 0 || (size_t)written >= sizeof longer)
      return false;
    memcpy(ret_name, longer, (size_t)written + 1);
  }
  return false;
}

static void write_metadata(struct body *body, const struct node *object, const struct node *node,
                           size_t *number) {
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_ATTRIBUTE_FIRST; i++) {
    const char *entry = request_fields_get(&body->exchange->send->fields, (enum request_field)i);
    const char *equals = entry == NULL ? NULL : strchr(entry, '=');
    char name[MEMBER_NAME_CAPACITY];
    if (equals == NULL || equals[1] == '\0' ||
        !metadata_name(body, object, entry, (size_t)(equals - entry), name))
      continue;
    size_t old = open_member(body, name, *number, *number == 0);
    write_value(body, equals + 1, cut(equals + 1, strlen(equals + 1), node->limit), true);
    close_member(body, old);
    ++*number;
  }
}

static int write_members(struct body *body, const struct node *object, size_t *ret_number) {
  size_t number = 0;
  for (const struct node *child = object->child; child != NULL; child = child->next) {
    if (child->kind == NODE_METADATA) {
      write_metadata(body, object, child, &number);
      continue;
    }
    int result = write_member(body, child, object->kind == NODE_OBJECT ? child->name : NULL, &number);
    if (result != 0)
      return result;
  }
  *ret_number = number;
  return 0;
}

static int write_group(struct body *body, const struct node *node) {
  bool object = node->kind == NODE_OBJECT;
  size_t number = 0;
  if (body->json)
    out_text(body->out, object ? "{" : "[");
  int result = write_members(body, node, &number);
  if (body->json)
    out_text(body->out, object ? "}" : "]");
  return result == 0 && number == 0 ? PLACE_HAS_NONE : result;
}

static bool is_named(const struct node *node, const char *text, size_t length) {
  return strlen(node->name) == length && memcmp(node->name, text, length) == 0;
}

static const struct node *child_named(const struct node *node, const char *text, size_t length) {
  const struct node *child = node->child;
  while (child != NULL && !is_named(child, text, length))
    child = child->next;
  return child;
}

static int write_map(struct body *body, const struct node *node) {
  struct value value = {0};
  int result = place_value(body->exchange, node->subject, &value);
  if (result < 0)
    return result;
  const struct node *chosen = NULL;
  if (result == PLACE_HAS_NONE) {
    chosen = child_named(node, "$absent", strlen("$absent"));
  } else {
    chosen = value.text[0] == '$' ? NULL : child_named(node, value.text, value.length);
    if (chosen == NULL)
      chosen = child_named(node, "$otherwise", strlen("$otherwise"));
  }
  return chosen == NULL ? PLACE_HAS_NONE : write_node(body, chosen);
}

static int write_first(struct body *body, const struct node *node) {
  size_t mark = body->out->length;
  for (const struct node *child = node->child; child != NULL; child = child->next) {
    int result = write_node(body, child);
    if (result != PLACE_HAS_NONE)
      return result;
    take_back(body, mark);
  }
  return PLACE_HAS_NONE;
}

/* Recurses as deep as the sheet's own tree (YAML_DEPTH_MAX). */
static int write_node(struct body *body, const struct node *node) {
  if (!conditions_hold(body->exchange, node->when))
    return PLACE_HAS_NONE;
  switch (node->kind) {
  case NODE_OBJECT:
  case NODE_LIST:
    return write_group(body, node);
  case NODE_MAP:
    return write_map(body, node);
  case NODE_FIRST:
    return write_first(body, node);
  case NODE_METADATA:
    return PLACE_HAS_NONE;
  default:
    return write_leaf(body, node);
  }
}

static int finish(struct body *body, int result) {
  if (result < 0)
    return result;
  return body->out->full ? -ENOBUFS : 0;
}

int render_json(const struct exchange *exchange, const struct node *object, struct out *out) {
  struct body body = {.exchange = exchange, .out = out, .json = true};
  int result = write_node(&body, object);
  if (result == PLACE_HAS_NONE) {
    out->length = 0;
    out_text(out, "{}");
  }
  return finish(&body, result);
}

int render_form(const struct exchange *exchange, const struct node *object, bool encode_names,
                struct out *out) {
  struct body body = {.exchange = exchange, .out = out, .encode_names = encode_names};
  return finish(&body, write_node(&body, object));
}
