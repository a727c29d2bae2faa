/* Text that grows, with JSON escaping: the answers and log lines of the sandbox. Running out of memory ends
 * the process: this is a program to practise on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
  char *bytes; /* NUL-terminated once something was added */
  size_t length, capacity;
};

void text_free(struct text *text);
/* Empties it and keeps the memory. */
void text_clear(struct text *text);
void text_add(struct text *text, const void *bytes, size_t length);
void text_put(struct text *text, const char *string);
__attribute__((format(printf, 2, 3))) void text_print(struct text *text, const char *format, ...);
/* A JSON string with its quotes; null for NULL. Control characters are escaped. */
void text_json(struct text *text, const char *string);
/* As text_json(), but null for "" too. */
void text_json_or_null(struct text *text, const char *string);
/* Takes the first length bytes away. */
void text_drop(struct text *text, size_t length);

/* Allocates or ends the process. */
void *get_memory(size_t size);
char *copy_string(const char *string);
/* Copies as much of source as fits, NUL-terminated. */
void copy_text(char *ret, size_t capacity, const char *source);
