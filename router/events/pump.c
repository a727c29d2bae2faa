/* The pump's life, its endpoints, its time. */
#include "pump_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000, MINUTE_MS = 60000, HOUR_MS = 3600000 };

static const uint32_t standard_schedule[] = {5000,         5 * MINUTE_MS, 30 * MINUTE_MS,
                                             2 * HOUR_MS,  5 * HOUR_MS,   10 * HOUR_MS,
                                             14 * HOUR_MS, 20 * HOUR_MS,  24 * HOUR_MS};

_Static_assert(sizeof standard_schedule / sizeof *standard_schedule <= PUMP_SCHEDULE_MAX, "it fits");

int pump_set_timer(struct pump *pump, struct timer *timer, int64_t at_ms) {
  timers_remove(&pump->timers, timer);
  timer->at_us = at_ms * US_PER_MS;
  return timers_add(&pump->timers, timer);
}

bool endpoint_enabled(const struct endpoint *endpoint) {
  return endpoint->record.status == ENDPOINT_ENABLED;
}

void endpoint_hold(struct endpoint *endpoint) {
  endpoint->at = endpoint_at(endpoint);
  endpoint->following = false;
}

uint64_t endpoint_at(const struct endpoint *endpoint) {
  return endpoint->following ? endpoint->pump->tail : endpoint->at;
}

struct endpoint *pump_endpoint(const struct pump *pump, const struct id *merchant, const struct id *id) {
  struct map_node *node = map_find(&pump->by_merchant, map_hash(merchant->text));
  for (; node; node = map_find_next(node)) {
    struct endpoint *endpoint = (struct endpoint *)node;
    if (id_equal(&endpoint->record.id, id) && id_equal(&endpoint->record.merchant, merchant))
      return endpoint;
  }
  return NULL;
}

void pump_rotate(struct pump *pump, struct endpoint *last) {
  struct endpoint **end = &pump->endpoints;
  while (*end)
    end = &(*end)->next;
  *end = pump->endpoints;
  pump->endpoints = last->next;
  last->next = NULL;
}

/* ---- Endpoints come and go ---- */

static void on_pause(struct timer *timer) {
  (void)timer; /* its end is all that is wanted: the run sends */
}

static void endpoint_free(struct endpoint *endpoint) {
  struct pump *pump = endpoint->pump;
  struct endpoint **at = &pump->endpoints;
  lanes_free(endpoint);
  map_close(&endpoint->lanes);
  timers_remove(&pump->timers, &endpoint->pause);
  map_remove(&pump->by_merchant, &endpoint->node);
  while (*at != endpoint)
    at = &(*at)->next;
  *at = endpoint->next;
  sodium_memzero(&endpoint->record, sizeof endpoint->record);
  free(endpoint);
  pump->counts.endpoints--;
}

static int endpoint_new(struct pump *pump, const struct endpoint_record *record) {
  struct endpoint *endpoint = calloc(1, sizeof *endpoint);
  if (!endpoint)
    return -ENOMEM;
  int r = map_open(&endpoint->lanes);
  if (r < 0) {
    free(endpoint);
    return r;
  }
  if (!pump->endpoints)
    pump->tail = ledger_durable(pump->options.ledger) + 1; /* nobody has read for a while */
  endpoint->pump = pump;
  endpoint->record = *record;
  endpoint->pause.due = on_pause;
  endpoint->next = pump->endpoints;
  pump->endpoints = endpoint;
  map_add(&pump->by_merchant, &endpoint->node, map_hash(record->merchant.text));
  pump->counts.endpoints++;
  r = endpoint_load(endpoint);
  if (r < 0)
    endpoint_free(endpoint);
  else
    pump->lagging = true;
  return r;
}

static int load_all(struct pump *pump) {
  struct endpoint_record record = {0};
  int r;
  while ((r = ledger_endpoint_next(pump->options.ledger, &record.merchant, &record.id, &record)) == 0 &&
         (r = endpoint_new(pump, &record)) == 0)
    ;
  sodium_memzero(&record, sizeof record);
  return r == LEDGER_ABSENT ? 0 : r;
}

/* A disabled endpoint that is enabled again begins afresh where it stopped. */
static void endpoint_change(struct endpoint *endpoint, const struct endpoint_record *record) {
  bool woken = !endpoint_enabled(endpoint) && record->status == ENDPOINT_ENABLED;
  if (record->status != ENDPOINT_ENABLED)
    endpoint_hold(endpoint);
  endpoint->record = *record;
  endpoint->stopping = false;
  if (!woken)
    return;
  endpoint->failures = 0;
  endpoint->failing_since_ms = 0;
  endpoint->pause_until_ms = 0;
  endpoint->pump->lagging = true;
  endpoint_moved(endpoint);
  endpoint_wake(endpoint);
}

int pump_on_endpoint(struct pump *pump, int64_t now_ms, const struct id *merchant, const struct id *id) {
  struct endpoint *endpoint = pump_endpoint(pump, merchant, id);
  struct endpoint_record record;
  pump->now_ms = now_ms;
  pump->reload = true;
  int r = ledger_endpoint_get(pump->options.ledger, merchant, id, &record);
  if (r == LEDGER_ABSENT) {
    if (endpoint)
      endpoint_free(endpoint);
    changes_forget(pump, id);
    return 0;
  }
  if (r < 0)
    return r;
  if (endpoint)
    endpoint_change(endpoint, &record);
  else
    r = endpoint_new(pump, &record);
  sodium_memzero(&record, sizeof record);
  return r;
}

