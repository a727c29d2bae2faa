/* From lanes to notify, and what becomes of it. */
#include "pump_parts.h"

#include "event_signature.h"
#include "log.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000, JITTER = 5, HTTP_GONE = 410 };

_Static_assert((int)ENDPOINT_URL_CAPACITY == (int)WEBHOOK_URL_CAPACITY, "what is stored can be sent");
_Static_assert((int)SIGNATURES_CAPACITY <= (int)DELIVERY_SIGNATURES_CAPACITY, "both signatures can be sent");

/* ---- Sending ---- */

/* How many attempts it may have under way: the fewer places the others leave, the fewer it takes of them, so
 * that even many that hang leave some. */
static unsigned share_of(const struct endpoint *endpoint) {
  unsigned others = (unsigned)endpoint->pump->by_number.count - endpoint->outstanding;
  unsigned share = (NOTIFY_OUTSTANDING_MAX - others) * ENDPOINT_OUTSTANDING_MAX / NOTIFY_OUTSTANDING_MAX;
  return endpoint->failures >= FAILING_AFTER || share < 1 ? 1 : share;
}

static bool may_send(const struct endpoint *endpoint) {
  const struct pump *pump = endpoint->pump;
  return endpoint->ready_first && endpoint_enabled(endpoint) && endpoint->outstanding < share_of(endpoint) &&
         endpoint->pause_until_ms <= pump->now_ms;
}

static bool pump_can_send(const struct pump *pump) {
  return pump->line && pump->by_number.count < NOTIFY_OUTSTANDING_MAX;
}

bool pump_sendable(const struct pump *pump) {
  if (!pump_can_send(pump))
    return false;
  for (const struct endpoint *endpoint = pump->endpoints; endpoint; endpoint = endpoint->next) {
    if (may_send(endpoint))
      return true;
  }
  return false;
}

static void sign(const struct endpoint *endpoint, struct delivery_head *head, const char *body) {
  const struct endpoint_record *record = &endpoint->record;
  char signature[SIGNATURE_CAPACITY], before[SIGNATURE_CAPACITY];
  event_sign(record->secret, sizeof record->secret, head->id.text, head->timestamp_s, body, head->length,
             signature);
  bool both = record->secret_before_until_ms > endpoint->pump->now_ms;
  if (both)
    event_sign(record->secret_before, sizeof record->secret_before, head->id.text, head->timestamp_s, body,
               head->length, before);
  snprintf(head->signatures, sizeof head->signatures, "%s%s%s", signature, both ? " " : "",
           both ? before : "");
}

/* What is sent of the delivery: the event as its entry left things. Returns 0; -ENOENT when there is no such
 * event any more; -EBADMSG when it cannot be read, -EMSGSIZE when it is too long; or another negated errno.
 */
static int prepare(const struct delivery *delivery, struct delivery_head *head, char **ret_body) {
  struct endpoint *endpoint = delivery->lane->endpoint;
  struct pump *pump = endpoint->pump;
  const struct delivery_row *row = &delivery->row;
  struct entry_events events;
  size_t length;
  int r = events_at(pump->options.ledger, row->sequence, &events, NULL);
  if (r != 0)
    return r < 0 ? r : -EBADMSG;
  int index = events_find(&events, (enum event_type)row->type, row->subject);
  r = index < 0 ? -ENOENT
                : pump->options.body(pump->options.context, &events, (unsigned)index, ret_body, &length);
  if (r == 0) {
    struct event_place place = {row->sequence, (enum event_type)row->type, row->subject};
    head->id = event_id_of(&pump->key, &place, events.at_ms);
    head->timestamp_s = pump->now_ms / MS_PER_S;
    head->timeout_ms = ATTEMPT_MS;
    head->length = (uint32_t)length;
    memcpy(head->url, endpoint->record.url, sizeof head->url);
  }
  events_free(&events);
  if (r == 0 && length > DELIVERY_BODY_MAX) {
    free(*ret_body);
    return -EMSGSIZE;
  }
  return r;
}

static void mark_sending(struct delivery *delivery, uint64_t number) {
  struct lane *lane = delivery->lane;
  struct pump *pump = lane->endpoint->pump;
  delivery->number = number;
  lane->sending = delivery;
  lane->endpoint->outstanding++;
  map_add(&pump->by_number, &delivery->node, number);
  /* Without memory for it, the reply or the line's end is waited for. */
  (void)!pump_set_timer(pump, &lane->timer, pump->now_ms + ATTEMPT_MS + ATTEMPT_SLACK_MS);
}

/* Returns whether sending may go on. */
static bool send_first(struct lane *lane) {
  struct pump *pump = lane->endpoint->pump;
  struct delivery *delivery = lane->first;
  struct delivery_head head = {0};
  const struct delivery_attempt unsendable = {.outcome = DELIVERY_UNSENDABLE};
  char *body;
  int r = prepare(delivery, &head, &body);
  if (r == -ENOENT) {
    delivery_end(delivery);
    return true;
  }
  if (r == -EBADMSG || r == -EMSGSIZE) {
    mark_sending(delivery, pump->next_number++);
    attempt_ended(delivery, &unsendable);
    return true;
  }
  if (r == 0) {
    sign(lane->endpoint, &head, body);
    r = pump->options.send(pump->options.context, pump->next_number, &head, body);
    free(body);
  }
  if (r == 0) {
    mark_sending(delivery, pump->next_number++);
    return true;
  }
  ready_add(lane);
  pump->blocked_until_ms = pump->now_ms + PUMP_FLUSH_MS;
  return false;
}

/* One delivery of that endpoint. What has a row from before a restart, and a place that the reading has not
 * come to again, waits for it: what comes before it may have to go first. Returns whether sending may go on.
 */
