#include "sandbox_text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void) {
  fputs("freeport-sandbox: out of memory\n", stderr);
  abort();
}

void *get_memory(size_t size) {
  void *memory = calloc(1, size);
  if (memory == NULL)
    out_of_memory();
  return memory;
}

char *copy_string(const char *string) {
  char *copy = strdup(string);
  if (copy == NULL)
    out_of_memory();
  return copy;
}

void copy_text(char *ret, size_t capacity, const char *source) {
  size_t length = strnlen(source, capacity - 1);
  memcpy(ret, source, length);
  ret[length] = '\0';
}

void text_free(struct text *text) {
  free(text->bytes);
  *text = (struct text){0};
}

void text_clear(struct text *text) {
  text->length = 0;
  if (text->bytes != NULL)
    text->bytes[0] = '\0';
}

static void make_room(struct text *text, size_t more) {
  size_t wanted = text->length + more + 1;
  if (wanted <= text->capacity)
    return;
  size_t capacity = text->capacity < 256 ? 256 : text->capacity * 2;
  if (capacity < wanted)
    capacity = wanted;
  char *bytes = realloc(text->bytes, capacity);
  if (bytes == NULL)
    out_of_memory();
  text->bytes = bytes;
  text->capacity = capacity;
}

void text_add(struct text *text, const void *bytes, size_t length) {
  make_room(text, length);
  if (length > 0)
    memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void text_put(struct text *text, const char *string) {
  text_add(text, string, strlen(string));
}

void text_print(struct text *text, const char *format, ...) {
  va_list list;
  va_start(list, format);
  make_room(text, 512);
  int length = vsnprintf(text->bytes + text->length, text->capacity - text->length, format, list);
  va_end(list);
  if (length < 0)
    out_of_memory();
  if ((size_t)length >= text->capacity - text->length) {
    make_room(text, (size_t)length);
    va_start(list, format);
    vsnprintf(text->bytes + text->length, text->capacity - text->length, format, list);
    va_end(list);
  }
  text->length += (size_t)length;
}

void text_json(struct text *text, const char *string) {
  if (string == NULL) {
    text_put(text, "null");
    return;
  }
  text_add(text, "\"", 1);
  for (const char *at = string; *at != '\0';) {
    size_t plain = 0;
    while ((unsigned char)at[plain] >= 0x20 && at[plain] != '"' && at[plain] != '\\')
      plain++;
    text_add(text, at, plain);
    at += plain;
    if (*at == '\0')
      break;
    if (*at == '"' || *at == '\\')
      text_print(text, "\\%c", *at);
    else
      text_print(text, "\\u%04x", (unsigned char)*at);
    at++;
  }
  text_add(text, "\"", 1);
}

void text_json_or_null(struct text *text, const char *string) {
  text_json(text, string != NULL && string[0] == '\0' ? NULL : string);
}

void text_drop(struct text *text, size_t length) {
  memmove(text->bytes, text->bytes + length, text->length - length);
  text->length -= length;
  text->bytes[text->length] = '\0';
}
