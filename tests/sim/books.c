#include "books.h"

#include <assert.h>
#include <string.h>

enum { SOON_MS = 600000, TURN_MS = 900000, HTTP_OK = 200, MS_PER_S = 1000, PERCENT_SILENT = 10 };

void books_clear(struct books *books) {
  books->key_count = books->charge_count = books->booking_count = books->overdrawn = 0;
  books->gave_back = books->strayed = false;
}

void key_of_step(const struct id *object, unsigned number, char ret_key[STEP_KEY_CAPACITY]) {
  assert(number < 100);
  char *end = stpcpy(ret_key, object->text);
  *end++ = '_';
  if (number >= 10)
    *end++ = (char)('0' + number / 10);
  *end++ = (char)('0' + number % 10);
  *end = '\0';
}

unsigned books_key(const struct books *books, const char *key) {
  for (unsigned i = books->key_count; i > 0; i--) {
    if (strcmp(books->keys[i - 1].text, key) == 0)
      return i - 1;
  }
  return KEYS_MAX;
}

unsigned books_key_made(struct books *books, const char *key, unsigned psp) {
  unsigned place = books_key(books, key);
  if (place < KEYS_MAX)
    return place;
  assert(books->key_count < KEYS_MAX && psp < PSP_COUNT);
  struct sent_key *made = &books->keys[books->key_count];
  *made = (struct sent_key){.psp = (uint8_t)psp};
  strncpy(made->text, key, sizeof made->text - 1);
  return books->key_count++;
}

bool charge_is_live(const struct charge *charge) {
  return charge->status != CHARGE_VOIDED && charge->status != CHARGE_DECLINED;
}

unsigned books_live(const struct books *books) {
  unsigned live = 0;
  for (unsigned i = 0; i < books->charge_count; i++)
    live += charge_is_live(&books->charges[i]);
  return live;
}

const struct charge *books_live_charge(const struct books *books) {
  for (unsigned i = 0; i < books->charge_count; i++) {
    if (charge_is_live(&books->charges[i]))
      return &books->charges[i];
  }
  return NULL;
}

/* ---- Time ---- */

static void decide(struct charge *charge) {
  charge->decides_ms = INT64_MAX;
  if (!charge->approves) {
    charge->status = CHARGE_DECLINED;
    return;
  }
  charge->status = charge->manual ? CHARGE_AUTHORIZED : CHARGE_CAPTURED;
  charge->captured = charge->manual ? 0 : charge->amount;
}

/* What a movement took is given back: unless a refund stands on it. */
static bool give_back(struct books *books, const struct booking *booking) {
  struct charge *charge = &books->charges[booking->charge];
  if (booking->operation == OPERATION_REFUND)
    charge->refunded -= booking->amount;
  else if (booking->operation == OPERATION_VOID && charge->rest_released)
    charge->rest_released = false;
  else if (booking->operation == OPERATION_VOID)
    charge->status = CHARGE_AUTHORIZED;
  else if (charge->captured - booking->amount < charge->refunded)
    return false;
  else {
    charge->captured -= booking->amount;
    books->gave_back = true;
    if (charge->captured == 0)
      charge->status = CHARGE_AUTHORIZED;
  }
  return true;
}

bool books_silent(const struct books *books, unsigned key) {
  for (unsigned i = 0; i < books->booking_count; i++) {
    if (books->bookings[i].key == key)
      return books->bookings[i].silent;
  }
  return false;
}

int64_t books_done_ms(const struct booking *booking) {
  bool open = booking->status == BOOKING_RECEIVED || (booking->status == BOOKING_DONE && booking->turns);
  return open ? booking->done_ms : INT64_MAX;
}

static void settle(struct books *books, struct booking *booking) {
  bool fails = booking->status == BOOKING_DONE || booking->fails;
  booking->turns &= booking->status == BOOKING_RECEIVED;
  booking->status = fails && give_back(books, booking) ? BOOKING_REFUSED : BOOKING_DONE;
  booking->done_ms += TURN_MS;
}

