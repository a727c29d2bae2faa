#include "api_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
  struct api_answer *answer = context;
  size_t length = size * count;
  if (length > API_ANSWER_MAX - answer->length) {
    return 0; /* curl ends the transfer */
  }
  memcpy(answer->body + answer->length, bytes, length);
  answer->length += length;
  answer->body[answer->length] = '\0';
  return length;
}

static int to_errno(CURLcode code) {
  switch (code) {
  case CURLE_OK:
    return 0;
  case CURLE_COULDNT_CONNECT:
    return -ECONNREFUSED;
  case CURLE_OPERATION_TIMEDOUT:
    return -ETIMEDOUT;
  case CURLE_WRITE_ERROR:
    return -EFBIG;
  case CURLE_OUT_OF_MEMORY:
    return -ENOMEM;
  default:
    return -EBADMSG;
  }
}

static int add_headers(struct curl_slist **headers, const struct id *secret_key, bool with_body) {
  char authorization[ID_CAPACITY + 32], idempotency[ID_CAPACITY + 32];
  snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", secret_key->text);
  snprintf(idempotency, sizeof idempotency, "Idempotency-Key: %s", id_new_random("cli").text);
  const char *const wanted[] = {authorization, idempotency, "Content-Type: application/json"};
  int result = 0;
  for (int i = 0; i < (with_body ? 3 : 1) && result == 0; i++) {
    struct curl_slist *longer = curl_slist_append(*headers, wanted[i]);
    result = longer == NULL ? -ENOMEM : 0;
    *headers = longer != NULL ? longer : *headers;
  }
  sodium_memzero(authorization, sizeof authorization);
  return result;
}

/* The key is in the first header: curl only frees. */
static void free_headers(struct curl_slist *headers) {
  if (headers != NULL) {
    sodium_memzero(headers->data, strlen(headers->data));
  }
  curl_slist_free_all(headers);
}

static CURLcode perform(CURL *curl, uint32_t timeout_ms, const char *url, const char *method,
                        const char *body, const struct curl_slist *headers, struct api_answer *answer) {
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  if (body != NULL) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  }
  CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer->status = (int)status;
  return code;
}

int api_call_within(uint32_t timeout_ms, uint16_t port, const struct id *secret_key, const char *method,
                    const char *path, const char *body, struct api_answer *ret_answer) {
  char url[512];
  struct curl_slist *headers = NULL;
  if (snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path) >= (int)sizeof url) {
    return -ENAMETOOLONG;
  }
  ret_answer->length = 0;
  ret_answer->body[0] = '\0';
  CURL *curl = curl_easy_init();
  if (curl == NULL) {
    return -ENOMEM;
  }
  int result = add_headers(&headers, secret_key, body != NULL);
  if (result == 0) {
    result = to_errno(perform(curl, timeout_ms, url, method, body, headers, ret_answer));
  }
  free_headers(headers);
  curl_easy_cleanup(curl);
  return result;
}

int api_call(uint16_t port, const struct id *secret_key, const char *method, const char *path,
             const char *body, struct api_answer *ret_answer) {
  return api_call_within(API_TIMEOUT_MS, port, secret_key, method, path, body, ret_answer);
}
