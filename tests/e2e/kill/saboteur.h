/* Faults at the PSPs and SIGKILLs, at moments that a seed draws. */
#pragma once

#include "shop.h"

struct saboteur_report {
  unsigned faults;                     /* behaviours that were switched on */
  unsigned kills[STACK_PROCESSES_MAX]; /* as in the shop's expected processes */
  unsigned killed;
};

struct saboteur;

/* Begins: faults change, and between two and five times within that many milliseconds one or two processes
 * are killed. Returns NULL when there is no memory for it. */
struct saboteur *saboteur_start(struct shop *shop, unsigned round, unsigned milliseconds);

/* Waits for its end, counts into the report and lets it go. */
void saboteur_end(struct saboteur *saboteur, struct saboteur_report *report);

/* Kills the process of that name now, when it runs. */
void saboteur_kill(struct shop *shop, const char *name, struct saboteur_report *report);
