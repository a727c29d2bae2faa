#include "change_log.h"
#include "log.h"
#include "policy_words.h"
#include <string.h>

enum { MS_PER_S = 1000 };

/* ---- Connectors ---- */

static void log_health(const struct connector_entry *entry) {
  const struct gate_figures *figures = &entry->figures;
  struct log_facts facts = {
      .connector = entry->connector,
      .network = entry->network == NETWORK_UNKNOWN ? NULL : network_name(entry->network),
      .country = entry->country,
      .numbers = {LOG_NUMBER("requests", figures->requests), LOG_NUMBER("faults", figures->faults),
                  LOG_NUMBER("window_s", figures->window_s), LOG_NUMBER("bound", figures->bound),
                  LOG_NUMBER("threshold", figures->threshold)}};
  if (entry->change == CONNECTOR_WENT_OUT)
    log_warn_facts("a connector is unhealthy", &facts);
  else if (entry->change == CONNECTOR_PROBED)
    log_info_facts("a connector is probed", &facts);
  else
    log_info_facts("a connector is healthy again", &facts);
}

static void log_drill(const struct connector_entry *entry) {
  const struct drill *drill = &entry->drill;
  bool began = entry->change == CONNECTOR_DRILL_BEGAN;
  int64_t to_ms = began ? drill->until_ms : drill->ended_ms;
  struct log_facts facts = {.connector = drill->connector,
                            .id = &drill->id,
                            .key = &drill->actor,
                            .numbers = {LOG_NUMBER("seconds", (to_ms - drill->started_ms) / MS_PER_S)}};
  if (began)
    log_info_facts("a drill has begun", &facts);
  else
    log_info_facts("a drill has ended", &facts);
}

void log_connector_change(void *context, const struct connector_entry *entry) {
  (void)context;
  if (entry->change == CONNECTOR_DRILL_BEGAN || entry->change == CONNECTOR_DRILL_ENDED)
    log_drill(entry);
  else
    log_health(entry);
}

static int64_t count_of(const struct connector_facts *facts, size_t count, enum connector_status status) {
  int64_t found = 0;
  for (size_t i = 0; i < count; i++)
    found += facts[i].status == status;
  return found;
}

void log_connectors(const struct connector_facts *facts, size_t count) {
  struct log_facts said = {.numbers = {LOG_NUMBER("active", count_of(facts, count, CONNECTOR_ACTIVE)),
                                       LOG_NUMBER("draining", count_of(facts, count, CONNECTOR_DRAINING)),
                                       LOG_NUMBER("disabled", count_of(facts, count, CONNECTOR_DISABLED))}};
  log_info_facts("the connectors were read", &said);
}

/* ---- Policies ---- */

void log_policy_in_force(bool rolled_back, const struct id *policy, const uint8_t *hash,
                         const struct id *key) {
  struct log_facts facts = {.id = policy, .key = key, .hash = hash};
  if (rolled_back)
    log_info_facts("a policy was rolled back to", &facts);
  else
    log_info_facts("a policy was published", &facts);
}

/* ---- Fees ---- */

static void log_stranger(const char *name, const struct connector_facts *facts, size_t count) {
  struct guess guess = guess_for(name, strlen(name));
  for (size_t i = 0; i < count; i++)
    guess_try(&guess, facts[i].name);
  struct log_facts said = {.connector = name, .meant = guess.best};
  log_warn_facts("a fee table is for a connector that does not exist", &said);
}

static bool exists(const char *name, const struct connector_facts *facts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(facts[i].name, name) == 0)
      return true;
  return false;
}

void log_fees(const struct fee_source *fees, const struct connector_facts *facts, size_t count) {
  const char *name;
  unsigned tables = 0;
  if (fees == NULL || fees->name == NULL)
    return;
  for (; (name = fees->name(fees->context, tables)) != NULL; tables++)
    if (!exists(name, facts, count))
      log_stranger(name, facts, count);
  log_info_number("fees are known", "tables", tables);
}
