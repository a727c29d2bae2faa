/* /metrics: that every series is well-formed and there once, and that it says what the JSON says. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "authorization_render.h"
#include "metrics.h"
#include "metrics_text.h"
#include "prometheus_text.h"
#include "world.h"

static struct world world;
static struct rates *rates;

static void setup(void) {
  world_open(&world, 12);
  cr_assert_eq(rates_new(world.ledger, world.now_ms, &rates), 0);
}

static void teardown(void) {
  rates_free(rates);
  world_close(&world);
}

TestSuite(api_metrics, .init = setup, .fini = teardown, .timeout = 120);

static struct prometheus_text *understood(const char *text) {
  char wrong[200];
  struct prometheus_text *read = prometheus_read(text, wrong);
  cr_assert_not_null(read, "%s of\n%s", wrong, text);
  return read;
}

static struct prometheus_text *metrics_of(void) {
  static struct metrics metrics = {
      .routes = {{.method = "GET", .path = "/v1/payments"}}, .route_count = 1, .commits = 7};
  struct metrics_now now = {
      .engine = engine_counts(world.engine), .connectors = world.engine, .rates = rates_totals(rates)};
  char *text;
  size_t length;
  metrics_answered(&metrics, 0, 200, 700);
  cr_assert_eq(metrics_render(&metrics, &now, &text, &length), 0);
  cr_assert_eq(strlen(text), length);
  struct prometheus_text *read = understood(text);
  free(text);
  return read;
}

static json_t *authorization(unsigned groups) {
  struct rates_query query = {.merchant = world.merchant, .limit = RATES_ROWS_MAX, .groups = groups};
  struct rates_answer answer;
  struct json_out out = {0};
  char *text;
  size_t length;
  cr_assert_eq(rates_ask(rates, world.now_ms, &query, &answer), 0);
  render_authorization(&out, rates, &query, &answer, false);
  cr_assert_eq(out_finish(&out, &text, &length), 0);
  json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
  cr_assert_not_null(json);
  free(text);
  rates_answer_free(&answer);
  return json;
}

static void pay(unsigned i) {
  struct payment_request request = world_request(&world);
  request.kind = i % 3 == 0 ? KIND_UNSCHEDULED : KIND_CUSTOMER;
  request.amount.minor = i % 2 ? 1000 : 250000;
  world.network = i % 5 ? NETWORK_VISA : NETWORK_MASTERCARD;
  world.sent_count = world.answer_count = 0;
  (void)world_pay(&world, &request);
}

static void answer(const char *code, uint32_t latency_us) {
  struct dispatch_result result = world_result(PHASE_REPLY, code ? ANSWER_IS_DECLINED : ANSWER_IS_CAPTURED);
  result.latency_us = latency_us;
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_PSP_ID, "psp-1"), 0);
  if (code)
    cr_assert_eq(answer_fields_set(&result.fields, ANSWER_NETWORK_CODE, code), 0);
  world_reply(&world, world_outstanding(&world), &result);
}

/* Approved, declined, cascaded, recovered, not sent; quick and slow. */
static void pay_of_each_kind(void) {
  for (unsigned i = 0; i < 60; i++) {
    pay(i);
    if (i % 15 == 1)
      world_fault(&world, PHASE_NOT_SENT);
    if (i % 6 == 2)
      answer("05", 2000);
    answer(i % 7 == 3 ? "14" : NULL, i == 51 ? 4000000 : 1000 + 10 * i);
    while (world_outstanding(&world))
      answer(NULL, 1000);
  }
  for (unsigned i = 0; i < 2; i++) {
    pay(i);
    while (world_outstanding(&world))
      world_fault(&world, PHASE_NOT_SENT);
  }
}

static long long member(const json_t *object, const char *name, const char *part) {
  const json_t *rate = json_object_get(object, name), *value = part ? json_object_get(rate, part) : rate;
  cr_assert(json_is_integer(value), "%s", name);
  return json_integer_value(value);
}

