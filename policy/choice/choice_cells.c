#include "choice_cells.h"
#include "choice_beta.h"
#include "choice_fixed.h"
#include "choice_table.h"

enum {
  /* How much the cell around counts for, in outcomes: at least and at most. Any connector's rate says little
   * of this one's. */
  PRIOR_MIN = 16,
  PRIOR_MAX = 256,
  PRIOR_OF_ANY = 8,
  /* A cell differs from the one around it when the gap's square passes so many times its variance. */
  DIFFERS_TIMES = 2,
  /* A connector is failing when its rate of late is a quarter below its usual one, and by three deviations.
   */
  FAILING_LEAST = 6, /* outcomes of late */
  FAILING_PART = 4,
  FAILING_TIMES = 9
};

/* The hour tells once its cells were better by so much: the sum of the differences of squared errors. */
#define HOUR_TELLS (FIXED_ONE / 2)

/* Of an outcome: what the weights of two cells that saw the same may differ by. */
#define ROUNDING (FIXED_ONE / 256)

/* A Beta distribution's parameters in fixed point. */
struct belief {
  int64_t approved, declined;
};

static int64_t total(struct belief belief) {
  return belief.approved + belief.declined;
}

static int64_t mean(struct belief belief) {
  return fixed_divide(belief.approved, total(belief));
}

static int64_t variance_of_one(int64_t rate) {
  return fixed_multiply(rate, FIXED_ONE - rate);
}

static int64_t between(int64_t low, int64_t value, int64_t high) {
  if (value < low)
    return low < high ? low : high;
  return value > high ? high : value;
}

/* The variance of the gap between two rates that are the same but for chance. */
static int64_t noise_between(struct belief wide, struct belief narrow) {
  int64_t variance = variance_of_one(mean(wide));
  return fixed_divide(variance, total(narrow)) + fixed_divide(variance, total(wide));
}

/* In how many outcomes the cell around is to count beside the cell's own. If the two do not differ by more
 * than chance explains, in all that it has (up to PRIOR_MAX); else in as many as make the variance between
 * cells, as this one gap shows it, balance the variance of an outcome: the less the more they differ. */
static int64_t prior_weight(struct belief around, struct belief own) {
  int64_t most = between(0, total(around), PRIOR_MAX * FIXED_ONE);
  if (total(own) < FIXED_ONE)
    return most;
  int64_t gap = mean(own) - mean(around), variance = variance_of_one(mean(around));
  int64_t excess = fixed_multiply(gap, gap) - DIFFERS_TIMES * noise_between(around, own);
  if (excess <= variance / PRIOR_MAX)
    return most;
  return between(PRIOR_MIN * FIXED_ONE, fixed_divide(variance, excess), most);
}

static struct belief belief_of(struct choice_weights weights) {
  return (struct belief){.approved = (int64_t)(weights.approved << (FIXED_PLACES - CHOICE_WEIGHT_PLACES)),
                         .declined = (int64_t)(weights.declined << (FIXED_PLACES - CHOICE_WEIGHT_PLACES))};
}

/* What is believed of a cell: its own outcomes, and those around it as a prior of the given weight. */
static struct belief narrowed(struct belief around, int64_t weight, struct belief own) {
  int64_t approved = fixed_multiply(mean(around), weight);
  return (struct belief){.approved = approved + own.approved, .declined = weight - approved + own.declined};
}

static int64_t at_least_none(int64_t weight) {
  return weight > 0 ? weight : 0;
}

/* The outcomes of a cell that are not in the narrower one too, so that none counts twice. None when the cell
 * was lost and began again later than the narrower one; by less than ROUNDING it only aged in other steps. */
static struct belief without(struct belief cell, struct belief narrower) {
  int64_t approved = cell.approved - narrower.approved, declined = cell.declined - narrower.declined;
  if (approved < -ROUNDING || declined < -ROUNDING)
    return (struct belief){0};
  return (struct belief){.approved = at_least_none(approved), .declined = at_least_none(declined)};
}

