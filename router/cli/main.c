/* freeport: what merchants and operators run.
 *
 * SECURITY. Speaks to a stack as an operator, over the admin socket (which only the user that runs the stack
 * can open), and as a merchant, over the router's API with the secret key of DIR/env. Reads credentials from
 * standard input or files, never from argv, and wipes them. `freeport up` starts the other processes and
 * hands each the sockets that make up its role; it holds no key of the vault. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "commands.h"
#include "exit_status.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} commands[] = {
    {"up", up_command, "start a stack in a directory and keep it up"},
    {"status", status_command, "say how the vault stands"},
    {"connector", connector_command, "add, list and switch connectors (PSP accounts)"},
    {"drill", drill_command, "take a connector out for a while, and see where its payments go"},
    {"policy", policy_command, "check, compare, replay, publish, roll back and show the routing policy"},
    {"token", token_command, "delete tokens beyond a merchant's share, undo a deletion"},
    {"audit", audit_command, "verify the chain of the vault's audit records"},
    {"ledger", ledger_command, "compare the ledger with the vault's releases; accept an older one"},
    {"bins", bins_command, "compile a BIN table from CSV"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char usage[] = "usage: freeport COMMAND [ARGUMENTS] --dir DIR\n"
                            "       freeport help | --version\n";

static void print_help(FILE *file) {
  fprintf(file, "%s\n", usage);
  for (int i = 0; i < COMMANDS; i++) {
    fprintf(file, "  %-10s %s\n", commands[i].name, commands[i].summary);
  }
  fputs(
      "\n`freeport COMMAND --help` explains a command.\n"
      "Exit status: 0 done, 1 failed, 64 wrong usage, 69 no stack answers in DIR, 78 wrong configuration.\n",
      file);
}

/* command: what was asked for, or NULL. */
static int wrong(const char *command) {
  char name[OPTION_CAPACITY];
  const char *shown = command != NULL ? command_option_shown(command, name) : NULL;
  int status = command == NULL ? command_wrong(NULL, usage, "which command?")
               : shown != NULL ? command_wrong(NULL, usage, "there is no command %s", shown)
                               : command_wrong(NULL, usage, "there is no such command");
  fputs("`freeport help` lists the commands\n", stderr);
  return status;
}

int main(int argc, char **argv) {
  if (sodium_init() < 0) {
    fputs("freeport: the cryptography library does not start\n", stderr);
    return EXIT_FAILED;
  }
  if (argc < 2) {
    return wrong(NULL);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_help(stdout);
    return EXIT_GOOD;
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("freeport " FREEPORT_VERSION);
    return EXIT_GOOD;
  }
  for (int i = 0; i < COMMANDS; i++) {
    if (strcmp(argv[1], commands[i].name) == 0) {
      return commands[i].run(argc - 1, argv + 1);
    }
  }
  return wrong(argv[1]);
}
