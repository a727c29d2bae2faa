#include "json_out.h"
#include "clock.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096 };

static bool room_for(struct json_out *out, size_t more) {
  if (out->bad)
    return false;
  if (out->capacity - out->length >= more)
    return true;
  size_t capacity = out->capacity > 0 ? out->capacity : FIRST_CAPACITY;
  while (capacity - out->length < more)
    capacity *= 2;
  char *bytes = realloc(out->bytes, capacity);
  if (bytes == NULL) {
    out->bad = true;
    return false;
  }
  out->bytes = bytes;
  out->capacity = capacity;
  return true;
}

static void put(struct json_out *out, const char *bytes, size_t length) {
  if (!room_for(out, length))
    return;
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
}

static void put_literal(struct json_out *out, const char *text) {
  put(out, text, strlen(text));
}

static void put_escaped(struct json_out *out, const char *text) {
  put_literal(out, "\"");
  const char *from = text;
  for (const char *at = text; *at != '\0'; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte >= 0x20 && byte != '"' && byte != '\\')
      continue;
    put(out, from, (size_t)(at - from));
    from = at + 1;
    char escape[8];
    if (byte >= 0x20)
      snprintf(escape, sizeof escape, "\\%c", byte);
    else
      snprintf(escape, sizeof escape, "\\u%04x", byte);
    put_literal(out, escape);
  }
  put_literal(out, from);
  put_literal(out, "\"");
}

/* The comma before and the name of what comes next. */
static void begin(struct json_out *out, const char *name) {
  if (out->comma)
    put_literal(out, ",");
  out->comma = true;
  if (name != NULL) {
    put_escaped(out, name);
    put_literal(out, ":");
  }
}

static void put_value(struct json_out *out, const char *name, const char *literal) {
  begin(out, name);
  put_literal(out, literal);
}

void out_json(struct json_out *out, const char *name, const char *json) {
  put_value(out, name, json);
}

void out_open(struct json_out *out, const char *name) {
  put_value(out, name, "{");
  out->comma = false;
}

void out_close(struct json_out *out) {
  put_literal(out, "}");
  out->comma = true;
}

void out_open_list(struct json_out *out, const char *name) {
  put_value(out, name, "[");
  out->comma = false;
}

void out_close_list(struct json_out *out) {
  put_literal(out, "]");
  out->comma = true;
}

void out_text_always(struct json_out *out, const char *name, const char *text) {
  begin(out, name);
  put_escaped(out, text);
}

void out_text(struct json_out *out, const char *name, const char *text) {
  if (text == NULL || text[0] == '\0')
    out_null(out, name);
  else
    out_text_always(out, name, text);
}

void out_integer(struct json_out *out, const char *name, int64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  put_value(out, name, text);
}

void out_flag(struct json_out *out, const char *name, bool value) {
  put_value(out, name, value ? "true" : "false");
}

void out_null(struct json_out *out, const char *name) {
  put_value(out, name, "null");
}

void out_time(struct json_out *out, const char *name, int64_t unix_ms) {
  char text[TIMESTAMP_CAPACITY];
  if (unix_ms == 0) {
    out_null(out, name);
    return;
  }
  timestamp_format(unix_ms, text);
  out_text_always(out, name, text);
}

void out_hex(struct json_out *out, const char *name, const void *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  const unsigned char *byte = bytes;
  begin(out, name);
  put_literal(out, "\"");
  for (size_t i = 0; i < length; i++)
    put(out, (char[]){digits[byte[i] >> 4], digits[byte[i] & 15]}, 2);
  put_literal(out, "\"");
}

void out_thousandths(struct json_out *out, const char *name, int64_t thousandths) {
  char text[32];
  int64_t whole = thousandths / 1000, rest = thousandths % 1000;
  snprintf(text, sizeof text, "%" PRId64 ".%03" PRId64, whole, rest < 0 ? -rest : rest);
  put_value(out, name, text);
}

void out_share(struct json_out *out, const char *name, unsigned ten_thousandths) {
  char text[32];
  snprintf(text, sizeof text, "%u.%04u", ten_thousandths / 10000, ten_thousandths % 10000);
  put_value(out, name, text);
}

int out_finish(struct json_out *out, char **ret_text, size_t *ret_length) {
  put(out, "", 1);
  if (out->bad) {
    out_drop(out);
    return -ENOMEM;
  }
  *ret_text = out->bytes;
  *ret_length = out->length - 1;
  *out = (struct json_out){0};
  return 0;
}

void out_drop(struct json_out *out) {
  free(out->bytes);
  *out = (struct json_out){0};
}
