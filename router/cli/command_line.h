/* What the commands have in common: --dir, --help, and one action with its arguments. */
#pragma once

#include "account_options.h"
#include "admin_client.h"
#include "result.h"
#include <stdbool.h>

enum { COMMAND_WORDS_MAX = 4, COMMAND_CREDENTIALS_MAX = 8, OPTION_CAPACITY = 33 };

struct command_line {
  const char *command; /* its name, and its help: for what is said of wrong usage */
  const char *usage;
  const char *directory;                /* --dir */
  const char *words[COMMAND_WORDS_MAX]; /* what is not an option: the action first */
  int word_count;
  const char *sheet; /* --sheet, --base-url, ...: NULL when not given */
  const char *base_url;
  const char *merchant_account;
  const char *duration; /* --for */
  const char *credentials[COMMAND_CREDENTIALS_MAX];
  int credential_count;
  const char *days; /* --days, --reason: NULL when not given */
  const char *reason;
  bool json; /* --json, --all */
  bool all;
  struct account_options account; /* --currencies, --networks, ... */
};

enum { COMMAND_LINE_DONE = 1 };

/* Says what is wrong with a command's usage, and then the lines of usage that show how it is called: up to
 * the first empty one. command: its name, or NULL for `freeport` itself. Returns EXIT_USAGE. */
int command_wrong(const char *command, const char *usage, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An option as it may be repeated to whoever typed it: its name, without a value, and only when it is made of
 * lower-case letters and dashes, so that it can be no key and no card; else NULL. ret_name[OPTION_CAPACITY].
 */
const char *command_option_shown(const char *argument, char *ret_name);
/* Says what getopt_long() with opterr 0 and a short "" or ":" has stopped at. Returns EXIT_USAGE. */
int command_wrong_option(char **argv, const char *usage, int result);
/* Parses argv of a command whose help is usage. Returns 0; COMMAND_LINE_DONE with *ret_status set when the
 * command ends here (--help, or wrong usage, both said). --dir is required. */
MUST_USE int command_line_parse(int argc, char **argv, const char *usage, struct command_line *ret_line,
                                int *ret_status);
/* Connects to the stack's admin socket, or says why not. Returns EXIT_GOOD or the exit status to end with. */
int command_connect(const struct command_line *line, struct admin_client *ret_admin);
/* Says how a call to the vault ended: nothing when result is 0, or -ECANCELED (what went wrong has been
 * said). Returns the exit status. */
int command_result(const char *command, int result);
