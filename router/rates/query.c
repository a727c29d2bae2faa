/* Counts of days become an answer. */
#include "rates_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 8192, CODES = 1024, STEPS = 8192, COSTS = 8192, PER_CENT = 100, MILLIONTHS = 1000 };

/* What is asked for, in numbers. */
struct asked {
  const struct rates_query *query;
  const struct rated_merchant *merchant;
  uint16_t only[DIM_GROUPABLE];
  bool nothing; /* a name that nobody knows: no row fits */
};

/* The sums that an answer is made of. */
struct sums {
  struct cells groups, codes, steps, costs;
  struct rate_counts total;
};

static void narrow(struct asked *asked, enum rate_dim dim, const struct names *names, const char *text) {
  if (!text)
    return;
  asked->only[dim] = names_find(names, text);
  asked->nothing |= asked->only[dim] == VALUE_ANY;
}

static struct asked asked_of(const struct rates_query *query, const struct rated_merchant *merchant) {
  struct asked asked = {.query = query, .merchant = merchant};
  memcpy(asked.only, query->only, sizeof asked.only);
  narrow(&asked, DIM_CONNECTOR, &merchant->connectors, query->only_connector);
  narrow(&asked, DIM_PLAN, &merchant->plans, query->only_plan);
  return asked;
}

static bool is_asked_for(const struct asked *asked, const struct rate_key *key, unsigned dims) {
  if (key->merchant != asked->merchant->number || asked->nothing)
    return false;
  for (unsigned i = 0; i < dims; i++)
    if (asked->only[i] != VALUE_ANY && asked->only[i] != key->dims[i])
      return false;
  return true;
}

/* Takes over the dimensions of that set. */
static void group_by(unsigned groups, const struct rate_key *from, struct rate_key *to) {
  for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++)
    if (groups >> dim & 1)
      to->dims[dim] = from->dims[dim];
}

static void sum_rates(const struct asked *asked, const struct cells *day, struct sums *sums) {
  for (unsigned i = 0; i < day->capacity; i++) {
    const struct cell *cell = &day->cells[i];
    if (!is_asked_for(asked, &cell->key, DIM_GROUPABLE))
      continue;
    struct rate_key key = {.merchant = cell->key.merchant};
    group_by(asked->query->groups, &cell->key, &key);
    cells_add(&sums->groups, &key, &cell->counts);
    counts_add(&sums->total, &cell->counts);
  }
}

/* The whole stands beside the groups: of all dimensions it has any. */
static void sum_costs(const struct asked *asked, const struct cells *day, struct sums *sums) {
  for (unsigned i = 0; i < day->capacity; i++) {
    const struct cell *cell = &day->cells[i];
    if (!is_asked_for(asked, &cell->key, DIM_GROUPABLE))
      continue;
    struct rate_key key = {.merchant = cell->key.merchant};
    key.dims[DIM_DETAIL] = cell->key.dims[DIM_DETAIL];
    cells_add(&sums->costs, &key, &cell->counts);
    if (asked->query->groups == 0)
      continue;
    group_by(asked->query->groups, &cell->key, &key);
    cells_add(&sums->costs, &key, &cell->counts);
  }
}

/* Those by connector and detail: of the other dimensions they know nothing. by_connector: they stay apart. */
static void sum_details(const struct asked *asked, const struct cells *day, bool by_connector,
                        struct cells *sum) {
  for (unsigned i = 0; i < day->capacity; i++) {
    const struct cell *cell = &day->cells[i];
    if (!is_asked_for(asked, &cell->key, DIM_CONNECTOR + 1))
      continue;
    struct rate_key key = cell->key;
    if (!by_connector)
      key.dims[DIM_CONNECTOR] = VALUE_ANY;
    cells_add(sum, &key, &cell->counts);
  }
}

/* ---- Rows ---- */

static int compare_counts(const struct rates_row *left, const struct rates_row *right, enum rate_count by) {
  if (left->counts.of[by] != right->counts.of[by])
    return left->counts.of[by] > right->counts.of[by] ? -1 : 1;
  return memcmp(&left->key, &right->key, sizeof left->key);
}

static int by_attempts(const void *left, const void *right) {
  return compare_counts(left, right, COUNT_ATTEMPTS);
}

static int by_declines(const void *left, const void *right) {
  return compare_counts(left, right, COUNT_DECLINED_FIRST);
}

static int by_key(const void *left, const void *right) {
  return memcmp(&((const struct rates_row *)left)->key, &((const struct rates_row *)right)->key,
                sizeof(struct rate_key));
}

