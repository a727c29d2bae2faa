/* Life, the journal, the round. */
#include "rates_parts.h"

#include "history.h"
#include "log.h"
#include <errno.h>
#include <stdlib.h>

enum { AGAIN_MS = 500 };

/* ---- Life ---- */

/* The first entry of that time or later; one past the last when there is none. Entries lie in the order of
 * their times, but for a clock that was set back between two runs: then some of that hour are read in vain,
 * or some of the 31st day are not. */
static int find_start(struct ledger *ledger, int64_t since_ms, uint64_t *ret_start) {
  uint64_t low = 1, high = ledger_durable(ledger) + 1;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    struct journal_entry entry;
    int r = ledger_entry(ledger, middle, &entry);
    if (r != 0 || entry.sequence != middle)
      return r < 0 ? r : -EBADMSG;
    if (entry.head.at_ms < since_ms)
      low = middle + 1;
    else
      high = middle;
  }
  *ret_start = low;
  return 0;
}

int rates_new(struct ledger *ledger, int64_t now_ms, struct rates **ret_rates) {
  struct rates *rates = calloc(1, sizeof *rates);
  if (!rates)
    return -ENOMEM;
  rates->ledger = ledger;
  rates->live_from = ledger_durable(ledger) + 1;
  int r = map_open(&rates->by_id);
  if (r == 0)
    r = totals_open(&rates->totals);
  if (r == 0)
    r = find_start(ledger, (now_ms / DAY_MS - RATES_DAYS) * DAY_MS, &rates->next);
  if (r == -EBADMSG) {
    log_warn("the journal is damaged: approval rates begin with this start");
    rates->left_out = true;
    rates->next = rates->live_from;
    r = 0;
  }
  if (r < 0) {
    rates_free(rates);
    return r;
  }
  *ret_rates = rates;
  return 0;
}

void rates_on_first_ended(struct rates *rates,
                          void (*told)(void *context, const struct payment *payment,
                                       const struct attempt *attempt, int64_t at_ms),
                          void *context) {
  rates->first_ended = told;
  rates->first_context = context;
}

void rates_free(struct rates *rates) {
  if (!rates)
    return;
  for (unsigned i = 0; i < rates->merchant_count; i++)
    free(rates->merchants[i]);
  for (unsigned i = 0; i < DAY_SLOTS; i++) {
    cells_close(&rates->days[i].rates);
    cells_close(&rates->days[i].recoveries);
    cells_close(&rates->days[i].latencies);
    cells_close(&rates->days[i].costs);
  }
  totals_close(&rates->totals);
  map_close(&rates->by_id);
  free(rates);
}

/* ---- The journal ---- */

/* What an entry about a payment says of its place. */
struct place {
  struct id merchant, payment;
  uint64_t sequence, previous;
  int64_t at_ms;
  struct entry_glance glance;
};

static int read_place(const struct journal_entry *entry, struct place *ret_place) {
  struct place place = {.sequence = entry->sequence, .at_ms = entry->head.at_ms};
  int r = entry_subject(entry, &place.merchant, &place.payment, &place.previous);
  if (r == 0)
    r = entry_look(entry, &place.glance);
  if (r == 0)
    *ret_place = place;
  return r;
}

/* The payment's entry before that one; there is one. Each lies before the one that names it. */
static int step_back(struct rates *rates, struct place *at, unsigned *reads) {
  struct journal_entry entry;
  uint64_t wanted = at->previous;
  int r = wanted < at->sequence ? ledger_entry(rates->ledger, wanted, &entry) : -EBADMSG;
  ++*reads;
  if (r == 0)
    r = entry.sequence == wanted && entry.type == JOURNAL_PAYMENT ? read_place(&entry, at) : -EBADMSG;
  return r > 0 ? -EBADMSG : r;
}

/* Whether an entry of the payment's before that one decided it. */
static int look_back(struct rates *rates, const struct place *from, unsigned *reads, bool *ret_decided) {
  struct place at = *from;
  at.glance.decides = false;
  while (!at.glance.decides && at.previous != 0) {
    int r = step_back(rates, &at, reads);
    if (r < 0)
      return r;
  }
  *ret_decided = at.glance.decides;
  return 0;
}

/* Whether an entry before that one ended the first attempt: then at the same time. */
static int look_back_at_first(struct rates *rates, const struct place *from, unsigned *reads,
                              bool *ret_ended) {
  struct place at = *from;
  bool ended = false;
  while (!ended && at.previous != 0 && at.at_ms == from->at_ms) {
    int r = step_back(rates, &at, reads);
    if (r < 0)
      return r;
    ended = at.glance.ends_first && at.at_ms == from->at_ms;
  }
  *ret_ended = ended;
  return 0;
}

/* The payment as that entry left it: mostly it is the latest, and the record is at hand. */
static int payment_of(struct rates *rates, const struct place *place, unsigned *reads,
                      struct payment **ret_payment) {
  struct payment_marks unused;
  struct payment *payment = NULL;
  ++*reads;
  int r = payment_load(rates->ledger, &place->merchant, &place->payment, &payment);
  if (r == 0 && payment->sequence != place->sequence) {
    payment_free(payment);
    r = payment_at(rates->ledger, place->sequence, &unused, &payment, reads);
  }
  if (r == 0)
    *ret_payment = payment;
  return r > 0 ? -EBADMSG : r;
}

