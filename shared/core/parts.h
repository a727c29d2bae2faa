/* Parts that several messages share: ids, enums, names, amounts, the view of a card. Each reader re-derives
 * the limits of its part and makes the reader bad when one is broken. */
#pragma once

#include "fields.h"
#include "router_vault.h"

/* An id, or the empty text. */
void write_id(struct writer *writer, const struct id *id);
/* An id of exactly that prefix. */
void read_id(struct reader *reader, const char *prefix, struct id *ret_id);
/* An id of exactly that prefix, or none. */
void read_id_or_none(struct reader *reader, const char *prefix, struct id *ret_id);
/* One byte that is a value of an enum: from 1 to count - 1. */
uint8_t read_enum(struct reader *reader, unsigned count);
/* A name of connectors, sheets and credentials: a-z 0-9 _, 1 to capacity - 1 of them. */
void read_name(struct reader *reader, char *ret_name, size_t capacity);
/* The same check for a text. */
bool name_holds(const char *name, size_t capacity);
/* A text of an alphabet, possibly empty. */
void read_alphabet(struct reader *reader, enum alphabet alphabet, char *ret_text, size_t capacity);
/* i64 minor units, not negative, and three letters of a currency that is known. */
void write_money(struct writer *writer, const struct money *money);
void read_money(struct reader *reader, struct money *ret_money);
/* The dispatch or step key: an id of a payment, movement or verification and then numbers, each after a "_".
 */
void read_step_key(struct reader *reader, char ret_key[STEP_KEY_CAPACITY]);
/* The same check for a text. */
bool step_key_holds(const char *key);
/* Everything of a card that may be shown but for its fingerprint. */
void write_card_view(struct writer *writer, const struct card_view *card);
void read_card_view(struct reader *reader, struct card_view *ret_card);
/* A month and a year of four digits. */
void write_expiry(struct writer *writer, uint8_t month, uint16_t year);
void read_expiry(struct reader *reader, uint8_t *ret_month, uint16_t *ret_year);
