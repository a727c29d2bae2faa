#include "universe.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "engine_parts.h"
#include "later_tries.h"
#include "merchant.h"
#include "oracle.h"
#include "people.h"
#include "trace.h"
#include "wrong.h"

enum {
  SECOND = 1000,
  MINUTE = 60 * SECOND,
  US_PER_MS = 1000,
  STARTS_MS = 5 * MINUTE, /* payments begin within this */
  ROUGH_MS = 70 * MINUTE, /* faults come within this */
  AGAIN_MS = 25 * 60 * MINUTE,
  AGAIN_WITHIN_MS = 8 * 60 * MINUTE,
  ROUGH_ENDS_MS = 15 * MINUTE,
  LOOK_MS = MINUTE, /* between looks whether all is quiet */
  BUSY_MS = 50,     /* what comes within this is taken in in one round, at times */
  FEW_LOADED = 8,
  FEW_CELLS = 64,
  FEW_REQUESTS = 6,
  FEW_SAMPLES = 4,
  REFUSED_MAX = 1024,
  ROUNDS_MAX = 1000000
};

/* After that it is calm for so long at most: a void of the router's own may not be told of several times in a
 * row. */
static const int64_t limit_ms = 60LL * 24 * 60 * MINUTE;

static const char *const policies[] = {
    "schedule town = 4 tries within 12 days at 6..9 in \"Sim/Town\" "
    "rule renewals when kind == recurring route listing, querying, keyless with later town "
    "otherwise route listing, querying, keyless",
    "schedule soon = 3 tries within 6 days otherwise route notifying, brief, listing, slow with later soon",
    "schedule nights = 2 tries within 9 days on [3 5 8] at 22..3 in \"Sim/Town\" "
    "otherwise route keyless, lagging, querying with later nights",
    "schedule often = 15 tries within 30 days otherwise route querying, notifying with later often",
    "schedule town = 3 tries within 20 days at 1..2 in \"Sim/Town\" "
    "rule small when amount < 20.00 EUR and currency == EUR split listing 60%, querying 30%, keyless 10% "
    "rule tip when card.network == visa best of listing, notifying as advice "
    "rule learned when not amount > 100.00 EUR best of querying, listing, notifying, brief with max_attempts "
    "2 "
    "rule renewals when kind == recurring best of listing, querying, brief with max_attempts 1, later town "
    "otherwise cheapest of notifying, slow, lagging where approval >= 60% with retry off",
    "rule no when amount in 30.00..40.00 EUR decline otherwise split slow 50%, brief 50% by customer",
};

int64_t router_ms(const struct universe *universe) {
  return steady_now_ms(&universe->steady, universe->now_ms * US_PER_MS);
}

bool universe_is_rough(const struct universe *universe) {
  int64_t into_ms = universe->now_ms - universe->again_ms;
  return universe->now_ms < universe->calm_ms ||
         (universe->again_ms != 0 && into_ms >= 0 && into_ms < ROUGH_AGAIN_MS);
}

void violation(struct universe *universe, uint32_t scenario, const char *format, ...) {
  va_list arguments;
  if (universe->failed)
    return;
  universe->failed = true;
  universe->failed_scenario = scenario;
  universe->failure_kind = format;
  va_start(arguments, format);
  vsnprintf(universe->failure, sizeof universe->failure, format, arguments);
  va_end(arguments);
  tell(universe, scenario, "VIOLATION %s", universe->failure);
}

/* ---- The router's process ---- */

static void drop_process(struct universe *universe) {
  engine_free(universe->engine);
  ledger_free(universe->ledger);
  universe->engine = NULL;
  universe->ledger = NULL;
  universe->up = universe->line_up = false;
}

/* What the disk has of a batch that was just being written. */
static void leave_store(struct universe *universe, enum fate fate) {
  size_t whole = store_memory_batch_bytes(universe->store);
  size_t torn = digest_add(universe->genesis.seed, universe->points) % whole;
  if (fate == FATE_LOST)
    store_memory_crash(universe->store);
  else {
    int r = store_memory_crash_writing(universe->store, fate == FATE_KEPT ? whole : torn);
    assert(r == 0);
  }
}

