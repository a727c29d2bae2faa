/* The API of the router of a stack in a directory, spoken to as the merchant of DIR/env. */
#pragma once

#include "api_client.h"
#include "ids.h"
#include "result.h"
#include <jansson.h>
#include <stdint.h>

struct merchant_api {
  const char *command; /* whose messages these are: "policy", ... */
  uint16_t port;
  struct id secret_key;
  struct api_answer answer; /* the last */
};

/* Reads port and key from DIR/env. Returns 0, or a negated errno; says nothing. Forgotten with
 * merchant_api_forget(). */
MUST_USE int merchant_api_find(const char *directory, const char *command, struct merchant_api *ret_api);
/* The same, and says when no stack answers there. */
MUST_USE int merchant_api_open(const char *directory, const char *command, struct merchant_api *ret_api);
/* The exit status for what a command's calls came to: 0, or a negated errno that has been said. */
int merchant_api_status(int result);
/* Wipes the key. */
void merchant_api_forget(struct merchant_api *api);
/* Sends method path with a JSON body (NULL: none). Returns 0 with a new reference in *ret_json; or a negated
 * errno after saying what is wrong (-EPROTO: the router refused). */
MUST_USE int merchant_api_call(struct merchant_api *api, const char *method, const char *path,
                               const char *body, json_t **ret_json);
