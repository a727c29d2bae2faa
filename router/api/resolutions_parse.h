/* The body of `POST /v1/payments/{id}/resolve`, from bytes to a struct. */
#pragma once

#include "engine.h"
#include "fault.h"
#include "json_in.h"

/* For the test that holds openapi.json to it. */
extern const struct json_rule resolution_rules[];

/* Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_resolution(const void *bytes, size_t length, struct resolution *ret_resolution,
                              struct fault *ret_fault);