void crash(struct universe *universe, enum fate fate) {
  static const char *const fates[] = {"lost", "torn", "kept"};
  tell(universe, NOBODY, "the router is killed; what was not synced is %s", fates[fate]);
  universe->crashes++;
  drop_process(universe);
  reasons_lost(universe);
  leave_store(universe, fate);
  flights_cut(universe);
  merchants_cut_off(universe);
  events_add(&universe->events, universe->now_ms + universe->down_ms, EVENT_RESTART, 0, 0);
}

static bool is_hit(struct universe *universe) {
  const uint64_t *points = universe->genesis.crash_points;
  if (!universe->ready)
    return false;
  universe->points++;
  return universe->points == universe->crash_at || universe->points == points[0] ||
         universe->points == points[1];
}

bool crash_point(struct universe *universe) {
  if (!is_hit(universe))
    return false;
  crash(universe, FATE_LOST);
  return true;
}

/* A write is three points: what it wrote is lost, torn or kept. It has what engine_commit() adds to the
 * batch, too. */
static bool crashes_in_commit(struct universe *universe) {
  int r = card_uses_write(universe->ledger, &universe->engine->card);
  assert(r == 0); /* the store fails when it commits, and not before */
  for (unsigned fate = 0; fate < FATE_COUNT; fate++) {
    if (is_hit(universe)) {
      crash(universe, (enum fate)fate);
      return true;
    }
  }
  return false;
}

void register_connectors(struct universe *universe) {
  struct connector_facts facts[PSP_COUNT] = {0};
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    strcpy(facts[i].name, psp_connector(i));
    strcpy(facts[i].sheet, psp_at(i)->facts.name);
    strcpy(facts[i].merchant_account, "Account");
    memset(facts[i].sheet_hash, (int)universe->pinned[i], sizeof facts[i].sheet_hash);
    facts[i].status = universe->statuses[i];
  }
  engine_on_connectors(universe->engine, router_ms(universe), facts, PSP_COUNT);
}

static void drain(struct universe *universe) {
  struct effect effect;
  uint64_t refused[REFUSED_MAX];
  unsigned count = 0;
  while (!universe->failed && count < REFUSED_MAX && engine_next_effect(universe->engine, &effect)) {
    bool sent = effect.type == EFFECT_DISPATCH || effect.type == EFFECT_DESCRIBE;
    universe->digest = digest_add(universe->digest, effect.correlation * 8 + effect.type);
    if (sent && !universe->line_up)
      refused[count++] = effect.correlation;
    else if (effect.type == EFFECT_DISPATCH)
      dispatch_leaves(universe, &effect);
    else if (effect.type == EFFECT_DESCRIBE)
      question_leaves(universe, &effect);
    else if (effect.type == EFFECT_ANSWER)
      merchant_is_told(universe, &effect.answer);
    else if (effect.type == EFFECT_WEBHOOK_TAKEN && universe->line_up)
      notice_is_taken(universe, &effect.taken);
    if (crash_point(universe))
      return;
  }
  while (count > 0)
    engine_on_refused(universe->engine, router_ms(universe), refused[--count]);
}

/* The end of a round: what it wrote is made durable, and only then anything leaves. */
static void finish_round(struct universe *universe) {
  if (!universe->up || universe->failed)
    return;
  if (ledger_pending(universe->ledger) && crashes_in_commit(universe))
    return;
  int r = engine_commit(universe->engine, router_ms(universe));
  if (r < 0 && universe->store_fails == 0)
    violation(universe, NOBODY, "a commit failed (%d), and the disk was well", r);
  (r < 0 ? reasons_lost : reasons_kept)(universe);
  journal_follow(universe);
  drain(universe);
}

/* The machine's clock is read once: whatever happens to it then, the router's goes on evenly. */
static void start_clock(struct universe *universe) {
  universe->steady = (struct steady_time){universe->now_ms + universe->skew_ms, universe->now_ms * US_PER_MS};
}

