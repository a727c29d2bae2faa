#include "stack_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

struct heap_text {
  char *bytes;
  size_t length;
};

static size_t take(char *bytes, size_t size, size_t count, void *context) {
  struct heap_text *text = context;
  char *grown = realloc(text->bytes, text->length + size * count + 1);
  if (grown == NULL)
    return 0;
  memcpy(grown + text->length, bytes, size * count);
  text->bytes = grown;
  text->length += size * count;
  return size * count;
}

static struct curl_slist *headers_of(const struct http_ask *ask) {
  char line[TEXT_MAX];
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  if (ask->key != NULL) {
    snprintf(line, sizeof line, "Authorization: Bearer %s", ask->key);
    headers = curl_slist_append(headers, line);
  }
  if (ask->idempotency_key != NULL) {
    snprintf(line, sizeof line, "Idempotency-Key: %s", ask->idempotency_key);
    headers = curl_slist_append(headers, line);
  }
  return headers;
}

/* One handle a thread, so that connections are kept alive as clients keep them. */
static CURL *own_handle(void) {
  static _Thread_local CURL *handle;
  if (handle == NULL)
    handle = curl_easy_init();
  if (handle != NULL)
    curl_easy_reset(handle);
  return handle;
}

long http_ask(const struct http_ask *ask, json_t **ret_json) {
  char url[TEXT_MAX];
  struct heap_text answer = {0};
  CURL *handle = own_handle();
  if (handle == NULL)
    return 0;
  struct curl_slist *headers = headers_of(ask);
  snprintf(url, sizeof url, "%s%s", ask->url, ask->path);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, ask->method);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, ask->wait_ms != 0 ? ask->wait_ms : (long)ANSWER_WAIT_MS);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  if (ask->body != NULL)
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, ask->body);
  long status = 0;
  if (curl_easy_perform(handle) == CURLE_OK)
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  *ret_json = status != 0 && answer.length > 0 ? json_loadb(answer.bytes, answer.length, 0, NULL) : NULL;
  free(answer.bytes);
  return status;
}
