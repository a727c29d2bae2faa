#include "json_guard.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How many continuation bytes follow lead, and what the first of them must lie between. Source: Unicode,
 * table 3-7. */
static size_t sequence(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high) {
  *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

bool utf8_valid(const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < length; i++) {
    if (at[i] < 0x80)
      continue;
    if (at[i] < 0xc2 || at[i] > 0xf4)
      return false;
    uint8_t low, high;
    size_t more = sequence(at[i], &low, &high);
    if (length - i <= more)
      return false;
    for (; more > 0; more--) {
      i++;
      if (at[i] < low || at[i] > high)
        return false;
      low = 0x80;
      high = 0xbf;
    }
  }
  return true;
}

/* How many objects and arrays there are, and how deep they lie within each other, strings aside; right for
 * anything jansson would accept. Returns 0 or how they are refused. */
static int count_containers(const uint8_t *bytes, size_t length, unsigned limit) {
  unsigned depth = 0, count = 0;
  bool quoted = false;
  for (size_t i = 0; i < length; i++) {
    uint8_t c = bytes[i];
    if (quoted && c == '\\')
      i++;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[')) {
      if (++depth > limit)
        return JSON_TOO_DEEP;
      if (++count > JSON_CONTAINERS_MAX)
        return JSON_TOO_LONG;
    } else if (!quoted && (c == '}' || c == ']') && depth > 0)
      depth--;
  }
  return 0;
}

static int refusal_of(const json_error_t *error) {
  switch (json_error_code(error)) {
  case json_error_out_of_memory:
    return -ENOMEM;
  case json_error_duplicate_key:
    return JSON_KEY_TWICE;
  case json_error_numeric_overflow:
    return JSON_NUMBER_RANGE;
  case json_error_stack_overflow:
    return JSON_TOO_DEEP;
  default:
    return JSON_MALFORMED;
  }
}

int json_parse_strict(const void *bytes, size_t length, struct json_limits limits, json_t **ret_value) {
  if (length > limits.bytes)
    return JSON_TOO_LONG;
  if (length == 0)
    return JSON_MALFORMED;
  if (!utf8_valid(bytes, length))
    return JSON_NOT_UTF8;
  unsigned depth = limits.depth < JSON_DEPTH_MAX ? limits.depth : JSON_DEPTH_MAX;
  int outcome = count_containers(bytes, length, depth);
  if (outcome != 0)
    return outcome;
  json_error_t error;
  json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
  outcome = value == NULL ? refusal_of(&error) : 0;
  /* jansson quotes what it stumbled over in its message. */
  sodium_memzero(&error, sizeof error);
  if (value != NULL)
    *ret_value = value;
  return outcome;
}

static const struct {
  const char *code, *detail;
} refusals[] = {
    [JSON_TOO_LONG] = {"body_too_large", "The body is larger than is accepted here."},
    [JSON_TOO_DEEP] = {"invalid_json", "Objects and arrays lie too deep within each other."},
    [JSON_NOT_UTF8] = {"invalid_json", "The body is not valid UTF-8."},
    [JSON_MALFORMED] = {"invalid_json", "The body is not one JSON value."},
    [JSON_KEY_TWICE] = {"invalid_json", "A key is there twice in one object."},
    [JSON_NUMBER_RANGE] = {"invalid_json", "A number is too large."},
};

const char *json_refusal_code(int refusal) {
  return refusal >= JSON_TOO_LONG && refusal <= JSON_NUMBER_RANGE ? refusals[refusal].code : "busy";
}

const char *json_refusal_detail(int refusal) {
  return refusal >= JSON_TOO_LONG && refusal <= JSON_NUMBER_RANGE ? refusals[refusal].detail
                                                                  : "Out of memory.";
}

/* Every block is preceded by its size, so that free knows how much to wipe. */
union block_head {
  size_t size;
  max_align_t alignment;
};

static void *wiping_malloc(size_t size) {
  if (size > SIZE_MAX - sizeof(union block_head))
    return NULL;
  union block_head *head = malloc(sizeof *head + size);
  if (head == NULL)
    return NULL;
  head->size = size;
  return head + 1;
}

static void wiping_free(void *pointer) {
  if (pointer == NULL)
    return;
  union block_head *head = (union block_head *)pointer - 1;
  sodium_memzero(head, sizeof *head + head->size);
  free(head);
}

void json_wipe_freed(void) {
  json_set_alloc_funcs(wiping_malloc, wiping_free);
}
