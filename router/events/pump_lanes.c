/* Lanes: what belongs together goes one after another. */
#include "pump_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct lane *lane_of_node(struct map_node *node) {
  return (struct lane *)node;
}

/* ---- The queue of those that can go ---- */

void ready_add(struct lane *lane) {
  struct endpoint *endpoint = lane->endpoint;
  if (lane->ready)
    return;
  lane->ready = true;
  lane->ready_next = NULL;
  *(endpoint->ready_last ? &endpoint->ready_last->ready_next : &endpoint->ready_first) = lane;
  endpoint->ready_last = lane;
  endpoint->ready_count++;
}

struct lane *ready_take(struct endpoint *endpoint) {
  struct lane *lane = endpoint->ready_first;
  if (!lane)
    return NULL;
  endpoint->ready_first = lane->ready_next;
  if (!endpoint->ready_first)
    endpoint->ready_last = NULL;
  endpoint->ready_count--;
  lane->ready = false;
  return lane;
}

/* ---- What has no row yet, in order of reading ---- */

static void unstored_add(struct endpoint *endpoint, struct delivery *delivery) {
  delivery->unstored_previous = endpoint->unstored_last;
  *(endpoint->unstored_last ? &endpoint->unstored_last->unstored_next : &endpoint->unstored_first) = delivery;
  endpoint->unstored_last = delivery;
}

static void unstored_remove(struct endpoint *endpoint, struct delivery *delivery) {
  struct delivery *next = delivery->unstored_next, *previous = delivery->unstored_previous;
  *(previous ? &previous->unstored_next : &endpoint->unstored_first) = next;
  *(next ? &next->unstored_previous : &endpoint->unstored_last) = previous;
  delivery->unstored_next = delivery->unstored_previous = NULL;
}

/* ---- Lanes ---- */

static struct lane *lane_find(const struct endpoint *endpoint, const struct id *object) {
  struct map_node *node = map_find(&endpoint->lanes, map_hash(object->text));
  for (; node; node = map_find_next(node)) {
    if (id_equal(&lane_of_node(node)->object, object))
      return lane_of_node(node);
  }
  return NULL;
}

/* Its first may go; or what was under way has not been heard of for too long. */
static void lane_ring(struct timer *timer) {
  struct lane *lane = (struct lane *)(void *)((char *)timer - offsetof(struct lane, timer));
  const struct delivery_attempt lost = {.outcome = DELIVERY_TIMEOUT};
  if (lane->sending)
    attempt_ended(lane->sending, &lost);
  else
    ready_add(lane);
}

static struct lane *lane_new(struct endpoint *endpoint, const struct id *object) {
  struct lane *lane = calloc(1, sizeof *lane);
  if (!lane)
    return NULL;
  lane->endpoint = endpoint;
  lane->object = *object;
  lane->timer.due = lane_ring;
  map_add(&endpoint->lanes, &lane->node, map_hash(object->text));
  return lane;
}

static void lane_free(struct lane *lane) {
  timers_remove(&lane->endpoint->pump->timers, &lane->timer);
  map_remove(&lane->endpoint->lanes, &lane->node);
  free(lane);
}

void lane_settle(struct lane *lane) {
  struct pump *pump = lane->endpoint->pump;
  if (lane->sending || lane->ready)
    return;
  if (!lane->first) {
    lane_free(lane);
    return;
  }
  timers_remove(&pump->timers, &lane->timer);
  /* Without memory for the timer it goes early. */
  if (lane->first->row.due_ms <= pump->now_ms ||
      pump_set_timer(pump, &lane->timer, lane->first->row.due_ms) < 0)
    ready_add(lane);
}

/* ---- Deliveries ---- */

static int row_order(const struct delivery_row *left, const struct delivery_row *right) {
  if (left->sequence != right->sequence)
    return left->sequence < right->sequence ? -1 : 1;
  return left->type != right->type ? left->type - right->type : left->subject - right->subject;
}

/* Whether a crash must not lose what comes into that lane: behind one that waits for another try it may stay
 * long. */
static bool lane_keeps(const struct lane *lane) {
  return lane->first && lane->first->stored;
}

void delivery_store(struct delivery *delivery) {
  struct endpoint *endpoint = delivery->lane->endpoint;
  if (change_add(endpoint, DELIVERY_WAITING, false, &delivery->row) < 0 || delivery->stored)
    return; /* without memory the progress stays before it */
  unstored_remove(endpoint, delivery);
  delivery->stored = true;
}

void lane_store(struct lane *lane) {
  for (struct delivery *delivery = lane->first; delivery; delivery = delivery->next) {
    if (!delivery->stored)
      delivery_store(delivery);
  }
}

int lane_add(struct endpoint *endpoint, const struct id *object, const struct delivery_row *row,
             bool stored) {
  struct lane *lane = lane_find(endpoint, object);
  struct delivery **at = lane ? &lane->first : NULL;
  while (at && *at && row_order(&(*at)->row, row) < 0)
    at = &(*at)->next;
  if (at && *at && row_order(&(*at)->row, row) == 0)
    return 0;
  struct delivery *delivery = calloc(1, sizeof *delivery);
  if (delivery && !lane)
    lane = lane_new(endpoint, object);
  if (!delivery || !lane) {
    free(delivery);
    return -ENOMEM;
  }
  bool keeps = lane_keeps(lane);
  at = at ? at : &lane->first;
  delivery->lane = lane;
  delivery->row = *row;
  delivery->stored = stored;
  delivery->next = *at;
  *at = delivery;
  endpoint->held++;
  endpoint->pump->counts.held++;
  if (!stored)
    unstored_add(endpoint, delivery);
  if (!stored && keeps)
    delivery_store(delivery);
  lane_settle(lane);
  return 0;
}

/* Takes it out of every list but its lane's. */
static void delivery_release(struct delivery *delivery) {
  struct endpoint *endpoint = delivery->lane->endpoint;
  if (delivery->number)
    map_remove(&endpoint->pump->by_number, &delivery->node);
  if (!delivery->stored)
    unstored_remove(endpoint, delivery);
  if (!endpoint->following || endpoint->pump->counts.held >= PUMP_HELD_MAX)
    endpoint->pump->lagging = true; /* there is room for more */
  endpoint->held--;
  endpoint->pump->counts.held--;
  free(delivery);
}

void delivery_end(struct delivery *delivery) {
  struct lane *lane = delivery->lane;
  struct delivery **at = &lane->first;
  assert(lane->sending != delivery);
  while (*at != delivery)
    at = &(*at)->next;
  *at = delivery->next;
  delivery_release(delivery);
  lane_settle(lane);
}

static void wake(void *context, struct map_node *node) {
  struct lane *lane = lane_of_node(node);
  (void)context;
  if (lane->first && !lane->sending)
    lane->first->row.due_ms = 0;
  if (!lane->sending)
    ready_add(lane);
}

void endpoint_wake(struct endpoint *endpoint) {
  map_each(&endpoint->lanes, wake, NULL);
}

void lanes_free(struct endpoint *endpoint) {
  struct map_node *node;
  while (endpoint->lanes.buckets && (node = map_any(&endpoint->lanes))) {
    struct lane *lane = lane_of_node(node);
    while (lane->first) {
      struct delivery *delivery = lane->first;
      lane->first = delivery->next;
      delivery_release(delivery);
    }
    lane_free(lane);
  }
  endpoint->ready_first = endpoint->ready_last = NULL;
  endpoint->ready_count = 0;
  endpoint->outstanding = 0;
}
