/* Tries what power losses leave: for every moment of a recording, files that a loss at that moment could
 * leave, each opened by code of the test's in a process of its own. */
#pragma once

#include "commits.h"
#include "disk.h"

/* What must hold of a file. */
struct moment {
  size_t event;        /* the loss came while this one ran, or before it began */
  size_t acknowledged; /* commits that had returned: the file holds this one or, */
  size_t newest;       /* when it differs, the one under way */
  size_t promises;     /* promises that had been given */
};

/* Opens the file path and says what is wrong with it: a static text, or NULL. */
typedef const char *trial_check(void *context, const char *path, const struct moment *moment);

struct trial {
  const struct recording *recording;
  const char *name; /* of the file */
  enum disk_kind disk;
  size_t states; /* about how many to try */
  size_t enough; /* bad ones to stop at; 0: none */
  uint64_t seed;
  trial_check *check;
  void *context;
};

struct trial_result {
  size_t moments, states; /* states: files that differ from each other */
  size_t bad, crashed;    /* crashed: of the bad */
  char first_bad[160];
};

struct trial_result trial_run(const struct trial *trial);
/* One line of figures. */
void trial_print(const char *what, const struct trial_result *result);
/* How many states to try: POWERLOSS_STATES of the environment, else usual. */
size_t trial_states(size_t usual);