void books_pass_time(struct books *books, int64_t now_ms) {
  for (unsigned i = 0; i < books->charge_count; i++) {
    struct charge *charge = &books->charges[i];
    if ((charge->status == CHARGE_ACTION || charge->status == CHARGE_PENDING) && charge->decides_ms <= now_ms)
      decide(charge);
  }
  for (unsigned i = 0; i < books->booking_count; i++) {
    struct booking *booking = &books->bookings[i];
    while (books_done_ms(booking) <= now_ms)
      settle(books, booking);
  }
}

/* ---- What is said ---- */

static struct word plain(enum answer answer) {
  return (struct word){.answer = answer, .http_status = HTTP_OK, .charge = NO_CHARGE};
}

static struct word failure(uint16_t http_status) {
  return (struct word){.answer = ANSWER_IS_UNKNOWN, .http_status = http_status, .charge = NO_CHARGE};
}

/* What was captured by a movement is approved still, for who asks about the authorization. */
static enum answer answer_of(const struct charge *charge) {
  static const enum answer answers[] = {
      [CHARGE_AUTHORIZED] = ANSWER_IS_APPROVED, [CHARGE_CAPTURED] = ANSWER_IS_CAPTURED,
      [CHARGE_VOIDED] = ANSWER_IS_VOIDED,       [CHARGE_DECLINED] = ANSWER_IS_DECLINED,
      [CHARGE_ACTION] = ANSWER_IS_ACTION,       [CHARGE_PENDING] = ANSWER_IS_PENDING,
  };
  return charge->status == CHARGE_CAPTURED && charge->manual ? ANSWER_IS_APPROVED : answers[charge->status];
}

static struct word word_of_charge(const struct books *books, const struct charge *charge) {
  struct word word = plain(answer_of(charge));
  word.charge = (uint8_t)(charge - books->charges);
  word.action = charge->status == CHARGE_ACTION;
  word.code = charge->status == CHARGE_DECLINED ? charge->code : NULL;
  word.advice = charge->status == CHARGE_DECLINED ? charge->advice : NULL;
  return word;
}

static struct word word_of_booking(const struct booking *booking) {
  static const enum answer done[OPERATION_COUNT] = {[OPERATION_CAPTURE] = ANSWER_IS_CAPTURED,
                                                    [OPERATION_VOID] = ANSWER_IS_VOIDED,
                                                    [OPERATION_REFUND] = ANSWER_IS_REFUNDED};
  if (booking->status == BOOKING_REFUSED)
    return plain(ANSWER_IS_DECLINED);
  return plain(booking->status == BOOKING_RECEIVED ? ANSWER_IS_RECEIVED : done[booking->operation]);
}

struct word books_word_of_charge(const struct books *books, unsigned charge) {
  return word_of_charge(books, &books->charges[charge]);
}

struct word books_word_of_booking(const struct books *books, unsigned booking) {
  return word_of_booking(&books->bookings[booking]);
}

/* ---- Charges ---- */

static void open_charge(struct charge *charge, struct chance *chance, const struct manners *manners,
                        int64_t now_ms) {
  uint64_t roll = chance_below(chance, 100);
  charge->approves = !chance_percent(chance, manners->declines);
  const struct refusal *refusal = &manners->refusals[chance_below(chance, manners->refusal_count)];
  charge->code = refusal->code;
  charge->advice = refusal->advice;
  charge->decides_ms = now_ms + chance_up_to(chance, SOON_MS);
  if (roll < 3) {
    charge->status = CHARGE_ACTION;
    if (chance_percent(chance, 30))
      charge->decides_ms = INT64_MAX; /* the customer never comes back */
  } else if (roll < 6)
    charge->status = CHARGE_PENDING;
  else
    decide(charge);
}

static struct word make_charge(struct books *books, struct chance *chance, const struct manners *manners,
                               const struct arrival *arrival) {
  assert(books->charge_count < CHARGES_MAX);
  struct charge *charge = &books->charges[books->charge_count++];
  *charge = (struct charge){.key = arrival->key,
                            .psp = arrival->psp,
                            .manual = arrival->operation == OPERATION_AUTHORIZE,
                            .amount = arrival->amount,
                            .made_ms = arrival->at_ms,
                            .visible_ms = arrival->at_ms + arrival->lag_ms};
  open_charge(charge, chance, manners, arrival->at_ms);
  return word_of_charge(books, charge);
}

