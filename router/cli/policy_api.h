/* What `freeport policy` asks of the stack's router, as the merchant of DIR/env. What goes wrong is said on
 * standard error. */
#pragma once

#include <jansson.h>

#include "api_client.h"
#include "result.h"

struct policy_api {
  uint16_t port; /* 0: no stack answers, and then nothing is asked of it */
  struct id secret_key;
  struct api_answer answer;
};

/* Finds the API and the key of the stack in directory. Returns 0 or a negated errno; says nothing. */
MUST_USE int policy_api_find(const char *directory, struct policy_api *ret_api);
/* The same, and says when there is none. */
MUST_USE int policy_api_open(const char *directory, struct policy_api *ret_api);
/* Wipes the key. */
void policy_api_close(struct policy_api *api);
/* Sends body (NULL: none; a new reference, taken over) and returns 0 with the answer, a new reference; or a
 * negated errno after saying what is wrong, -EPROTO when the router refused. */
MUST_USE int policy_api_call(struct policy_api *api, const char *method, const char *path, json_t *body,
                             json_t **ret_json);
/* The policy of that id, or, NULL, the one in force: a new reference, or NULL when there is none in force. */
MUST_USE int policy_api_get(struct policy_api *api, const char *id, json_t **ret_policy);
/* What was published when, newest first, at most count: a new reference, an array. */
MUST_USE int policy_api_history(struct policy_api *api, unsigned count, json_t **ret_history);
/* Drafts a text; reason may be NULL. */
MUST_USE int policy_api_draft(struct policy_api *api, const char *text, const char *reason,
                              json_t **ret_policy);
/* Publishes the policy of that id when it has that hash; NULL: whatever it has. reason may be NULL. */
MUST_USE int policy_api_publish(struct policy_api *api, const char *id, const char *hash, const char *reason);
