/* What must outlive a crash: put together, so that it goes into the ledger in few batches. A change stays on
 * the list until a batch with it is durable. */
#include "pump_parts.h"

#include "log.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

enum { STRAGGLING = 1024 /* entries of the journal */ };

/* ---- What waits to be put ---- */

static void pump_dirty(struct pump *pump) {
  if (pump->flush_ms == 0)
    pump->flush_ms = pump->now_ms + PUMP_FLUSH_MS;
}

void endpoint_moved(struct endpoint *endpoint) {
  endpoint->dirty = true;
  pump_dirty(endpoint->pump);
}

int change_add(struct endpoint *endpoint, enum delivery_kind kind, bool remove,
               const struct delivery_row *row) {
  struct pump *pump = endpoint->pump;
  struct change *change = calloc(1, sizeof *change);
  if (!change)
    return -ENOMEM;
  *change = (struct change){.merchant = endpoint->record.merchant,
                            .endpoint = endpoint->record.id,
                            .kind = kind,
                            .remove = remove,
                            .row = *row};
  *(pump->last_change ? &pump->last_change->next : &pump->first_change) = change;
  pump->last_change = change;
  endpoint_moved(endpoint);
  return 0;
}

/* Takes those out that fit; keep: the rest. */
static void changes_drop(struct pump *pump, bool (*fits)(const struct change *, const void *),
                         const void *what) {
  struct change **at = &pump->first_change;
  pump->last_change = NULL;
  while (*at) {
    struct change *change = *at;
    if (fits(change, what)) {
      *at = change->next;
      free(change);
    } else {
      pump->last_change = change;
      at = &change->next;
    }
  }
}

static bool any_change(const struct change *change, const void *what) {
  (void)change, (void)what;
  return true;
}

static bool is_for(const struct change *change, const void *endpoint) {
  return id_equal(&change->endpoint, endpoint);
}

static bool is_put(const struct change *change, const void *what) {
  (void)what;
  return change->put;
}

void changes_free(struct pump *pump) {
  changes_drop(pump, any_change, NULL);
}

void changes_forget(struct pump *pump, const struct id *endpoint) {
  changes_drop(pump, is_for, endpoint);
}

/* ---- Into the batch ---- */

static int put_change(struct pump *pump, struct change *change) {
  struct ledger *ledger = pump->options.ledger;
  change->put = true;
  if (change->remove)
    return ledger_delivery_delete(ledger, &change->merchant, &change->endpoint, change->kind, &change->row);
  return ledger_delivery_put(ledger, &change->merchant, &change->endpoint, change->kind, &change->row);
}

/* Everything before the first event without a row is done with, or has one. */
static uint64_t progress_of(const struct endpoint *endpoint) {
  if (endpoint->unstored_first && endpoint->unstored_first->row.sequence < endpoint_at(endpoint))
    return endpoint->unstored_first->row.sequence - 1;
  return endpoint_at(endpoint) - 1;
}

static int put_progress(struct endpoint *endpoint) {
  struct delivery_progress progress = {.sequence = progress_of(endpoint),
                                       .failing_since_ms = endpoint->failing_since_ms};
  endpoint->putting = true;
  return ledger_progress_put(endpoint->pump->options.ledger, &endpoint->record.merchant, &endpoint->record.id,
                             &progress);
}

static int put_stop(struct endpoint *endpoint) {
  struct pump *pump = endpoint->pump;
  struct journal_head head = {.at_ms = pump->now_ms};
  uint64_t sequence;
  endpoint->putting = true;
  return ledger_endpoint_put(pump->options.ledger, &head, ENDPOINT_STOPPED, &endpoint->record, &sequence);
}

/* One that is long under way must not hold the progress back for ever: after a crash, all since would be sent
 * again. */
static void store_stragglers(struct endpoint *endpoint) {
  struct delivery *first = endpoint->unstored_first;
  while (first && first->row.sequence + STRAGGLING < endpoint_at(endpoint)) {
    delivery_store(first);
    if (endpoint->unstored_first == first)
      return;
    first = endpoint->unstored_first;
  }
}

int pump_put(struct pump *pump, int64_t now_ms) {
  int r = 0;
  pump->now_ms = now_ms;
  for (struct endpoint *endpoint = pump->endpoints; endpoint; endpoint = endpoint->next)
    store_stragglers(endpoint);
  for (struct change *change = pump->first_change; r == 0 && change; change = change->next)
    r = put_change(pump, change);
  for (struct endpoint *endpoint = pump->endpoints; r == 0 && endpoint; endpoint = endpoint->next) {
    if (endpoint->dirty)
      r = put_progress(endpoint);
    if (r == 0 && endpoint->stopping)
      r = put_stop(endpoint);
  }
  return r;
}

