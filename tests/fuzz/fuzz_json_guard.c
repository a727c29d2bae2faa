/* What the guard lets pass is within its limits, and its dump is let pass again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned depth_of(json_t *value) {
  unsigned deepest = 0;
  const char *key;
  json_t *member;
  size_t index;
  if (json_is_object(value)) {
    json_object_foreach(value, key, member) {
      unsigned depth = depth_of(member);
      deepest = depth > deepest ? depth : deepest;
      assert(utf8_valid(key, strlen(key)));
    }
  } else if (json_is_array(value)) {
    json_array_foreach(value, index, member) {
      unsigned depth = depth_of(member);
      deepest = depth > deepest ? depth : deepest;
    }
  } else {
    return 0;
  }
  return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct json_limits limits = {4096, 6};
  json_t *value = NULL, *again = NULL;
  json_wipe_freed();
  int outcome = json_parse_strict(data, size, limits, &value);
  assert((outcome == 0) == (value != NULL) && outcome >= 0);
  if (value == NULL)
    return 0;
  assert(size <= limits.bytes && depth_of(value) <= limits.depth);
  char *text = json_dumps(value, JSON_COMPACT);
  assert(text != NULL);
  assert(json_parse_strict(text, strlen(text), (struct json_limits){65536, 6}, &again) == 0);
  json_decref(value);
  json_decref(again);
  json_malloc_t allocate;
  json_free_t release;
  json_get_alloc_funcs(&allocate, &release);
  release(text);
  return 0;
}
