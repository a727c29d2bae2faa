/* The body of a drill. */
#pragma once

#include "json_in.h"

struct drill_body {
  int64_t seconds;
};

/* The table, for the test that holds openapi.json to it. */
extern const struct json_rule drill_rules[];

/* The body of `POST /v1/connectors/{id}/drill`. Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_drill(const void *bytes, size_t length, struct drill_body *ret_body,
                         struct fault *ret_fault);
