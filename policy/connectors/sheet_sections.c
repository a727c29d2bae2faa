/* The sections of a sheet: who the PSP is, and how it is spoken to. */
#include "sheet_builder.h"
#include <string.h>

static bool is_lower_name(const char *text, size_t capacity) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return length > 0 && length < capacity && text[length] == '\0';
}

static int read_format(struct builder *builder, const struct yaml_node *node) {
  long version = 0;
  return builder_number(builder, node, 1, 1, &version);
}

static int read_name(struct builder *builder, const struct yaml_node *node) {
  const char *name = NULL;
  int error = builder_text(builder, node, &name);
  if (error == 0 && !is_lower_name(name, SHEET_NAME_CAPACITY))
    error = builder_refuse(builder, node->line, "a name is 1 to 32 of a-z, 0-9 and _");
  if (error == 0)
    memcpy(builder->sheet->facts.name, name, strlen(name) + 1);
  return error;
}

/* A DNS name of at least two labels: no address, no port, no user. No top-level domain begins with a digit,
 * but addresses end in a number, also where a resolver takes 0x7f.0.0.0x1 or 0177.1 for one. */
static bool is_host(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
  if (text[length] != '\0' || length < 4 || length > 200 || strchr(text, '.') == NULL ||
      strstr(text, "..") != NULL)
    return false;
  char top_level = strrchr(text, '.')[1];
  return top_level >= 'a' && top_level <= 'z' && text[0] != '.' && text[0] != '-';
}

static int read_host(struct builder *builder, const struct yaml_node *node) {
  int error = builder_text(builder, node, &builder->sheet->host);
  if (error == 0 && !is_host(builder->sheet->host))
    error = builder_refuse(builder, node->line, "a host is a DNS name in lower case, without scheme or port");
  return error;
}

static int read_base_path(struct builder *builder, const struct yaml_node *node) {
  const char *path = NULL;
  int error = builder_text(builder, node, &path);
  if (error != 0)
    return error;
  size_t length = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./");
  if (path[0] != '/' || path[length] != '\0' || length > 64 || path[length - 1] == '/' ||
      strstr(path, "..") != NULL)
    return builder_refuse(builder, node->line, "a base path is like /v71");
  builder->sheet->base_path = path;
  return 0;
}

static int read_tls(struct builder *builder, const struct yaml_node *node) {
  const char *version = NULL;
  int error = builder_text(builder, node, &version);
  if (error == 0 && strcmp(version, "1.2") != 0 && strcmp(version, "1.3") != 0)
    error = builder_refuse(builder, node->line, "tls_minimum: \"1.2\" or \"1.3\"");
  if (error == 0)
    builder->sheet->tls13 = strcmp(version, "1.3") == 0;
  return error;
}

static bool alphabet_named(const char *name, enum alphabet *ret_alphabet) {
  static const char *const names[] = {[ALPHABET_PRINT] = "print",
                                      [ALPHABET_TOKEN] = "token",
                                      [ALPHABET_REF] = "ref",
                                      [ALPHABET_DIGITS] = "digits"};
  for (unsigned i = ALPHABET_PRINT; i <= ALPHABET_DIGITS; i++)
    if (strcmp(names[i], name) == 0) {
      *ret_alphabet = (enum alphabet)i;
      return true;
    }
  return false;
}

/* {secret, required, alphabet, limit} */
static int read_credential(struct builder *builder, const struct yaml_node *map,
                           struct credential_rule *rule) {
  static const char *const keys[] = {"secret", "required", "alphabet", "limit", NULL};
  *rule = (struct credential_rule){.name = map->key,
                                   .secret = true,
                                   .required = true,
                                   .alphabet = ALPHABET_REF,
                                   .limit = CREDENTIAL_LIMIT};
  int error = builder_keys(builder, map, keys);
  if (error == 0 && !is_lower_name(map->key, 33))
    error = builder_refuse(builder, map->line, "a name is 1 to 32 of a-z, 0-9 and _");
  const struct yaml_node *node = yaml_member(map, "secret");
  if (error == 0 && node != NULL)
    error = builder_flag(builder, node, &rule->secret);
  node = yaml_member(map, "required");
  if (error == 0 && node != NULL)
    error = builder_flag(builder, node, &rule->required);
  node = yaml_member(map, "alphabet");
  const char *alphabet = NULL;
  if (error == 0 && node != NULL)
    error = builder_text(builder, node, &alphabet);
  if (error == 0 && alphabet != NULL && !alphabet_named(alphabet, &rule->alphabet))
    error = builder_refuse(builder, node->line, "no such alphabet: print, ref, token, digits");
  node = yaml_member(map, "limit");
  long limit = CREDENTIAL_LIMIT;
  if (error == 0 && node != NULL)
    error = builder_number(builder, node, 1, CREDENTIAL_LIMIT, &limit);
  rule->limit = (uint16_t)limit;
  return error;
}

static int read_credentials(struct builder *builder, const struct yaml_node *node) {
  struct sheet *sheet = builder->sheet;
  int error = builder_map(builder, node);
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    if (sheet->credential_count == SHEET_CREDENTIALS_MAX)
      return builder_refuse(builder, child->line, "too many credentials");
    error = read_credential(builder, child, &sheet->credentials[sheet->credential_count]);
    sheet->credential_count++;
  }
  return error;
}

static int read_headers(struct builder *builder, const struct yaml_node *node) {
  struct sheet *sheet = builder->sheet;
  int error = builder_map(builder, node);
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    if (sheet->header_count == SHEET_HEADERS_MAX)
      return builder_refuse(builder, child->line, "too many headers");
    struct header_rule *header = &sheet->headers[sheet->header_count++];
    header->name = child->key;
    error = build_template(builder, child, &header->value);
  }
  return error;
}

