/* A blocking client of the router's API on this machine, for the commands that speak as a merchant. */
#pragma once

#include "ids.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { API_ANSWER_MAX = 8 * 1024 * 1024 }; /* the longest policy as text and tree, and room */

struct api_answer {
  int status; /* of HTTP */
  size_t length;
  char body[API_ANSWER_MAX + 1]; /* NUL-terminated */
};

enum { API_TIMEOUT_MS = 60000 };

/* Sends method path with a JSON body (NULL: none) to 127.0.0.1:port under that secret key. Returns 0 with
 * *ret_answer whatever its status; or a negated errno (-ECONNREFUSED, -ETIMEDOUT after API_TIMEOUT_MS,
 * -EBADMSG, -EFBIG). */
MUST_USE int api_call(uint16_t port, const struct id *secret_key, const char *method, const char *path,
                      const char *body, struct api_answer *ret_answer);
/* The same, and waits no longer than timeout_ms for the whole answer. */
MUST_USE int api_call_within(uint32_t timeout_ms, uint16_t port, const struct id *secret_key,
                             const char *method, const char *path, const char *body,
                             struct api_answer *ret_answer);
