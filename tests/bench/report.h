/* What a measurement says: one line for people, one JSON object for programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct figure {
  const char *name;
  double value;
  const char *unit;
  double limit;       /* measured in the same run, in the same unit; 0: there is none */
  double ratio;       /* value to limit, however the measure defines it; 0: there is none */
  const char *target; /* "ratio >= 0.7" */
  bool met;
};

/* Prints the line, and appends the object (followed by a comma) to the file path. Ends the program when it
 * cannot. */
void report(const char *path, const struct figure *figure);
/* The median of count values, which it sorts. */
double median(double *values, size_t count);
/* The value below which share (0 to 1) of the count values lie; sorts them. */
double percentile(double *values, size_t count, double share);
/* Seconds on the monotonic clock. */
double seconds_now(void);
/* Pins the calling thread, and what it starts, to one CPU (modulo how many there are). */
void pin_to(int cpu);
/* Ends the program with the text and errno's meaning. */
__attribute__((noreturn)) void give_up(const char *what);
