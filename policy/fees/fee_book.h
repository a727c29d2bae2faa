/* What the connectors charge, as an operator writes it down: bytes of YAML become the fee tables of
 * policy/choice. README.md has the format. No I/O. */
#pragma once

#include "choice_fees.h"
#include "result.h"
#include <stddef.h>

enum { FEE_BOOK_BYTES_MAX = 131072, FEE_BOOK_TABLES_MAX = 64, FEE_BOOK_REASON_CAPACITY = 120 };

struct fee_book; /* opaque */

/* What is wrong with one: a line of it (1 for the first), and a text that has nothing of it. */
struct fee_book_error {
  unsigned line;
  char reason[FEE_BOOK_REASON_CAPACITY];
};

/* Reads and checks length bytes. Returns 0 with a book that fee_book_free() ends; -EINVAL with *ret_error; or
 * -ENOMEM. */
MUST_USE int fee_book_read(const void *bytes, size_t length, struct fee_book **ret_book,
                           struct fee_book_error *ret_error);
/* NULL is allowed. */
void fee_book_free(struct fee_book *book);
/* The table of that connector, or NULL when there is none. Borrowed. book: a struct fee_book, or NULL. */
const struct choice_fees *fee_book_find(void *book, const char *connector);
/* The connectors that have one, by number from 0; NULL after the last. Borrowed. book: as above. */
const char *fee_book_connector(void *book, unsigned number);
/* "blended", "interchange_plus"; "" out of range. Static. */
const char *fee_pricing_name(enum choice_pricing pricing);
/* "blended", "interchange", "scheme", "markup", "cross_border", "conversion", "try"; "" out of range. Static.
 */
const char *fee_kind_name(enum choice_fee_kind kind);
/* What currencies are worth: empty when the book does not say. Borrowed. */
const struct choice_exchange *fee_book_exchange(const struct fee_book *book);
