#include <errno.h>
#include <string.h>

#include "http.h"
#include "json_guard.h"

static int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

/* Decodes length bytes of text; -EBADMSG for what http_query_next() refuses. */
static int decode(const char *text, size_t length, char *ret, size_t capacity) {
  size_t out = 0;
  for (size_t i = 0; i < length; i++) {
    int byte = (unsigned char)text[i];
    if (byte == '+')
      byte = ' ';
    if (byte == '%') {
      if (length - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
        return -EBADMSG;
      byte = hex(text[i + 1]) * 16 + hex(text[i + 2]);
      i += 2;
    }
    if (byte < 0x20 || byte == 0x7f || out + 1 >= capacity)
      return -EBADMSG;
    ret[out++] = (char)byte;
  }
  ret[out] = '\0';
  return utf8_valid(ret, out) ? 0 : -EBADMSG;
}

int http_query_next(const char *query, size_t *cursor, struct http_parameter *ret_parameter) {
  const char *start = query + *cursor;
  while (*start == '&')
    start++;
  if (*start == '\0')
    return HTTP_QUERY_END;
  size_t length = strcspn(start, "&");
  const char *equals = memchr(start, '=', length);
  size_t name_length = equals != NULL ? (size_t)(equals - start) : length;
  const char *value = equals != NULL ? equals + 1 : start + length;
  struct http_parameter parameter;
  int error = decode(start, name_length, parameter.name, sizeof parameter.name);
  if (error == 0)
    error = decode(value, (size_t)(start + length - value), parameter.value, sizeof parameter.value);
  if (error != 0)
    return error;
  *cursor = (size_t)(start + length - query);
  *ret_parameter = parameter;
  return 0;
}

int http_query_value(const char *query, const char *name, char *ret, size_t capacity) {
  struct http_parameter parameter, found = {"", ""};
  size_t cursor = 0, times = 0;
  int outcome;
  while ((outcome = http_query_next(query, &cursor, &parameter)) == 0)
    if (strcmp(parameter.name, name) == 0) {
      found = parameter;
      times++;
    }
  if (outcome < 0 || times > 1 || strlen(found.value) >= capacity)
    return -EBADMSG;
  if (times == 0)
    return HTTP_QUERY_END;
  strcpy(ret, found.value);
  return 0;
}
