#include "bins_csv.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bins_format.h"
#include "countries.h"
#include "fields.h"

static const char *const column_names[BIN_COLUMN_COUNT] = {
    [COLUMN_BIN] = "bin",           [COLUMN_BRAND] = "brand",     [COLUMN_TYPE] = "type",
    [COLUMN_CATEGORY] = "category", [COLUMN_COUNTRY] = "country", [COLUMN_ISSUER] = "issuer",
    [COLUMN_PREPAID] = "prepaid"};

struct word {
  const char *name;
  unsigned value;
};

/* Names of networks as tables of BINs write them, beyond our own. */
static const struct word brands[] = {{"american express", NETWORK_AMEX},
                                     {"diners club", NETWORK_DINERS},
                                     {"diners club international", NETWORK_DINERS},
                                     {"dinersclub", NETWORK_DINERS},
                                     {"union pay", NETWORK_UNIONPAY},
                                     {"china unionpay", NETWORK_UNIONPAY},
                                     {"cup", NETWORK_UNIONPAY},
                                     {"master card", NETWORK_MASTERCARD},
                                     {NULL, NETWORK_UNKNOWN}};

static const struct word types[] = {{"credit", FUNDING_CREDIT},   {"charge card", FUNDING_CREDIT},
                                    {"charge", FUNDING_CREDIT},   {"debit", FUNDING_DEBIT},
                                    {"prepaid", FUNDING_PREPAID}, {NULL, FUNDING_UNKNOWN}};

static const struct word truths[] = {{"true", true}, {"yes", true}, {"1", true}, {"y", true}, {NULL, false}};

static unsigned value_of(const struct word *words, const char *text) {
  while (words->name && strcasecmp(words->name, text) != 0)
    words++;
  return words->value;
}

/* Where a record's text is written to. */
struct record {
  struct bin_csv *csv;
  size_t used;
  unsigned fields;
  bool bad;
};

static int next_byte(struct bin_csv *csv) {
  int byte = getc_unlocked(csv->file);
  if (byte == '\n')
    csv->lines_read++;
  return byte;
}

static void keep(struct record *record, int byte) {
  if (record->used == BIN_CSV_LINE_MAX)
    record->bad = true;
  else
    record->csv->text[record->used++] = (char)byte;
}

static void begin_field(struct record *record) {
  if (record->fields == BIN_CSV_COLUMNS_MAX)
    record->bad = true;
  else
    record->csv->fields[record->fields++] = record->csv->text + record->used;
}

/* After the opening quote: up to the closing one. Returns the byte that follows it. */
static int read_quoted(struct record *record) {
  for (;;) {
    int byte = next_byte(record->csv);
    if (byte == EOF) {
      record->bad = true;
      return EOF;
    }
    if (byte == '"') {
      byte = next_byte(record->csv);
      if (byte != '"')
        return byte;
    }
    keep(record, byte);
  }
}

/* One field. Returns the byte that ended it: a comma, a line's end or the file's. */
static int read_field(struct record *record) {
  begin_field(record);
  int byte = next_byte(record->csv);
  if (byte == '"') {
    byte = read_quoted(record);
    if (byte == '\r')
      byte = next_byte(record->csv);
    if (byte != ',' && byte != '\n' && byte != EOF)
      record->bad = true;
  }
  while (byte != ',' && byte != '\n' && byte != EOF) {
    if (byte == '\0' || byte == '"')
      record->bad = true;
    if (byte != '\r')
      keep(record, byte);
    byte = next_byte(record->csv);
  }
  keep(record, '\0');
  return byte;
}

/* The next record's fields to csv->fields; *ret_fields is 0 for an empty line. */
static int read_record(struct bin_csv *csv, unsigned *ret_fields) {
  struct record record = {.csv = csv};
  csv->line = csv->lines_read + 1;
  int byte = ',';
  while (byte == ',')
    byte = read_field(&record);
  if (ferror(csv->file))
    return -EIO;
  bool empty = record.fields == 1 && record.used == 1;
  if (empty && byte == EOF)
    return BIN_CSV_END;
  if (record.bad)
    return -EBADMSG;
  *ret_fields = empty ? 0 : record.fields;
  return 0;
}

