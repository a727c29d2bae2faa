/* The lint of what stands where: a card only among fields declared for one, credentials in headers, nothing
 * of a person or a merchant in a path, a query or a header (B3). */
#include "sheet_lint.h"
#include <string.h>
#include <strings.h>

enum where { WHERE_HEADER, WHERE_PATH, WHERE_QUERY, WHERE_BODY };

/* Names under which PSPs keep what a merchant tells them, and show it again. */
static const char *const read_back[] = {
    "reference", "metadata", "description", "descriptor", "statement", "order",   "note",  "comment", "email",
    "url",       "customer", "shopper",     "udf",        "merchant",  "address", "phone", "browser", "mpi"};

static bool is_read_back(const char *name) {
  for (size_t i = 0; i < sizeof read_back / sizeof read_back[0]; i++)
    if (strcasestr(name, read_back[i]) != NULL)
      return true;
  return false;
}

/* Whether a placeholder may stand in a path, a query or a header. */
static bool may_stand_outside(struct place_ref ref, enum where where) {
  bool id =
      ref.place == PLACE_CARRIED || ref.place == PLACE_KEY ||
      (ref.place == PLACE_FIELD && (ref.index == REQUEST_PSP_ID || ref.index == REQUEST_PSP_CAPTURE_ID));
  if (ref.place == PLACE_LITERAL || ref.place == PLACE_CREDENTIAL)
    return true;
  if (where == WHERE_PATH)
    return id;
  bool paging = ref.place == PLACE_CURSOR || ref.place == PLACE_WINDOW_FROM || ref.place == PLACE_WINDOW_TO;
  return where == WHERE_QUERY && (id || paging);
}

static int lint_ref(const struct lint_context *context, unsigned line, struct place_ref ref,
                    enum where where) {
  struct builder *builder = context->builder;
  if (where != WHERE_BODY && place_is_card(ref.place))
    return builder_refuse(builder, line, "a card stands in a body only");
  if (where != WHERE_BODY && !may_stand_outside(ref, where))
    return builder_refuse(builder, line, "this may not stand in a path, a query or a header");
  bool secret = ref.place == PLACE_CREDENTIAL && builder->sheet->credentials[ref.index].secret;
  if (secret && where != WHERE_HEADER)
    return builder_refuse(builder, line, "a secret credential stands in a header only");
  if (where == WHERE_BODY &&
      (ref.place == PLACE_CURSOR || ref.place == PLACE_WINDOW_FROM || ref.place == PLACE_WINDOW_TO))
    return builder_refuse(builder, line, "paging and time windows stand in a query only");
  if (ref.place == PLACE_CARRIED && (context->carried & (UINT32_C(1) << ref.index)) == 0)
    return builder_refuse(builder, line, "no earlier step carries this value");
  return 0;
}

static int lint_template(const struct lint_context *context, unsigned line, const struct text_template *text,
                         enum where where) {
  int error = 0;
  for (uint8_t i = 0; error == 0 && i < text->count; i++)
    error = lint_ref(context, line, text->pieces[i].ref, where);
  return error;
}

/* A node as it lies in the tree. */
struct spot {
  enum where where;
  bool card;      /* directly inside an object declared for a card */
  bool read_back; /* some name above it is one that PSPs show again */
};

static int lint_card_value(struct lint_context *context, const struct node *node, const struct spot *spot) {
  struct builder *builder = context->builder;
  if (!operation_releases_card(context->operation) || context->question)
    return builder_refuse(builder, node->line, "this operation releases no card");
  if (node->text.count == 1 && node->text.pieces[0].ref.place == PLACE_CARD_NAME)
    return 0; /* a name is no card */
  if (!spot->card || node->text.count != 1)
    return builder_refuse(builder, node->line,
                          "a card's value stands alone, in an object declared with $card");
  if (spot->read_back)
    return builder_refuse(builder, node->line, "a card may not stand where a merchant's text is read back");
  if (node->text.pieces[0].ref.place == PLACE_CARD_NUMBER)
    context->has_number = true;
  return 0;
}

static int lint_value(struct lint_context *context, const struct node *node, const struct spot *spot) {
  int error = lint_template(context, node->line, &node->text, spot->where);
  bool card = false, told = false;
  for (uint8_t i = 0; i < node->text.count; i++) {
    enum place place = node->text.pieces[i].ref.place;
    card |= place_is_card(place);
    told |= place == PLACE_FIELD || place == PLACE_CREDENTIAL || place == PLACE_FIRST_NAME ||
            place == PLACE_LAST_NAME;
  }
  if (error == 0 && card)
    error = lint_card_value(context, node, spot);
  if (error == 0 && told && spot->card)
    error = builder_refuse(context->builder, node->line, "only the card's own values beside a card");
  return error;
}

static bool is_form_name(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
  return length > 0 && name[length] == '\0';
}

/* Recurses as deep as the YAML tree is. */
static int lint_node(struct lint_context *context, const struct node *node, struct spot spot) {
  struct builder *builder = context->builder;
  bool member = node->name != NULL && node->name[0] != '$';
  if (member && !is_form_name(node->name))
    return builder_refuse(builder, node->line, "a field name of letters, digits, _ - and .");
  if (node->kind == NODE_METADATA && (spot.card || spot.where != WHERE_BODY))
    return builder_refuse(builder, node->line, "metadata may not stand here");
  if (member)
    spot.read_back |= is_read_back(node->name);
  switch (node->kind) {
  case NODE_TEXT:
  case NODE_NUMBER:
  case NODE_BOOLEAN:
    return lint_value(context, node, &spot);
  case NODE_OBJECT:
    spot.card = node->card;
    break;
  default:
    break;
  }
  int error = 0;
  for (const struct node *child = node->child; error == 0 && child != NULL; child = child->next)
    error = lint_node(context, child, spot);
  return error;
}

