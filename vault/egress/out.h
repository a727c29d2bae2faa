/* Bytes written one after another into a buffer of fixed size; sticky when it is full, and it can go back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out {
  uint8_t *bytes;
  size_t length;
  size_t capacity;
  bool full;
};

void out_bytes(struct out *out, const void *bytes, size_t length);
void out_text(struct out *out, const char *text);
void out_number(struct out *out, int64_t number);
/* Percent-encoded but for letters, digits and - _ . ~ (RFC 3986): path segments, query and form values. */
void out_percent(struct out *out, const char *text, size_t length);
/* A JSON string with its quotes. text is UTF-8. */
void out_json(struct out *out, const char *text, size_t length);
