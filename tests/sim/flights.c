#include "flights.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cards.h"
#include "merchant.h"
#include "oracle.h"
#include "trace.h"
#include "universe.h"

enum {
  FIRST_FLIGHTS = 1024,
  NO_FLIGHT = UINT32_MAX,
  QUICK_MS = 20, /* from hand to hand, when all is well */
  ANSWER_MS = 30,
  CALM_DECLINES = 20
};

void flights_open(struct flights *flights) {
  *flights = (struct flights){.all = calloc(FIRST_FLIGHTS, sizeof(struct flight)), .capacity = FIRST_FLIGHTS};
  assert(flights->all);
  flights_clear(flights);
}

void flights_close(struct flights *flights) {
  free(flights->all);
}

void flights_clear(struct flights *flights) {
  flights->count = 0;
  flights->free = NO_FLIGHT;
}

/* Its place; what it was before is wiped. */
static uint32_t flight_new(struct flights *flights) {
  uint32_t place = flights->free;
  if (place != NO_FLIGHT)
    flights->free = flights->all[place].next;
  else {
    if (flights->count == flights->capacity) {
      flights->capacity *= 2;
      flights->all = reallocarray(flights->all, flights->capacity, sizeof(struct flight));
      assert(flights->all);
    }
    place = flights->count++;
  }
  memset(&flights->all[place], 0, sizeof(struct flight));
  return place;
}

static void flight_done(struct flights *flights, uint32_t place) {
  struct flight *flight = &flights->all[place];
  assert(flight->events > 0);
  if (--flight->events > 0)
    return;
  flight->next = flights->free;
  flights->free = place;
}

static void expect(struct universe *universe, uint32_t place, int64_t at_ms, enum event_kind kind) {
  universe->flights.all[place].events++;
  events_add(&universe->events, at_ms, kind, place, 0);
}

static bool goes_wrong(struct universe *universe, struct scenario *scenario, unsigned share) {
  return universe_is_rough(universe) && chance_percent(&scenario->chance, scenario->faults) &&
         chance_percent(&scenario->chance, share);
}

/* ---- What the vault makes of a dispatch ---- */

static bool charges(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE;
}

static bool code_is_leased(const struct universe *universe, const struct scenario *scenario) {
  return scenario->security_code.text[0] != '\0' && universe->now_ms < scenario->code_until_ms;
}

static bool is_pinned(const struct universe *universe, unsigned psp, const struct dispatch *dispatch) {
  uint8_t hash[SHEET_HASH_BYTES];
  memset(hash, (int)universe->pinned[psp], sizeof hash);
  return memcmp(hash, dispatch->sheet_hash, sizeof hash) == 0;
}

static enum status vault_judges(struct universe *universe, struct scenario *scenario, unsigned psp,
                                const struct dispatch *dispatch) {
  static const enum status moods[] = {STATUS_BUSY, STATUS_UNAVAILABLE, STATUS_LIMITED, STATUS_SEALED};
  if (!is_pinned(universe, psp, dispatch))
    return STATUS_CONFLICT;
  if (charges(dispatch->operation) && scenario->token_deleted)
    return STATUS_DELETED;
  if (dispatch->replay && dispatch->security_code_sent && scenario->security_code.text[0] != '\0' &&
      !code_is_leased(universe, scenario))
    return STATUS_EXPIRED;
  if (goes_wrong(universe, scenario, 20))
    return moods[chance_below(&scenario->chance, sizeof moods / sizeof *moods)];
  return STATUS_DONE;
}

/* ---- How it goes ---- */

struct course {
  int64_t leave_ms, arrive_ms, reply_ms;
};

/* It never gets there, gets there too late, or its answer does not come back. */
static void plan_faults(struct universe *universe, struct scenario *scenario, struct flight *flight,
                        struct course *course) {
  uint64_t roll = chance_below(&scenario->chance, 100);
  if (!goes_wrong(universe, scenario, 100))
    return;
  if (roll < 15) {
    flight->arrives = false;
    flight->phase = PHASE_NOT_SENT;
    course->reply_ms = course->leave_ms;
  } else if (roll < 35) {
    flight->arrives = false;
    flight->phase = roll < 25 ? PHASE_SENT_NO_REPLY : PHASE_PARTIAL_REPLY;
  } else if (roll < 80) {
    flight->loses_answer = true;
    flight->phase = roll < 55 ? PHASE_SENT_NO_REPLY : roll < 65 ? PHASE_PARTIAL_REPLY : PHASE_REPLY;
  } else
    flight->lost = true;
}