static bool send_one(struct endpoint *endpoint) {
  for (unsigned i = endpoint->ready_count; i > 0; i--) {
    struct lane *lane = ready_take(endpoint);
    if (lane->first->row.sequence < endpoint_at(endpoint))
      return send_first(lane);
    ready_add(lane);
  }
  return true;
}

/* One of each endpoint that may. Returns whether there may be more to send, and room in this run. */
static bool send_in_turn(struct pump *pump, unsigned *left) {
  bool sent = false;
  for (struct endpoint *endpoint = pump->endpoints; endpoint && pump_can_send(pump);
       endpoint = endpoint->next) {
    unsigned before = endpoint->outstanding;
    if (!may_send(endpoint))
      continue;
    if (!send_one(endpoint))
      return false;
    if (endpoint->outstanding == before)
      continue;
    sent = true;
    if (--*left == 0) {
      pump_rotate(pump, endpoint);
      return false;
    }
  }
  return sent;
}

void pump_send(struct pump *pump) {
  unsigned left = PUMP_SENDS;
  while (pump_can_send(pump) && send_in_turn(pump, &left))
    ;
}

/* ---- What became of it ---- */

static void back(struct delivery *delivery) {
  struct lane *lane = delivery->lane;
  map_remove(&lane->endpoint->pump->by_number, &delivery->node);
  timers_remove(&lane->endpoint->pump->timers, &lane->timer);
  delivery->number = 0;
  lane->sending = NULL;
  lane->endpoint->outstanding--;
}

void attempt_undone(struct delivery *delivery) {
  back(delivery);
  lane_settle(delivery->lane);
}

static void succeeded(struct delivery *delivery) {
  struct endpoint *endpoint = delivery->lane->endpoint;
  bool was_down = endpoint->failures >= DOWN_AFTER;
  endpoint->pump->counts.taken++;
  endpoint->failures = 0;
  endpoint->failing_since_ms = 0;
  endpoint->last_success_ms = endpoint->pump->now_ms;
  endpoint->pause_until_ms = 0;
  endpoint_moved(endpoint);
  if (delivery->stored && change_add(endpoint, DELIVERY_WAITING, true, &delivery->row) < 0) {
    /* Without memory its row stays, and it is sent again after a restart. */
  }
  delivery_end(delivery);
  if (was_down)
    endpoint_wake(endpoint);
}

/* A wait of the schedule, and up to a fifth more, so that what failed together does not come back together.
 */
static int64_t wait_of(struct pump *pump, unsigned attempts) {
  unsigned last = pump->options.schedule_count;
  int64_t wait_ms = pump->options.schedule_ms[attempts == 0 ? 0 : (attempts < last ? attempts : last) - 1];
  uint8_t draw;
  pump->options.draws.fill(pump->options.draws.context, &draw, sizeof draw);
  return wait_ms + wait_ms * draw / (JITTER * 256);
}

static void note_failure(struct endpoint *endpoint, const struct delivery_attempt *attempt) {
  struct pump *pump = endpoint->pump;
  endpoint->failures++;
  if (endpoint->failing_since_ms == 0)
    endpoint->failing_since_ms = pump->now_ms;
  if (endpoint->failures >= DOWN_AFTER) {
    endpoint->pause_until_ms = pump->now_ms + pump->options.schedule_ms[0];
    if (pump_set_timer(pump, &endpoint->pause, endpoint->pause_until_ms) < 0)
      endpoint->pause_until_ms = 0;
  }
  endpoint_moved(endpoint);
  if (attempt->http_status == HTTP_GONE)
    endpoint_stop(endpoint, ENDPOINT_GONE);
  else if (pump->now_ms - endpoint->failing_since_ms >= DISABLE_AFTER_MS)
    endpoint_stop(endpoint, ENDPOINT_FAILING);
}

/* Returns whether it is given up; without memory it is tried once more. */
static bool give_up(struct delivery *delivery) {
  struct endpoint *endpoint = delivery->lane->endpoint;
  struct delivery_row row = delivery->row;
  row.due_ms = 0;
  if (change_add(endpoint, DELIVERY_DEAD, false, &row) < 0)
    return false;
  if (delivery->stored && change_add(endpoint, DELIVERY_WAITING, true, &row) < 0) {
    /* Without memory its row stays: it is tried again after a restart, although it is a dead letter. */
  }
  endpoint->pump->counts.dead++;
  delivery_end(delivery);
  return true;
}

/* It waits for another try, and what is behind it with it. */
static void wait_for_another(struct delivery *delivery) {
  struct lane *lane = delivery->lane;
  struct pump *pump = lane->endpoint->pump;
  delivery->row.due_ms = pump->now_ms + wait_of(pump, delivery->row.attempts);
  delivery_store(delivery);
  lane_store(lane);
  lane_settle(lane);
}

static void failed(struct delivery *delivery, const struct delivery_attempt *attempt) {
  struct pump *pump = delivery->lane->endpoint->pump;
  struct delivery_row *row = &delivery->row;
  bool made = attempt->outcome != DELIVERY_UNSENDABLE;
  pump->counts.failed++;
  row->outcome = (uint8_t)attempt->outcome;
  row->http_status = attempt->http_status;
  row->tried_ms = pump->now_ms;
  row->attempts = (uint8_t)(row->attempts + made);
  if (made)
    note_failure(delivery->lane->endpoint, attempt);
  if ((made && row->attempts <= pump->options.schedule_count) || !give_up(delivery))
    wait_for_another(delivery);
}

void attempt_ended(struct delivery *delivery, const struct delivery_attempt *attempt) {
  back(delivery);
  if (attempt->outcome == DELIVERY_TAKEN)
    succeeded(delivery);
  else
    failed(delivery, attempt);
}
