/* One request to the mock, one answer: as little HTTP as that needs. */
#pragma once

#include "result.h"
#include <stddef.h>
#include <stdint.h>

enum { MOCK_ANSWER_MAX = 1048576 };

struct mock_answer {
  int status;            /* 0: none came */
  char violations[2048]; /* the mock's reasons, cut */
};

/* Sends length bytes to 127.0.0.1:port. The mock serves a description without the path of its server: prefix,
 * which must be what the path begins with, is taken off first. Returns 0, or a negated errno (-EINVAL: the
 * path does not begin with it). */
MUST_USE int mock_ask(uint16_t port, const char *prefix, const uint8_t *bytes, size_t length,
                      struct mock_answer *ret_answer);
