/* A table of routes: which handler answers which method and path. */
#pragma once

#include "http.h"

enum { HTTP_SEGMENT_CAPACITY = 64 }; /* of a path's variable segment, NUL included */

/* segment: what stood for the {...} of the pattern (letters, digits, _ - . only), or "". */
typedef void http_handler(void *context, struct http_request *request, const char *segment);

struct http_route {
  enum http_method method;
  const char *pattern; /* "/v1/payments/{id}/capture": at most one {...}, a whole segment */
  http_handler *handle;
};

enum { HTTP_NO_PATH = 1, HTTP_NO_METHOD = 2, HTTP_ALLOW_CAPACITY = 64 };

struct http_match {
  const struct http_route *route; /* NULL unless found */
  char segment[HTTP_SEGMENT_CAPACITY];
  char allow[HTTP_ALLOW_CAPACITY]; /* the methods that the path has, as Allow lists them */
};

/* Finds the route of method and path. Returns 0; HTTP_NO_PATH (404); HTTP_NO_METHOD (405; ret_match->allow is
 * set). */
MUST_USE int http_route_find(const struct http_route *routes, size_t count, enum http_method method,
                             const char *path, struct http_match *ret_match);
/* Calls the route's handler, or answers 404 or 405 itself, with extra header lines (may be NULL). */
void http_route_dispatch(const struct http_route *routes, size_t count, void *context,
                         struct http_request *request, const struct http_header *extra);
