/* Reads the CSV that a table of BINs is compiled from. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "bins.h"

enum { BIN_CSV_COLUMNS_MAX = 32, BIN_CSV_LINE_MAX = 4096 };

/* The columns that are read, in any order; all but the first may be absent. */
enum bin_column {
  COLUMN_BIN,
  COLUMN_BRAND,
  COLUMN_TYPE,
  COLUMN_CATEGORY,
  COLUMN_COUNTRY,
  COLUMN_ISSUER,
  COLUMN_PREPAID,
  BIN_COLUMN_COUNT
};

struct bin_csv {
  FILE *file;
  uint64_t line; /* of the record read last, from 1 */
  uint64_t lines_read;
  unsigned columns;            /* of the header */
  int place[BIN_COLUMN_COUNT]; /* in a record; -1 for an absent column */
  char text[BIN_CSV_LINE_MAX]; /* the fields of a record, NUL-terminated, one after another */
  const char *fields[BIN_CSV_COLUMNS_MAX];
};

/* One record. */
struct bin_row {
  unsigned digits;      /* 6 to 8 */
  uint32_t first, last; /* both included */
  struct bin_facts facts;
};

/* Takes the header line. Returns 0; -EBADMSG when it has no column "bin"; or another negated errno. */
MUST_USE int bin_csv_open(struct bin_csv *csv, FILE *file);

enum { BIN_CSV_END = 1 };

/* The next record; empty lines are passed over. Returns 0; BIN_CSV_END; -EBADMSG for a malformed record,
 * whose line is csv->line; or -EIO. What a field says beyond this table's words is unknown; texts that are
 * too long are cut. */
MUST_USE int bin_csv_next(struct bin_csv *csv, struct bin_row *ret_row);
