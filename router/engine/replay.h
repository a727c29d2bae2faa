/* What a draft would have done with the payments of the past days: each is decided again by the draft, upon
 * the facts that are recorded with it, and what differs is counted. They are read in the order of their
 * times, so that `best of` and `cheapest of` rest on what the merchant's payments had taught until then.
 * Nothing is written and nothing is asked; it is done in steps, so that others have their turn. */
#pragma once

#include "fee_source.h"
#include "payment.h"
#include "policy_cache.h"
#include "replay_advice.h"
#include "replay_costs.h"

enum {
  REPLAY_PAYMENTS_MAX = 500000, /* looked at; older ones are left out, which is said */
  REPLAY_CURRENCIES_MAX = 15,   /* whose costs are told */
  REPLAY_PAIRS_MAX = 256,       /* likewise */
  REPLAY_EXAMPLES_MAX = 10
};

struct engine;
struct replay;

struct replay_options {
  struct ledger *ledger;                                                      /* borrowed, as the next one */
  int (*zone_offset)(const char *zone, int64_t at_ms, int32_t *ret_offset_s); /* as the engine has it */
  struct id merchant;
  /* Whose connectors can take a payment, as they are now; borrowed, or NULL: nothing is known of accounts. */
  const struct engine *engine;
  const struct policy *policy;   /* the draft; borrowed */
  struct policy_cache *policies; /* where policies are taken from that decided then; borrowed */
  int64_t from_ms;               /* payments created earlier are not looked at */
  const struct fee_source *fees; /* of now; borrowed, or NULL: none are known */
};

/* A share of payments that were approved by the connector that they were tried at first, in thousandths, and
 * between which bounds it lies: 95% by Wilson's score interval, or by what comes of several. */
struct replay_rate {
  bool known;      /* else nothing is known of it */
  uint32_t sample; /* first attempts that it rests on, each counted once */
  int32_t rate, low, high;
};

/* Payments that went to one connector first and would go to another. "decline": to none, by a rule or because
 * none of the list can take it. */
struct replay_pair {
  char from[CONNECTOR_NAME_CAPACITY], to[CONNECTOR_NAME_CAPACITY];
  uint32_t payments;
  struct replay_rate before; /* as it was, of these very payments */
  /* As `to` did with comparable ones: of the same network, funding and country, or fewer of these where there
   * were not enough. Bounds and sample: replay_blend.c. */
  struct replay_rate after;
  uint8_t example_count;
  struct id examples[REPLAY_EXAMPLES_MAX]; /* the newest */
};

/* What first attempts cost by the fees of now, of the compared payments in one currency whose cost is known
 * on both sides: what an approved one costs includes the fees of tries that were declined. */
struct replay_cost {
  char currency[CURRENCY_CAPACITY];
  uint32_t payments;
  struct replay_cost_side before, after;
};

/* A day before the first payment looked at, the learning begins. */
#define REPLAY_WARM_MS (INT64_C(24) * 3600 * 1000)

struct replay_figures {
  uint32_t looked_at;
  int64_t oldest_ms;   /* when the oldest of them was created; 0: there was none */
  bool cut_off;        /* there are more than can be looked at */
  bool without_room;   /* more kinds of payments than can be counted: the newest were left out */
  uint32_t damaged;    /* whose record cannot be read: left out */
  uint32_t own;        /* compared, that this very policy decided: upon what is recorded alone */
  uint32_t unusable;   /* compared, of whose list a connector cannot take it, by the accounts of now */
  uint32_t assumed;    /* would go first to one whose health then is not recorded: it was taken as good */
  bool learned;        /* the draft has rules that need what was learned along the way */
  uint32_t by_request; /* whose request named the connectors: no policy decides these */
  uint32_t compared;
  uint32_t first_differs; /* would go elsewhere first */
  uint32_t list_differs;  /* the list is another, these included */
  uint32_t
      without_windows; /* the draft asks for attempts or spend that were not recorded: taken as not known */
  uint32_t without_zones;           /* and for a time zone that nobody knows */
  uint32_t without_history;         /* would go to a connector that nothing is known of: not in `after` */
  struct replay_rate before, after; /* of all that were compared */
  uint32_t without_fees; /* compared, of a first attempt that has ended, but their cost is not known on both
                            sides */
  unsigned cost_count;
  struct replay_cost costs[REPLAY_CURRENCIES_MAX];
  struct advice_counts advice; /* of payments that this very policy decided */
  unsigned pair_count;
  struct replay_pair pairs[REPLAY_PAIRS_MAX]; /* most payments first */
};

/* Freed with replay_free(), which allows NULL. Returns 0 or -ENOMEM. */
MUST_USE int replay_new(const struct replay_options *options, struct replay **ret_replay);
void replay_free(struct replay *replay);

enum { REPLAY_MORE = 1 };

/* Looks at so many payments more, or goes on to where they begin. Returns REPLAY_MORE; 0 when it is over; or
 * a negated errno. */
MUST_USE int replay_step(struct replay *replay, unsigned payments);
/* Once it is over. Borrowed. */
const struct replay_figures *replay_figures(const struct replay *replay);
