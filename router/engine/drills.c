/* Drills: a connector is out on purpose, for a while, to see where its payments go. They stand in the ledger,
 * so that a restart in between neither forgets one nor prolongs it. */
#include "engine_parts.h"

#include <errno.h>
#include <string.h>

enum { DRILL_BYTES_MAX = 256 };

/* Its place; drill_count when none is under way there. */
static unsigned place_of(const struct gates *gates, const char *connector) {
  unsigned place = 0;
  while (place < gates->drill_count && strcmp(gates->drills[place].connector, connector) != 0)
    place++;
  return place;
}

bool engine_drill_runs(const struct engine *engine, const char *connector) {
  return place_of(&engine->gates, connector) < engine->gates.drill_count;
}

int64_t drills_due(const struct engine *engine) {
  const struct gates *gates = &engine->gates;
  int64_t due_ms = -1;
  for (unsigned i = 0; i < gates->drill_count; i++) {
    if (due_ms < 0 || gates->drills[i].until_ms < due_ms)
      due_ms = gates->drills[i].until_ms;
  }
  return due_ms >= 0 && due_ms < gates->drills_ms ? gates->drills_ms : due_ms;
}

/* ---- The ledger's rows ---- */

static int read_row(struct view bytes, struct drill *ret_drill) {
  struct reader reader = reader_over(bytes.bytes, bytes.length);
  struct drill drill = {0};
  read_drill(&reader, &drill);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_drill = drill;
  return r;
}

static int put_row(struct engine *engine, const struct drill *drill) {
  uint8_t bytes[DRILL_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_drill(&writer, drill);
  int r = writer_finish(&writer);
  return r < 0 ? r : ledger_drill_put(engine->ledger, &drill->id, bytes, writer_length(&writer));
}

int drills_load(struct engine *engine) {
  struct drill drills[DRILLS_MAX], drill;
  struct id id = {0};
  struct view bytes;
  unsigned count = 0;
  int r;
  while ((r = ledger_drill_before(engine->ledger, &id, &id, &bytes)) == 0) {
    if ((r = read_row(bytes, &drill)) < 0)
      return r;
    if (drill.ended_ms == 0 && count < DRILLS_MAX)
      drills[count++] = drill;
  }
  if (r < 0)
    return r;
  memcpy(engine->gates.drills, drills, count * sizeof *drills);
  engine->gates.drill_count = count;
  return 0;
}

/* ---- Begin and end ---- */

static void fill_nothing(void *context, struct engine *engine, struct connector_entry *entry) {
  (void)context, (void)engine, (void)entry;
}

static void fill_report(void *context, struct engine *engine, struct connector_entry *entry) {
  (void)context;
  engine_fail(engine, drill_report(engine->ledger, &engine->options.draws, &entry->merchant, &entry->drill,
                                   &entry->report));
}

static struct connector_entry entry_of_drill(const struct drill *drill, enum connector_change change) {
  struct connector_entry entry = {.change = change, .drill = *drill};
  memcpy(entry.connector, drill->connector, sizeof entry.connector);
  return entry;
}

static void end(struct engine *engine, struct drill *drill, const struct journal_head *head) {
  drill->ended_ms = engine->now_ms;
  struct connector_entry entry = entry_of_drill(drill, CONNECTOR_DRILL_ENDED);
  engine_fail(engine, put_row(engine, drill));
  tell_merchants(engine, head, &entry, fill_report, NULL);
  connector_told(engine, &entry);
  *drill = engine->gates.drills[--engine->gates.drill_count];
}

void drills_pass_time(struct engine *engine) {
  struct journal_head head = {.at_ms = engine->now_ms};
  if (engine->now_ms < engine->gates.drills_ms)
    return;
  for (unsigned i = engine->gates.drill_count; i-- > 0;) {
    if (engine->gates.drills[i].until_ms <= engine->now_ms)
      end(engine, &engine->gates.drills[i], &head);
  }
}

static struct id begin(struct engine *engine, const struct requester *from, const char *connector,
                       uint32_t duration_ms) {
  struct drill *drill = &engine->gates.drills[engine->gates.drill_count++];
  struct journal_head head = {.at_ms = engine->now_ms, .actor = from->actor, .request = from->request};
  *drill = (struct drill){.id = draw_id(&engine->options.draws, "dri", engine->now_ms),
                          .merchant = from->merchant,
                          .actor = from->actor,
                          .started_ms = engine->now_ms,
                          .until_ms = engine->now_ms + duration_ms};
  strcpy(drill->connector, connector);
  struct connector_entry entry = entry_of_drill(drill, CONNECTOR_DRILL_BEGAN);
  engine_fail(engine, put_row(engine, drill));
  tell_merchants(engine, &head, &entry, fill_nothing, NULL);
  connector_told(engine, &entry);
  return drill->id;
}

enum drill_outcome engine_drill(struct engine *engine, int64_t now_ms, const struct requester *from,
                                const char *connector, uint32_t duration_ms, struct id *ret_drill) {
  engine_begin(engine, now_ms);
  if (!connector_named(engine, connector))
    return DRILL_CONNECTOR_UNKNOWN;
  if (engine_drill_runs(engine, connector))
    return DRILL_UNDER_WAY;
  if (engine->gates.drill_count == DRILLS_MAX)
    return DRILL_TOO_MANY;
  *ret_drill = begin(engine, from, connector, duration_ms);
  gates_schedule(engine);
  return DRILL_DONE;
}

enum drill_outcome engine_drill_end(struct engine *engine, int64_t now_ms, const struct requester *from,
                                    const char *connector) {
  engine_begin(engine, now_ms);
  struct journal_head head = {.at_ms = now_ms, .actor = from->actor, .request = from->request};
  if (!engine_drill_runs(engine, connector))
    return DRILL_NOT_UNDER_WAY;
  end(engine, &engine->gates.drills[place_of(&engine->gates, connector)], &head);
  gates_schedule(engine);
  return DRILL_DONE;
}

/* ---- Looking ---- */

int engine_drill_get(struct engine *engine, const struct id *id, struct drill *ret_drill) {
  struct view bytes;
  int r = ledger_drill_get(engine->ledger, id, &bytes);
  return r != 0 ? r : read_row(bytes, ret_drill);
}

int engine_drill_latest(struct engine *engine, const char *connector, struct drill *ret_drill) {
  struct id id = {0};
  struct view bytes;
  struct drill drill;
  int r;
  while ((r = ledger_drill_before(engine->ledger, &id, &id, &bytes)) == 0) {
    if ((r = read_row(bytes, &drill)) < 0)
      return r;
    if (strcmp(drill.connector, connector) == 0) {
      *ret_drill = drill;
      return 0;
    }
  }
  return r;
}

int engine_drill_report(struct engine *engine, const struct id *merchant, const struct drill *drill,
                        struct drill_report *ret_report) {
  return drill_report(engine->ledger, &engine->options.draws, merchant, drill, ret_report);
}
