/* Where the facts that a policy asks about stand while it is evaluated: each as one number, or absent.
 *
 * A fact has one slot for each way in which it is compared: `amount` one for each currency (so that an amount
 * in another currency is absent), `card.bin` one for each number of digits, an attribute one as a text and
 * one as a number. Texts are numbers too (text_numbers.h). */
#pragma once

#include "policy_tree.h"
#include "text_numbers.h"

enum { SLOTS_MAX = 255 };

enum slot_type { SLOT_TEXT = 1, SLOT_NUMBER, SLOT_BIN, SLOT_MONEY };

struct slot {
  enum policy_fact fact;
  enum slot_type type;
  uint8_t number;                   /* of the zone or window, or how many digits of the BIN */
  char currency[CURRENCY_CAPACITY]; /* SLOT_MONEY */
  uint32_t attribute;               /* FACT_CUSTOMER, FACT_METADATA: its name's number */
};

struct attribute_slots { /* numbers plus one; 0: none */
  uint8_t text, number;
};

struct slots {
  struct strings strings;
  unsigned count;
  struct slot items[SLOTS_MAX];
  unsigned zone_count, window_count;
  uint32_t networks[NETWORK_COUNT]; /* numbers of their names */
  uint32_t fundings[FUNDING_PREPAID + 1];
  uint32_t weekdays[7];                        /* from Sunday */
  struct attribute_slots *customer, *metadata; /* by the number of the attribute's name */
  uint32_t attribute_capacity;
};

/* What the slots hold for one payment. */
struct slot_values {
  int64_t numbers[SLOTS_MAX];
  bool present[SLOTS_MAX];
};

/* The slot in which fact is compared with value, made when there is none yet. Returns 0; -E2BIG when a policy
 * asks about too much; or -ENOMEM. Texts of the policy are borrowed. */
MUST_USE int slots_for(struct slots *slots, const struct fact_name *fact, const struct value *value,
                       unsigned *ret_slot);
/* The number that stands for value in its slot. Returns 0 or -ENOMEM. */
MUST_USE int slots_encode(struct slots *slots, const struct value *value, int64_t *ret_number);
/* To be called once all slots are made. Returns 0 or -ENOMEM. */
MUST_USE int slots_finish(struct slots *slots);
void slots_free(struct slots *slots);

/* The day of the week at the payment's time in a zone of the policy that is known: 0 is Sunday. */
unsigned slots_weekday(const struct policy_facts *facts, unsigned zone);
/* Looks up what the policy asks about. */
void slots_read(const struct slots *slots, const struct policy_facts *facts, struct slot_values *ret_values);
