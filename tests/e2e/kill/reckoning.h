/* The ledger beside the books of the sandbox, and beside what the merchant was told. */
#pragma once

#include "ledger_read.h"

struct reckoning {
  unsigned payments, ended, lines; /* in the ledger; with nothing open; of the books, compared */
  unsigned open[OPENNESS_COUNT];   /* by reason */
  unsigned tokens;                 /* that were acknowledged and are there */
};

/* Compares everything; complains to the shop about each difference. */
struct reckoning reckon(struct shop *shop, json_t *ledger);