/* All cells as rows, in that order. NULL without memory. */
static struct rates_row *rows_of(const struct cells *cells, int (*order)(const void *, const void *)) {
  struct rates_row *rows = malloc((cells->used + 1) * sizeof *rows);
  unsigned count = 0;
  for (unsigned i = 0; rows && i < cells->capacity; i++)
    if (cells->cells[i].key.merchant != 0)
      rows[count++] = (struct rates_row){.key = cells->cells[i].key, .counts = cells->cells[i].counts};
  if (rows)
    qsort(rows, count, sizeof *rows, order);
  return rows;
}

/* ---- Latencies ---- */

struct histogram {
  uint64_t steps[RATES_STEPS];
  uint64_t count;
};

/* The end of the step within which so many of a hundred lie. */
static uint32_t percentile(const struct histogram *histogram, unsigned per_cent) {
  uint64_t below = 0;
  for (unsigned i = 0; i < RATES_STEPS; i++) {
    below += histogram->steps[i];
    if (below * PER_CENT >= histogram->count * per_cent)
      return rates_step_end(i);
  }
  return rates_step_end(RATES_STEPS - 1);
}

static void latencies_of(const struct cells *cells, struct rates_answer *answer) {
  struct histogram histograms[VALUE_FIRST + NAMES_MAX] = {0};
  for (unsigned i = 0; i < cells->capacity; i++) {
    const struct cell *cell = &cells->cells[i];
    if (cell->key.merchant == 0 || cell->key.dims[DIM_DETAIL] < VALUE_FIRST)
      continue;
    struct histogram *histogram = &histograms[cell->key.dims[DIM_CONNECTOR]];
    histogram->steps[cell->key.dims[DIM_DETAIL] - VALUE_FIRST] += cell->counts.of[COUNT_ATTEMPTS];
    histogram->count += cell->counts.of[COUNT_ATTEMPTS];
  }
  for (unsigned i = 0; i < VALUE_FIRST + NAMES_MAX; i++)
    if (histograms[i].count > 0)
      answer->latencies[answer->latency_count++] =
          (struct rates_latency){.connector = (uint16_t)i,
                                 .answers = histograms[i].count,
                                 .p50_us = percentile(&histograms[i], 50),
                                 .p99_us = percentile(&histograms[i], 99)};
}

/* ---- The answer ---- */

static int sums_open(struct sums *sums) {
  int r = cells_open(&sums->groups, GROUPS, 1U << DIM_CONNECTOR | 1U << DIM_NETWORK);
  if (r == 0)
    r = cells_open(&sums->codes, CODES, 0);
  if (r == 0)
    r = cells_open(&sums->steps, STEPS, 1U << DIM_DETAIL);
  if (r == 0)
    r = cells_open(&sums->costs, COSTS, COST_DIMS);
  return r;
}

static void sums_close(struct sums *sums) {
  cells_close(&sums->groups);
  cells_close(&sums->codes);
  cells_close(&sums->steps);
  cells_close(&sums->costs);
}

static void sum_days(const struct rates *rates, const struct asked *asked, const struct rates_answer *answer,
                     struct sums *sums) {
  for (unsigned i = 0; i < DAY_SLOTS; i++) {
    const struct day *day = &rates->days[i];
    int64_t begins_ms = (day->number - 1) * DAY_MS;
    if (day->number == 0 || begins_ms < answer->from_ms || begins_ms >= answer->to_ms)
      continue;
    sum_rates(asked, &day->rates, sums);
    sum_details(asked, &day->recoveries, false, &sums->codes);
    sum_details(asked, &day->latencies, true, &sums->steps);
    sum_costs(asked, &day->costs, sums);
  }
}

static int fill(const struct sums *sums, unsigned limit, struct rates_answer *answer) {
  answer->total = sums->total;
  answer->rows = rows_of(&sums->groups, by_attempts);
  answer->recoveries = rows_of(&sums->codes, by_declines);
  answer->costs = rows_of(&sums->costs, by_key);
  answer->latencies = calloc(VALUE_FIRST + NAMES_MAX, sizeof *answer->latencies);
  if (!answer->rows || !answer->recoveries || !answer->latencies || !answer->costs)
    return -ENOMEM;
  answer->more = sums->groups.used > limit;
  answer->row_count = answer->more ? limit : sums->groups.used;
  answer->recovery_count = sums->codes.used;
  answer->cost_count = sums->costs.used;
  latencies_of(&sums->steps, answer);
  return 0;
}

