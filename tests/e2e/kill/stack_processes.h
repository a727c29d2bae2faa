/* The processes of a stack: the children of `freeport up`, by name. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { STACK_PROCESSES_MAX = 8, PROCESS_NAME_CAPACITY = 16 };

struct stack_processes {
  unsigned count;
  struct {
    char name[PROCESS_NAME_CAPACITY]; /* "vault", "router" */
    pid_t pid;
  } at[STACK_PROCESSES_MAX];
};

/* Who runs now below that supervisor. */
struct stack_processes stack_processes_now(pid_t supervisor);

/* Whether all that stood in expected run in now. */
bool stack_processes_all(const struct stack_processes *now, const struct stack_processes *expected);
