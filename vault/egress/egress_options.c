#include "egress_options.h"

#include "admin.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct option_row {
  const char *name;
  const char *value; /* what stands for it in the help */
  const char *help;
};

enum { OPTION_ENVIRONMENT, OPTION_SHEETS, OPTION_TRUST, OPTION_CRL, OPTION_COUNT };

static const struct option_row rows[OPTION_COUNT] = {
    [OPTION_ENVIRONMENT] = {"--environment", "test|live",
                            "which connectors it serves; http:// is for test alone"},
    [OPTION_SHEETS] = {"--sheets", "DIR", "the connector sheets, *.yaml"},
    [OPTION_TRUST] = {"--trust", "FILE", "PEM certificates to trust (default: the system's)"},
    [OPTION_CRL] = {"--crl", "FILE", "PEM revocation lists; an issuer without one in it is then refused"},
};

static void print_help(FILE *to) {
  fputs("usage: freeport-egress --environment test|live --sheets DIR [--trust FILE] [--crl FILE]\n\n"
        "Speaks to the PSPs on the sheets' list for the vault. Started by `freeport up` or systemd, with its "
        "control\n"
        "line at descriptor 3.\n\n",
        to);
  for (int i = 0; i < OPTION_COUNT; i++)
    fprintf(to, "  %-13s %-10s %s\n", rows[i].name, rows[i].value, rows[i].help);
  fprintf(to, "  %-13s %-10s %s\n", "--help", "", "this text");
}

static int refuse(const char *reason) {
  fprintf(stderr, "freeport-egress: %s (--help says more)\n", reason);
  return -EINVAL;
}

static int find_row(const char *name) {
  for (int i = 0; i < OPTION_COUNT; i++)
    if (strcmp(rows[i].name, name) == 0)
      return i;
  return -1;
}

static int check(const char *const values[OPTION_COUNT], struct egress_options *ret_options) {
  const char *environment = values[OPTION_ENVIRONMENT];
  struct egress_options options = {
      .sheets = values[OPTION_SHEETS], .trust_file = values[OPTION_TRUST], .crl_file = values[OPTION_CRL]};
  if (environment == NULL || options.sheets == NULL)
    return refuse("--environment and --sheets are required");
  if (strcmp(environment, "test") == 0)
    options.environment = ENVIRONMENT_TEST;
  else if (strcmp(environment, "live") == 0)
    options.environment = ENVIRONMENT_LIVE;
  else
    return refuse("--environment is test or live");
  *ret_options = options;
  return 0;
}

int egress_options_parse(int argc, char **argv, struct egress_options *ret_options) {
  const char *values[OPTION_COUNT] = {NULL};
  for (int i = 1; i < argc; i += 2) {
    if (strcmp(argv[i], "--help") == 0) {
      print_help(stdout);
      return OPTIONS_HELP;
    }
    int row = find_row(argv[i]);
    if (row < 0)
      return refuse("an argument is no option of it");
    if (i + 1 == argc)
      return refuse("an option has no value");
    if (values[row] != NULL)
      return refuse("an option is given twice");
    values[row] = argv[i + 1];
  }
  return check(values, ret_options);
}
