/* Alphabets over bytes that carry no terminator: alphabet_holds() of fields.h for what stands in a message.
 */
#pragma once

#include "fields.h"

/* Whether the length bytes at text fit the alphabet. A NUL byte fits none. */
bool alphabet_holds_bytes(enum alphabet alphabet, const char *text, size_t length);
