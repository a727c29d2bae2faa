#include "cors.h"

#include <string.h>

#include "problem.h"

static const struct problem not_allowed = {403, "origin_not_allowed", "This origin is not configured here.",
                                           NULL, 0};

const char *cors_origin(const struct collect_options *options, const char *text) {
  for (unsigned i = 0; text != NULL && i < options->origin_count; i++)
    if (strcmp(options->origins[i], text) == 0)
      return options->origins[i];
  return NULL;
}

void cors_headers(const struct collect_options *options, const struct http_request *request,
                  struct http_header ret_headers[CORS_HEADERS_MAX]) {
  const char *origin = cors_origin(options, http_header(request, "Origin"));
  size_t count = 0;
  ret_headers[count++] = (struct http_header){"Vary", "Origin"};
  if (origin != NULL) {
    ret_headers[count++] = (struct http_header){"Access-Control-Allow-Origin", origin};
    ret_headers[count++] =
        (struct http_header){"Access-Control-Expose-Headers", "Freeport-Request-Id, Retry-After"};
  }
  ret_headers[count] = (struct http_header){NULL, NULL};
}

void cors_preflight(const struct collect_options *options, struct http_request *request) {
  const char *origin = cors_origin(options, http_header(request, "Origin"));
  if (origin == NULL) {
    problem_answer(request, &not_allowed, (const struct http_header[]){{"Vary", "Origin"}, {NULL, NULL}});
    return;
  }
  const struct http_header headers[] = {{"Vary", "Origin"},
                                        {"Access-Control-Allow-Origin", origin},
                                        {"Access-Control-Allow-Methods", "POST"},
                                        {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
                                        {"Access-Control-Max-Age", "600"},
                                        {NULL, NULL}};
  http_answer(request, &(struct http_response){.status = 204, .headers = headers});
}
