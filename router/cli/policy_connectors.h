/* The connectors of a stack as the checker of policies wants them, from what GET /v1/connectors answers. */
#pragma once

#include "account_facts.h"
#include "check.h"
#include "result.h"
#include <jansson.h>

struct policy_connectors {
  size_t count;
  struct policy_connector *connectors; /* borrow their names from the list */
  char (*currencies)[ACCOUNT_CURRENCIES_MAX][CURRENCY_CAPACITY];
};

/* list: the answer's data, which must outlive *ret_connectors. Returns 0, -EBADMSG when it is not as the API
 * describes it, or -ENOMEM. Freed with policy_connectors_free(). */
MUST_USE int policy_connectors_read(const json_t *list, struct policy_connectors *ret_connectors);
void policy_connectors_free(struct policy_connectors *connectors);
