#include "key_label.h"

#include <errno.h>
#include <sodium.h>

#include "cursor.h"

enum {
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

_Static_assert(WRAPPED_KEY_BYTES == NONCE_BYTES + KEY_BYTES + TAG_BYTES,
               "a wrapped key is nonce, key and tag");

void key_label_write(const struct key_label *label, uint8_t ret_bytes[KEY_LABEL_BYTES]) {
  struct writer writer = writer_over(ret_bytes, KEY_LABEL_BYTES);
  write_u8(&writer, (uint8_t)label->purpose);
  write_u8(&writer, label->environment);
  write_u32(&writer, label->generation);
  write_bytes(&writer, label->owner, sizeof label->owner);
  write_i64(&writer, label->created_ms);
}

int key_label_read(const uint8_t bytes[KEY_LABEL_BYTES], struct key_label *ret_label) {
  struct reader reader = reader_over(bytes, KEY_LABEL_BYTES);
  struct key_label label = {0};
  uint8_t purpose = read_u8(&reader);
  label.purpose = (enum key_purpose)purpose;
  label.environment = read_u8(&reader);
  label.generation = read_u32(&reader);
  read_bytes(&reader, label.owner, sizeof label.owner);
  label.created_ms = read_i64(&reader);
  if (purpose == 0 || purpose >= KEY_PURPOSE_COUNT || label.generation == 0)
    return -EBADMSG;
  *ret_label = label;
  return reader_finish(&reader);
}

void key_wrap(const uint8_t wrapping[KEY_BYTES], const struct key_label *label, const uint8_t key[KEY_BYTES],
              uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
  uint8_t bound[KEY_LABEL_BYTES];
  key_label_write(label, bound);
  randombytes_buf(ret_wrapped, NONCE_BYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + NONCE_BYTES, NULL, key, KEY_BYTES, bound,
                                             sizeof bound, NULL, ret_wrapped, wrapping);
}

int key_unwrap(const uint8_t wrapping[KEY_BYTES], const struct key_label *label,
               const uint8_t wrapped[WRAPPED_KEY_BYTES], uint8_t ret_key[KEY_BYTES]) {
  uint8_t bound[KEY_LABEL_BYTES];
  uint8_t key[KEY_BYTES];
  key_label_write(label, bound);
  int r = crypto_aead_xchacha20poly1305_ietf_decrypt(
      key, NULL, NULL, wrapped + NONCE_BYTES, KEY_BYTES + TAG_BYTES, bound, sizeof bound, wrapped, wrapping);
  if (r == 0) {
    for (size_t i = 0; i < sizeof key; i++)
      ret_key[i] = key[i];
  }
  sodium_memzero(key, sizeof key);
  return r == 0 ? 0 : -EBADMSG;
}
