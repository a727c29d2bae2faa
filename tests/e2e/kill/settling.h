/* After the storm: faults off, everybody back, what got no answer asked again, until nothing moves. */
#pragma once

#include "saboteur.h"

/* Ends the faults, waits for the processes, repeats what got no answer under its key, and waits until nothing
 * is open but for a reason that stands. With anew the router is killed once more, so that its questions begin
 * anew. Returns the ledger then (the caller lets it go), or NULL when the dust did not settle, which has been
 * said. */
json_t *settle(struct shop *shop, bool anew, struct saboteur_report *report);
