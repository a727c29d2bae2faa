#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bins_format.h"

static char path[64];

static void set_up(void) {
  snprintf(path, sizeof path, "/tmp/freeport-bins-XXXXXX");
  int fd = mkstemp(path);
  cr_assert_geq(fd, 0);
  close(fd);
}

static void tear_down(void) {
  unlink(path);
}

TestSuite(bins, .init = set_up, .fini = tear_down, .timeout = 60);

static int compile(const char *csv, size_t length, uint64_t *line) {
  FILE *file = fmemopen((void *)(uintptr_t)csv, length, "r");
  uint32_t count = 0;
  int r = bin_table_compile(file, path, line, &count);
  fclose(file);
  return r;
}

static struct bin_table *table_of(const char *csv) {
  uint64_t line = 0;
  struct bin_table *table;
  cr_assert_eq(compile(csv, strlen(csv), &line), 0, "line %ju", (uintmax_t)line);
  cr_assert_eq(bin_table_open(path, &table), 0);
  return table;
}

static void expect_issuer(const struct bin_table *table, const char *leading, const char *issuer) {
  struct bin_facts facts = bin_table_find(table, leading);
  cr_expect_str_eq(facts.issuer, issuer, "%s: %s", leading, facts.issuer);
}

Test(bins, facts_are_read_by_column_names) {
  struct bin_table *table = table_of("issuer,sources,prepaid,Bin,country,category,type,brand\r\n"
                                     "\"Bank \"\"of\"\" A, B\",x,,424242,us,classic,Credit,VISA\r\n"
                                     "\r\n"
                                     "C,x,YES,378282,GB,,debit,American Express\n"
                                     "D,x,0,601111,ZZ,,debit,nobody");
  struct bin_facts facts = bin_table_find(table, "42424242");
  cr_expect_eq(facts.network, NETWORK_VISA);
  cr_expect_eq(facts.funding, FUNDING_CREDIT);
  cr_expect_str_eq(facts.country, "US");
  cr_expect_str_eq(facts.category, "CLASSIC");
  cr_expect_str_eq(facts.issuer, "Bank \"of\" A, B");
  facts = bin_table_find(table, "378282");
  cr_expect_eq(facts.network, NETWORK_AMEX);
  cr_expect_eq(facts.funding, FUNDING_PREPAID);
  cr_expect_str_eq(facts.category, "");
  facts = bin_table_find(table, "60111111");
  cr_expect_eq(facts.network, NETWORK_UNKNOWN);
  cr_expect_eq(facts.funding, FUNDING_DEBIT);
  cr_expect_str_eq(facts.country, "", "a country that is none stays unknown");
  cr_expect_eq(bin_table_count(table), 3);
  bin_table_close(table);
}

Test(bins, what_the_table_does_not_know_stays_unknown) {
  struct bin_table *table = table_of("bin,brand,country\n411111,visa,US\n");
  const char *const unknown[] = {"411110", "41111211", "000000", "99999999", "4111", "", "4111x1"};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    struct bin_facts facts = bin_table_find(table, unknown[i]);
    cr_expect_eq(facts.network, NETWORK_UNKNOWN, "%s", unknown[i]);
    cr_expect_str_eq(facts.country, "");
  }
  bin_table_close(table);
}

Test(bins, an_empty_table_knows_nothing) {
  struct bin_table *table = table_of("bin\n");
  cr_expect_eq(bin_table_count(table), 0);
  expect_issuer(table, "424242", "");
  bin_table_close(table);
}

