/* From the journal into lanes. All endpoints that keep up are fed by one reading; one that is full, or was
 * away, reads by itself from where it stopped until it has caught up. */
#include "pump_parts.h"

#include "log.h"
#include <errno.h>

enum { PROGRESS_EVERY = 16384 /* entries read, after which it is written down how far everybody is */ };

static uint64_t newest(const struct pump *pump) {
  return ledger_durable(pump->options.ledger);
}

/* What lies between rows that were taken up is read in any case: it may have to go before them. */
static bool has_room(const struct endpoint *endpoint) {
  if (!endpoint->following && endpoint->at <= endpoint->resume_until)
    return true;
  bool full = endpoint->pump->counts.held >= PUMP_HELD_MAX;
  return endpoint->held < (full ? ENDPOINT_HELD_ALWAYS : ENDPOINT_HELD_MAX);
}

struct id lane_object(const struct entry_events *events) {
  if (events->payment || events->endpoint.id.text[0] != '\0')
    return events->object;
  return events->merchant;
}

/* What the entry tells goes into the lanes of that endpoint, as far as it wants it. */
static int take_events(struct endpoint *endpoint, const struct entry_events *events) {
  struct id object = lane_object(events);
  int r = 0;
  for (unsigned i = 0; r == 0 && i < events->count; i++) {
    struct delivery_row row = {.sequence = events->sequence,
                               .type = (uint8_t)events->events[i].type,
                               .subject = events->events[i].subject};
    if (event_type_in(endpoint->record.types, events->events[i].type))
      r = lane_add(endpoint, &object, &row, false);
  }
  return r;
}

/* An entry that cannot be read can be told to nobody: it is said, and passed over. Of anything else the end
 * is awaited. Returns whether reading may go on. */
static bool may_go_on(struct pump *pump, int error) {
  if (error == -EBADMSG) {
    pump->counts.unreadable++;
    log_warn("an entry of the journal cannot be told of");
    return true;
  }
  if (error < 0)
    pump->blocked_until_ms = pump->now_ms + PUMP_FLUSH_MS;
  return error == 0;
}

/* ---- One endpoint by itself ---- */

/* Looks at the next entry. Returns 0 or a negated errno. */
static int look(struct endpoint *endpoint, unsigned *reads) {
  struct pump *pump = endpoint->pump;
  struct journal_entry entry;
  struct entry_events events;
  struct id merchant;
  int r = ledger_entry(pump->options.ledger, endpoint->at, &entry);
  ++*reads;
  if (r != 0 || entry.sequence != endpoint->at)
    return r < 0 ? r : -EBADMSG;
  r = ledger_entry_merchant(&entry, &merchant);
  if (r < 0 || !id_equal(&merchant, &endpoint->record.merchant))
    return r;
  r = events_of(pump->options.ledger, &entry, &events, reads);
  if (r == 0)
    r = take_events(endpoint, &events);
  events_free(&events);
  return r;
}

static void catch_up(struct endpoint *endpoint, unsigned *reads) {
  struct pump *pump = endpoint->pump;
  while (endpoint->at < pump->tail && has_room(endpoint) && *reads < PUMP_READS) {
    if (!may_go_on(pump, look(endpoint, reads)))
      return;
    endpoint->at++;
    if (endpoint->at % PROGRESS_EVERY == 0)
      endpoint_moved(endpoint);
  }
  if (endpoint->at == pump->tail)
    endpoint->following = true;
}

static void catch_up_all(struct pump *pump, unsigned *reads) {
  pump->lagging = false;
  for (struct endpoint *endpoint = pump->endpoints; endpoint; endpoint = endpoint->next) {
    if (endpoint->following || !endpoint_enabled(endpoint))
      continue;
    catch_up(endpoint, reads);
    if (!endpoint->following && has_room(endpoint))
      pump->lagging = true;
  }
  if (*reads >= PUMP_READS)
    pump_rotate(pump, pump->endpoints);
}

/* ---- All that keep up ---- */

/* Whether an endpoint of that merchant follows; those without room stay behind here. */
static bool somebody_follows(struct pump *pump, const struct id *merchant) {
  struct map_node *node = map_find(&pump->by_merchant, map_hash(merchant->text));
  bool found = false;
  for (; node; node = map_find_next(node)) {
    struct endpoint *endpoint = (struct endpoint *)node;
    if (!endpoint->following || !id_equal(&endpoint->record.merchant, merchant))
      continue;
    if (has_room(endpoint))
      found = true;
    else
      endpoint_hold(endpoint);
  }
  return found;
}

static int feed(struct pump *pump, const struct entry_events *events) {
  struct map_node *node = map_find(&pump->by_merchant, map_hash(events->merchant.text));
  for (; node; node = map_find_next(node)) {
    struct endpoint *endpoint = (struct endpoint *)node;
    if (!endpoint->following || !id_equal(&endpoint->record.merchant, &events->merchant))
      continue;
    int r = take_events(endpoint, events);
    if (r < 0)
      return r;
  }
  return 0;
}

static int look_for_all(struct pump *pump, unsigned *reads) {
  struct journal_entry entry;
  struct entry_events events;
  struct id merchant;
  int r = ledger_entry(pump->options.ledger, pump->tail, &entry);
  ++*reads;
  if (r != 0 || entry.sequence != pump->tail)
    return r < 0 ? r : -EBADMSG;
  r = ledger_entry_merchant(&entry, &merchant);
  if (r < 0 || !somebody_follows(pump, &merchant))
    return r;
  r = events_of(pump->options.ledger, &entry, &events, reads);
  if (r == 0)
    r = feed(pump, &events);
  events_free(&events);
  return r;
}

static void note_progress(struct pump *pump) {
  for (struct endpoint *endpoint = pump->endpoints; endpoint; endpoint = endpoint->next) {
    if (endpoint->following)
      endpoint_moved(endpoint);
  }
}

void pump_read(struct pump *pump) {
  unsigned reads = 0;
  if (!pump->endpoints) {
    pump->tail = newest(pump) + 1;
    return;
  }
  while (pump->tail <= newest(pump) && reads < PUMP_READS) {
    if (!may_go_on(pump, look_for_all(pump, &reads)))
      return;
    pump->tail++;
    if (pump->tail % PROGRESS_EVERY == 0)
      note_progress(pump);
  }
  reads = 0;
  catch_up_all(pump, &reads);
}

bool pump_readable(const struct pump *pump) {
  return pump->endpoints && (pump->lagging || pump->tail <= newest(pump));
}
