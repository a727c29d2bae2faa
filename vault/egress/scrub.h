/* The scrub by value (B4): what a PSP echoes of a card is dropped from the typed answer, whatever it wears.
 * The field goes, the outcome stands. */
#pragma once

#include "card.h"
#include "fields.h"
#include <stdbool.h>
#include <stddef.h>

/* What is looked for. Wipe it with scrub_wipe() where it holds a number. */
struct scrub {
  char number[CARD_NUMBER_CAPACITY]; /* the card that was released; or "": then any number that fits bin and
                                        last4 */
  char code[CARD_CODE_CAPACITY];     /* the security code that was sent, or "" */
  char bin[9];                       /* of the token's card where none was released, or "" */
  char last4[5];
  bool everywhere; /* of a webhook, where the card is not known: any acceptable card number, in any field */
};

/* Drops every field of the answer that holds
 *  - the number: its digits with any separators between them, in plain, percent-encoded, as \u escapes or
 * HTML entities, in base64 of either alphabet at any alignment, and these inside one another to a depth of
 * three;
 *  - the code standing by itself in a free text, under the same disguises;
 *  - where no number is given: a run of 13 to 19 digits that passes Luhn and fits bin and last4; with neither
 * known, any such run in a free text, and, with other digits beside it as well, any that a network could have
 * issued: this with everywhere set in every field. Returns how many were dropped. */
unsigned scrub_answer(const struct scrub *scrub, struct answer_fields *fields);
/* The same for one text; free_text as in field_rule. Whether it must go. */
bool scrub_hits(const struct scrub *scrub, const char *text, bool free_text);
void scrub_wipe(struct scrub *scrub);
