#include "base_url.h"
#include "sheet_model.h"
#include <errno.h>
#include <string.h>

enum { PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MAX = 65535 };

static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* How many of text's leading characters are letters, digits or among extra. */
static size_t span(const char *text, const char *extra) {
  size_t length = 0;
  while (text[length] != '\0' &&
         (strchr(letters_and_digits, text[length]) != NULL || strchr(extra, text[length]) != NULL))
    length++;
  return length;
}

static int take_scheme(const char **at, bool plain_allowed, struct target *target) {
  if (strncmp(*at, "https://", 8) == 0) {
    *target = (struct target){.tls = true, .port = PORT_HTTPS};
    *at += 8;
    return 0;
  }
  if (!plain_allowed || strncmp(*at, "http://", 7) != 0)
    return -EINVAL;
  *target = (struct target){.tls = false, .port = PORT_HTTP};
  *at += 7;
  return 0;
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static int take_host(const char **at, struct target *target) {
  bool brackets = **at == '[';
  const char *host = *at + brackets;
  size_t length = brackets ? strspn(host, "0123456789abcdefABCDEF:.") : span(host, "-.");
  if (length == 0 || length >= sizeof target->host || (brackets && host[length] != ']'))
    return -EINVAL;
  memcpy(target->host, host, length);
  target->host[length] = '\0';
  *at = host + length + brackets;
  return 0;
}

static int take_port(const char **at, struct target *target) {
  if (**at != ':')
    return 0;
  const char *digits = *at + 1;
  size_t length = strspn(digits, "0123456789");
  if (length == 0 || length > 5)
    return -EINVAL;
  unsigned port = 0;
  for (size_t i = 0; i < length; i++)
    port = port * 10 + (unsigned)(digits[i] - '0');
  if (port == 0 || port > PORT_MAX)
    return -EINVAL;
  target->port = (uint16_t)port;
  *at = digits + length;
  return 0;
}

static int take_prefix(const char *at, char ret_prefix[BASE_PREFIX_CAPACITY]) {
  size_t length = span(at, "-_./");
  if (at[length] != '\0' || (length > 0 && at[0] != '/') || length >= BASE_PREFIX_CAPACITY)
    return -EINVAL;
  if (strstr(at, "..") != NULL || strstr(at, "//") != NULL)
    return -EINVAL;
  if (length > 0 && at[length - 1] == '/')
    length--;
  memcpy(ret_prefix, at, length);
  ret_prefix[length] = '\0';
  return 0;
}

int base_url_parse(const char *url, bool plain_allowed, struct target *ret_target,
                   char ret_prefix[BASE_PREFIX_CAPACITY]) {
  struct target target = {0};
  char prefix[BASE_PREFIX_CAPACITY] = {0};
  int error = take_scheme(&url, plain_allowed, &target);
  if (error == 0)
    error = take_host(&url, &target);
  if (error == 0)
    error = take_port(&url, &target);
  if (error == 0)
    error = take_prefix(url, prefix);
  if (error != 0)
    return error;
  *ret_target = target;
  memcpy(ret_prefix, prefix, sizeof prefix);
  return 0;
}

int exchange_target(const struct exchange *exchange, struct target *ret_target,
                    char ret_prefix[BASE_PREFIX_CAPACITY]) {
  const struct egress_send *send = exchange->send;
  bool test = send->environment == ENVIRONMENT_TEST;
  if (send->base_url[0] != '\0')
    return test ? base_url_parse(send->base_url, true, ret_target, ret_prefix) : -EINVAL;
  *ret_target = (struct target){.tls = true, .port = PORT_HTTPS};
  size_t length = strlen(exchange->sheet->host);
  if (length >= sizeof ret_target->host)
    return -EINVAL;
  memcpy(ret_target->host, exchange->sheet->host, length + 1);
  ret_prefix[0] = '\0';
  return 0;
}
