/* What must not be read from the file alone, though who holds the ledger's key may: encrypted, and bound to
 * its row. */
#include "ledger_parts.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum {
  NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  SCHEMA_BYTES = 2,
  PURPOSE_CAPACITY = 16
};

_Static_assert((int)SECRET_OVERHEAD == (int)SCHEMA_BYTES + (int)NONCE + (int)TAG,
               "the overhead is what is added");

/* What a sealed value is bound to: what it is for, and the row it stands in. */
struct binding {
  uint8_t bytes[PURPOSE_CAPACITY + sizeof((struct row *)0)->bytes];
  size_t length;
};

static struct binding bind(const char *purpose, const struct row *row) {
  struct binding binding = {.length = PURPOSE_CAPACITY + row->length};
  assert(strlen(purpose) < PURPOSE_CAPACITY);
  memcpy(binding.bytes, purpose, strlen(purpose));
  memcpy(binding.bytes + PURPOSE_CAPACITY, row->bytes, row->length);
  return binding;
}

void secret_seal(struct ledger *ledger, const uint8_t key[SECRET_KEY_BYTES], const char *purpose,
                 const struct row *row, const void *bytes, size_t length, uint8_t *ret_value) {
  struct binding binding = bind(purpose, row);
  struct writer writer = writer_over(ret_value, SCHEMA_BYTES);
  write_u16(&writer, LEDGER_SCHEMA);
  uint8_t *nonce = ret_value + SCHEMA_BYTES;
  ledger->draws.fill(ledger->draws.context, nonce, NONCE);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, NULL, bytes, length, binding.bytes,
                                             binding.length, NULL, nonce, key);
}

int secret_unseal(const uint8_t key[SECRET_KEY_BYTES], const char *purpose, const struct row *row,
                  struct view value, void *ret_bytes, size_t capacity, size_t *ret_length) {
  struct binding binding = bind(purpose, row);
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader) || value.length < SECRET_OVERHEAD)
    return -EBADMSG;
  size_t length = value.length - SECRET_OVERHEAD;
  if (length > capacity)
    return -ENOBUFS;
  const uint8_t *nonce = value.bytes + SCHEMA_BYTES;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(ret_bytes, NULL, NULL, nonce + NONCE, length + TAG,
                                                 binding.bytes, binding.length, nonce, key) < 0)
    return -EBADMSG;
  *ret_length = length;
  return 0;
}