static void expect_value(const struct prometheus_text *read, long long wanted, const char *series) {
  double value = prometheus_value(read, series);
  cr_expect_eq(value, (double)wanted, "%s is %g, not %lld", series, value, wanted);
}

/* What stands between the braces for a group of the JSON, and a comma. */
static void labels_of(json_t *group, char ret_labels[200]) {
  const char *name;
  json_t *value;
  size_t length = 0;
  ret_labels[0] = '\0';
  json_object_foreach(group, name, value) {
    const char *text = json_is_null(value) ? "" : json_string_value(value);
    length += (size_t)snprintf(ret_labels + length, 200 - length, "%s=\"%s\",", name, text);
  }
}

static void expect_series(const struct prometheus_text *read, const char *kind, const char *labels,
                          const char *outcome, long long wanted) {
  char series[400];
  snprintf(series, sizeof series, "freeport_%s_total{%soutcome=\"%s\"}", kind, labels, outcome);
  expect_value(read, wanted, series);
}

/* Each row of the JSON is a series of each outcome, and there are no others. */
static void expect_groups(const struct prometheus_text *read, const char *kind, unsigned groups) {
  json_t *json = authorization(groups), *row;
  char attempts[80], payments[80], full[100], labels[200];
  size_t i, decided = 0;
  snprintf(attempts, sizeof attempts, "%s_authorizations", kind);
  snprintf(payments, sizeof payments, "%s_decided_payments", kind);
  json_array_foreach(json_object_get(json, "data"), i, row) {
    long long tried = member(row, "attempts", "total"), paid = member(row, "payments", "total");
    labels_of(json_object_get(row, "group"), labels);
    expect_series(read, attempts, labels, "approved", member(row, "attempts", "count"));
    expect_series(read, attempts, labels, "declined", tried - member(row, "attempts", "count"));
    expect_series(read, attempts, labels, "unreached", member(row, "attempts_unreached", NULL));
    decided += paid > 0;
    if (paid == 0)
      continue;
    expect_series(read, payments, labels, "approved", member(row, "payments", "count"));
    expect_series(read, payments, labels, "declined", paid - member(row, "payments", "count"));
  }
  snprintf(full, sizeof full, "freeport_%s_total", attempts);
  cr_expect_gt(i, 1, "there is something to tell apart");
  cr_expect_eq(prometheus_count(read, full), 3 * i, "%s", full);
  snprintf(full, sizeof full, "freeport_%s_total", payments);
  cr_expect_eq(prometheus_count(read, full), 2 * decided, "%s", full);
  json_decref(json);
}

Test(api_metrics, groups_are_those_of_the_json) {
  pay_of_each_kind();
  json_decref(authorization(0)); /* reads on */
  struct prometheus_text *read = metrics_of();
  expect_groups(read, "card", 1U << DIM_CONNECTOR | 1U << DIM_NETWORK | 1U << DIM_FUNDING);
  expect_groups(read, "kind", 1U << DIM_CONNECTOR | 1U << DIM_KIND);
  expect_groups(read, "amount", 1U << DIM_CONNECTOR | 1U << DIM_AMOUNT_BAND);
  prometheus_free(read);
}

Test(api_metrics, wholes_are_those_of_the_json) {
  pay_of_each_kind();
  json_t *json = authorization(0), *total = json_object_get(json, "total");
  struct prometheus_text *read = metrics_of();
  long long approved = member(total, "payments", "count"), tried = member(total, "attempts", "count");
  expect_series(read, "payment_authorizations", "", "approved", approved);
  expect_series(read, "payment_authorizations", "", "declined",
                member(total, "payments", "total") - approved);
  expect_series(read, "payment_authorizations", "", "unreached", 2);
  expect_series(read, "attempt_authorizations", "", "approved", tried);
  expect_series(read, "attempt_authorizations", "", "declined", member(total, "attempts", "total") - tried);
  expect_series(read, "attempt_authorizations", "", "unreached", member(total, "attempts_unreached", NULL));
  cr_expect_gt(member(total, "cascaded", "count"), 0);
  expect_value(read, member(total, "cascaded", "count"), "freeport_cascaded_payments_total");
  prometheus_free(read);
  json_decref(json);
}

