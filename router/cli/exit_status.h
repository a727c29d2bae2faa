/* Exit statuses of `freeport`, after sysexits(3). */
#pragma once

enum {
  EXIT_GOOD = 0,
  EXIT_FAILED = 1,    /* what was asked for did not succeed; standard error says why */
  EXIT_USAGE = 64,    /* wrong options or arguments */
  EXIT_NO_STACK = 69, /* no stack answers in DIR */
  EXIT_CONFIG = 78    /* the configuration or a sheet is wrong */
};
