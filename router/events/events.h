/* Events, as they follow from the journal. Nothing is written for them: what an entry tells is computed when
 * it is listed or delivered, from the entry itself and from how it found and left its payment. */
#pragma once

#include "connector_entry.h"
#include "event_id.h"
#include "history.h"

enum { EVENTS_PER_ENTRY_MAX = 2 * (MOVEMENTS_MAX + 1) };

struct told {
  enum event_type type;
  uint8_t subject; /* which movement: its place in the payment plus one; 0: none */
};

/* Less than, equal to or greater than 0, as left comes before right within an entry. */
static inline int told_order(const struct told *left, const struct told *right) {
  return left->type != right->type ? (int)left->type - (int)right->type : left->subject - right->subject;
}

/* All that one entry tells, in order. */
struct entry_events {
  uint64_t sequence;
  int64_t at_ms;
  struct id merchant;
  struct id
      object; /* what it is about: "pay", "pol", "whk" or "mer"; empty for a connector, which has a name */
  /* The object as the entry left it; which, by the type of the entry. */
  struct payment *payment; /* owned, or NULL */
  struct policy_publication publication;
  struct endpoint_record endpoint; /* without secrets */
  struct connector_entry connector;
  struct rate_alert rate_alert; /* its object is the merchant */
  unsigned count;
  struct told events[EVENTS_PER_ENTRY_MAX];
};

/* What entry tells. *ret_reads, when not NULL, is increased by the journal's entries that were read. Returns
 * 0 with what the caller gives to events_free(); -EBADMSG when an entry is damaged or missing; or another
 * negated errno. The entry is borrowed from the store, and is not read after the store was asked for another.
 */
MUST_USE int events_of(struct ledger *ledger, const struct journal_entry *entry,
                       struct entry_events *ret_events, unsigned *ret_reads);
/* The same by sequence; LEDGER_ABSENT when there is no such durable entry. */
MUST_USE int events_at(struct ledger *ledger, uint64_t sequence, struct entry_events *ret_events,
                       unsigned *ret_reads);
void events_free(struct entry_events *events);
/* Where the event of that type and subject stands in events, or -1. */
int events_find(const struct entry_events *events, enum event_type type, uint8_t subject);

/* What a list of events is narrowed by. */
struct event_filter {
  event_type_set types;
  int64_t created_from_ms; /* greater than or equal */
  int64_t created_to_ms;   /* less than or equal; 0: no bound */
};

enum { EVENT_SCAN_MAX = 4000 };

/* One merchant's events, newest first, from before (a sequence of 0: the newest) on; at most limit, each
 * handed to found() with its place in its entry. Reads about EVENT_SCAN_MAX entries of the journal and no
 * more (one payment's own beyond that); *ret_more says whether others may follow, *ret_next is the place that
 * the next page starts at and *ret_next_ms its time. Returns 0 or a negated errno. */
MUST_USE int events_list(struct ledger *ledger, const struct id *merchant, const struct event_filter *filter,
                         const struct event_place *before, unsigned limit,
                         void (*found)(void *context, const struct entry_events *events, unsigned index),
                         void *context, bool *ret_more, struct event_place *ret_next, int64_t *ret_next_ms);