/* Connectors' changes are told to merchants that have a key. */
static void add_key(struct universe *universe) {
  static const uint8_t hash[32] = {1};
  struct api_key key = {.id = universe->actor, .merchant = universe->merchant};
  int r = ledger_api_key_add(universe->ledger, hash, &key);
  if (r < 0)
    violation(universe, NOBODY, "the merchant's key cannot be kept (%d)", r);
}

static void start_process(struct universe *universe) {
  static const uint8_t key[LEDGER_KEY_BYTES] = "the key of a simulated ledger";
  start_clock(universe);
  int r = ledger_open(universe->store, key, &universe->options.draws, &universe->ledger);
  assert(r == 0);
  universe->options.ledger = universe->ledger;
  r = engine_new(&universe->options, &universe->engine);
  assert(r == 0);
  universe->up = universe->line_up = true;
  wrong_restarted(router_ms(universe), !universe->ready);
  add_key(universe);
  for (unsigned i = 0; i < PSP_COUNT; i++)
    universe->told_ms[i] = router_ms(universe); /* by another clock */
  check_restart(universe);
  memset(universe->told, 0, sizeof universe->told); /* gates are forgotten with their process */
  r = engine_start(universe->engine, router_ms(universe));
  if (r < 0 && universe->store_fails == 0)
    violation(universe, NOBODY, "the engine does not start again (%d)", r);
  register_connectors(universe);
  finish_round(universe);
  if (universe->up)
    engine_on_vault(universe->engine, router_ms(universe), true);
}

void publish_policy(struct universe *universe, unsigned number) {
  const char *text = policies[number % (sizeof policies / sizeof *policies)];
  struct policy_record record = {.id = draw_id(&universe->options.draws, "pol", universe->now_ms),
                                 .merchant = universe->merchant,
                                 .author = universe->actor,
                                 .created_ms = universe->now_ms,
                                 .text = text,
                                 .text_length = strlen(text)};
  struct journal_head head = {.at_ms = router_ms(universe), .actor = universe->actor};
  if (!universe->up)
    return;
  tell(universe, NOBODY, "a policy is published: %s", text);
  int r = ledger_policy_put(universe->ledger, &record);
  if (r == 0)
    r = ledger_policy_publish(universe->ledger, &head, &universe->merchant, &record.id, "");
  if (r < 0)
    violation(universe, NOBODY, "a policy cannot be published (%d)", r);
  engine_on_policy(universe->engine);
}

/* ---- Time ---- */

/* When the router wants to be woken, in true time. */
static int64_t router_due(const struct universe *universe) {
  if (!universe->up)
    return INT64_MAX;
  int64_t due = engine_due(universe->engine);
  if (due < 0)
    return INT64_MAX;
  due -= router_ms(universe) - universe->now_ms;
  if (due < universe->asleep_ms)
    due = universe->asleep_ms;
  return due > universe->now_ms ? due : universe->now_ms;
}

static bool is_for_router(enum event_kind kind) {
  return kind == EVENT_MERCHANT || kind == EVENT_FORGET || kind == EVENT_DESCRIBED || kind == EVENT_REPLY ||
         kind == EVENT_NOTICE || kind == EVENT_LOOK;
}

static void happen(struct universe *universe, const struct event *event) {
  if (universe->up && universe->now_ms < universe->asleep_ms && is_for_router(event->kind)) {
    events_add(&universe->events, universe->asleep_ms, event->kind, event->subject, event->detail);
    return;
  }
  universe->steps++;
  universe->digest = digest_add(universe->digest, (uint64_t)event->at_ms * 8 + event->kind);
  switch (event->kind) {
  case EVENT_MERCHANT:
    merchant_acts(universe, event->subject, event->detail);
    return;
  case EVENT_FORGET:
    merchant_forgets(universe, event->subject);
    return;
  case EVENT_DESCRIBED:
    flight_describes(universe, event->subject);
    return;
  case EVENT_ARRIVAL:
    flight_arrives(universe, event->subject);
    return;
  case EVENT_REPLY:
    flight_replies(universe, event->subject);
    return;
  case EVENT_DECIDED:
    notice_written(universe, event->subject, event->detail);
    return;
  case EVENT_NOTICE:
    notice_delivered(universe, event->subject);
    return;
  case EVENT_LOOK:
    person_looks(universe, event->subject);
    return;
  case EVENT_FAULT:
    fault_begins(universe, event->subject);
    return;
  case EVENT_RELIEF:
    fault_ends(universe, event->subject);
    return;
  case EVENT_RESTART:
    start_process(universe);
    return;
  }
}

