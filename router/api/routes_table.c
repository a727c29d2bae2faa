#include "resources.h"

enum {
  OPEN = NEEDS_NOTHING,
  READS = NEEDS_KEY,
  ASKS = NEEDS_KEY | NEEDS_JSON,
  DELETES = NEEDS_KEY | NEEDS_LEDGER,
  WRITES = NEEDS_KEY | NEEDS_JSON | NEEDS_LEDGER,
  MOVES = NEEDS_KEY | NEEDS_JSON | NEEDS_LEDGER | NEEDS_IDEMPOTENCY
};

/* The whole of the API. */
const struct api_route api_routes[] = {
    {HTTP_POST, "/v1/payments", MOVES, payments_create},
    {HTTP_GET, "/v1/payments", READS, payments_list},
    {HTTP_GET, "/v1/payments/{id}", READS, payments_read},
    {HTTP_POST, "/v1/payments/{id}/capture", MOVES, payments_capture},
    {HTTP_POST, "/v1/payments/{id}/void", MOVES, payments_void},
    {HTTP_POST, "/v1/payments/{id}/refunds", MOVES, payments_refund},
    {HTTP_POST, "/v1/payments/{id}/resolve", MOVES, payments_resolve},
    {HTTP_GET, "/v1/tokens/{id}", READS, tokens_read},
    {HTTP_PATCH, "/v1/tokens/{id}", WRITES, tokens_update},
    {HTTP_DELETE, "/v1/tokens/{id}", DELETES, tokens_delete},
    {HTTP_GET, "/v1/connectors", READS, connectors_list},
    {HTTP_POST, "/v1/connectors/{id}/drill", MOVES, drills_create},
    {HTTP_GET, "/v1/connectors/{id}/drill", READS, drills_read},
    {HTTP_DELETE, "/v1/connectors/{id}/drill", DELETES, drills_end},
    {HTTP_POST, "/v1/policies", MOVES, policies_create},
    {HTTP_GET, "/v1/policies", READS, policies_list},
    {HTTP_POST, "/v1/policies/rollback", MOVES, policies_rollback},
    {HTTP_GET, "/v1/policies/history", READS, policies_history},
    {HTTP_GET, "/v1/policies/{id}", READS, policies_read},
    {HTTP_POST, "/v1/policies/{id}/publish", MOVES, policies_publish},
    {HTTP_POST, "/v1/policies/{id}/replay", ASKS, policies_replay},
    {HTTP_POST, "/v1/route", ASKS, route_ask},
    {HTTP_GET, "/v1/events", READS, events_list_read},
    {HTTP_GET, "/v1/events/{id}", READS, events_read},
    {HTTP_POST, "/v1/webhook_endpoints", MOVES, endpoints_create},
    {HTTP_GET, "/v1/webhook_endpoints", READS, endpoints_list},
    {HTTP_GET, "/v1/webhook_endpoints/{id}", READS, endpoints_read},
    {HTTP_PATCH, "/v1/webhook_endpoints/{id}", WRITES, endpoints_update},
    {HTTP_DELETE, "/v1/webhook_endpoints/{id}", DELETES, endpoints_delete},
    {HTTP_POST, "/v1/webhook_endpoints/{id}/rotate_secret", MOVES, endpoints_rotate},
    {HTTP_GET, "/v1/webhook_endpoints/{id}/dead_letters", READS, dead_letters_list},
    {HTTP_POST, "/v1/webhook_endpoints/{id}/dead_letters/redeliver", WRITES, dead_letters_redeliver},
    {HTTP_GET, "/v1/metrics/authorization", READS, authorization_read},
    {HTTP_GET, "/openapi.json", OPEN, openapi_read},
    {HTTP_GET, "/healthz", OPEN, health_live},
    {HTTP_GET, "/readyz", OPEN, health_ready},
    {HTTP_GET, "/metrics", OPEN, health_metrics},
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;

_Static_assert(sizeof api_routes / sizeof *api_routes < METRICS_ROUTES_MAX,
               "every route is counted by itself");
