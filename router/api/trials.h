/* Who may have replays under way: so many at once, and so many of one merchant, so that none holds them all.
 */
#pragma once

#include <stdbool.h>

#include "ids.h"

enum { TRIALS_MAX = 4, TRIALS_OF_MERCHANT_MAX = 2 };

/* One that is under way; embedded in what it is a place of. */
struct trial_place {
  struct trial_place *next;
  struct id merchant;
};

/* Zeroed is empty. */
struct trials {
  struct trial_place *first; /* newest first; borrowed */
};

/* Takes place, for that merchant, until trials_leave(). Returns false, and takes none, when there are too
 * many.
 */
bool trials_enter(struct trials *trials, struct trial_place *place, const struct id *merchant);
/* place: one that was entered. */
void trials_leave(struct trials *trials, struct trial_place *place);
