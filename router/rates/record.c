/* A payment that is decided becomes counts. */
#include "rates_parts.h"

#include "log.h"
#include <stdlib.h>
#include <string.h>

enum { RECOVERY_CELLS = 1024, LATENCY_CELLS = 2048, COST_CELLS = 2048 };

/* ---- Merchants, days, hours ---- */

struct rated_merchant *merchant_find(const struct rates *rates, const struct id *id) {
  struct map_node *node = map_find(&rates->by_id, map_hash(id->text));
  while (node && !id_equal(&((struct rated_merchant *)node)->id, id))
    node = map_find_next(node);
  return (struct rated_merchant *)node;
}

struct rated_merchant *merchant_of(struct rates *rates, const struct id *id) {
  struct rated_merchant *merchant = merchant_find(rates, id);
  if (merchant)
    return merchant;
  if (rates->merchant_count < RATES_MERCHANTS_MAX)
    merchant = calloc(1, sizeof *merchant);
  if (!merchant) {
    rates->left_out = true;
    return NULL;
  }
  merchant->id = *id;
  rates->merchants[rates->merchant_count++] = merchant;
  merchant->number = (uint16_t)rates->merchant_count;
  map_add(&rates->by_id, &merchant->node, map_hash(id->text));
  return merchant;
}

static int day_open(struct day *day) {
  int r = cells_open(&day->rates, DAY_CELLS, 1U << DIM_CONNECTOR | 1U << DIM_NETWORK);
  if (r == 0)
    r = cells_open(&day->recoveries, RECOVERY_CELLS, 1U << DIM_CONNECTOR);
  if (r == 0)
    r = cells_open(&day->latencies, LATENCY_CELLS, 1U << DIM_DETAIL);
  if (r == 0)
    r = cells_open(&day->costs, COST_CELLS, COST_DIMS);
  return r;
}

/* The day of that time, begun afresh when its place is an older one's; NULL when it is over 30 days older
 * than the newest, or without memory. */
static struct day *day_of(struct rates *rates, int64_t at_ms) {
  int64_t number = at_ms / DAY_MS + 1;
  struct day *day = &rates->days[number % DAY_SLOTS];
  if (day->number > number)
    return NULL;
  if (!day->costs.cells && day_open(day) < 0) {
    cells_close(&day->rates);
    cells_close(&day->recoveries);
    cells_close(&day->latencies);
    rates->left_out = true;
    return NULL;
  }
  if (day->number < number) {
    cells_clear(&day->rates);
    cells_clear(&day->recoveries);
    cells_clear(&day->latencies);
    cells_clear(&day->costs);
    day->number = number;
  }
  return day;
}

/* reached: an issuer. */
static void record_hour(struct rated_merchant *merchant, int64_t at_ms, bool reached, bool approved) {
  int64_t number = at_ms / HOUR_MS + 1;
  struct hour *hour = &merchant->hours[number % RATE_HOURS];
  if (hour->number > number)
    return;
  if (hour->number < number)
    *hour = (struct hour){.number = number};
  hour->tried++;
  hour->total += reached;
  hour->approved += approved;
  merchant->looked_for = true;
}

/* ---- Keys ---- */

static const char *plan_of(const struct payment *payment, struct request_fields *inputs) {
  static const char begin[] = "plan=";
  if (payment_inputs(payment, inputs) < 0)
    return NULL;
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FIELD_COUNT; i++) {
    const char *value = request_fields_get(inputs, (enum request_field)i);
    if (value && strncmp(value, begin, sizeof begin - 1) == 0)
      return value + sizeof begin - 1;
  }
  return NULL;
}

static uint16_t or_none(uint16_t value) {
  return value == VALUE_ANY ? VALUE_NONE : value;
}

static bool is_renewal(enum payment_kind kind) {
  return kind != KIND_CUSTOMER && kind != KIND_MOTO;
}