/* The days asked for, as far as they are kept: none before 30 days ago, none after today. */
static void bound_days(const struct rates_query *query, int64_t now_ms, struct rates_answer *answer) {
  int64_t today = now_ms / DAY_MS, first = today - RATES_DAYS, end = today + 1;
  if (query->from_ms / DAY_MS > first)
    first = query->from_ms / DAY_MS;
  if (query->to_ms != 0 && (query->to_ms + DAY_MS - 1) / DAY_MS < end)
    end = (query->to_ms + DAY_MS - 1) / DAY_MS;
  answer->from_ms = first * DAY_MS;
  answer->to_ms = end < first ? first * DAY_MS : end * DAY_MS;
}

static void freshen(struct rates *rates, int64_t now_ms) {
  for (unsigned i = 0; i < RATES_FRESHEN / RATES_READS && rates_is_behind(rates); i++)
    read_on(rates, now_ms);
}

int rates_ask(struct rates *rates, int64_t now_ms, const struct rates_query *query,
              struct rates_answer *ret_answer) {
  struct rates_answer answer = {0};
  struct sums sums = {0};
  freshen(rates, now_ms);
  const struct rated_merchant *merchant = merchant_find(rates, &query->merchant);
  bound_days(query, now_ms, &answer);
  answer.complete = !rates->left_out && !rates_is_behind(rates);
  int r = sums_open(&sums);
  if (r == 0 && merchant) {
    answer.merchant = merchant->number;
    struct asked asked = asked_of(query, merchant);
    sum_days(rates, &asked, &answer, &sums);
  }
  if (r == 0)
    r = fill(&sums, query->limit, &answer);
  sums_close(&sums);
  if (r < 0)
    rates_answer_free(&answer);
  else
    *ret_answer = answer;
  return r;
}

void rates_answer_free(struct rates_answer *answer) {
  free(answer->rows);
  free(answer->recoveries);
  free(answer->latencies);
  free(answer->costs);
}

/* Whether they differ in the currency alone. */
static bool is_of_row(const struct rates_row *costs, const struct rate_key *row) {
  struct rate_key key = costs->key;
  key.dims[DIM_DETAIL] = row->dims[DIM_DETAIL];
  return memcmp(&key, row, sizeof key) == 0;
}

const struct rates_row *rates_costs(const struct rates_answer *answer, const struct rate_key *row,
                                    unsigned *ret_count) {
  const struct rate_key wanted = row ? *row : (struct rate_key){.merchant = answer->merchant};
  unsigned low = 0, high = answer->cost_count, count = 0;
  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    if (memcmp(&answer->costs[middle].key, &wanted, sizeof wanted) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  while (low + count < answer->cost_count && is_of_row(&answer->costs[low + count], &wanted))
    count++;
  *ret_count = count;
  return answer->costs + low;
}

bool rates_cost(const struct rates_row *costs, int64_t *ret_together, int64_t *ret_each) {
  uint64_t priced = costs->counts.of[COUNT_PRICED], cost = costs->counts.of[COUNT_COST];
  if (priced == 0 || cost == UINT64_MAX || costs->key.dims[DIM_DETAIL] < VALUE_FIRST)
    return false;
  *ret_together = (int64_t)(cost / MILLIONTHS + (cost % MILLIONTHS >= MILLIONTHS / 2));
  *ret_each = (int64_t)((cost / priced + MILLIONTHS / 2) / MILLIONTHS);
  return true;
}

const char *rates_text(const struct rates *rates, const struct rate_key *key, enum rate_dim dim,
                       char buffer[VALUE_TEXT_CAPACITY]) {
  const struct rated_merchant *merchant = rates->merchants[key->merchant - 1];
  if (dim == DIM_CONNECTOR)
    return names_text(&merchant->connectors, key->dims[dim]);
  if (dim == DIM_PLAN)
    return names_text(&merchant->plans, key->dims[dim]);
  rate_value_text(dim, key->dims[dim], buffer);
  return buffer;
}

const char *rates_code(const struct rates *rates, const struct rate_key *key, bool *ret_network) {
  const struct rated_merchant *merchant = rates->merchants[key->merchant - 1];
  uint16_t number = key->dims[DIM_DETAIL];
  const char *text = names_text(&merchant->codes, number);
  *ret_network = text[0] == 'n';
  return number < VALUE_FIRST ? text : text + 1;
}
