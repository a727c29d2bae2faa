#include "merchants.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "tables.h"

enum {
  FORMAT = 1,
  KEYS_IN_ROW_MAX = GENERATIONS_KEPT + 1,
  ROW_MAX = 64 + KEYS_IN_ROW_MAX * (KEY_LABEL_BYTES + WRAPPED_KEY_BYTES),
  FLAG_INDEX = 1,
  TEXT_LENGTH = 4 + ID_BODY_LENGTH /* mer_ and what follows */
};

static void write_key(struct writer *writer, const struct key_label *label, const uint8_t *wrapped) {
  uint8_t bytes[KEY_LABEL_BYTES];
  key_label_write(label, bytes);
  write_bytes(writer, bytes, sizeof bytes);
  write_bytes(writer, wrapped, WRAPPED_KEY_BYTES);
}

/* The place of that id, or the free one where it would stand. An id ends with random characters, of which
 * each says five bits. */
static uint16_t *place_of(struct merchants *merchants, const struct id *id) {
  const char *last = id->text + TEXT_LENGTH - 3;
  size_t at = (size_t)last[0] << 10 ^ (size_t)last[1] << 5 ^ (size_t)last[2];
  for (;; at++) {
    uint16_t *place = &merchants->places[at % MERCHANT_PLACES];
    if (*place == 0 || strcmp(merchants->all[*place - 1].text.text, id->text) == 0)
      return place;
  }
}

/* Makes a merchant findable by its id. */
static void enter(struct merchants *merchants, struct merchant *merchant) {
  merchant->text = id_from_bytes("mer", merchant->id);
  *place_of(merchants, &merchant->text) = (uint16_t)merchant->number;
}

/* The label that a row holds is checked against what the row itself says: a key of another merchant,
 * environment or purpose in its place is refused before it could be used. */
static int load_key(struct merchants *merchants, struct merchant *merchant, struct reader *reader) {
  struct key_label label;
  const uint8_t *bytes = read_view(reader, KEY_LABEL_BYTES);
  const uint8_t *wrapped = read_view(reader, WRAPPED_KEY_BYTES);
  if (!bytes || !wrapped || key_label_read(bytes, &label) < 0 ||
      label.environment != merchants->environment ||
      memcmp(label.owner, merchant->id, MERCHANT_ID_BYTES) != 0)
    return -EBADMSG;
  uint8_t *place = label.purpose == KEY_INDEX ? merchant->keys->index
                   : label.purpose == KEY_MERCHANT
                       ? merchant->keys->record[(label.generation - 1) % GENERATIONS_KEPT]
                       : NULL;
  if (!place)
    return -EBADMSG;
  if (label.purpose == KEY_MERCHANT && label.generation > merchant->generation)
    merchant->generation = (uint16_t)label.generation;
  return merchants->provider->unwrap(merchants->provider->context, &label, wrapped, place);
}

static int load_row(struct merchants *merchants, struct view key, struct view value) {
  struct reader reader = reader_over(value.bytes, value.length);
  uint8_t format = read_u8(&reader);
  uint32_t number = read_u32(&reader);
  uint8_t flags = read_u8(&reader);
  uint8_t keys = read_u8(&reader);
  if (format != FORMAT || key.length != MERCHANT_ID_BYTES || number == 0 || number > MERCHANTS_MAX ||
      keys > KEYS_IN_ROW_MAX)
    return -EBADMSG;
  struct merchant *merchant = &merchants->all[number - 1];
  *merchant = (struct merchant){
      .number = number, .index_enabled = flags & FLAG_INDEX, .keys = &merchants->keys[number - 1]};
  memcpy(merchant->id, key.bytes, MERCHANT_ID_BYTES);
  enter(merchants, merchant);
  int r = 0;
  for (unsigned i = 0; r == 0 && i < keys; i++)
    r = load_key(merchants, merchant, &reader);
  if (number > merchants->count)
    merchants->count = number;
  return r < 0 ? r : reader_finish(&reader);
}

