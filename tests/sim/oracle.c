#include "oracle.h"

#include <assert.h>
#include <string.h>

#include "change.h"
#include "later_tries.h"
#include "networks.h"
#include "trace.h"
#include "universe.h"

enum {
  MS_PER_S = 1000,
  REBUILT_EVERY = 8 /* universes: the journal is followed entry by entry in all of them */
};

static bool charges(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE;
}

static bool is_unsettled(const struct step *step) {
  return step->status == STEP_PENDING || step->status == STEP_UNRESOLVED;
}

/* ---- What leaves ---- */

static uint64_t print_of(const struct dispatch *dispatch) {
  static uint8_t bytes[MESSAGE_MAX];
  static struct dispatch plain;
  memcpy(&plain, dispatch, offsetof(struct dispatch, fields.bytes));
  memcpy(plain.fields.bytes, dispatch->fields.bytes, dispatch->fields.used);
  plain.replay = plain.security_code_sent = false;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_dispatch(&writer, &plain);
  int r = writer_finish(&writer);
  assert(r == 0);
  uint64_t print = writer_length(&writer), word;
  memset(bytes + writer_length(&writer), 0, sizeof word);
  for (size_t i = 0; i < writer_length(&writer); i += sizeof word) {
    memcpy(&word, bytes + i, sizeof word);
    print = digest_add(print, word);
  }
  return print;
}

/* The record of that key in the durable journal, or NULL. */
static const struct step *step_of(const struct scenario *scenario, const char *key) {
  const struct payment *payment = scenario->payment;
  char text[STEP_KEY_CAPACITY];
  for (unsigned i = 0; payment && i < payment->attempt_count; i++) {
    key_of_step(&payment->id, payment->attempts[i].number, text);
    if (strcmp(text, key) == 0)
      return &payment->attempts[i].step;
  }
  for (unsigned i = 0; payment && i < payment->movement_count; i++) {
    key_of_step(&payment->movements[i].id, 1, text);
    if (strcmp(text, key) == 0)
      return &payment->movements[i].step;
  }
  return NULL;
}

static void check_key(struct universe *universe, struct scenario *scenario, const struct dispatch *dispatch) {
  unsigned place = books_key_made(&scenario->books, dispatch->key, psp_named(dispatch->connector));
  struct sent_key *key = &scenario->books.keys[place];
  uint64_t print = print_of(dispatch);
  if (key->sent && !dispatch->replay)
    violation(universe, scenario->number, "P2: the key %s is dispatched a second time, as new", key->text);
  else if (key->sent && key->print != print)
    violation(universe, scenario->number, "P2: the replay of %s is another request", key->text);
  /* The first may be a replay: a router that is killed between commit and send cannot know whether it sent.
   */
  key->sent = true;
  key->print = print;
  key->operation = dispatch->operation;
  key->amount = dispatch->amount.minor;
}

/* A copy that still comes finds the key known, and makes nothing. */
static bool is_spent(const struct books *books, unsigned key) {
  bool made = false;
  for (unsigned i = 0; i < books->charge_count; i++)
    made |= books->charges[i].key == key;
  return books->keys[key].kept && (made || psp_at(books->keys[key].psp)->stores_errors);
}

/* No other attempt is live, or may become so by what is still under way. */
static void check_alone(struct universe *universe, struct scenario *scenario,
                        const struct dispatch *dispatch) {
  const struct books *books = &scenario->books;
  for (unsigned i = 0; i < books->charge_count; i++) {
    const struct charge *charge = &books->charges[i];
    if (charge_is_live(charge) && strcmp(books->keys[charge->key].text, dispatch->key) != 0)
      violation(universe, scenario->number, "P2: %s is sent while %s is live", dispatch->key,
                books->keys[charge->key].text);
  }
  for (unsigned i = 0; i < books->key_count; i++) {
    const struct sent_key *key = &books->keys[i];
    if (charges(key->operation) && key->coming > 0 && !is_spent(books, i) &&
        strcmp(key->text, dispatch->key) != 0)
      violation(universe, scenario->number, "P2: %s is sent while %s may still arrive", dispatch->key,
                key->text);
  }
}

