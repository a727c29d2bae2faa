/* Regret so far against payments, as one SVG file. */
#pragma once

#include "race.h"

/* Writes it to path. Ends the program when it cannot. */
void plot_race(const char *path, const struct race *race);
