/* What is wrong with a request: the code of the problem answer and the path of the field at fault. There is
 * no place in it for a value that came from outside (B7). */
#pragma once

#include "problem.h"

enum { PARAM_CAPACITY = 96, FAULT_TEXT_CAPACITY = 256 };

/* status 0 means that nothing is wrong. */
struct fault {
  unsigned status;                /* of HTTP: 400 to 503 */
  const char *code;               /* static: "invalid_field", ... */
  const char *detail;             /* static: a sentence for people; NULL: text */
  unsigned retry_after;           /* seconds for Retry-After; 0: none */
  char param[PARAM_CAPACITY];     /* "billing_address.country", "routing.connectors[1]", or "" */
  char text[FAULT_TEXT_CAPACITY]; /* a detail with numbers of ours in it */
};

/* A fault without a field, or with one named by a text of ours. All texts are static. */
struct fault fault_of(unsigned status, const char *code, const char *detail);
struct fault fault_at(unsigned status, const char *code, const char *detail, const char *param);
/* One that goes by itself: 503 with Retry-After. */
struct fault fault_passing(const char *code, const char *detail);
/* As shared/http answers it; borrows from fault. */
struct problem fault_problem(const struct fault *fault);