void check_dispatch(struct universe *universe, struct scenario *scenario, const struct dispatch *dispatch) {
  const struct step *step = step_of(scenario, dispatch->key);
  books_pass_time(&scenario->books, universe->now_ms);
  if (!step || !is_unsettled(step))
    violation(universe, scenario->number, "P1: %s leaves, and no durable record says so", dispatch->key);
  else if (dispatch->replay && step->replays == 0)
    violation(universe, scenario->number, "P1: a replay of %s leaves, and no record says so", dispatch->key);
  check_key(universe, scenario, dispatch);
  if (!charges(dispatch->operation))
    return;
  check_alone(universe, scenario, dispatch);
  check_networks(universe, scenario, dispatch);
}

/* ---- What a PSP made ---- */

static void check_movements(struct universe *universe, const struct scenario *scenario) {
  const struct books *books = &scenario->books;
  if (books->booking_count == 0)
    return;
  const struct booking *last = &books->bookings[books->booking_count - 1U];
  if (last->status == BOOKING_REFUSED)
    return;
  for (const struct booking *other = books->bookings; other < last; other++) {
    if (other->key == last->key && other->status != BOOKING_REFUSED)
      violation(universe, scenario->number, "P3: %s of %s is booked twice", operation_name(last->operation),
                books->keys[last->key].text);
  }
}

void check_charges(struct universe *universe, struct scenario *scenario) {
  if (books_live(&scenario->books) > 1)
    violation(universe, scenario->number, "P4: two live charges of one payment");
  if (scenario->books.overdrawn > 0)
    violation(universe, scenario->number, "P5: a PSP was asked to move more than there is");
  if (scenario->books.strayed)
    violation(universe, scenario->number, "a movement names no charge of the PSP's");
  check_movements(universe, scenario);
}

/* ---- What may stay open ---- */

/* Whether the same request may not be sent again: its outcome is then a webhook's or a person's to tell. */
static bool is_past_replay(const struct universe *universe, const struct scenario *scenario,
                           const struct step *step, unsigned psp, bool attempt) {
  int64_t end_ms = router_ms(universe) + step->timeout_ms + MS_PER_S + psp_at(psp)->facts.settling_ms;
  int64_t lifetime_ms = (int64_t)psp_at(psp)->facts.key_lifetime_s * MS_PER_S;
  uint8_t hash[SHEET_HASH_BYTES];
  memset(hash, (int)universe->pinned[psp], sizeof hash);
  if (step->replay_over || step->replays == UINT8_MAX || end_ms >= step->started_ms + lifetime_ms ||
      memcmp(hash, step->sheet_hash, sizeof hash) != 0)
    return true;
  return attempt && scenario->payment->late_void && router_ms(universe) >= scenario->payment->deadline_ms;
}

/* A PSP that says the same again and again, and it proves nothing. */
static bool is_muddled(const struct sent_key *key) {
  enum answer answer = key->word.answer;
  return key->muddled || (key->kept && (answer == ANSWER_IS_ACTION || answer == ANSWER_IS_PENDING));
}

static const struct charge *charge_of_key(const struct books *books, unsigned key) {
  for (unsigned i = 0; i < books->charge_count; i++) {
    if (books->charges[i].key == key)
      return &books->charges[i];
  }
  return NULL;
}

static bool is_booked(const struct books *books, unsigned key) {
  for (unsigned i = 0; i < books->booking_count; i++) {
    if (books->bookings[i].key == key)
      return true;
  }
  return charge_of_key(books, key) != NULL;
}

static bool awaits_customer(const struct books *books, unsigned key) {
  const struct charge *charge = charge_of_key(books, key);
  return charge && (charge->status == CHARGE_ACTION || charge->status == CHARGE_PENDING) &&
         charge->decides_ms == INT64_MAX;
}

/* Whether a step without an end is one that no question can settle. */
static bool may_stay_open(const struct universe *universe, const struct scenario *scenario,
                          const struct step *step, const char *key_text, unsigned psp, bool attempt) {
  const struct books *books = &scenario->books;
  const struct sheet_facts *facts = &psp_at(psp)->facts;
  unsigned key = books_key(books, key_text);
  enum question question = attempt ? facts->question : facts->movement_question;
  bool proof = attempt ? facts->absent_is_proof : facts->movement_absent_is_proof;
  if (key < KEYS_MAX && awaits_customer(books, key))
    return true;
  if (question == QUESTION_STATUS)
    return !proof && (key == KEYS_MAX || !is_booked(books, key));
  return is_past_replay(universe, scenario, step, psp, attempt) ||
         (key < KEYS_MAX && is_muddled(&books->keys[key]));
}

