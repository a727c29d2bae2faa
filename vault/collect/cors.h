/* Which origins' pages may call the API from a browser (CORS) and embed the form. */
#pragma once

#include "collect_options.h"
#include "http.h"

enum { CORS_HEADERS_MAX = 4 };

/* The configured origin that equals text (may be NULL), or NULL. */
const char *cors_origin(const struct collect_options *options, const char *text);
/* The header lines that every answer to request carries, ended by a NULL name. */
void cors_headers(const struct collect_options *options, const struct http_request *request,
                  struct http_header ret_headers[CORS_HEADERS_MAX]);
/* Answers a preflight. */
void cors_preflight(const struct collect_options *options, struct http_request *request);
