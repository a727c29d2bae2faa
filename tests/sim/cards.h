/* The cards that customers pay with. Most have one of their own; some share a card that is declined often, so
 * that the networks have something to count. */
#pragma once

#include "scenario.h"

struct universe;

/* Draws which card it is and how its issuer declines; and for one that is shared, what is paid with it. */
void card_draw(struct universe *universe, struct scenario *scenario);
/* Whether it is one of those that are shared. */
bool card_is_shared(const struct scenario *scenario);
/* When it is paid with: usual_ms, or, for one that is shared, when its kind has it. from_ms: when payments
 * begin. */
int64_t card_moment(struct universe *universe, struct scenario *scenario, int64_t from_ms, int64_t usual_ms);
/* What the vault says of it. */
struct card_view card_described(const struct scenario *scenario);
