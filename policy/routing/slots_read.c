#include "policy_words.h"
#include "slots.h"
#include <assert.h>
#include <string.h>

enum {
  MS_PER_SECOND = 1000,
  SECONDS_PER_HOUR = 3600,
  SECONDS_PER_DAY = 86400,
  DAYS_PER_WEEK = 7,
  EPOCH_WEEKDAY = 4 /* 1 January 1970 was a Thursday */
};

struct reading {
  const struct slots *slots;
  const struct policy_facts *facts;
  struct slot_values *values;
};

static void set(const struct reading *reading, unsigned slot, int64_t number) {
  reading->values->numbers[slot] = number;
  reading->values->present[slot] = true;
}

/* A text that no policy value equals is there all the same: `!=` holds for it. */
static void set_text(const struct reading *reading, unsigned slot, const char *text) {
  if (text != NULL && text[0] != '\0')
    set(reading, slot, strings_find(&reading->slots->strings, text));
}

static int64_t floor_divide(int64_t value, int64_t by) {
  int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

/* The day of the month of that many days since 1 January 1970. Source: Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", civil_from_days. */
static int64_t day_of_month(int64_t days) {
  int64_t shifted = days + 719468;
  int64_t era = floor_divide(shifted, 146097);
  int64_t day_of_era = shifted - era * 146097;
  int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  return day_of_year - (153 * month + 2) / 5 + 1;
}

static int64_t local_seconds(const struct policy_facts *facts, unsigned zone) {
  return floor_divide(facts->at_ms, MS_PER_SECOND) + facts->zone_offset_s[zone];
}

unsigned slots_weekday(const struct policy_facts *facts, unsigned zone) {
  int64_t days = floor_divide(local_seconds(facts, zone), SECONDS_PER_DAY) + EPOCH_WEEKDAY;
  return (unsigned)(days - floor_divide(days, DAYS_PER_WEEK) * DAYS_PER_WEEK);
}

static void read_time(const struct reading *reading, unsigned slot) {
  const struct slot *item = &reading->slots->items[slot];
  if (!reading->facts->zone_known[item->number])
    return;
  int64_t local = local_seconds(reading->facts, item->number);
  int64_t days = floor_divide(local, SECONDS_PER_DAY);
  if (item->fact == FACT_HOUR)
    set(reading, slot, (local - days * SECONDS_PER_DAY) / SECONDS_PER_HOUR);
  else if (item->fact == FACT_DAY)
    set(reading, slot, day_of_month(days));
  else
    set(reading, slot, reading->slots->weekdays[slots_weekday(reading->facts, item->number)]);
}

static void read_bin(const struct reading *reading, unsigned slot) {
  const char *bin = reading->facts->bin;
  unsigned digits = reading->slots->items[slot].number;
  int64_t number = 0;
  if (bin == NULL)
    return;
  for (unsigned i = 0; i < digits; i++) {
    if (bin[i] < '0' || bin[i] > '9')
      return;
    number = 10 * number + (bin[i] - '0');
  }
  set(reading, slot, number);
}

static void read_money(const struct reading *reading, unsigned slot) {
  const struct slot *item = &reading->slots->items[slot];
  const struct policy_facts *facts = reading->facts;
  if (strcmp(facts->amount.currency, item->currency) != 0)
    return;
  if (item->fact == FACT_AMOUNT)
    set(reading, slot, facts->amount.minor);
  else if (facts->spend[item->number] >= 0)
    set(reading, slot, facts->spend[item->number]);
}

static void read_attempts(const struct reading *reading, unsigned slot) {
  int32_t attempts = reading->facts->attempts[reading->slots->items[slot].number];
  if (attempts >= 0)
    set(reading, slot, attempts);
}

static void read_slot(const struct reading *reading, unsigned slot) {
  const struct policy_facts *facts = reading->facts;
  const struct slots *slots = reading->slots;
  switch (slots->items[slot].fact) {
  case FACT_METHOD:
    set_text(reading, slot, facts->method);
    break;
  case FACT_CARD_NETWORK:
    if (facts->network != NETWORK_UNKNOWN)
      set(reading, slot, slots->networks[facts->network]);
    break;
  case FACT_CARD_BIN:
    read_bin(reading, slot);
    break;
  case FACT_CARD_ISSUER:
    set_text(reading, slot, facts->issuer);
    break;
  case FACT_CARD_COUNTRY:
    set_text(reading, slot, facts->country);
    break;
  case FACT_CARD_FUNDING:
    if (facts->funding != FUNDING_UNKNOWN)
      set(reading, slot, slots->fundings[facts->funding]);
    break;
  case FACT_CARD_CATEGORY:
    set_text(reading, slot, facts->category);
    break;
  case FACT_AMOUNT:
  case FACT_CARD_SPEND:
    read_money(reading, slot);
    break;
  case FACT_CURRENCY:
    set_text(reading, slot, facts->amount.currency);
    break;
  case FACT_KIND:
    set_text(reading, slot, facts->kind);
    break;
  case FACT_MERCHANT_CATEGORY:
    set_text(reading, slot, facts->merchant_category);
    break;
  case FACT_RISK:
    if (facts->risk >= 0)
      set(reading, slot, facts->risk);
    break;
  case FACT_THREE_DS:
    set_text(reading, slot, facts->three_ds);
    break;
  case FACT_EXEMPTION:
    set_text(reading, slot, facts->exemption);
    break;
  case FACT_HOUR:
  case FACT_WEEKDAY:
  case FACT_DAY:
    read_time(reading, slot);
    break;
  case FACT_CARD_ATTEMPTS:
    read_attempts(reading, slot);
    break;
  default: /* attributes are read one by one as the payment names them */
    break;
  }
}

static void read_attribute(const struct reading *reading, const struct policy_attribute *attribute) {
  const struct slots *slots = reading->slots;
  uint32_t name = strings_find(&slots->strings, attribute->name);
  int64_t thousandths;
  assert(name < slots->attribute_capacity);
  const struct attribute_slots *of = attribute->metadata ? &slots->metadata[name] : &slots->customer[name];
  if (of->text)
    set_text(reading, of->text - 1u, attribute->value);
  if (of->number && policy_read_number(attribute->value, strlen(attribute->value), &thousandths))
    set(reading, of->number - 1u, thousandths);
}

void slots_read(const struct slots *slots, const struct policy_facts *facts, struct slot_values *ret_values) {
  struct reading reading = {slots, facts, ret_values};
  memset(ret_values->present, 0, slots->count * sizeof ret_values->present[0]);
  for (unsigned i = 0; i < slots->count; i++)
    read_slot(&reading, i);
  for (unsigned i = 0; i < facts->attribute_count; i++)
    read_attribute(&reading, &facts->attributes[i]);
}
