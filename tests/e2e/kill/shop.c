#include "shop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void shop_complain(struct shop *shop, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&shop->lock);
  shop->violations++;
  fputs("WRONG: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  pthread_mutex_unlock(&shop->lock);
  va_end(arguments);
}

bool shop_tokenize(struct shop *shop, unsigned card) {
  /* None that may stand in a memory by chance; but the last, which is declined everywhere. */
  static const char *const numbers[] = {"4242427391058265", "5555553948201757", "378282591730468",
                                        "5105108671935421", "4000000000000002"};
  char body[BODY_TEXT];
  json_t *json;
  snprintf(
      body, sizeof body,
      "{\"type\":\"card\",\"card\":{\"number\":\"%s\",\"exp_month\":12,\"exp_year\":2030,\"name\":\"Ada\"}}",
      numbers[card % (sizeof numbers / sizeof *numbers)]);
  const struct http_ask ask = {.method = "POST",
                               .url = shop->urls.collect,
                               .path = "/v1/tokens",
                               .key = shop->urls.publishable_key,
                               .body = body};
  bool good = http_ask(&ask, &json) == 201;
  const char *token = json_string_value(json_object_get(json, "id"));
  pthread_mutex_lock(&shop->lock);
  if (good && token != NULL && shop->token_count < TOKENS_MAX)
    snprintf(shop->tokens[shop->token_count++], ID_TEXT, "%s", token);
  pthread_mutex_unlock(&shop->lock);
  json_decref(json);
  return good;
}

/* A 2xx: the id is the same each time (P3). */
static void take_answer(struct shop *shop, struct note *note, const json_t *json) {
  bool movement = strcmp(note->path, "/v1/payments") != 0;
  const char *id = json_string_value(json_object_get(json, movement ? "movement" : "id"));
  const char *status = json_string_value(json_object_get(json, "status"));
  char before[ID_TEXT];
  pthread_mutex_lock(&shop->lock);
  strcpy(before, note->id);
  if (id != NULL && before[0] == '\0')
    snprintf(note->id, sizeof note->id, "%s", id);
  if (status != NULL)
    snprintf(note->told, sizeof note->told, "%s", status);
  note->refused = false;
  note->answered++;
  pthread_mutex_unlock(&shop->lock);
  if (id == NULL || status == NULL)
    shop_complain(shop, "a 2xx for %s names no id or status", note->key);
  else if (before[0] != '\0' && strcmp(before, id) != 0)
    shop_complain(shop, "the key %s made %s and %s", note->key, before, id);
}

long shop_send(struct shop *shop, struct note *note, long wait_ms) {
  json_t *json;
  const struct http_ask ask = {.method = "POST",
                               .url = shop->urls.api,
                               .path = note->path,
                               .key = shop->urls.secret_key,
                               .idempotency_key = note->key,
                               .body = note->body,
                               .wait_ms = wait_ms};
  long status = http_ask(&ask, &json);
  pthread_mutex_lock(&shop->lock);
  note->asked++;
  shop->requests++;
  bool was_done = note->id[0] != '\0';
  note->refused = status >= 400 && status < 500;
  pthread_mutex_unlock(&shop->lock);
  if (status >= 200 && status < 300)
    take_answer(shop, note, json);
  else if (was_done && status >= 400 && status < 500)
    shop_complain(shop, "%s was answered with a 2xx, and a repeat with %ld", note->key, status);
  json_decref(json);
  return status;
}

bool shop_behave(const struct shop *shop, const char *connector, const char *behaviour) {
  char path[80];
  json_t *json;
  snprintf(path, sizeof path, "/_sandbox/%s/behaviour", connector);
  const struct http_ask ask = {
      .method = "PUT", .url = shop->urls.sandbox, .path = path, .body = behaviour, .wait_ms = 2000};
  long status = http_ask(&ask, &json);
  json_decref(json);
  return status == 200;
}
