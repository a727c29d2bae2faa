#include "metrics_rates.h"
#include "metrics_text.h"
#include <inttypes.h>
#include <stdbool.h>

enum { MILLION = 1000000 };

/* ---- Attempts by one label ---- */

/* label: what they are told apart by, and value which they are of; NULL: of all. */
static void print_outcomes(FILE *out, const char *name, const char *label, const char *value,
                           const struct rates_outcomes *outcomes) {
  const struct {
    const char *outcome;
    uint64_t count;
  } counts[] = {
      {"approved", outcomes->approved}, {"declined", outcomes->declined}, {"unreached", outcomes->unreached}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    fputs(name, out);
    if (label != NULL)
      metrics_label(out, '{', label, value);
    metrics_label(out, label != NULL ? ',' : '{', "outcome", counts[i].outcome);
    fprintf(out, "} %" PRIu64 "\n", counts[i].count);
  }
}

static bool any_outcome(const struct rates_outcomes *outcomes) {
  return outcomes->approved + outcomes->declined + outcomes->unreached > 0;
}

static void print_by_network(FILE *out, const struct rates_totals *totals) {
  const char *name = "freeport_network_authorizations_total";
  metrics_head(out, name, "counter", "The same attempts by card network.");
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    if (any_outcome(&totals->by_network[i]))
      print_outcomes(out, name, "network", network_name((enum network)i), &totals->by_network[i]);
}

static void print_by_connector(FILE *out, const struct rates_totals *totals) {
  const char *name = "freeport_connector_authorizations_total";
  metrics_head(out, name, "counter", "The same attempts by connector.");
  for (unsigned i = VALUE_OTHER; i < (unsigned)VALUE_FIRST + totals->connectors.count; i++)
    if (any_outcome(&totals->by_connector[i]))
      print_outcomes(out, name, "connector", names_text(&totals->connectors, (uint16_t)i),
                     &totals->by_connector[i]);
}

/* ---- By connector and what else ---- */

/* What a series counts: a label's value, and how it follows from the counts of a group. */
struct tally {
  const char *outcome;
  enum rate_count count, less; /* less: what is taken off; COUNT_COUNT: nothing */
};

static const struct tally attempts[] = {{"approved", COUNT_ATTEMPTS_APPROVED, COUNT_COUNT},
                                        {"declined", COUNT_ATTEMPTS, COUNT_ATTEMPTS_APPROVED},
                                        {"unreached", COUNT_ATTEMPTS_UNREACHED, COUNT_COUNT}};
static const struct tally payments[] = {{"approved", COUNT_PAYMENTS_APPROVED, COUNT_COUNT},
                                        {"declined", COUNT_PAYMENTS, COUNT_PAYMENTS_APPROVED}};

static uint64_t tallied(const struct tally *tally, const struct rate_counts *counts) {
  return counts->of[tally->count] - (tally->less == COUNT_COUNT ? 0 : counts->of[tally->less]);
}

_Static_assert(DIM_CONNECTOR == 0, "it comes first, and every group has it");

static void print_group_labels(FILE *out, const struct rates_totals *totals, const struct rate_key *key) {
  for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++) {
    char text[VALUE_TEXT_CAPACITY];
    if (key->dims[dim] == VALUE_ANY)
      continue;
    rate_value_text((enum rate_dim)dim, key->dims[dim], text);
    metrics_label(out, dim == DIM_CONNECTOR ? '{' : ',', rate_dim_name((enum rate_dim)dim),
                  dim == DIM_CONNECTOR ? names_text(&totals->connectors, key->dims[dim]) : text);
  }
}

static void print_group(FILE *out, const struct rates_totals *totals, const char *name,
                        const struct cell *cell, const struct tally *tallies, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += tallied(&tallies[i], &cell->counts);
  for (size_t i = 0; i < count && sum > 0; i++) {
    fputs(name, out);
    print_group_labels(out, totals, &cell->key);
    metrics_label(out, ',', "outcome", tallies[i].outcome);
    fprintf(out, "} %" PRIu64 "\n", tallied(&tallies[i], &cell->counts));
  }
}