/* ---- Movements ---- */

static bool release(struct charge *charge, int64_t amount, bool voids_rest) {
  if (charge->status == CHARGE_AUTHORIZED) {
    charge->status = CHARGE_VOIDED;
    return amount == charge->amount;
  }
  if (charge->status != CHARGE_CAPTURED || !voids_rest || charge->rest_released ||
      charge->captured + amount != charge->amount)
    return false;
  charge->rest_released = true;
  return true;
}

static bool apply(struct charge *charge, const struct arrival *arrival) {
  int64_t amount = arrival->amount;
  switch (arrival->operation) {
  case OPERATION_CAPTURE:
    if (charge->status == CHARGE_VOIDED || charge->rest_released ||
        charge->captured + amount > charge->amount)
      return false;
    charge->captured += amount;
    charge->status = CHARGE_CAPTURED;
    return true;
  case OPERATION_VOID:
    return release(charge, amount, psp_at(arrival->psp)->facts.voids_rest);
  default:
    if (charge->refunded + amount > charge->captured)
      return false;
    charge->refunded += amount;
    return true;
  }
}

/* It is done some time, fails or is taken back later. */
static void receive(struct booking *booking, struct chance *chance, const struct manners *manners,
                    int64_t now_ms) {
  const struct psp *psp = psp_at(booking->psp);
  booking->status = BOOKING_RECEIVED;
  booking->fails = chance_percent(chance, manners->declines / 2);
  booking->silent = !psp->facts.received_is_asked && chance_percent(chance, PERCENT_SILENT);
  booking->turns =
      !booking->fails && !booking->silent && booking->psp == PSP_NOTIFYING && chance_percent(chance, 3);
  booking->done_ms = now_ms + chance_up_to(chance, SOON_MS);
}

static struct word make_booking(struct books *books, struct chance *chance, const struct manners *manners,
                                const struct arrival *arrival) {
  if (arrival->charge >= books->charge_count) {
    books->strayed = true;
    return plain(ANSWER_IS_REJECTED);
  }
  assert(books->booking_count < BOOKINGS_MAX);
  struct booking *booking = &books->bookings[books->booking_count++];
  *booking = (struct booking){.key = arrival->key,
                              .psp = arrival->psp,
                              .charge = arrival->charge,
                              .operation = arrival->operation,
                              .amount = arrival->amount,
                              .status = BOOKING_DONE,
                              .visible_ms = arrival->at_ms + arrival->lag_ms};
  if (chance_percent(chance, manners->declines / 2))
    booking->status = BOOKING_REFUSED;
  else if (!apply(&books->charges[arrival->charge], arrival)) {
    booking->status = BOOKING_REFUSED;
    books->overdrawn += !books->gave_back;
  } else if (psp_at(arrival->psp)->receives)
    receive(booking, chance, manners, arrival->at_ms);
  return word_of_booking(booking);
}

/* ---- Questions ---- */

static struct word answer_question(const struct books *books, const struct arrival *arrival) {
  bool charge = arrival->asked_about == OPERATION_AUTHORIZE || arrival->asked_about == OPERATION_CHARGE;
  for (unsigned i = 0; charge && i < books->charge_count; i++) {
    if (books->charges[i].key == arrival->key && books->charges[i].visible_ms <= arrival->at_ms)
      return word_of_charge(books, &books->charges[i]);
  }
  for (unsigned i = 0; !charge && i < books->booking_count; i++) {
    if (books->bookings[i].key == arrival->key && books->bookings[i].visible_ms <= arrival->at_ms)
      return word_of_booking(&books->bookings[i]);
  }
  return plain(ANSWER_IS_ABSENT);
}

