/* What a store held at each of its commits, so that what a power loss left can be told to be one of them. */
#pragma once

#include "store.h"

struct contents {
  uint8_t hash[32]; /* over every table, key and value */
};

/* Of the first table_count tables, as the store sees them, its batch included. Returns 0 or a negated errno.
 */
MUST_USE int contents_of(struct store *store, unsigned table_count, struct contents *ret_contents);
bool contents_equal(const struct contents *left, const struct contents *right);

/* Commits of this program's stores are noted from here on, with their contents (of stores with table_count
 * tables), and marked in the recording. Linked in by --wrap=store_commit. */
void commits_begin(unsigned table_count);
/* Ends it. The first is what an empty store holds. The caller frees them. */
struct contents *commits_end(size_t *ret_count);
/* How many commits have returned so far. */
size_t commits_count(void);
