#include "budgets.h"

#include <string.h>

_Static_assert((int)ATTEMPTS_MAX <= (int)CARD_USE_ATTEMPT_MAX, "every attempt of a payment can be counted");
_Static_assert(BUDGET_MARGIN_MS >= 2LL * CLOCK_ERROR_MS, "a clock that is off, and a request on its way");

static bool is_declined(const struct attempt *attempt) {
  /* Whether it was, a person who found it failed does not say. */
  return attempt->step.answer.answer == ANSWER_IS_DECLINED || attempt->step.by_person;
}

/* 0: nothing of it came to the network, or it was taken back there. */
static enum card_use_result result_of(const struct attempt *attempt) {
  switch (attempt->step.status) {
  case STEP_PENDING:
  case STEP_UNRESOLVED:
    return CARD_USE_OPEN;
  case STEP_SUCCEEDED:
    return CARD_USE_APPROVED;
  case STEP_FAILED:
    if (attempt->surplus)
      return CARD_USE_APPROVED;
    return is_declined(attempt) ? CARD_USE_DECLINED : 0;
  case STEP_STATUS_COUNT:
    break;
  }
  return CARD_USE_OPEN;
}

static struct card_use use_of(const struct payment *payment, const struct attempt *attempt,
                              enum card_use_result result) {
  const struct psp_answer *answer = &attempt->step.answer;
  struct card_use use = {.at_ms = attempt->step.dispatched_ms,
                         .payment = payment_short(&payment->id),
                         .attempt = attempt->number,
                         .result = result,
                         .amount = {.minor = attempt->step.amount}};
  memcpy(use.amount.currency, payment->currency, sizeof use.amount.currency);
  if (result == CARD_USE_DECLINED) {
    use.visa_category = (uint8_t)outcome_decline_category(attempt->sheet, answer->code, answer->network_code);
    use.stopped = outcome_advice_stops(answer->advice_code);
  }
  return use;
}

static void follow(const struct payment *payment, const struct attempt *attempt, int64_t now_ms,
                   struct card_uses *uses) {
  enum card_use_result result = result_of(attempt);
  struct card_use use = use_of(payment, attempt, result);
  if (result == 0)
    card_uses_remove(uses, use.payment, use.attempt);
  else
    card_uses_put(uses, &use, now_ms);
}

static void follow_changed(const struct payment *payment, int64_t now_ms, struct card_uses *uses) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts_changed & 1U << i)
      follow(payment, &payment->attempts[i], now_ms, uses);
  }
}

/* ---- The card in hand ---- */

int card_uses_write(struct ledger *ledger, struct card_in_hand *card) {
  if (!card->changed)
    return 0;
  card->changed = false;
  return ledger_card_uses_put(ledger, &card->merchant, &card->fingerprint, &card->uses);
}

static bool has_fingerprint(const struct payment *payment) {
  return payment->card.fingerprint.text[0] != '\0';
}

/* Takes that card in hand. */
static int take(struct ledger *ledger, struct card_in_hand *card, const struct id *merchant,
                const struct id *fingerprint) {
  if (id_equal(&card->fingerprint, fingerprint) && id_equal(&card->merchant, merchant))
    return 0;
  int r = card_uses_write(ledger, card);
  card->fingerprint = (struct id){0};
  if (r == 0)
    r = ledger_card_uses_get(ledger, merchant, fingerprint, &card->uses);
  if (r < 0)
    return r;
  card->merchant = *merchant;
  card->fingerprint = *fingerprint;
  return 0;
}

int card_uses_load(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                   int64_t now_ms, struct card_uses *ret_uses) {
  ret_uses->count = 0;
  if (!has_fingerprint(payment))
    return 0;
  int r = take(ledger, card, &payment->merchant, &payment->card.fingerprint);
  if (r < 0)
    return r;
  ret_uses->count = card->uses.count;
  memcpy(ret_uses->uses, card->uses.uses, card->uses.count * sizeof card->uses.uses[0]);
  follow_changed(payment, now_ms, ret_uses);
  return 0;
}

int card_uses_follow(struct ledger *ledger, struct card_in_hand *card, struct payment *payment,
                     int64_t at_ms) {
  if (payment->attempts_changed == 0 || !has_fingerprint(payment))
    return 0;
  int r = take(ledger, card, &payment->merchant, &payment->card.fingerprint);
  if (r == 0) {
    follow_changed(payment, at_ms, &card->uses);
    card->changed = true;
  }
  payment->attempts_changed = 0;
  return r;
}

int card_budget(struct ledger *ledger, struct card_in_hand *in_hand, const struct id *merchant,
                const struct card_view *card, const struct money *amount, int64_t now_ms,
                struct budget *ret_budget) {
  if (card->fingerprint.text[0] == '\0') {
    *ret_budget = (struct budget){.allowed = true};
    return 0;
  }
  int r = take(ledger, in_hand, merchant, &card->fingerprint);
  if (r == 0)
    *ret_budget = budget_ask(&in_hand->uses, card->network, amount, now_ms);
  return r;
}

int payment_budget(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                   int64_t now_ms, struct budget *ret_budget) {
  struct card_uses uses;
  struct money amount = {.minor = payment->amount};
  memcpy(amount.currency, payment->currency, sizeof amount.currency);
  int r = card_uses_load(ledger, card, payment, now_ms, &uses);
  if (r == 0)
    *ret_budget = budget_ask(&uses, payment->card.network, &amount, now_ms);
  return r;
}