static void counters_key(uint32_t number, uint8_t ret_key[5]) {
  struct writer writer = writer_over(ret_key, 5);
  write_u8(&writer, 'm');
  write_u32(&writer, number);
}

static int load_counters(struct merchants *merchants, struct merchant *merchant) {
  uint8_t key[5];
  struct view value;
  counters_key(merchant->number, key);
  int r = store_get(merchants->store, TABLE_META, key, sizeof key, &value);
  if (r != 0)
    return r < 0 ? r : 0;
  struct reader reader = reader_over(value.bytes, value.length);
  merchant->counters.tokens = read_u64(&reader);
  merchant->counters.hour = read_i64(&reader);
  for (size_t i = 0; i < DELETION_HOURS; i++)
    merchant->counters.deleted[i] = read_u32(&reader);
  merchant->committed = merchant->counters;
  return reader_finish(&reader);
}

static int load_merchants(struct merchants *merchants) {
  uint8_t position[MERCHANT_ID_BYTES] = {0};
  bool or_equal = true;
  for (;;) {
    struct view key, value;
    int r = store_next(merchants->store, TABLE_MERCHANTS, position, sizeof position, or_equal, &key, &value);
    if (r != 0)
      return r < 0 ? r : 0;
    if ((r = load_row(merchants, key, value)) < 0)
      return r;
    memcpy(position, key.bytes, sizeof position);
    or_equal = false;
  }
}

