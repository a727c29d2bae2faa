/* Events and endpoints as JSON. */
#pragma once

#include "events.h"
#include "json_out.h"

/* What rendering an event needs besides. */
struct event_renderer {
  struct ledger *ledger; /* where policies' texts lie */
  struct event_key key;
  bool livemode;
};

/* The id of the event at that place of its entry. */
struct id event_id(const struct event_key *key, const struct entry_events *events, unsigned index);
/* The event object. Returns 0; or a negated errno, and then out is to be dropped. */
MUST_USE int render_event(const struct event_renderer *renderer, struct json_out *out,
                          const struct entry_events *events, unsigned index);
/* The endpoint object; secret: shown as "secret" when not NULL. Left open, for what a caller adds. */
void render_endpoint(struct json_out *out, const char *name, const struct endpoint_record *endpoint,
                     bool livemode, const char *secret);