/* How long a part of the way takes: in a bad case up to its limit, in the worst all but that. */
static int64_t draw_delay(struct universe *universe, struct scenario *scenario, bool worst,
                          int64_t limit_ms) {
  struct chance *chance = &scenario->chance;
  if (worst)
    return limit_ms - 1 - chance_up_to(chance, QUICK_MS);
  return chance_up_to(chance, goes_wrong(universe, scenario, 30) ? limit_ms : QUICK_MS);
}

/* Bytes leave within the timeout; what has left arrives and is visible within the settling time, or never. */
static void plan_outage(const struct outage *outage, int64_t give_up_ms, struct flight *flight,
                        struct course *course) {
  flight->arrives = flight->lost = false;
  flight->phase = outage->hangs ? PHASE_SENT_NO_REPLY : PHASE_NOT_SENT;
  course->reply_ms = outage->hangs ? give_up_ms : course->leave_ms;
}

static struct course plan(struct universe *universe, struct scenario *scenario, struct flight *flight,
                          uint32_t timeout_ms) {
  const struct psp *psp = psp_at(flight->arrival.psp);
  struct chance *chance = &scenario->chance;
  struct course course;
  bool worst = goes_wrong(universe, scenario, 8);
  bool slow = goes_wrong(universe, scenario, 15);
  course.leave_ms = universe->now_ms + draw_delay(universe, scenario, worst, timeout_ms);
  course.arrive_ms = course.leave_ms + draw_delay(universe, scenario, worst, psp->travel_ms);
  course.reply_ms = course.arrive_ms + chance_up_to(chance, slow ? timeout_ms : ANSWER_MS);
  flight->arrival.lag_ms = draw_delay(universe, scenario, worst, psp->lag_ms);
  flight->arrives = true;
  plan_faults(universe, scenario, flight, &course);
  if (universe->now_ms < universe->outages[flight->arrival.psp].until_ms)
    plan_outage(&universe->outages[flight->arrival.psp], universe->now_ms + timeout_ms, flight, &course);
  /* Egress gives up at the timeout, and what left may arrive after that. */
  if (course.reply_ms > universe->now_ms + timeout_ms) {
    course.reply_ms = universe->now_ms + timeout_ms;
    flight->loses_answer = true;
    if (!flight->phase)
      flight->phase = PHASE_SENT_NO_REPLY;
  }
  return course;
}

static uint8_t charge_named(const struct scenario *scenario, const struct dispatch *dispatch) {
  const char *id = request_fields_get(&dispatch->fields, REQUEST_PSP_ID);
  unsigned charge = NO_CHARGE;
  if (!id || sscanf(id, "c%u", &charge) != 1 || charge >= scenario->books.charge_count)
    return NO_CHARGE;
  return (uint8_t)charge;
}

static struct arrival arrival_of(struct scenario *scenario, const struct dispatch *dispatch) {
  unsigned psp = psp_named(dispatch->connector);
  return (struct arrival){.key = (uint8_t)books_key_made(&scenario->books, dispatch->key, psp),
                          .psp = (uint8_t)psp,
                          .operation = dispatch->operation,
                          .asked_about = dispatch->asked_about,
                          .charge = charge_named(scenario, dispatch),
                          .amount = dispatch->amount.minor};
}

static uint32_t scenario_of_token(const struct universe *universe, const struct id *token) {
  uint8_t bytes[ID_RANDOM_BYTES];
  int r = id_parse("tok", token->text, bytes);
  assert(r == 0);
  uint32_t scenario = (uint32_t)bytes[0] << 8 | bytes[1];
  assert(scenario < universe->genesis.scenarios);
  return scenario;
}

static void refuse(struct universe *universe, uint32_t place, enum status status) {
  struct flight *flight = &universe->flights.all[place];
  flight->refused = true;
  flight->status = status;
  expect(universe, place, universe->now_ms + 1, EVENT_REPLY);
}

