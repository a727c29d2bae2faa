/* The card form: one page, one script, one style sheet, embedded at build; nothing of a third party. */
#pragma once

#include "collect_options.h"
#include "http.h"

/* One embedded file, as embed.py lays it out. */
struct form_file {
  const char *name; /* the last segment of its address; "" for the page */
  const char *content_type;
  const unsigned char *bytes;
  size_t length;
};

extern const struct form_file form_files[];
extern const size_t form_file_count;

/* GET /v1/fields?origin=: the page, for a frame in that configured origin alone. */
void form_page(const struct collect_options *options, struct http_request *request);
/* GET /v1/fields/{name}: what the page loads. */
void form_asset(struct http_request *request, const char *name);
