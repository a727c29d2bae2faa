/* Where requests go: the sheet's host, or a base URL that stands for it. */
#pragma once

#include "render.h"

enum { BASE_PREFIX_CAPACITY = BASE_URL_CAPACITY };

/* Reads scheme://host[:port][/prefix]; no user, query or fragment. http only when plain_allowed. Returns 0
 * with the target and the prefix ("" or "/adyen", without a slash at its end); or -EINVAL. */
MUST_USE int base_url_parse(const char *url, bool plain_allowed, struct target *ret_target,
                            char ret_prefix[BASE_PREFIX_CAPACITY]);
/* The target that an exchange's requests go to, and the prefix of their paths. Returns 0, or -EINVAL. */
MUST_USE int exchange_target(const struct exchange *exchange, struct target *ret_target,
                             char ret_prefix[BASE_PREFIX_CAPACITY]);
