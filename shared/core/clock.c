#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
  MS_PER_SECOND = 1000,
  US_PER_MS = 1000,
  SECONDS_PER_DAY = 86400,
  DAYS_PER_ERA = 146097,
  YEARS_PER_ERA = 400
};

static const int64_t last_ms = 253402300799999; /* the last millisecond of the year 9999 */

static int64_t system_now_ms(void *context) {
  (void)context;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_us(void *context) {
  (void)context;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const struct clock system_clock = {.now_ms = system_now_ms, .monotonic_us = system_monotonic_us};

int64_t steady_now_ms(const struct steady_time *steady, int64_t boot_us) {
  return steady->began_ms + (boot_us - steady->began_boot_us) / US_PER_MS;
}

static int64_t boot_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t machine_steady_ms(void *context) {
  static struct steady_time steady;
  if (steady.began_ms == 0)
    steady = (struct steady_time){system_now_ms(context), boot_us()};
  return steady_now_ms(&steady, boot_us());
}

const struct clock steady_clock = {.now_ms = machine_steady_ms, .monotonic_us = system_monotonic_us};

struct date {
  int64_t year;
  unsigned month, day; /* from 1 */
};

/* Proleptic Gregorian calendar; years begin in March here, so that a leap day comes last. */
static struct date date_of_days(int64_t days) {
  days += 719468; /* 0000-03-01 to 1970-01-01 */
  int64_t era = days / DAYS_PER_ERA;
  unsigned day_of_era = (unsigned)(days - era * DAYS_PER_ERA);
  unsigned year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  unsigned month = (5 * day_of_year + 2) / 153;
  struct date date = {.year = year + era * YEARS_PER_ERA};
  date.day = day_of_year - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year += date.month <= 2;
  return date;
}

static int64_t days_of_date(struct date date) {
  int64_t year = date.year - (date.month <= 2);
  int64_t era = (year >= 0 ? year : year - (YEARS_PER_ERA - 1)) / YEARS_PER_ERA;
  int64_t year_of_era = year - era * YEARS_PER_ERA;
  unsigned month = date.month > 2 ? date.month - 3 : date.month + 9;
  int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void put_digits(char *at, size_t width, int64_t value) {
  while (width > 0) {
    at[--width] = (char)('0' + value % 10);
    value /= 10;
  }
}

void timestamp_format(int64_t unix_ms, char ret_text[TIMESTAMP_CAPACITY]) {
  if (unix_ms < 0)
    unix_ms = 0;
  if (unix_ms > last_ms)
    unix_ms = last_ms;
  int64_t seconds = unix_ms / MS_PER_SECOND;
  struct date date = date_of_days(seconds / SECONDS_PER_DAY);
  const char shape[TIMESTAMP_CAPACITY] = "0000-00-00T00:00:00.000Z";
  for (size_t i = 0; i < TIMESTAMP_CAPACITY; i++)
    ret_text[i] = shape[i];
  put_digits(ret_text, 4, date.year);
  put_digits(ret_text + 5, 2, date.month);
  put_digits(ret_text + 8, 2, date.day);
  put_digits(ret_text + 11, 2, seconds % SECONDS_PER_DAY / 3600);
  put_digits(ret_text + 14, 2, seconds / 60 % 60);
  put_digits(ret_text + 17, 2, seconds % 60);
  put_digits(ret_text + 20, 3, unix_ms % MS_PER_SECOND);
}

/* A place in the text and whether everything so far was as it must be. */
struct scan {
  const char *at;
  bool bad;
};

static unsigned scan_number(struct scan *scan, unsigned width, unsigned least, unsigned most) {
  unsigned value = 0;
  for (; !scan->bad && width > 0; width--) {
    if (*scan->at < '0' || *scan->at > '9')
      scan->bad = true;
    else
      value = value * 10 + (unsigned)(*scan->at++ - '0');
  }
  if (value < least || value > most)
    scan->bad = true;
  return scan->bad ? least : value;
}

static void scan_character(struct scan *scan, char upper, char lower) {
  if (!scan->bad && (*scan->at == upper || *scan->at == lower))
    scan->at++;
  else
    scan->bad = true;
}

static unsigned days_in_month(int64_t year, unsigned month) {
  static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

static int64_t scan_date(struct scan *scan) {
  struct date date = {.year = scan_number(scan, 4, 0, 9999)};
  scan_character(scan, '-', '-');
  date.month = scan_number(scan, 2, 1, 12);
  scan_character(scan, '-', '-');
  date.day = scan_number(scan, 2, 1, days_in_month(date.year, date.month));
  return days_of_date(date);
}

/* One to three digits after a point, as milliseconds; 0 when there is no point. */
static unsigned scan_fraction(struct scan *scan) {
  if (scan->bad || *scan->at != '.')
    return 0;
  scan->at++;
  unsigned value = scan_number(scan, 1, 0, 9) * 100;
  for (unsigned weight = 10; weight > 0 && !scan->bad && *scan->at >= '0' && *scan->at <= '9'; weight /= 10)
    value += (unsigned)(*scan->at++ - '0') * weight;
  return value;
}

/* The offset from UTC in seconds. */
static int64_t scan_offset(struct scan *scan) {
  if (scan->bad)
    return 0;
  if (*scan->at != '+' && *scan->at != '-') {
    scan_character(scan, 'Z', 'z');
    return 0;
  }
  int64_t sign = *scan->at++ == '-' ? -1 : 1;
  int64_t hours = scan_number(scan, 2, 0, 23);
  scan_character(scan, ':', ':');
  int64_t minutes = scan_number(scan, 2, 0, 59);
  return sign * (hours * 3600 + minutes * 60);
}

int timestamp_parse(const char *text, int64_t *ret_unix_ms) {
  struct scan scan = {.at = text};
  int64_t seconds = scan_date(&scan) * SECONDS_PER_DAY;
  scan_character(&scan, 'T', 't');
  seconds += (int64_t)scan_number(&scan, 2, 0, 23) * 3600;
  scan_character(&scan, ':', ':');
  seconds += (int64_t)scan_number(&scan, 2, 0, 59) * 60;
  scan_character(&scan, ':', ':');
  seconds += scan_number(&scan, 2, 0, 59);
  int64_t fraction = scan_fraction(&scan);
  seconds -= scan_offset(&scan);
  int64_t unix_ms = seconds * MS_PER_SECOND + fraction;
  if (scan.bad || *scan.at != '\0' || unix_ms < 0 || unix_ms > last_ms)
    return -EINVAL;
  *ret_unix_ms = unix_ms;
  return 0;
}
