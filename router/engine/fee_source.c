#include "fee_source.h"

#include "learned.h"
#include <string.h>

const struct choice_fees *fee_source_table(const struct fee_source *fees, const char *connector) {
  return fees && fees->find ? fees->find(fees->context, connector) : NULL;
}

bool fee_source_cost(const struct fee_source *fees, const struct payment *payment, const char *connector,
                     struct choice_cost *ret_cost) {
  const struct choice_fees *table = fee_source_table(fees, connector);
  if (!table)
    return false;
  const struct choice_payment traits = payment_traits(payment);
  struct money amount = {.minor = payment->amount};
  memcpy(amount.currency, payment->currency, sizeof amount.currency);
  return choice_cost(table, &traits, &amount, fees->exchange, ret_cost) == 0;
}
