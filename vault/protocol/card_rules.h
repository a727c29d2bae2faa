/* What makes a card acceptable, in one place for the process that takes cards in (collect) and the one that
 * keeps them (the vault, which believes nothing it is told and checks again). */
#pragma once

#include "card.h"
#include "network.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the length bytes at digits are all decimal digits, 12 to 19 of them, and pass the Luhn check
 * (ISO/IEC 7812-1, annex B). Takes the same time for every content of the same length: no branch and no table
 * look-up depends on a digit. Any byte may stand there; nothing beyond length is read. */
bool card_number_valid(const char *digits, size_t length);

/* The network of a number of at least eight digits, by its first eight. */
enum network card_network(const char *number);

/* card_number_valid() and the number of digits is one that its network has. number is NUL-terminated. */
bool card_number_acceptable(const char *number);

/* Whether number begins with one of the published test ranges that a test environment accepts.
 * number is NUL-terminated and at least six digits long. */
bool card_number_is_test(const char *number);

/* Whether the card's last month is over everywhere on Earth (UTC-12) at now_ms (Unix milliseconds).
 * month 1 to 12, year four digits. */
bool card_expired(unsigned month, unsigned year, int64_t now_ms);

/* Whether code ("" for none) has as many digits as that network's codes have. Only digits may stand in it. */
bool card_code_acceptable(const struct card_code *code, enum network network);

/* How many leading digits may be shown (B11): eight of a number with 16 digits or more, else six. */
size_t card_bin_digits(size_t digits);
