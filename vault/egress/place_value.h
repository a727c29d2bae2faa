/* What a placeholder stands for in one exchange, and whether conditions on it hold. */
#pragma once

#include "render.h"
#include "sheet_model.h"

enum {
  PLACE_HAS_NONE = 1, /* an outcome: the request has no such value */
  PLACE_OWN_CAPACITY = 64,
  WINDOW_BEFORE_S = 300, /* how far a PSP's clock may be behind ours */
  WINDOW_AFTER_S = 900   /* and ahead, with the longest time that a request can take */
};

/* A value: in the request's own memory, or made here. A card's number is never copied. */
struct value {
  const char *text;
  size_t length;
  char own[PLACE_OWN_CAPACITY];
};

/* Returns 0; PLACE_HAS_NONE; -EINVAL when it breaks a rule; -ERANGE when the PSP cannot count the amount. */
MUST_USE int place_value(const struct exchange *exchange, struct place_ref ref, struct value *ret_value);
/* Whether every condition of the list holds. */
bool conditions_hold(const struct exchange *exchange, const struct condition *condition);
/* Sets the exchange before step or the first after it whose conditions hold. False when there is none. */
bool exchange_stand_at(struct exchange *exchange, const struct step *step);