Test(api_metrics, recoveries_are_those_of_the_json) {
  pay_of_each_kind();
  json_t *json = authorization(0), *row;
  struct prometheus_text *read = metrics_of();
  size_t i;
  json_array_foreach(json_object_get(json, "recoveries"), i, row) {
    static const char *const names[] = {"declined_first", "retried", "recovered"};
    const long long wanted[] = {member(row, "recovered", "total"), member(row, "retried", "count"),
                                member(row, "recovered", "count")};
    for (unsigned n = 0; n < 3; n++) {
      char series[200];
      snprintf(series, sizeof series, "freeport_%s_payments_total{code=\"%s\",source=\"%s\"}", names[n],
               json_string_value(json_object_get(row, "code")),
               json_string_value(json_object_get(row, "source")));
      expect_value(read, wanted[n], series);
    }
  }
  cr_expect_eq(i, 2);
  cr_expect_eq(prometheus_count(read, "freeport_recovered_payments_total"), 2);
  cr_expect_gt(prometheus_value(read, "freeport_recovered_payments_total{code=\"05\",source=\"network\"}"),
               0);
  prometheus_free(read);
  json_decref(json);
}

/* The first bucket that holds so many of a hundred, in microseconds. */
static double quantile(const struct prometheus_text *read, const char *connector, unsigned per_cent) {
  char series[200];
  snprintf(series, sizeof series, "freeport_connector_answer_seconds_count{connector=\"%s\"}", connector);
  double count = prometheus_value(read, series);
  for (unsigned step = 0; step + 1 < RATES_STEPS; step++) {
    snprintf(series, sizeof series, "freeport_connector_answer_seconds_bucket{connector=\"%s\",le=\"%.6f\"}",
             connector, rates_step_end(step) / 1e6);
    double below = prometheus_value(read, series);
    cr_assert_geq(below, 0, "%s", series);
    if (below * 100 >= count * per_cent)
      return rates_step_end(step);
  }
  return -1;
}

Test(api_metrics, latencies_are_those_of_the_json) {
  pay_of_each_kind();
  json_t *json = authorization(0), *row;
  struct prometheus_text *read = metrics_of();
  size_t i;
  json_array_foreach(json_object_get(json, "latencies"), i, row) {
    const char *connector = json_string_value(json_object_get(row, "connector"));
    char series[200];
    snprintf(series, sizeof series, "freeport_connector_answer_seconds_count{connector=\"%s\"}", connector);
    expect_value(read, member(row, "answers", NULL), series);
    cr_expect_float_eq(quantile(read, connector, 50) / 1000,
                       json_number_value(json_object_get(row, "p50_ms")), 0.0005);
    cr_expect_float_eq(quantile(read, connector, 99) / 1000,
                       json_number_value(json_object_get(row, "p99_ms")), 0.0005);
  }
  cr_expect_geq(i, 2);
  cr_expect_geq(quantile(read, "alpha", 99), 4000000, "the slow one");
  cr_expect_lt(quantile(read, "alpha", 50), 4000);
  prometheus_free(read);
  json_decref(json);
}

/* More codes than there is room for: some stand together, none is lost. */
Test(api_metrics, codes_are_bounded) {
  enum { CODES = NAMES_MAX + 20 };
  for (unsigned i = 0; i < CODES; i++) {
    char code[5];
    snprintf(code, sizeof code, "z%u", i);
    pay(1);
    answer(code, 1000);
    while (world_outstanding(&world))
      answer(code, 1000);
  }
  json_t *json = authorization(0), *total = json_object_get(json, "total");
  long long declined = member(total, "recovered", "total");
  struct prometheus_text *read = metrics_of();
  cr_expect_gt(declined, NAMES_MAX);
  cr_expect_eq(prometheus_count(read, "freeport_declined_first_payments_total"), NAMES_MAX + 1);
  expect_value(read, declined - NAMES_MAX,
               "freeport_declined_first_payments_total{code=\"other\",source=\"\"}");
  expect_value(read, member(total, "tried", "total"), "freeport_tried_payments_total");
  prometheus_free(read);
  json_decref(json);
}

