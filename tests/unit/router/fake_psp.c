#include "fake_psp.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t draw(struct fake_psp *psp, uint64_t below) {
  return psp->random(psp->context, below);
}

static void set(struct dispatch_result *result, enum answer_field field, const char *value) {
  int r = answer_fields_set(&result->fields, field, value);
  assert(r == 0);
}

static struct book *book_of(struct fake_psp *psp, const char *key) {
  for (unsigned i = 0; i < psp->book_count; i++) {
    if (strcmp(psp->books[i].key, key) == 0)
      return &psp->books[i];
  }
  return NULL;
}

static struct booked_movement *movement_of(struct fake_psp *psp, const char *key) {
  for (unsigned i = 0; i < psp->movement_count; i++) {
    if (strcmp(psp->movements[i].key, key) == 0)
      return &psp->movements[i];
  }
  return NULL;
}

static enum answer answer_of(const struct book *book) {
  static const enum answer answers[] = {
      [BOOK_AUTHORIZED] = ANSWER_IS_APPROVED, [BOOK_CAPTURED] = ANSWER_IS_CAPTURED,
      [BOOK_VOIDED] = ANSWER_IS_VOIDED,       [BOOK_DECLINED] = ANSWER_IS_DECLINED,
      [BOOK_ACTION] = ANSWER_IS_ACTION,
  };
  /* What was captured by a movement is approved still, for who asks about the authorization. */
  return book->status == BOOK_CAPTURED && book->manual ? ANSWER_IS_APPROVED : answers[book->status];
}

static void tell_book(const struct fake_psp *psp, const struct book *book, struct dispatch_result *result) {
  char id[32];
  snprintf(id, sizeof id, "psp-%u", (unsigned)(book - psp->books));
  result->answer = answer_of(book);
  set(result, ANSWER_PSP_ID, id);
  set(result, ANSWER_REFERENCE, book->key);
  if (book->status == BOOK_DECLINED)
    set(result, ANSWER_NETWORK_CODE, book->code);
  if (book->status == BOOK_ACTION)
    set(result, ANSWER_ACTION_URL, "https://psp.example/act");
}

static void approve(struct book *book) {
  book->status = book->manual ? BOOK_AUTHORIZED : BOOK_CAPTURED;
  book->captured = book->manual ? 0 : book->amount;
}

static void decide(struct fake_psp *psp, struct book *book, int64_t now_ms) {
  uint64_t roll = psp->faultless ? 0 : draw(psp, 100);
  if (roll < 70)
    approve(book);
  else if (roll < 95) {
    book->status = BOOK_DECLINED;
    strcpy(book->code, roll < 87 ? "91" : "43");
  } else {
    book->status = BOOK_ACTION;
    book->decides_ms = roll < 98 ? now_ms + (int64_t)draw(psp, 600000) : 0;
  }
}

static void take_charge(struct fake_psp *psp, int64_t now_ms, int64_t lag_ms, const struct dispatch *dispatch,
                        struct dispatch_result *result) {
  struct book *book = book_of(psp, dispatch->key);
  if (!book) {
    assert(psp->book_count < BOOKS_MAX);
    book = &psp->books[psp->book_count++];
    memset(book, 0, sizeof *book);
    strcpy(book->key, dispatch->key);
    strcpy(book->payment, dispatch->payment.text);
    strcpy(book->connector, dispatch->connector);
    book->manual = dispatch->operation == OPERATION_AUTHORIZE;
    book->amount = dispatch->amount.minor;
    book->visible_ms = now_ms + lag_ms;
    decide(psp, book, now_ms);
  }
  tell_book(psp, book, result);
}

static bool apply(struct book *book, const struct dispatch *dispatch) {
  int64_t amount = dispatch->amount.minor;
  switch (dispatch->operation) {
  case OPERATION_CAPTURE:
    if (book->status == BOOK_VOIDED || book->captured + amount > book->amount)
      return false;
    book->captured += amount;
    book->status = BOOK_CAPTURED;
    return true;
  case OPERATION_VOID:
    if (book->status != BOOK_AUTHORIZED)
      return false;
    book->status = BOOK_VOIDED;
    return true;
  default:
    if (book->refunded + amount > book->captured)
      return false;
    book->refunded += amount;
    return true;
  }
}

static void tell_movement(const struct booked_movement *movement, int64_t now_ms,
                          struct dispatch_result *result) {
  static const enum answer done[OPERATION_COUNT] = {[OPERATION_CAPTURE] = ANSWER_IS_CAPTURED,
                                                    [OPERATION_VOID] = ANSWER_IS_VOIDED,
                                                    [OPERATION_REFUND] = ANSWER_IS_REFUNDED};
  bool received = movement->received && now_ms < movement->done_ms;
  result->answer = movement->refused ? ANSWER_IS_DECLINED
                   : received        ? ANSWER_IS_RECEIVED
                                     : done[movement->operation];
  set(result, ANSWER_REFERENCE, movement->key);
}

