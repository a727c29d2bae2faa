/* A figure measured once a seed: its mean, and how far that may be off. */
#pragma once

enum { SEEDS = 10 };

struct spread {
  double values[SEEDS];
};

double spread_mean(const struct spread *spread);
/* Half the width of the 95 % confidence interval of the mean (Student's t with SEEDS - 1 degrees). */
double spread_margin(const struct spread *spread);
/* The same figure's differences, seed by seed. */
struct spread spread_difference(const struct spread *left, const struct spread *right);
