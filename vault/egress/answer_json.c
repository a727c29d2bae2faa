#include "answer_json.h"
#include "answer.h"
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson keeps copies of what it reads: a PSP's echo of a card must not outlive them. */
static void wipe_and_free(void *memory) {
  if (memory != NULL)
    sodium_memzero(memory, malloc_usable_size(memory));
  free(memory);
}

/* Counts brackets outside of strings before a recursive parser sees them. */
static bool is_too_deep(const char *text, size_t length) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < length; i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '{' || text[i] == '['))
      depth++;
    else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
      depth--;
    if (depth > ANSWER_DEPTH_MAX)
      return true;
  }
  return false;
}

json_t *answer_json_read(const void *bytes, size_t length) {
  if (bytes == NULL || length == 0 || length > ANSWER_BODY_MAX || is_too_deep(bytes, length))
    return NULL;
  json_set_alloc_funcs(malloc, wipe_and_free);
  return json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

static const json_t *matching_element(const json_t *array, const struct path_part *part) {
  for (size_t i = 0; i < json_array_size(array); i++) {
    const json_t *element = json_array_get(array, i);
    char text[JSON_SCALAR_CAPACITY];
    if (answer_json_text(json_object_get(element, part->key), text) > 0 && strcmp(text, part->value) == 0)
      return element;
  }
  return NULL;
}

static const json_t *step_into(const json_t *value, const struct path_part *part) {
  if (part->key == NULL)
    return json_array_get(value, (size_t)part->index);
  return part->value != NULL ? matching_element(value, part) : json_object_get(value, part->key);
}

const json_t *answer_json_at(const json_t *root, const struct json_path *path) {
  const json_t *value = root;
  for (uint8_t i = 0; value != NULL && i < path->count; i++)
    value = step_into(value, &path->parts[i]);
  return json_is_null(value) ? NULL : value;
}

size_t answer_json_text(const json_t *value, char ret_text[JSON_SCALAR_CAPACITY]) {
  int length = 0;
  if (json_is_string(value)) {
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    if (size == 0 || size >= JSON_SCALAR_CAPACITY || memchr(text, '\0', size) != NULL)
      return 0;
    memcpy(ret_text, text, size + 1);
    return size;
  }
  if (json_is_integer(value))
    length = snprintf(ret_text, JSON_SCALAR_CAPACITY, "%lld", (long long)json_integer_value(value));
  else if (json_is_boolean(value))
    length = snprintf(ret_text, JSON_SCALAR_CAPACITY, "%s", json_is_true(value) ? "true" : "false");
  return (size_t)length;
}