/* {header | body, lifetime_s} */
static int read_idempotency(struct builder *builder, const struct yaml_node *node) {
  static const char *const keys[] = {"header", "body", "lifetime_s", NULL};
  int error = builder_keys(builder, node, keys);
  const struct yaml_node *header = yaml_member(node, "header"), *body = yaml_member(node, "body");
  const struct yaml_node *lifetime = yaml_member(node, "lifetime_s");
  if (error == 0 && ((header == NULL) == (body == NULL) || lifetime == NULL))
    error =
        builder_refuse(builder, node->line, "a key stands in a header or in the body, and has a lifetime_s");
  bool in_body = false;
  if (error == 0 && header != NULL)
    error = builder_text(builder, header, &builder->sheet->key_header);
  if (error == 0 && body != NULL)
    error = builder_flag(builder, body, &in_body);
  if (error == 0 && body != NULL && !in_body)
    error =
        builder_refuse(builder, body->line, "a key stands in a header or in the body, and has a lifetime_s");
  long seconds = 0;
  if (error == 0)
    error = builder_number(builder, lifetime, 1, 31536000, &seconds);
  builder->sheet->facts.key_lifetime_s = (uint32_t)seconds;
  return error;
}

/* {exponent, multiple, refused} */
static int read_currency(struct builder *builder, const struct yaml_node *map, struct currency_rule *rule) {
  static const char *const keys[] = {"exponent", "multiple", "refused", NULL};
  int error = builder_keys(builder, map, keys);
  if (error == 0 && !currency_known(map->key))
    error = builder_refuse(builder, map->line, "no ISO 4217 currency");
  if (error != 0)
    return error;
  memcpy(rule->code, map->key, CURRENCY_CAPACITY);
  long exponent = -1, multiple = 0;
  const struct yaml_node *node = yaml_member(map, "exponent");
  if (node != NULL)
    error = builder_number(builder, node, 0, 4, &exponent);
  node = yaml_member(map, "multiple");
  if (error == 0 && node != NULL)
    error = builder_number(builder, node, 2, 1000, &multiple);
  node = yaml_member(map, "refused");
  if (error == 0 && node != NULL)
    error = builder_flag(builder, node, &rule->refused);
  rule->exponent = (int8_t)exponent;
  rule->multiple = (uint16_t)multiple;
  return error;
}

static int read_currencies(struct builder *builder, const struct yaml_node *node) {
  struct sheet *sheet = builder->sheet;
  int error = builder_map(builder, node);
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    if (sheet->currency_count == SHEET_CURRENCIES_MAX)
      return builder_refuse(builder, child->line, "too many currencies");
    error = read_currency(builder, child, &sheet->currencies[sheet->currency_count]);
    sheet->currency_count++;
  }
  return error;
}

/* {several, void_rest}: what the PSP does with an authorization that was captured in part */
static int read_captures(struct builder *builder, const struct yaml_node *node) {
  static const char *const keys[] = {"several", "void_rest", NULL};
  struct sheet_facts *facts = &builder->sheet->facts;
  const struct yaml_node *several = yaml_member(node, "several"), *rest = yaml_member(node, "void_rest");
  int error = builder_keys(builder, node, keys);
  if (error == 0 && several != NULL)
    error = builder_flag(builder, several, &facts->several_captures);
  if (error == 0 && rest != NULL)
    error = builder_flag(builder, rest, &facts->voids_rest);
  if (error == 0 && facts->voids_rest && !facts->several_captures)
    error = builder_refuse(builder, node->line, "void_rest: only where several captures leave a rest");
  return error;
}

static int read_definitions(struct builder *builder, const struct yaml_node *node) {
  builder->definitions = node;
  return builder_map(builder, node);
}

static int read_words(struct builder *builder, const struct yaml_node *node) {
  builder->words = node;
  return builder_map(builder, node);
}

/* In the order in which they depend on one another, whatever their order in the file. */
static const struct {
  const char *key;
  bool required;
  int (*read)(struct builder *builder, const struct yaml_node *node);
} sections[] = {
    {"sheet", true, read_format},
    {"name", true, read_name},
    {"host", true, read_host},
    {"base_path", false, read_base_path},
    {"tls_minimum", false, read_tls},
    {"credentials", true, read_credentials},
    {"headers", true, read_headers},
    {"idempotency", true, read_idempotency},
    {"currencies", false, read_currencies},
    {"captures", false, read_captures},
    {"definitions", false, read_definitions},
    {"words", false, read_words},
    {"answers", true, build_answers},
    {"operations", true, build_operations},
    {"questions", true, build_questions},
    {"webhooks", false, build_webhooks},
};

enum { SECTION_COUNT = sizeof sections / sizeof sections[0] };

int build_sections(struct builder *builder, const struct yaml_node *root) {
  const char *keys[SECTION_COUNT + 1] = {0};
  for (size_t i = 0; i < SECTION_COUNT; i++)
    keys[i] = sections[i].key;
  int error = builder_keys(builder, root, keys);
  for (size_t i = 0; error == 0 && i < SECTION_COUNT; i++) {
    const struct yaml_node *node = yaml_member(root, sections[i].key);
    if (node != NULL)
      error = sections[i].read(builder, node);
    else if (sections[i].required)
      error = builder_refuse(builder, root->line, "a section is missing");
  }
  return error;
}
