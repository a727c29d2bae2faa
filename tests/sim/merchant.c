#include "merchant.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cards.h"
#include "people.h"
#include "trace.h"
#include "universe.h"

enum {
  SECOND = 1000,
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE,
  AMOUNT_MAX = 100000,
  TRIES_MAX = 12,
  RENEWALS = 12,  /* of a hundred payments */
  CANCELLED = 15, /* of a hundred requests for what is scheduled */
  FIRST_TICKETS = 4096
};

/* ---- What a scenario is ---- */

static struct id token_of(struct universe *universe, uint32_t number) {
  uint8_t bytes[ID_RANDOM_BYTES];
  struct id token;
  do {
    chance_fill(&universe->draws_chance, bytes, sizeof bytes);
    bytes[0] = (uint8_t)(number >> 8);
    bytes[1] = (uint8_t)number;
  } while (id_from_any_bytes("tok", bytes, &token) < 0);
  return token;
}

static void draw_temper(struct scenario *scenario) {
  static const unsigned tempers[] = {0, 0, 5, 15, 40};
  static const unsigned errors[] = {0, 0, 2, 10, 30};
  struct chance *chance = &scenario->chance;
  scenario->faults = tempers[chance_below(chance, sizeof tempers / sizeof *tempers)];
  scenario->manners.errors = errors[chance_below(chance, sizeof errors / sizeof *errors)];
  scenario->manners.declines = chance_percent(chance, 50) ? 10 : 40;
}

static void draw_payment(struct universe *universe, struct scenario *scenario) {
  struct chance *chance = &scenario->chance;
  scenario->token = token_of(universe, scenario->number);
  scenario->amount = 1 + chance_up_to(chance, AMOUNT_MAX);
  scenario->renewal = chance_percent(chance, RENEWALS);
  card_draw(universe, scenario);
  scenario->capture_manual = chance_percent(chance, 60);
  scenario->retry_none = chance_percent(chance, 10);
  scenario->late_void = chance_percent(chance, 20);
  scenario->personal = chance_percent(chance, 10);
  scenario->deadline_ms = (uint32_t)(SECOND + chance_up_to(chance, 2 * MINUTE));
  if (chance_percent(chance, 30)) {
    scenario->security_code = draw_id(&universe->options.draws, "cvc", universe->now_ms);
    scenario->code_until_ms = universe->now_ms + chance_up_to(chance, HOUR);
  }
  /* Schedules are the policies'. */
  scenario->psp_count =
      scenario->renewal || chance_percent(chance, 20) ? 0 : (uint8_t)(1 + chance_below(chance, 4));
  for (unsigned i = 0; i < scenario->psp_count; i++)
    scenario->psps[i] = (uint8_t)chance_below(chance, PSP_COUNT);
}

static void add_act(struct universe *universe, struct scenario *scenario, int64_t at_ms,
                    const struct act *act) {
  if (scenario->act_count == ACTS_MAX)
    return;
  scenario->acts[scenario->act_count] = *act;
  events_add(&universe->events, at_ms, EVENT_MERCHANT, scenario->number, scenario->act_count++);
}

/* Again with the same key: at once, or after a while; seldom with another body. */
static void add_repeats(struct universe *universe, struct scenario *scenario, int64_t at_ms,
                        uint8_t request) {
  struct chance *chance = &scenario->chance;
  while (chance_percent(chance, 30)) {
    struct act again = {.type = ACT_ASK, .request = request, .other_body = chance_percent(chance, 10)};
    int64_t within_ms = chance_percent(chance, 40) ? 50 : chance_percent(chance, 70) ? MINUTE : HOUR;
    add_act(universe, scenario, at_ms + chance_up_to(chance, within_ms), &again);
  }
}

static uint8_t add_move(struct scenario *scenario) {
  struct chance *chance = &scenario->chance;
  struct asked *asked = &scenario->asked[scenario->asked_count];
  *asked = (struct asked){.type = (enum movement_type)(1 + chance_below(chance, 3))};
  if (!scenario->capture_manual && chance_percent(chance, 80))
    asked->type = MOVEMENT_REFUND;
  if (asked->type != MOVEMENT_VOID && chance_percent(chance, 60))
    asked->amount = 1 + chance_up_to(chance, scenario->amount);
  asked->final = chance_percent(chance, 50);
  return scenario->asked_count++;
}

