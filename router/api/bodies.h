/* Bodies of the smaller resources, from bytes to structs. */
#pragma once

#include "fault.h"
#include "json_in.h"
#include "ledger.h"
#include "router_vault.h"
#include "routing.h"

enum { REPLAY_DAYS_DEFAULT = 7, REPLAY_DAYS_MAX = 90 };

struct policy_body {
  char text[POLICY_LEDGER_TEXT_MAX + 1]; /* as it was given; "" with a tree */
  bool tree;                             /* it was given as JSON */
  bool tree_wrong;                       /* and is none: tree_error says why */
  struct policy_error tree_error;
  char tree_text[POLICY_LEDGER_TEXT_MAX + 1]; /* the tree as a canonical text */
  char reason[POLICY_REASON_CAPACITY];        /* or "" */
};

struct publication_body {
  char hash[POLICY_HASH_CAPACITY];     /* of the policy that is meant, or "" */
  char replaces[POLICY_HASH_CAPACITY]; /* of the policy that must be in force until then, or "" */
  char reason[POLICY_REASON_CAPACITY];
};

/* The tables, for the test that holds openapi.json to them. */
extern const struct json_rule token_rules[], policy_rules[], publication_rules[], rollback_rules[],
    replay_rules[], empty_rules[];

/* The body of `PATCH /v1/tokens/{id}`: both parts of the expiry date; merchant and token are left alone.
 * Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_token_update(const void *bytes, size_t length, struct token_update *ret_update,
                                struct fault *ret_fault);
/* The body of `POST /v1/policies`: a text or a tree, one of them. A tree that is no policy is no fault here.
 */
MUST_USE int parse_policy(const void *bytes, size_t length, struct policy_body *ret_body,
                          struct fault *ret_fault);
/* Of `POST /v1/policies/{id}/publish` and `/v1/policies/rollback`; it may be empty. */
MUST_USE int parse_publication(const void *bytes, size_t length, struct publication_body *ret_body,
                               struct fault *ret_fault);
MUST_USE int parse_rollback(const void *bytes, size_t length, struct publication_body *ret_body,
                            struct fault *ret_fault);
/* Of `POST /v1/policies/{id}/replay`: how many days. */
MUST_USE int parse_replay(const void *bytes, size_t length, int64_t *ret_days, struct fault *ret_fault);
/* A body that says nothing: none, or {}. */
MUST_USE int parse_empty(const void *bytes, size_t length, struct fault *ret_fault);
