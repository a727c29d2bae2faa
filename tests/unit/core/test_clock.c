#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "clock.h"

static const int64_t last_ms = 253402300799999;

static void expect_format(int64_t ms, const char *wanted) {
  char text[TIMESTAMP_CAPACITY];
  timestamp_format(ms, text);
  cr_expect_str_eq(text, wanted, "%s", text);
}

Test(clock, known_times) {
  expect_format(0, "1970-01-01T00:00:00.000Z");
  expect_format(951782400123, "2000-02-29T00:00:00.123Z");
  expect_format(1769860800000, "2026-01-31T12:00:00.000Z");
  expect_format(4107542399999, "2100-02-28T23:59:59.999Z");
  expect_format(4107542400000, "2100-03-01T00:00:00.000Z");
  expect_format(last_ms, "9999-12-31T23:59:59.999Z");
  expect_format(-1, "1970-01-01T00:00:00.000Z");
  expect_format(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

Test(clock, every_time_comes_back_and_agrees_with_the_c_library) {
  for (int64_t ms = 0; ms <= last_ms; ms += 86399937 * INT64_C(13)) {
    char text[TIMESTAMP_CAPACITY], wanted[40];
    timestamp_format(ms, text);
    time_t seconds = ms / 1000;
    struct tm parts;
    strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
    cr_assert_eq(strncmp(text, wanted, 19), 0, "%s, not %s", text, wanted);
    int64_t back = -1;
    cr_assert_eq(timestamp_parse(text, &back), 0, "%s", text);
    cr_assert_eq(back, ms);
  }
}

struct spelled {
  const char *text;
  int64_t ms;
};

Test(clock, offsets_and_fractions) {
  static const struct spelled cases[] = {
      {"2026-01-31T12:00:00Z", 1769860800000},
      {"2026-01-31t12:00:00z", 1769860800000},
      {"2026-01-31T12:00:00.5Z", 1769860800500},
      {"2026-01-31T12:00:00.05Z", 1769860800050},
      {"2026-01-31T14:30:00.123+02:30", 1769860800123},
      {"2026-01-31T00:00:00-12:00", 1769860800000},
      {"1970-01-01T01:00:00+01:00", 0},
      {"2000-02-29T00:00:00Z", 951782400000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t ms = -1;
    cr_expect_eq(timestamp_parse(cases[i].text, &ms), 0, "%s", cases[i].text);
    cr_expect_eq(ms, cases[i].ms, "%s", cases[i].text);
  }
}

Test(clock, anything_else_is_refused) {
  static const char *const bad[] = {
      "",
      "2026-01-31",
      "2026-01-31T12:00Z",
      "2026-01-31T12:00:00",
      "2026-01-31 12:00:00Z",
      "2026-01-31T12:00:00ZZ",
      "2026-01-31T12:00:00.Z",
      "2026-01-31T12:00:00.1234Z",
      "2026-01-31T12:00:00+0230",
      "2026-01-31T12:00:00+24:00",
      "2026-01-31T12:00:00+02:60",
      "2026-13-01T12:00:00Z",
      "2026-00-01T12:00:00Z",
      "2026-01-32T12:00:00Z",
      "2026-01-00T12:00:00Z",
      "2025-02-29T12:00:00Z",
      "2100-02-29T12:00:00Z",
      "2026-04-31T12:00:00Z",
      "2026-01-31T24:00:00Z",
      "2026-01-31T12:60:00Z",
      "2026-01-31T12:00:60Z",
      "1969-12-31T23:59:59Z",
      "1970-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "+026-01-31T12:00:00Z",
      "20260131T120000Z",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t ms = 7;
    cr_expect_eq(timestamp_parse(bad[i], &ms), -EINVAL, "%s", bad[i]);
    cr_expect_eq(ms, 7);
  }
}

Test(clock, the_system_clock_runs) {
  int64_t before = system_clock.monotonic_us(system_clock.context);
  cr_expect_gt(system_clock.now_ms(system_clock.context), 1700000000000);
  cr_expect_geq(system_clock.monotonic_us(system_clock.context), before);
}

Test(clock, steady_time_goes_by_what_has_passed_alone) {
  struct steady_time steady = {.began_ms = 1767225600000, .began_boot_us = 5000000};
  cr_expect_eq(steady_now_ms(&steady, 5000000), 1767225600000);
  cr_expect_eq(steady_now_ms(&steady, 5000999), 1767225600000);
  cr_expect_eq(steady_now_ms(&steady, 65000000), 1767225660000);
}

Test(clock, the_steady_clock_begins_with_the_machine_s) {
  int64_t before = system_clock.now_ms(system_clock.context);
  int64_t steady = steady_clock.now_ms(steady_clock.context);
  cr_expect_geq(steady, before);
  cr_expect_leq(steady, system_clock.now_ms(system_clock.context));
  cr_expect_geq(steady_clock.now_ms(steady_clock.context), steady);
}