static int64_t moment(struct chance *chance) {
  static const int64_t spans[] = {100, SECOND, 30 * SECOND, 5 * MINUTE, HOUR};
  return chance_up_to(chance, spans[chance_below(chance, sizeof spans / sizeof *spans)]);
}

static void draw_moves(struct universe *universe, struct scenario *scenario, int64_t at_ms) {
  struct chance *chance = &scenario->chance;
  unsigned count = (unsigned)chance_below(chance, 4);
  if (chance_percent(chance, 5))
    count = MOVES_MAX;
  while (count-- > 0 && scenario->asked_count < REQUESTS_MAX) {
    struct act act = {.type = ACT_ASK, .request = add_move(scenario)};
    if (chance_percent(chance, 30) &&
        scenario->trigger_count < sizeof scenario->triggers / sizeof *scenario->triggers) {
      scenario->triggers[scenario->trigger_count].dispatch = (uint8_t)(1 + chance_below(chance, 5));
      scenario->triggers[scenario->trigger_count++].request = act.request;
      continue;
    }
    int64_t when_ms = at_ms + moment(chance);
    add_act(universe, scenario, when_ms, &act);
    add_repeats(universe, scenario, when_ms, act.request);
  }
}

void scenario_draw(struct universe *universe, struct scenario *scenario, int64_t from_ms, int64_t to_ms) {
  struct chance *chance = &scenario->chance;
  int64_t at_ms = from_ms + chance_up_to(chance, to_ms - from_ms);
  struct act pay = {.type = ACT_ASK}, forget = {.type = ACT_DELETE_TOKEN},
             erase = {.type = ACT_ERASE_CUSTOMER}, look = {.type = ACT_LOOK};
  draw_temper(scenario);
  draw_payment(universe, scenario);
  at_ms = card_moment(universe, scenario, from_ms, at_ms);
  scenario->asked_count = 1;
  scenario->asked[0] = (struct asked){.amount = scenario->amount};
  add_act(universe, scenario, at_ms, &pay);
  add_repeats(universe, scenario, at_ms, 0);
  draw_moves(universe, scenario, at_ms);
  if (chance_percent(chance, 4))
    add_act(universe, scenario, at_ms + moment(chance), &forget);
  for (unsigned looks = 0; looks < 3 && chance_percent(chance, 20); looks++)
    add_act(universe, scenario, at_ms + moment(chance), &look);
  if (scenario->personal && chance_percent(chance, 30))
    add_act(universe, scenario, at_ms + moment(chance), &erase);
}

/* ---- What it does ---- */

uint64_t ticket_new(struct universe *universe, const struct scenario *scenario, const struct act *act) {
  if (universe->ticket_count == universe->ticket_capacity) {
    uint64_t capacity = universe->ticket_capacity ? 2 * universe->ticket_capacity : FIRST_TICKETS;
    universe->tickets = reallocarray(universe->tickets, capacity, sizeof *universe->tickets);
    assert(universe->tickets);
    universe->ticket_capacity = capacity;
  }
  universe->tickets[universe->ticket_count] = (struct ticket){.scenario = scenario->number,
                                                              .request = act->request,
                                                              .other_body = act->other_body,
                                                              .tries = act->tries,
                                                              .asked_ms = router_ms(universe)};
  return ++universe->ticket_count; /* tickets count from 1 */
}

void merchant_signs(struct universe *universe, const struct scenario *scenario, const struct act *act,
                    const char *what, struct requester *from) {
  from->merchant = universe->merchant;
  from->actor = universe->actor;
  from->request = draw_id(&universe->options.draws, "req", universe->now_ms);
  from->livemode = false;
  snprintf(from->idempotency_key, sizeof from->idempotency_key, "%s-%u-%u", what, scenario->number,
           act->request);
  memset(from->body_hash, act->other_body ? 2 : 1, sizeof from->body_hash);
}

