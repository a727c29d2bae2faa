#include "events.h"

#include <errno.h>

struct search {
  struct ledger *ledger;
  const struct id *merchant;
  const struct event_filter *filter;
  unsigned limit, count, reads;
  void (*found)(void *context, const struct entry_events *events, unsigned index);
  void *context;
  bool more; /* one was met that has no place on this page */
  struct event_place last;
  int64_t last_ms;
};

static bool wanted(const struct search *search, const struct entry_events *events, unsigned index) {
  const struct event_filter *filter = search->filter;
  return event_type_in(filter->types, events->events[index].type) &&
         events->at_ms >= filter->created_from_ms &&
         (filter->created_to_ms == 0 || events->at_ms <= filter->created_to_ms);
}

static void take_one(struct search *search, const struct entry_events *events, unsigned index) {
  if (search->count == search->limit) {
    search->more = true;
    return;
  }
  search->found(search->context, events, index);
  search->count++;
  search->last = (struct event_place){.sequence = events->sequence,
                                      .type = events->events[index].type,
                                      .subject = events->events[index].subject};
  search->last_ms = events->at_ms;
}

/* The events of one entry, from the last; of the entry that the page starts in, from the one before that
 * place. */
static void take_entry(struct search *search, const struct entry_events *events,
                       const struct event_place *before) {
  unsigned end = events->count;
  if (events->sequence == before->sequence) {
    int place = events_find(events, before->type, before->subject);
    end = place < 0 ? 0 : (unsigned)place;
  }
  for (unsigned i = end; i > 0 && !search->more; i--) {
    if (wanted(search, events, i - 1))
      take_one(search, events, i - 1);
  }
}

/* Looks at one entry. Returns 0; 1 when no later page can hold anything; or a negated errno. */
static int look_at(struct search *search, uint64_t sequence, const struct event_place *before) {
  struct journal_entry entry;
  struct entry_events events;
  struct id merchant;
  int r = ledger_entry(search->ledger, sequence, &entry);
  search->reads++;
  if (r != 0 || entry.sequence != sequence)
    return r < 0 ? r : -EBADMSG;
  r = ledger_entry_merchant(&entry, &merchant);
  if (r < 0)
    return r;
  if (!id_equal(&merchant, search->merchant))
    return 0;
  /* Not at the first that is too old: the clock may have been put back since. */
  if (entry.head.at_ms < search->filter->created_from_ms - CLOCK_ERROR_MS)
    return 1;
  r = events_of(search->ledger, &entry, &events, &search->reads);
  if (r == 0)
    take_entry(search, &events, before);
  events_free(&events);
  return r;
}

int events_list(struct ledger *ledger, const struct id *merchant, const struct event_filter *filter,
                const struct event_place *before, unsigned limit,
                void (*found)(void *context, const struct entry_events *events, unsigned index),
                void *context, bool *ret_more, struct event_place *ret_next, int64_t *ret_next_ms) {
  struct search search = {.ledger = ledger, .merchant = merchant, .filter = filter, .limit = limit};
  uint64_t newest = ledger_durable(ledger), at = newest;
  int r = 0;
  search.found = found;
  search.context = context;
  if (before->sequence > 0 && before->sequence <= newest)
    at = before->type == EVENT_NONE ? before->sequence - 1 : before->sequence;
  while (at > 0 && r == 0 && !search.more && search.reads < EVENT_SCAN_MAX)
    r = look_at(&search, at--, before);
  if (r < 0)
    return r;
  bool ended = r == 1 || at == 0;
  *ret_more = search.more || !ended;
  *ret_next = search.more ? search.last : (struct event_place){.sequence = at + 1};
  *ret_next_ms = search.more ? search.last_ms : 0;
  return 0;
}
