#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "paths.h"
#include "router_vault.h"

static const char usage[] =
    "usage: freeport token restore TOKEN --dir DIR\n"
    "       freeport token delete TOKEN --dir DIR\n"
    "\n"
    "restore undoes a deletion, within the seven days before the token is destroyed.\n"
    "delete disables a token at once, also beyond the share of its tokens that a merchant may delete in a "
    "day.\n";

static int read_merchant(const char *directory, struct id *ret_merchant) {
  char path[PATH_MAX], *text;
  size_t length;
  int result = file_path(path, sizeof path, "%s/run/merchant", directory);
  if (result == 0) {
    result = read_file(path, ID_CAPACITY, &text, &length);
  }
  if (result < 0) {
    return result;
  }
  text[strcspn(text, "\n")] = '\0';
  result = id_parse("mer", text, NULL);
  if (result == 0) {
    strcpy(ret_merchant->text, text);
  }
  free(text);
  return result;
}

static int ask_vault(const struct command_line *line, uint8_t type, const struct token_question *question) {
  static struct admin_client admin;
  int status = command_connect(line, &admin);
  if (status != EXIT_GOOD) {
    return status;
  }
  struct writer body = admin_body(&admin);
  write_token_question(&body, question);
  struct reader reply;
  int result = admin_call(&admin, type, &body, &reply);
  admin_close(&admin);
  if (result == 0) {
    puts(type == ADMIN_TOKEN_RESTORE ? "the token is active again"
                                     : "the token is disabled; destroyed in seven days");
  }
  return command_result("token", result);
}

int token_command(int argc, char **argv) {
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  struct token_question question;
  memset(&question, 0, sizeof question);
  bool restore = line.word_count == 2 && strcmp(line.words[0], "restore") == 0;
  bool delete = line.word_count == 2 && strcmp(line.words[0], "delete") == 0;
  if (!restore && !delete) {
    return command_wrong(line.command, usage, "%s",
                         line.word_count < 2
                             ? "an action (restore, delete) and a token are wanted"
                             : "restore and delete take one token, and there is nothing else");
  }
  if (id_parse("tok", line.words[1], NULL) < 0) {
    return command_wrong(line.command, usage, "that is no token: tok_ and 26 characters");
  }
  strcpy(question.token.text, line.words[1]);
  int result = read_merchant(line.directory, &question.merchant);
  if (result < 0) {
    fprintf(stderr, "freeport token: cannot tell the merchant of %s\n", line.directory);
    return EXIT_NO_STACK;
  }
  return ask_vault(&line, restore ? ADMIN_TOKEN_RESTORE : ADMIN_TOKEN_DELETE, &question);
}