static void pay(struct universe *universe, const struct scenario *scenario, const struct act *act,
                uint64_t ticket) {
  static struct payment_request request;
  memset(&request, 0, offsetof(struct payment_request, fields.bytes));
  merchant_signs(universe, scenario, act, "order", &request.from);
  request.kind = scenario->renewal ? KIND_RECURRING : KIND_CUSTOMER;
  request.amount = (struct money){.minor = scenario->amount, .currency = "EUR"};
  if (act->other_body)
    request.amount.minor++;
  request.token = scenario->token;
  request.security_code = scenario->security_code;
  request.capture_manual = scenario->capture_manual;
  request.retry_none = scenario->retry_none;
  request.late_void = scenario->late_void;
  request.risk = -1;
  request.deadline_ms = scenario->deadline_ms;
  request.connector_count = scenario->psp_count;
  for (unsigned i = 0; i < scenario->psp_count; i++)
    strcpy(request.connectors[i], psp_connector(scenario->psps[i]));
  if (scenario->personal) {
    int r = request_fields_set(&request.fields, REQUEST_CUSTOMER_NAME, "Ada Lovelace");
    assert(r == 0);
  }
  engine_pay(universe->engine, router_ms(universe), ticket, &request);
}

static void move(struct universe *universe, const struct scenario *scenario, const struct act *act,
                 uint64_t ticket) {
  const struct asked *asked = &scenario->asked[act->request];
  struct movement_request request = {.payment = scenario->payment->id,
                                     .type = asked->type,
                                     .amount = asked->amount,
                                     .amount_given = asked->amount != 0,
                                     .final = asked->final};
  merchant_signs(universe, scenario, act, "order", &request.from);
  if (act->other_body)
    request.final = !request.final;
  engine_move(universe->engine, router_ms(universe), ticket, &request);
}

/* Nobody is there, nothing was answered, or there is no payment to move anything of: later, then, with the
 * same key. */
static void put_off(struct universe *universe, struct scenario *scenario, const struct act *act) {
  struct act again = *act;
  if (again.tries >= TRIES_MAX)
    return;
  int64_t wait_ms = 1 + chance_up_to(&scenario->chance, (int64_t)SECOND << again.tries++);
  add_act(universe, scenario, universe->now_ms + wait_ms, &again);
}

/* Most merchants ask for what can be had. */
static void choose_type(struct scenario *scenario, struct asked *asked) {
  const struct payment *payment = scenario->payment;
  if (asked->sent[0] || asked->sent[1] || !chance_percent(&scenario->chance, 80))
    return;
  if (payment->status == PAYMENT_SCHEDULED)
    asked->type = chance_percent(&scenario->chance, CANCELLED) ? MOVEMENT_VOID : MOVEMENT_REFUND;
  else if (payment->amount_refundable > 0)
    asked->type = MOVEMENT_REFUND;
  else if (payment->amount_capturable > 0)
    asked->type = chance_percent(&scenario->chance, 75) ? MOVEMENT_CAPTURE : MOVEMENT_VOID;
}

static void ask(struct universe *universe, struct scenario *scenario, const struct act *act) {
  static const char *const names[] = {"pay", "capture", "void", "refund"};
  struct asked *asked = &scenario->asked[act->request];
  if (!universe->up || (asked->type && !scenario->payment)) {
    put_off(universe, scenario, act);
    return;
  }
  if (crash_point(universe)) {
    put_off(universe, scenario, act);
    return;
  }
  if (asked->type)
    choose_type(scenario, asked);
  uint64_t ticket = ticket_new(universe, scenario, act);
  tell(universe, scenario->number, "merchant asks to %s %lld, key %u%s (ticket %llu)", names[asked->type],
       (long long)asked->amount, act->request, act->other_body ? ", another body" : "",
       (unsigned long long)ticket);
  asked->sent[act->other_body] = true;
  if (asked->type)
    move(universe, scenario, act, ticket);
  else
    pay(universe, scenario, act, ticket);
  if (universe_is_rough(universe) && chance_percent(&scenario->chance, scenario->faults / 2))
    events_add(&universe->events, universe->now_ms + 1 + chance_up_to(&scenario->chance, 3 * SECOND),
               EVENT_FORGET, (uint32_t)(ticket - 1), 0);
}

