#include "problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EXTRA_MAX = 8, NUMBER_TEXT = 16 };

const struct problem problem_not_found = {404, "not_found", "There is nothing at this address.", NULL, 0};
const struct problem problem_method = {405, "method_not_allowed",
                                       "This address has other methods: see Allow.", NULL, 0};
const struct problem problem_too_large = {413, "body_too_large", "The body is larger than is accepted here.",
                                          NULL, 0};
const struct problem problem_media_type = {415, "unsupported_media_type",
                                           "The body must be application/json.", NULL, 0};
const struct problem problem_unauthorized = {401, "unauthorized", "No key, or one that is not accepted here.",
                                             NULL, 0};
const struct problem problem_limited = {429, "rate_limited", "Too many requests: slow down.", NULL, 1};
const struct problem problem_busy = {503, "busy", "Not now; nothing was done. Try again.", NULL, 1};

static const struct {
  unsigned status;
  const char *title;
} titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

const char *problem_title(unsigned status) {
  for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
    if (titles[i].status == status)
      return titles[i].title;
  return "Error";
}

struct text {
  char *start;
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(text->start + text->length, PROBLEM_CAPACITY - text->length, format, arguments);
  va_end(arguments);
  assert(written >= 0 && (size_t)written < PROBLEM_CAPACITY - text->length);
  text->length += (size_t)written;
}

size_t problem_write(const struct problem *problem, const struct id *request_id,
                     char ret_text[PROBLEM_CAPACITY]) {
  struct text text = {ret_text, 0};
  put(&text, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"code\":\"%s\"",
      problem_title(problem->status), problem->status, problem->code);
  if (problem->detail != NULL)
    put(&text, ",\"detail\":\"%s\"", problem->detail);
  if (problem->param != NULL)
    put(&text, ",\"param\":\"%s\"", problem->param);
  put(&text, ",\"request_id\":\"%s\"}", request_id->text);
  return text.length;
}

void problem_answer(struct http_request *request, const struct problem *problem,
                    const struct http_header *extra) {
  char body[PROBLEM_CAPACITY], retry[NUMBER_TEXT];
  struct http_header headers[EXTRA_MAX + 3];
  size_t count = 0;
  for (; extra != NULL && extra->name != NULL; extra++) {
    assert(count < EXTRA_MAX);
    headers[count++] = *extra;
  }
  if (problem->retry_after > 0) {
    snprintf(retry, sizeof retry, "%u", problem->retry_after);
    headers[count++] = (struct http_header){"Retry-After", retry};
  }
  if (problem->status == 401)
    headers[count++] = (struct http_header){"WWW-Authenticate", "Bearer"};
  headers[count] = (struct http_header){NULL, NULL};
  http_answer(request, &(struct http_response){.status = problem->status,
                                               .content_type = "application/problem+json",
                                               .body = body,
                                               .length = problem_write(problem, &request->id, body),
                                               .headers = headers});
}
