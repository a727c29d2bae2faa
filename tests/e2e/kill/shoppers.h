/* The load: threads that buy, capture, give back, repeat themselves and hang up. */
#pragma once

#include "shop.h"

enum { SHOPPERS = 12 };

/* Lets the shoppers at the shop for that many milliseconds and waits for their last answers. */
void shoppers_run(struct shop *shop, unsigned round, unsigned milliseconds);
