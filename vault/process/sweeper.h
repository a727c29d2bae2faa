/* The sweeper: a timer that destroys deleted tokens when their seven days are over, forgets their cards'
 * fingerprints when the networks count no more by them, and lets go of what B11's limit needs no more; in
 * small batches between which requests are served. */
#pragma once

#include <stdbool.h>

#include "result.h"

struct vault;

/* Sets the timer: first at once, so that what came due while the vault was down goes. Returns 0 or -ENOMEM.
 */
MUST_USE int sweeper_begin(struct vault *vault);
/* One batch. Returns whether more is due. */
bool sweeper_run(struct vault *vault);