static struct belief own_of(const struct choice_cells *cells, enum choice_level level, unsigned connector,
                            const struct choice_payment *payment, int64_t now_ms) {
  const struct choice_cell *cell = choice_find(cells, choice_key(level, connector, payment));
  return belief_of(choice_weights_at(cells, cell, now_ms));
}

/* What is believed of a cell whose own outcomes are given, within what is believed around it. */
static struct belief within(struct belief around, struct belief own) {
  return narrowed(around, prior_weight(around, own), own);
}

/* From the widest cell to the one around the country's. */
static struct belief believe_around(const struct choice_cells *cells, unsigned connector,
                                    const struct choice_payment *payment, int64_t now_ms) {
  struct belief belief = {.approved = FIXED_ONE, .declined = FIXED_ONE};
  struct belief own = own_of(cells, CHOICE_ANY, connector, payment, now_ms);
  for (enum choice_level level = CHOICE_ANY; level < CHOICE_COUNTRY; level++) {
    struct belief narrower = own_of(cells, level + 1, connector, payment, now_ms);
    struct belief rest = without(own, narrower);
    if (level == CHOICE_ANY)
      belief = narrowed(belief, total(belief), rest);
    else if (level == CHOICE_CONNECTOR)
      belief = narrowed(belief, between(0, total(belief), PRIOR_OF_ANY * FIXED_ONE), rest);
    else
      belief = within(belief, rest);
    own = narrower;
  }
  return belief;
}

static struct belief believe_country(const struct choice_cells *cells, struct belief around,
                                     unsigned connector, const struct choice_payment *payment,
                                     int64_t now_ms) {
  return within(around, own_of(cells, CHOICE_COUNTRY, connector, payment, now_ms));
}

/* The country's other hours, and within them this hour of today and of the days before. */
static struct belief believe_hour(const struct choice_cells *cells, struct belief around, unsigned connector,
                                  const struct choice_payment *payment, int64_t now_ms) {
  struct belief country = own_of(cells, CHOICE_COUNTRY, connector, payment, now_ms);
  struct belief today = own_of(cells, CHOICE_HOUR, connector, payment, now_ms);
  struct belief days = own_of(cells, CHOICE_HOUR_OF_DAYS, connector, payment, now_ms);
  return within(within(around, without(country, today)), days);
}

/* Whether a connector declines most of what it gets, all of a sudden. */
static bool failing(struct belief usual, struct belief lately) {
  if (total(lately) < FAILING_LEAST * FIXED_ONE)
    return false;
  int64_t gap = mean(usual) - mean(lately);
  return gap > mean(usual) / FAILING_PART &&
         fixed_multiply(gap, gap) > FAILING_TIMES * noise_between(usual, lately);
}

/* A connector that is failing is believed to do so for every payment, and no cell's past stands against that
 * for longer than its failing is recent. */
static struct belief of_late(const struct choice_cells *cells, struct belief belief, unsigned connector,
                             const struct choice_payment *payment, int64_t now_ms) {
  struct belief usual = own_of(cells, CHOICE_CONNECTOR, connector, payment, now_ms);
  struct belief lately = own_of(cells, CHOICE_LATELY, connector, payment, now_ms);
  usual = (struct belief){.approved = usual.approved + FIXED_ONE, .declined = usual.declined + FIXED_ONE};
  if (!failing(usual, lately))
    return belief;
  int64_t rate = fixed_divide(fixed_multiply(mean(belief), mean(lately)), mean(usual));
  int64_t weight = between(0, total(lately), total(belief));
  int64_t approved = fixed_multiply(rate, weight);
  return (struct belief){.approved = approved, .declined = weight - approved};
}

/* In 1024ths of an outcome, within what a Beta variate may be drawn with. */
static uint32_t parameter(int64_t value) {
  return (uint32_t)between(BETA_PARAMETER_MIN, value >> (FIXED_PLACES - BETA_PLACES), BETA_PARAMETER_MAX);
}

