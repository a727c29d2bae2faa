#include <string.h>

#include "alphabet.h"

static bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static bool is_token(unsigned char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
         c == '-' || c == ':';
}

static bool is_print(unsigned char c) {
  return c >= 0x20 && c <= 0x7e;
}

static bool is_ref(unsigned char c) {
  return c > 0x20 && c <= 0x7e;
}

static bool all(const char *text, size_t length, bool (*accepts)(unsigned char)) {
  for (size_t i = 0; i < length; i++) {
    if (!accepts((unsigned char)text[i]))
      return false;
  }
  return true;
}

/* Reads one UTF-8 character; its length, or 0 when it is malformed, overlong or a surrogate. */
static size_t utf8_character(const unsigned char *at, size_t left, uint32_t *ret_point) {
  size_t length = at[0] < 0x80   ? 1
                  : at[0] < 0xc2 ? 0
                  : at[0] < 0xe0 ? 2
                  : at[0] < 0xf0 ? 3
                  : at[0] < 0xf5 ? 4
                                 : 0;
  if (length == 0 || length > left)
    return 0;
  uint32_t point = length == 1 ? at[0] : at[0] & (0x7fU >> length);
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80)
      return 0;
    point = (point << 6) | (at[i] & 0x3f);
  }
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
    return 0;
  *ret_point = point;
  return length;
}

static bool is_text(const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  for (size_t i = 0; i < length;) {
    uint32_t point = 0;
    size_t step = utf8_character(bytes + i, length - i, &point);
    if (step == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f))
      return false;
    i += step;
  }
  return true;
}

/* The length of prefix when text begins with it, else 0. */
static size_t begins(const char *text, size_t length, const char *prefix) {
  size_t size = strlen(prefix);
  return length >= size && memcmp(text, prefix, size) == 0 ? size : 0;
}

static size_t authority_length(const char *text, size_t length) {
  size_t size = 0;
  while (size < length && text[size] != '/' && text[size] != '?' && text[size] != '#')
    size++;
  return size;
}

static bool is_loopback(const char *authority, size_t length) {
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    size_t host = begins(authority, length, hosts[i]);
    if (host && (host == length || authority[host] == ':'))
      return true;
  }
  return false;
}

/* No user information: https://shop.example@elsewhere.example names another host than it seems to. */
static bool is_url(const char *text, size_t length) {
  size_t secure = begins(text, length, "https://");
  size_t scheme = secure ? secure : begins(text, length, "http://");
  if (!scheme || !all(text, length, is_ref))
    return false;
  const char *authority = text + scheme;
  size_t size = authority_length(authority, length - scheme);
  if (size == 0 || memchr(authority, '@', size) || memchr(authority, '\\', size))
    return false;
  return secure || is_loopback(authority, size);
}

bool alphabet_holds_bytes(enum alphabet alphabet, const char *text, size_t length) {
  switch (alphabet) {
  case ALPHABET_TEXT:
    return is_text(text, length);
  case ALPHABET_PRINT:
    return all(text, length, is_print);
  case ALPHABET_TOKEN:
    return all(text, length, is_token);
  case ALPHABET_REF:
    return all(text, length, is_ref);
  case ALPHABET_DIGITS:
    return all(text, length, is_digit);
  case ALPHABET_URL:
    return is_url(text, length);
  }
  return false;
}

bool alphabet_holds(enum alphabet alphabet, const char *text) {
  return alphabet_holds_bytes(alphabet, text, strlen(text));
}
