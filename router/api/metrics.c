#include "metrics.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The last stands for every status that is not listed. */
static const unsigned statuses[METRICS_STATUSES] = {200, 201, 202, 204, 400, 401, 403, 404,
                                                    405, 408, 409, 411, 413, 414, 415, 417,
                                                    422, 429, 431, 500, 501, 503, 505, 0};
static const int64_t bounds_us[METRICS_BUCKETS] = {500,    1000,   2500,    5000,    10000,   25000,
                                                   100000, 250000, 1000000, 2500000, 5000000, 10000000};

enum { MILLION = 1000000 };

static size_t place_of_status(unsigned status) {
  for (size_t i = 0; i < METRICS_STATUSES - 1; i++)
    if (statuses[i] == status)
      return i;
  return METRICS_STATUSES - 1;
}

static size_t place_of_duration(int64_t duration_us) {
  size_t i = 0;
  while (i < METRICS_BUCKETS && duration_us > bounds_us[i])
    i++;
  return i;
}

const char *metrics_method(enum http_method method) {
  static const char *const names[HTTP_METHOD_COUNT] = {"",
                                                       [HTTP_GET] = "GET",
                                                       [HTTP_POST] = "POST",
                                                       [HTTP_PUT] = "PUT",
                                                       [HTTP_PATCH] = "PATCH",
                                                       [HTTP_DELETE] = "DELETE",
                                                       [HTTP_OPTIONS] = "OPTIONS"};
  return names[method];
}

void metrics_answered(struct metrics *metrics, size_t route, unsigned status, int64_t duration_us) {
  assert(route < metrics->route_count);
  struct metrics_route *counts = &metrics->routes[route];
  counts->answers[place_of_status(status)]++;
  counts->buckets[place_of_duration(duration_us)]++;
  counts->sum_us += (uint64_t)duration_us;
  counts->count++;
}

static void print_head(FILE *out, const char *name, const char *type, const char *help) {
  fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value) {
  print_head(out, name, type, help);
  fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void print_answers(FILE *out, const struct metrics *metrics) {
  print_head(out, "freeport_requests_total", "counter", "Answered requests by route and status.");
  for (size_t r = 0; r < metrics->route_count; r++)
    for (size_t s = 0; s < METRICS_STATUSES; s++)
      if (metrics->routes[r].answers[s] > 0)
        fprintf(out, "freeport_requests_total{method=\"%s\",route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                metrics->routes[r].method, metrics->routes[r].path, statuses[s],
                metrics->routes[r].answers[s]);
}

static void print_durations(FILE *out, const struct metrics_route *route) {
  const char *name = "freeport_request_duration_seconds";
  uint64_t below = 0;
  for (size_t i = 0; i < METRICS_BUCKETS; i++) {
    below += route->buckets[i];
    fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, route->method,
            route->path, (double)bounds_us[i] / 1e6, below);
  }
  fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, route->method,
          route->path, route->count);
  fprintf(out, "%s_sum{method=\"%s\",route=\"%s\"} %g\n", name, route->method, route->path,
          (double)route->sum_us / 1e6);
  fprintf(out, "%s_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", name, route->method, route->path,
          route->count);
}

static void print_payments(FILE *out, const struct engine_counts *counts) {
  print_head(out, "freeport_payments_total", "counter",
             "Payments by the status that a round of attempts ended in.");
  for (unsigned i = 1; i < PAYMENT_STATUS_COUNT; i++)
    fprintf(out, "freeport_payments_total{status=\"%s\"} %" PRIu64 "\n",
            payment_status_name((enum payment_status)i), counts->ended[i]);
  print_head(out, "freeport_movements_total", "counter", "Captures, voids and refunds that were begun.");
  for (unsigned i = 1; i < MOVEMENT_TYPE_COUNT; i++)
    fprintf(out, "freeport_movements_total{type=\"%s\"} %" PRIu64 "\n",
            movement_type_name((enum movement_type)i), counts->movements[i]);
  print_one(out, "freeport_payments_created_total", "counter", "Payments created.", counts->created);
  print_one(out, "freeport_payments_open", "gauge", "Payments with something still to do.", counts->open);
  print_one(out, "freeport_dispatches_total", "counter", "Operations sent to connectors.",
            counts->dispatched);
  print_one(out, "freeport_later_tries_total", "counter",
            "Later tries of scheduled payments that were begun.", counts->later_rounds);
  print_one(out, "freeport_questions_total", "counter", "Questions about lost outcomes.", counts->questions);
}

