#include <stdio.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "readiness.h"

static const char usage[] =
    "usage: freeport status --dir DIR\n"
    "\n"
    "Says whether the vault is unlocked, its environment, how many tokens it holds, where its audit\n"
    "chain stands, and whether the router's ledger is of the same time. Fails when one of the two is\n"
    "older than the other.\n";

enum { STATUS_LOOKS = 5 };

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

/* Returns the exit status. */
static int print_ledger(const char *directory) {
  struct readiness readiness;
  readiness_of(directory, "status", STATUS_LOOKS, &readiness);
  switch (readiness.word) {
  case ROUTER_AGREES:
    puts("ledger       holds every attempt that a card was released for");
    return EXIT_GOOD;
  case ROUTER_SEES_OLD_VAULT:
    puts("ledger       newer than the vault: the vault's file was rolled back; nothing is charged");
    return EXIT_FAILED;
  case ROUTER_HAS_OLD_LEDGER:
    puts(
        "ledger       rolled back or lost: older than the vault; nothing is charged (freeport ledger check)");
    return EXIT_FAILED;
  case ROUTER_SILENT:
    break;
  }
  puts("ledger       not known: the router does not answer, or has no line to the vault yet");
  return EXIT_GOOD;
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
  return result == 0 ? print_ledger(line.directory) : command_result("status", result);
}
