#include "metrics.h"
#include "metrics_rates.h"
#include "metrics_text.h"
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

static void print_answers(FILE *out, const struct metrics *metrics) {
  metrics_head(out, "freeport_requests_total", "counter", "Answered requests by route and status.");
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
  metrics_head(out, "freeport_payments_total", "counter",
               "Payments by the status that a round of attempts ended in.");
  for (unsigned i = 1; i < PAYMENT_STATUS_COUNT; i++)
    fprintf(out, "freeport_payments_total{status=\"%s\"} %" PRIu64 "\n",
            payment_status_name((enum payment_status)i), counts->ended[i]);
  metrics_head(out, "freeport_movements_total", "counter", "Captures, voids and refunds that were begun.");
  for (unsigned i = 1; i < MOVEMENT_TYPE_COUNT; i++)
    fprintf(out, "freeport_movements_total{type=\"%s\"} %" PRIu64 "\n",
            movement_type_name((enum movement_type)i), counts->movements[i]);
  metrics_one(out, "freeport_payments_created_total", "counter", "Payments created.", counts->created);
  metrics_one(out, "freeport_payments_open", "gauge", "Payments with something still to do.", counts->open);
  metrics_one(out, "freeport_dispatches_total", "counter", "Operations sent to connectors.",
              counts->dispatched);
  metrics_one(out, "freeport_later_tries_total", "counter",
              "Later tries of scheduled payments that were begun.", counts->later_rounds);
  metrics_one(out, "freeport_questions_total", "counter", "Questions about lost outcomes.",
              counts->questions);
}

static void print_webhooks(FILE *out, const struct pump_counts *counts) {
  metrics_one(out, "freeport_webhooks_taken_total", "counter", "Events that endpoints took.", counts->taken);
  metrics_one(out, "freeport_webhooks_failed_total", "counter", "Attempts that failed.", counts->failed);
  metrics_one(out, "freeport_webhooks_dead_total", "counter", "Events given up.", counts->dead);
  metrics_one(out, "freeport_webhooks_unreadable_total", "counter",
              "Entries of the journal that could not be told of.", counts->unreadable);
  metrics_one(out, "freeport_webhooks_waiting", "gauge", "Events that wait or are under way.", counts->held);
  metrics_one(out, "freeport_webhook_endpoints", "gauge", "Endpoints.", counts->endpoints);
  metrics_one(out, "freeport_webhook_endpoints_disabled_total", "counter",
              "Endpoints disabled by the router.", counts->disabled);
}

/* Names of connectors are the operator's words, of a-z, 0-9 and _. */
static void print_connectors(FILE *out, const struct engine *engine) {
  metrics_head(out, "freeport_connector_state", "gauge", "1 for the state that a connector's health is in.");
  for (size_t i = 0; i < engine_connector_count(engine); i++) {
    const char *name = engine_connector_at(engine, i)->name;
    enum gate_state state = engine_connector_gate(engine, name)->state;
    for (unsigned s = 0; s < GATE_STATE_COUNT; s++)
      fprintf(out, "freeport_connector_state{connector=\"%s\",state=\"%s\"} %d\n", name,
              gate_state_name((enum gate_state)s), s == state);
  }
  metrics_head(out, "freeport_connector_drill", "gauge", "Whether a drill keeps the connector out.");
  for (size_t i = 0; i < engine_connector_count(engine); i++) {
    const char *name = engine_connector_at(engine, i)->name;
    fprintf(out, "freeport_connector_drill{connector=\"%s\"} %d\n", name, engine_drill_runs(engine, name));
  }
}

int metrics_render(const struct metrics *metrics, const struct metrics_now *now, char **ret_text,
                   size_t *ret_length) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  if (out == NULL)
    return -ENOMEM;
  print_answers(out, metrics);
  metrics_head(out, "freeport_request_duration_seconds", "histogram",
               "Time from a request's arrival to its answer.");
  for (size_t i = 0; i < metrics->route_count; i++)
    if (metrics->routes[i].count > 0)
      print_durations(out, &metrics->routes[i]);
  print_payments(out, &now->engine);
  print_connectors(out, now->connectors);
  print_webhooks(out, &now->pump);
  metrics_print_rates(out, now->rates);
  metrics_one(out, "freeport_policies_parsed_total", "counter", "Policies that were read and compiled anew.",
              now->policies_parsed);
  metrics_one(out, "freeport_requests_in_flight", "gauge", "Requests that wait for their answers.",
              now->in_flight);
  metrics_one(out, "freeport_requests_in_engine", "gauge", "Requests whose answers the engine still owes.",
              now->engine.waiting);
  metrics_one(out, "freeport_clients_gone_total", "counter", "Clients that left unanswered.",
              metrics->clients_gone);
  metrics_one(out, "freeport_vault_up", "gauge", "Whether the vault answers.", now->vault_up);
  metrics_one(out, "freeport_vault_pending", "gauge", "Questions outstanding at the vault.",
              now->vault_pending);
  metrics_one(out, "freeport_commits_total", "counter", "Durable commits of the ledger.", metrics->commits);
  metrics_one(out, "freeport_commit_failures_total", "counter", "Commits that the store refused.",
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
