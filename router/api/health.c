#include "auth.h"
#include "policy_cache.h"
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

enum { KEYS_LOOKED_AT_MAX = 64 };

/* Whether some merchant has a policy in force; beyond so many keys it is taken for granted. */
static bool policy_published(struct ledger *ledger) {
  struct policy_publication publication;
  struct api_key key;
  uint8_t hash[API_KEY_HASH_BYTES];
  const uint8_t *after = NULL;
  for (unsigned i = 0; i < KEYS_LOOKED_AT_MAX; i++) {
    if (ledger_api_key_next(ledger, after, hash, &key) != 0)
      return false;
    if (ledger_policy_published(ledger, &key.merchant, &publication) == 0)
      return true;
    after = hash;
  }
  return true;
}

static const char *connectors_word(const struct api *api) {
  if (!api->connectors.known)
    return "unknown";
  for (size_t i = 0; i < api->connectors.count; i++)
    if (api->connectors.facts[i].status == CONNECTOR_ACTIVE)
      return "known";
  return "none";
}

static const char *vault_word(const struct api *api) {
  if (vault_link_up(api->vault) || vault_link_barred(api->vault))
    return "up";
  return vault_link_rolled_back(api->vault) ? "rolled_back" : "down";
}

static const char *ledger_word(const struct api *api) {
  return api->check.behind ? "rolled_back" : api->storage_failed ? "failing" : "ok";
}

/* Ready: the vault answers, neither it nor the ledger was rolled back, the connectors are known (read since
 * the line came up), and the last commit went well. What a merchant or an operator has still to set up is
 * said beside: a new stack would never become ready to be set up. */
void health_ready(struct call *call, const char *segment) {
  const struct api *api = call->api;
  struct json_out out = {0};
  (void)segment;
  bool ready = vault_link_up(api->vault) && !api->check.behind && api->connectors.known &&
               !api->connectors.doubted && !api->storage_failed && !api->draining;
  out_open(&out, NULL);
  out_text(&out, "status", ready ? "ready" : "not_ready");
  out_text(&out, "vault", vault_word(api));
  out_text(&out, "connectors", connectors_word(api));
  out_text(&out, "ledger", ledger_word(api));
  out_integer(&out, "audit_seen", (int64_t)ledger_head(api->options.ledger).sequence);
  out_text(&out, "policy", policy_published(api->options.ledger) ? "published" : "none");
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
                            .rates = rates_totals(api->rates),
                            .policies_parsed = policy_cache_parsed(engine_policies(api->engine))};
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
