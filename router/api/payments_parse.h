/* Bodies of the payments resource, from bytes to structs. Everything about them is checked here; what acts on
 * them sees no bytes. */
#pragma once

#include "clock.h"
#include "engine.h"
#include "fault.h"
#include "json_in.h"

enum {
  METADATA_KEY_MAX = 40,
  METADATA_VALUE_MAX = 500,
  ATTRIBUTE_VALUE_MAX = 64,
  CONSENT_MEMBERS_MAX = 10,
  DEADLINE_MIN_MS = 100,
  DEADLINE_MAX_MS = 3600000,
  ROUTE_POLICY_MAX = 32768 /* bytes of a text in a question; a longer one is drafted first */
};

/* What `POST /v1/route` asks: a payment's body, whose token may be absent. */
struct route_body {
  struct payment_request payment;
  bool has_card;                          /* in place of a token */
  struct route_card card;                 /* network and leading digits are all of its view */
  int64_t at_ms;                          /* 0: now */
  struct id policy;                       /* "pol", or empty */
  char policy_text[ROUTE_POLICY_MAX + 1]; /* a text instead, or "" */
};

/* The tables, for the test that holds openapi.json to them. */
extern const struct json_rule payment_rules[], route_rules[], capture_rules[], void_rules[], refund_rules[];

/* The body of `POST /v1/payments`; everything but ret_request->from is set. Returns 0, or 1 with *ret_fault.
 */
MUST_USE int parse_payment(const void *bytes, size_t length, struct payment_request *ret_request,
                           struct fault *ret_fault);
/* The body of a capture, void or refund, which may be empty; everything but from and payment is set. */
MUST_USE int parse_movement(const void *bytes, size_t length, enum movement_type type,
                            struct movement_request *ret_request, struct fault *ret_fault);
/* The body of `POST /v1/route`. */
MUST_USE int parse_route(const void *bytes, size_t length, struct route_body *ret_body,
                         struct fault *ret_fault);