static void print_series(FILE *out, const struct rates_totals *totals, enum rates_series series,
                         const char *name, const char *help, const struct tally *tallies, size_t count) {
  const struct cells *groups = &totals->groups[series];
  metrics_head(out, name, "counter", help);
  for (unsigned i = 0; i < groups->capacity; i++)
    if (groups->cells[i].key.merchant != 0)
      print_group(out, totals, name, &groups->cells[i], tallies, count);
}

static void print_groups(FILE *out, const struct rates_totals *totals) {
  static const struct {
    const char *attempts, *attempts_help, *payments, *payments_help;
  } series[SERIES_COUNT] = {
      [SERIES_CARD] = {"freeport_card_authorizations_total",
                       "The same attempts by connector, card network and funding.",
                       "freeport_card_decided_payments_total",
                       "Payments that reached an issuer, by the connector that decided them, card network "
                       "and funding."},
      [SERIES_KIND] = {"freeport_kind_authorizations_total",
                       "The same attempts by connector, first payments and renewals apart.",
                       "freeport_kind_decided_payments_total",
                       "Payments that reached an issuer, by the connector that decided them, first ones and "
                       "renewals apart."},
      [SERIES_AMOUNT] = {"freeport_amount_authorizations_total",
                         "The same attempts by connector and band of the amount, in whole units of its "
                         "currency.",
                         "freeport_amount_decided_payments_total",
                         "Payments that reached an issuer, by the connector that decided them and band of "
                         "the amount."}};
  for (unsigned i = 0; i < SERIES_COUNT; i++) {
    print_series(out, totals, (enum rates_series)i, series[i].attempts, series[i].attempts_help, attempts,
                 sizeof attempts / sizeof *attempts);
    print_series(out, totals, (enum rates_series)i, series[i].payments, series[i].payments_help, payments,
                 sizeof payments / sizeof *payments);
  }
}

/* ---- Cascades and recoveries ---- */

static void print_codes(FILE *out, const struct rates_totals *totals, const char *name, const char *help,
                        enum rate_count count) {
  metrics_head(out, name, "counter", help);
  for (unsigned i = VALUE_OTHER; i < (unsigned)VALUE_FIRST + totals->codes.count; i++) {
    const char *source, *code = rates_total_code(totals, i, &source);
    if (totals->by_code[i].of[COUNT_DECLINED_FIRST] == 0)
      continue;
    fputs(name, out);
    metrics_label(out, '{', "code", code);
    metrics_label(out, ',', "source", source);
    fprintf(out, "} %" PRIu64 "\n", totals->by_code[i].of[count]);
  }
}

static void print_cascades(FILE *out, const struct rates_totals *totals) {
  metrics_one(out, "freeport_cascaded_payments_total", "counter",
              "Payments with more than one attempt, of those that reached an issuer.", totals->cascaded);
  print_codes(out, totals, "freeport_declined_first_payments_total",
              "Payments that the first issuer's word declined, by its code.", COUNT_DECLINED_FIRST);
  print_codes(out, totals, "freeport_retried_payments_total",
              "Those of them that were tried once more, by the code of the first decline.", COUNT_RETRIED);
  print_codes(out, totals, "freeport_recovered_payments_total",
              "Those of them that were approved in the end, by the code of the first decline.",
              COUNT_RECOVERED);
}

/* ---- Latencies ---- */

/* The last step has no end. */
static void print_bucket(FILE *out, const char *name, const char *connector, unsigned step, uint64_t below) {
  fprintf(out, "%s_bucket", name);
  metrics_label(out, '{', "connector", connector);
  if (step + 1 < RATES_STEPS)
    fprintf(out, ",le=\"%.6f\"} %" PRIu64 "\n", (double)rates_step_end(step) / MILLION, below);
  else
    fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", below);
}

