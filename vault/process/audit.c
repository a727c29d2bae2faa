#include "audit.h"

#include <errno.h>
#include <string.h>

#include "tables.h"

enum { SEQUENCE_BYTES = 8, SEARCHED_MAX = 8192, LOOKED_AT_PER_PAGE = 2048 };

static const char HEAD_KEY[] = "audit";

static void key_of(uint64_t sequence, uint8_t ret_key[SEQUENCE_BYTES]) {
  for (size_t i = 0; i < SEQUENCE_BYTES; i++)
    ret_key[i] = (uint8_t)(sequence >> (8 * (SEQUENCE_BYTES - 1 - i)));
}

static int read_record(const struct audit *audit, uint64_t sequence, struct audit_record *ret_record) {
  uint8_t key[SEQUENCE_BYTES];
  struct view bytes;
  key_of(sequence, key);
  int r = store_get(audit->store, TABLE_AUDIT, key, sizeof key, &bytes);
  return r != 0 ? r : audit_record_read(bytes.bytes, bytes.length, ret_record);
}

static int read_newest(const struct audit *audit, struct audit_head *ret_head) {
  struct view key, value;
  struct audit_record record;
  int r = store_last(audit->store, TABLE_AUDIT, NULL, 0, &key, &value);
  memset(ret_head, 0, sizeof *ret_head);
  if (r != 0)
    return r < 0 ? r : 0;
  if ((r = audit_record_read(value.bytes, value.length, &record)) < 0)
    return r;
  ret_head->sequence = record.sequence;
  memcpy(ret_head->hash, record.hash, sizeof ret_head->hash);
  return 0;
}

static bool same_head(const struct audit_head *left, const struct audit_head *right) {
  return left->sequence == right->sequence && memcmp(left->hash, right->hash, sizeof left->hash) == 0;
}

int audit_load(struct audit *audit, struct store *store) {
  *audit = (struct audit){.store = store};
  struct audit_head newest;
  int r = read_newest(audit, &newest);
  if (r < 0)
    return r;
  struct view value;
  r = store_get(store, TABLE_META, HEAD_KEY, strlen(HEAD_KEY), &value);
  if (r < 0)
    return r;
  if (r == 0) {
    struct reader reader = reader_over(value.bytes, value.length);
    read_audit_head(&reader, &audit->head);
    if (reader_finish(&reader) < 0)
      return -EBADMSG;
  }
  if (!same_head(&audit->head, &newest))
    return -EBADMSG;
  audit->committed = audit->head;
  return 0;
}

int audit_append(struct audit *audit, struct audit_record *record) {
  uint8_t key[SEQUENCE_BYTES], bytes[AUDIT_RECORD_MAX];
  record->sequence = audit->head.sequence + 1;
  size_t length = audit_record_write(record, audit->head.hash, bytes);
  key_of(record->sequence, key);
  int r = store_put(audit->store, TABLE_AUDIT, key, sizeof key, bytes, length);
  if (r < 0)
    return r;
  audit->head.sequence = record->sequence;
  memcpy(audit->head.hash, record->hash, sizeof audit->head.hash);
  return 0;
}

int audit_write_head(struct audit *audit) {
  if (audit->head.sequence == audit->committed.sequence)
    return 0;
  uint8_t bytes[sizeof audit->head.sequence + sizeof audit->head.hash];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_audit_head(&writer, &audit->head);
  return store_put(audit->store, TABLE_META, HEAD_KEY, strlen(HEAD_KEY), bytes, writer_length(&writer));
}

void audit_keep(struct audit *audit) {
  audit->committed = audit->head;
}

void audit_take_back(struct audit *audit) {
  audit->head = audit->committed;
}

int audit_holds(const struct audit *audit, const struct audit_head *seen) {
  if (seen->sequence == 0)
    return 0;
  if (seen->sequence > audit->committed.sequence)
    return STATUS_ROLLED_BACK;
  struct audit_record record;
  int r = read_record(audit, seen->sequence, &record);
  if (r < 0)
    return r;
  return r == 0 && memcmp(record.hash, seen->hash, sizeof seen->hash) == 0 ? 0 : STATUS_ROLLED_BACK;
}

int audit_code_sent(const struct audit *audit, const char *key, bool *ret_code_sent) {
  uint64_t newest = audit->head.sequence;
  bool found = false;
  for (uint64_t i = 0; i < newest && i < SEARCHED_MAX; i++) {
    struct audit_record record;
    int r = read_record(audit, newest - i, &record);
    if (r < 0)
      return r;
    if (r == 0 && record.kind == AUDIT_RELEASE && strcmp(record.key, key) == 0) {
      *ret_code_sent = record.security_code; /* and on: the oldest of them counts */
      found = true;
    }
  }
  if (found)
    return 0;
  return newest > SEARCHED_MAX ? AUDIT_OUT_OF_SIGHT : AUDIT_NEVER_RELEASED;
}

int audit_read_page(const struct audit *audit, uint64_t from, struct audit_page *ret_page) {
  uint8_t position[SEQUENCE_BYTES];
  key_of(from, position);
  bool or_equal = true;
  ret_page->count = 0;
  ret_page->more = false;
  ret_page->length = 0;
  struct writer writer = writer_over(ret_page->bytes, sizeof ret_page->bytes);
  for (;;) {
    struct view key, value;
    int r = store_next(audit->store, TABLE_AUDIT, position, sizeof position, or_equal, &key, &value);
    if (r != 0)
      return r < 0 ? r : 0;
    if (key.length != sizeof position || value.length > AUDIT_RECORD_MAX)
      return -EBADMSG;
    if (writer_length(&writer) + sizeof(uint16_t) + value.length > sizeof ret_page->bytes) {
      ret_page->more = true;
      return 0;
    }
    write_u16(&writer, (uint16_t)value.length);
    write_bytes(&writer, value.bytes, value.length);
    memcpy(position, key.bytes, sizeof position);
    or_equal = false;
    ret_page->count++;
    ret_page->length = (uint32_t)writer_length(&writer);
  }
}

static void add_release(struct releases_page *page, const struct audit_record *record) {
  struct release *release = &page->releases[page->count++];
  *release = (struct release){.sequence = record->sequence, .merchant = record->merchant};
  memcpy(release->key, record->key, sizeof release->key);
}

int audit_releases(const struct audit *audit, uint64_t after, struct releases_page *ret_page) {
  static const struct releases_page empty;
  uint64_t newest = audit->committed.sequence;
  *ret_page = empty;
  ret_page->through = after < newest ? after : newest;
  for (unsigned i = 0; i < LOOKED_AT_PER_PAGE && ret_page->through < newest; i++) {
    struct audit_record record;
    int r = read_record(audit, ret_page->through + 1, &record);
    if (r != 0)
      return r < 0 ? r : -EBADMSG; /* the chain has no gaps */
    if (audit_is_dispatch(&record) && ret_page->count == RELEASES_PER_PAGE)
      break;
    if (audit_is_dispatch(&record))
      add_release(ret_page, &record);
    ret_page->through++;
  }
  ret_page->more = ret_page->through < newest;
  return 0;
}
