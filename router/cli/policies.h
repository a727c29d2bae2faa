/* Policies over the router's API. */
#pragma once

#include "ids.h"
#include "result.h"
#include <stdint.h>

/* Publishes text when no policy is published yet. Returns 0, or a negated errno after saying what is wrong.
 */
MUST_USE int policy_publish_first(uint16_t port, const struct id *secret_key, const char *text);
