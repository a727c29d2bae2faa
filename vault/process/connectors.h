/* The registered connectors: their facts in memory, their credentials sealed in the store and opened for one
 * dispatch at a time. */
#pragma once

#include "admin.h"
#include "arena.h"
#include "key_label.h"
#include "store.h"

enum { REGISTERED_MAX = 128 };

struct connectors {
  struct store *store;
  uint8_t environment;
  const uint8_t *key; /* KEY_CONNECTORS, in the arena */
  size_t count;
  struct connector_facts facts[REGISTERED_MAX]; /* sorted by name */
  struct connector_set *scratch;                /* in the arena */
};

/* Loads what the store holds. Returns 0; -EBADMSG when an entry does not open; or another negated errno. */
MUST_USE int connectors_load(struct connectors *connectors, struct arena *arena);
MUST_USE int connectors_reload(struct connectors *connectors);
/* The facts of that name, or NULL. */
const struct connector_facts *connector_by_name(const struct connectors *connectors, const char *name);
/* Opens a connector as a whole. Returns 0 with *ret_set, valid until connector_close(); STATUS_NOT_FOUND; or
 * a negated errno. */
MUST_USE int connector_open(struct connectors *connectors, const char *name, struct connector_set **ret_set);
void connector_close(struct connectors *connectors);
/* Adds a connector, or changes one, whose status then stays. Returns 0; STATUS_INVALID for a URL that this
 * environment does not take; STATUS_LIMITED when there are too many; or a negated errno. */
MUST_USE int connector_put(struct connectors *connectors, const struct connector_set *set);
/* Returns 0; STATUS_NOT_FOUND; or a negated errno. */
MUST_USE int connector_set_status(struct connectors *connectors, const char *name,
                                  enum connector_status status);
/* Replaces what is known of its account. Likewise. */
MUST_USE int connector_set_account(struct connectors *connectors, const char *name,
                                   const struct account_facts *account);
/* What may be shown of the connector after that name ("": of the first). Returns 0; STATUS_NOT_FOUND when
 * there is none; or a negated errno. */
MUST_USE int connector_next(struct connectors *connectors, const char *after,
                            struct connector_listing *ret_listing);
/* The page of facts after that name. */
void connectors_page_after(const struct connectors *connectors, const char *after,
                           struct connectors_page *ret_page);