static struct word take_question(const struct books *books, struct chance *chance,
                                 const struct manners *manners, const struct arrival *arrival) {
  static const uint16_t statuses[] = {403, 404, 404, 429, 500, 503};
  if (!chance_percent(chance, manners->errors))
    return answer_question(books, arrival);
  if (chance_percent(chance, 20)) {
    struct word word = plain(chance_percent(chance, 50) ? ANSWER_IS_APPROVED : ANSWER_IS_DECLINED);
    word.another = true;
    return word;
  }
  return failure(statuses[chance_below(chance, sizeof statuses / sizeof *statuses)]);
}

/* ---- Requests that move money ---- */

static struct word make(struct books *books, struct chance *chance, const struct manners *manners,
                        const struct arrival *arrival) {
  bool charge = arrival->operation == OPERATION_AUTHORIZE || arrival->operation == OPERATION_CHARGE;
  return charge ? make_charge(books, chance, manners, arrival)
                : make_booking(books, chance, manners, arrival);
}

/* Somebody voids at the PSP itself what no answer has told of. */
static void void_elsewhere(struct books *books) {
  if (books->charge_count == 0 || books->booking_count > 0)
    return;
  struct charge *charge = &books->charges[books->charge_count - 1U];
  if (charge->status == CHARGE_AUTHORIZED)
    charge->status = CHARGE_VOIDED;
}

/* Something goes wrong at the PSP: before anything is made, or after. */
static struct word fail(struct books *books, struct chance *chance, const struct manners *manners,
                        const struct arrival *arrival) {
  static const uint16_t statuses[] = {403, 404, 409, 500, 502, 503};
  struct word word = failure(statuses[chance_below(chance, sizeof statuses / sizeof *statuses)]);
  uint64_t roll = chance_below(chance, 100);
  if (roll < 40) {
    (void)make(books, chance, manners, arrival);
    if (chance_percent(chance, 10))
      void_elsewhere(books);
  } else if (roll < 60 && arrival->psp == PSP_NOTIFYING)
    word.transient = true; /* it went no further, and says so */
  else if (roll < 70)
    word.answer = ANSWER_IS_REJECTED;
  return word;
}

static bool remembers(const struct sent_key *key, const struct arrival *arrival) {
  int64_t lifetime_ms = (int64_t)psp_at(arrival->psp)->facts.key_lifetime_s * MS_PER_S;
  return key->kept && arrival->at_ms < key->known_ms + lifetime_ms;
}

static bool is_error(const struct word *word) {
  return word->answer == ANSWER_IS_UNKNOWN || word->answer == ANSWER_IS_REJECTED;
}

/* What was made under the key already, for PSPs that keep the thing and not the answer. */
static bool is_made(const struct books *books, const struct arrival *arrival, struct word *ret_word) {
  for (unsigned i = 0; i < books->charge_count; i++) {
    if (books->charges[i].key == arrival->key) {
      *ret_word = word_of_charge(books, &books->charges[i]);
      return true;
    }
  }
  for (unsigned i = 0; i < books->booking_count; i++) {
    if (books->bookings[i].key == arrival->key) {
      *ret_word = word_of_booking(&books->bookings[i]);
      return true;
    }
  }
  return false;
}

static struct word take_keyed(struct books *books, struct chance *chance, const struct manners *manners,
                              const struct arrival *arrival) {
  const struct psp *psp = psp_at(arrival->psp);
  struct sent_key *key = &books->keys[arrival->key];
  struct word word;
  bool known = remembers(key, arrival);
  if (known && (psp->stores_errors || !is_error(&key->word)))
    return key->word;
  if (!(known && is_made(books, arrival, &word)))
    word = chance_percent(chance, manners->errors) ? fail(books, chance, manners, arrival)
                                                   : make(books, chance, manners, arrival);
  if (!known)
    key->known_ms = arrival->at_ms;
  key->kept = psp->facts.key_lifetime_s > 0 && !word.transient;
  key->muddled = key->kept && psp->stores_errors && is_error(&word);
  key->word = word;
  return word;
}

struct word books_take(struct books *books, struct chance *chance, const struct manners *manners,
                       const struct arrival *arrival) {
  books_pass_time(books, arrival->at_ms);
  return arrival->operation == OPERATION_STATUS ? take_question(books, chance, manners, arrival)
                                                : take_keyed(books, chance, manners, arrival);
}
