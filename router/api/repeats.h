/* Requests that are made again under their Idempotency-Key, where the engine does not see to it. */
#pragma once

#include "call.h"

enum repeat {
  REPEAT_NOT,     /* it is new, or has no key */
  REPEAT_SAME,    /* it was made before: answer with the object */
  REPEAT_ANSWERED /* the call is answered already: another body, or the ledger could not be read */
};

/* Looks the request up under path. */
enum repeat call_repeats(struct call *call, const char *path, struct id *ret_object);
/* Remembers what it made. Returns 0 or a negated errno. */
MUST_USE int call_remember(struct call *call, const char *path, const struct id *object);
