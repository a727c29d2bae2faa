/* Records of a table of BINs keep their limits, and reading ends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bins_csv.h"
#include "fields.h"

static void check_row(const struct bin_row *row) {
  assert(row->digits >= 6 && row->digits <= BIN_DIGITS_MAX && row->first <= row->last);
  assert(row->facts.network < NETWORK_COUNT && row->facts.funding <= FUNDING_PREPAID);
  assert(memchr(row->facts.issuer, '\0', sizeof row->facts.issuer) != NULL);
  assert(alphabet_holds(ALPHABET_TEXT, row->facts.issuer) &&
         alphabet_holds(ALPHABET_TEXT, row->facts.category));
  assert(row->facts.country[0] == '\0' || strlen(row->facts.country) == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  static struct bin_csv csv;
  FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
  assert(file != NULL);
  int r = bin_csv_open(&csv, file);
  while (r == 0) {
    struct bin_row row;
    uint64_t before = csv.line;
    r = bin_csv_next(&csv, &row);
    assert(r == BIN_CSV_END || csv.line > before);
    if (r == 0)
      check_row(&row);
  }
  fclose(file);
  return 0;
}
