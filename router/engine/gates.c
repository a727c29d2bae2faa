/* Who is given new payments: the gates of the registered connectors and of their segments, fed with what
 * comes of first dispatches. */
#include "engine_parts.h"

#include "log.h"
#include <string.h>

enum {
  CLIENT_ERRORS = 4,
  SERVER_ERRORS = 5,
  STATUS_CLASS = 100,
  CLOCK_SLACK_MS = 50 /* egress and the router read clocks of their own */
};

static struct gates *of_timer(struct timer *timer) {
  return (struct gates *)(void *)((char *)timer - offsetof(struct gates, timer));
}

static struct engine *engine_of(struct gates *gates) {
  return (struct engine *)(void *)((char *)gates - offsetof(struct engine, gates));
}

/* ---- What a gate says to a payment ---- */

static enum candidate_health health_of(const struct gate *gate, int64_t now_ms) {
  if (gate->state == GATE_HEALTHY)
    return CANDIDATE_HEALTHY;
  if (!gate_takes_canary(gate, now_ms))
    return CANDIDATE_OUT;
  return gate_wants_canary(gate, now_ms) ? CANDIDATE_OVERDUE : CANDIDATE_PROBED;
}

/* False when too little is known of the card. */
static bool segment_of(const struct payment *payment, const char *connector,
                       struct health_segment *ret_segment) {
  if (payment->card.network == NETWORK_UNKNOWN || payment->country[0] == '\0')
    return false;
  *ret_segment = (struct health_segment){.network = payment->card.network};
  strcpy(ret_segment->connector, connector);
  memcpy(ret_segment->country, payment->country, sizeof ret_segment->country);
  return true;
}

static struct health_cell *cell_of(const struct engine *engine, const struct payment *payment,
                                   const char *connector) {
  struct health_segment segment;
  return segment_of(payment, connector, &segment) ? health_cell_find(&engine->gates.cells, &segment) : NULL;
}

enum candidate_health gates_look(const struct engine *engine, const struct payment *payment, const char *name,
                                 enum operation operation) {
  const struct connector *connector = connector_named(engine, name);
  if (connector_skip(connector, payment, operation) != SKIP_NONE)
    return CANDIDATE_UNUSABLE;
  if (engine_drill_runs(engine, name))
    return CANDIDATE_DRILL;
  const struct health_cell *cell = cell_of(engine, payment, name);
  enum candidate_health whole = health_of(&connector->gate, engine->now_ms);
  enum candidate_health part = cell ? health_of(&cell->gate, engine->now_ms) : CANDIDATE_HEALTHY;
  return part > whole ? part : whole;
}

void gates_sent(struct engine *engine, const struct payment *payment, const char *name) {
  struct connector *connector = connector_named(engine, name);
  struct health_cell *cell = cell_of(engine, payment, name);
  if (connector)
    gate_sent(&connector->gate, engine->now_ms);
  if (cell)
    gate_sent(&cell->gate, engine->now_ms);
}

/* ---- What comes of requests ---- */

/* An answer that says nothing is the PSP's fault, and so is none, unless the PSP found fault with the request
 * (our credentials, our rate, our fields). What an issuer or a shopper refuses is nobody's. */
static enum health_event event_of(const struct dispatch_result *result) {
  unsigned class = result->http_status / STATUS_CLASS;
  if (class == SERVER_ERRORS)
    return HEALTH_FAULT;
  switch (result->answer) {
  case ANSWER_IS_APPROVED:
  case ANSWER_IS_CAPTURED:
    return HEALTH_APPROVED;
  case ANSWER_IS_DECLINED:
    return HEALTH_DECLINED;
  case ANSWER_IS_UNKNOWN:
    return class == CLIENT_ERRORS && result->phase != PHASE_PARTIAL_REPLY ? HEALTH_OTHER : HEALTH_FAULT;
  default:
    return HEALTH_OTHER;
  }
}

/* It was given up before anybody could be blamed for its silence, as its merchant's deadline was near. A
 * connection that breaks before that is another thing. */
static bool was_cut_short(const struct engine *engine, const struct attempt *attempt,
                          const struct dispatch_result *result) {
  uint32_t timeout_ms = attempt->step.timeout_ms;
  return result->phase != PHASE_REPLY && timeout_ms < FAULT_TIMEOUT_MS &&
         timeout_ms < engine->options.attempt_ms &&
         engine->now_ms + CLOCK_SLACK_MS >= attempt->step.started_ms + timeout_ms;
}