/* ---- Life ---- */

int pump_new(const struct pump_options *options, int64_t now_ms, struct pump **ret_pump) {
  struct pump *pump = calloc(1, sizeof *pump);
  if (!pump)
    return -ENOMEM;
  pump->options = *options;
  if (options->schedule_count == 0) {
    pump->options.schedule_count = sizeof standard_schedule / sizeof *standard_schedule;
    memcpy(pump->options.schedule_ms, standard_schedule, sizeof standard_schedule);
  }
  pump->key = event_key_of(options->ledger);
  pump->now_ms = now_ms;
  pump->tail = ledger_durable(options->ledger) + 1;
  pump->next_number = 1;
  int r = timers_open(&pump->timers);
  if (r == 0)
    r = map_open(&pump->by_merchant);
  if (r == 0)
    r = map_open(&pump->by_number);
  if (r == 0)
    r = load_all(pump);
  if (r < 0) {
    pump_free(pump);
    return r;
  }
  timers_settle(&pump->timers);
  *ret_pump = pump;
  return 0;
}

static void forget_all(struct pump *pump) {
  while (pump->endpoints)
    endpoint_free(pump->endpoints);
  changes_free(pump);
  pump->flush_ms = 0;
}

void pump_free(struct pump *pump) {
  if (!pump)
    return;
  forget_all(pump);
  map_close(&pump->by_merchant);
  map_close(&pump->by_number);
  timers_close(&pump->timers);
  sodium_memzero(&pump->key, sizeof pump->key);
  free(pump);
}

/* ---- Rounds ---- */

void pump_on_line(struct pump *pump, int64_t now_ms, bool there) {
  struct map_node *node;
  pump->now_ms = now_ms;
  pump->line = there;
  pump->blocked_until_ms = 0;
  while ((node = map_any(&pump->by_number)))
    attempt_undone((struct delivery *)node);
}

void pump_on_attempt(struct pump *pump, int64_t now_ms, uint64_t number,
                     const struct delivery_attempt *attempt) {
  struct map_node *node = map_find(&pump->by_number, number);
  pump->now_ms = now_ms;
  if (!node)
    return;
  if (attempt) {
    attempt_ended((struct delivery *)node, attempt);
    return;
  }
  attempt_undone((struct delivery *)node);
  pump->blocked_until_ms = now_ms + PUMP_FLUSH_MS;
}

static void ring(struct pump *pump) {
  struct timer *timer;
  timers_settle(&pump->timers);
  while ((timer = timers_first(&pump->timers)) && timer->at_us <= pump->now_ms * US_PER_MS) {
    timers_remove(&pump->timers, timer);
    timer->due(timer);
  }
}

/* As the ledger has it. */
static void read_again(struct pump *pump) {
  forget_all(pump);
  pump->unread = load_all(pump) < 0;
  if (pump->unread)
    pump->blocked_until_ms = pump->now_ms + PUMP_FLUSH_MS;
}

void pump_run(struct pump *pump, int64_t now_ms) {
  pump->now_ms = now_ms;
  if (pump->unread && pump->blocked_until_ms <= now_ms)
    read_again(pump);
  ring(pump);
  if (pump->blocked_until_ms <= now_ms)
    pump_read(pump);
  if (pump->blocked_until_ms <= now_ms)
    pump_send(pump);
  timers_settle(&pump->timers);
}

void pump_flush(struct pump *pump, int64_t now_ms) {
  if (pump->flush_ms)
    pump->flush_ms = now_ms;
}

static int64_t earlier(int64_t left, int64_t right) {
  return left < 0 || right < left ? right : left;
}

int64_t pump_due(const struct pump *pump, int64_t now_ms) {
  int64_t due = -1;
  const struct timer *first = timers_first(&pump->timers);
  if (pump->unread || pump_readable(pump) || pump_sendable(pump)) {
    if (pump->blocked_until_ms <= now_ms)
      return 0;
    due = pump->blocked_until_ms;
  }
  if (pump->flush_ms)
    due = earlier(due, pump->flush_ms);
  if (first)
    due = earlier(due, first->at_us / US_PER_MS);
  for (size_t i = pump->timers.heap; i < pump->timers.used; i++)
    due = earlier(due, pump->timers.slots[i]->at_us / US_PER_MS);
  return due;
}

/* After a failed batch that changed endpoints everything is as the ledger has it; what was under way is not
 * known any more and is sent again. */
void pump_committed(struct pump *pump, int64_t now_ms, bool done) {
  pump->now_ms = now_ms;
  if (pump->reload && !done)
    read_again(pump);
  pump->reload = false;
  changes_committed(pump, done);
}

struct pump_counts pump_counts(const struct pump *pump) {
  struct pump_counts counts = pump->counts;
  counts.outstanding = (uint32_t)pump->by_number.count;
  return counts;
}

bool pump_endpoint_health(const struct pump *pump, const struct id *merchant, const struct id *id,
                          struct endpoint_health *ret_health) {
  const struct endpoint *endpoint = pump_endpoint(pump, merchant, id);
  if (!endpoint)
    return false;
  *ret_health = (struct endpoint_health){.last_success_ms = endpoint->last_success_ms,
                                         .failures = endpoint->failures,
                                         .waiting = endpoint->held,
                                         .behind = !endpoint->following};
  return true;
}
