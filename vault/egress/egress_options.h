/* The command line of freeport-egress. */
#pragma once

#include "result.h"
#include <stdint.h>

enum { EXIT_USAGE = 64, OPTIONS_HELP = 1 };

struct egress_options {
  uint8_t environment;    /* ENVIRONMENT_TEST or _LIVE */
  const char *sheets;     /* a directory */
  const char *trust_file; /* PEM; NULL: the system's */
  const char *crl_file;   /* PEM; NULL: none */
};

/* Returns 0; OPTIONS_HELP when the help was asked for and printed; -EINVAL when it is wrong, which was said
 * on standard error. What ret_options points to is borrowed from argv. */
MUST_USE int egress_options_parse(int argc, char **argv, struct egress_options *ret_options);
