/* What the files of this folder share. Not for hosts. */
#pragma once

#include "map.h"
#include "rates.h"
#include "rating.h"

enum {
  RATE_HOURS = 24 * RATES_DAYS,
  DAY_SLOTS = RATES_DAYS + 1,
  DAY_CELLS = 4096,
  TOTAL_CELLS = 1024,                              /* of costs, and of each series */
  COST_DIMS = 1 << DIM_CONNECTOR | 1 << DIM_DETAIL /* what costs are told apart by in any case */
};

#define HOUR_MS (3600LL * 1000)
#define DAY_MS (24 * HOUR_MS)

_Static_assert((int)CELLS_MIN <= (int)TOTAL_CELLS, "the smallest table is large enough");

/* One day of all merchants. */
struct day {
  int64_t number; /* days since 1970 plus one; 0: never used */
  struct cells rates, recoveries, latencies, costs;
};

/* Payments that reached an issuer within an hour. */
struct hour {
  int64_t number;           /* hours since 1970 plus one */
  uint64_t approved, total; /* total: that reached an issuer */
  uint64_t tried;
};

struct rated_merchant {
  struct map_node node;
  struct id id;
  uint16_t number; /* in keys: from 1 */
  bool looked_for; /* something was counted since the last look */
  int64_t looked_ms, alerted_ms;
  struct names connectors, plans, codes;
  struct hour hours[RATE_HOURS];
};

struct rates {
  struct ledger *ledger;
  uint64_t next;      /* the next entry to read */
  uint64_t live_from; /* entries before it are older than this start */
  int64_t blocked_until_ms;
  int64_t waiting_since_ms; /* since when there is something to read; 0: not known */
  bool left_out;            /* something could not be counted: no memory, no room */
  void (*first_ended)(void *context, const struct payment *payment, const struct attempt *attempt,
                      int64_t at_ms);
  void *first_context;
  uint64_t first_told; /* up to that entry */
  struct map by_id;
  unsigned merchant_count;
  struct rated_merchant *merchants[RATES_MERCHANTS_MAX];
  struct day days[DAY_SLOTS];
  struct rate_alert alert; /* to be put; its merchant is empty when there is none */
  bool putting;            /* it is in the batch under way */
  int64_t put_after_ms;    /* a batch has failed: not before */
  struct rates_totals totals;
};

/* ---- rates.c ---- */

bool rates_is_behind(const struct rates *rates);
/* Reads on, about RATES_READS entries. */
void read_on(struct rates *rates, int64_t now_ms);

/* ---- record.c ---- */

/* Counts a payment that was decided at that time. live: since this start. */
void record_payment(struct rates *rates, const struct payment *payment, int64_t at_ms, bool live);
/* NULL when it is not known. */
struct rated_merchant *merchant_find(const struct rates *rates, const struct id *id);
/* The same, made when it is new; NULL when there is no room, which has been noted. */
struct rated_merchant *merchant_of(struct rates *rates, const struct id *id);

/* ---- totals.c ---- */

/* Whether the attempt's latency is that of a whole answer. */
bool latency_counts(const struct attempt *attempt);
unsigned latency_step(uint32_t latency_us);

int totals_open(struct rates_totals *totals);
void totals_close(struct rates_totals *totals);
/* Counts an attempt of a payment, as counts says. key: of the merchant's, of which only the fixed lists'
 * dimensions are looked at. */
void totals_add_attempt(struct rates_totals *totals, const struct rate_key *key, enum network network,
                        const struct attempt *attempt, const struct rate_counts *counts);
/* Counts a payment that reached an issuer, by the attempt that decided it. */
void totals_add_payment(struct rates_totals *totals, const struct rate_key *key,
                        const struct attempt *decider, const struct rate_counts *counts);
/* Counts it under the code that an issuer declined it with first, which has such a name. */
void totals_add_decline(struct rates_totals *totals, const char *code_name, const struct rate_counts *counts);

/* ---- drops.c ---- */

/* Looks whether the rate of one merchant that was paid since has fallen, and then readies the alert. */
void drops_look(struct rates *rates, int64_t now_ms);
