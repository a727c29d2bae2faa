/* The file of what connectors charge. */
#pragma once

#include "fee_book.h"

/* Reads the file at path. When it is no fee book, its line is in the log (`freeport up` has said more).
 * Returns 0 with a book that fee_book_free() ends, or a negated errno. */
MUST_USE int fees_load(const char *path, struct fee_book **ret_book);
/* Likewise from a descriptor, which stays the caller's. */
MUST_USE int fees_read(int fd, struct fee_book **ret_book);