/* An outage of the whole says nothing of its parts, and a part of which little came says nothing more. */
static void forget_parts(struct engine *engine, const char *connector) {
  struct health_cells *cells = &engine->gates.cells;
  for (unsigned i = 0; i < cells->used; i++) {
    struct health_cell *cell = &cells->cells[i];
    if (cell->gate.state == GATE_HEALTHY && strcmp(cell->segment.connector, connector) == 0)
      gate_forget(&cell->gate);
  }
}

static void note_part(struct engine *engine, const struct payment *payment, const char *connector,
                      const struct gate_answer *answer) {
  struct health_segment segment;
  if (!segment_of(payment, connector, &segment))
    return;
  struct health_cell *cell = health_cell_note(&engine->gates.cells, &segment, engine->now_ms);
  if (cell && gate_note(&cell->gate, engine->now_ms, answer))
    news_add(engine, connector, &segment, &cell->gate);
}

static void note_whole(struct engine *engine, struct connector *connector, const struct gate_answer *answer) {
  if (!gate_note(&connector->gate, engine->now_ms, answer))
    return;
  news_add(engine, connector->facts.name, NULL, &connector->gate);
  if (connector->gate.state == GATE_OUT)
    forget_parts(engine, connector->facts.name);
}

void gates_note(struct engine *engine, const struct payment *payment, const struct attempt *attempt,
                const struct dispatch_result *result) {
  struct connector *connector = connector_named(engine, attempt->connector);
  enum health_event event = event_of(result);
  if (!connector)
    return;
  if (was_cut_short(engine, attempt, result)) { /* neither good nor bad */
    health_note(&connector->health, engine->now_ms, HEALTH_OTHER, 0);
    return;
  }
  struct gate_answer answer = {.sent_ms = attempt->step.started_ms,
                               .fault = event == HEALTH_FAULT,
                               .merchant = &payment->merchant,
                               .payment = &payment->id};
  bool was_healthy = connector->gate.state == GATE_HEALTHY;
  health_note(&connector->health, engine->now_ms, event, result->latency_us);
  note_whole(engine, connector, &answer);
  if (was_healthy && connector->gate.state == GATE_HEALTHY)
    note_part(engine, payment, connector->facts.name, &answer);
  gates_schedule(engine);
}

/* ---- Time ---- */

static void pass_time(struct engine *engine) {
  struct health_cells *cells = &engine->gates.cells;
  for (size_t i = 0; i < engine->connector_count; i++) {
    struct connector *connector = &engine->connectors[i];
    if (gate_pass_time(&connector->gate, engine->now_ms))
      news_add(engine, connector->facts.name, NULL, &connector->gate);
  }
  for (unsigned i = 0; i < cells->used; i++) {
    struct health_cell *cell = &cells->cells[i];
    if (gate_pass_time(&cell->gate, engine->now_ms))
      news_add(engine, cell->segment.connector, &cell->segment, &cell->gate);
  }
}

static void time_passes(struct timer *timer) {
  struct engine *engine = engine_of(of_timer(timer));
  pass_time(engine);
  drills_pass_time(engine);
  gates_schedule(engine);
}

static void sooner(int64_t *due_ms, int64_t other_ms) {
  if (other_ms >= 0 && (*due_ms < 0 || other_ms < *due_ms))
    *due_ms = other_ms;
}

void gates_schedule(struct engine *engine) {
  struct gates *gates = &engine->gates;
  int64_t due_ms = drills_due(engine);
  if (gates->retry_ms != 0)
    sooner(&due_ms, gates->retry_ms);
  for (size_t i = 0; i < engine->connector_count; i++)
    sooner(&due_ms, gate_due(&engine->connectors[i].gate));
  for (unsigned i = 0; i < gates->cells.used; i++)
    sooner(&due_ms, gate_due(&gates->cells.cells[i].gate));
  timers_remove(&engine->timers, &gates->timer);
  if (due_ms >= 0)
    engine_fail(engine, engine_set_timer(engine, &gates->timer, due_ms));
}

/* ---- Life and rounds ---- */

int gates_open(struct engine *engine) {
  engine->gates.timer.due = time_passes;
  return health_cells_open(&engine->options.health, &engine->gates.cells);
}

void gates_close(struct engine *engine) {
  news_free(engine, false);
  health_cells_close(&engine->gates.cells);
}

void gates_committed(struct engine *engine) {
  news_free(engine, true);
}

void gates_undone(struct engine *engine) {
  struct gates *gates = &engine->gates;
  for (struct connector_news *news = gates->news; news; news = news->next)
    news->written = false;
  gates->drills_ms = engine->now_ms + RETRY_ROUND_MS;
  if (gates->news)
    gates->retry_ms = engine->now_ms + RETRY_ROUND_MS;
  if (drills_load(engine) < 0)
    log_warn("the drills cannot be read: what is known of them stands");
  gates_schedule(engine);
}
