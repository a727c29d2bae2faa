#include "people.h"

#include <stdio.h>
#include <string.h>

#include "merchant.h"
#include "trace.h"
#include "universe.h"

enum { WITHIN_MS = 1000 };

static bool is_unsettled(const struct step *step) {
  return step->status == STEP_UNRESOLVED;
}

/* One that was received, too: nobody need wait for a webhook for ever. */
static bool is_open(const struct movement *movement) {
  return is_unsettled(&movement->step) || movement->received;
}

/* ---- What the PSP's console shows ---- */

static bool look_up_attempt(const struct scenario *scenario, const struct attempt *attempt,
                            struct resolution *resolution) {
  const struct books *books = &scenario->books;
  char key[STEP_KEY_CAPACITY];
  key_of_step(&scenario->payment->id, attempt->number, key);
  resolution->attempt = attempt->number;
  for (unsigned i = 0; i < books->charge_count; i++) {
    const struct charge *charge = &books->charges[i];
    if (strcmp(books->keys[charge->key].text, key) != 0)
      continue;
    if (charge->status == CHARGE_ACTION || charge->status == CHARGE_PENDING)
      return false; /* the PSP does not know it either */
    resolution->succeeded = charge_is_live(charge);
    snprintf(resolution->psp_id, sizeof resolution->psp_id, "c%u", i);
  }
  return true;
}

static bool look_up_movement(const struct scenario *scenario, const struct movement *movement,
                             struct resolution *resolution) {
  const struct books *books = &scenario->books;
  char key[STEP_KEY_CAPACITY];
  key_of_step(&movement->id, 1, key);
  resolution->movement = movement->id;
  for (unsigned i = 0; i < books->booking_count; i++) {
    const struct booking *booking = &books->bookings[i];
    if (strcmp(books->keys[booking->key].text, key) != 0)
      continue;
    if (booking->status == BOOKING_RECEIVED)
      return false;
    resolution->succeeded |= booking->status == BOOKING_DONE;
  }
  return true;
}

/* The first step that is open and of which something can be said. */
static bool look_up(const struct scenario *scenario, struct resolution *ret_resolution) {
  const struct payment *payment = scenario->payment;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    *ret_resolution = (struct resolution){.evidence = "the PSP's console"};
    if (is_unsettled(&payment->attempts[i].step) &&
        look_up_attempt(scenario, &payment->attempts[i], ret_resolution))
      return true;
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    *ret_resolution = (struct resolution){.evidence = "the PSP's console"};
    if (is_open(&payment->movements[i]) && look_up_movement(scenario, &payment->movements[i], ret_resolution))
      return true;
  }
  return false;
}

/* ---- What they say ---- */

static void say(struct universe *universe, struct scenario *scenario, const struct resolution *resolution) {
  struct act act = {.type = ACT_LOOK, .request = ++scenario->looks};
  struct resolution_request request = {.payment = scenario->payment->id, .resolution = *resolution};
  uint64_t ticket = ticket_new(universe, scenario, &act);
  universe->tickets[ticket - 1].person = true;
  merchant_signs(universe, scenario, &act, "person", &request.from);
  tell(universe, scenario->number, "a person says that %s%u %s (ticket %llu)",
       resolution->attempt ? "attempt " : resolution->movement.text, resolution->attempt,
       resolution->succeeded ? "succeeded" : "failed", (unsigned long long)ticket);
  engine_resolve(universe->engine, router_ms(universe), ticket, &request);
}

void person_looks(struct universe *universe, uint32_t number) {
  struct scenario *scenario = &universe->scenarios[number];
  struct resolution resolution;
  books_pass_time(&scenario->books, universe->now_ms);
  if (universe->up && scenario->payment && look_up(scenario, &resolution) && !crash_point(universe))
    say(universe, scenario, &resolution);
}

void person_is_told(struct universe *universe, const struct ticket *ticket,
                    const struct request_answer *answer) {
  const struct scenario *scenario = &universe->scenarios[ticket->scenario];
  bool passing = answer->outcome == REQUEST_STORAGE || answer->outcome == REQUEST_BUSY;
  bool early = answer->outcome == REQUEST_NOT_SETTLED || answer->outcome == REQUEST_INVALID_STATE;
  if (answer->outcome == REQUEST_DONE) {
    universe->words++;
    if (!scenario->payment || !id_equal(&scenario->payment->id, &answer->payment))
      violation(universe, ticket->scenario, "P3: a person's word was taken for another payment");
  } else if (!passing && !early)
    violation(universe, ticket->scenario, "a person's word is refused (%u)", answer->outcome);
}

bool people_look_at_all(struct universe *universe) {
  bool any = false;
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    struct scenario *scenario = &universe->scenarios[i];
    struct resolution resolution;
    books_pass_time(&scenario->books, universe->now_ms);
    if (!scenario->payment || !look_up(scenario, &resolution))
      continue;
    events_add(&universe->events, universe->now_ms + chance_up_to(&scenario->chance, WITHIN_MS), EVENT_LOOK,
               i, 0);
    any = true;
  }
  return any;
}
