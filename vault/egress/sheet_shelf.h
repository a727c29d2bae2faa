/* The sheets that egress was started with: read once, before the jail, and never again. */
#pragma once

#include "sheet.h"

struct sheet_shelf; /* opaque */

enum { SHEETS_MAX = 64, SHEET_PATH_CAPACITY = 512 };

/* Where a sheet is wrong: for the operator who starts the process. */
struct shelf_error {
  char path[SHEET_PATH_CAPACITY];
  struct sheet_error sheet; /* line 0: the file or the directory as a whole */
};

/* Reads every *.yaml in directory. Returns 0, and the caller frees the shelf with sheet_shelf_free(); -EINVAL
 * with *ret_error when one is no acceptable sheet, two have one name, or there is none; another negated errno
 * with ret_error->path when something cannot be read. */
MUST_USE int sheet_shelf_open(const char *directory, struct sheet_shelf **ret_shelf,
                              struct shelf_error *ret_error);
void sheet_shelf_free(struct sheet_shelf *shelf);
unsigned sheet_shelf_count(const struct sheet_shelf *shelf);
/* The sheet of that name if it is the pinned version; NULL otherwise. Borrowed. */
const struct sheet *sheet_shelf_find(const struct sheet_shelf *shelf, const char *name,
                                     const uint8_t hash[SHEET_HASH_BYTES]);
