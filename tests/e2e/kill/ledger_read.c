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

json_t *errors_read(const struct shop *shop) {
  json_t *lines, *line, *errors = json_object();
  size_t i;
  const struct http_ask ask = {
      .method = "GET", .url = shop->urls.sandbox, .path = "/_sandbox/adyen/errors", .wait_ms = 5000};
  if (http_ask(&ask, &lines) != 200) {
    json_decref(lines);
    json_decref(errors);
    return NULL;
  }
  json_array_foreach(lines, i, line) json_object_set(errors, text_of(line, "key"), line);
  json_decref(lines);
  return errors;
}

static bool is_open(const json_t *step) {
  const char *status = text_of(step, "status");
  return strcmp(status, "pending") == 0 || strcmp(status, "unresolved") == 0;
}

/* The key of a dispatch's only step is the dispatch's own, and its number. */
static bool is_kept(const json_t *errors, const char *id, const char *step) {
  char key[ID_TEXT + 8];
  snprintf(key, sizeof key, "%s%s", id, step);
  return json_object_get(errors, key) != NULL;
}

/* Adyen has no status question. Where it keeps an error under the key, each replay is answered by that error,
 * which proves nothing. What else can be settled by a replay is, while the caller waits for nothing to change
 * any more. */
static enum openness attempt_openness(const json_t *attempt, const json_t *errors, bool code_died) {
  if (!is_open(attempt))
    return OPEN_NOT;
  if (strcmp(text_of(attempt, "connector"), "adyen") != 0 ||
      strcmp(text_of(attempt, "status"), "pending") == 0)
    return OPEN_STILL_ASKED;
  if (is_kept(errors, text_of(attempt, "id"), "_1"))
    return OPEN_ERROR_KEPT;
  return code_died ? OPEN_CODE_LOST : OPEN_STILL_ASKED;
}

/* What was received is told of by a webhook, which waits through every kill. */
static enum openness movement_openness(const json_t *movement, const json_t *errors, const char *connector) {
  if (!is_open(movement))
    return OPEN_NOT;
  bool unresolved = strcmp(text_of(movement, "status"), "unresolved") == 0;
  bool kept = strcmp(connector, "adyen") == 0 && is_kept(errors, text_of(movement, "id"), "_1_1");
  return unresolved && kept ? OPEN_ERROR_KEPT : OPEN_STILL_ASKED;
}

static enum openness worse(enum openness left, enum openness right) {
  if (left == OPEN_STILL_ASKED || right == OPEN_STILL_ASKED)
    return OPEN_STILL_ASKED;
  return left > right ? left : right;
}

/* Its code was typed before the vault's last death. When an attempt began says nothing: one that is handed to
 * a vault which is dead already, before the router has seen its end, is as doubtful, and its code as dead. */
static bool code_died(const struct shop *shop, const json_t *payment) {
  const char *reference = text_of(payment, "reference");
  for (unsigned i = 0; i < shop->order_count; i++) {
    const struct order *order = &shop->orders[i];
    if (strcmp(order->payment.key, reference) == 0)
      return order->has_code && order->vault_deaths < shop->vault_deaths;
  }
  return false;
}

enum openness payment_openness(const struct shop *shop, const json_t *payment, const json_t *errors) {
  enum openness openness = OPEN_NOT;
  size_t i;
  json_t *part;
  json_array_foreach(json_object_get(payment, "attempts"), i, part) {
    bool died = is_open(part) && code_died(shop, payment);
    openness = worse(openness, attempt_openness(part, errors, died));
  }
  json_array_foreach(json_object_get(payment, "movements"), i, part) openness =
      worse(openness, movement_openness(part, errors, text_of(payment, "connector")));
  if (openness == OPEN_NOT && strcmp(text_of(payment, "status"), "processing") == 0)
    return OPEN_STILL_ASKED; /* between two attempts */
  return openness;
}
