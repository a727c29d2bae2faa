/* Endpoints' URLs. One that is taken is made of what it was taken apart into, and a live one leads to a name.
 */
#include "webhook_url.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct webhook_url url;
  char *text = malloc(size + 1);
  assert(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  if (webhook_url_parse(text, &url) == 0) {
    assert(url.port > 0 && url.host[0] != '\0' && strlen(text) < WEBHOOK_URL_CAPACITY);
    assert(strstr(text, url.host) != NULL &&
           strspn(url.host, "abcdefghijklmnopqrstuvwxyzABCDEF0123456789._-:") == strlen(url.host));
    assert(url.target >= text && url.target <= text + strlen(text));
    assert(url.target[0] == '\0' || url.target[0] == '/' || url.target[0] == '?');
    assert(!webhook_url_allowed(&url, true) || (url.tls && !url.literal && strchr(url.host, '.') != NULL));
    assert(!webhook_url_allowed(&url, true) || webhook_url_allowed(&url, false));
  }
  free(text);
  return 0;
}
