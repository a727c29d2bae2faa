/* freeport-egress put together: control line, vault line, dispatcher, client. */
#pragma once

#include "egress_options.h"

enum { EXIT_SHEETS = 78 };

/* Opens all that needs files, enters the jail, serves until the control line closes or a SIGTERM. Returns the
 * process's exit status. */
int egress_run(const struct egress_options *options);
