/* The command line of freeport-hooks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "result.h"

struct hooks_options {
  bool live;
  const char *certificate; /* paths, or NULL for plain HTTP; borrowed from argv */
  const char *certificate_key;
  uint32_t rate_per_second; /* requests of one client address; 0: no limit */
  uint32_t rate_burst;
};

enum { OPTIONS_HELP = 1, OPTIONS_WRONG = 2 };

/* Reads argv. Returns 0; OPTIONS_HELP (--help was given); OPTIONS_WRONG, with the reason, which repeats no
 * value, in *ret_reason. */
MUST_USE int hooks_options_read(int argc, char **argv, struct hooks_options *ret_options,
                                const char **ret_reason);
/* The text of --help. Static. */
const char *hooks_options_help(void);
