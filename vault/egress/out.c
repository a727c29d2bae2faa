#include "out.h"
#include <stdio.h>
#include <string.h>

static const char hexadecimal[] = "0123456789ABCDEF";

void out_bytes(struct out *out, const void *bytes, size_t length) {
  if (length > out->capacity - out->length) {
    out->full = true;
    return;
  }
  if (length > 0)
    memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
}

void out_text(struct out *out, const char *text) {
  out_bytes(out, text, strlen(text));
}

void out_number(struct out *out, int64_t number) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
  out_bytes(out, digits, (size_t)length);
}

static bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

void out_percent(struct out *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    const char escaped[3] = {'%', hexadecimal[c >> 4], hexadecimal[c & 15]};
    if (is_unreserved(c))
      out_bytes(out, &c, 1);
    else
      out_bytes(out, escaped, sizeof escaped);
  }
}

void out_json(struct out *out, const char *text, size_t length) {
  out_text(out, "\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    const char escaped[6] = {'\\', 'u', '0', '0', hexadecimal[c >> 4], hexadecimal[c & 15]};
    if (c == '"' || c == '\\')
      out_text(out, "\\");
    if (c < 0x20 || c == 0x7f)
      out_bytes(out, escaped, sizeof escaped);
    else
      out_bytes(out, &c, 1);
  }
  out_text(out, "\"");
}
