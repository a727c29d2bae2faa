#include "slots.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum slot_type type_for(const struct value *value) {
  switch (value->type) {
  case VALUE_NUMBER:
    return SLOT_NUMBER;
  case VALUE_AMOUNT:
    return SLOT_MONEY;
  case VALUE_BIN:
    return SLOT_BIN;
  default:
    return SLOT_TEXT;
  }
}

static bool names_window(enum policy_fact fact) {
  return fact == FACT_CARD_ATTEMPTS || fact == FACT_CARD_SPEND;
}

static bool names_zone(enum policy_fact fact) {
  return fact == FACT_HOUR || fact == FACT_WEEKDAY || fact == FACT_DAY;
}

static bool same_slot(const struct slot *a, const struct slot *b) {
  return a->fact == b->fact && a->type == b->type && a->number == b->number && a->attribute == b->attribute &&
         strcmp(a->currency, b->currency) == 0;
}

int slots_for(struct slots *slots, const struct fact_name *fact, const struct value *value,
              unsigned *ret_slot) {
  struct slot wanted = {.fact = fact->fact, .type = type_for(value)};
  if (names_window(fact->fact))
    wanted.number = fact->window;
  else if (names_zone(fact->fact))
    wanted.number = fact->zone;
  else if (wanted.type == SLOT_BIN)
    wanted.number = value->digits;
  if (wanted.type == SLOT_MONEY)
    memcpy(wanted.currency, value->currency, sizeof wanted.currency);
  if (fact->attribute != NULL) {
    int r = strings_add(&slots->strings, fact->attribute, &wanted.attribute);
    if (r < 0)
      return r;
  }
  for (unsigned i = 0; i < slots->count; i++)
    if (same_slot(&slots->items[i], &wanted)) {
      *ret_slot = i;
      return 0;
    }
  if (slots->count == SLOTS_MAX)
    return -E2BIG;
  slots->items[slots->count] = wanted;
  *ret_slot = slots->count++;
  return 0;
}

int slots_encode(struct slots *slots, const struct value *value, int64_t *ret_number) {
  uint32_t number;
  if (type_for(value) != SLOT_TEXT) {
    *ret_number = value->number;
    return 0;
  }
  int r = strings_add(&slots->strings, value->text, &number);
  if (r == 0)
    *ret_number = number;
  return r;
}

static void note_attribute(struct slots *slots, unsigned number) {
  const struct slot *slot = &slots->items[number];
  struct attribute_slots *of =
      slot->fact == FACT_METADATA ? &slots->metadata[slot->attribute] : &slots->customer[slot->attribute];
  if (slot->type == SLOT_NUMBER)
    of->number = (uint8_t)(number + 1);
  else
    of->text = (uint8_t)(number + 1);
}

int slots_finish(struct slots *slots) {
  static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  slots->attribute_capacity = slots->strings.count + 1;
  slots->customer = calloc(slots->attribute_capacity, sizeof *slots->customer);
  slots->metadata = calloc(slots->attribute_capacity, sizeof *slots->metadata);
  if (slots->customer == NULL || slots->metadata == NULL)
    return -ENOMEM;
  for (unsigned i = 0; i < slots->count; i++)
    if (slots->items[i].fact == FACT_CUSTOMER || slots->items[i].fact == FACT_METADATA)
      note_attribute(slots, i);
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    slots->networks[i] = strings_find(&slots->strings, network_name((enum network)i));
  for (unsigned i = 0; i <= FUNDING_PREPAID; i++)
    slots->fundings[i] = strings_find(&slots->strings, funding_name((enum funding)i));
  for (unsigned i = 0; i < 7; i++)
    slots->weekdays[i] = strings_find(&slots->strings, weekdays[i]);
  return 0;
}

void slots_free(struct slots *slots) {
  strings_free(&slots->strings);
  free(slots->customer);
  free(slots->metadata);
}
