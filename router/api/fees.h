/* The file of what connectors charge, read at the start. */
#pragma once

#include "fee_book.h"

/* Reads the file at path. When it is no fee book, its line is in the log (`freeport up` has said more).
 * Returns 0 with a book that fee_book_free() ends, or a negated errno. */
MUST_USE int fees_load(const char *path, struct fee_book **ret_book);