/* What one round takes in: what is due now, and at times what comes a little later. By the time alone, so
 * that it stays the same when something is left out. */
static int64_t round_end(const struct universe *universe, int64_t at_ms) {
  uint64_t roll = digest_add(universe->genesis.seed, (uint64_t)at_ms);
  return roll % 5 == 0 ? at_ms + (int64_t)(roll / 5 % BUSY_MS) : at_ms;
}

static void one_round(struct universe *universe, int64_t at_ms) {
  int64_t end_ms = round_end(universe, at_ms);
  universe->now_ms = at_ms;
  while (!universe->failed && events_due(&universe->events) <= end_ms) {
    struct event event = events_take(&universe->events);
    if (event.at_ms > universe->now_ms)
      universe->now_ms = event.at_ms;
    happen(universe, &event);
  }
  if (router_due(universe) <= universe->now_ms) {
    universe->steps++;
    engine_on_time(universe->engine, router_ms(universe));
  }
  finish_round(universe);
}

/* ---- A universe ---- */

static bool all_rest(const struct universe *universe) {
  if (!universe->up || engine_counts(universe->engine).waiting > 0)
    return false;
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    if (universe->scenarios[i].there && !scenario_rests(universe, &universe->scenarios[i]))
      return false;
  }
  return true;
}

static void fill(void *context, void *ret_bytes, size_t length) {
  chance_fill(context, ret_bytes, length);
}

static void clear_scenario(struct scenario *scenario) {
  payment_free(scenario->payment);
  books_clear(&scenario->books);
  memset(scenario, 0, offsetof(struct scenario, books));
  scenario->payment = NULL;
}

static void draw_scenarios(struct universe *universe) {
  const struct genesis *genesis = &universe->genesis;
  for (uint32_t i = 0; i < genesis->scenarios; i++) {
    struct scenario *scenario = &universe->scenarios[i];
    scenario->number = i;
    scenario->chance = chance_of(genesis->seed, genesis->number, i + 1);
    scenario->there = !genesis->left_out || !genesis->left_out[i];
    if (scenario->there)
      scenario_draw(universe, scenario, universe_start_ms, universe_start_ms + STARTS_MS);
  }
}

/* Small rooms in some universes: payments leave memory, requests are refused. */
static void draw_options(struct universe *universe) {
  /* Before many a webhook comes, after most of them, and as it is in practice. */
  static const uint32_t received_ms[] = {20 * MINUTE, 120 * MINUTE, 5 * 24 * 60 * MINUTE};
  struct chance *chance = &universe->chance;
  universe->options = (struct engine_options){.sheet = psp_sheet, .zone_offset = sim_zone};
  universe->options.learned_cells = FEW_CELLS;
  universe->options.draws = (struct draws){.fill = fill, .context = &universe->draws_chance};
  if (chance_percent(chance, 30))
    universe->options.loaded_max = FEW_LOADED;
  if (chance_percent(chance, 80))
    universe->options.attention_ms = 60 * MINUTE;
  if (chance_percent(chance, 10))
    universe->options.requests_max = FEW_REQUESTS;
  if (chance_percent(chance, 70)) /* for so few payments, the usual is seldom met */
    universe->options.health.samples = FEW_SAMPLES;
  universe->options.received_ms = received_ms[chance_below(chance, sizeof received_ms / sizeof *received_ms)];
}