bool pump_wants_commit(const struct pump *pump, int64_t now_ms) {
  return pump->flush_ms != 0 && pump->flush_ms <= now_ms;
}

void changes_committed(struct pump *pump, bool done) {
  if (done)
    changes_drop(pump, is_put, NULL);
  bool left = pump->first_change != NULL;
  for (struct change *change = pump->first_change; change; change = change->next)
    change->put = false;
  for (struct endpoint *endpoint = pump->endpoints; endpoint; endpoint = endpoint->next) {
    if (done && endpoint->putting)
      endpoint->dirty = endpoint->stopping = false;
    endpoint->putting = false;
    left |= endpoint->dirty || endpoint->stopping;
  }
  pump->flush_ms = !left ? 0 : pump->flush_ms > pump->now_ms ? pump->flush_ms : pump->now_ms + PUMP_FLUSH_MS;
}

/* ---- Out of the ledger ---- */

/* The lane that a row belongs to. LEDGER_ABSENT or -EBADMSG when it cannot be said. */
static int object_of(struct pump *pump, const struct delivery_row *row, struct id *ret_object) {
  struct entry_events events;
  int r = events_at(pump->options.ledger, row->sequence, &events, NULL);
  if (r != 0)
    return r;
  *ret_object = lane_object(&events);
  events_free(&events);
  return 0;
}

/* A row whose entry cannot be read goes by itself, and becomes a dead letter when its turn comes. */
static int load_row(struct endpoint *endpoint, const struct delivery_row *row) {
  struct id object;
  int r = object_of(endpoint->pump, row, &object);
  if (r == LEDGER_ABSENT || r == -EBADMSG)
    object = endpoint->record.id;
  else if (r < 0)
    return r;
  return lane_add(endpoint, &object, row, true);
}

int endpoint_load(struct endpoint *endpoint) {
  struct ledger *ledger = endpoint->pump->options.ledger;
  const struct id *merchant = &endpoint->record.merchant, *id = &endpoint->record.id;
  struct delivery_progress progress;
  struct delivery_row row, *after = NULL;
  int r = ledger_progress_get(ledger, merchant, id, &progress);
  if (r != 0)
    return r < 0 ? r : -EBADMSG;
  endpoint->at = progress.sequence + 1;
  endpoint->failing_since_ms = progress.failing_since_ms;
  while ((r = ledger_delivery_next(ledger, merchant, id, DELIVERY_WAITING, after, &row)) == 0) {
    after = &row;
    endpoint->resume_until = row.sequence;
    if ((r = load_row(endpoint, &row)) < 0)
      return r;
  }
  return r == LEDGER_ABSENT ? 0 : r;
}

void endpoint_stop(struct endpoint *endpoint, enum endpoint_status status) {
  if (!endpoint_enabled(endpoint))
    return;
  endpoint_hold(endpoint);
  endpoint->record.status = status;
  endpoint->stopping = true;
  endpoint->pump->counts.disabled++;
  endpoint_moved(endpoint);
  log_warn_id("an endpoint is disabled", &endpoint->record.id);
}

/* ---- Dead letters again ---- */

static bool fits(const struct event_place *place, const struct delivery_row *row) {
  return !place ||
         (place->sequence == row->sequence && place->type == row->type && place->subject == row->subject);
}

static int take_up(struct endpoint *endpoint, const struct delivery_row *dead) {
  struct pump *pump = endpoint->pump;
  struct ledger *ledger = pump->options.ledger;
  const struct id *merchant = &endpoint->record.merchant, *id = &endpoint->record.id;
  struct delivery_row row = {.sequence = dead->sequence, .type = dead->type, .subject = dead->subject};
  int r = ledger_delivery_delete(ledger, merchant, id, DELIVERY_DEAD, dead);
  if (r == 0)
    r = ledger_delivery_put(ledger, merchant, id, DELIVERY_WAITING, &row);
  return r < 0 ? r : load_row(endpoint, &row);
}

int pump_redeliver(struct pump *pump, int64_t now_ms, const struct id *merchant, const struct id *id,
                   const struct event_place *place, unsigned *ret_count, bool *ret_more) {
  struct endpoint *endpoint = pump_endpoint(pump, merchant, id);
  struct delivery_row row, *after = NULL;
  unsigned count = 0;
  bool more = false;
  int r = 0;
  pump->now_ms = now_ms;
  pump->reload = true;
  while (endpoint && !more &&
         (r = ledger_delivery_next(pump->options.ledger, merchant, id, DELIVERY_DEAD, after, &row)) == 0) {
    after = &row;
    if (!fits(place, &row))
      continue;
    more = endpoint->held >= ENDPOINT_HELD_MAX;
    if (!more && (r = take_up(endpoint, &row)) < 0)
      break;
    count += !more;
  }
  if (r < 0)
    return r;
  *ret_count = count;
  *ret_more = more;
  return 0;
}
