/* What Prometheus is told: counts since this start, of all merchants together. */
#include "rates_parts.h"

enum { FIRST_STEP_US = 250, THE_MERCHANT = 1 /* in keys: merchants are not told apart */ };

static const unsigned series_dims[SERIES_COUNT] = {
    [SERIES_CARD] = 1U << DIM_CONNECTOR | 1U << DIM_NETWORK | 1U << DIM_FUNDING,
    [SERIES_KIND] = 1U << DIM_CONNECTOR | 1U << DIM_KIND,
    [SERIES_AMOUNT] = 1U << DIM_CONNECTOR | 1U << DIM_AMOUNT_BAND};

/* ---- Latencies ---- */

uint32_t rates_step_end(unsigned step) {
  uint64_t end = FIRST_STEP_US;
  while (step-- > 0)
    end += end / 3;
  return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

unsigned latency_step(uint32_t latency_us) {
  unsigned step = 0;
  while (step < RATES_STEPS - 1 && latency_us > rates_step_end(step))
    step++;
  return step;
}

bool latency_counts(const struct attempt *attempt) {
  return attempt->step.answer.latency_us != 0 && attempt->step.answer.phase == PHASE_REPLY;
}

static void add_latency(struct rates_histogram *histogram, const struct attempt *attempt) {
  if (!latency_counts(attempt))
    return;
  histogram->steps[latency_step(attempt->step.answer.latency_us)]++;
  histogram->sum_us += attempt->step.answer.latency_us;
}

/* ---- Life ---- */

int totals_open(struct rates_totals *totals) {
  int r = cells_open(&totals->costs, TOTAL_CELLS, COST_DIMS);
  for (unsigned i = 0; i < SERIES_COUNT && r == 0; i++)
    r = cells_open(&totals->groups[i], TOTAL_CELLS, 1U << DIM_CONNECTOR);
  return r;
}

void totals_close(struct rates_totals *totals) {
  cells_close(&totals->costs);
  for (unsigned i = 0; i < SERIES_COUNT; i++)
    cells_close(&totals->groups[i]);
}

/* ---- Counting ---- */

static void add_outcome(struct rates_outcomes *outcomes, const struct rate_counts *counts) {
  outcomes->approved += counts->of[COUNT_ATTEMPTS_APPROVED];
  outcomes->declined += counts->of[COUNT_ATTEMPTS] - counts->of[COUNT_ATTEMPTS_APPROVED];
  outcomes->unreached += counts->of[COUNT_ATTEMPTS_UNREACHED];
}

static void add_to_groups(struct rates_totals *totals, const struct rate_key *key, uint16_t connector,
                          const struct rate_counts *counts) {
  for (unsigned i = 0; i < SERIES_COUNT; i++) {
    struct rate_key group = {.merchant = THE_MERCHANT};
    for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++)
      if (series_dims[i] >> dim & 1)
        group.dims[dim] = key->dims[dim];
    group.dims[DIM_CONNECTOR] = connector;
    cells_add(&totals->groups[i], &group, counts);
  }
}

void totals_add_attempt(struct rates_totals *totals, const struct rate_key *key, enum network network,
                        const struct attempt *attempt, const struct rate_counts *counts) {
  uint16_t connector = names_number(&totals->connectors, attempt->connector);
  add_outcome(&totals->attempts, counts);
  add_outcome(&totals->by_network[network], counts);
  add_outcome(&totals->by_connector[connector], counts);
  add_latency(&totals->latencies[connector], attempt);
  add_to_groups(totals, key, connector, counts);
}

void totals_add_payment(struct rates_totals *totals, const struct rate_key *key,
                        const struct attempt *decider, const struct rate_counts *counts) {
  totals->payments.approved += counts->of[COUNT_PAYMENTS_APPROVED];
  totals->payments.declined += counts->of[COUNT_PAYMENTS] - counts->of[COUNT_PAYMENTS_APPROVED];
  totals->cascaded += counts->of[COUNT_CASCADED];
  add_to_groups(totals, key, names_number(&totals->connectors, decider->connector), counts);
}

void totals_add_decline(struct rates_totals *totals, const char *code_name,
                        const struct rate_counts *counts) {
  counts_add(&totals->by_code[names_number(&totals->codes, code_name)], counts);
}

const char *rates_total_code(const struct rates_totals *totals, unsigned number, const char **ret_source) {
  const char *text = names_text(&totals->codes, (uint16_t)number);
  if (number < VALUE_FIRST) {
    *ret_source = "";
    return text;
  }
  *ret_source = text[0] == 'n' ? "network" : "psp";
  return text + 1;
}
