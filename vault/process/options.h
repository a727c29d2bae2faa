/* The command line of freeport-vault. */
#pragma once

#include <stdint.h>

struct vault_settings {
  const char *data; /* directory, from argv */
  uint8_t environment;
  unsigned similar_limit;
};

enum { OPTIONS_HELP = 1, OPTIONS_WRONG = 2 };

/* Returns 0; OPTIONS_HELP; or OPTIONS_WRONG with a static text that says why in *ret_reason. */
int vault_options_read(int argc, char **argv, struct vault_settings *ret_settings, const char **ret_reason);
const char *vault_options_help(void);