Test(api_metrics, a_start_counts_from_nothing) {
  pay_of_each_kind();
  rates_free(rates);
  world_restart(&world);
  cr_assert_eq(rates_new(world.ledger, world.now_ms, &rates), 0);
  json_t *json = authorization(0);
  cr_expect_gt(member(json_object_get(json, "total"), "attempts", "total"), 0);
  struct prometheus_text *read = metrics_of();
  cr_expect_eq(prometheus_count(read, "freeport_card_authorizations_total"), 0);
  cr_expect_eq(prometheus_count(read, "freeport_connector_answer_seconds_count"), 0);
  cr_expect_eq(prometheus_count(read, "freeport_recovered_payments_total"), 0);
  expect_value(read, 0, "freeport_cascaded_payments_total");
  prometheus_free(read);
  json_decref(json);
}

/* ---- The format ---- */

Test(api_metrics, labels_are_escaped) {
  char *text;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  metrics_head(out, "one", "counter", "Of a strange kind.");
  fputs("one", out);
  metrics_label(out, '{', "a", "back\\slash, \"quoted\"");
  metrics_label(out, ',', "b", "two\nlines}");
  fputs("} 3\n", out);
  cr_assert_eq(fclose(out), 0);
  cr_expect_str_eq(text, "# HELP one Of a strange kind.\n# TYPE one counter\n"
                         "one{a=\"back\\\\slash, \\\"quoted\\\"\",b=\"two\\nlines}\"} 3\n");
  struct prometheus_text *read = understood(text);
  expect_value(read, 3, "one{b=\"two\\nlines}\",a=\"back\\\\slash, \\\"quoted\\\"\"}");
  prometheus_free(read);
  free(text);
}

/* The reader that the others rely on refuses what a scrape would. */
Test(api_metrics, what_is_malformed_is_seen) {
#define HEAD "# HELP one A text.\n# TYPE one counter\n"
#define HISTOGRAM "# HELP one A text.\n# TYPE one histogram\n"
  static const char *const wrong[] = {
      "one 1\n",
      HEAD "two 1\n",
      HEAD "one 1\none 2\n",
      HEAD "one{a=\"1\",b=\"2\"} 1\none{b=\"2\",a=\"1\"} 1\n",
      HEAD "one{a=\"1\",a=\"2\"} 1\n",
      HEAD "one{a=\"1\",} 1\n",
      HEAD "one{a=\"\"\"} 1\n",
      HEAD "one{a=\"\\x\"} 1\n",
      HEAD "one -1\n",
      HEAD "one 1",
      HEAD "one 1 \n",
      HEAD "one\n",
      HEAD "one 1\n" HEAD "one{a=\"1\"} 1\n",
      "# TYPE one counter\none 1\n",
      "# HELP one A text.\none 1\n",
      HEAD "# TYPE one counter\none 1\n",
      HISTOGRAM "one_bucket{le=\"1\"} 1\none_sum 1\none_count 1\n",
      HISTOGRAM "one_bucket{le=\"1\"} 2\none_bucket{le=\"+Inf\"} 1\none_sum 1\none_count 1\n",
      HISTOGRAM "one_bucket{le=\"2\"} 1\none_bucket{le=\"1\"} 1\none_bucket{le=\"+Inf\"} 1\none_sum "
                "1\none_count 1\n",
      HISTOGRAM "one_bucket{le=\"+Inf\"} 1\none_sum 1\none_count 2\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char said[200];
    struct prometheus_text *read = prometheus_read(wrong[i], said);
    cr_expect_null(read, "%s", wrong[i]);
    prometheus_free(read);
  }
  prometheus_free(understood(HEAD "one 1\n"));
  prometheus_free(
      understood(HISTOGRAM "one_bucket{le=\"1\"} 1\none_bucket{le=\"+Inf\"} 1\none_sum 1\none_count 1\n"));
}