static bool attempt_rests(const struct universe *universe, const struct scenario *scenario,
                          const struct attempt *attempt) {
  char key[STEP_KEY_CAPACITY];
  key_of_step(&scenario->payment->id, attempt->number, key);
  if (!is_unsettled(&attempt->step))
    return true;
  return !attempt->awaits_action && attempt->step.attention_ms != 0 &&
         may_stay_open(universe, scenario, &attempt->step, key, psp_named(attempt->connector), true);
}

/* Received, its webhook never comes, and a person was told so: in time, and no earlier. */
static bool awaits_a_person(const struct universe *universe, const struct scenario *scenario,
                            const struct movement *movement, const char *key_text) {
  unsigned key = books_key(&scenario->books, key_text);
  int64_t due_ms = movement->step.started_ms + universe->options.received_ms;
  return key < KEYS_MAX && books_silent(&scenario->books, key) && movement->step.attention_ms >= due_ms;
}

static bool movement_rests(const struct universe *universe, const struct scenario *scenario,
                           const struct movement *movement) {
  char key[STEP_KEY_CAPACITY];
  unsigned psp = psp_named(scenario->payment->attempts[movement->attempt - 1].connector);
  key_of_step(&movement->id, 1, key);
  if (!is_unsettled(&movement->step))
    return true;
  if (movement->received)
    return awaits_a_person(universe, scenario, movement, key);
  return movement->step.attention_ms != 0 &&
         may_stay_open(universe, scenario, &movement->step, key, psp, false);
}

/* Nothing is sent to a connector that is disabled. */
static bool cannot_undo(const struct universe *universe, const struct payment *payment) {
  unsigned psp = psp_named(payment_live_attempt(payment)->connector);
  return universe->statuses[psp] == CONNECTOR_DISABLED;
}

bool scenario_rests(const struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  if (!payment)
    return true;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (!attempt_rests(universe, scenario, &payment->attempts[i]))
      return false;
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (!movement_rests(universe, scenario, &payment->movements[i]))
      return false;
  }
  if (payment->status == PAYMENT_SCHEDULED)
    return false;
  return !payment_wants_undo(payment) || cannot_undo(universe, payment);
}

/* ---- The end ---- */

/* What movements of that type came to: surely, and at most. */
static void sum_movements(const struct payment *payment, enum movement_type type, int64_t *ret_sure,
                          int64_t *ret_most) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->type != type || movement->step.status == STEP_FAILED)
      continue;
    *ret_most += movement->step.amount;
    if (movement->step.status == STEP_SUCCEEDED)
      *ret_sure += movement->step.amount;
  }
}

static void check_sum(struct universe *universe, const struct scenario *scenario, enum movement_type type,
                      int64_t before, int64_t truth, int64_t told) {
  int64_t sure = before, most = before;
  sum_movements(scenario->payment, type, &sure, &most);
  if (told != sure)
    violation(universe, scenario->number, "P5: %s: the ledger's sum is not that of its movements",
              movement_type_name(type));
  if (truth < sure || truth > most)
    violation(universe, scenario->number, "P5: %s: the PSP has %lld, the ledger %lld to %lld",
              movement_type_name(type), (long long)truth, (long long)sure, (long long)most);
}

static bool is_voiding(const struct payment *payment) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (payment->movements[i].type == MOVEMENT_VOID && is_unsettled(&payment->movements[i].step))
      return true;
  }
  return false;
}

static void check_live(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  const struct charge *charge = books_live_charge(&scenario->books);
  const struct attempt *live = payment_live_attempt(payment);
  if (!charge) {
    if (!is_voiding(payment))
      violation(universe, scenario->number, "the ledger has a live charge, and no PSP has");
    return;
  }
  if (psp_named(live->connector) != charge->psp || charge->amount != live->step.amount)
    violation(universe, scenario->number, "the ledger has another charge than the PSP");
  if (charge->status == CHARGE_ACTION || charge->status == CHARGE_PENDING)
    violation(universe, scenario->number, "the ledger has a charge that is not decided");
  check_sum(universe, scenario, MOVEMENT_CAPTURE, live->captured ? live->step.amount : 0, charge->captured,
            payment->amount_captured);
  check_sum(universe, scenario, MOVEMENT_REFUND, 0, charge->refunded, payment->amount_refunded);
}

