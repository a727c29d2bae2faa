/* Bodies about webhook endpoints, bytes to structs. */
#pragma once

#include "event_types.h"
#include "fault.h"
#include "json_in.h"
#include "ledger.h"

struct endpoint_body {
  char url[ENDPOINT_URL_CAPACITY];                 /* "" when it is not given */
  char description[ENDPOINT_DESCRIPTION_CAPACITY]; /* likewise */
  event_type_set types;                            /* 0 likewise */
  int status;                                      /* -1 likewise; 0: enabled, 1: disabled */
};

/* The tables, for the test that holds openapi.json to them. */
extern const struct json_rule endpoint_rules[], endpoint_update_rules[], redeliver_rules[];

/* The body of `POST /v1/webhook_endpoints`. live: what URLs are allowed. Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_endpoint(const void *bytes, size_t length, bool live, struct endpoint_body *ret_body,
                            struct fault *ret_fault);
/* That of `PATCH /v1/webhook_endpoints/{id}`. */
MUST_USE int parse_endpoint_update(const void *bytes, size_t length, bool live,
                                   struct endpoint_body *ret_body, struct fault *ret_fault);
/* That of `POST /v1/webhook_endpoints/{id}/dead_letters/redeliver`; the event's id is empty when none is
 * given. */
MUST_USE int parse_redeliver(const void *bytes, size_t length, struct id *ret_event, struct fault *ret_fault);
