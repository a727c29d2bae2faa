#include "learned.h"

#include "engine_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_HOUR = 3600 * 1000, HOURS_PER_DAY = 24 };

_Static_assert((int)LEARNED_CONNECTORS_MAX < (int)CHOICE_CONNECTOR_MAX, "the last number is nobody's");

struct learned {
  struct choice_cells *cells;
  /* By number less one, in the order in which something was learned of them. */
  unsigned name_count, name_capacity;
  char (*names)[CONNECTOR_NAME_CAPACITY];
};

int learned_new(size_t cells, struct learned **ret_learned) {
  struct learned *learned = calloc(1, sizeof *learned);
  if (!learned)
    return -ENOMEM;
  int r = choice_cells_new(cells, CHOICE_HALF_LIFE_DEFAULT_MS, &learned->cells);
  if (r < 0)
    learned_free(learned);
  else
    *ret_learned = learned;
  return r;
}

void learned_free(struct learned *learned) {
  if (!learned)
    return;
  choice_cells_free(learned->cells);
  free(learned->names);
  free(learned);
}

uint16_t learned_number(const struct learned *learned, const char *connector) {
  for (unsigned i = 0; i < learned->name_count; i++)
    if (strcmp(learned->names[i], connector) == 0)
      return (uint16_t)(i + 1);
  return CHOICE_CONNECTOR_MAX;
}

static bool grow(struct learned *learned) {
  unsigned capacity = learned->name_capacity ? 2 * learned->name_capacity : 8;
  if (learned->name_count < learned->name_capacity)
    return true;
  if (capacity > LEARNED_CONNECTORS_MAX)
    return false;
  char(*names)[CONNECTOR_NAME_CAPACITY] = reallocarray(learned->names, capacity, sizeof *names);
  if (!names)
    return false;
  learned->names = names;
  learned->name_capacity = capacity;
  return true;
}

/* The connector's number, given to it when it has none; CHOICE_CONNECTOR_MAX when there is no room. */
static uint16_t number_for(struct learned *learned, const char *connector) {
  uint16_t number = learned_number(learned, connector);
  if (number != CHOICE_CONNECTOR_MAX || !grow(learned))
    return number;
  memcpy(learned->names[learned->name_count], connector, strlen(connector) + 1);
  return (uint16_t)++learned->name_count;
}

void learned_add(struct learned *learned, const char *connector, const struct choice_payment *traits,
                 bool approved, int64_t now_ms) {
  uint16_t number = number_for(learned, connector);
  if (number != CHOICE_CONNECTOR_MAX)
    choice_record(learned->cells, number, traits, approved, now_ms);
}

void learned_recall(struct learned *learned, const char *connector, const struct choice_payment *traits,
                    bool approved, int64_t at_ms) {
  uint16_t number = number_for(learned, connector);
  if (number != CHOICE_CONNECTOR_MAX)
    choice_recall(learned->cells, number, traits, approved, at_ms);
}

const struct choice_cells *learned_cells(const struct learned *learned) {
  return learned->cells;
}

struct choice_payment payment_traits(const struct payment *payment) {
  struct choice_payment traits = {.network = payment->card.network,
                                  .funding = payment->funding,
                                  .hour = (uint8_t)(payment->created_ms / MS_PER_HOUR % HOURS_PER_DAY)};
  memcpy(traits.country, payment->country, sizeof traits.country);
  return traits;
}

bool attempt_tells(const struct payment *payment, const struct attempt *attempt, bool *ret_approved) {
  *ret_approved = attempt->step.status == STEP_SUCCEEDED;
  if (attempt->number != 1 || (!*ret_approved && attempt->step.status != STEP_FAILED))
    return false;
  return *ret_approved || attempt->step.class == OUTCOME_ISSUER_FRAUD ||
         (attempt->step.class == OUTCOME_SOFT &&
          classify(payment, attempt->sheet, &attempt->step.answer).may_go_elsewhere);
}
