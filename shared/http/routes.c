#include "routes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "problem.h"

static const char *const method_names[HTTP_METHOD_COUNT] = {
    [HTTP_OTHER] = "",      [HTTP_GET] = "GET, HEAD", [HTTP_POST] = "POST",      [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS"};

static bool segment_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
         c == '.';
}

static bool path_matches(const char *pattern, const char *path, char segment[HTTP_SEGMENT_CAPACITY]) {
  const char *open = strchr(pattern, '{');
  segment[0] = '\0';
  if (open == NULL)
    return strcmp(pattern, path) == 0;
  size_t before = (size_t)(open - pattern), length = 0;
  if (strncmp(pattern, path, before) != 0)
    return false;
  const char *after = strchr(open, '}');
  assert(after != NULL);
  for (path += before; segment_character(path[length]); length++)
    if (length + 1 >= HTTP_SEGMENT_CAPACITY)
      return false;
  if (length == 0 || strcmp(after + 1, path + length) != 0)
    return false;
  memcpy(segment, path, length);
  segment[length] = '\0';
  return true;
}

static void allow(char text[HTTP_ALLOW_CAPACITY], enum http_method method) {
  size_t length = strlen(text);
  int written = snprintf(text + length, HTTP_ALLOW_CAPACITY - length, "%s%s", length > 0 ? ", " : "",
                         method_names[method]);
  assert(written > 0 && (size_t)written < HTTP_ALLOW_CAPACITY - length);
}

int http_route_find(const struct http_route *routes, size_t count, enum http_method method, const char *path,
                    struct http_match *ret_match) {
  struct http_match match = {NULL, "", ""};
  char segment[HTTP_SEGMENT_CAPACITY];
  for (size_t i = 0; i < count; i++) {
    if (!path_matches(routes[i].pattern, path, segment))
      continue;
    allow(match.allow, routes[i].method);
    if (routes[i].method == method && match.route == NULL) {
      match.route = &routes[i];
      strcpy(match.segment, segment);
    }
  }
  *ret_match = match;
  if (match.route != NULL)
    return 0;
  return match.allow[0] != '\0' ? HTTP_NO_METHOD : HTTP_NO_PATH;
}

void http_route_dispatch(const struct http_route *routes, size_t count, void *context,
                         struct http_request *request, const struct http_header *extra) {
  enum { EXTRA_MAX = 7 };
  struct http_match match;
  switch (http_route_find(routes, count, request->method, request->path, &match)) {
  case 0:
    match.route->handle(context, request, match.segment);
    return;
  case HTTP_NO_METHOD: {
    struct http_header headers[EXTRA_MAX + 2];
    size_t given = 0;
    for (; extra != NULL && extra->name != NULL && given < EXTRA_MAX; extra++)
      headers[given++] = *extra;
    headers[given++] = (struct http_header){"Allow", match.allow};
    headers[given] = (struct http_header){NULL, NULL};
    problem_answer(request, &problem_method, headers);
    return;
  }
  default:
    problem_answer(request, &problem_not_found, extra);
  }
}
