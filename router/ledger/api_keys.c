#include "ledger_parts.h"

#include <errno.h>
#include <string.h>

enum { HASH_BYTES = 32, VALUE_MAX = 64 };

static int read_api_key(struct view value, struct api_key *ret_key) {
  struct api_key key = {0};
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  key.id = read_short_id(&reader, "key");
  key.merchant = read_short_id(&reader, "mer");
  key.livemode = read_bool(&reader);
  key.revoked = read_bool(&reader);
  key.created_ms = read_i64(&reader);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_key = key;
  return r;
}

int ledger_api_key_add(struct ledger *ledger, const uint8_t hash[32], const struct api_key *key) {
  struct api_key known, stored = *key;
  uint8_t bytes[VALUE_MAX];
  int r = ledger_api_key_get(ledger, hash, &known);
  if (r < 0)
    return r;
  if (r == 0)
    return id_equal(&known.merchant, &key->merchant) ? 0 : -EEXIST;
  if (stored.id.text[0] == '\0')
    stored.id = draw_id(&ledger->draws, "key", key->created_ms);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_short_id(&writer, "key", &stored.id);
  write_short_id(&writer, "mer", &stored.merchant);
  write_bool(&writer, stored.livemode);
  write_bool(&writer, stored.revoked);
  write_i64(&writer, stored.created_ms);
  r = writer_finish(&writer);
  if (r < 0)
    return r;
  return sealed_put(ledger, LEDGER_API_KEYS, (struct view){hash, HASH_BYTES}, bytes, writer_length(&writer));
}

int ledger_api_key_get(struct ledger *ledger, const uint8_t hash[32], struct api_key *ret_key) {
  struct view value;
  int r = sealed_get(ledger, LEDGER_API_KEYS, (struct view){hash, HASH_BYTES}, &value);
  return r != 0 ? r : read_api_key(value, ret_key);
}

int ledger_api_key_next(struct ledger *ledger, const uint8_t *after, uint8_t ret_hash[32],
                        struct api_key *ret_key) {
  static const uint8_t first[HASH_BYTES];
  struct view key, value;
  struct view from = {after ? after : first, HASH_BYTES};
  int r = sealed_next(ledger, LEDGER_API_KEYS, from, after == NULL, &key, &value);
  if (r != 0)
    return r;
  if (key.length != HASH_BYTES)
    return -EBADMSG;
  r = read_api_key(value, ret_key);
  if (r == 0)
    memcpy(ret_hash, key.bytes, HASH_BYTES);
  return r;
}