static int lint_conditions(const struct lint_context *context, unsigned line,
                           const struct condition *condition) {
  for (; condition != NULL; condition = condition->next)
    if (condition->subject.place == PLACE_CARRIED &&
        (context->carried & (UINT32_C(1) << condition->subject.index)) == 0)
      return builder_refuse(context->builder, line, "no earlier step carries this value");
  return 0;
}

static int lint_path(const struct lint_context *context, const struct step *step) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:";
  for (uint8_t i = 0; i < step->path.count; i++) {
    const char *literal = step->path.pieces[i].literal;
    if (literal != NULL && (literal[strspn(literal, allowed)] != '\0' || strstr(literal, "..") != NULL ||
                            strstr(literal, "//") != NULL))
      return builder_refuse(context->builder, step->line, "a path of letters, digits and - _ . : /");
  }
  return lint_template(context, step->line, &step->path, WHERE_PATH);
}

int lint_step_fields(struct lint_context *context, const struct step *step) {
  int error = lint_conditions(context, step->line, step->when);
  if (error == 0)
    error = lint_path(context, step);
  if (error == 0 && step->query != NULL)
    error = lint_node(context, step->query, (struct spot){.where = WHERE_QUERY});
  if (error == 0 && step->body != NULL)
    error = lint_node(context, step->body, (struct spot){.where = WHERE_BODY});
  return error;
}

/* Those that the engine itself sets, and those that would change how a request is framed or where it goes. */
static const char *const own_headers[] = {"Host",
                                          "Content-Length",
                                          "Content-Type",
                                          "Transfer-Encoding",
                                          "Connection",
                                          "Expect",
                                          "Proxy-Connection",
                                          "Proxy-Authorization",
                                          "Cookie",
                                          "Upgrade",
                                          "TE",
                                          "Trailer",
                                          "Keep-Alive",
                                          "Accept-Encoding"};

static bool is_own_header(const char *name) {
  for (size_t i = 0; i < sizeof own_headers / sizeof own_headers[0]; i++)
    if (strcasecmp(own_headers[i], name) == 0)
      return true;
  return false;
}

static bool is_header_name(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
  return length > 0 && length <= 64 && name[length] == '\0' && !is_own_header(name);
}

int lint_headers(struct builder *builder) {
  const struct sheet *sheet = builder->sheet;
  const struct lint_context context = {.builder = builder};
  if (sheet->key_header != NULL && !is_header_name(sheet->key_header))
    return builder_refuse(builder, 1, "not a header that a sheet may set");
  for (size_t i = 0; i < sheet->header_count; i++) {
    const struct header_rule *header = &sheet->headers[i];
    if (!is_header_name(header->name))
      return builder_refuse(builder, 1, "not a header that a sheet may set");
    if (sheet->key_header != NULL && strcasecmp(header->name, sheet->key_header) == 0)
      return builder_refuse(builder, 1, "the same header twice");
    for (size_t j = 0; j < i; j++)
      if (strcasecmp(header->name, sheet->headers[j].name) == 0)
        return builder_refuse(builder, 1, "the same header twice");
    int error = lint_template(&context, 1, &header->value, WHERE_HEADER);
    if (error != 0)
      return error;
  }
  return 0;
}

static bool node_holds(const struct node *node, enum place place) {
  for (uint8_t i = 0; i < node->text.count; i++)
    if (node->text.pieces[i].ref.place == place)
      return true;
  for (const struct node *child = node->child; child != NULL; child = child->next)
    if (node_holds(child, place))
      return true;
  return false;
}

bool lint_body_holds(const struct step *step, enum place place) {
  return step->body != NULL && node_holds(step->body, place);
}

static bool is_field(const struct place_ref *ref, enum request_field field) {
  return ref->place == PLACE_FIELD && ref->index == field;
}

static bool node_depends(const struct node *node, enum request_field field) {
  bool depends = node->kind == NODE_MAP && is_field(&node->subject, field);
  for (unsigned i = 0; i < node->text.count; i++)
    depends |= is_field(&node->text.pieces[i].ref, field);
  for (const struct condition *when = node->when; when != NULL; when = when->next)
    depends |= is_field(&when->subject, field);
  for (const struct node *child = node->child; child != NULL; child = child->next)
    depends |= node_depends(child, field);
  return depends;
}

bool lint_body_depends(const struct step *step, enum request_field field) {
  return step->body != NULL && node_depends(step->body, field);
}

static bool names_card_field(const struct node *node, const char *name) {
  bool card = node->text.count == 1 && (node->text.pieces[0].ref.place == PLACE_CARD_NUMBER ||
                                        node->text.pieces[0].ref.place == PLACE_CARD_CODE);
  if (card && node->name != NULL && strcasecmp(node->name, name) == 0)
    return true;
  for (const struct node *child = node->child; child != NULL; child = child->next)
    if (names_card_field(child, name))
      return true;
  return false;
}

bool lint_is_card_field(const struct sheet *sheet, const struct json_path *path) {
  const char *name = path->count == 0 ? NULL : path->parts[path->count - 1].key;
  for (unsigned i = 1; name != NULL && i < OPERATION_COUNT; i++)
    for (const struct step *step = sheet->operations[i].steps; step != NULL; step = step->next)
      if (step->body != NULL && names_card_field(step->body, name))
        return true;
  return false;
}