/* What is asked of the payment has been so since it began. */
static int tell_of_first(struct rates *rates, const struct place *place, unsigned *reads) {
  struct payment *payment;
  bool ended;
  int r = look_back_at_first(rates, place, reads, &ended);
  if (r < 0 || ended || !rates->first_ended)
    return r;
  ++*reads;
  r = payment_load(rates->ledger, &place->merchant, &place->payment, &payment);
  if (r != 0)
    return r < 0 ? r : -EBADMSG;
  rates->first_ended(rates->first_context, payment, &place->glance.first, place->at_ms);
  rates->first_told = place->sequence; /* not again when the rest of the entry cannot be read now */
  payment_free(payment);
  return 0;
}

static int count_decided(struct rates *rates, const struct place *place, unsigned *reads) {
  struct payment *payment;
  bool decided;
  int r = look_back(rates, place, reads, &decided);
  if (r < 0 || decided)
    return r;
  r = payment_of(rates, place, reads, &payment);
  if (r < 0)
    return r;
  record_payment(rates, payment, place->at_ms, place->sequence >= rates->live_from);
  payment_free(payment);
  return 0;
}

static int take_payment(struct rates *rates, const struct journal_entry *entry, unsigned *reads) {
  struct place place;
  int r = read_place(entry, &place);
  if (r == 0 && place.glance.ends_first && place.sequence < rates->live_from &&
      place.sequence > rates->first_told)
    r = tell_of_first(rates, &place, reads);
  if (r == 0 && place.glance.decides)
    r = count_decided(rates, &place, reads);
  return r;
}

static int take_alert(struct rates *rates, const struct journal_entry *entry) {
  struct rate_alert alert;
  int r = ledger_rate_alert_entry(entry, &alert);
  struct rated_merchant *merchant = r == 0 ? merchant_of(rates, &alert.merchant) : NULL;
  if (merchant)
    merchant->alerted_ms = entry->head.at_ms;
  return r;
}

static int take_entry(struct rates *rates, unsigned *reads) {
  struct journal_entry entry;
  int r = ledger_entry(rates->ledger, rates->next, &entry);
  ++*reads;
  if (r != 0 || entry.sequence != rates->next)
    return r < 0 ? r : -EBADMSG;
  if (entry.type == JOURNAL_PAYMENT)
    return take_payment(rates, &entry, reads);
  return entry.type == JOURNAL_RATE_ALERT ? take_alert(rates, &entry) : 0;
}

bool rates_is_behind(const struct rates *rates) {
  return rates->next <= ledger_durable(rates->ledger);
}

/* An entry that cannot be read is passed over; of anything else the end is awaited. */
void read_on(struct rates *rates, int64_t now_ms) {
  unsigned reads = 0;
  while (rates_is_behind(rates) && reads < RATES_READS) {
    int r = take_entry(rates, &reads);
    if (r < 0 && r != -EBADMSG) {
      rates->blocked_until_ms = now_ms + AGAIN_MS;
      return;
    }
    if (r == -EBADMSG) {
      log_warn("an entry of the journal cannot be counted");
      rates->totals.unreadable++;
      rates->left_out = true;
    }
    rates->next++;
  }
}

void rates_run(struct rates *rates, int64_t now_ms) {
  if (rates->blocked_until_ms > now_ms)
    return;
  if (rates_is_behind(rates) && rates->waiting_since_ms == 0)
    rates->waiting_since_ms = now_ms;
  if (rates->waiting_since_ms + RATES_LAG_MS <= now_ms || rates->next < rates->live_from)
    read_on(rates, now_ms);
  if (rates_is_behind(rates))
    return;
  rates->waiting_since_ms = 0;
  drops_look(rates, now_ms);
}

int64_t rates_due(const struct rates *rates, int64_t now_ms) {
  if (rates->alert.merchant.text[0] != '\0')
    return rates->put_after_ms;
  if (!rates_is_behind(rates))
    return -1;
  if (rates->blocked_until_ms > now_ms)
    return rates->blocked_until_ms;
  if (rates->next < rates->live_from)
    return 0;
  return rates->waiting_since_ms == 0 ? now_ms + RATES_LAG_MS : rates->waiting_since_ms + RATES_LAG_MS;
}

/* ---- The round ---- */

bool rates_wants_commit(const struct rates *rates, int64_t now_ms) {
  return rates->alert.merchant.text[0] != '\0' && rates->put_after_ms <= now_ms;
}

int rates_put(struct rates *rates, int64_t now_ms) {
  struct journal_head head = {.at_ms = now_ms};
  rates->putting = true;
  return ledger_rate_alert_put(rates->ledger, &head, &rates->alert);
}

void rates_committed(struct rates *rates, int64_t now_ms, bool done) {
  rates->put_after_ms = done ? 0 : now_ms + AGAIN_MS;
  if (rates->putting && done) {
    struct rated_merchant *merchant = merchant_find(rates, &rates->alert.merchant);
    merchant->alerted_ms = merchant->looked_ms;
    rates->totals.alerts++;
    rates->alert = (struct rate_alert){0};
  }
  rates->putting = false;
}

const struct rates_totals *rates_totals(const struct rates *rates) {
  return &rates->totals;
}