static void print_histogram(FILE *out, const char *name, const char *connector,
                            const struct rates_histogram *histogram) {
  uint64_t below = 0;
  for (unsigned i = 0; i < RATES_STEPS; i++) {
    below += histogram->steps[i];
    print_bucket(out, name, connector, i, below);
  }
  fprintf(out, "%s_sum", name);
  metrics_label(out, '{', "connector", connector);
  fprintf(out, "} %.6f\n%s_count", (double)histogram->sum_us / MILLION, name);
  metrics_label(out, '{', "connector", connector);
  fprintf(out, "} %" PRIu64 "\n", below);
}

static bool any_answer(const struct rates_histogram *histogram) {
  for (unsigned i = 0; i < RATES_STEPS; i++)
    if (histogram->steps[i] > 0)
      return true;
  return false;
}

static void print_latencies(FILE *out, const struct rates_totals *totals) {
  const char *name = "freeport_connector_answer_seconds";
  metrics_head(out, name, "histogram", "How long whole answers to charges and authorizations took.");
  for (unsigned i = VALUE_OTHER; i < (unsigned)VALUE_FIRST + totals->connectors.count; i++)
    if (any_answer(&totals->latencies[i]))
      print_histogram(out, name, names_text(&totals->connectors, (uint16_t)i), &totals->latencies[i]);
}

/* ---- Costs ---- */

/* One series of costs: which of its counts, divided by what. */
static void print_cost(FILE *out, const struct rates_totals *totals, const char *name, const char *help,
                       enum rate_count count, double divisor) {
  char currency[CURRENCY_CAPACITY];
  metrics_head(out, name, "counter", help);
  for (unsigned i = 0; i < totals->costs.capacity; i++) {
    const struct cell *cell = &totals->costs.cells[i];
    if (cell->key.merchant == 0)
      continue;
    rate_currency_text(cell->key.dims[DIM_DETAIL], currency);
    fputs(name, out);
    metrics_label(out, '{', "connector", names_text(&totals->connectors, cell->key.dims[DIM_CONNECTOR]));
    metrics_label(out, ',', "currency", currency);
    fprintf(out, "} %.15g\n", (double)cell->counts.of[count] / divisor);
  }
}

static void print_costs(FILE *out, const struct rates_totals *totals) {
  print_cost(out, totals, "freeport_approved_payments_total", "Payments that the connector approved.",
             COUNT_PAYMENTS_APPROVED, 1);
  print_cost(out, totals, "freeport_priced_payments_total",
             "Those of them whose cost is known by the connector's fees.", COUNT_PRICED, 1);
  print_cost(out, totals, "freeport_expected_fees_minor_units_total",
             "What they are expected to cost, and declined tries, in minor units of the currency.",
             COUNT_COST, MILLION);
}

void metrics_print_rates(FILE *out, const struct rates_totals *totals) {
  metrics_head(out, "freeport_payment_authorizations_total", "counter",
               "Payments that were decided, by what an issuer said in the end.");
  print_outcomes(out, "freeport_payment_authorizations_total", NULL, NULL, &totals->payments);
  metrics_one(
      out, "freeport_tried_payments_total", "counter",
      "Decided payments of which there was an attempt, whatever came of it; the approved ones by this are "
      "the rate that an acquirer's own faults lower as well.",
      totals->tried);
  metrics_head(out, "freeport_attempt_authorizations_total", "counter",
               "Attempts of decided payments, by what an issuer said.");
  print_outcomes(out, "freeport_attempt_authorizations_total", NULL, NULL, &totals->attempts);
  print_by_network(out, totals);
  print_by_connector(out, totals);
  print_groups(out, totals);
  print_cascades(out, totals);
  print_latencies(out, totals);
  print_costs(out, totals);
  metrics_one(out, "freeport_approval_rate_alerts_total", "counter",
              "Alerts that a merchant's approval rate has fallen.", totals->alerts);
  metrics_one(out, "freeport_rates_unreadable_total", "counter",
              "Entries of the journal that could not be counted.", totals->unreadable);
}