/* As many movements as merchants asked for, and no more. */
static void check_asked(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  unsigned made[MOVEMENT_TYPE_COUNT] = {0}, asked[MOVEMENT_TYPE_COUNT] = {0};
  for (unsigned i = 0; i < payment->movement_count; i++)
    made[payment->movements[i].type] += !payment->movements[i].own;
  for (unsigned i = 1; i < scenario->asked_count; i++)
    asked[scenario->asked[i].type] += scenario->asked[i].sent[0] || scenario->asked[i].sent[1];
  for (unsigned i = 1; i < MOVEMENT_TYPE_COUNT; i++) {
    if (made[i] > asked[i])
      violation(universe, scenario->number, "P3: %u movements of a kind were asked for, %u were made",
                asked[i], made[i]);
  }
}

static void check_told(struct universe *universe, const struct scenario *scenario) {
  for (unsigned i = 0; i < scenario->asked_count; i++) {
    const struct asked *asked = &scenario->asked[i];
    if (!asked->owner)
      continue;
    bool there = scenario->payment && (id_equal(&scenario->payment->id, &asked->object) ||
                                       payment_movement(scenario->payment, &asked->object) != NULL);
    if (!there)
      violation(universe, scenario->number, "P3: what was acknowledged is not there");
  }
}

static void check_status(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  const struct charge *charge = books_live_charge(&scenario->books);
  switch (payment->status) {
  case PAYMENT_AUTHORIZED:
  case PAYMENT_PARTIALLY_CAPTURED:
  case PAYMENT_CAPTURED:
    check_live(universe, scenario);
    return;
  case PAYMENT_VOIDED:
  case PAYMENT_DECLINED:
  case PAYMENT_FAILED:
    if (charge)
      violation(universe, scenario->number, "the payment is %s, and a charge is live",
                payment_status_name(payment->status));
    return;
  case PAYMENT_REQUIRES_ACTION:
    violation(universe, scenario->number, "a customer is waited for still");
    return;
  case PAYMENT_SCHEDULED:
    violation(universe, scenario->number, "a later try is planned still, and never comes");
    return;
  case PAYMENT_UNRESOLVED: /* scenario_rests() says whether it may be */
    return;
  case PAYMENT_PROCESSING:
  case PAYMENT_STATUS_COUNT:
    violation(universe, scenario->number, "the payment is still being processed");
  }
}

/* What the PSP itself does not know yet may be open at the end; and nobody that keeps its word is held to
 * have lied. */
static void check_ends(struct universe *universe, const struct scenario *scenario) {
  const struct payment *payment = scenario->payment;
  char key[STEP_KEY_CAPACITY];
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    key_of_step(&payment->id, attempt->number, key);
    unsigned place = books_key(&scenario->books, key);
    if (attempt->surplus)
      violation(universe, scenario->number, "an attempt that failed is held to be approved");
    if (is_unsettled(&attempt->step) && (place == KEYS_MAX || !awaits_customer(&scenario->books, place)))
      violation(universe, scenario->number, "an attempt is open, and people have looked");
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (is_unsettled(&payment->movements[i].step))
      violation(universe, scenario->number, "a movement is open, and people have looked");
    else if (payment->movements[i].step.attention_ms != 0)
      violation(universe, scenario->number, "a movement has ended, and is before a person");
  }
}

static void check_scenario(struct universe *universe, struct scenario *scenario) {
  books_pass_time(&scenario->books, universe->now_ms);
  check_charges(universe, scenario);
  check_told(universe, scenario);
  if (!scenario->payment) {
    if (scenario->books.key_count > 0)
      violation(universe, scenario->number, "something was sent for a payment that does not exist");
    return;
  }
  check_ends(universe, scenario);
  check_status(universe, scenario);
  check_asked(universe, scenario);
  check_given_up(universe, scenario);
  check_reasons(universe, scenario);
  check_later_end(universe, scenario);
}

