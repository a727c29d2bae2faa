/* People who look up at the PSP what the router could not find out, and say so with evidence. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct universe;
struct request_answer;
struct ticket;

/* Somebody looks at what is unresolved of a scenario. */
void person_looks(struct universe *universe, uint32_t scenario);
/* What comes of it. */
void person_is_told(struct universe *universe, const struct ticket *ticket,
                    const struct request_answer *answer);
/* Plans a look at everything that is unresolved now. False when nothing is that a person can tell. */
bool people_look_at_all(struct universe *universe);
