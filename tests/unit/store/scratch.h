/* A directory of a test's own. */
#pragma once

enum { SCRATCH_CAPACITY = 128 };

struct scratch {
  char directory[64];
  char file[SCRATCH_CAPACITY];
};

/* Makes a fresh directory under TMPDIR or /tmp; file is a path in it where nothing is yet. */
struct scratch scratch_make(void);
/* Removes the directory and the files in it. */
void scratch_remove(const struct scratch *scratch);
