/* Writing JSON answers: members in the order they are written, commas by itself, texts escaped. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is an empty one. A failed allocation makes it bad, and out_finish() says so. */
struct json_out {
  char *bytes;
  size_t length, capacity;
  bool bad;
  bool comma; /* the next member or element needs one */
};

/* name: of the member, a literal of ours; NULL for an element of a list or the whole. */
void out_open(struct json_out *out, const char *name);
void out_close(struct json_out *out);
void out_open_list(struct json_out *out, const char *name);
void out_close_list(struct json_out *out);
/* text NULL or "" is written as null. */
void out_text(struct json_out *out, const char *name, const char *text);
/* The same, but an empty text is written as "". */
void out_text_always(struct json_out *out, const char *name, const char *text);
void out_integer(struct json_out *out, const char *name, int64_t value);
void out_flag(struct json_out *out, const char *name, bool value);
void out_null(struct json_out *out, const char *name);
/* unix_ms as RFC 3339; 0 as null. */
void out_time(struct json_out *out, const char *name, int64_t unix_ms);
/* Hexadecimal digits of bytes. */
void out_hex(struct json_out *out, const char *name, const void *bytes, size_t length);
/* A decimal fraction with thousandths. */
void out_thousandths(struct json_out *out, const char *name, int64_t thousandths);
/* A share from 0 to 1, given in ten-thousandths. */
void out_share(struct json_out *out, const char *name, unsigned ten_thousandths);
/* What is JSON already. */
void out_json(struct json_out *out, const char *name, const char *json);
/* Hands over what was written, NUL-terminated; the caller frees it. Returns 0 or -ENOMEM (and frees). */
MUST_USE int out_finish(struct json_out *out, char **ret_text, size_t *ret_length);
/* Drops what was written. */
void out_drop(struct json_out *out);