static size_t key_place(const struct merchants *merchants, const uint8_t hash[32]) {
  size_t low = 0, high = merchants->key_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (memcmp(merchants->publishable[middle].hash, hash, 32) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int hold_key(struct merchants *merchants, const uint8_t hash[32], uint32_t merchant) {
  if (merchants->key_count == PUBLISHABLE_KEYS_MAX)
    return STATUS_LIMITED;
  size_t place = key_place(merchants, hash);
  struct publishable_key *at = &merchants->publishable[place];
  memmove(at + 1, at, (merchants->key_count - place) * sizeof *at);
  memcpy(at->hash, hash, sizeof at->hash);
  at->merchant = merchant;
  merchants->key_count++;
  return 0;
}

static int load_publishable_keys(struct merchants *merchants) {
  uint8_t position[32] = {0};
  bool or_equal = true;
  for (;;) {
    struct view key, value;
    int r = store_next(merchants->store, TABLE_PUBLISHABLE_KEYS, position, sizeof position, or_equal, &key,
                       &value);
    if (r != 0)
      return r < 0 ? r : 0;
    if (key.length != sizeof position || value.length != MERCHANT_ID_BYTES)
      return -EBADMSG;
    struct id owner = id_from_bytes("mer", value.bytes);
    const struct merchant *merchant = merchant_by_id(merchants, &owner);
    if (!merchant)
      return -EBADMSG;
    memcpy(position, key.bytes, sizeof position);
    if ((r = hold_key(merchants, position, merchant->number)) != 0)
      return -EBADMSG; /* more of them than were ever let in */
    or_equal = false;
  }
}

int merchants_reload(struct merchants *merchants) {
  merchants->count = 0;
  merchants->key_count = 0;
  memset(merchants->all, 0, sizeof merchants->all);
  memset(merchants->places, 0, sizeof merchants->places);
  int r = load_merchants(merchants);
  for (uint32_t i = 0; r == 0 && i < merchants->count; i++)
    r = merchants->all[i].number ? load_counters(merchants, &merchants->all[i]) : -EBADMSG;
  return r < 0 ? r : load_publishable_keys(merchants);
}

int merchants_load(struct merchants *merchants, struct arena *arena) {
  merchants->keys = arena_take(arena, MERCHANTS_MAX * sizeof *merchants->keys);
  return merchants->keys ? merchants_reload(merchants) : -ENOMEM;
}

static int make_key(struct merchants *merchants, struct merchant *merchant, enum key_purpose purpose,
                    int64_t now_ms, uint8_t *key, struct writer *row) {
  struct key_label label = {
      .purpose = purpose, .environment = merchants->environment, .generation = 1, .created_ms = now_ms};
  memcpy(label.owner, merchant->id, sizeof label.owner);
  uint8_t wrapped[WRAPPED_KEY_BYTES];
  randombytes_buf(key, KEY_BYTES);
  int r = merchants->provider->wrap(merchants->provider->context, &label, key, wrapped);
  if (r == 0)
    write_key(row, &label, wrapped);
  return r;
}

static int write_row(struct merchants *merchants, struct merchant *merchant, int64_t now_ms) {
  uint8_t bytes[ROW_MAX];
  struct writer row = writer_over(bytes, sizeof bytes);
  write_u8(&row, FORMAT);
  write_u32(&row, merchant->number);
  write_u8(&row, merchant->index_enabled ? FLAG_INDEX : 0);
  write_u8(&row, 2);
  int r = make_key(merchants, merchant, KEY_MERCHANT, now_ms, merchant->keys->record[0], &row);
  if (r == 0)
    r = make_key(merchants, merchant, KEY_INDEX, now_ms, merchant->keys->index, &row);
  if (r < 0)
    return r;
  return store_put(merchants->store, TABLE_MERCHANTS, merchant->id, MERCHANT_ID_BYTES, bytes,
                   writer_length(&row));
}

int merchant_add(struct merchants *merchants, const struct id *merchant, bool index_enabled, int64_t now_ms,
                 bool *ret_new) {
  if (merchant_by_id(merchants, merchant)) {
    *ret_new = false;
    return 0;
  }
  if (merchants->count == MERCHANTS_MAX)
    return STATUS_LIMITED;
  uint32_t number = merchants->count + 1;
  struct merchant *added = &merchants->all[number - 1];
  *added = (struct merchant){.number = number,
                             .generation = 1,
                             .index_enabled = index_enabled,
                             .keys = &merchants->keys[number - 1]};
  int r = id_parse("mer", merchant->text, added->id);
  if (r == 0)
    r = write_row(merchants, added, now_ms);
  if (r < 0)
    return r;
  enter(merchants, added);
  merchants->count = number;
  *ret_new = true;
  return 0;
}

int publishable_key_add(struct merchants *merchants, const struct id *merchant, const uint8_t hash[32],
                        bool *ret_new) {
  const struct merchant *owner = merchant_by_id(merchants, merchant);
  if (!owner)
    return STATUS_NOT_FOUND;
  const struct merchant *present = merchant_by_publishable_key(merchants, hash);
  *ret_new = present == NULL;
  if (present)
    return present == owner ? 0 : STATUS_CONFLICT;
  int r = hold_key(merchants, hash, owner->number);
  return r != 0 ? r
                : store_put(merchants->store, TABLE_PUBLISHABLE_KEYS, hash, 32, owner->id, MERCHANT_ID_BYTES);
}

struct merchant *merchant_by_id(struct merchants *merchants, const struct id *merchant) {
  return merchant_by_number(merchants, *place_of(merchants, merchant));
}

struct merchant *merchant_by_number(struct merchants *merchants, uint32_t number) {
  return number >= 1 && number <= merchants->count ? &merchants->all[number - 1] : NULL;
}

struct merchant *merchant_by_publishable_key(struct merchants *merchants, const uint8_t hash[32]) {
  size_t place = key_place(merchants, hash);
  if (place == merchants->key_count || memcmp(merchants->publishable[place].hash, hash, 32) != 0)
    return NULL;
  return merchant_by_number(merchants, merchants->publishable[place].merchant);
}

const uint8_t *merchant_record_key(const struct merchant *merchant, uint16_t generation) {
  if (generation == 0 || generation > merchant->generation ||
      generation + GENERATIONS_KEPT <= merchant->generation)
    return NULL;
  return merchant->keys->record[(generation - 1) % GENERATIONS_KEPT];
}
