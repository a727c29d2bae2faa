#include "fields.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "alphabet.h"

enum { METADATA_KEY_MAX = 40 };

/* What both kinds of set look like from here. */
struct field_set {
  uint16_t *offset;
  uint16_t *used;
  char *bytes;
  size_t capacity;
};

static struct field_set request_set(struct request_fields *fields) {
  return (struct field_set){fields->offset, &fields->used, fields->bytes, sizeof fields->bytes};
}

static struct field_set answer_set(struct answer_fields *fields) {
  return (struct field_set){fields->offset, &fields->used, fields->bytes, sizeof fields->bytes};
}

bool field_rule_takes(const struct field_rule *rule, const char *value, size_t length) {
  const char *const *word = rule->words;
  while (word != NULL && *word != NULL && (strlen(*word) != length || memcmp(*word, value, length) != 0))
    word++;
  return word == NULL || *word != NULL;
}

static bool fits_rule(const struct field_rule *rule, const char *value, size_t length) {
  return length >= 1 && length <= rule->limit && alphabet_holds_bytes(rule->alphabet, value, length) &&
         field_rule_takes(rule, value, length);
}

/* "key=value" with a key that PSPs take as it stands. */
static bool is_metadata(const char *value, size_t length) {
  const char *equals = memchr(value, '=', length);
  if (!equals || equals == value || equals - value > METADATA_KEY_MAX)
    return false;
  for (const char *at = value; at < equals; at++) {
    if (*at == '.' || *at == ':' || !alphabet_holds_bytes(ALPHABET_TOKEN, at, 1))
      return false;
  }
  return true;
}

static bool request_value_fits(unsigned field, const char *value, size_t length) {
  return fits_rule(request_field_rule((enum request_field)field), value, length) &&
         (field < REQUEST_METADATA_FIRST || field >= REQUEST_FINAL || is_metadata(value, length));
}

static bool answer_value_fits(unsigned field, const char *value, size_t length) {
  return fits_rule(answer_field_rule((enum answer_field)field), value, length);
}

/* Offset 0 means absent, so the first byte stays empty. */
static int place(struct field_set set, unsigned field, const char *value, size_t length) {
  size_t used = *set.used ? *set.used : 1;
  if (set.offset[field])
    return -EEXIST;
  if (length + 1 > set.capacity - used)
    return -ENOBUFS;
  set.bytes[0] = '\0';
  memcpy(set.bytes + used, value, length);
  set.bytes[used + length] = '\0';
  set.offset[field] = (uint16_t)used;
  *set.used = (uint16_t)(used + length + 1);
  return 0;
}

int request_fields_set(struct request_fields *fields, enum request_field field, const char *value) {
  size_t length = strlen(value);
  if (!request_value_fits(field, value, length))
    return -EINVAL;
  return place(request_set(fields), field, value, length);
}

int answer_fields_set(struct answer_fields *fields, enum answer_field field, const char *value) {
  size_t length = strlen(value);
  if (!answer_value_fits(field, value, length))
    return -EINVAL;
  return place(answer_set(fields), field, value, length);
}

const char *request_fields_get(const struct request_fields *fields, enum request_field field) {
  assert(field >= 1 && (unsigned)field < REQUEST_FIELD_COUNT);
  return fields->offset[field] ? fields->bytes + fields->offset[field] : NULL;
}

const char *answer_fields_get(const struct answer_fields *fields, enum answer_field field) {
  assert(field >= 1 && (unsigned)field < ANSWER_FIELD_COUNT);
  return fields->offset[field] ? fields->bytes + fields->offset[field] : NULL;
}

void answer_fields_drop(struct answer_fields *fields, enum answer_field field) {
  assert(field >= 1 && (unsigned)field < ANSWER_FIELD_COUNT);
  if (!fields->offset[field])
    return;
  char *value = fields->bytes + fields->offset[field];
  sodium_memzero(value, strlen(value));
  fields->offset[field] = 0;
}

static void write_set(struct writer *writer, const uint16_t *offset, const char *bytes,
                      unsigned field_count) {
  uint8_t count = 0;
  for (unsigned i = 1; i < field_count; i++)
    count = (uint8_t)(count + (offset[i] != 0));
  write_u8(writer, count);
  for (unsigned i = 1; i < field_count; i++) {
    if (!offset[i])
      continue;
    write_u8(writer, (uint8_t)i);
    write_text(writer, bytes + offset[i]);
  }
}

static void read_set(struct reader *reader, struct field_set set, unsigned field_count,
                     bool (*fits)(unsigned field, const char *value, size_t length)) {
  unsigned previous = 0;
  for (unsigned left = read_u8(reader); left > 0 && !reader->bad; left--) {
    unsigned field = read_u8(reader);
    uint16_t length = read_u16(reader);
    const char *value = (const char *)read_view(reader, length);
    if (!value || field <= previous || field >= field_count || !fits(field, value, length) ||
        place(set, field, value, length) < 0)
      reader->bad = true;
    previous = field;
  }
}

void write_request_fields(struct writer *writer, const struct request_fields *fields) {
  write_set(writer, fields->offset, fields->bytes, REQUEST_FIELD_COUNT);
}

void read_request_fields(struct reader *reader, struct request_fields *ret_fields) {
  memset(ret_fields, 0, sizeof *ret_fields);
  read_set(reader, request_set(ret_fields), REQUEST_FIELD_COUNT, request_value_fits);
}

void write_answer_fields(struct writer *writer, const struct answer_fields *fields) {
  write_set(writer, fields->offset, fields->bytes, ANSWER_FIELD_COUNT);
}

void read_answer_fields(struct reader *reader, struct answer_fields *ret_fields) {
  memset(ret_fields, 0, sizeof *ret_fields);
  read_set(reader, answer_set(ret_fields), ANSWER_FIELD_COUNT, answer_value_fits);
}
