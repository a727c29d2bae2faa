#include "form.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cors.h"
#include "problem.h"

enum { POLICY_CAPACITY = 512 + ORIGIN_CAPACITY };

static const struct problem no_origin = {
    400, "missing_origin", "Give the origin of the embedding page as ?origin=https://shop.example.", "origin",
    0};
static const struct problem bad_origin = {403, "origin_not_allowed", "This origin is not configured here.",
                                          "origin", 0};

static const struct problem bad_fields = {
    422, "invalid_field", "fields is cvc, for the security code of a saved card, or not there.", "fields", 0};

static const struct form_file *find(const struct form_file *files, const char *name) {
  while (files->name != NULL && strcmp(files->name, name) != 0)
    files++;
  return files->name == NULL ? NULL : files;
}

/* The page that ?fields= asks for, or NULL. */
static const struct form_file *find_page(const char *query) {
  char fields[8];
  int outcome = http_query_value(query, "fields", fields, sizeof fields);
  if (outcome == HTTP_QUERY_END)
    return find(form_pages, "card");
  return outcome == 0 && strcmp(fields, "cvc") == 0 ? find(form_pages, "security-code") : NULL;
}

void form_page(const struct collect_options *options, struct http_request *request) {
  char given[ORIGIN_CAPACITY], policy[POLICY_CAPACITY];
  int outcome = http_query_value(request->query, "origin", given, sizeof given);
  const char *origin = outcome == 0 ? cors_origin(options, given) : NULL;
  if (origin == NULL) {
    problem_answer(request, outcome == HTTP_QUERY_END ? &no_origin : &bad_origin, NULL);
    return;
  }
  const struct form_file *file = find_page(request->query);
  if (file == NULL) {
    problem_answer(request, &bad_fields, NULL);
    return;
  }
  /* The script may trust ?origin= because of this: in any other frame the browser does not show the page at
   * all. */
  int length = snprintf(
      policy, sizeof policy,
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
      "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
      "frame-ancestors %s",
      origin);
  assert(length > 0 && (size_t)length < sizeof policy);
  const struct http_header headers[] = {
      {"Content-Security-Policy", policy},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=()"},
      {"Origin-Agent-Cluster", "?1"},
      {NULL, NULL}};
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = file->content_type,
                                               .body = file->bytes,
                                               .length = file->length,
                                               .headers = headers,
                                               .body_is_static = true});
}

void form_asset(struct http_request *request, const char *name) {
  static const struct http_header headers[] = {{"Cache-Control", "public, max-age=31536000, immutable"},
                                               {"Cross-Origin-Resource-Policy", "same-origin"},
                                               {"Content-Security-Policy", "default-src 'none'"},
                                               {NULL, NULL}};
  const struct form_file *file = find(form_assets, name);
  if (file == NULL) {
    problem_answer(request, &problem_not_found, NULL);
    return;
  }
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = file->content_type,
                                               .body = file->bytes,
                                               .length = file->length,
                                               .headers = headers,
                                               .body_is_static = true});
}
