/* Where things lie: the programs beside this one, and what is built with them. */
#pragma once

#include "result.h"
#include <stddef.h>

/* A path from a printf format. Returns 0, or -ENAMETOOLONG. */
MUST_USE int file_path(char *ret_path, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The directory that this program runs from. Returns 0, or a negated errno. */
MUST_USE int programs_directory(char *ret_path, size_t capacity);
/* The directory of the connector sheets that came with this program. */
MUST_USE int builtin_sheets(char *ret_path, size_t capacity);
/* The BIN table that came with it. */
MUST_USE int builtin_bins(char *ret_path, size_t capacity);
/* Reads a whole file of at most limit bytes into memory that the caller frees. Returns 0, or a negated errno
 * (-EFBIG: larger than limit). */
MUST_USE int read_file(const char *path, size_t limit, char **ret_bytes, size_t *ret_length);
