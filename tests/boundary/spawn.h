/* A real process of ours, started as its supervisor would: control line at descriptor 3, sockets handed over
 * it. Each function ends the caller on failure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SPAWN_ARGUMENTS_MAX = 16, SPAWN_OUTPUT_MAX = 65536 };

struct spawned {
  pid_t pid;
  int control; /* our end of the control line */
  int errors;  /* a file that takes its standard error */
};

/* Starts build/NAME with the arguments (NULL-terminated, without argv[0]) and environment (NULL: the test's
 * own). */
void spawn_start(struct spawned *spawned, const char *name, const char *const *arguments, char **environment);
/* Hands it fd by that name; fd stays the caller's. */
void spawn_give(struct spawned *spawned, const char *name, int fd);
/* A connected SEQPACKET pair, one end of which is handed to the process by that name. Returns the other,
 * blocking. */
int spawn_connect(struct spawned *spawned, const char *peer);
/* Waits, ten seconds at most, until the process says "ready". */
void spawn_wait_ready(struct spawned *spawned);
/* Whether the process still runs. */
bool spawn_runs(const struct spawned *spawned);
/* SIGTERM, and the exit status; 128 and the signal when one ended it. */
int spawn_stop(struct spawned *spawned);
/* Waits for the end that it comes to by itself; otherwise as spawn_stop(). */
int spawn_wait_end(struct spawned *spawned);
/* What it wrote to standard error so far, NUL-terminated: SPAWN_OUTPUT_MAX + 1 bytes at ret. Returns the
 * length. */
size_t spawn_output(const struct spawned *spawned, char *ret);
/* How often bytes occur in its memory, read through /proc; -1 where the test may not look, or
 * in a build under sanitizers. */
int spawn_memory_count(const struct spawned *spawned, const void *bytes, size_t length);
