#include "choice_table.h"
#include "choice_beta.h"
#include "choice_fixed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
  HOURS = 24,
  COUNTRY_LETTERS = 26,
  /* Places of a key's parts. */
  KEY_HOUR = 0,
  KEY_COUNTRY = 8,
  KEY_FUNDING = 20,
  KEY_NETWORK = 24,
  KEY_CONNECTOR = 32,
  KEY_LEVEL = 48,
  LATELY_FASTER = 24
};

_Static_assert((int)NETWORK_COUNT <= 256, "a network fits its place in a key");

int choice_cells_new(size_t count, int64_t half_life_ms, struct choice_cells **ret_cells) {
  if (count < CHOICE_WAYS || count > CHOICE_CELLS_MAX)
    return -EINVAL;
  if (half_life_ms < 1 || half_life_ms > CHOICE_HALF_LIFE_MAX_MS)
    return -EINVAL;
  size_t buckets = 1;
  while (buckets * CHOICE_WAYS < count)
    buckets *= 2;
  struct choice_cells *cells = malloc(sizeof *cells);
  if (cells == NULL)
    return -ENOMEM;
  *cells = (struct choice_cells){.half_life_ms = half_life_ms, .mask = buckets - 1};
  cells->buckets = calloc(buckets, sizeof cells->buckets[0]);
  if (cells->buckets == NULL) {
    free(cells);
    return -ENOMEM;
  }
  *ret_cells = cells;
  return 0;
}

void choice_cells_free(struct choice_cells *cells) {
  if (cells == NULL)
    return;
  free(cells->buckets);
  free(cells);
}

/* 1 to 676 for two capital letters; 0 for anything else. */
static uint64_t country_number(const char *country) {
  if (country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z')
    return 0;
  return (uint64_t)((country[0] - 'A') * COUNTRY_LETTERS + (country[1] - 'A') + 1);
}

/* How narrow a level is, among those that lie within each other. */
static enum choice_level narrowness(enum choice_level level) {
  if (level == CHOICE_LATELY)
    return CHOICE_CONNECTOR;
  return level == CHOICE_HOUR_OF_DAYS ? CHOICE_HOUR : level;
}

uint64_t choice_key(enum choice_level level, unsigned connector, const struct choice_payment *payment) {
  assert(connector >= 1 && connector <= CHOICE_CONNECTOR_MAX && payment->hour < HOURS);
  uint64_t key = (uint64_t)(level + 1) << KEY_LEVEL;
  enum choice_level narrow = narrowness(level);
  if (narrow >= CHOICE_CONNECTOR)
    key |= (uint64_t)connector << KEY_CONNECTOR;
  if (narrow >= CHOICE_NETWORK)
    key |= (uint64_t)payment->network << KEY_NETWORK;
  if (narrow >= CHOICE_FUNDING)
    key |= (uint64_t)payment->funding << KEY_FUNDING;
  if (narrow >= CHOICE_COUNTRY)
    key |= country_number(payment->country) << KEY_COUNTRY;
  if (narrow >= CHOICE_HOUR)
    key |= (uint64_t)payment->hour << KEY_HOUR;
  return key;
}

static struct choice_cell *bucket_of(const struct choice_cells *cells, uint64_t key) {
  return cells->buckets[beta_seed(key, 0) & cells->mask];
}

const struct choice_cell *choice_find(const struct choice_cells *cells, uint64_t key) {
  const struct choice_cell *bucket = bucket_of(cells, key);
  for (size_t way = 0; way < CHOICE_WAYS; way++) {
    if (bucket[way].key == key)
      return &bucket[way];
  }
  return NULL;
}

/* In milliseconds, at least one. */
static uint64_t half_life_of(const struct choice_cells *cells, uint64_t key) {
  uint64_t half_life = (uint64_t)cells->half_life_ms;
  if (key >> KEY_LEVEL == CHOICE_HOUR_OF_DAYS + 1)
    return half_life * HOURS;
  if (key >> KEY_LEVEL == CHOICE_LATELY + 1)
    return half_life / LATELY_FASTER + 1;
  return half_life;
}

/* What share of its weight an outcome of a cell keeps from one time to another. */
static uint64_t kept_between(const struct choice_cells *cells, uint64_t key, int64_t from_ms, int64_t to_ms) {
  if (to_ms <= from_ms)
    return fixed_half_to_the(0);
  uint64_t half_life = half_life_of(cells, key);
  uint64_t passed = (uint64_t)to_ms - (uint64_t)from_ms; /* also where the difference fits no int64 */
  uint64_t whole = passed / half_life, rest = passed % half_life;
  if (whole >= CHOICE_WEIGHT_PLACES * 2)
    return 0;
  return fixed_half_to_the((int64_t)whole * FIXED_ONE + fixed_divide((int64_t)rest, (int64_t)half_life));
}

uint64_t choice_kept(const struct choice_cells *cells, const struct choice_cell *cell, int64_t now_ms) {
  return kept_between(cells, cell->key, cell->at_ms, now_ms);
}

uint64_t choice_late(const struct choice_cells *cells, const struct choice_cell *cell, int64_t at_ms) {
  return kept_between(cells, cell->key, at_ms, cell->at_ms);
}

struct choice_weights choice_weights_at(const struct choice_cells *cells, const struct choice_cell *cell,
                                        int64_t now_ms) {
  if (cell == NULL)
    return (struct choice_weights){0};
  uint64_t kept = choice_kept(cells, cell, now_ms);
  return (struct choice_weights){.approved = fixed_scale(cell->weights.approved, kept),
                                 .declined = fixed_scale(cell->weights.declined, kept)};
}

/* An empty cell is lighter than any other. */
static struct choice_cell *lightest(const struct choice_cells *cells, struct choice_cell *bucket,
                                    int64_t now_ms) {
  struct choice_cell *found = NULL;
  uint64_t least = UINT64_MAX;
  for (size_t way = 0; way < CHOICE_WAYS; way++) {
    if (bucket[way].key == 0)
      return &bucket[way];
    struct choice_weights weights = choice_weights_at(cells, &bucket[way], now_ms);
    if (weights.approved + weights.declined < least) {
      least = weights.approved + weights.declined;
      found = &bucket[way];
    }
  }
  return found;
}

static void age(const struct choice_cells *cells, struct choice_cell *cell, int64_t now_ms) {
  if (now_ms <= cell->at_ms)
    return;
  uint64_t kept = choice_kept(cells, cell, now_ms);
  bool negative = cell->hour_score < 0;
  int64_t score = (int64_t)fixed_scale((uint64_t)(negative ? -cell->hour_score : cell->hour_score), kept);
  cell->hour_score = negative ? -score : score;
  cell->weights = choice_weights_at(cells, cell, now_ms);
  cell->at_ms = now_ms;
}

struct choice_cell *choice_claim(struct choice_cells *cells, uint64_t key, int64_t now_ms) {
  struct choice_cell *bucket = bucket_of(cells, key);
  for (size_t way = 0; way < CHOICE_WAYS; way++) {
    if (bucket[way].key == key) {
      age(cells, &bucket[way], now_ms);
      return &bucket[way];
    }
  }
  struct choice_cell *cell = lightest(cells, bucket, now_ms);
  *cell = (struct choice_cell){.key = key, .at_ms = now_ms};
  return cell;
}

size_t choice_cells_held(const struct choice_cells *cells) {
  size_t held = 0;
  for (size_t bucket = 0; bucket <= cells->mask; bucket++) {
    for (size_t way = 0; way < CHOICE_WAYS; way++)
      held += cells->buckets[bucket][way].key != 0;
  }
  return held;
}
