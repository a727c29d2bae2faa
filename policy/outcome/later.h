/* When a declined payment that nobody waits for is tried again by itself: not before the network's advice and
 * its limits let it, and at a moment that the merchant's schedule names. Pure: the time is an argument, and
 * the zones' offsets come from a function that is given. README.md says why it is so. */
#pragma once

#include "outcome.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  LATER_TRIES_MAX = 15, /* besides the first round: Visa allows so many retries within thirty days */
  LATER_DAYS_MAX = 30,
  LATER_HOUR_LAST = 23,
  LATER_DAY_LAST = 31,
  LATER_ZONE_CAPACITY = 65
};

/* Without advice, from one word of an issuer's to the next try. */
#define LATER_GAP_MS (24LL * 3600 * 1000)
/* Between rounds in any case, also when nothing of the last one reached an issuer. */
#define LATER_PAUSE_MS (3600LL * 1000)
/* The network counts by its own clock; ours may be off by so much after a restart. */
#define LATER_MARGIN_MS (3600LL * 1000)
/* From the first moment that fits, tries are spread over so long at most. */
#define LATER_SPREAD_MS (3600LL * 1000)
/* The end of the hours is left free, so that a try that begins late still begins within them. */
#define LATER_TAIL_MS (5LL * 60 * 1000)

/* The merchant's schedule. Zeroed: not tried later. */
struct later_plan {
  uint8_t tries;       /* 1 to LATER_TRIES_MAX; 0: none */
  uint8_t within_days; /* of the payment's creation, of 24 hours each: 1 to LATER_DAYS_MAX */
  uint32_t days;       /* bit n: day n of the month, and the last day of a month that has no day n; 0: any */
  /* From the first's :00 to the second's :59, 0 to 23. From > to: over midnight, and the night belongs to the
   * day on which it begins. */
  uint8_t hour_from, hour_to;
  char zone[LATER_ZONE_CAPACITY]; /* whose days and hours they are; "": UTC */
};

/* Seconds by which that zone is ahead of UTC then. Returns 0 or a negated errno. */
typedef int later_zone(const char *zone, int64_t at_ms, int32_t *ret_offset_s);

struct later_question {
  const struct later_plan *plan;
  later_zone *zone_offset; /* NULL: no zone is known */
  int64_t created_ms;      /* of the payment */
  int64_t now_ms;
  unsigned tries;      /* made so far, besides the first round */
  int64_t answered_ms; /* when an issuer, or its PSP, said no last; 0: nobody was asked yet */
  uint32_t advised_s;  /* and how long to wait by its network's advice; 0: no advice */
  int64_t budget_ms;   /* before which the networks' limits allow no try; 0: they do */
  uint64_t spread;     /* of the payment's own, evenly drawn */
};

enum { LATER_NONE = 1 };

/* Whether what a round ended with lets the payment be tried later: what is to be tried later, unless the
 * customer must act; and what is to be tried elsewhere, once all of the list had its say, unless it is a
 * matter of settings, which no time mends. */
bool later_is_worth(enum outcome_retry retry, const char *category);
/* When the next try is due, in *ret_at_ms: later than now. LATER_NONE when no try is left, none fits before
 * the window's end, or the zone is not known. */
MUST_USE int later_next(const struct later_question *question, int64_t *ret_at_ms);
/* Whether a try may begin at at_ms, by the plan's days, hours and window. */
bool later_fits(const struct later_plan *plan, later_zone *zone_offset, int64_t created_ms, int64_t at_ms);
/* When the window ends: nothing begins from then on. */
int64_t later_end_ms(const struct later_plan *plan, int64_t created_ms);
