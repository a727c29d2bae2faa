/* How a card and its code stand in a message; used by the two protocols only. */
#pragma once

#include "card.h"
#include "cursor.h"

void write_card(struct writer *writer, const struct card *card);
/* Bad unless the number is 12 to 19 digits, the date a month and a year of four digits and the name UTF-8
 * without control characters. Whether the card is acceptable (Luhn, network, date) is for card_rules.h. */
void read_card(struct reader *reader, struct card *ret_card);
void write_card_code(struct writer *writer, const struct card_code *code);
/* Bad unless the code is empty or three or four digits. */
void read_card_code(struct reader *reader, struct card_code *ret_code);
/* A text of digits only. Returns how many. */
size_t read_digits(struct reader *reader, char *ret, size_t capacity);
