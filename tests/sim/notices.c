#include "notices.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"
#include "universe.h"

enum {
  SECOND = 1000,
  MINUTE = 60 * SECOND,
  FIRST_NOTICES = 256,
  SOON_MS = 200,
  LATE_MS = 40 * MINUTE,
  AGAIN_MS = 20 * SECOND, /* doubles with each delivery */
  DOUBLINGS_MAX = 6
};

static uint32_t notice_new(struct notices *notices) {
  if (notices->count == notices->capacity) {
    notices->capacity = notices->capacity ? 2 * notices->capacity : FIRST_NOTICES;
    notices->all = reallocarray(notices->all, notices->capacity, sizeof(struct notice));
    assert(notices->all);
  }
  return notices->count++;
}

/* ---- What is written ---- */

static void about_charge(const struct books *books, unsigned place, struct notice *notice) {
  const struct charge *charge = &books->charges[place];
  notice->key = charge->key;
  notice->signer = charge->psp;
  notice->about = charge->manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  notice->amount = charge->amount;
  notice->word = books_word_of_charge(books, place);
}

static void about_booking(const struct books *books, unsigned place, struct notice *notice) {
  const struct booking *booking = &books->bookings[place];
  notice->key = booking->key;
  notice->signer = booking->psp;
  notice->about = booking->operation;
  notice->amount = booking->amount;
  notice->word = books_word_of_booking(books, place);
}

/* Some name the charge alone, some do not say when. Where it may be taken back later, it is always named. */
static void draw_manner(struct scenario *scenario, bool booking, unsigned place, struct notice *notice) {
  struct chance *chance = &scenario->chance;
  if (booking && notice->signer != PSP_NOTIFYING && chance_percent(chance, 10)) {
    notice->by_attempt = true;
    notice->key = scenario->books.charges[scenario->books.bookings[place].charge].key;
  }
  if (chance_percent(chance, 10))
    notice->at_ms = 0;
  notice->bare = psp_at(notice->signer)->signs_no_code && chance_percent(chance, 50);
}

static void send(struct universe *universe, const struct notice *notice) {
  struct chance *chance = &universe->scenarios[notice->scenario].chance;
  uint32_t number = notice_new(&universe->notices);
  int64_t within_ms = chance_percent(chance, 60) ? SOON_MS : LATE_MS;
  universe->notices.all[number] = *notice;
  events_add(&universe->events, universe->now_ms + chance_up_to(chance, within_ms), EVENT_NOTICE, number, 0);
}

/* What another PSP says of it, which it is not asked: the opposite. */
static void forge(struct universe *universe, const struct notice *notice) {
  struct chance *chance = &universe->scenarios[notice->scenario].chance;
  struct notice forged = *notice;
  forged.signer = (uint8_t)((notice->signer + 1 + chance_below(chance, PSP_COUNT - 1)) % PSP_COUNT);
  forged.word.answer = notice->word.answer == ANSWER_IS_DECLINED ? ANSWER_IS_APPROVED : ANSWER_IS_DECLINED;
  send(universe, &forged);
}

static void write_notice(struct universe *universe, struct scenario *scenario, bool booking, unsigned place) {
  struct notice notice = {.scenario = scenario->number, .at_ms = universe->now_ms};
  (booking ? about_booking : about_charge)(&scenario->books, place, &notice);
  draw_manner(scenario, booking, place, &notice);
  send(universe, &notice);
  if (universe_is_rough(universe) && chance_percent(&scenario->chance, 4))
    forge(universe, &notice);
}

void notices_plan(struct universe *universe, struct scenario *scenario, bool booking, uint8_t place) {
  const struct books *books = &scenario->books;
  unsigned psp = booking ? books->bookings[place].psp : books->charges[place].psp;
  int64_t open_until_ms = booking ? books_done_ms(&books->bookings[place]) : books->charges[place].decides_ms;
  bool silent = booking && books->bookings[place].silent;
  if (!chance_percent(&scenario->chance, psp_at(psp)->tells) || silent)
    return;
  write_notice(universe, scenario, booking, place);
  if (open_until_ms > universe->now_ms && open_until_ms < INT64_MAX)
    events_add(&universe->events, open_until_ms, EVENT_DECIDED, scenario->number, 2U * place + booking);
}

