/* The vault's own look at what came back from a PSP (B4): egress scrubbed by value; whatever still holds a
 * run of digits that could be this card goes. */
#pragma once

#include "fields.h"

/* Drops every field with a run of 12 to 19 digits (spaces, dashes, dots or underscores between them allowed)
 * that passes Luhn, begins with bin and ends with last4. Returns how many were dropped. bin, last4: digits;
 * with "" nothing is looked for. */
unsigned scrub_digits(struct answer_fields *fields, const char *bin, const char *last4);
/* The same where the card is not known: drops every field with a run of 13 to 19 digits that a network could
 * have issued, whatever other digits stand behind a separator beside it. */
unsigned scrub_card_numbers(struct answer_fields *fields);
