/* Where the connectors' fee tables are looked up. */
#pragma once

#include "payment.h"

/* A host keeps one for as long as anybody may ask, and may let it lead elsewhere between rounds. */
struct fee_source {
  /* The fee table of a connector, or NULL when none is known. Borrowed until the next round. */
  const struct choice_fees *(*find)(void *context, const char *connector);
  /* The names of the connectors that have one, by number from 0; NULL after the last. NULL: they are not
   * listed. */
  const char *(*name)(void *context, unsigned number);
  void *context;                          /* of both */
  const struct choice_exchange *exchange; /* what currencies are worth, or NULL: not known */
};

/* The table of that connector, or NULL. fees: NULL when none are known. */
const struct choice_fees *fee_source_table(const struct fee_source *fees, const char *connector);
/* What the payment costs at that connector by its table of now. Returns whether that is known. */
bool fee_source_cost(const struct fee_source *fees, const struct payment *payment, const char *connector,
                     struct choice_cost *ret_cost);