static void delete_token(struct universe *universe, struct scenario *scenario) {
  tell(universe, scenario->number, "the token is deleted");
  scenario->token_deleted = true;
}

static void erase_customer(struct universe *universe, struct scenario *scenario) {
  if (!universe->up || !scenario->payment || scenario->payment->customer.text[0] == '\0')
    return;
  tell(universe, scenario->number, "the customer is erased");
  int r = ledger_customer_erase(universe->ledger, &universe->merchant, &scenario->payment->customer);
  if (r < 0)
    violation(universe, scenario->number, "P9: a customer cannot be erased (%d)", r);
}

void merchant_acts(struct universe *universe, uint32_t number, uint32_t act) {
  struct scenario *scenario = &universe->scenarios[number];
  const struct act todo = scenario->acts[act];
  switch (todo.type) {
  case ACT_ASK:
    ask(universe, scenario, &todo);
    return;
  case ACT_DELETE_TOKEN:
    delete_token(universe, scenario);
    return;
  case ACT_ERASE_CUSTOMER:
    erase_customer(universe, scenario);
    return;
  case ACT_LOOK:
    person_looks(universe, number);
    return;
  }
}

void merchant_forgets(struct universe *universe, uint32_t ticket) {
  if (!universe->up || universe->tickets[ticket].over)
    return;
  universe->tickets[ticket].over = universe->tickets[ticket].forgotten = true;
  engine_forget(universe->engine, ticket + 1);
}

void merchant_meddles(struct universe *universe, struct scenario *scenario) {
  scenario->dispatches++;
  for (unsigned i = 0; i < scenario->trigger_count; i++) {
    struct act act = {.type = ACT_ASK, .request = scenario->triggers[i].request};
    if (scenario->triggers[i].dispatch != scenario->dispatches)
      continue;
    int64_t at_ms = universe->now_ms + chance_up_to(&scenario->chance, 60);
    add_act(universe, scenario, at_ms, &act);
    add_repeats(universe, scenario, at_ms, act.request);
  }
}

/* ---- What it is told ---- */

/* The object it was made into, and by whose body: the first word stands for ever (P3). */
static void learn(struct universe *universe, struct scenario *scenario, const struct ticket *ticket,
                  const struct request_answer *answer) {
  struct asked *asked = &scenario->asked[ticket->request];
  const struct id *object = answer->movement.text[0] != '\0' ? &answer->movement : &answer->payment;
  uint8_t owner = ticket->other_body ? 2 : 1;
  if (asked->owner && (asked->owner != owner || !id_equal(&asked->object, object)))
    violation(universe, scenario->number, "P3: one idempotency key, two outcomes (request %u)",
              ticket->request);
  if (asked->owner == 0 && answer->replayed && !(asked->sent[0] || asked->sent[1]))
    violation(universe, scenario->number, "P3: replayed, and was never asked for");
  asked->owner = owner;
  asked->object = *object;
}

/* Some PSPs take back what was done, and say so. */
static bool may_turn(const struct scenario *scenario, const struct movement *movement) {
  return psp_named(scenario->payment->attempts[movement->attempt - 1].connector) == PSP_NOTIFYING;
}

/* What a movement has come to stays so, as far as its PSP stands by it. */
static void note_movement(struct universe *universe, struct scenario *scenario, struct asked *asked,
                          bool open) {
  const struct movement *movement =
      scenario->payment ? payment_movement(scenario->payment, &asked->object) : NULL;
  if (!movement) {
    violation(universe, scenario->number, "P3: told of a movement that the journal does not have");
    return;
  }
  bool failed = movement->step.status == STEP_FAILED;
  bool succeeded = movement->step.status == STEP_SUCCEEDED;
  if (!open && !failed && !succeeded)
    violation(universe, scenario->number, "P3: told that a movement has ended, and the journal has it open");
  if (may_turn(scenario, movement))
    return;
  if ((asked->failed && !failed) || (asked->succeeded && !succeeded))
    violation(universe, scenario->number, "P3: a movement that had ended has another end");
  asked->failed |= failed;
  asked->succeeded |= succeeded;
}

