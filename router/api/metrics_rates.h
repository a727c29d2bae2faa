/* What came of payments, for Prometheus: since this start, of all merchants together. */
#pragma once

#include "rates.h"
#include <stdio.h>

void metrics_print_rates(FILE *out, const struct rates_totals *totals);
