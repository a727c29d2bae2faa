/* Ids of events: made from where an event stands in the journal, and read back to it. So no id is stored, the
 * same event always has the same one, and a list goes on from an id without a search.
 *
 * An id is 48 bits of its entry's time and 80 bits: the place, enciphered under a key of the ledger's, so
 * that an id tells nobody how much others do. An id that was not made here does not read back, or (one in
 * half a million) to a place where nothing is: whoever reads one looks whether its event is there, and of
 * that time. */
#pragma once

#include "event_types.h"
#include "ids.h"
#include "ledger.h"

enum { EVENT_KEY_BYTES = 16 };

struct event_key {
  uint8_t bytes[EVENT_KEY_BYTES];
};

/* Where an event stands. With EVENT_NONE it is a place between entries: before that of the sequence. */
struct event_place {
  uint64_t sequence; /* of the entry; less than 2^48 */
  enum event_type type;
  uint8_t subject; /* which movement: its place plus one; 0: none */
};

struct event_key event_key_of(const struct ledger *ledger);
/* at_ms: of the entry; 0 for a place between entries. */
struct id event_id_of(const struct event_key *key, const struct event_place *place, int64_t at_ms);
/* Returns 0 with the place and the time; -EINVAL when id is none of ours. */
MUST_USE int event_id_read(const struct event_key *key, const struct id *id, struct event_place *ret_place,
                           int64_t *ret_at_ms);