static struct rate_key key_of(struct rated_merchant *merchant, const struct payment *payment) {
  struct request_fields inputs;
  struct rate_key key = {.merchant = merchant->number};
  key.dims[DIM_NETWORK] = or_none(rate_value_of(DIM_NETWORK, network_name(payment->card.network)));
  key.dims[DIM_FUNDING] = or_none(rate_value_of(DIM_FUNDING, funding_name(payment->funding)));
  key.dims[DIM_COUNTRY] = or_none(rate_value_of(DIM_COUNTRY, payment->country));
  key.dims[DIM_AMOUNT_BAND] = rate_amount_band(payment->amount, payment->currency);
  key.dims[DIM_KIND] = is_renewal(payment->kind) ? KIND_VALUE_RENEWAL : KIND_VALUE_FIRST;
  key.dims[DIM_PLAN] = names_number(&merchant->plans, plan_of(payment, &inputs));
  return key;
}

/* The issuer's code where it is known, else the PSP's; a letter before it says which. "" when there is none.
 */
static void name_code(const struct psp_answer *answer, char ret_name[CODE_CAPACITY + 1]) {
  bool network = answer->network_code[0] != '\0';
  const char *code = network ? answer->network_code : answer->code;
  ret_name[0] = code[0] == '\0' ? '\0' : network ? 'n' : 'p';
  strcpy(ret_name + 1, code);
}

_Static_assert((int)CODE_CAPACITY < (int)NAME_CAPACITY, "a code and its letter fit");

/* ---- Counting ---- */

static struct rate_counts counts_of_attempt(enum attempt_rating rating) {
  struct rate_counts counts = {0};
  counts.of[COUNT_ATTEMPTS] = rating != RATING_UNREACHED;
  counts.of[COUNT_ATTEMPTS_APPROVED] = rating == RATING_APPROVED;
  counts.of[COUNT_ATTEMPTS_UNREACHED] = rating == RATING_UNREACHED;
  return counts;
}

static void record_latency(struct day *day, const struct rate_key *key, const struct attempt *attempt) {
  if (!latency_counts(attempt))
    return;
  struct rate_key step = {.merchant = key->merchant};
  struct rate_counts one = {.of[COUNT_ATTEMPTS] = 1};
  step.dims[DIM_CONNECTOR] = key->dims[DIM_CONNECTOR];
  step.dims[DIM_DETAIL] = (uint16_t)(VALUE_FIRST + latency_step(attempt->step.answer.latency_us));
  cells_add(&day->latencies, &step, &one);
}

static void record_attempt(struct day *day, struct rates_totals *totals, const struct rate_key *key,
                           const struct payment *payment, const struct attempt *attempt,
                           enum attempt_rating rating) {
  const struct rate_counts counts = counts_of_attempt(rating);
  cells_add(&day->rates, key, &counts);
  record_latency(day, key, attempt);
  if (totals)
    totals_add_attempt(totals, key, payment->card.network, attempt, &counts);
}

/* ---- Costs ---- */

/* Whether the PSP was given anything to do. */
static bool was_tried(const struct attempt *attempt) {
  return attempt->step.class != OUTCOME_NOT_SENT;
}

/* What an attempt adds, by the fees of when it was begun; of a PSP that was given nothing to do there are
 * none. */
static struct rate_counts cost_of(const struct attempt *attempt, bool approves) {
  struct rate_counts counts = {0};
  counts.of[COUNT_PAYMENTS_APPROVED] = approves;
  if (!attempt->cost_known || !was_tried(attempt))
    return counts;
  counts.of[COUNT_PRICED] = approves;
  counts.of[COUNT_COST] =
      (uint64_t)attempt->cost.each_try + (approves ? (uint64_t)attempt->cost.approved : 0);
  return counts;
}

static void record_cost(struct rates *rates, struct day *day, const struct rate_key *key,
                        const struct payment *payment, const struct attempt *attempt,
                        enum attempt_rating rating, bool live) {
  struct rate_counts counts = cost_of(attempt, rating == RATING_APPROVED);
  struct rate_key by_currency = *key, total = {.merchant = 1};
  if (counts.of[COUNT_PAYMENTS_APPROVED] == 0 && counts.of[COUNT_COST] == 0)
    return;
  by_currency.dims[DIM_DETAIL] = total.dims[DIM_DETAIL] = rate_currency_value(payment->currency);
  cells_add(&day->costs, &by_currency, &counts);
  total.dims[DIM_CONNECTOR] = names_number(&rates->totals.connectors, attempt->connector);
  if (live)
    cells_add(&rates->totals.costs, &total, &counts);
}

