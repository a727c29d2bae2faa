#include "card_uses.h"

#include <string.h>

static int place_of(const struct card_uses *uses, uint64_t payment, uint8_t attempt) {
  for (unsigned i = uses->count; i > 0; i--)
    if (uses->uses[i - 1].payment == payment && uses->uses[i - 1].attempt == attempt)
      return (int)i - 1;
  return -1;
}

static void take_out(struct card_uses *uses, unsigned place) {
  uses->count--;
  memmove(&uses->uses[place], &uses->uses[place + 1], (uses->count - place) * sizeof uses->uses[0]);
}

/* One whose end is not known may yet come to the network: it counts, however old it is. */
static bool is_old(const struct card_use *use, int64_t now_ms) {
  return use->result != CARD_USE_OPEN && use->at_ms <= now_ms - CARD_USES_WINDOW_MS - BUDGET_MARGIN_MS;
}

static void drop_old(struct card_uses *uses, int64_t now_ms) {
  unsigned kept = 0;
  for (unsigned i = 0; i < uses->count; i++)
    if (!is_old(&uses->uses[i], now_ms))
      uses->uses[kept++] = uses->uses[i];
  uses->count = kept;
}

/* No network counts approvals. */
static void make_room(struct card_uses *uses) {
  unsigned place = 0;
  while (place < uses->count && uses->uses[place].result != CARD_USE_APPROVED)
    place++;
  take_out(uses, place < uses->count ? place : 0);
}

void card_uses_put(struct card_uses *uses, const struct card_use *use, int64_t now_ms) {
  drop_old(uses, now_ms);
  int place = place_of(uses, use->payment, use->attempt);
  if (place >= 0) {
    uses->uses[place] = *use;
    return;
  }
  if (use->result != CARD_USE_OPEN)
    return;
  if (uses->count == CARD_USES_MAX)
    make_room(uses);
  uses->uses[uses->count++] = *use;
}

void card_uses_remove(struct card_uses *uses, uint64_t payment, uint8_t attempt) {
  int place = place_of(uses, payment, attempt);
  if (place >= 0)
    take_out(uses, (unsigned)place);
}

unsigned card_uses_attempts(const struct card_uses *uses, int64_t since_ms) {
  unsigned attempts = 0;
  for (unsigned i = 0; i < uses->count; i++)
    attempts += uses->uses[i].at_ms > since_ms;
  return attempts;
}

int64_t card_uses_spend(const struct card_uses *uses, int64_t since_ms, const char *currency) {
  int64_t spend = 0;
  for (unsigned i = 0; i < uses->count; i++) {
    const struct card_use *use = &uses->uses[i];
    bool counts = use->at_ms > since_ms && use->result == CARD_USE_APPROVED &&
                  strcmp(use->amount.currency, currency) == 0;
    if (counts && amount_add(spend, use->amount.minor, &spend) < 0)
      return INT64_MAX;
  }
  return spend;
}
