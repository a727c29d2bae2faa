/* What the card networks forbid, counted by what reached them (P7); and what an issuer's word allows. Written
 * without a look at the router's own rules. */
#pragma once

#include "scenario.h"

struct universe;

/* A dispatch that charges is about to leave. */
void check_networks(struct universe *universe, const struct scenario *scenario,
                    const struct dispatch *dispatch);
/* A payment that was given up for the networks' sake had reason to be. */
void check_given_up(struct universe *universe, const struct scenario *scenario);
