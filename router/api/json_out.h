/* Writing JSON answers: members in the order they are written, commas by itself, texts escaped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "result.h"

/* Zero-initialised is an empty one. A failed allocation makes it bad, and json_out_finish() says so. */
struct json_out {
  char *bytes;
  size_t length, capacity;
  bool bad;
  bool comma; /* the next member or element needs one */
};

/* name: of the member, a literal of ours; NULL for an element of a list or the whole. */
void json_open(struct json_out *out, const char *name);
void json_close(struct json_out *out);
void json_open_list(struct json_out *out, const char *name);
void json_close_list(struct json_out *out);
/* text NULL or "" is written as null. */
void json_text(struct json_out *out, const char *name, const char *text);
/* The same, but an empty text is written as "". */
void json_text_always(struct json_out *out, const char *name, const char *text);
void json_integer(struct json_out *out, const char *name, int64_t value);
void json_flag(struct json_out *out, const char *name, bool value);
void json_null(struct json_out *out, const char *name);
/* unix_ms as RFC 3339; 0 as null. */
void json_time(struct json_out *out, const char *name, int64_t unix_ms);
/* Hexadecimal digits of bytes. */
void json_hex(struct json_out *out, const char *name, const void *bytes, size_t length);
/* A decimal fraction with thousandths. */
void json_thousandths(struct json_out *out, const char *name, int64_t thousandths);
/* Hands over what was written, NUL-terminated; the caller frees it. Returns 0 or -ENOMEM (and frees). */
MUST_USE int json_out_finish(struct json_out *out, char **ret_text, size_t *ret_length);
/* Drops what was written. */
void json_out_drop(struct json_out *out);
