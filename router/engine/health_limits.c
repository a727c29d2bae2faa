#include "health_limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERCENT = 100, MS_PER_S = 1000, OUT_FIRST_S = 5, OUT_MOST_S = 60 };

enum limit { LIMIT_FAULTS, LIMIT_REQUESTS, LIMIT_GOOD, LIMIT_OUT, LIMIT_OUT_MOST, LIMIT_COUNT };

static const struct {
  const char *name;
  unsigned low, high;
} limits[LIMIT_COUNT] = {
    [LIMIT_FAULTS] = {"faults", 1, 90},       /* percent: at 100 nothing would ever be out */
    [LIMIT_REQUESTS] = {"requests", 5, 5000}, /* fewer are chance; these are those of a minute at most */
    [LIMIT_GOOD] = {"good", 1, 1000},          [LIMIT_OUT] = {"out", 1, 3600},
    [LIMIT_OUT_MOST] = {"out_most", 1, 86400},
};

static int find(const char *text, size_t length) {
  for (int i = 0; i < LIMIT_COUNT; i++)
    if (strlen(limits[i].name) == length && memcmp(limits[i].name, text, length) == 0)
      return i;
  return -1;
}

static int refuse_value(enum limit limit, char ret_reason[HEALTH_REASON_CAPACITY]) {
  snprintf(ret_reason, HEALTH_REASON_CAPACITY, "%s is a whole number from %u to %u, given once",
           limits[limit].name, limits[limit].low, limits[limit].high);
  return -EINVAL;
}

/* One "name=value" at *text, which moves behind it and its comma. */
static int read_one(const char **text, unsigned values[LIMIT_COUNT],
                    char ret_reason[HEALTH_REASON_CAPACITY]) {
  size_t length = strcspn(*text, "=,");
  int limit = find(*text, length);
  if (limit < 0 || (*text)[length] != '=') {
    snprintf(ret_reason, HEALTH_REASON_CAPACITY,
             "it is made of faults=, requests=, good=, out= and out_most=, with one comma between");
    return -EINVAL;
  }
  const char *digits = *text + length + 1;
  size_t count = strspn(digits, "0123456789");
  unsigned long value = count >= 1 && count <= 6 ? strtoul(digits, NULL, 10) : 0;
  bool ends = digits[count] == '\0' || (digits[count] == ',' && digits[count + 1] != '\0');
  if (!ends || value < limits[limit].low || value > limits[limit].high || values[limit] != 0)
    return refuse_value((enum limit)limit, ret_reason);
  values[limit] = (unsigned)value;
  *text = digits + count + (digits[count] == ',');
  return 0;
}

int health_limits_read(const char *text, struct gate_limits *ret_limits,
                       char ret_reason[HEALTH_REASON_CAPACITY]) {
  unsigned values[LIMIT_COUNT] = {0};
  do {
    int result = read_one(&text, values, ret_reason);
    if (result != 0)
      return result;
  } while (*text != '\0');
  unsigned out = values[LIMIT_OUT] != 0 ? values[LIMIT_OUT] : OUT_FIRST_S;
  unsigned most = values[LIMIT_OUT_MOST] != 0 ? values[LIMIT_OUT_MOST] : OUT_MOST_S;
  if (out > most) {
    snprintf(ret_reason, HEALTH_REASON_CAPACITY, "out (%u) is not more than out_most (%u)", out, most);
    return -EINVAL;
  }
  *ret_limits = (struct gate_limits){.threshold = (uint16_t)(values[LIMIT_FAULTS] * PERCENT),
                                     .samples = (uint16_t)values[LIMIT_REQUESTS],
                                     .good = (uint16_t)values[LIMIT_GOOD],
                                     .out_first_ms = values[LIMIT_OUT] * MS_PER_S,
                                     .out_last_ms = values[LIMIT_OUT_MOST] * MS_PER_S};
  return 0;
}
