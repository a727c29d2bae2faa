/* A limit on how fast one client address may ask: a token bucket for each, in a table of fixed size, so that
 * it costs a tester of cards time and costs us no memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct velocity; /* opaque */

/* per_second (0: no limit) and burst: how many requests. Returns NULL when there is no memory; free with
 * velocity_free(). */
struct velocity *velocity_new(uint32_t per_second, uint32_t burst);
void velocity_free(struct velocity *velocity);
/* Takes one request of address (IPv6; of one that is not a mapped IPv4 address the first 64 bits count,
 * because that much is one client's) at now_us. False when it comes too fast. When the table is full, the
 * client that was away longest is forgotten. */
bool velocity_take(struct velocity *velocity, const uint8_t address[16], int64_t now_us);