int bin_csv_open(struct bin_csv *csv, FILE *file) {
  static const char byte_order_mark[] = "\xef\xbb\xbf";
  *csv = (struct bin_csv){.file = file};
  int r = read_record(csv, &csv->columns);
  if (r != 0)
    return r == BIN_CSV_END ? -EBADMSG : r;
  if (csv->columns > 0 && strncmp(csv->fields[0], byte_order_mark, 3) == 0)
    csv->fields[0] += 3;
  for (unsigned column = 0; column < BIN_COLUMN_COUNT; column++) {
    csv->place[column] = -1;
    for (unsigned i = 0; i < csv->columns; i++) {
      if (strcasecmp(csv->fields[i], column_names[column]) == 0)
        csv->place[column] = (int)i;
    }
  }
  return csv->place[COLUMN_BIN] < 0 ? -EBADMSG : 0;
}

static const char *field_of(const struct bin_csv *csv, enum bin_column column) {
  return csv->place[column] < 0 ? "" : csv->fields[csv->place[column]];
}

static size_t read_prefix(const char *text, uint32_t *ret_prefix) {
  size_t digits = strspn(text, "0123456789");
  *ret_prefix = digits <= BIN_DIGITS_MAX ? (uint32_t)strtoul(text, NULL, 10) : 0;
  return digits;
}

/* "411111" or "411111-411119". */
static int read_range(const char *text, struct bin_row *row) {
  size_t digits = read_prefix(text, &row->first);
  row->last = row->first;
  row->digits = (unsigned)digits;
  if (digits < BIN_DIGITS_MIN || digits > BIN_DIGITS_MAX)
    return -EBADMSG;
  text += digits;
  if (*text == '-') {
    if (read_prefix(text + 1, &row->last) != digits)
      return -EBADMSG;
    text += 1 + digits;
  }
  return *text == '\0' && row->first <= row->last ? 0 : -EBADMSG;
}

/* Copies what fits, whole characters only. */
static int copy_text(const char *text, char *ret, size_t capacity) {
  if (!alphabet_holds(ALPHABET_TEXT, text))
    return -EBADMSG;
  size_t length = strlen(text);
  if (length >= capacity) {
    length = capacity - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
      length--;
  }
  memcpy(ret, text, length);
  ret[length] = '\0';
  return 0;
}

static enum network network_of_brand(const char *brand) {
  for (unsigned i = NETWORK_UNKNOWN + 1; i < NETWORK_COUNT; i++) {
    if (strcasecmp(network_name((enum network)i), brand) == 0)
      return (enum network)i;
  }
  return (enum network)value_of(brands, brand);
}

static int read_facts(const struct bin_csv *csv, struct bin_facts *ret_facts) {
  struct bin_facts facts = {.network = network_of_brand(field_of(csv, COLUMN_BRAND)),
                            .funding = (enum funding)value_of(types, field_of(csv, COLUMN_TYPE))};
  if (value_of(truths, field_of(csv, COLUMN_PREPAID)))
    facts.funding = FUNDING_PREPAID;
  char country[3] = {0};
  const char *given = field_of(csv, COLUMN_COUNTRY);
  for (size_t i = 0; i < 2 && strlen(given) == 2; i++)
    country[i] = (char)toupper((unsigned char)given[i]);
  if (country_known(country))
    memcpy(facts.country, country, sizeof country);
  if (copy_text(field_of(csv, COLUMN_CATEGORY), facts.category, sizeof facts.category) < 0 ||
      copy_text(field_of(csv, COLUMN_ISSUER), facts.issuer, sizeof facts.issuer) < 0)
    return -EBADMSG;
  for (char *at = facts.category; *at; at++)
    *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
  *ret_facts = facts;
  return 0;
}

int bin_csv_next(struct bin_csv *csv, struct bin_row *ret_row) {
  unsigned fields = 0;
  while (fields == 0) {
    int r = read_record(csv, &fields);
    if (r != 0)
      return r;
  }
  struct bin_row row = {0};
  if (fields != csv->columns || read_range(field_of(csv, COLUMN_BIN), &row) < 0 ||
      read_facts(csv, &row.facts) < 0)
    return -EBADMSG;
  *ret_row = row;
  return 0;
}
