/* What first attempts have taught of the connectors: the cells of policy/choice, and by which number each
 * connector is known there. Without I/O and without a clock. */
#pragma once

#include "payment.h"

/* Connectors that something can be learned of; of further ones nothing is. */
enum { LEARNED_CONNECTORS_MAX = 4096 };

struct learned;

/* Knows nothing yet. cells: as in choice_cells_new(). Returns 0, -EINVAL or -ENOMEM; freed with
 * learned_free(), which allows NULL. */
MUST_USE int learned_new(size_t cells, struct learned **ret_learned);
void learned_free(struct learned *learned);
/* What an outcome tells, as choice_record() and choice_recall() take it. */
void learned_add(struct learned *learned, const char *connector, const struct choice_payment *traits,
                 bool approved, int64_t now_ms);
void learned_recall(struct learned *learned, const char *connector, const struct choice_payment *traits,
                    bool approved, int64_t at_ms);
/* The number of that connector in the cells; CHOICE_CONNECTOR_MAX, of which nothing is ever learned, when it
 * has none. */
uint16_t learned_number(const struct learned *learned, const char *connector);
const struct choice_cells *learned_cells(const struct learned *learned);

/* What a first attempt teaches. */
struct lesson {
  char connector[CONNECTOR_NAME_CAPACITY];
  struct choice_payment traits;
  bool approved;
  int64_t at_ms; /* when it ended */
};

/* What of a payment tells about its approval and its cost. */
struct choice_payment payment_traits(const struct payment *payment);
/* Whether that attempt is the payment's first and ended in a way that tells about its connector
 * (policy/choice/README.md). *ret_approved is how. */
bool attempt_tells(const struct payment *payment, const struct attempt *attempt, bool *ret_approved);