Test(bins, the_longest_match_wins_and_then_the_narrowest) {
  struct bin_table *table = table_of("bin,issuer\n"
                                     "400000-400099,wide\n"
                                     "400010-400019,narrow\n"
                                     "400015,single\n"
                                     "4000150,seven\n"
                                     "40001507-40001508,eight\n"
                                     "400020,first\n"
                                     "400020,second\n");
  expect_issuer(table, "400000", "wide");
  expect_issuer(table, "400009", "wide");
  expect_issuer(table, "400010", "narrow");
  expect_issuer(table, "400014", "narrow");
  expect_issuer(table, "400015", "single");
  expect_issuer(table, "40001511", "single");
  expect_issuer(table, "4000150", "seven");
  expect_issuer(table, "40001506", "seven");
  expect_issuer(table, "40001507", "eight");
  expect_issuer(table, "40001508", "eight");
  expect_issuer(table, "40001509", "seven");
  expect_issuer(table, "400016", "narrow");
  expect_issuer(table, "400020", "second");
  expect_issuer(table, "400021", "wide");
  expect_issuer(table, "400099", "wide");
  expect_issuer(table, "400100", "");
  bin_table_close(table);
}

struct bad_csv {
  const char *csv;
  uint64_t line;
};

Test(bins, malformed_lines_are_named) {
  static const struct bad_csv bad[] = {
      {"", 1},
      {"number,brand\n424242,visa\n", 1},
      {"bin,brand\n42424,visa\n", 2},
      {"bin,brand\n424242,visa\n424242424,visa\n", 3},
      {"bin,brand\n42424x,visa\n", 2},
      {"bin,brand\n424242-42424,visa\n", 2},
      {"bin,brand\n424243-424242,visa\n", 2},
      {"bin,brand\n424242-,visa\n", 2},
      {"bin,brand\n424242\n", 2},
      {"bin,brand\n424242,visa,more\n", 2},
      {"bin,brand\n424242,\"visa\n", 2},
      {"bin,brand\n424242,\"visa\"x\n", 2},
      {"bin,brand\n424242,vi\"sa\n", 2},
      {"bin,issuer\n424242,\"two\nlines\"\n424243,\x01\n", 2},
      {"bin,issuer\n424242,\xff\n", 2},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t line = 0;
    const char *csv = bad[i].csv;
    cr_expect_eq(compile(csv, strlen(csv) + (*csv == '\0'), &line), -EBADMSG, "case %zu", i);
    cr_expect_eq(line, bad[i].line, "case %zu: line %ju", i, (uintmax_t)line);
  }
}

Test(bins, texts_that_are_too_long_are_cut_between_characters) {
  char csv[256] = "bin,issuer\n424242,";
  for (int i = 0; i < 62; i++)
    strcat(csv, "a");
  strcat(csv, "\xc3\xa9rest\n");
  struct bin_table *table = table_of(csv);
  struct bin_facts facts = bin_table_find(table, "424242");
  cr_expect_eq(strlen(facts.issuer), 62);
  bin_table_close(table);
}

Test(bins, the_version_names_the_content) {
  char first[17], second[17];
  struct bin_table *table = table_of("bin,issuer\n424242,A\n");
  cr_assert_eq(strlen(bin_table_version(table)), 16);
  strcpy(first, bin_table_version(table));
  bin_table_close(table);
  table = table_of("bin,issuer\n424242,B\n");
  strcpy(second, bin_table_version(table));
  bin_table_close(table);
  cr_expect_str_neq(first, second);
  table = table_of("bin,issuer\n424242,A\n");
  cr_expect_str_eq(bin_table_version(table), first);
  bin_table_close(table);
}

/* Every byte counts: a table that is damaged anywhere is refused. */
Test(bins, a_damaged_or_shortened_table_is_refused) {
  struct bin_table *table = table_of("bin,issuer\n424242,A\n411111-411119,B\n40001507,C\n");
  bin_table_close(table);
  FILE *file = fopen(path, "r");
  static uint8_t bytes[65536];
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t i = 0; i < size; i += i < 64 ? 1 : 37) {
    bytes[i] ^= 0x40;
    file = fopen(path, "w");
    fwrite(bytes, 1, size, file);
    fclose(file);
    cr_assert_eq(bin_table_open(path, &table), -EBADMSG, "byte %zu", i);
    bytes[i] ^= 0x40;
  }
  for (size_t length = 0; length < size; length += 41) {
    cr_assert_eq(truncate(path, (off_t)length), 0);
    cr_assert_eq(bin_table_open(path, &table), -EBADMSG, "length %zu", length);
  }
  cr_assert_eq(bin_table_open("/tmp/freeport-no-such-file", &table), -ENOENT);
}

