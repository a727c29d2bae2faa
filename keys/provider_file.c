#include "provider_file.h"

#include <errno.h>
#include <sodium.h>

#include "admin.h"
#include "key_file.h"

static int wrap_under_root(void *context, const struct key_label *label, const uint8_t key[KEY_BYTES],
                           uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
  key_wrap(context, label, key, ret_wrapped);
  return 0;
}

static int unwrap_under_root(void *context, const struct key_label *label,
                             const uint8_t wrapped[WRAPPED_KEY_BYTES], uint8_t ret_key[KEY_BYTES]) {
  return key_unwrap(context, label, wrapped, ret_key);
}

static int read_or_make(const char *directory, const struct key_label *label, bool may_create,
                        uint8_t *root) {
  int r = key_file_read(directory, "root.key", label->purpose, label->environment, root);
  if (r != -ENOENT || !may_create)
    return r;
  randombytes_buf(root, KEY_BYTES);
  return key_file_make(directory, "root.key", label, root);
}

int provider_file_open(const char *directory, uint8_t environment, bool may_create, int64_t now_ms,
                       struct arena *arena, struct root_provider *ret_provider) {
  if (environment != ENVIRONMENT_TEST)
    return -EPERM;
  uint8_t *root = arena_take(arena, KEY_BYTES);
  if (!root)
    return -ENOMEM;
  struct key_label label = {
      .purpose = KEY_ROOT, .environment = environment, .generation = 1, .created_ms = now_ms};
  int r = read_or_make(directory, &label, may_create, root);
  if (r < 0) {
    sodium_memzero(root, KEY_BYTES);
    return r;
  }
  *ret_provider = (struct root_provider){
      .name = "file", .live = false, .wrap = wrap_under_root, .unwrap = unwrap_under_root, .context = root};
  return 0;
}
