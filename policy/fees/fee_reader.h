/* What the files that read a fee book share. Inside this room only. */
#pragma once

#include "fee_book.h"
#include "yaml_tree.h"
#include <stdint.h>

struct fee_reader {
  const struct yaml_node *regions; /* a map, or NULL */
  struct fee_book_error *error;
};

/* Each notes what is wrong and returns -EINVAL: "EXPECTED is wanted here", or the reason itself. */
MUST_USE int fee_expected(struct fee_reader *reader, unsigned line, const char *expected);
MUST_USE int fee_refuse(struct fee_reader *reader, unsigned line, const char *reason);

/* A map with no keys but those, NULL-terminated; a list; a text of a map, which must be there. */
MUST_USE int fee_map(struct fee_reader *reader, const struct yaml_node *node, const char *const *keys);
MUST_USE int fee_list(struct fee_reader *reader, const struct yaml_node *node, const char *expected);
MUST_USE int fee_text(struct fee_reader *reader, const struct yaml_node *map, const char *key,
                      const char **ret_text);
/* The number of a word, from 1; names[0] is not looked at, NULL ends them. 0: it is none of them. */
unsigned fee_word(const char *text, const char *const *names);
/* A code of fixed length, such as a currency or a country, to ret_code[length + 1]; a text of another length
 * is none. */
MUST_USE int fee_code(struct fee_reader *reader, const struct yaml_node *node, size_t length,
                      const char *expected, char *ret_code);
/* A decimal number without sign and leading zeros, such as 0.25, times ten to the places: digits beyond them
 * are refused, and more than most. Returns 0 or -EINVAL. */
MUST_USE int fee_decimal(const char *text, unsigned places, int64_t most, int64_t *ret_value);

/* fee_table.c: one connector's table, checked by choice_fees_check(). */
MUST_USE int fee_table_read(struct fee_reader *reader, const struct yaml_node *node,
                            struct choice_fees *ret_fees);
/* fee_lines.c: its list of fees; *fees has its currency. */
MUST_USE int fee_lines_read(struct fee_reader *reader, const struct yaml_node *list,
                            struct choice_fees *fees);