void notice_written(struct universe *universe, uint32_t number, uint32_t place) {
  struct scenario *scenario = &universe->scenarios[number];
  books_pass_time(&scenario->books, universe->now_ms);
  write_notice(universe, scenario, place & 1, place / 2);
  int64_t again_ms = place & 1 ? books_done_ms(&scenario->books.bookings[place / 2]) : INT64_MAX;
  if (again_ms > universe->now_ms && again_ms < INT64_MAX)
    events_add(&universe->events, again_ms, EVENT_DECIDED, number, place);
}

/* ---- Delivery ---- */

static void set(struct webhook *webhook, enum answer_field field, const char *value) {
  int r = answer_fields_set(&webhook->fields, field, value);
  assert(r == 0);
}

static void fill_fields(struct webhook *webhook, const struct notice *notice) {
  char text[32];
  set(webhook, ANSWER_REFERENCE, webhook->key);
  if (notice->word.code && !notice->bare)
    set(webhook, ANSWER_NETWORK_CODE, notice->word.code);
  if (notice->word.advice && !notice->bare)
    set(webhook, ANSWER_ADVICE_CODE, notice->word.advice);
  if (notice->by_attempt) {
    snprintf(text, sizeof text, "%lld", (long long)notice->amount);
    set(webhook, ANSWER_AMOUNT, text);
  }
  if (notice->word.charge == NO_CHARGE)
    return;
  snprintf(text, sizeof text, "c%u", notice->word.charge);
  set(webhook, ANSWER_PSP_ID, text);
}

static void hand_in(struct universe *universe, uint32_t number) {
  static struct webhook webhook;
  const struct notice *notice = &universe->notices.all[number];
  const struct scenario *scenario = &universe->scenarios[notice->scenario];
  memset(&webhook, 0, offsetof(struct webhook, fields.bytes));
  webhook.number = number + 1;
  webhook.about = notice->about;
  webhook.answer = notice->word.answer;
  webhook.at_ms = notice->at_ms;
  webhook.codes_unsigned = psp_at(notice->signer)->signs_no_code;
  strcpy(webhook.key, scenario->books.keys[notice->key].text);
  strcpy(webhook.connector, psp_connector(notice->signer));
  fill_fields(&webhook, notice);
  tell(universe, notice->scenario, "webhook of %s: %s of %s is %s%s", webhook.connector,
       operation_name(webhook.about), webhook.key, answer_name(webhook.answer),
       webhook.at_ms ? "" : ", and does not say since when");
  engine_on_webhook(universe->engine, router_ms(universe), &webhook);
  universe->webhooks++;
}

/* It comes again until it is taken, and now and then once more all the same. */
void notice_delivered(struct universe *universe, uint32_t number) {
  struct notice *notice = &universe->notices.all[number];
  struct scenario *scenario = &universe->scenarios[notice->scenario];
  if (notice->taken && !chance_percent(&scenario->chance, 5))
    return;
  if (universe->up && universe->line_up && !crash_point(universe))
    hand_in(universe, number);
  unsigned doublings = notice->deliveries < DOUBLINGS_MAX ? notice->deliveries++ : DOUBLINGS_MAX;
  int64_t wait_ms = (int64_t)AGAIN_MS << doublings;
  events_add(&universe->events, universe->now_ms + 1 + chance_up_to(&scenario->chance, wait_ms), EVENT_NOTICE,
             number, 0);
}

void notice_is_taken(struct universe *universe, const struct webhook_taken *taken) {
  assert(taken->number >= 1 && taken->number <= universe->notices.count);
  struct notice *notice = &universe->notices.all[taken->number - 1];
  tell(universe, notice->scenario, "the webhook is %s", taken->status == STATUS_DONE ? "taken" : "put off");
  if (taken->status == STATUS_DONE)
    notice->taken = true;
  else if (universe->store_fails == 0)
    violation(universe, notice->scenario, "a webhook is put off (%u), and the disk was well", taken->status);
}