/* About when the first later tries are due, in some universes. */
static int64_t draw_again(struct universe *universe) {
  if (universe->genesis.no_faults || !chance_percent(&universe->chance, 40))
    return 0;
  return universe_start_ms + AGAIN_MS + chance_up_to(&universe->chance, AGAIN_WITHIN_MS);
}

static void begin(struct universe *universe, const struct genesis *genesis) {
  assert(genesis->scenarios <= SCENARIOS_MAX);
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++)
    clear_scenario(&universe->scenarios[i]);
  universe->genesis = *genesis;
  universe->chance = chance_of(genesis->seed, genesis->number, 0);
  universe->draws_chance = chance_of(~genesis->seed, genesis->number, 0);
  universe->now_ms = universe_start_ms;
  universe->calm_ms = universe_start_ms + ROUGH_MS;
  universe->again_ms = draw_again(universe);
  universe->skew_ms = universe->asleep_ms = 0;
  universe->down_ms = genesis->down_ms;
  universe->points = universe->crash_at = 0;
  universe->next_entry = 1;
  universe->failed = universe->ready = false;
  universe->store_fails = 0;
  universe->steps = universe->crashes = universe->digest = universe->ticket_count = universe->line = 0;
  universe->entries = universe->webhooks = universe->words = 0;
  memset(universe->outages, 0, sizeof universe->outages);
  memset(universe->drilled, 0, sizeof universe->drilled);
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    universe->pinned[i] = 1;
    universe->statuses[i] = CONNECTOR_ACTIVE;
  }
  events_clear(&universe->events);
  flights_clear(&universe->flights);
  universe->notices.count = 0;
  reasons_lost(universe);
  journal_forget(universe);
  draw_options(universe);
  universe->merchant = draw_id(&universe->options.draws, "mer", universe->now_ms);
  universe->actor = draw_id(&universe->options.draws, "key", universe->now_ms);
  int r = store_open_memory(ledger_tables, &universe->store);
  assert(r == 0);
}

/* When what faults did, as drills, is over. */
static int64_t last_rough_ms(const struct universe *universe) {
  return universe->again_ms == 0 ? 0 : universe->again_ms + ROUGH_AGAIN_MS + ROUGH_ENDS_MS;
}

void universe_run(struct universe *universe, const struct genesis *genesis) {
  int64_t look_ms = 0;
  uint64_t rounds = 0;
  begin(universe, genesis);
  start_process(universe);
  publish_policy(universe, 0);
  finish_round(universe);
  universe->ready = true;
  faults_draw(universe, universe_start_ms, universe->calm_ms - MINUTE);
  draw_scenarios(universe);
  while (!universe->failed) {
    int64_t event_ms = events_due(&universe->events), due_ms = router_due(universe);
    int64_t at_ms = event_ms < due_ms ? event_ms : due_ms;
    if (event_ms == INT64_MAX && at_ms >= look_ms && at_ms >= last_rough_ms(universe)) {
      look_ms = universe->now_ms + LOOK_MS;
      if (all_rest(universe) && people_look_at_all(universe))
        continue;
      if (all_rest(universe))
        break;
    }
    if (at_ms == INT64_MAX || at_ms > universe->calm_ms + limit_ms)
      break;
    one_round(universe, at_ms);
    if (++rounds > ROUNDS_MAX)
      violation(universe, NOBODY, "the router does not come to rest");
  }
  if (!universe->failed)
    check_end(universe);
  drop_process(universe);
  store_close(universe->store);
}

void universe_open(struct universe *universe) {
  memset(universe, 0, sizeof *universe);
  psps_open();
  events_open(&universe->events);
  flights_open(&universe->flights);
  universe->scenarios = calloc(SCENARIOS_MAX, sizeof *universe->scenarios);
  assert(universe->scenarios);
}

void universe_close(struct universe *universe) {
  for (uint32_t i = 0; i < SCENARIOS_MAX; i++)
    payment_free(universe->scenarios[i].payment);
  events_close(&universe->events);
  flights_close(&universe->flights);
  free(universe->scenarios);
  free(universe->tickets);
  free(universe->notices.all);
}
