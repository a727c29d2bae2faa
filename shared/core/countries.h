/* ISO 3166-1 countries, as far as payments need them. */
#pragma once

#include <stdbool.h>

/* Whether code is an ISO 3166-1 alpha-2 code in upper case. */
bool country_known(const char *code);
