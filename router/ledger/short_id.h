/* Ids as the ledger stores them: one byte whether there is one, then its 16 bytes; the kind is known by the
 * place. */
#pragma once

#include "cursor.h"
#include "ids.h"

/* An id that is not of that kind makes the writer bad; empty text is none. */
void write_short_id(struct writer *writer, const char *prefix, const struct id *id);
/* The id; empty for none, and when the reader is or becomes bad. */
struct id read_short_id(struct reader *reader, const char *prefix);
