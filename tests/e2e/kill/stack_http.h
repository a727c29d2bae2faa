/* One request to the stack or its sandbox, waited for. */
#pragma once

#include <jansson.h>

/* Where a stack answers, from DIR/env. Borrowed from the environment. */
struct stack_urls {
  const char *api, *collect, *sandbox;
  const char *secret_key, *publishable_key;
};

enum { ANSWER_WAIT_MS = 15000 /* the API answers within ten seconds */ };

struct http_ask {
  const char *method, *url, *path; /* the URL is url and path together */
  const char *key;                 /* of an API, or NULL */
  const char *idempotency_key;     /* or NULL */
  const char *body;                /* JSON, or NULL */
  long wait_ms;                    /* the client hangs up after that; 0: ANSWER_WAIT_MS */
};

/* Returns the HTTP status, with the answer's JSON in *ret_json (NULL where there is none; the caller lets it
 * go); or 0 when no whole answer came. */
long http_ask(const struct http_ask *ask, json_t **ret_json);
