#include <stdio.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"

static const char usage[] =
    "usage: freeport status --dir DIR\n"
    "\n"
    "Says whether the vault is unlocked, its environment, how many tokens it holds and where\n"
    "its audit chain stands.\n";

static void print_state(const struct vault_state *state) {
  printf("vault        %s\n", state->sealed ? "sealed" : "unlocked");
  printf("environment  %s\n", state->environment == ENVIRONMENT_LIVE ? "live" : "test");
  printf("tokens       %llu\n", (unsigned long long)state->tokens);
  printf("audit        record %llu, hash ", (unsigned long long)state->head.sequence);
  for (size_t i = 0; i < sizeof state->head.hash; i++) {
    printf("%02x", state->head.hash[i]);
  }
  putchar('\n');
}

int status_command(int argc, char **argv) {
  static struct admin_client admin;
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  if (line.word_count > 0) {
    return command_wrong(line.command, usage, "too many arguments");
  }
  status = command_connect(&line, &admin);
  if (status != 0) {
    return status;
  }
  struct vault_state state;
  struct reader reply;
  struct writer body = admin_body(&admin);
  int result = admin_call(&admin, ADMIN_STATUS, &body, &reply);
  if (result == 0) {
    result = read_vault_state(&reply, &state);
  }
  if (result == 0) {
    print_state(&state);
  }
  admin_close(&admin);
  return command_result("status", result);
}
