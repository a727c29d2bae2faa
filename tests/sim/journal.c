/* The journal against the ledger: what was committed is applied entry by entry, and must come to what is
 * stored. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "engine_parts.h"
#include "oracle.h"
#include "payment_parts.h"
#include "routing.h"
#include "trace.h"
#include "universe.h"

enum {
  CHANGED_MAX = 4096,
  SEAL_LENGTH = 16,
  RETURN_MS = GATE_OUT_LAST_MS + 12 * 60 * 1000 /* a disk is full for ten minutes at most, a sleep as long */
};

static const char *const status_names[] = {"?", "pending", "succeeded", "failed", "unresolved"};

/* ---- Whose payment it is ---- */

static unsigned slot_of(const struct id *payment) {
  uint64_t hash = 0;
  for (const char *at = payment->text; *at; at++)
    hash = hash * 31 + (unsigned char)*at;
  return (unsigned)(digest_add(0, hash) % PAID_SLOTS);
}

void journal_forget(struct universe *universe) {
  memset(universe->paid, 0, sizeof universe->paid);
}

static struct scenario *owner_of(struct universe *universe, const struct id *payment) {
  for (unsigned slot = slot_of(payment); universe->paid[slot]; slot = (slot + 1) % PAID_SLOTS) {
    struct scenario *scenario = &universe->scenarios[universe->paid[slot] - 1];
    if (scenario->payment && id_equal(&scenario->payment->id, payment))
      return scenario;
  }
  return NULL;
}

static struct scenario *owner_of_new(struct universe *universe, const struct payment *payment) {
  uint8_t bytes[ID_RANDOM_BYTES];
  int r = id_parse("tok", payment->token.text, bytes);
  assert(r == 0);
  uint32_t number = (uint32_t)bytes[0] << 8 | bytes[1];
  unsigned slot = slot_of(&payment->id);
  while (universe->paid[slot])
    slot = (slot + 1) % PAID_SLOTS;
  universe->paid[slot] = (uint16_t)(number + 1);
  return &universe->scenarios[number];
}

/* ---- What every payment holds to ---- */

/* What follows from the rest. */
static void forget_gating(struct decision *decision) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    struct candidate *candidate = &decision->candidates[i];
    candidate->canary = false;
    if (candidate->skipped == SKIP_UNHEALTHY || candidate->skipped == SKIP_DRILL ||
        candidate->skipped == SKIP_FLOOR)
      candidate->skipped = SKIP_NONE;
  }
}

/* policy: NULL when the request named the connectors. */
static bool decides_the_same(const struct policy *policy, const struct payment *payment) {
  uint8_t before[DECISION_BYTES_MAX], after[DECISION_BYTES_MAX];
  struct writer first = writer_over(before, sizeof before), second = writer_over(after, sizeof after);
  struct decision again = payment->decision;
  struct request_fields inputs;
  if (payment_inputs(payment, &inputs) != 0)
    return false;
  forget_gating(&again);
  if (policy)
    decide_again(policy, payment, &inputs, &again);
  else
    gate_list(&again);
  write_decision(&first, &payment->decision);
  write_decision(&second, &again);
  return writer_finish(&first) == 0 && writer_finish(&second) == 0 &&
         writer_length(&first) == writer_length(&second) && memcmp(before, after, writer_length(&first)) == 0;
}

/* The same policy and the same facts decide the same, to the byte (P6). */
static void check_decision(struct universe *universe, const struct scenario *scenario) {
  const struct decision *decision = &scenario->payment->decision;
  struct policy_record record;
  struct policy_error error;
  struct policy *policy;
  if (decision->policy.text[0] == '\0') {
    if (!decides_the_same(NULL, scenario->payment))
      violation(universe, scenario->number, "P6: the recorded health leaves others out now");
    return;
  }
  int r = ledger_policy_get(universe->ledger, &universe->merchant, &decision->policy, &record);
  if (r != 0 || memcmp(record.hash, decision->policy_hash, sizeof record.hash) != 0 ||
      policy_parse(record.text, record.text_length, &policy, &error) != 0) {
    violation(universe, scenario->number, "P6: the policy that decided is not in the ledger");
    return;
  }
  bool same = decides_the_same(policy, scenario->payment);
  policy_free(policy);
  if (!same)
    violation(universe, scenario->number, "P6: the recorded policy decides otherwise now");
}

/* ---- Health ---- */

/* Whether a decision may have found the connector so, after what the journal told of it. */
static bool is_as_told(const struct universe *universe, const struct candidate *candidate) {
  unsigned psp = psp_named(candidate->connector);
  if (candidate->health == CANDIDATE_UNUSABLE || psp == PSP_COUNT)
    return candidate->health == CANDIDATE_UNUSABLE;
  if (universe->drilled[psp])
    return candidate->health == CANDIDATE_DRILL;
  switch (universe->told[psp]) {
  case GATE_HEALTHY:
    return candidate->health == CANDIDATE_HEALTHY;
  case GATE_OUT:
    return candidate->health == CANDIDATE_OUT;
  case GATE_PROBING:
    return candidate->health == CANDIDATE_OVERDUE || candidate->health == CANDIDATE_PROBED ||
           candidate->health == CANDIDATE_OUT;
  case GATE_STATE_COUNT:
    break;
  }
  return false;
}

