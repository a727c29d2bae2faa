/* Credentials, read from standard input or a file and never from the command line. */
#pragma once

#include "admin.h"
#include "result.h"
#include <stdbool.h>

/* Whether argument is KEY=- or KEY=@FILE with a key as sheets have them. */
bool credential_argument_valid(const char *argument);

/* Reads the credential that argument names: KEY=- takes the next line of standard input (asked for without
 * echo on a terminal), KEY=@FILE the first line of FILE. Anything else is refused, so that no secret stands
 * in a process list. Returns 0; or a negated errno, with a message on standard error that does not hold the
 * value. The caller wipes *ret_credential. */
MUST_USE int credential_read(const char *argument, struct credential *ret_credential);
