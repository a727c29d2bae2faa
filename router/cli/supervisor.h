/* Starts and watches the processes of a stack, and connects them.
 *
 * Each is started with a control line on CONTROL_FD, over which it gets its sockets; one that dies is started
 * again, with new sockets to its peers, after a pause that doubles while it keeps dying. Its standard error
 * goes to DIR/log/NAME.log. */
#pragma once

#include "listeners.h"
#include "loop.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_name {
  PROCESS_VAULT,
  PROCESS_COLLECT,
  PROCESS_HOOKS,
  PROCESS_EGRESS,
  PROCESS_ROUTER,
  PROCESS_NOTIFY,
  PROCESS_SANDBOX,
  PROCESS_COUNT
};

enum { PROCESS_ARGUMENTS_MAX = 96 };

struct supervisor; /* opaque */

struct supervisor_settings {
  struct loop *loop;
  const char *directory;            /* DIR, absolute */
  const char *programs;             /* where the executables are */
  const struct listener *listeners; /* LISTENER_COUNT of them; stay the caller's */
  int admin_listener;               /* for the vault; stays the caller's */
  bool with_sandbox;
  /* NULL-terminated, without argv[0]; borrowed. */
  const char *arguments[PROCESS_COUNT][PROCESS_ARGUMENTS_MAX];
  void (*all_ready)(void *context);                       /* every time that all processes answer again */
  void (*started)(void *context, enum process_name name); /* a process was started (again) */
  void (*failed)(void *context); /* one ended before it ever was ready: said on standard error */
  void *context;
};

/* Returns 0, or a negated errno. settings is copied; freed with supervisor_free(). */
MUST_USE int supervisor_new(const struct supervisor_settings *settings, struct supervisor **ret_supervisor);
void supervisor_free(struct supervisor *supervisor);
/* Starts all of them. Returns 0, or a negated errno. */
MUST_USE int supervisor_start(struct supervisor *supervisor);
/* Asks all to end (SIGTERM), waits ten seconds, then kills what is left. Returns whether all ended by
 * themselves. */
bool supervisor_stop(struct supervisor *supervisor);
/* The process id, or 0 while it does not run. */
pid_t supervisor_pid(const struct supervisor *supervisor, enum process_name name);
/* Sends a setting over that process's control line. Returns 0, or a negated errno. */
MUST_USE int supervisor_tell(struct supervisor *supervisor, enum process_name name, const char *setting,
                             const void *payload, size_t length);
/* Hands it a descriptor, which stays the caller's, by that name. Likewise. */
MUST_USE int supervisor_hand(struct supervisor *supervisor, enum process_name name, const char *what, int fd);
/* "vault", "collect", ... Static. */
const char *process_text(enum process_name name);
