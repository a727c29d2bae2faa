/* How a card and its code stand in a message; used by the two protocols only. */
#pragma once

#include "card.h"
#include "cursor.h"
#include "ids.h"

void write_card(struct writer *writer, const struct card *card);
/* Bad unless the number is 12 to 19 digits, the month 1 to 12, the year 2000 to 2099 and the name UTF-8
 * without control characters. Whether the card is acceptable (Luhn, network, date) is for card_rules.h. */
void read_card(struct reader *reader, struct card *ret_card);
void write_card_code(struct writer *writer, const struct card_code *code);
/* Bad unless the code is empty or three or four digits. */
void read_card_code(struct reader *reader, struct card_code *ret_code);

/* An id as its text. Bad unless it is one of that prefix. */
void write_prefixed_id(struct writer *writer, const struct id *id);
void read_prefixed_id(struct reader *reader, const char *prefix, struct id *ret_id);
/* A text of digits only, at least `least` of them. Returns how many. */
size_t read_digits(struct reader *reader, char *ret, size_t capacity, size_t least);
