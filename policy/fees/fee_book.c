#include "fee_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fee_reader.h"
#include "sheet_memory.h"

enum { NAME_CAPACITY = 33, VALUE_PLACES = 6 };

struct fee_book {
  struct choice_exchange exchange;
  unsigned count;
  struct {
    char connector[NAME_CAPACITY];
    struct choice_fees fees;
  } tables[FEE_BOOK_TABLES_MAX];
};

static bool is_name(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return length >= 1 && length < NAME_CAPACITY && text[length] == '\0';
}

static int read_tables(struct fee_reader *reader, const struct yaml_node *map, struct fee_book *book) {
  if (map->kind != YAML_MAP)
    return fee_expected(reader, map->line, "a map of connectors");
  for (const struct yaml_node *node = map->child; node != NULL; node = node->next) {
    if (!is_name(node->key))
      return fee_expected(reader, node->key_line, "a connector's name");
    if (book->count == FEE_BOOK_TABLES_MAX)
      return fee_refuse(reader, node->key_line, "more than 64 connectors");
    int result = fee_table_read(reader, node, &book->tables[book->count].fees);
    if (result != 0)
      return result;
    strcpy(book->tables[book->count++].connector, node->key);
  }
  return 0;
}

/* The line of the value with that number, from 1; of the map for 0. */
static unsigned line_of(const struct yaml_node *map, unsigned number) {
  const struct yaml_node *node = map->child;
  while (number > 1) {
    node = node->next;
    number--;
  }
  return number == 1 ? node->line : map->line;
}

static int read_exchange(struct fee_reader *reader, const struct yaml_node *map, struct fee_book *book) {
  struct choice_exchange *exchange = &book->exchange;
  struct choice_fees_error wrong;
  if (map->kind != YAML_MAP)
    return fee_expected(reader, map->line, "a map of currencies");
  for (const struct yaml_node *node = map->child; node != NULL; node = node->next) {
    if (exchange->count == CHOICE_EXCHANGE_MAX)
      return fee_refuse(reader, node->line, "more than 64 currencies");
    struct choice_value *value = &exchange->values[exchange->count++];
    if (strlen(node->key) >= sizeof value->currency)
      return fee_expected(reader, node->line, "a currency of ISO 4217, as EUR,");
    strcpy(value->currency, node->key);
    if (node->kind != YAML_TEXT ||
        fee_decimal(node->text, VALUE_PLACES, CHOICE_VALUE_MAX, &value->value) != 0)
      return fee_expected(reader, node->line, "a value with at most six decimals, as 0.92,");
  }
  if (choice_exchange_check(exchange, &wrong) != 0)
    return fee_expected(reader, line_of(map, wrong.line), wrong.expected);
  return 0;
}

static int read_book(struct fee_reader *reader, const struct yaml_node *root, struct fee_book *book) {
  static const char *const keys[] = {"exchange", "regions", "connectors", NULL};
  int result = fee_map(reader, root, keys);
  if (result != 0)
    return result;
  const struct yaml_node *exchange = yaml_member(root, "exchange");
  const struct yaml_node *connectors = yaml_member(root, "connectors");
  reader->regions = yaml_member(root, "regions");
  if (reader->regions != NULL && reader->regions->kind != YAML_MAP)
    return fee_expected(reader, reader->regions->line, "a map of regions");
  if (connectors == NULL)
    return fee_refuse(reader, root->line, "a file without `connectors`");
  if (exchange != NULL)
    result = read_exchange(reader, exchange, book);
  return result == 0 ? read_tables(reader, connectors, book) : result;
}

/* The tree lives in memory, and the book does not. */
static int read_bytes_as_tree(struct fee_reader *reader, const void *bytes, size_t length,
                              struct fee_book *book) {
  struct sheet_memory memory = {0};
  struct sheet_error wrong;
  struct yaml_node *root = NULL;
  int result = yaml_tree_read(bytes, length, &memory, &root, &wrong);
  if (result == -EINVAL)
    result = fee_refuse(reader, wrong.line, wrong.reason);
  else if (result == 0)
    result = read_book(reader, root, book);
  sheet_memory_free(&memory);
  return result;
}

int fee_book_read(const void *bytes, size_t length, struct fee_book **ret_book,
                  struct fee_book_error *ret_error) {
  struct fee_reader reader = {.error = ret_error};
  struct fee_book *book = calloc(1, sizeof *book);
  int result = book == NULL ? -ENOMEM : read_bytes_as_tree(&reader, bytes, length, book);
  if (result == 0)
    *ret_book = book;
  else
    fee_book_free(book);
  return result;
}

void fee_book_free(struct fee_book *book) {
  free(book);
}

const struct choice_fees *fee_book_find(void *book, const char *connector) {
  const struct fee_book *all = book;
  for (unsigned i = 0; all != NULL && i < all->count; i++)
    if (strcmp(all->tables[i].connector, connector) == 0)
      return &all->tables[i].fees;
  return NULL;
}

const char *fee_book_connector(void *book, unsigned number) {
  const struct fee_book *all = book;
  return all != NULL && number < all->count ? all->tables[number].connector : NULL;
}

const struct choice_exchange *fee_book_exchange(const struct fee_book *book) {
  return &book->exchange;
}
