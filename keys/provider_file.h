/* The root key in a file, for the test environment alone. */
#pragma once

#include "arena.h"
#include "provider.h"

/* Reads directory/root.key into the arena; makes it first when it is absent and may_create. Returns 0; -EPERM
 * for any environment but the test one; -ENOENT when it is absent and may not be made; what key_file_read()
 * returns. The provider lives as long as the arena. now_ms: Unix milliseconds. */
MUST_USE int provider_file_open(const char *directory, uint8_t environment, bool may_create, int64_t now_ms,
                                struct arena *arena, struct root_provider *ret_provider);