/* The hash is no secret: a table made by somebody else may bear the right one. */
static int open_changed(const uint8_t *bytes, size_t size, size_t at, uint32_t value) {
  static uint8_t changed[65536];
  struct bin_table *table;
  memcpy(changed, bytes, size);
  memcpy(changed + at, &value, sizeof value);
  struct bin_header *header = (struct bin_header *)(void *)changed;
  memset(header->hash, 0, sizeof header->hash);
  crypto_generichash(header->hash, sizeof header->hash, changed, size, NULL, 0);
  FILE *file = fopen(path, "w");
  fwrite(changed, 1, size, file);
  fclose(file);
  int r = bin_table_open(path, &table);
  if (r == 0)
    bin_table_close(table);
  return r;
}

Test(bins, what_a_table_says_is_checked_although_its_hash_fits) {
  struct bin_table *table = table_of("bin,issuer\n424242,A\n411111-411119,B\n");
  bin_table_close(table);
  static uint8_t bytes[65536];
  FILE *file = fopen(path, "r");
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  const struct bin_header *header = (const struct bin_header *)(const void *)bytes;
  const uint32_t ranges = header->ranges[0], records = header->record_count;
  cr_assert_eq(ranges, 2);
  const size_t index = sizeof *header, first = index + BIN_INDEX_ENTRIES * 4, last = first + ranges * 4,
               facts = last + ranges * 4,
               record = size - header->pool_bytes - records * sizeof(struct bin_record);
  const struct {
    const char *what;
    size_t at;
    uint32_t value;
  } changes[] = {
      {"another format", offsetof(struct bin_header, format), BIN_FORMAT + 1},
      {"fewer texts than there are", offsetof(struct bin_header, pool_bytes), header->pool_bytes - 1},
      {"more ranges than there are", offsetof(struct bin_header, ranges), ranges + 1000000},
      {"an index that leads astray", index + 999 * 4, 1},
      {"a range that ends before it begins", last, 411110},
      {"ranges that overlap", last, 424242},
      {"facts that are not there", facts, records},
      {"an issuer that is not there", record + offsetof(struct bin_record, issuer), header->pool_bytes},
      {"a network that is none", record + offsetof(struct bin_record, country),
       0xff000000 | NETWORK_COUNT << 16},
  };
  cr_assert_eq(open_changed(bytes, size, facts, 0), 0, "with its hash made anew");
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
    cr_expect_eq(open_changed(bytes, size, changes[i].at, changes[i].value), -EBADMSG, "%s", changes[i].what);
}

Test(bins, a_table_that_cannot_be_written_leaves_the_old_one) {
  struct bin_table *table = table_of("bin,issuer\n424242,A\n");
  bin_table_close(table);
  char beside[80];
  snprintf(beside, sizeof beside, "%s.new", path);
  cr_assert_eq(mkdir(beside, 0700), 0);
  uint64_t line = 0;
  const char *csv = "bin,issuer\n424242,B\n";
  cr_expect_eq(compile(csv, strlen(csv), &line), -EISDIR);
  rmdir(beside);
  cr_assert_eq(bin_table_open(path, &table), 0);
  expect_issuer(table, "424242", "A");
  bin_table_close(table);
}

/* Random ranges that overlap, against the definition. */
enum { RANGES = 200, SPACE = 1000 };

