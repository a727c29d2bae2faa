/* Starts a daemon of the stack as the supervisor would: with a control line, over which it gets its sockets. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct daemon {
  pid_t pid;
  int control; /* our end of its control line */
};

/* Starts program (a path) with arguments (NULL-terminated, without argv[0]), standard error to the file log (NULL:
 * inherited), pinned to cpu (-1: not). Ends the calling program when it cannot. */
struct daemon daemon_start(const char *program, const char *const *arguments, const char *log, int cpu);
/* Hands it descriptor fd by that name; fd stays the caller's. */
void daemon_give(const struct daemon *daemon, const char *name, int fd);
/* Makes a pair of connected SEQPACKET sockets, hands one end to the daemon by that name, and returns the other. */
int daemon_link(const struct daemon *daemon, const char *name);
/* Waits until it says that it is ready, at most ten seconds. Returns whether it did. */
int daemon_wait_ready(const struct daemon *daemon);
/* SIGTERM, then waits. Returns its wait status. */
int daemon_end(struct daemon *daemon);
