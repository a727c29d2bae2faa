/* Drills, each under its id. */
#include "ledger_parts.h"

#include <errno.h>
#include <string.h>

enum { VALUE_MAX = 512 };

int ledger_drill_put(struct ledger *ledger, const struct id *drill, const void *bytes, size_t length) {
  uint8_t value[VALUE_MAX];
  struct row row = {0};
  struct writer writer = writer_over(value, sizeof value);
  write_u16(&writer, LEDGER_SCHEMA);
  write_bytes(&writer, bytes, length);
  int r = row_add_id(&row, "dri", drill);
  return r < 0 ? r : row_put(ledger, LEDGER_DRILLS, &row, &writer);
}

static int read_value(struct view value, struct view *ret_bytes) {
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  size_t length = reader_left(&reader);
  *ret_bytes = (struct view){read_view(&reader, length), length};
  return 0;
}

int ledger_drill_get(struct ledger *ledger, const struct id *drill, struct view *ret_bytes) {
  struct row row = {0};
  struct view value;
  if (row_add_id(&row, "dri", drill) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_DRILLS, &row, &value);
  return r != 0 ? r : read_value(value, ret_bytes);
}

int ledger_drill_before(struct ledger *ledger, const struct id *before, struct id *ret_drill,
                        struct view *ret_bytes) {
  struct row row = {.length = ID_BYTES};
  struct view key, value;
  memset(row.bytes, 0xff, ID_BYTES);
  if (before->text[0] != '\0') {
    row.length = 0;
    if (row_add_id(&row, "dri", before) < 0)
      return LEDGER_ABSENT;
  }
  int r = row_before(ledger, LEDGER_DRILLS, &row, 0, &key, &value);
  if (r != 0)
    return r;
  if (key.length != ID_BYTES)
    return -EBADMSG;
  *ret_drill = row_id("dri", key, 0);
  return read_value(value, ret_bytes);
}
