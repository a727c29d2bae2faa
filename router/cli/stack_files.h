/* The directory of a stack: made, locked, and its admin socket opened. */
#pragma once

#include "result.h"
#include <limits.h>

struct stack_files {
  char directory[PATH_MAX]; /* absolute */
  int lock;                 /* held while the stack runs */
  int admin_listener;       /* DIR/run/admin.sock, mode 0600 */
};

/* Makes what is missing of DIR and takes its lock. Messages go to standard error. Returns 0, or a negated
 * errno
 * (-EBUSY: a stack runs there). Closed with stack_files_close(). */
MUST_USE int stack_files_open(const char *directory, struct stack_files *ret_files);
void stack_files_close(struct stack_files *files);
