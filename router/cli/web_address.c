#include "web_address.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGIN_MAX = 255, BASE_URL_MAX = 255, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* What follows the scheme, or NULL. */
static const char *after_scheme(const char *text) {
  return strncmp(text, "https://", 8) == 0 ? text + 8 : strncmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* What follows host and port, or NULL. */
static const char *after_host(const char *at, const char *characters) {
  bool brackets = *at == '[';
  size_t length = strspn(at + brackets, brackets ? DIGITS "abcdefABCDEF:." : characters);
  at += brackets;
  if (length == 0 || (brackets && at[length] != ']')) {
    return NULL;
  }
  at += length + brackets;
  if (*at != ':') {
    return at;
  }
  size_t digits = strspn(at + 1, DIGITS);
  unsigned long port = digits >= 1 && digits <= PORT_DIGITS_MAX ? strtoul(at + 1, NULL, 10) : 0;
  return port >= 1 && port <= PORT_MAX ? at + 1 + digits : NULL;
}

bool web_origin_valid(const char *text) {
  const char *rest = strlen(text) <= ORIGIN_MAX ? after_scheme(text) : NULL;
  if (rest != NULL) {
    rest = after_host(rest, LOWER DIGITS "-.");
  }
  return rest != NULL && *rest == '\0';
}

bool web_base_url_valid(const char *text) {
  const char *rest = strlen(text) <= BASE_URL_MAX ? after_scheme(text) : NULL;
  if (rest != NULL) {
    rest = after_host(rest, LOWER UPPER DIGITS "-.");
  }
  return rest != NULL && (*rest == '\0' || *rest == '/') &&
         rest[strspn(rest, LOWER UPPER DIGITS "-_./")] == '\0' && strstr(rest, "..") == NULL &&
         strstr(rest, "//") == NULL;
}
