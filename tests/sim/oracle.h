/* What must hold: the ledger against the PSPs' books, the journal against the ledger. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct universe;
struct scenario;
struct sent_key;
struct dispatch;

/* Reads what was committed since the last time, applies it to what the journal made so far, and holds the
 * stored payments to it, byte for byte. */
void journal_follow(struct universe *universe);
/* Forgets what was followed. */
void journal_forget(struct universe *universe);
/* Holds the state after a crash to what was durable before it and to what was told. */
void check_restart(struct universe *universe);
/* Holds a dispatch that leaves to everything before it (P1, P2). key: new, or known already. */
void check_dispatch(struct universe *universe, struct scenario *scenario, const struct dispatch *dispatch);
/* Nothing of a charge is made twice (P4). */
void check_charges(struct universe *universe, struct scenario *scenario);
/* Whether it is as quiet as it will become. */
bool scenario_rests(const struct universe *universe, const struct scenario *scenario);
/* All is quiet: books and ledger agree, nothing is stuck, and the journal rebuilds the ledger. */
void check_end(struct universe *universe);
