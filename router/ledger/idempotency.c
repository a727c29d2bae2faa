/* Idempotency keys (P3). */
#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { VALUE_MAX = 128, PREFIX_CAPACITY = 4 };

static int key_row(struct row *row, const struct id *merchant, const char *path, const char *key) {
  crypto_generichash_state state;
  uint8_t hash[ID_BYTES];
  row->length = 0;
  int r = row_add_id(row, "mer", merchant);
  if (r < 0)
    return r;
  crypto_generichash_init(&state, NULL, 0, sizeof hash);
  crypto_generichash_update(&state, (const uint8_t *)path, strlen(path) + 1);
  crypto_generichash_update(&state, (const uint8_t *)key, strlen(key));
  crypto_generichash_final(&state, hash, sizeof hash);
  row_add_bytes(row, hash);
  return 0;
}

/* The object's prefix is part of the value: payments, movements and policies share the table. */
static int split_prefix(const struct id *object, char ret_prefix[PREFIX_CAPACITY]) {
  const char *end = strchr(object->text, '_');
  if (!end || end - object->text >= PREFIX_CAPACITY)
    return -EINVAL;
  memset(ret_prefix, 0, PREFIX_CAPACITY);
  memcpy(ret_prefix, object->text, (size_t)(end - object->text));
  return 0;
}

static int read_entry(struct view value, struct idempotent *ret_entry) {
  struct idempotent entry = {0};
  char prefix[PREFIX_CAPACITY];
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  entry.created_ms = read_i64(&reader);
  read_bytes(&reader, entry.body_hash, sizeof entry.body_hash);
  if (read_text(&reader, prefix, sizeof prefix) == 0)
    return -EBADMSG;
  entry.object = read_short_id(&reader, prefix);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_entry = entry;
  return r;
}

static bool too_old(const struct idempotent *entry, int64_t now_ms) {
  return now_ms - entry->created_ms >= IDEMPOTENCY_LIFETIME_MS;
}

int ledger_idempotency_get(struct ledger *ledger, const struct id *merchant, const char *path,
                           const char *key, int64_t now_ms, struct idempotent *ret_entry) {
  struct row row;
  struct view value;
  struct idempotent entry;
  int r = key_row(&row, merchant, path, key);
  if (r == 0)
    r = row_get(ledger, LEDGER_IDEMPOTENCY, &row, &value);
  if (r == 0)
    r = read_entry(value, &entry);
  if (r != 0)
    return r;
  if (too_old(&entry, now_ms))
    return LEDGER_ABSENT;
  *ret_entry = entry;
  return 0;
}

int ledger_idempotency_put(struct ledger *ledger, const struct id *merchant, const char *path,
                           const char *key, const struct idempotent *entry) {
  struct row row;
  char prefix[PREFIX_CAPACITY];
  uint8_t bytes[VALUE_MAX];
  int r = key_row(&row, merchant, path, key);
  if (r == 0)
    r = split_prefix(&entry->object, prefix);
  if (r < 0)
    return r;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_i64(&writer, entry->created_ms);
  write_bytes(&writer, entry->body_hash, sizeof entry->body_hash);
  write_text(&writer, prefix);
  write_short_id(&writer, prefix, &entry->object);
  return row_put(ledger, LEDGER_IDEMPOTENCY, &row, &writer);
}

/* One step: 0, or LEDGER_ABSENT at the end of the table. A damaged entry is passed over: its key is refused
 * when it comes again. */
static int sweep_step(struct ledger *ledger, int64_t now_ms) {
  struct view key, value;
  struct idempotent entry;
  int r =
      store_next(ledger->store, LEDGER_IDEMPOTENCY, ledger->sweep, sizeof ledger->sweep, false, &key, &value);
  if (r != 0)
    return r;
  if (key.length != sizeof ledger->sweep)
    return -EBADMSG;
  memcpy(ledger->sweep, key.bytes, sizeof ledger->sweep);
  if (seal_check(ledger, LEDGER_IDEMPOTENCY, key, &value) < 0 || read_entry(value, &entry) < 0 ||
      !too_old(&entry, now_ms))
    return 0;
  return store_delete(ledger->store, LEDGER_IDEMPOTENCY, ledger->sweep, sizeof ledger->sweep);
}

int ledger_idempotency_sweep(struct ledger *ledger, int64_t now_ms, unsigned steps) {
  for (unsigned i = 0; i < steps; i++) {
    int r = sweep_step(ledger, now_ms);
    if (r < 0)
      return r;
    if (r == LEDGER_ABSENT) {
      memset(ledger->sweep, 0, sizeof ledger->sweep);
      break;
    }
  }
  return 0;
}
