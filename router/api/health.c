#include "resources.h"
#include <stdlib.h>

void health_live(struct call *call, const char *segment) {
  struct json_out out = {0};
  (void)segment;
  out_open(&out, NULL);
  out_text(&out, "status", "ok");
  out_close(&out);
  call_answer(call, 200, &out);
}

/* Ready: the vault answers, the connectors are known, and the last commit went well. */
void health_ready(struct call *call, const char *segment) {
  const struct api *api = call->api;
  struct json_out out = {0};
  (void)segment;
  bool vault = vault_link_up(api->vault);
  bool ready = vault && api->connectors.known && !api->storage_failed && !api->draining;
  out_open(&out, NULL);
  out_text(&out, "status", ready ? "ready" : "not_ready");
  out_text(&out, "vault", vault ? "up" : vault_link_rolled_back(api->vault) ? "rolled_back" : "down");
  out_text(&out, "connectors", api->connectors.known ? "known" : "unknown");
  out_text(&out, "ledger", api->storage_failed ? "failing" : "ok");
  out_close(&out);
  call_answer(call, ready ? 200 : 503, &out);
}

void health_metrics(struct call *call, const char *segment) {
  struct api *api = call->api;
  struct metrics_now now = {.in_flight = api->waiting,
                            .vault_pending = vault_link_pending(api->vault),
                            .vault_up = vault_link_up(api->vault),
                            .engine = engine_counts(api->engine),
                            .connectors = api->engine,
                            .pump = pump_counts(api->pump),
                            .rates = rates_totals(api->rates)};
  char *text;
  size_t length;
  (void)segment;
  if (metrics_render(&api->metrics, &now, &text, &length) != 0) {
    struct fault fault = fault_passing("busy", "Out of memory.");
    call_refuse(call, &fault);
    return;
  }
  call_answer_bytes(call, 200, "text/plain; version=0.0.4; charset=utf-8", text, length);
  free(text);
}