static void check_health(struct universe *universe, const struct scenario *scenario) {
  const struct candidate *candidates = payment_candidates(scenario->payment);
  for (unsigned i = 0; i < scenario->payment->decision.candidate_count; i++) {
    if (!is_as_told(universe, &candidates[i]))
      violation(universe, scenario->number, "a decision takes %s otherwise than the journal told of it",
                candidates[i].connector);
  }
}

static bool same_states(const struct candidate *left, const struct candidate *right, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (strcmp(left[i].connector, right[i].connector) != 0 || left[i].skipped != right[i].skipped ||
        left[i].canary != right[i].canary)
      return false;
  }
  return true;
}

/* A later round has the decision's list, and leaves out of it whom the health that it records leaves out. */
static void check_round(struct universe *universe, const struct scenario *scenario) {
  struct decision again = scenario->payment->decision;
  memcpy(again.candidates, scenario->payment->round.candidates, sizeof again.candidates);
  forget_gating(&again);
  gate_list(&again);
  for (unsigned i = 0; i < again.candidate_count; i++)
    memcpy(again.candidates[i].connector, scenario->payment->decision.candidates[i].connector,
           sizeof again.candidates[i].connector);
  if (!same_states(again.candidates, scenario->payment->round.candidates, again.candidate_count))
    violation(universe, scenario->number, "P6: a later round leaves others out than it records");
  check_health(universe, scenario);
}

static bool follows(enum gate_state before, enum connector_change change) {
  return change == CONNECTOR_WENT_OUT ? before != GATE_OUT
         : change == CONNECTOR_PROBED ? before == GATE_OUT
                                      : before == GATE_PROBING;
}

static void apply_connector(struct universe *universe, const struct journal_entry *entry) {
  static struct connector_entry read;
  if (connector_entry_read(entry, &read) != 0 || psp_named(read.connector) == PSP_COUNT) {
    violation(universe, NOBODY, "an entry about a connector cannot be read");
    return;
  }
  unsigned psp = psp_named(read.connector);
  tell(universe, NOBODY, "journal: %s, change %u, %u faults of %u", read.connector, read.change,
       read.figures.faults, read.figures.requests);
  if (read.change == CONNECTOR_DRILL_BEGAN || read.change == CONNECTOR_DRILL_ENDED) {
    universe->drilled[psp] = read.change == CONNECTOR_DRILL_BEGAN;
    return;
  }
  if (!follows(universe->told[psp], read.change))
    violation(universe, NOBODY, "%s cannot become that now", read.connector);
  universe->told[psp] = read.change == CONNECTOR_WENT_OUT ? GATE_OUT
                        : read.change == CONNECTOR_PROBED ? GATE_PROBING
                                                          : GATE_HEALTHY;
  universe->told_ms[psp] = router_ms(universe);
}

/* What is out is tried again, as soon as there is a disk to write that to. */
static void check_return(struct universe *universe) {
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    if (universe->told[i] == GATE_OUT && router_ms(universe) - universe->told_ms[i] > RETURN_MS)
      violation(universe, NOBODY, "%s was taken out, and is never tried again", psp_connector(i));
  }
}

/* It goes where the list leads that was decided when it began, whatever was published since: one version of a
 * policy, whole. Each round goes through it from the beginning. */
static bool follows_its_list(const struct payment *payment) {
  const struct candidate *candidates = payment_candidates(payment);
  unsigned place = 0, count = payment->decision.candidate_count;
  unsigned first = payment->attempt_count - payment_round_attempts(payment);
  for (unsigned i = first; i < payment->attempt_count; i++, place++) {
    while (place < count && candidates[place].skipped != SKIP_NONE)
      place++;
    if (place >= count || strcmp(candidates[place].connector, payment->attempts[i].connector) != 0)
      return false;
  }
  return true;
}

/* ---- Sums ---- */

static unsigned live_attempts(const struct payment *payment) {
  unsigned live = 0;
  for (unsigned i = 0; i < payment->attempt_count; i++)
    live += payment->attempts[i].step.status != STEP_FAILED;
  return live;
}

/* Sums of money, and one attempt at a time (P4, P5). */
static void check_payment(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  if (payment->amount_captured < 0 || payment->amount_refunded < 0 || payment->amount_capturable < 0 ||
      payment->amount_refundable < 0 || payment->amount_captured > payment->amount ||
      payment->amount_captured + payment->amount_capturable > payment->amount ||
      payment->amount_refunded + payment->amount_refundable > payment->amount)
    violation(universe, scenario->number, "P5: the sums of a payment do not hold");
  if (live_attempts(payment) > 1)
    violation(universe, scenario->number, "P4: two attempts are open or live in the journal");
  if (!follows_its_list(payment))
    violation(universe, scenario->number, "P6: an attempt is not where the list leads that was decided");
}

