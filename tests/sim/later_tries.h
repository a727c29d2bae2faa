/* Later tries of payments that nobody waits for: what schedules and networks allow, and that none is left
 * out. Written without a look at the router's own rules. */
#pragma once

#include "scenario.h"

struct universe;

/* Where schedules are kept in Sim/Town: an hour ahead of UTC, two from the tenth day of a universe on, and
 * one again from its twenty-first. */
int sim_zone(const char *zone, int64_t at_ms, int32_t *ret_offset_s);
/* Later rounds of which something was sent; of NULL none. */
unsigned later_tries(const struct payment *payment);
/* An attempt leaves, not as a replay. */
void check_later_try(struct universe *universe, const struct scenario *scenario,
                     const struct attempt *attempt);
/* A payment that ended was tried as often as it was to be, or could be. */
void check_later_end(struct universe *universe, const struct scenario *scenario);
