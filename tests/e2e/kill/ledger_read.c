#include "ledger_read.h"

#include <stdio.h>
#include <string.h>

const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text != NULL ? text : "";
}

json_int_t integer_of(const json_t *object, const char *name) {
  return json_integer_value(json_object_get(object, name));
}

/* ---- All payments ---- */

static json_t *read_page(const struct shop *shop, const char *after) {
  char path[128];
  json_t *page;
  snprintf(path, sizeof path, "/v1/payments?limit=100%s%s", after[0] != '\0' ? "&starting_after=" : "",
           after);
  const struct http_ask ask = {
      .method = "GET", .url = shop->urls.api, .path = path, .key = shop->urls.secret_key};
  if (http_ask(&ask, &page) == 200)
    return page;
  json_decref(page);
  return NULL;
}

json_t *ledger_read(const struct shop *shop) {
  json_t *ledger = json_object();
  char after[ID_TEXT] = "";
  for (bool more = true; more;) {
    size_t i;
    json_t *payment, *page = read_page(shop, after);
    if (page == NULL) {
      json_decref(ledger);
      return NULL;
    }
    json_array_foreach(json_object_get(page, "data"), i, payment)
        json_object_set(ledger, text_of(payment, "id"), payment);
    more = json_is_true(json_object_get(page, "has_more"));
    snprintf(after, sizeof after, "%s", text_of(page, "next"));
    json_decref(page);
  }
  return ledger;
}

/* ---- What is open ---- */

/* Adyen has no status question. Where the answer of the first dispatch was an error, or was lost while Adyen
 * kept an error, each replay is answered by that error, which proves nothing and is not shown. What can be
 * settled by a replay is, while the caller waits for nothing to change any more. */
static enum openness attempt_openness(const json_t *attempt, bool has_code) {
  const char *status = text_of(attempt, "status");
  if (strcmp(status, "pending") != 0 && strcmp(status, "unresolved") != 0)
    return OPEN_NOT;
  if (strcmp(text_of(attempt, "connector"), "adyen") != 0 || strcmp(status, "pending") == 0)
    return OPEN_STILL_ASKED;
  bool answered = strcmp(text_of(attempt, "phase"), "reply") == 0;
  return has_code && !answered ? OPEN_CODE_LOST : OPEN_ERROR_KEPT;
}

static enum openness movement_openness(const json_t *movement, const char *connector) {
  const char *status = text_of(movement, "status");
  if (strcmp(status, "pending") != 0 && strcmp(status, "unresolved") != 0)
    return OPEN_NOT;
  if (strcmp(connector, "adyen") != 0)
    return OPEN_STILL_ASKED;
  if (json_is_true(json_object_get(movement, "received")))
    return OPEN_WEBHOOK_AWAITED;
  return strcmp(status, "unresolved") == 0 ? OPEN_ERROR_KEPT : OPEN_STILL_ASKED;
}

static enum openness worse(enum openness left, enum openness right) {
  if (left == OPEN_STILL_ASKED || right == OPEN_STILL_ASKED)
    return OPEN_STILL_ASKED;
  return left > right ? left : right;
}

enum openness payment_openness(const json_t *payment, bool has_code) {
  enum openness openness = OPEN_NOT;
  size_t i;
  json_t *part;
  json_array_foreach(json_object_get(payment, "attempts"), i, part) openness =
      worse(openness, attempt_openness(part, has_code));
  json_array_foreach(json_object_get(payment, "movements"), i, part) openness =
      worse(openness, movement_openness(part, text_of(payment, "connector")));
  if (openness == OPEN_NOT && strcmp(text_of(payment, "status"), "processing") == 0)
    return OPEN_STILL_ASKED; /* between two attempts */
  return openness;
}