/* What the attempts of a payment come to. */
struct course {
  const struct attempt *first;   /* that reached an issuer, or NULL */
  const struct attempt *decider; /* the last that did */
  bool approved;
  bool declined_first;
  bool retried;
};

static struct course course_of(const struct payment *payment) {
  struct course course = {0};
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    enum attempt_rating rating = attempt_rating(payment, attempt);
    course.retried |= course.declined_first;
    if (rating != RATING_APPROVED && rating != RATING_DECLINED)
      continue;
    if (!course.first) {
      course.first = attempt;
      course.declined_first = rating == RATING_DECLINED;
    }
    course.decider = attempt;
    course.approved = rating == RATING_APPROVED;
  }
  return course;
}

static struct rate_counts counts_of(const struct payment *payment, const struct course *course) {
  struct rate_counts counts = {0};
  counts.of[COUNT_PAYMENTS] = 1;
  counts.of[COUNT_PAYMENTS_APPROVED] = course->approved;
  counts.of[COUNT_CASCADED] = payment->attempt_count > 1;
  counts.of[COUNT_DECLINED_FIRST] = course->declined_first;
  counts.of[COUNT_RETRIED] = course->retried;
  counts.of[COUNT_RECOVERED] = course->declined_first && course->approved;
  return counts;
}

/* totals: NULL for what was before this start. */
static void record_decline(struct rated_merchant *merchant, struct day *day, struct rates_totals *totals,
                           const struct attempt *first, const struct rate_counts *counts) {
  struct rate_key recovery = {.merchant = merchant->number};
  char code[CODE_CAPACITY + 1];
  name_code(&first->step.answer, code);
  recovery.dims[DIM_CONNECTOR] = names_number(&merchant->connectors, first->connector);
  recovery.dims[DIM_DETAIL] = names_number(&merchant->codes, code);
  cells_add(&day->recoveries, &recovery, counts);
  if (totals)
    totals_add_decline(totals, code, counts);
}

/* With the connector that decided it, or that was tried last where none did. */
static void record_tried(struct rated_merchant *merchant, struct day *day, struct rate_key *key,
                         const struct payment *payment, const struct course *course) {
  const struct attempt *last = &payment->attempts[payment->attempt_count - 1];
  const struct rate_counts counts = {.of[COUNT_TRIED] = 1};
  key->dims[DIM_CONNECTOR] =
      names_number(&merchant->connectors, (course->decider ? course->decider : last)->connector);
  cells_add(&day->rates, key, &counts);
}

static void record_course(struct rated_merchant *merchant, struct day *day, struct rates_totals *totals,
                          struct rate_key *key, const struct payment *payment, const struct course *course) {
  struct rate_counts counts = counts_of(payment, course);
  key->dims[DIM_CONNECTOR] = names_number(&merchant->connectors, course->decider->connector);
  cells_add(&day->rates, key, &counts);
  if (totals)
    totals_add_payment(totals, key, course->decider, &counts);
  if (course->declined_first)
    record_decline(merchant, day, totals, course->first, &counts);
}

void record_payment(struct rates *rates, const struct payment *payment, int64_t at_ms, bool live) {
  struct rated_merchant *merchant = merchant_of(rates, &payment->merchant);
  struct day *day = day_of(rates, at_ms);
  struct rates_totals *totals = live ? &rates->totals : NULL;
  if (!merchant || !day)
    return;
  struct rate_key key = key_of(merchant, payment);
  struct course course = course_of(payment);
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    enum attempt_rating rating = attempt_rating(payment, attempt);
    if (rating == RATING_OPEN)
      continue;
    key.dims[DIM_CONNECTOR] = names_number(&merchant->connectors, attempt->connector);
    record_attempt(day, totals, &key, payment, attempt, rating);
    record_cost(rates, day, &key, payment, attempt, rating, live);
  }
  if (course.decider)
    record_course(merchant, day, totals, &key, payment, &course);
  else if (totals)
    totals->payments.unreached++;
  if (payment->attempt_count > 0) {
    record_tried(merchant, day, &key, payment, &course);
    record_hour(merchant, at_ms, course.decider != NULL, course.approved);
    rates->totals.tried += live;
  }
}
