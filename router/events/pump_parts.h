/* What the files of the pump share. Not for hosts.
 *
 * endpoint: where events go, how far it is and how it does.
 *
 * lane: the events of one payment (or of the policies, or of an endpoint) for one endpoint, in order: the
 * first of them is under way or waits, and those behind it wait for it.
 *
 * delivery: one event for one endpoint. It is `stored` when it has a row in the ledger, or a row is about to
 * be put; until then the endpoint's progress stays before it.
 *
 * change: a row to be put or deleted with the next batch of the pump's. */
#pragma once

#include "map.h"
#include "pump.h"
#include "timers.h"

struct endpoint;

struct delivery {
  struct map_node node; /* by number, while it is under way */
  struct lane *lane;
  struct delivery *next; /* in the lane */
  struct delivery *unstored_next, *unstored_previous;
  struct delivery_row row;
  uint64_t number;
  bool stored;
};

struct lane {
  struct map_node node; /* by object */
  struct timer timer; /* until its first may be tried; while one is under way, until it is taken to be lost */
  struct endpoint *endpoint;
  struct id object;
  struct delivery *first;
  struct delivery *sending; /* the one under way, or NULL */
  struct lane *ready_next;
  bool ready; /* stands in the endpoint's queue of lanes that can go */
};

struct endpoint {
  struct map_node node; /* by merchant */
  struct timer pause;
  struct pump *pump;
  struct endpoint *next;
  struct endpoint_record record; /* with secrets: wiped */
  bool following;                /* it has looked at all that the pump has read */
  uint64_t at;                   /* unless following: the next entry to look at */
  uint64_t resume_until; /* the last entry of which a row was taken up: up to it there is always room */
  struct map lanes;
  struct lane *ready_first, *ready_last;
  unsigned ready_count;
  struct delivery *unstored_first, *unstored_last; /* in order of reading */
  unsigned held, outstanding;
  unsigned failures; /* in a row */
  int64_t failing_since_ms;
  int64_t last_success_ms; /* since the start; 0: none */
  int64_t pause_until_ms;
  bool dirty;    /* progress is to be put */
  bool stopping; /* that it is disabled is to be put */
  bool putting;  /* what it has of these is in the batch under way */
};

struct change {
  struct change *next;
  struct id merchant, endpoint;
  enum delivery_kind kind;
  bool remove;
  bool put; /* in the batch under way */
  struct delivery_row row;
};

struct pump {
  struct pump_options options;
  struct event_key key;
  int64_t now_ms;
  bool line;
  int64_t blocked_until_ms; /* nothing is sent or read before: something failed */
  uint64_t tail;            /* the next entry that is read for those that follow */
  struct endpoint *endpoints;
  struct map by_merchant, by_number;
  struct timers timers;
  struct change *first_change, *last_change;
  int64_t flush_ms; /* when to put what is to be remembered; 0: nothing is */
  uint64_t next_number;
  bool lagging; /* an endpoint reads behind the others */
  bool reload;  /* the batch under way changes endpoints: read all again if it fails */
  bool unread;  /* the endpoints could not be read */
  struct pump_counts counts;
};

/* ---- pump.c ---- */

int pump_set_timer(struct pump *pump, struct timer *timer, int64_t at_ms);
bool endpoint_enabled(const struct endpoint *endpoint);
struct endpoint *pump_endpoint(const struct pump *pump, const struct id *merchant, const struct id *endpoint);
/* The next entry that it looks at. */
uint64_t endpoint_at(const struct endpoint *endpoint);

/* Those up to that one come last the next time. */
void pump_rotate(struct pump *pump, struct endpoint *last);

/* It reads by itself from here on, when it reads at all. */
void endpoint_hold(struct endpoint *endpoint);

/* ---- pump_lanes.c ---- */

/* Adds an event for that endpoint; row says which it is, and how often it was tried. Returns 0, also when it
 * is there already, or -ENOMEM. */
MUST_USE int lane_add(struct endpoint *endpoint, const struct id *object, const struct delivery_row *row,
                      bool stored);
/* What is to become of the lane now: its first goes, or waits, or the lane is no more. */
void lane_settle(struct lane *lane);
/* Takes a delivery out of its lane and frees it; settles the lane. */
void delivery_end(struct delivery *delivery);
/* It must outlive a crash from now on, as it is. */
void delivery_store(struct delivery *delivery);
/* So must all of the lane. */
void lane_store(struct lane *lane);
/* The lane that has waited longest to go, taken out of the queue; NULL when there is none. */
struct lane *ready_take(struct endpoint *endpoint);
void ready_add(struct lane *lane);
/* Lets all that wait in it go now. */
void endpoint_wake(struct endpoint *endpoint);
/* Frees all lanes. */
void lanes_free(struct endpoint *endpoint);

/* ---- pump_read.c ---- */

/* Reads on, within a bound. */
void pump_read(struct pump *pump);
/* Whether there is something to read for somebody. */
bool pump_readable(const struct pump *pump);
/* The id that orders an event among others: of its payment; of the merchant for policies and connectors. */
struct id lane_object(const struct entry_events *events);

/* ---- pump_send.c ---- */

void pump_send(struct pump *pump);
/* Whether something could go now. */
bool pump_sendable(const struct pump *pump);
/* An attempt has ended so. */
void attempt_ended(struct delivery *delivery, const struct delivery_attempt *attempt);
/* It is not under way any more, and no attempt was made as far as is known. */
void attempt_undone(struct delivery *delivery);

/* ---- pump_store.c ---- */

/* How far it is, or how it does, is to be remembered: within PUMP_FLUSH_MS. */
void endpoint_moved(struct endpoint *endpoint);
/* The batch with what the pump put is durable, or is gone and is put again. */
void changes_committed(struct pump *pump, bool done);
/* Returns 0 or -ENOMEM. */
MUST_USE int change_add(struct endpoint *endpoint, enum delivery_kind kind, bool remove,
                        const struct delivery_row *row);
/* Forgets the changes for that endpoint, which is no more. */
void changes_forget(struct pump *pump, const struct id *endpoint);
void changes_free(struct pump *pump);
/* Reads an endpoint's progress and waiting rows. Returns 0 or a negated errno. */
MUST_USE int endpoint_load(struct endpoint *endpoint);
/* The endpoint is disabled by the router, for that reason. */
void endpoint_stop(struct endpoint *endpoint, enum endpoint_status status);