Test(bins, overlapping_ranges_agree_with_a_simple_search) {
  srandom(11);
  for (int round = 0; round < 20; round++) {
    unsigned first[RANGES], last[RANGES];
    static char csv[RANGES * 40];
    size_t used = (size_t)sprintf(csv, "bin,issuer\n");
    for (unsigned i = 0; i < RANGES; i++) {
      first[i] = (unsigned)random() % SPACE;
      last[i] = first[i] + (unsigned)random() % (1 + (unsigned)random() % 60);
      used += (size_t)sprintf(csv + used, "%06u-%06u,%u\n", first[i] + 400500, last[i] + 400500, i);
    }
    struct bin_table *table = table_of(csv);
    for (unsigned at = 0; at < SPACE + 70; at++) {
      int best = -1;
      for (int i = 0; i < RANGES; i++) {
        if (at >= first[i] && at <= last[i] && (best < 0 || last[i] - first[i] <= last[best] - first[best]))
          best = i;
      }
      char leading[16], wanted[16] = "";
      sprintf(leading, "%06u", at + 400500);
      if (best >= 0)
        sprintf(wanted, "%d", best);
      expect_issuer(table, leading, wanted);
    }
    bin_table_close(table);
  }
}

Test(bins, the_demonstration_table_compiles) {
  FILE *csv = fopen(DEMO_CSV, "r");
  cr_assert_not_null(csv);
  uint64_t line = 0;
  uint32_t count = 0;
  struct bin_table *table;
  cr_assert_eq(bin_table_compile(csv, path, &line, &count), 0, "line %ju", (uintmax_t)line);
  fclose(csv);
  cr_assert_eq(bin_table_open(path, &table), 0);
  static const char *const published[] = {"424242", "411111", "400000", "400030", "555555", "510510",
                                          "222300", "444433", "378282", "371449", "601111"};
  for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
    struct bin_facts facts = bin_table_find(table, published[i]);
    cr_expect_eq(facts.network, network_of(published[i]), "%s", published[i]);
    cr_expect_neq(facts.funding, FUNDING_UNKNOWN, "%s", published[i]);
    cr_expect_neq(facts.country[0], '\0', "%s", published[i]);
  }
  expect_issuer(table, "51051051", "Pier, Mole & Partners");
  cr_expect_eq(bin_table_find(table, "40000014").funding, FUNDING_PREPAID);
  cr_expect_eq(bin_table_find(table, "40000016").funding, FUNDING_DEBIT);
  bin_table_close(table);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The big table: found beside the repository, or skipped. */
Test(bins, a_table_of_183605_bins_is_compact_and_looked_up) {
  if (access(BIG_CSV, R_OK) != 0)
    cr_skip_test("../shared/bins/bins.csv.gz is absent");
  FILE *csv = popen("gunzip -c " BIG_CSV, "r");
  cr_assert_not_null(csv);
  uint64_t line = 0;
  uint32_t count = 0;
  struct bin_table *table;
  cr_assert_eq(bin_table_compile(csv, path, &line, &count), 0, "line %ju", (uintmax_t)line);
  cr_assert_eq(pclose(csv), 0);
  cr_expect_eq(count, 183605);
  struct stat status;
  cr_assert_eq(stat(path, &status), 0);
  cr_expect_lt(status.st_size, 8 << 20);
  cr_assert_eq(bin_table_open(path, &table), 0);
  expect_issuer(table, "111111", "CENTRAL BANK OF INDIA");
  enum { LOOKUPS = 1000000 };
  unsigned known = 0, at = 1;
  char leading[9];
  double begin = seconds();
  for (int i = 0; i < LOOKUPS; i++) {
    at = at * 1664525 + 1013904223;
    unsigned number = 30000000 + at % 40000000;
    for (int digit = 7; digit >= 0; digit--, number /= 10)
      leading[digit] = (char)('0' + number % 10);
    leading[8] = '\0';
    known += bin_table_find(table, leading).network != NETWORK_UNKNOWN;
  }
  double each = (seconds() - begin) / LOOKUPS;
  cr_log_info("%.0f ns a look-up, %ld bytes, %u known", each * 1e9, (long)status.st_size, known);
  cr_expect_gt(known, LOOKUPS / 10);
  bin_table_close(table);
}
