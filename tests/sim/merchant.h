/* What merchants do: pay, repeat themselves, change their minds at the worst moment; and what they are told.
 */
#pragma once

#include "scenario.h"

struct universe;

/* Room for one more request that waits. Its number. */
uint64_t ticket_new(struct universe *universe, const struct scenario *scenario, const struct act *act);
/* Who asks, under which idempotency key: those of `what` are numbered by the act's request. */
void merchant_signs(struct universe *universe, const struct scenario *scenario, const struct act *act,
                    const char *what, struct requester *ret_from);
/* Draws what a scenario wants and when, and adds it to the events. */
void scenario_draw(struct universe *universe, struct scenario *scenario, int64_t from_ms, int64_t to_ms);
/* An act comes due. */
void merchant_acts(struct universe *universe, uint32_t scenario, uint32_t act);
/* The client of a ticket has gone. */
void merchant_forgets(struct universe *universe, uint32_t ticket);
/* A dispatch of the scenario has left: the worst moment for some. */
void merchant_meddles(struct universe *universe, struct scenario *scenario);
/* The router answers. */
void merchant_is_told(struct universe *universe, const struct request_answer *answer);
/* The router's process is gone: whoever waited gets no answer. */
void merchants_cut_off(struct universe *universe);