static void take_movement(struct fake_psp *psp, int64_t now_ms, int64_t lag_ms,
                          const struct dispatch *dispatch, struct dispatch_result *result) {
  struct booked_movement *movement = movement_of(psp, dispatch->key);
  if (!movement) {
    const char *id = request_fields_get(&dispatch->fields, REQUEST_PSP_ID);
    struct book *book = &psp->books[strtoul(id + 4, NULL, 10)];
    bool beta = strcmp(dispatch->connector, "beta") == 0;
    assert(psp->movement_count < BOOKED_MOVEMENTS_MAX);
    movement = &psp->movements[psp->movement_count++];
    memset(movement, 0, sizeof *movement);
    strcpy(movement->key, dispatch->key);
    strcpy(movement->connector, dispatch->connector);
    movement->operation = dispatch->operation;
    movement->amount = dispatch->amount.minor;
    movement->visible_ms = now_ms + lag_ms;
    movement->refused = !psp->faultless && draw(psp, 10) == 0;
    movement->received = beta || strcmp(dispatch->connector, "alpha") == 0;
    movement->done_ms = now_ms + (int64_t)draw(psp, 120000);
    if (!movement->refused && !apply(book, dispatch)) {
      movement->refused = true;
      psp->violations++;
    }
  }
  tell_movement(movement, now_ms, result);
}

static void answer_question(struct fake_psp *psp, int64_t now_ms, const struct dispatch *dispatch,
                            struct dispatch_result *result) {
  bool charge = dispatch->asked_about == OPERATION_AUTHORIZE || dispatch->asked_about == OPERATION_CHARGE;
  const struct book *book = charge ? book_of(psp, dispatch->key) : NULL;
  const struct booked_movement *movement = charge ? NULL : movement_of(psp, dispatch->key);
  if (book && book->visible_ms <= now_ms)
    tell_book(psp, book, result);
  else if (movement && movement->visible_ms <= now_ms)
    tell_movement(movement, now_ms, result);
  else
    result->answer = ANSWER_IS_ABSENT;
}

void psp_take(struct fake_psp *psp, int64_t now_ms, int64_t lag_ms, const struct dispatch *dispatch,
              struct dispatch_result *ret_result) {
  memset(ret_result, 0, sizeof *ret_result);
  ret_result->phase = PHASE_REPLY;
  ret_result->step = 1;
  switch (dispatch->operation) {
  case OPERATION_AUTHORIZE:
  case OPERATION_CHARGE:
    take_charge(psp, now_ms, lag_ms, dispatch, ret_result);
    break;
  case OPERATION_STATUS:
    answer_question(psp, now_ms, dispatch, ret_result);
    break;
  default:
    take_movement(psp, now_ms, lag_ms, dispatch, ret_result);
  }
}

bool psp_webhook(const struct fake_psp *psp, int64_t now_ms, uint64_t pick, struct webhook *ret_webhook) {
  struct dispatch_result result = {0};
  if (psp->book_count + psp->movement_count == 0)
    return false;
  pick %= psp->book_count + psp->movement_count;
  memset(ret_webhook, 0, sizeof *ret_webhook);
  ret_webhook->at_ms = now_ms;
  if (pick < psp->book_count) {
    const struct book *book = &psp->books[pick];
    strcpy(ret_webhook->key, book->key);
    strcpy(ret_webhook->connector, book->connector);
    ret_webhook->about = book->manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
    tell_book(psp, book, &result);
  } else {
    const struct booked_movement *movement = &psp->movements[pick - psp->book_count];
    strcpy(ret_webhook->key, movement->key);
    strcpy(ret_webhook->connector, movement->connector);
    ret_webhook->about = movement->operation;
    tell_movement(movement, now_ms, &result);
  }
  ret_webhook->answer = result.answer;
  ret_webhook->fields = result.fields;
  return true;
}

void psp_pass_time(struct fake_psp *psp, int64_t now_ms) {
  for (unsigned i = 0; i < psp->book_count; i++) {
    struct book *book = &psp->books[i];
    if (book->status == BOOK_ACTION && book->decides_ms && book->decides_ms <= now_ms)
      approve(book);
  }
}

bool psp_declined(const struct fake_psp *psp, const char *key) {
  for (unsigned i = 0; i < psp->book_count; i++) {
    if (strcmp(psp->books[i].key, key) == 0)
      return psp->books[i].status == BOOK_DECLINED;
  }
  return false;
}

static bool is_live(const struct book *book) {
  return book->status == BOOK_AUTHORIZED || book->status == BOOK_CAPTURED || book->status == BOOK_ACTION;
}

unsigned psp_live(const struct fake_psp *psp, const char *payment) {
  unsigned live = 0;
  for (unsigned i = 0; i < psp->book_count; i++)
    live += strcmp(psp->books[i].payment, payment) == 0 && is_live(&psp->books[i]);
  return live;
}

const struct book *psp_live_book(const struct fake_psp *psp, const char *payment) {
  for (unsigned i = 0; i < psp->book_count; i++) {
    if (strcmp(psp->books[i].payment, payment) == 0 && is_live(&psp->books[i]))
      return &psp->books[i];
  }
  return NULL;
}

bool psp_abandoned(const struct fake_psp *psp, const char *payment) {
  const struct book *book = psp_live_book(psp, payment);
  return book && book->status == BOOK_ACTION;
}
