#include "hook_request.h"

#include <string.h>

#include "alphabet.h"
#include "json_guard.h"
#include "parts.h"

static const struct problem refused_bodies[] = {
    [JSON_TOO_LONG] = {413, "body_too_large", "The body is larger than is accepted here.", NULL, 0},
    [JSON_TOO_DEEP] = {400, "invalid_json", "Objects and arrays lie too deep within each other.", NULL, 0},
    [JSON_NOT_UTF8] = {400, "invalid_json", "The body is not valid UTF-8.", NULL, 0},
    [JSON_MALFORMED] = {400, "invalid_json", "The body is not one JSON value.", NULL, 0},
    [JSON_KEY_TWICE] = {400, "invalid_json", "A key is there twice in one object.", NULL, 0},
    [JSON_NUMBER_RANGE] = {400, "invalid_json", "A number is too large.", NULL, 0},
};
static const struct problem not_an_object = {400, "invalid_json", "The body must be an object.", NULL, 0};
static const struct problem bad_signature = {400, "bad_request", "A signature header is not well-formed.",
                                             NULL, 0};

const struct problem *hook_body_check(const void *body, size_t length) {
  json_t *root = NULL;
  int outcome = json_parse_strict(body, length, (struct json_limits){HOOK_BODY_MAX, HOOK_JSON_DEPTH}, &root);
  if (outcome < 0)
    return &problem_busy;
  if (outcome > 0)
    return &refused_bodies[outcome];
  bool object = json_is_object(root);
  json_decref(root);
  return object ? NULL : &not_an_object;
}

/* The headers that may hold a signature. */
static bool read_signatures(const struct http_request *request, struct hook *hook) {
  for (size_t i = 0; i < WEBHOOK_HEADERS; i++) {
    const char *value = http_header(request, webhook_header_name(i));
    size_t length = value == NULL ? 0 : strnlen(value, WEBHOOK_SIGNATURE_CAPACITY);
    if (length == WEBHOOK_SIGNATURE_CAPACITY ||
        (length > 0 && !alphabet_holds_bytes(ALPHABET_PRINT, value, length)))
      return false;
    memcpy(hook->signatures[i], value == NULL ? "" : value, length);
  }
  return true;
}

const struct problem *hook_request_read(const struct http_request *request, const char *connector,
                                        struct hook *ret_hook) {
  struct hook hook = {.body = request->body, .body_length = (uint32_t)request->body_length};
  if (!name_holds(connector, CONNECTOR_NAME_CAPACITY))
    return &problem_not_found;
  if (!http_content_is(request, "application/json"))
    return &problem_media_type;
  if (!read_signatures(request, &hook))
    return &bad_signature;
  memcpy(hook.connector, connector, strlen(connector));
  const struct problem *problem = hook_body_check(request->body, request->body_length);
  if (problem == NULL)
    *ret_hook = hook;
  return problem;
}
