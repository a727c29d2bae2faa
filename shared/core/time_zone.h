/* Local time in named zones, by the machine's zone files (Debian's tzdata) and the C library.
 *
 * Not for several threads at once: the C library knows one zone at a time, the environment's. */
#pragma once

#include "result.h"
#include <stdint.h>

enum { TIME_ZONE_CAPACITY = 64 };

#define TIME_ZONE_FOLDER "/usr/share/zoneinfo"

/* How far name ("Europe/Berlin") is ahead of UTC at at_ms (since the Unix epoch), in seconds. Returns 0; or
 * -ENOENT when there is no such zone, or name is none. Most calls cost a comparison: what was found out holds
 * for the quarter of an hour, and zones change their offset at whole ones. */
MUST_USE int time_zone_offset(const char *name, int64_t at_ms, int32_t *ret_offset_s);