/* The stored record, as it lies there; its seal comes after it and is checked whenever the engine reads it.
 */
static int get_stored(const struct universe *universe, const struct payment *payment,
                      struct view *ret_stored) {
  uint8_t key[2 * ID_RANDOM_BYTES];
  if (id_parse("mer", payment->merchant.text, key) < 0 ||
      id_parse("pay", payment->id.text, key + ID_RANDOM_BYTES) < 0)
    return LEDGER_ABSENT;
  return store_get(universe->store, LEDGER_PAYMENTS, key, sizeof key, ret_stored);
}

static void check_stored(struct universe *universe, const struct scenario *scenario) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct view stored;
  write_payment(&writer, scenario->payment);
  size_t length = writer_length(&writer);
  if (get_stored(universe, scenario->payment, &stored) != 0 || stored.length != length + SEAL_LENGTH ||
      memcmp(stored.bytes, bytes, length) != 0)
    violation(universe, scenario->number, "P3: the journal does not come to what is stored");
}

/* ---- Following ---- */

static void tell_payment(const struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  if (!universe->genesis.trace)
    return;
  tell(universe, scenario->number, "journal: payment %s, captured %lld, refunded %lld",
       payment_status_name(payment->status), (long long)payment->amount_captured,
       (long long)payment->amount_refunded);
  for (unsigned i = 0; i < payment->attempt_count; i++)
    tell(universe, scenario->number, "         attempt %u at %s: %s", i + 1, payment->attempts[i].connector,
         status_names[payment->attempts[i].step.status]);
  for (unsigned i = 0; i < payment->movement_count; i++)
    tell(universe, scenario->number, "         %s %s, %lld: %s%s",
         movement_type_name(payment->movements[i].type), payment->movements[i].id.text,
         (long long)payment->movements[i].step.amount, status_names[payment->movements[i].step.status],
         payment->movements[i].received ? ", received" : "");
}

static struct scenario *apply_created(struct universe *universe, const struct journal_entry *entry) {
  struct payment *payment = NULL;
  if (entry_apply(entry, &payment) != 0) {
    payment_free(payment);
    return NULL;
  }
  struct scenario *scenario = owner_of_new(universe, payment);
  if (scenario->payment) {
    payment_free(payment);
    violation(universe, scenario->number, "P3: one idempotency key made two payments");
    return NULL;
  }
  scenario->payment = payment;
  check_decision(universe, scenario);
  check_health(universe, scenario);
  return scenario;
}

static struct scenario *apply(struct universe *universe, const struct journal_entry *entry) {
  struct id merchant, payment;
  uint64_t previous;
  if (entry_subject(entry, &merchant, &payment, &previous) != 0)
    return NULL;
  if (previous == 0)
    return apply_created(universe, entry);
  struct scenario *scenario = owner_of(universe, &payment);
  if (!scenario)
    return NULL;
  unsigned round = scenario->payment->round.number;
  if (entry_apply(entry, &scenario->payment) != 0)
    return NULL;
  if (scenario->payment->round.number != round)
    check_round(universe, scenario);
  return scenario;
}

static void check_changed(struct universe *universe, struct scenario *const *changed, unsigned count) {
  for (unsigned i = 0; i < count && !universe->failed; i++) {
    check_payment(universe, changed[i]);
    check_stored(universe, changed[i]);
    tell_payment(universe, changed[i]);
  }
}

void journal_follow(struct universe *universe) {
  static struct scenario *changed[CHANGED_MAX];
  struct journal_entry entry;
  unsigned count = 0;
  if (ledger_pending(universe->ledger))
    return; /* only what is durable counts */
  while (!universe->failed && ledger_entry(universe->ledger, universe->next_entry, &entry) == 0) {
    if (entry.sequence != universe->next_entry++)
      violation(universe, NOBODY, "the journal has a gap");
    universe->entries++;
    if (entry.type == JOURNAL_CONNECTOR)
      apply_connector(universe, &entry);
    if (entry.type != JOURNAL_PAYMENT)
      continue;
    struct scenario *scenario = apply(universe, &entry);
    if (!scenario)
      violation(universe, NOBODY, "P3: an entry of the journal cannot be applied");
    else if (count < CHANGED_MAX && (count == 0 || changed[count - 1] != scenario))
      changed[count++] = scenario;
  }
  check_return(universe);
  check_changed(universe, changed, count);
}

/* Everything that was durable is there still, and what was being written is there whole or not at all. */
void check_restart(struct universe *universe) {
  struct journal_entry entry;
  uint64_t last = universe->next_entry - 1;
  if (last > 0 && (ledger_entry(universe->ledger, last, &entry) != 0 || entry.sequence != last)) {
    violation(universe, NOBODY, "P3: entries of the journal that were durable are gone after a crash");
    return;
  }
  journal_follow(universe);
}
