/* What `freeport policy` asks of the stack's router, as the merchant of DIR/env. What goes wrong is said on
 * standard error, with all that the checker found. */
#pragma once

#include <jansson.h>

#include "merchant_api.h"
#include "result.h"

/* Sends body (NULL: none; a new reference, taken over) and returns 0 with the answer, a new reference; or a
 * negated errno after saying what is wrong, -EPROTO when the router refused. */
MUST_USE int policy_api_call(struct merchant_api *api, const char *method, const char *path, json_t *body,
                             json_t **ret_json);
/* The policy of that id, or, NULL, the one in force: a new reference, or NULL when there is none in force. */
MUST_USE int policy_api_get(struct merchant_api *api, const char *id, json_t **ret_policy);
/* What was published when, newest first, at most count: a new reference, an array. */
MUST_USE int policy_api_history(struct merchant_api *api, unsigned count, json_t **ret_history);
/* Whichever of the newest ten policies has that text, to the byte: a new reference, or NULL for none. */
MUST_USE int policy_api_find(struct merchant_api *api, const char *text, json_t **ret_policy);
/* Drafts a text; reason may be NULL. */
MUST_USE int policy_api_draft(struct merchant_api *api, const char *text, const char *reason,
                              json_t **ret_policy);
/* Publishes the policy of that id when it has that hash; NULL: whatever it has. reason may be NULL. */
MUST_USE int policy_api_publish(struct merchant_api *api, const char *id, const char *hash,
                                const char *reason);
