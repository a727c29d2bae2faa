#include "command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exit_status.h"

enum { OPTION_ACCOUNT = 256 /* the first enum account_option; no letter */ };

static const struct option options[] = {
    {"dir", required_argument, NULL, 'd'},
    {"sheet", required_argument, NULL, 's'},
    {"base-url", required_argument, NULL, 'b'},
    {"merchant-account", required_argument, NULL, 'm'},
    {"credential", required_argument, NULL, 'c'},
    {"currencies", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_CURRENCIES},
    {"networks", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_NETWORKS},
    {"country", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_COUNTRY},
    {"settlement-currency", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_SETTLEMENT_CURRENCY},
    {"category", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_CATEGORY},
    {"region", required_argument, NULL, OPTION_ACCOUNT + ACCOUNT_REGION},
    {"for", required_argument, NULL, 'f'},
    {"days", required_argument, NULL, 'D'},
    {"reason", required_argument, NULL, 'r'},
    {"json", no_argument, NULL, 'j'},
    {"all", no_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},
    {0}};

int command_wrong(const char *command, const char *usage, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "freeport%s%s: ", command != NULL ? " " : "", command != NULL ? command : "");
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  const char *end = strstr(usage, "\n\n");
  int length = end != NULL ? (int)(end - usage) + 1 : (int)strlen(usage);
  fprintf(stderr, "\n%.*s", length, usage);
  if (command != NULL) {
    fprintf(stderr, "`freeport %s --help` says more\n", command);
  }
  return EXIT_USAGE;
}

const char *command_option_shown(const char *argument, char *ret_name) {
  size_t length = strspn(argument, "abcdefghijklmnopqrstuvwxyz-");
  if (length < 2 || length >= OPTION_CAPACITY || (argument[length] != '\0' && argument[length] != '=')) {
    return NULL;
  }
  memcpy(ret_name, argument, length);
  ret_name[length] = '\0';
  return ret_name;
}

int command_wrong_option(char **argv, const char *usage, int result) {
  char name[OPTION_CAPACITY];
  /* Of such a one getopt_long() does not tell in which argument it stands. */
  if (result == '?' && optopt != 0) {
    return command_wrong(argv[0], usage,
                         "options begin with two dashes, and those without a value take none");
  }
  const char *shown = command_option_shown(argv[optind - 1], name);
  if (result == ':') {
    return command_wrong(argv[0], usage, "%s needs a value", shown != NULL ? shown : "an option");
  }
  return shown != NULL
             ? command_wrong(argv[0], usage, "there is no option %s here", shown)
             : command_wrong(argv[0], usage, "argument %d is no option of this command", optind - 1);
}

/* Takes one option. Returns false when it is one too many. */
static bool take_option(struct command_line *line, int option) {
  if (option >= OPTION_ACCOUNT) {
    line->account.values[option - OPTION_ACCOUNT] = optarg;
    return true;
  }
  switch (option) {
  case 'd':
    line->directory = optarg;
    return true;
  case 's':
    line->sheet = optarg;
    return true;
  case 'b':
    line->base_url = optarg;
    return true;
  case 'm':
    line->merchant_account = optarg;
    return true;
  case 'f':
    line->duration = optarg;
    return true;
  case 'D':
    line->days = optarg;
    return true;
  case 'r':
    line->reason = optarg;
    return true;
  case 'j':
    line->json = true;
    return true;
  case 'a':
    line->all = true;
    return true;
  default:
    if (line->credential_count == COMMAND_CREDENTIALS_MAX) {
      return false;
    }
    line->credentials[line->credential_count++] = optarg;
    return true;
  }
}

/* Returns EXIT_GOOD to go on, or COMMAND_LINE_DONE with *ret_status. */
static int take_options(int argc, char **argv, struct command_line *line, int *ret_status) {
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
    if (option == 'h') {
      fputs(line->usage, stdout);
      *ret_status = EXIT_GOOD;
      return COMMAND_LINE_DONE;
    }
    if (option == '?' || option == ':') {
      *ret_status = command_wrong_option(argv, line->usage, option);
      return COMMAND_LINE_DONE;
    }
    if (!take_option(line, option)) {
      *ret_status = command_wrong(line->command, line->usage, "at most %d credentials are taken",
                                  COMMAND_CREDENTIALS_MAX);
      return COMMAND_LINE_DONE;
    }
  }
  return 0;
}

int command_line_parse(int argc, char **argv, const char *usage, struct command_line *ret_line,
                       int *ret_status) {
  *ret_line = (struct command_line){.command = argv[0], .usage = usage};
  if (take_options(argc, argv, ret_line, ret_status) != 0) {
    return COMMAND_LINE_DONE;
  }
  for (; optind < argc && ret_line->word_count < COMMAND_WORDS_MAX; optind++) {
    ret_line->words[ret_line->word_count++] = argv[optind];
  }
  if (optind == argc && ret_line->directory != NULL) {
    return 0;
  }
  *ret_status =
      command_wrong(argv[0], usage, "%s", optind < argc ? "too many arguments" : "--dir DIR is missing");
  return COMMAND_LINE_DONE;
}

int command_connect(const struct command_line *line, struct admin_client *ret_admin) {
  int result = admin_connect(line->directory, ret_admin);
  if (result == 0) {
    return EXIT_GOOD;
  }
  fprintf(stderr, "freeport: no stack answers in %s (%s); start one with `freeport up --dir %s`\n",
          line->directory, strerror(-result), line->directory);
  return EXIT_NO_STACK;
}

int command_result(const char *command, int result) {
  if (result == 0) {
    return EXIT_GOOD;
  }
  if (result == -ECANCELED) {
    return EXIT_FAILED;
  }
  fprintf(stderr, "freeport %s: %s\n", command, result > 0 ? admin_status_text(result) : strerror(-result));
  return EXIT_FAILED;
}
