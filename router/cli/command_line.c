#include "command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "exit_status.h"

static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                        {"sheet", required_argument, NULL, 's'},
                                        {"base-url", required_argument, NULL, 'b'},
                                        {"merchant-account", required_argument, NULL, 'm'},
                                        {"credential", required_argument, NULL, 'c'},
                                        {"days", required_argument, NULL, 'D'},
                                        {"reason", required_argument, NULL, 'r'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

static int wrong_usage(const char *usage, int *ret_status) {
  fputs(usage, stderr);
  *ret_status = EXIT_USAGE;
  return COMMAND_LINE_DONE;
}

int command_line_parse(int argc, char **argv, const char *usage, struct command_line *ret_line,
                       int *ret_status) {
  memset(ret_line, 0, sizeof *ret_line);
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
    case 'd':
      ret_line->directory = optarg;
      break;
    case 's':
      ret_line->sheet = optarg;
      break;
    case 'b':
      ret_line->base_url = optarg;
      break;
    case 'm':
      ret_line->merchant_account = optarg;
      break;
    case 'c':
      if (ret_line->credential_count == COMMAND_CREDENTIALS_MAX) {
        return wrong_usage(usage, ret_status);
      }
      ret_line->credentials[ret_line->credential_count++] = optarg;
      break;
    case 'D':
      ret_line->days = optarg;
      break;
    case 'r':
      ret_line->reason = optarg;
      break;
    case 'j':
      ret_line->json = true;
      break;
    case 'h':
      fputs(usage, stdout);
      *ret_status = EXIT_GOOD;
      return COMMAND_LINE_DONE;
    default:
      return wrong_usage(usage, ret_status);
    }
  }
  for (; optind < argc && ret_line->word_count < COMMAND_WORDS_MAX; optind++) {
    ret_line->words[ret_line->word_count++] = argv[optind];
  }
  return optind < argc || ret_line->directory == NULL ? wrong_usage(usage, ret_status) : 0;
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
