#include "connector_entry.h"

#include <errno.h>

#include "payment_parts.h"
#include "short_id.h"

_Static_assert(DRILL_CONNECTORS_MAX *(CONNECTOR_NAME_CAPACITY + 4 * PAYMENT_STATUS_COUNT) +
                       GATE_FAILED_MAX * (1 + ID_RANDOM_BYTES) + 512 <=
                   CONNECTOR_ENTRY_BYTES_MAX,
               "the longest entry fits");

/* ---- Parts ---- */

static void write_figures(struct writer *writer, const struct gate_figures *figures) {
  write_u32(writer, figures->requests);
  write_u32(writer, figures->faults);
  write_u16(writer, figures->bound);
  write_u16(writer, figures->threshold);
  write_u16(writer, figures->window_s);
}

static void read_figures(struct reader *reader, struct gate_figures *ret_figures) {
  ret_figures->requests = read_u32(reader);
  ret_figures->faults = read_u32(reader);
  ret_figures->bound = read_u16(reader);
  ret_figures->threshold = read_u16(reader);
  ret_figures->window_s = read_u16(reader);
}

void write_drill(struct writer *writer, const struct drill *drill) {
  write_short_id(writer, "dri", &drill->id);
  write_short_id(writer, "mer", &drill->merchant);
  write_short_id(writer, "key", &drill->actor);
  write_text(writer, drill->connector);
  write_i64(writer, drill->started_ms);
  write_i64(writer, drill->until_ms);
  write_i64(writer, drill->ended_ms);
}

void read_drill(struct reader *reader, struct drill *ret_drill) {
  ret_drill->id = read_short_id(reader, "dri");
  ret_drill->merchant = read_short_id(reader, "mer");
  ret_drill->actor = read_short_id(reader, "key");
  read_text(reader, ret_drill->connector, sizeof ret_drill->connector);
  ret_drill->started_ms = read_i64(reader);
  ret_drill->until_ms = read_i64(reader);
  ret_drill->ended_ms = read_i64(reader);
}

static void write_report(struct writer *writer, const struct drill_report *report) {
  write_u32(writer, report->payments);
  write_u32(writer, report->untried);
  write_bool(writer, report->more);
  write_u8(writer, report->count);
  for (unsigned i = 0; i < report->count; i++) {
    write_text(writer, report->instead[i].connector);
    for (unsigned status = 1; status < PAYMENT_STATUS_COUNT; status++)
      write_u32(writer, report->instead[i].payments[status]);
  }
}

static void read_report(struct reader *reader, struct drill_report *ret_report) {
  ret_report->payments = read_u32(reader);
  ret_report->untried = read_u32(reader);
  ret_report->more = read_bool(reader);
  ret_report->count = read_count(reader, DRILL_CONNECTORS_MAX);
  for (unsigned i = 0; i < ret_report->count; i++) {
    struct drill_instead *instead = &ret_report->instead[i];
    read_text(reader, instead->connector, sizeof instead->connector);
    for (unsigned status = 1; status < PAYMENT_STATUS_COUNT; status++)
      instead->payments[status] = read_u32(reader);
  }
}

/* ---- The entry ---- */

static bool is_of_drill(enum connector_change change) {
  return change == CONNECTOR_DRILL_BEGAN || change == CONNECTOR_DRILL_ENDED;
}

static void write_health(struct writer *writer, const struct connector_entry *entry) {
  write_u8(writer, (uint8_t)entry->network);
  write_text(writer, entry->country);
  write_figures(writer, &entry->figures);
  write_u8(writer, entry->payment_count);
  for (unsigned i = 0; i < entry->payment_count; i++)
    write_short_id(writer, "pay", &entry->payments[i]);
}

static void read_health(struct reader *reader, struct connector_entry *ret_entry) {
  ret_entry->network = (enum network)read_count(reader, NETWORK_COUNT - 1);
  read_text(reader, ret_entry->country, sizeof ret_entry->country);
  read_figures(reader, &ret_entry->figures);
  ret_entry->payment_count = read_count(reader, GATE_FAILED_MAX);
  for (unsigned i = 0; i < ret_entry->payment_count; i++)
    ret_entry->payments[i] = read_short_id(reader, "pay");
}

int connector_entry_append(struct ledger *ledger, const struct journal_head *head,
                           const struct connector_entry *entry) {
  uint8_t bytes[CONNECTOR_ENTRY_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_short_id(&writer, "mer", &entry->merchant);
  write_u8(&writer, (uint8_t)entry->change);
  write_text(&writer, entry->connector);
  if (is_of_drill(entry->change))
    write_drill(&writer, &entry->drill);
  else
    write_health(&writer, entry);
  if (entry->change == CONNECTOR_DRILL_ENDED)
    write_report(&writer, &entry->report);
  int r = writer_finish(&writer);
  return r < 0 ? r : ledger_append(ledger, JOURNAL_CONNECTOR, head, bytes, writer_length(&writer), NULL);
}

int connector_entry_read(const struct journal_entry *entry, struct connector_entry *ret_entry) {
  struct connector_entry read = {0};
  struct reader reader = reader_over(entry->body, entry->length);
  read.merchant = read_short_id(&reader, "mer");
  unsigned change = read_u8(&reader);
  read_text(&reader, read.connector, sizeof read.connector);
  if (reader.bad || change == 0 || change >= CONNECTOR_CHANGE_COUNT)
    return -EBADMSG;
  read.change = (enum connector_change)change;
  if (is_of_drill(read.change))
    read_drill(&reader, &read.drill);
  else
    read_health(&reader, &read);
  if (read.change == CONNECTOR_DRILL_ENDED)
    read_report(&reader, &read.report);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_entry = read;
  return r;
}
