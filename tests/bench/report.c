#include "report.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void give_up(const char *what) {
  fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

void report(const char *path, const struct figure *figure) {
  printf("%-10s %12.2f %-14s", figure->name, figure->value, figure->unit);
  if (figure->limit != 0) {
    printf(" limit %12.2f  ratio %5.2f", figure->limit, figure->ratio);
  } else {
    printf(" %33s", "");
  }
  printf("  target %-14s %s\n", figure->target, figure->met ? "met" : "MISSED");
  fflush(stdout);
  FILE *file = fopen(path, "ae");
  if (file == NULL) {
    give_up("cannot write the figures");
  }
  fprintf(file,
          "{\"name\":\"%s\",\"figure\":%.3f,\"unit\":\"%s\",\"limit\":%.3f,\"ratio\":%.3f,\"target\":\"%s\","
          "\"met\":%s},\n",
          figure->name, figure->value, figure->unit, figure->limit, figure->ratio, figure->target,
          figure->met ? "true" : "false");
  if (fclose(file) != 0) {
    give_up("cannot write the figures");
  }
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

double percentile(double *values, size_t count, double share) {
  qsort(values, count, sizeof values[0], ascending);
  size_t index = (size_t)(share * (double)count);
  return values[index < count ? index : count - 1];
}

double median(double *values, size_t count) {
  return percentile(values, count, 0.5);
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
  if (sched_setaffinity(0, sizeof set, &set) < 0) {
    give_up("cannot pin to a CPU");
  }
}
