/* Whether a merchant's approval rate has fallen: the last hours against the 30 days before them. */
#include "rates_parts.h"

/* Two looks: a steep fall is seen within the hour, a shallow one needs the payments of a day. */
static const uint8_t windows[] = {2, 24};

_Static_assert(sizeof windows == 2 && RATE_BASIS_COUNT == 2 && RATE_DROP_CONFIDENCE == 9995 &&
                   RATE_ALERT_CONFIDENCE == 9980,
               "four tests together are as sure as is told");

/* Adds up the hours from `from` on and before `to`. */
static struct rate_sample sum_hours(const struct rated_merchant *merchant, enum rate_basis basis,
                                    int64_t from, int64_t to) {
  struct rate_sample sample = {0};
  for (unsigned i = 0; i < RATE_HOURS; i++) {
    const struct hour *hour = &merchant->hours[i];
    if (hour->number < from || hour->number >= to)
      continue;
    sample.approved += hour->approved;
    sample.total += basis == RATE_OF_TRIED ? hour->tried : hour->total;
  }
  return sample;
}

static bool fell(const struct rated_merchant *merchant, int64_t now_ms, unsigned window,
                 enum rate_basis basis, struct rate_alert *ret_alert) {
  int64_t end = now_ms / HOUR_MS + 2, since = end - window;
  struct rate_sample now = sum_hours(merchant, basis, since, end);
  struct rate_sample before = sum_hours(merchant, basis, end - RATE_HOURS, since);
  if (!rate_dropped(now.approved, now.total, before.approved, before.total))
    return false;
  *ret_alert = (struct rate_alert){.merchant = merchant->id,
                                   .window_hours = (uint8_t)window,
                                   .basis = basis,
                                   .now = now,
                                   .before = before};
  return true;
}

static bool may_look(const struct rated_merchant *merchant, int64_t now_ms) {
  return merchant->looked_for && now_ms - merchant->looked_ms >= RATES_LOOK_MS &&
         (merchant->alerted_ms == 0 || now_ms - merchant->alerted_ms >= RATES_ALERT_REST_MS);
}

/* What issuers say first; an acquirer that lets few payments come to one shows in the other rate alone. */
static void find_fall(const struct rated_merchant *merchant, int64_t now_ms, struct rate_alert *ret_alert) {
  for (unsigned basis = 0; basis < RATE_BASIS_COUNT; basis++)
    for (unsigned w = 0; w < sizeof windows; w++)
      if (fell(merchant, now_ms, windows[w], (enum rate_basis)basis, ret_alert))
        return;
}

void drops_look(struct rates *rates, int64_t now_ms) {
  for (unsigned i = 0; i < rates->merchant_count && rates->alert.merchant.text[0] == '\0'; i++) {
    struct rated_merchant *merchant = rates->merchants[i];
    if (!may_look(merchant, now_ms))
      continue;
    merchant->looked_ms = now_ms;
    merchant->looked_for = false;
    find_fall(merchant, now_ms, &rates->alert);
  }
}