void dispatch_leaves(struct universe *universe, const struct effect *effect) {
  const struct dispatch *dispatch = effect->dispatch;
  uint32_t number = scenario_of_token(universe, &dispatch->token);
  struct scenario *scenario = &universe->scenarios[number];
  if (dispatch->operation != OPERATION_STATUS)
    check_dispatch(universe, scenario, dispatch);
  if (universe->failed)
    return;
  uint32_t place = flight_new(&universe->flights);
  struct flight *flight = &universe->flights.all[place];
  flight->scenario = number;
  flight->line = universe->line;
  flight->correlation = effect->correlation;
  flight->arrival = arrival_of(scenario, dispatch);
  flight->code_sent = dispatch->replay ? dispatch->security_code_sent : code_is_leased(universe, scenario);
  enum status status = vault_judges(universe, scenario, flight->arrival.psp, dispatch);
  tell(universe, number, "router sends %s %s%s%s to %s, %lld%s", operation_name(dispatch->operation),
       dispatch->key, dispatch->operation == OPERATION_STATUS ? " about " : "",
       operation_name(dispatch->asked_about), dispatch->connector, (long long)dispatch->amount.minor,
       dispatch->replay ? ", a replay" : "");
  if (status != STATUS_DONE)
    refuse(universe, place, status);
  else {
    struct course course = plan(universe, scenario, flight, dispatch->timeout_ms);
    if (flight->arrives) {
      expect(universe, place, course.arrive_ms, EVENT_ARRIVAL);
      if (dispatch->operation != OPERATION_STATUS)
        scenario->books.keys[flight->arrival.key].coming++;
    }
    expect(universe, place, course.reply_ms, EVENT_REPLY);
  }
  if (dispatch->operation != OPERATION_STATUS)
    merchant_meddles(universe, scenario);
}

void question_leaves(struct universe *universe, const struct effect *effect) {
  uint32_t place = flight_new(&universe->flights);
  struct flight *flight = &universe->flights.all[place];
  flight->scenario = scenario_of_token(universe, &effect->describe.token);
  struct scenario *scenario = &universe->scenarios[flight->scenario];
  flight->describes = true;
  flight->line = universe->line;
  flight->correlation = effect->correlation;
  flight->lost = goes_wrong(universe, scenario, 10);
  flight->status = goes_wrong(universe, scenario, 10) ? STATUS_BUSY : STATUS_DONE;
  expect(universe, place, universe->now_ms + chance_up_to(&scenario->chance, QUICK_MS), EVENT_DESCRIBED);
}

/* ---- What comes of it ---- */

static struct manners manners_of(const struct universe *universe, const struct scenario *scenario) {
  struct manners manners = scenario->manners;
  if (universe_is_rough(universe))
    return manners;
  manners.errors = 0;
  if (!card_is_shared(scenario))
    manners.declines = CALM_DECLINES;
  return manners;
}

void flight_arrives(struct universe *universe, uint32_t place) {
  struct flight *flight = &universe->flights.all[place];
  struct scenario *scenario = &universe->scenarios[flight->scenario];
  if (flight->arrives) {
    flight->taken = true;
    flight->arrival.at_ms = universe->now_ms;
    if (flight->arrival.operation != OPERATION_STATUS)
      scenario->books.keys[flight->arrival.key].coming--;
    unsigned charges_before = scenario->books.charge_count, bookings_before = scenario->books.booking_count;
    struct manners manners = manners_of(universe, scenario);
    flight->word = books_take(&scenario->books, &scenario->chance, &manners, &flight->arrival);
    tell(universe, flight->scenario, "%s takes in %s %s and says %s (%u)", psp_connector(flight->arrival.psp),
         operation_name(flight->arrival.operation), scenario->books.keys[flight->arrival.key].text,
         answer_name(flight->word.answer), flight->word.http_status);
    for (unsigned i = charges_before; i < scenario->books.charge_count; i++)
      notices_plan(universe, scenario, false, (uint8_t)i);
    for (unsigned i = bookings_before; i < scenario->books.booking_count; i++)
      notices_plan(universe, scenario, true, (uint8_t)i);
    check_charges(universe, scenario);
  }
  flight_done(&universe->flights, place);
}

static void set(struct dispatch_result *result, enum answer_field field, const char *value) {
  int r = answer_fields_set(&result->fields, field, value);
  assert(r == 0);
}

static void write_word(const struct scenario *scenario, const struct flight *flight,
                       struct dispatch_result *result) {
  const struct word *word = &flight->word;
  char id[16];
  result->phase = PHASE_REPLY;
  result->answer = word->answer;
  result->http_status = word->http_status;
  result->transient_error = word->transient;
  if (word->another)
    set(result, ANSWER_REFERENCE, "pay_of_another_merchant_1");
  else if (word->answer != ANSWER_IS_UNKNOWN)
    set(result, ANSWER_REFERENCE, scenario->books.keys[flight->arrival.key].text);
  if (word->code)
    set(result, ANSWER_NETWORK_CODE, word->code);
  if (word->advice)
    set(result, ANSWER_ADVICE_CODE, word->advice);
  if (word->action)
    set(result, ANSWER_ACTION_URL, "https://psp.example/act");
  if (word->charge == NO_CHARGE)
    return;
  snprintf(id, sizeof id, "c%u", word->charge);
  set(result, ANSWER_PSP_ID, id);
}

