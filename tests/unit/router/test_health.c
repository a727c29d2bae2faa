/* A connector's health: a window that moves, and latencies by steps. */
#include <criterion/criterion.h>

#include "health.h"

#define NOW_MS INT64_C(1781524800000)

static struct health health;

static struct health_figures read_at(int64_t ms) {
  struct health_figures figures;
  health_read(&health, ms, &figures);
  return figures;
}

Test(health, nothing_seen_is_nothing) {
  struct health_figures figures = read_at(NOW_MS);
  cr_assert_eq(figures.requests, 0);
  cr_assert_eq(figures.latency_p50_us, 0);
}

Test(health, counts_by_what_came) {
  health_note(&health, NOW_MS, HEALTH_APPROVED, 3000);
  health_note(&health, NOW_MS + 10, HEALTH_APPROVED, 3000);
  health_note(&health, NOW_MS + 2000, HEALTH_DECLINED, 3000);
  health_note(&health, NOW_MS + 3000, HEALTH_FAULT, 0);
  struct health_figures figures = read_at(NOW_MS + 3000);
  cr_assert_eq(figures.events[HEALTH_APPROVED], 2);
  cr_assert_eq(figures.events[HEALTH_DECLINED], 1);
  cr_assert_eq(figures.events[HEALTH_FAULT], 1);
  cr_assert_eq(figures.requests, 4);
}

Test(health, the_window_is_a_minute) {
  health_note(&health, NOW_MS, HEALTH_FAULT, 0);
  cr_assert_eq(read_at(NOW_MS + 59000).requests, 1);
  cr_assert_eq(read_at(NOW_MS + 60000).requests, 0);
  health_note(&health, NOW_MS + 60000, HEALTH_APPROVED, 0); /* takes the same place over */
  cr_assert_eq(read_at(NOW_MS + 60000).events[HEALTH_FAULT], 0);
  cr_assert_eq(read_at(NOW_MS + 60000).requests, 1);
}

Test(health, a_clock_set_back_reads_nothing_of_the_future) {
  health_note(&health, NOW_MS, HEALTH_APPROVED, 0);
  cr_assert_eq(read_at(NOW_MS - 5000).requests, 0);
}

Test(health, latencies_lie_within_a_third) {
  for (int i = 0; i < 98; i++)
    health_note(&health, NOW_MS, HEALTH_APPROVED, 10000);
  health_note(&health, NOW_MS, HEALTH_APPROVED, 900000);
  health_note(&health, NOW_MS, HEALTH_APPROVED, 900000);
  struct health_figures figures = read_at(NOW_MS);
  cr_assert_geq(figures.latency_p50_us, 10000);
  cr_assert_lt(figures.latency_p50_us, 13400);
  cr_assert_geq(figures.latency_p99_us, 900000);
  cr_assert_lt(figures.latency_p99_us, 1200000);
}
