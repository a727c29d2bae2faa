/* openapi.json as it stood at the build (embed.py). */
#pragma once

#include <stddef.h>

extern const char openapi_text[];
extern const size_t openapi_length;
