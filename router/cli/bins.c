#include "bins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "commands.h"
#include "exit_status.h"

static const char usage[] = "usage: freeport bins compile CSV TABLE\n"
                            "       freeport bins show TABLE DIGITS\n"
                            "\n"
                            "compile makes the table that the router maps (`bins` in freeport.yaml) from a "
                            "CSV file with a header line:\n"
                            "bin (6 to 8 digits, or a range FROM-TO), brand, type, category, country, "
                            "issuer, prepaid; other columns are passed\n"
                            "over, '-' reads standard input. show looks up 6 to 8 leading digits.\n";

static int compile(const char *csv_path, const char *table_path) {
  FILE *csv = strcmp(csv_path, "-") == 0 ? stdin : fopen(csv_path, "re");
  if (csv == NULL) {
    fprintf(stderr, "freeport bins: cannot read %s: %s\n", csv_path, strerror(errno));
    return EXIT_FAILED;
  }
  uint64_t line = 0;
  uint32_t count = 0;
  int result = bin_table_compile(csv, table_path, &line, &count);
  if (csv != stdin) {
    fclose(csv);
  }
  if (result == -EBADMSG) {
    fprintf(stderr, "freeport bins: line %llu of the CSV %s\n", (unsigned long long)line,
            line == 1 ? "is no header line with a column bin" : "cannot be read");
    return EXIT_FAILED;
  }
  if (result < 0) {
    fprintf(stderr, "freeport bins: cannot write %s: %s\n", table_path, strerror(-result));
    return EXIT_FAILED;
  }
  printf("%u entries in %s\n", count, table_path);
  return EXIT_GOOD;
}

static int show(const char *table_path, const char *digits) {
  size_t length = strspn(digits, "0123456789");
  if (digits[length] != '\0' || length < 6 || length > BIN_DIGITS_MAX) {
    fputs("freeport bins: 6 to 8 digits are looked up\n", stderr);
    return EXIT_USAGE;
  }
  struct bin_table *table;
  int result = bin_table_open(table_path, &table);
  if (result < 0) {
    fprintf(stderr, "freeport bins: cannot open %s: %s\n", table_path,
            result == -EBADMSG ? "it is no table made by `freeport bins compile`" : strerror(-result));
    return EXIT_FAILED;
  }
  struct bin_facts facts = bin_table_find(table, digits);
  printf("network %s, funding %s, country %s, category %s, issuer %s\n", network_name(facts.network),
         facts.funding == FUNDING_UNKNOWN ? "unknown" : funding_name(facts.funding),
         facts.country[0] == '\0' ? "unknown" : facts.country,
         facts.category[0] == '\0' ? "unknown" : facts.category,
         facts.issuer[0] == '\0' ? "unknown" : facts.issuer);
  bin_table_close(table);
  return EXIT_GOOD;
}

int bins_command(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    fputs(usage, stdout);
    return EXIT_GOOD;
  }
  if (argc == 4 && strcmp(argv[1], "compile") == 0) {
    return compile(argv[2], argv[3]);
  }
  if (argc == 4 && strcmp(argv[1], "show") == 0) {
    return show(argv[2], argv[3]);
  }
  bool known = argc > 1 && (strcmp(argv[1], "compile") == 0 || strcmp(argv[1], "show") == 0);
  return command_wrong(argv[0], usage, "%s",
                       argc < 2 ? "what to do is missing: compile or show"
                       : known  ? "two arguments are wanted"
                                : "there is no such action; compile and show are");
}
