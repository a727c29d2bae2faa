/* Counts for Prometheus. Labels are words of ours or of the operator's: route templates, statuses,
 * connectors' names; and decline codes, as PSPs and issuers have them, of which there is a bounded number. */
#pragma once

#include "engine.h"
#include "http.h"
#include "pump.h"
#include "rates.h"
#include "result.h"
#include <stddef.h>
#include <stdint.h>

enum { METRICS_ROUTES_MAX = 48, METRICS_BUCKETS = 12, METRICS_STATUSES = 24 };

struct metrics_route {
  const char *method, *path; /* as in the route table; static */
  uint64_t answers[METRICS_STATUSES];
  uint64_t buckets[METRICS_BUCKETS + 1]; /* the last: slower than all */
  uint64_t sum_us, count;
};

struct metrics {
  struct metrics_route routes[METRICS_ROUTES_MAX];
  size_t route_count;
  uint64_t commits, failed_commits;
  uint64_t clients_gone; /* left before they were answered */
};

/* What is read off at the moment of asking. */
struct metrics_now {
  uint64_t in_flight;     /* requests waiting for their answers */
  uint64_t vault_pending; /* questions to the vault */
  bool vault_up;
  struct engine_counts engine;
  const struct engine *connectors; /* for their states; borrowed */
  struct pump_counts pump;
  const struct rates_totals *rates;
  uint64_t policies_parsed;
};

/* The method as a label. Static. */
const char *metrics_method(enum http_method method);
/* Counts one answered request. route: its place in the table; duration_us: from its arrival to its answer. */
void metrics_answered(struct metrics *metrics, size_t route, unsigned status, int64_t duration_us);
/* The text exposition format, NUL-terminated; the caller frees it. Returns 0 or -ENOMEM. */
MUST_USE int metrics_render(const struct metrics *metrics, const struct metrics_now *now, char **ret_text,
                            size_t *ret_length);
