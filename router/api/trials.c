#include "trials.h"

#include <assert.h>

static bool has_place(const struct trials *trials, const struct id *merchant) {
  unsigned all = 0, of_merchant = 0;
  for (const struct trial_place *place = trials->first; place; place = place->next) {
    all++;
    of_merchant += id_equal(&place->merchant, merchant);
  }
  return all < TRIALS_MAX && of_merchant < TRIALS_OF_MERCHANT_MAX;
}

bool trials_enter(struct trials *trials, struct trial_place *place, const struct id *merchant) {
  if (!has_place(trials, merchant))
    return false;
  *place = (struct trial_place){.next = trials->first, .merchant = *merchant};
  trials->first = place;
  return true;
}

void trials_leave(struct trials *trials, struct trial_place *place) {
  struct trial_place **link = &trials->first;
  while (*link && *link != place)
    link = &(*link)->next;
  assert(*link);
  *link = place->next;
}