static bool tables_equal(struct store *left, struct store *right, unsigned table) {
  struct view left_key, left_value, right_key, right_value;
  uint8_t key[STORE_KEY_MAX] = {0};
  size_t length = 0;
  for (;;) {
    int l = store_next(left, table, key, length, false, &left_key, &left_value);
    int r = store_next(right, table, key, length, false, &right_key, &right_value);
    if (l != 0 || r != 0)
      return l == STORE_ABSENT && r == STORE_ABSENT;
    if (left_key.length != right_key.length || left_value.length != right_value.length ||
        memcmp(left_key.bytes, right_key.bytes, left_key.length) != 0 ||
        memcmp(left_value.bytes, right_value.bytes, left_value.length) != 0)
      return false;
    memcpy(key, left_key.bytes, left_key.length);
    length = left_key.length;
  }
}

static void check_rebuild(struct universe *universe) {
  static const uint8_t key[LEDGER_KEY_BYTES] = "the key of a simulated ledger";
  struct store *store;
  struct ledger *ledger;
  uint64_t entries = 0;
  int r = store_open_memory(ledger_tables, &store);
  assert(r == 0);
  r = ledger_open(store, key, &universe->options.draws, &ledger);
  assert(r == 0);
  r = payments_rebuild(universe->ledger, ledger, &entries);
  if (r < 0 || entries + 1 != universe->next_entry)
    violation(universe, NOBODY, "P3: the journal cannot be rebuilt from (%d)", r);
  else if (!tables_equal(universe->store, store, LEDGER_PAYMENTS) ||
           !tables_equal(universe->store, store, LEDGER_OPEN) ||
           !tables_equal(universe->store, store, LEDGER_MOVEMENTS) ||
           !tables_equal(universe->store, store, LEDGER_CARD_USES) ||
           !tables_equal(universe->store, store, LEDGER_AWAITED) ||
           !tables_equal(universe->store, store, LEDGER_SCHEDULED))
    violation(universe, NOBODY, "P3: the journal rebuilds another ledger");
  ledger_free(ledger);
  store_close(store);
}

static void check_tickets(struct universe *universe) {
  for (uint64_t i = 0; i < universe->ticket_count; i++) {
    if (!universe->tickets[i].over)
      violation(universe, universe->tickets[i].scenario, "a request was never answered (ticket %llu)",
                (unsigned long long)i + 1);
  }
}

/* Before all else: people look when everything rests. */
static void check_rest(struct universe *universe) {
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    if (!scenario_rests(universe, &universe->scenarios[i]))
      violation(universe, i, "the payment is stuck");
  }
}

/* All has been quiet for long: whatever was out is tried again by now, and every drill is over. */
static void check_gates(struct universe *universe) {
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    const char *connector = psp_connector(i);
    if (engine_connector_gate(universe->engine, connector)->state == GATE_OUT)
      violation(universe, NOBODY, "%s was taken out, and is never tried again", connector);
    if (engine_drill_runs(universe->engine, connector) || universe->drilled[i])
      violation(universe, NOBODY, "a drill of %s goes on for ever", connector);
  }
}

static bool waits_for_a_person(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++)
    if (payment->attempts[i].step.attention_ms != 0)
      return true;
  for (unsigned i = 0; i < payment->movement_count; i++)
    if (payment->movements[i].step.attention_ms != 0)
      return true;
  return false;
}

/* Of what was put before a person, as an approval that cannot be undone, the engine need not ask any more. */
static bool wants_a_question(const struct payment *payment) {
  return payment_has_work(payment) && !waits_for_a_person(payment);
}

void check_end(struct universe *universe) {
  bool open = false;
  check_gates(universe);
  check_tickets(universe);
  check_rest(universe);
  for (uint32_t i = 0; i < universe->genesis.scenarios && !universe->failed; i++) {
    check_scenario(universe, &universe->scenarios[i]);
    open |= universe->scenarios[i].payment && wants_a_question(universe->scenarios[i].payment);
  }
  if (!universe->failed && open && engine_due(universe->engine) < 0)
    violation(universe, NOBODY, "a payment is open, and no question is scheduled");
  if (!universe->failed && universe->genesis.number % REBUILT_EVERY == 0)
    check_rebuild(universe);
}