struct choice_estimate choice_estimate(const struct choice_cells *cells, unsigned connector,
                                       const struct choice_payment *payment, int64_t now_ms) {
  struct belief around = believe_around(cells, connector, payment, now_ms);
  const struct choice_cell *country = choice_find(cells, choice_key(CHOICE_COUNTRY, connector, payment));
  bool hour_tells = country != NULL && country->hour_score >= HOUR_TELLS;
  struct belief belief = hour_tells ? believe_hour(cells, around, connector, payment, now_ms)
                                    : believe_country(cells, around, connector, payment, now_ms);
  belief = of_late(cells, belief, connector, payment, now_ms);
  return (struct choice_estimate){.approved = parameter(belief.approved),
                                  .declined = parameter(belief.declined)};
}

uint32_t choice_seen(const struct choice_cells *cells, unsigned connector, int64_t now_ms) {
  const struct choice_payment any = {0};
  const struct choice_cell *cell = choice_find(cells, choice_key(CHOICE_CONNECTOR, connector, &any));
  struct choice_weights weights = choice_weights_at(cells, cell, now_ms);
  return (uint32_t)((weights.approved + weights.declined + CHOICE_WEIGHT_ONE / 2) >> CHOICE_WEIGHT_PLACES);
}

static int64_t squared_error(struct belief belief, bool approved) {
  int64_t error = (approved ? FIXED_ONE : 0) - mean(belief);
  return fixed_multiply(error, error);
}

/* Whether the country's cell has seen what came later: then nothing can be foretold of the outcome. */
static bool has_seen_later(const struct choice_cells *cells, unsigned connector,
                           const struct choice_payment *payment, int64_t at_ms) {
  const struct choice_cell *country = choice_find(cells, choice_key(CHOICE_COUNTRY, connector, payment));
  return country != NULL && country->at_ms > at_ms;
}

/* Before the outcome is counted: had the hour foretold it better than the country's cell by itself? */
static void score_hour(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                       bool approved, int64_t now_ms) {
  struct belief around = believe_around(cells, connector, payment, now_ms);
  struct belief country = believe_country(cells, around, connector, payment, now_ms);
  struct belief hour = believe_hour(cells, around, connector, payment, now_ms);
  struct choice_cell *cell = choice_claim(cells, choice_key(CHOICE_COUNTRY, connector, payment), now_ms);
  cell->hour_score += squared_error(country, approved) - squared_error(hour, approved);
}

static void count_outcome(struct choice_weights *weights, bool approved, uint64_t one) {
  uint64_t *weight = approved ? &weights->approved : &weights->declined;
  *weight += one;
  uint64_t sum = weights->approved + weights->declined;
  if (sum > CHOICE_WEIGHT_MAX) {
    weights->approved -= weights->approved / (CHOICE_WEIGHT_MAX >> CHOICE_WEIGHT_PLACES);
    weights->declined -= weights->declined / (CHOICE_WEIGHT_MAX >> CHOICE_WEIGHT_PLACES);
  }
}

static void record(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   bool approved, int64_t now_ms, bool late) {
  if (!late || !has_seen_later(cells, connector, payment, now_ms))
    score_hour(cells, connector, payment, approved, now_ms);
  for (enum choice_level level = CHOICE_ANY; level < CHOICE_LEVEL_COUNT; level++) {
    struct choice_cell *cell = choice_claim(cells, choice_key(level, connector, payment), now_ms);
    uint64_t share = late ? choice_late(cells, cell, now_ms) : fixed_half_to_the(0);
    count_outcome(&cell->weights, approved, fixed_scale(CHOICE_WEIGHT_ONE, share));
  }
}

void choice_record(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   bool approved, int64_t now_ms) {
  record(cells, connector, payment, approved, now_ms, false);
}

void choice_recall(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   bool approved, int64_t at_ms) {
  record(cells, connector, payment, approved, at_ms, true);
}