static const struct dispatch_result *result_of(const struct universe *universe, const struct flight *flight) {
  static struct dispatch_result result;
  const struct scenario *scenario = &universe->scenarios[flight->scenario];
  memset(&result, 0, offsetof(struct dispatch_result, fields.bytes));
  result.step = 1;
  result.latency_us = 1500;
  result.security_code_sent = flight->code_sent;
  if (flight->taken && !flight->loses_answer)
    write_word(scenario, flight, &result);
  else {
    result.phase = flight->phase ? flight->phase : PHASE_SENT_NO_REPLY;
    result.answer = ANSWER_IS_UNKNOWN;
  }
  return &result;
}

static bool says_why(const struct flight *flight) {
  const struct arrival *arrival = &flight->arrival;
  bool about_charge =
      charges(arrival->operation == OPERATION_STATUS ? arrival->asked_about : arrival->operation);
  return about_charge && !flight->refused && flight->taken && !flight->loses_answer && flight->word.code;
}

static void hand_in(struct universe *universe, const struct flight *flight) {
  struct scenario *scenario = &universe->scenarios[flight->scenario];
  if (says_why(flight))
    reason_comes(universe, scenario, flight->arrival.key);
  const struct dispatch_result *result = flight->refused ? NULL : result_of(universe, flight);
  tell(universe, flight->scenario, "reply for %s: %s%s", scenario->books.keys[flight->arrival.key].text,
       flight->refused ? "the vault refused" : phase_name(result->phase),
       flight->refused || result->phase != PHASE_REPLY ? "" : answer_name(result->answer));
  engine_on_result(universe->engine, router_ms(universe), flight->correlation,
                   flight->refused ? flight->status : STATUS_DONE, result);
  /* The same answer a second time: it is nobody's any more. */
  if (goes_wrong(universe, scenario, 20))
    engine_on_result(universe->engine, router_ms(universe), flight->correlation, STATUS_DONE,
                     result_of(universe, flight));
}

/* Whether the router that sent it still listens on the line that it went by. */
static bool is_heard(const struct universe *universe, const struct flight *flight) {
  return universe->up && universe->line_up && flight->line == universe->line;
}

void flight_replies(struct universe *universe, uint32_t place) {
  struct flight *flight = &universe->flights.all[place];
  if (is_heard(universe, flight) && !crash_point(universe)) {
    if (flight->lost) {
      tell(universe, flight->scenario, "no reply will come for %s",
           universe->scenarios[flight->scenario].books.keys[flight->arrival.key].text);
      engine_on_lost(universe->engine, router_ms(universe), flight->correlation);
    } else
      hand_in(universe, flight);
  }
  flight_done(&universe->flights, place);
}

void flight_describes(struct universe *universe, uint32_t place) {
  struct flight *flight = &universe->flights.all[place];
  struct scenario *scenario = &universe->scenarios[flight->scenario];
  struct token_description description = {.status = scenario->token_deleted ? TOKEN_DELETED : TOKEN_ACTIVE,
                                          .card = card_described(scenario)};
  if (is_heard(universe, flight) && !crash_point(universe)) {
    if (flight->lost)
      engine_on_lost(universe->engine, router_ms(universe), flight->correlation);
    else
      engine_on_description(universe->engine, router_ms(universe), flight->correlation, flight->status,
                            &description);
  }
  flight_done(&universe->flights, place);
}

/* ---- The line ---- */

void flights_cut(struct universe *universe) {
  for (uint32_t i = 0; i < universe->flights.count; i++) {
    struct flight *flight = &universe->flights.all[i];
    if (flight->events == 0 || flight->line != universe->line || flight->describes || !flight->arrives ||
        flight->taken)
      continue;
    /* Not all that the vault had was with egress yet. */
    struct scenario *scenario = &universe->scenarios[flight->scenario];
    if (!chance_percent(&scenario->chance, 30))
      continue;
    flight->arrives = false;
    if (flight->arrival.operation != OPERATION_STATUS)
      scenario->books.keys[flight->arrival.key].coming--;
  }
  universe->line++;
}
