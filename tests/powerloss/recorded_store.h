/* One database under trial: it is worked on while all is recorded, and then its files are tried. */
#pragma once

#include "power_trial.h"

struct recorded_store {
  const char *name; /* of its file */
  const char *const *tables;
  unsigned table_count;
  size_t map_bytes;
  /* What must hold of it besides its contents; commit: the one that it holds. NULL, or what is wrong. */
  const char *(*look_through)(struct store *store, size_t commit, const struct moment *moment);
  struct recording recording; /* these three from recorded_store_end() on */
  struct contents *commits;
  size_t commit_count;
};

/* Its file is about to be opened. The draws begin anew. */
void recorded_store_begin(const struct recorded_store *subject);
void recorded_store_end(struct recorded_store *subject);
void recorded_store_free(struct recorded_store *subject);
/* A number below `below`, the same ones after each begin. */
uint64_t recorded_draw(uint64_t below);
/* Tries about so many files that a loss on such a disk could leave, and prints a line; of a disk that lies,
 * until enough of them are bad. */
struct trial_result recorded_store_try(const struct recorded_store *subject, enum disk_kind disk,
                                       size_t states, const char *what);
