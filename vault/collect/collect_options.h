/* The command line of freeport-collect. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "result.h"

enum { ORIGINS_MAX = 32, ORIGIN_CAPACITY = 256 };

struct collect_options {
  bool live;
  unsigned origin_count;
  char origins[ORIGINS_MAX][ORIGIN_CAPACITY]; /* "https://shop.example", lower case, no path */
  const char *certificate;                    /* paths, or NULL for plain HTTP; borrowed from argv */
  const char *certificate_key;
  uint32_t rate_per_second; /* requests of one client address; 0: no limit */
  uint32_t rate_burst;
};

enum { OPTIONS_HELP = 1, OPTIONS_WRONG = 2 };

/* Reads argv. Returns 0; OPTIONS_HELP (--help was given); OPTIONS_WRONG, with the reason, which repeats no
 * value, in *ret_reason. */
MUST_USE int options_read(int argc, char **argv, struct collect_options *ret_options,
                          const char **ret_reason);
/* The text of --help. Static. */
const char *options_help(void);
/* Whether text is an origin as browsers send it: http or https, a host, perhaps a port, nothing else. */
bool origin_valid(const char *text);
