#include "authorization_render.h"

/* How many of how many, and between what the rate lies. */
static void render_rate(struct json_out *out, const char *name, uint64_t part, uint64_t total) {
  struct rate_bounds bounds = rate_bounds(part, total);
  out_open(out, name);
  out_integer(out, "count", (int64_t)part);
  out_integer(out, "total", (int64_t)total);
  if (total > 0)
    out_integer(out, "rate_bp", bounds.rate);
  else
    out_null(out, "rate_bp");
  out_integer(out, "low_bp", bounds.low);
  out_integer(out, "high_bp", bounds.high);
  out_close(out);
}

/* Why no figure is given; NULL when there is one. */
static const char *no_cost(const struct rates_row *costs, bool known) {
  if (known)
    return NULL;
  if (costs->key.dims[DIM_DETAIL] < VALUE_FIRST)
    return "no_room";
  if (costs->counts.of[COUNT_PAYMENTS_APPROVED] == 0)
    return "none_approved";
  return costs->counts.of[COUNT_PRICED] == 0 ? "no_fees" : "too_large";
}

/* In one currency. */
static void render_cost(struct json_out *out, const struct rates_row *costs) {
  char currency[CURRENCY_CAPACITY];
  int64_t together, each;
  bool known = rates_cost(costs, &together, &each);
  rate_currency_text(costs->key.dims[DIM_DETAIL], currency);
  out_open(out, NULL);
  out_text(out, "currency", currency);
  if (known)
    out_thousandths(out, "amount", each);
  else
    out_null(out, "amount");
  out_text(out, "reason", no_cost(costs, known));
  if (known)
    out_thousandths(out, "fees", together);
  else
    out_null(out, "fees");
  render_rate(out, "priced", costs->counts.of[COUNT_PRICED], costs->counts.of[COUNT_PAYMENTS_APPROVED]);
  out_close(out);
}

static void render_costs(struct json_out *out, const struct rates_answer *answer,
                         const struct rate_key *row) {
  unsigned count;
  const struct rates_row *costs = rates_costs(answer, row, &count);
  out_open_list(out, "cost_per_approved");
  for (unsigned i = 0; i < count; i++)
    render_cost(out, &costs[i]);
  out_close_list(out);
}

static void render_counts(struct json_out *out, const struct rate_counts *counts) {
  render_rate(out, "payments", counts->of[COUNT_PAYMENTS_APPROVED], counts->of[COUNT_PAYMENTS]);
  render_rate(out, "attempts", counts->of[COUNT_ATTEMPTS_APPROVED], counts->of[COUNT_ATTEMPTS]);
  render_rate(out, "tried", counts->of[COUNT_PAYMENTS_APPROVED], counts->of[COUNT_TRIED]);
  out_integer(out, "attempts_unreached", (int64_t)counts->of[COUNT_ATTEMPTS_UNREACHED]);
  render_rate(out, "cascaded", counts->of[COUNT_CASCADED], counts->of[COUNT_PAYMENTS]);
  render_rate(out, "recovered", counts->of[COUNT_RECOVERED], counts->of[COUNT_DECLINED_FIRST]);
}

static void render_row(struct json_out *out, const struct rates *rates, unsigned groups,
                       const struct rates_answer *answer, const struct rates_row *row) {
  char buffer[VALUE_TEXT_CAPACITY];
  out_open(out, NULL);
  out_open(out, "group");
  for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++)
    if (groups >> dim & 1)
      out_text(out, rate_dim_name((enum rate_dim)dim),
               rates_text(rates, &row->key, (enum rate_dim)dim, buffer));
  out_close(out);
  render_counts(out, &row->counts);
  render_costs(out, answer, &row->key);
  out_close(out);
}

static void render_recovery(struct json_out *out, const struct rates *rates, const struct rates_row *row) {
  bool network;
  const char *code = rates_code(rates, &row->key, &network);
  bool told = row->key.dims[DIM_DETAIL] >= VALUE_FIRST;
  out_open(out, NULL);
  out_text(out, "code", code);
  out_text(out, "source", !told ? NULL : network ? "network" : "psp");
  render_rate(out, "retried", row->counts.of[COUNT_RETRIED], row->counts.of[COUNT_DECLINED_FIRST]);
  render_rate(out, "recovered", row->counts.of[COUNT_RECOVERED], row->counts.of[COUNT_DECLINED_FIRST]);
  out_close(out);
}

static void render_latency(struct json_out *out, const struct rates *rates, uint16_t merchant,
                           const struct rates_latency *latency) {
  char buffer[VALUE_TEXT_CAPACITY];
  struct rate_key key = {.merchant = merchant};
  key.dims[DIM_CONNECTOR] = latency->connector;
  out_open(out, NULL);
  out_text(out, "connector", rates_text(rates, &key, DIM_CONNECTOR, buffer));
  out_integer(out, "answers", (int64_t)latency->answers);
  out_thousandths(out, "p50_ms", latency->p50_us);
  out_thousandths(out, "p99_ms", latency->p99_us);
  out_close(out);
}

static void render_lists(struct json_out *out, const struct rates *rates, const struct rates_query *query,
                         const struct rates_answer *answer) {
  out_open_list(out, "data");
  for (unsigned i = 0; i < answer->row_count; i++)
    render_row(out, rates, query->groups, answer, &answer->rows[i]);
  out_close_list(out);
  out_open_list(out, "recoveries");
  for (unsigned i = 0; i < answer->recovery_count; i++)
    render_recovery(out, rates, &answer->recoveries[i]);
  out_close_list(out);
  out_open_list(out, "latencies");
  for (unsigned i = 0; i < answer->latency_count; i++)
    render_latency(out, rates, answer->merchant, &answer->latencies[i]);
  out_close_list(out);
}

void render_authorization(struct json_out *out, const struct rates *rates, const struct rates_query *query,
                          const struct rates_answer *answer, bool livemode) {
  out_open(out, NULL);
  out_text(out, "object", "authorization_metrics");
  out_flag(out, "livemode", livemode);
  out_time(out, "from", answer->from_ms);
  out_time(out, "to", answer->to_ms);
  out_flag(out, "complete", answer->complete);
  out_open(out, "total");
  render_counts(out, &answer->total);
  render_costs(out, answer, NULL);
  out_close(out);
  render_lists(out, rates, query, answer);
  out_flag(out, "has_more", answer->more);
  out_close(out);
}

void render_rate_alert(struct json_out *out, const char *name, const struct rate_alert *alert, bool livemode,
                       int64_t at_ms) {
  out_open(out, name);
  out_text(out, "object", "approval_rate_alert");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", at_ms);
  out_text(out, "rate", alert->basis == RATE_OF_TRIED ? "tried" : "payments");
  out_integer(out, "window_hours", alert->window_hours);
  render_rate(out, "window", alert->now.approved, alert->now.total);
  out_integer(out, "mean_days", RATES_DAYS);
  render_rate(out, "mean", alert->before.approved, alert->before.total);
  out_integer(out, "drop_bp", RATE_DROP_BP);
  out_integer(out, "confidence_bp", RATE_ALERT_CONFIDENCE);
  out_close(out);
}
