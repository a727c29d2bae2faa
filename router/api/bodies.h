/* Bodies of the smaller resources, from bytes to structs. */
#pragma once

#include "fault.h"
#include "json_in.h"
#include "ledger.h"
#include "router_vault.h"

struct policy_body {
  char text[POLICY_LEDGER_TEXT_MAX + 1];
};

/* The tables, for the test that holds openapi.json to them. */
extern const struct json_rule token_rules[], policy_rules[], empty_rules[];

/* The body of `PATCH /v1/tokens/{id}`: both parts of the expiry date; merchant and token are left alone.
 * Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_token_update(const void *bytes, size_t length, struct token_update *ret_update,
                                struct fault *ret_fault);
/* The body of `POST /v1/policies`. */
MUST_USE int parse_policy(const void *bytes, size_t length, struct policy_body *ret_body,
                          struct fault *ret_fault);
/* A body that says nothing: none, or {}. */
MUST_USE int parse_empty(const void *bytes, size_t length, struct fault *ret_fault);
