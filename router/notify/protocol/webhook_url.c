#include "webhook_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 63, PORT_DIGITS_MAX = 5, PORT_HTTPS = 443, PORT_HTTP = 80 };

static bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

static bool is_name_character(char character) {
  return is_digit(character) || (character >= 'a' && character <= 'z') || character == '-' ||
         character == '_';
}

/* A name of labels. One that ends in a number is an address in some reader's eyes, and none here. */
static bool is_name(const char *host) {
  const char *label = host;
  for (const char *at = host;; at++) {
    if (*at == '.' || *at == '\0') {
      if (at == label || at - label > LABEL_MAX)
        return false;
      if (*at == '\0')
        return !is_digit(*label) || strspn(label, "0123456789abcdefx") != (size_t)(at - label);
      label = at + 1;
    } else if (!is_name_character(*at)) {
      return false;
    }
  }
}

/* What follows the host: nothing, or a port. */
static bool take_port(const char *text, size_t length, struct webhook_url *url) {
  char digits[PORT_DIGITS_MAX + 1] = "";
  if (length == 0) {
    url->port = url->tls ? PORT_HTTPS : PORT_HTTP;
    return true;
  }
  if (text[0] != ':' || length < 2 || length - 1 > PORT_DIGITS_MAX)
    return false;
  memcpy(digits, text + 1, length - 1);
  unsigned long port = strtoul(digits, NULL, 10);
  url->port = (uint16_t)port;
  return strspn(digits, "0123456789") == length - 1 && port >= 1 && port <= UINT16_MAX;
}

static bool take_host(const char *text, size_t length, struct webhook_url *url) {
  if (length == 0 || length >= sizeof url->host)
    return false;
  memcpy(url->host, text, length);
  url->host[length] = '\0';
  return true;
}

static bool take_authority(const char *text, size_t length, struct webhook_url *url) {
  struct in6_addr address;
  if (length > 0 && text[0] == '[') {
    const char *end = memchr(text, ']', length);
    url->literal = true;
    return end && take_host(text + 1, (size_t)(end - text - 1), url) &&
           inet_pton(AF_INET6, url->host, &address) == 1 &&
           take_port(end + 1, length - (size_t)(end - text + 1), url);
  }
  const char *colon = memchr(text, ':', length);
  size_t host = colon ? (size_t)(colon - text) : length;
  if (!take_host(text, host, url) || !take_port(text + host, length - host, url))
    return false;
  url->literal = inet_pton(AF_INET, url->host, &address) == 1;
  return url->literal || is_name(url->host);
}

/* What may stand in a request line. */
static bool target_good(const char *target) {
  for (const char *at = target; *at; at++) {
    if (*at <= ' ' || *at > '~' || strchr("#\\\"<>^`{|}", *at))
      return false;
  }
  return true;
}

int webhook_url_parse(const char *text, struct webhook_url *ret_url) {
  static const char secure[] = "https://", plain[] = "http://";
  struct webhook_url url = {.tls = strncmp(text, secure, sizeof secure - 1) == 0};
  if (strlen(text) >= WEBHOOK_URL_CAPACITY || (!url.tls && strncmp(text, plain, sizeof plain - 1) != 0))
    return -EINVAL;
  const char *authority = text + (url.tls ? sizeof secure : sizeof plain) - 1;
  size_t length = strcspn(authority, "/?");
  url.target = authority + length;
  if (!take_authority(authority, length, &url) || !target_good(url.target))
    return -EINVAL;
  *ret_url = url;
  return 0;
}

static bool is_this_machine(const struct webhook_url *url) {
  return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "::1") == 0 ||
         (url->literal && strncmp(url->host, "127.", 4) == 0);
}

/* Names that lead nowhere but inside (RFC 6761, RFC 6762, RFC 8375, ICANN's "internal"). */
static bool is_inside(const char *host) {
  static const char *const endings[] = {".localhost", ".local", ".internal",
                                        ".home.arpa", ".test",  ".invalid"};
  size_t length = strlen(host);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t ending = strlen(endings[i]);
    if (length >= ending && strcmp(host + length - ending, endings[i]) == 0)
      return true;
  }
  return strchr(host, '.') == NULL;
}

bool webhook_url_allowed(const struct webhook_url *url, bool live) {
  bool named = url->tls && !url->literal;
  return live ? named && !is_inside(url->host) : named || is_this_machine(url);
}
