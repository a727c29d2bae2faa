/* BIN metadata: a compact, sorted, versioned table in one file that is mapped read-only.
 *
 * Compiled from a CSV with a header line (bin,brand,type,category,country,issuer,prepaid; further columns are
 * ignored; bin is 6 to 8 digits, or a range "411111-411119"). The longest match wins. What the table does not
 * know stays unknown: empty text, NETWORK_UNKNOWN. */
#pragma once

#include "network.h"
#include "result.h"
#include <stdint.h>
#include <stdio.h>

enum { BIN_DIGITS_MAX = 8, BIN_ISSUER_CAPACITY = 64, BIN_CATEGORY_CAPACITY = 24 };

enum funding { FUNDING_UNKNOWN, FUNDING_CREDIT, FUNDING_DEBIT, FUNDING_PREPAID };

struct bin_facts {
  enum network network;
  enum funding funding;
  char country[3];                  /* ISO 3166-1 alpha-2 of the issuer, or "" */
  char category[BIN_CATEGORY_CAPACITY];                /* as the table has it, upper case, or "" */
  char issuer[BIN_ISSUER_CAPACITY]; /* or "" */
};

struct bin_table; /* mapped; immutable */

/* "credit", "debit", "prepaid", or "" for unknown. Static. */
const char *funding_name(enum funding funding);
/* The reverse; FUNDING_UNKNOWN for any other text. */
enum funding funding_from_name(const char *name);

/* Maps the compiled table at path. Every offset in it is checked here, so that look-ups need no checks.
 * Returns 0; -EBADMSG when it is not a whole table of this version; or another negated errno. The caller
 * closes it with bin_table_close(). */
MUST_USE int bin_table_open(const char *path, struct bin_table **ret_table);
void bin_table_close(struct bin_table *table);
/* Facts of a number that begins with leading (6 to 8 digits); all unknown when there are none. No system
 * call, no allocation. */
struct bin_facts bin_table_find(const struct bin_table *table, const char *leading);
/* A text of 16 hexadecimal digits that names the table's content. Lives as long as the table. */
const char *bin_table_version(const struct bin_table *table);
uint32_t bin_table_count(const struct bin_table *table);

/* Compiles csv into a table at out_path (written beside it, then renamed). Returns 0; -EBADMSG with the
 * number of the offending line in *ret_line (1 is the header); or another negated errno. */
MUST_USE int bin_table_compile(FILE *csv, const char *out_path, uint64_t *ret_line, uint32_t *ret_count);