static void print_webhooks(FILE *out, const struct pump_counts *counts) {
  print_one(out, "freeport_webhooks_taken_total", "counter", "Events that endpoints took.", counts->taken);
  print_one(out, "freeport_webhooks_failed_total", "counter", "Attempts that failed.", counts->failed);
  print_one(out, "freeport_webhooks_dead_total", "counter", "Events given up.", counts->dead);
  print_one(out, "freeport_webhooks_unreadable_total", "counter",
            "Entries of the journal that could not be told of.", counts->unreadable);
  print_one(out, "freeport_webhooks_waiting", "gauge", "Events that wait or are under way.", counts->held);
  print_one(out, "freeport_webhook_endpoints", "gauge", "Endpoints.", counts->endpoints);
  print_one(out, "freeport_webhook_endpoints_disabled_total", "counter", "Endpoints disabled by the router.",
            counts->disabled);
}

/* Names of connectors are the operator's words, of a-z, 0-9 and _. */
static void print_connectors(FILE *out, const struct engine *engine) {
  print_head(out, "freeport_connector_state", "gauge", "1 for the state that a connector's health is in.");
  for (size_t i = 0; i < engine_connector_count(engine); i++) {
    const char *name = engine_connector_at(engine, i)->name;
    enum gate_state state = engine_connector_gate(engine, name)->state;
    for (unsigned s = 0; s < GATE_STATE_COUNT; s++)
      fprintf(out, "freeport_connector_state{connector=\"%s\",state=\"%s\"} %d\n", name,
              gate_state_name((enum gate_state)s), s == state);
  }
  print_head(out, "freeport_connector_drill", "gauge", "Whether a drill keeps the connector out.");
  for (size_t i = 0; i < engine_connector_count(engine); i++) {
    const char *name = engine_connector_at(engine, i)->name;
    fprintf(out, "freeport_connector_drill{connector=\"%s\"} %d\n", name, engine_drill_runs(engine, name));
  }
}

/* label: what they are told apart by, and value which they are of; NULL: of all. */
static void print_outcomes(FILE *out, const char *name, const char *label, const char *value,
                           const struct rates_outcomes *outcomes) {
  const struct {
    const char *outcome;
    uint64_t count;
  } counts[] = {
      {"approved", outcomes->approved}, {"declined", outcomes->declined}, {"unreached", outcomes->unreached}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    fprintf(out, "%s{", name);
    if (label != NULL)
      fprintf(out, "%s=\"%s\",", label, value);
    fprintf(out, "outcome=\"%s\"} %" PRIu64 "\n", counts[i].outcome, counts[i].count);
  }
}

/* One series of costs: which of its counts, divided by what. */
static void print_cost(FILE *out, const struct rates_totals *totals, const char *name, const char *help,
                       enum rate_count count, double divisor) {
  char currency[CURRENCY_CAPACITY];
  print_head(out, name, "counter", help);
  for (unsigned i = 0; i < totals->costs.capacity; i++) {
    const struct cell *cell = &totals->costs.cells[i];
    if (cell->key.merchant == 0)
      continue;
    rate_currency_text(cell->key.dims[DIM_DETAIL], currency);
    fprintf(out, "%s{connector=\"%s\",currency=\"%s\"} %.15g\n", name,
            names_text(&totals->connectors, cell->key.dims[DIM_CONNECTOR]), currency,
            (double)cell->counts.of[count] / divisor);
  }
}

