/* Approval rates, as the journal tells them: counts of the last 30 days, in memory only, without I/O.
 *
 * A payment is counted once, in the entry of the journal that decided it, at that entry's time; so what is
 * read anew after a start counts the same. A host does, round by round: rates_run() when rates_due() says so;
 * rates_put() before its commit when rates_wants_commit(); rates_committed() after every commit. */
#pragma once

#include "bounds.h"
#include "cells.h"
#include "ledger.h"
#include "names.h"
#include "payment.h"

enum {
  RATES_DAYS = 30,       /* whole days (UTC) before the one that is under way */
  RATES_READS = 64,      /* entries of the journal in one run */
  RATES_FRESHEN = 4096,  /* the same before an answer */
  RATES_LAG_MS = 100,    /* so long new entries wait, to be read together */
  RATES_LOOK_MS = 60000, /* between two looks at whether a merchant's rate has fallen */
  RATES_ROWS_MAX = 1000, /* of one answer */
  RATES_STEPS = 40       /* of latency, each a third further than the last */
};

#define RATES_ALERT_REST_MS (24LL * 3600 * 1000) /* a merchant is told once in so long */

struct rates;

/* Finds where the last 30 days begin in the journal and reads nothing of them yet. ledger is borrowed and
 * outlives it. Returns 0 or a negated errno; freed with rates_free(), which allows NULL. */
MUST_USE int rates_new(struct ledger *ledger, int64_t now_ms, struct rates **ret_rates);
void rates_free(struct rates *rates);
/* Whoever learns of first attempts that ended before this start: told() comes for each, once, in the order of
 * the journal, from rates_run() and rates_ask(). */
void rates_on_first_ended(struct rates *rates,
                          void (*told)(void *context, const struct payment *payment,
                                       const struct attempt *attempt, int64_t at_ms),
                          void *context);
/* Reads on in the journal, within a bound; looks whether a rate has fallen when it has read all. */
void rates_run(struct rates *rates, int64_t now_ms);
/* When rates_run() or a commit is wanted. 0: at once; -1: not at all. */
int64_t rates_due(const struct rates *rates, int64_t now_ms);
/* Whether an alert is to be written down. */
bool rates_wants_commit(const struct rates *rates, int64_t now_ms);
/* Puts it into the ledger's batch. Returns 0 or a negated errno, and then the batch must be abandoned. */
MUST_USE int rates_put(struct rates *rates, int64_t now_ms);
/* The round's commit is done, or failed. */
void rates_committed(struct rates *rates, int64_t now_ms, bool done);

/* ---- Asking ---- */

struct rates_query {
  struct id merchant;
  int64_t from_ms, to_ms;                 /* widened to whole days; 0: all there is */
  unsigned groups;                        /* a set of dimensions: bit n for dimension n */
  uint16_t only[DIM_GROUPABLE];           /* VALUE_ANY: any */
  const char *only_connector, *only_plan; /* NULL: any */
  unsigned limit;                         /* rows at most; 1 to RATES_ROWS_MAX */
};

struct rates_row {
  struct rate_key key;
  struct rate_counts counts;
};

/* Of one connector: half, and 99 in a hundred, of its answers came within so long. Each is the upper end of a
 * step. */
struct rates_latency {
  uint16_t connector;
  uint64_t answers;
  uint32_t p50_us, p99_us;
};

struct rates_answer {
  int64_t from_ms, to_ms; /* the days that were counted, to_ms not included */
  bool complete;          /* everything of that time that the journal holds is counted */
  bool more;              /* there are more rows than fit */
  struct rate_counts total;
  uint16_t merchant; /* in keys; 0: nothing is counted of it */
  unsigned row_count, recovery_count, latency_count, cost_count;
  struct rates_row *rows;       /* the most attempts first */
  struct rates_row *recoveries; /* by decline code, DIM_DETAIL; the most declined first. Narrowed by time and
                                   connector alone, as latencies are */
  struct rates_latency *latencies;
  struct rates_row
      *costs; /* by the rows' dimensions and a currency, DIM_DETAIL; in the order of their keys */
};

/* Reads what is new and answers. Returns 0 with what the caller gives to rates_answer_free(), or -ENOMEM. */
MUST_USE int rates_ask(struct rates *rates, int64_t now_ms, const struct rates_query *query,
                       struct rates_answer *ret_answer);
void rates_answer_free(struct rates_answer *answer);
/* The text of a value of an answer, "" for VALUE_NONE; valid until the next call of rates. For a latency: a
 * key with its connector. */
const char *rates_text(const struct rates *rates, const struct rate_key *key, enum rate_dim dim,
                       char buffer[VALUE_TEXT_CAPACITY]);
/* The costs of a row, or of the total (NULL): *ret_count of them, one for each currency. Borrowed. */
const struct rates_row *rates_costs(const struct rates_answer *answer, const struct rate_key *row,
                                    unsigned *ret_count);
/* What the approved payments that COUNT_PRICED counts cost together, declined tries included, in thousandths
 * of a minor unit, and for each of them. Returns false when that is not known: none of them, or no one
 * currency, or more than can be counted. */
bool rates_cost(const struct rates_row *costs, int64_t *ret_together, int64_t *ret_each);
/* A decline code of an answer; *ret_network says whether it is the issuer's own and not the PSP's. */
const char *rates_code(const struct rates *rates, const struct rate_key *key, bool *ret_network);

/* ---- For Prometheus: what was decided since this start, of all merchants ---- */

struct rates_outcomes {
  uint64_t approved, declined, unreached; /* unreached: of attempts */
};

/* What groups of attempts and payments are told apart by, besides the connector. */
enum rates_series { SERIES_CARD, SERIES_KIND, SERIES_AMOUNT, SERIES_COUNT };
/* The end of a step of latency, in microseconds; the last has none. step: below RATES_STEPS. */
uint32_t rates_step_end(unsigned step);

/* Latencies of one connector's answers. */
struct rates_histogram {
  uint64_t steps[RATES_STEPS];
  uint64_t sum_us;
};

enum { RATES_NUMBERS = VALUE_FIRST + NAMES_MAX }; /* of connectors, or of codes */

struct rates_totals {
  struct rates_outcomes payments; /* unreached: none of its attempts reached an issuer */
  uint64_t tried;                 /* payments of which there was an attempt */
  struct rates_outcomes attempts;
  uint64_t cascaded;                                 /* of those payments that reached one */
  struct rates_outcomes by_network[NETWORK_COUNT];   /* of attempts */
  struct rates_outcomes by_connector[RATES_NUMBERS]; /* by the numbers of connectors */
  struct rates_histogram latencies[RATES_NUMBERS];   /* likewise */
  struct rate_counts by_code[RATES_NUMBERS];         /* payments that an issuer declined first */
  struct names connectors, codes;    /* codes: with a letter before each, as rates_code() takes it off */
  struct cells groups[SERIES_COUNT]; /* by DIM_CONNECTOR (those numbers) and the series' dimensions */
  struct cells costs;  /* of payments, by DIM_CONNECTOR (those numbers) and DIM_DETAIL, a currency */
  uint64_t unreadable; /* entries */
  uint64_t alerts;
};
/* A decline code of totals.by_code; *ret_source becomes "network" (the issuer's own), "psp", or "" when it
 * was not told or found no room ("other"). Borrowed. */
const char *rates_total_code(const struct rates_totals *totals, unsigned number, const char **ret_source);
const struct rates_totals *rates_totals(const struct rates *rates);
