/* Which connectors of a draft's list can take a payment, by their accounts of now. For replay.c. */
#pragma once

#include "replay.h"

/* Marks them in what the draft decided, and who is passed over for it; recorded: what was decided then, whose
 * health stands in the draft's list already. Counts into figures. */
void accounts_apply(const struct engine *engine, const struct payment *payment,
                    const struct decision *recorded, struct decision *draft, struct replay_figures *figures);
/* The first that can take it and was not passed over; NULL when none can. */
const struct candidate *first_usable(const struct decision *decision);
