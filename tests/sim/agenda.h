/* What is to happen, by simulated time; what comes first at the same time was added first. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum event_kind {
  EVENT_MERCHANT,  /* a merchant acts: scenario, act */
  EVENT_FORGET,    /* a client has gone: ticket */
  EVENT_DESCRIBED, /* the vault says what a token is: flight */
  EVENT_ARRIVAL,   /* a request comes to a PSP: flight */
  EVENT_REPLY,     /* a reply comes to the router: flight */
  EVENT_DECIDED,   /* a PSP decides what was open: scenario, what of its books */
  EVENT_NOTICE,    /* a webhook comes: its number */
  EVENT_LOOK,      /* a person looks at a scenario */
  EVENT_FAULT,     /* number of the fault */
  EVENT_RELIEF,    /* the fault of that number is over */
  EVENT_RESTART    /* the router's process is started again */
};

struct event {
  int64_t at_ms;
  uint64_t order;
  enum event_kind kind;
  uint32_t subject, detail;
};

struct events {
  struct event *heap;
  size_t count, capacity;
  uint64_t order;
};

void events_open(struct events *events);
void events_close(struct events *events);
/* Forgets all. */
void events_clear(struct events *events);
void events_add(struct events *events, int64_t at_ms, enum event_kind kind, uint32_t subject,
                uint32_t detail);
/* When the first one is; INT64_MAX when there is none. */
int64_t events_due(const struct events *events);
/* Takes out the first one, which is there. */
struct event events_take(struct events *events);
