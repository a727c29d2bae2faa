#include "reasons.h"

#include <string.h>

#include "universe.h"

/* The attempt of that key, by the journal; NULL: none. */
static const struct attempt *attempt_of(const struct scenario *scenario, const char *key) {
  const struct payment *payment = scenario->payment;
  char text[STEP_KEY_CAPACITY];
  for (unsigned i = 0; payment && i < payment->attempt_count; i++) {
    key_of_step(&payment->id, payment->attempts[i].number, text);
    if (strcmp(text, key) == 0)
      return &payment->attempts[i];
  }
  return NULL;
}

static bool was_declined(const struct attempt *attempt) {
  return attempt && attempt->step.status == STEP_FAILED && !attempt->step.by_person &&
         attempt->step.answer.answer == ANSWER_IS_DECLINED;
}

/* ---- While it runs ---- */

void reason_comes(struct universe *universe, const struct scenario *scenario, uint8_t key) {
  struct reasons *reasons = &universe->reasons;
  const struct attempt *attempt = attempt_of(scenario, scenario->books.keys[key].text);
  if (was_declined(attempt) && attempt->step.answer.network_code[0] == '\0')
    violation(universe, scenario->number, "P7: %s was given up as declined before its reply said why",
              scenario->books.keys[key].text);
  if (reasons->count == HEARD_MAX)
    return;
  reasons->heard[reasons->count].scenario = scenario->number;
  reasons->heard[reasons->count++].key = key;
}

void reasons_kept(struct universe *universe) {
  struct reasons *reasons = &universe->reasons;
  for (uint32_t i = 0; i < reasons->count; i++)
    universe->scenarios[reasons->heard[i].scenario].books.keys[reasons->heard[i].key].why_told = true;
  reasons->count = 0;
}

void reasons_lost(struct universe *universe) {
  universe->reasons.count = 0;
}

/* ---- At the end ---- */

static bool is_noted(const struct attempt *attempt, const struct charge *charge) {
  const struct psp_answer *answer = &attempt->step.answer;
  return strcmp(answer->network_code, charge->code) == 0 &&
         strcmp(answer->advice_code, charge->advice ? charge->advice : "") == 0;
}

void check_reasons(struct universe *universe, const struct scenario *scenario) {
  const struct books *books = &scenario->books;
  for (unsigned i = 0; i < books->charge_count; i++) {
    const struct charge *charge = &books->charges[i];
    const struct sent_key *key = &books->keys[charge->key];
    const struct attempt *attempt = attempt_of(scenario, key->text);
    if (key->why_told && charge->status == CHARGE_DECLINED && was_declined(attempt) &&
        !is_noted(attempt, charge))
      violation(universe, scenario->number, "P7: %s was declined with %s %s, and the ledger has %s %s",
                key->text, charge->code, charge->advice ? charge->advice : "",
                attempt->step.answer.network_code, attempt->step.answer.advice_code);
  }
}
