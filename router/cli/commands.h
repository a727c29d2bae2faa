/* The commands of `freeport`; each takes its own argv (argv[0] is the command's name) and returns the exit
 * status. */
#pragma once

int audit_command(int argc, char **argv);
int bins_command(int argc, char **argv);
int connector_command(int argc, char **argv);
int drill_command(int argc, char **argv);
int ledger_command(int argc, char **argv);
int policy_command(int argc, char **argv);
int status_command(int argc, char **argv);
int token_command(int argc, char **argv);
int up_command(int argc, char **argv);
