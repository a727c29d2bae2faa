#include "trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "universe.h"

void tell(const struct universe *universe, uint32_t scenario, const char *format, ...) {
  va_list arguments;
  if (!universe->genesis.trace)
    return;
  printf("  %10.3f ", (double)(universe->now_ms - universe_start_ms) / 1000);
  if (scenario == NOBODY)
    printf("     ");
  else
    printf("#%-3u ", scenario);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}
