#include "clock.h"
#include "time_zone.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

static int64_t at(const char *text) {
  int64_t at_ms;
  cr_assert(eq(int, timestamp_parse(text, &at_ms), 0));
  return at_ms;
}

static int32_t offset_of(const char *zone, const char *text) {
  int32_t offset_s;
  cr_assert(eq(int, time_zone_offset(zone, at(text), &offset_s), 0), "%s", zone);
  return offset_s;
}

/* The days on which clocks change, by the rules in force: EU directive 2000/84/EC, US Energy Policy Act of
 * 2005.
 */
Test(time_zone, summer_time_begins_and_ends_to_the_second) {
  cr_expect(eq(int, offset_of("Europe/Berlin", "2026-03-29T00:59:59Z"), 3600));
  cr_expect(eq(int, offset_of("Europe/Berlin", "2026-03-29T01:00:00Z"), 7200));
  cr_expect(eq(int, offset_of("Europe/Berlin", "2026-10-25T00:59:59Z"), 7200));
  cr_expect(eq(int, offset_of("Europe/Berlin", "2026-10-25T01:00:00Z"), 3600));
  cr_expect(eq(int, offset_of("America/New_York", "2026-11-01T05:59:59Z"), -14400));
  cr_expect(eq(int, offset_of("America/New_York", "2026-11-01T06:00:00Z"), -18000));
}

Test(time_zone, zones_are_told_apart_however_they_alternate) {
  for (unsigned i = 0; i < 100; i++) {
    cr_assert(eq(int, offset_of("Asia/Kathmandu", "2026-07-01T12:00:00Z"), 20700));
    cr_assert(eq(int, offset_of("Etc/UTC", "2026-07-01T12:00:00Z"), 0));
    cr_assert(eq(int, offset_of("Europe/London", "2026-07-01T12:00:00Z"), 3600));
  }
}

Test(time_zone, what_is_no_zone_is_said) {
  static const char *const wrong[] = {"",
                                      "/etc/passwd",
                                      "../zoneinfo/Europe/Berlin",
                                      "Europe//Berlin",
                                      "Europe/",
                                      "Europe",
                                      "Europe/Nowhere",
                                      "Europe/Berlin\n",
                                      "Berlin Europe",
                                      "A123456789012345678901234567890123456789012345678901234567890123"};
  for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int32_t offset_s = 7;
    cr_expect(eq(int, time_zone_offset(wrong[i], at("2026-07-01T12:00:00Z"), &offset_s), -ENOENT), "%s",
              wrong[i]);
    cr_expect(eq(int, offset_s, 7));
  }
}
