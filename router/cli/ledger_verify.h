/* `freeport ledger verify`: whether the decisions that the ledger records come out again. */
#pragma once

#include "command_line.h"

enum { VERIFY_DAYS_MAX = 3660, VERIFY_DAYS_DEFAULT = 30 };

/* The days that --days says, or the default; 0: it is no such number. */
long ledger_verify_days(const struct command_line *line);
/* Has the router decide each payment of those days again, says how many came out the same and which did not.
 * Returns the exit status: EXIT_FAILED when one did not. */
int ledger_verify(const struct command_line *line);