/* Not a movement, but the end of a schedule. */
static void note_cancelled(struct universe *universe, struct scenario *scenario, const struct asked *asked) {
  scenario->cancelled = true;
  if (asked->type != MOVEMENT_VOID || !scenario->payment->concluded)
    violation(universe, scenario->number, "P3: told that it is tried no more, and it has not ended");
}

static void take_done(struct universe *universe, struct scenario *scenario, const struct ticket *ticket,
                      const struct request_answer *answer) {
  struct asked *asked = &scenario->asked[ticket->request];
  learn(universe, scenario, ticket, answer);
  if (!scenario->payment || !id_equal(&scenario->payment->id, &answer->payment))
    violation(universe, scenario->number, "P3: told of a payment that the journal does not have");
  else if (asked->type && answer->movement.text[0] == '\0')
    note_cancelled(universe, scenario, asked);
  else if (asked->type)
    note_movement(universe, scenario, asked, answer->open);
  else if (!answer->open && payment_is_open(scenario->payment))
    violation(universe, scenario->number,
              "P3: told of a payment that has ended, and the journal has it open");
}

static bool is_passing(enum request_outcome outcome) {
  return outcome == REQUEST_STORAGE || outcome == REQUEST_BUSY || outcome == REQUEST_VAULT_AWAY;
}

static void ask_again(struct universe *universe, const struct ticket *ticket) {
  struct scenario *scenario = &universe->scenarios[ticket->scenario];
  struct act again = {
      .type = ACT_ASK, .request = ticket->request, .other_body = ticket->other_body, .tries = ticket->tries};
  if (chance_percent(&scenario->chance, 90))
    put_off(universe, scenario, &again);
}

/* A refusal: of another body only when the first one made something, or is about to. */
static void take_refusal(struct universe *universe, struct scenario *scenario, const struct ticket *ticket,
                         enum request_outcome outcome) {
  const struct asked *asked = &scenario->asked[ticket->request];
  uint8_t owner = ticket->other_body ? 2 : 1;
  if (outcome == REQUEST_KEY_REUSED) {
    if (asked->owner == owner || !asked->sent[!ticket->other_body])
      violation(universe, scenario->number, "P3: refused as another body, and it is the same");
  } else if (is_passing(outcome))
    ask_again(universe, ticket);
  else if (asked->owner)
    violation(universe, scenario->number, "P3: refused (%u), and it had been done", outcome);
}

void merchant_is_told(struct universe *universe, const struct request_answer *answer) {
  assert(answer->ticket >= 1 && answer->ticket <= universe->ticket_count);
  struct ticket *ticket = &universe->tickets[answer->ticket - 1];
  struct scenario *scenario = &universe->scenarios[ticket->scenario];
  tell(universe, ticket->scenario, "merchant is told, ticket %llu: outcome %u%s%s",
       (unsigned long long)answer->ticket, answer->outcome, answer->open ? ", open" : "",
       answer->replayed ? ", replayed" : "");
  if (ticket->over && !ticket->forgotten)
    violation(universe, ticket->scenario, "a request is answered twice");
  ticket->over = true;
  ticket->forgotten = false;
  if (ticket->person)
    person_is_told(universe, ticket, answer);
  else if (answer->outcome == REQUEST_DONE)
    take_done(universe, scenario, ticket, answer);
  else
    take_refusal(universe, scenario, ticket, answer->outcome);
}

void merchants_cut_off(struct universe *universe) {
  for (uint64_t i = 0; i < universe->ticket_count; i++) {
    struct ticket *ticket = &universe->tickets[i];
    if (!ticket->over && !ticket->person)
      ask_again(universe, ticket);
    ticket->over = true;
    ticket->forgotten = false;
  }
}
