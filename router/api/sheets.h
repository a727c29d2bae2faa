/* The sheets of a folder, as facts by name and hash. */
#pragma once

#include "sheet.h"

enum { SHEETS_MAX = 64 };

struct known_sheet {
  uint8_t hash[SHEET_HASH_BYTES];
  struct sheet_facts facts;
};

struct sheets {
  size_t count;
  struct known_sheet known[SHEETS_MAX];
};

/* Reads every file of directory whose name ends with .yaml. One that is no acceptable sheet is passed over
 * with a line in the log: its connectors are then skipped. Returns 0 or a negated errno. */
MUST_USE int sheets_load(const char *directory, struct sheets *ret_sheets);
/* The facts of the sheet with that name and hash, or NULL. context: the struct sheets. */
const struct sheet_facts *sheets_find(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]);
