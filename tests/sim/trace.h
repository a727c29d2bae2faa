/* A readable account of what happened, kept when it is asked for. */
#pragma once

#include <stdint.h>

struct universe;

/* One line about a scenario, or NOBODY's: printed when the universe is traced. */
void tell(const struct universe *universe, uint32_t scenario, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
