/* Card numbers where none belongs: a merchant's mistake that would put one into the ledger, so it is refused.
 */
#pragma once

#include <stdbool.h>

/* Whether text holds what is in all likelihood a card number: 14 to 19 digits that pass the check of ISO/IEC
 * 7812-1 and have a length and beginning that a card network issues; either by themselves, then with single
 * spaces or dashes between them too, or side by side with letters around them. Left alone are thirteen digits
 * (article and telephone numbers far more often) and digits within 24 or more hexadecimal ones (hashes, ids
 * and UUIDs). */
bool holds_card_number(const char *text);
/* The same for a policy's text, in which leading digits may stand side by side: two numbers of six to eight
 * digits are no parts of one there, but in quoted texts and comments they are. Returns true also when there
 * is no memory to look. */
bool policy_holds_card_number(const char *text);