static void print_costs(FILE *out, const struct rates_totals *totals) {
  print_cost(out, totals, "freeport_approved_payments_total", "Payments that the connector approved.",
             COUNT_PAYMENTS_APPROVED, 1);
  print_cost(out, totals, "freeport_priced_payments_total",
             "Those of them whose cost is known by the connector's fees.", COUNT_PRICED, 1);
  print_cost(out, totals, "freeport_expected_fees_minor_units_total",
             "What they are expected to cost, and declined tries, in minor units of the currency.",
             COUNT_COST, MILLION);
}

static bool any_outcome(const struct rates_outcomes *outcomes) {
  return outcomes->approved + outcomes->declined + outcomes->unreached > 0;
}

static void print_rates(FILE *out, const struct rates_totals *totals) {
  const char *network = "freeport_network_authorizations_total";
  const char *connector = "freeport_connector_authorizations_total";
  print_head(out, "freeport_payment_authorizations_total", "counter",
             "Payments that were decided, by what an issuer said in the end.");
  print_outcomes(out, "freeport_payment_authorizations_total", NULL, NULL, &totals->payments);
  print_one(
      out, "freeport_tried_payments_total", "counter",
      "Decided payments of which there was an attempt, whatever came of it; the approved ones by this are "
      "the rate that an acquirer's own faults lower as well.",
      totals->tried);
  print_head(out, "freeport_attempt_authorizations_total", "counter",
             "Attempts of decided payments, by what an issuer said.");
  print_outcomes(out, "freeport_attempt_authorizations_total", NULL, NULL, &totals->attempts);
  print_head(out, network, "counter", "The same attempts by card network.");
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    if (any_outcome(&totals->by_network[i]))
      print_outcomes(out, network, "network", network_name((enum network)i), &totals->by_network[i]);
  print_head(out, connector, "counter", "The same attempts by connector.");
  for (unsigned i = VALUE_OTHER; i < (unsigned)VALUE_FIRST + totals->connectors.count; i++)
    if (any_outcome(&totals->by_connector[i]))
      print_outcomes(out, connector, "connector", names_text(&totals->connectors, (uint16_t)i),
                     &totals->by_connector[i]);
  print_costs(out, totals);
  print_one(out, "freeport_approval_rate_alerts_total", "counter",
            "Alerts that a merchant's approval rate has fallen.", totals->alerts);
  print_one(out, "freeport_rates_unreadable_total", "counter",
            "Entries of the journal that could not be counted.", totals->unreadable);
}

int metrics_render(const struct metrics *metrics, const struct metrics_now *now, char **ret_text,
                   size_t *ret_length) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  if (out == NULL)
    return -ENOMEM;
  print_answers(out, metrics);
  print_head(out, "freeport_request_duration_seconds", "histogram",
             "Time from a request's arrival to its answer.");
  for (size_t i = 0; i < metrics->route_count; i++)
    if (metrics->routes[i].count > 0)
      print_durations(out, &metrics->routes[i]);
  print_payments(out, &now->engine);
  print_connectors(out, now->connectors);
  print_webhooks(out, &now->pump);
  print_rates(out, now->rates);
  print_one(out, "freeport_policies_parsed_total", "counter", "Policies that were read and compiled anew.",
            now->policies_parsed);
  print_one(out, "freeport_requests_in_flight", "gauge", "Requests that wait for their answers.",
            now->in_flight);
  print_one(out, "freeport_requests_in_engine", "gauge", "Requests whose answers the engine still owes.",
            now->engine.waiting);
  print_one(out, "freeport_clients_gone_total", "counter", "Clients that left unanswered.",
            metrics->clients_gone);
  print_one(out, "freeport_vault_up", "gauge", "Whether the vault answers.", now->vault_up);
  print_one(out, "freeport_vault_pending", "gauge", "Questions outstanding at the vault.",
            now->vault_pending);
  print_one(out, "freeport_commits_total", "counter", "Durable commits of the ledger.", metrics->commits);
  print_one(out, "freeport_commit_failures_total", "counter", "Commits that the store refused.",
            metrics->failed_commits);
  bool failed = ferror(out) != 0;
  if (fclose(out) != 0 || failed) {
    free(text);
    return -ENOMEM;
  }
  *ret_text = text;
  *ret_length = length;
  return 0;
}
