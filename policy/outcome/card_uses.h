/* The latest tries of one card, at whichever acquirer: what the networks' retry limits are counted by, and
 * what a policy may ask of a card. Pure. */
#pragma once

#include "money.h"
#include <stdint.h>

enum {
  CARD_USES_MAX = 128,       /* more than any limit of a network's */
  CARD_USE_ATTEMPT_MAX = 16, /* of a payment's attempts */
  CARD_USE_HOUR_MS = 3600 * 1000
};

/* No network counts what is older than thirty days; what is not decided yet may be younger there. */
#define CARD_USES_WINDOW_MS (30LL * 24 * CARD_USE_HOUR_MS)
/* A network counts from when a request reached it, by its own clock; here it counts from the dispatch, by
 * ours, which may be an hour off after a restart. */
#define BUDGET_MARGIN_MS (2LL * CARD_USE_HOUR_MS)

enum card_use_result {
  CARD_USE_OPEN = 1, /* under way, or of unknown fate */
  CARD_USE_APPROVED,
  CARD_USE_DECLINED,
  CARD_USE_RESULT_COUNT
};

struct card_use {
  int64_t at_ms;    /* when it, or its latest replay, was dispatched */
  uint64_t payment; /* enough of the payment's id to tell it from others */
  uint8_t attempt;  /* 1 to CARD_USE_ATTEMPT_MAX */
  enum card_use_result result;
  uint8_t visa_category; /* of a decline: 1 to 4; else 0 */
  bool stopped;          /* declined with Mastercard's advice 03 or 21 */
  struct money amount;
};

/* In the order in which they began. */
struct card_uses {
  unsigned count;
  struct card_use uses[CARD_USES_MAX];
};

/* Adds a try that begins, or completes the one of the same payment and attempt. What is too old at now_ms is
 * dropped; when there is no room, the oldest approval, or else the oldest. What was dropped comes not again:
 * only an open one is added. */
void card_uses_put(struct card_uses *uses, const struct card_use *use, int64_t now_ms);
/* It has never been a use of the card: nothing reached the network. */
void card_uses_remove(struct card_uses *uses, uint64_t payment, uint8_t attempt);
/* How many tries there were since since_ms; no more than are kept. */
unsigned card_uses_attempts(const struct card_uses *uses, int64_t since_ms);
/* What was approved since since_ms in that currency, in minor units; INT64_MAX when it is more. */
int64_t card_uses_spend(const struct card_uses *uses, int64_t since_ms, const char *currency);
