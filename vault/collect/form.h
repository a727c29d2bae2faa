/* The forms, for a card and for a saved card's security code: two pages, one script, one style sheet,
 * embedded at build; nothing of a third party. */
#pragma once

#include "collect_options.h"
#include "http.h"

/* One embedded file, as embed.py lays it out. */
struct form_file {
  const char *name; /* of a page: its file's, without .html; else the last segment of its address */
  const char *content_type;
  const unsigned char *bytes;
  size_t length;
};

/* Each ends with a file without a name. */
extern const struct form_file form_pages[];
extern const struct form_file form_assets[];

/* GET /v1/fields?origin=&fields=: the card form, or with fields=cvc that for a security code, for a frame in
 * that configured origin alone. */
void form_page(const struct collect_options *options, struct http_request *request);
/* GET /v1/fields/{name}: what the pages load. */
void form_asset(struct http_request *request, const char *name);
