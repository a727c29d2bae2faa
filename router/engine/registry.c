/* The registered connectors, with the facts of their sheets. */
#include "engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct connector *connector_named(const struct engine *engine, const char *name) {
  for (size_t i = 0; i < engine->connector_count; i++) {
    if (strcmp(engine->connectors[i].facts.name, name) == 0)
      return &engine->connectors[i];
  }
  return NULL;
}

/* What the account cannot do, by its operator's word. */
static enum skip_reason account_skip(const struct account_facts *account, const struct payment *payment) {
  if (!account_takes_currency(account, payment->currency))
    return SKIP_CURRENCY;
  return account_takes_network(account, payment->card.network) ? SKIP_NONE : SKIP_NETWORK;
}

enum skip_reason connector_skip(const struct connector *connector, const struct payment *payment,
                                enum operation operation) {
  if (!connector)
    return SKIP_UNKNOWN;
  if (connector->facts.status == CONNECTOR_DISABLED)
    return SKIP_DISABLED;
  if (connector->facts.status == CONNECTOR_DRAINING)
    return SKIP_DRAINING;
  if (!connector->sheet || !connector->sheet->operations[operation])
    return SKIP_NO_OPERATION;
  return account_skip(&connector->facts.account, payment);
}

void engine_on_connectors(struct engine *engine, int64_t now_ms, const struct connector_facts *facts,
                          size_t count) {
  engine_begin(engine, now_ms);
  if (count > CONNECTORS_MAX)
    count = CONNECTORS_MAX;
  struct connector *connectors = calloc(count + 1, sizeof *connectors);
  if (!connectors) {
    engine_fail(engine, -ENOMEM);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const struct connector *before = connector_named(engine, facts[i].name);
    if (before) {
      connectors[i].health = before->health;
      connectors[i].gate = before->gate;
    }
    connectors[i].gate.limits = engine->options.health;
    connectors[i].facts = facts[i];
    connectors[i].sheet =
        engine->options.sheet(engine->options.sheet_context, facts[i].sheet, facts[i].sheet_hash);
  }
  free(engine->connectors);
  engine->connectors = connectors;
  engine->connector_count = count;
}

const struct connector_facts *engine_connector(const struct engine *engine, const char *name) {
  const struct connector *connector = connector_named(engine, name);
  return connector ? &connector->facts : NULL;
}

size_t engine_connector_count(const struct engine *engine) {
  return engine->connector_count;
}

const struct connector_facts *engine_connector_at(const struct engine *engine, size_t index) {
  return index < engine->connector_count ? &engine->connectors[index].facts : NULL;
}

const struct sheet_facts *engine_connector_sheet_at(const struct engine *engine, size_t index) {
  return index < engine->connector_count ? engine->connectors[index].sheet : NULL;
}

void engine_connector_health(const struct engine *engine, const char *name, int64_t now_ms,
                             struct health_figures *ret_figures) {
  static const struct health none;
  const struct connector *connector = connector_named(engine, name);
  health_read(connector ? &connector->health : &none, now_ms, ret_figures);
}

const struct gate *engine_connector_gate(const struct engine *engine, const char *name) {
  static const struct gate none;
  const struct connector *connector = connector_named(engine, name);
  return connector ? &connector->gate : &none;
}

const struct health_cell *engine_connector_segment(const struct engine *engine, const char *name,
                                                   unsigned after, unsigned *ret_place) {
  const struct health_cells *cells = &engine->gates.cells;
  for (unsigned i = after; i < cells->used; i++) {
    const struct health_cell *cell = &cells->cells[i];
    if (cell->gate.state != GATE_HEALTHY && strcmp(cell->segment.connector, name) == 0) {
      *ret_place = i + 1;
      return cell;
    }
  }
  return NULL;
}
