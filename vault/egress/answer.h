/* From what a PSP answered to the typed answer that its sheet reads in it (B4). The text of an answer is
 * never trusted: what breaks a field's rule is dropped, what no pattern of the sheet knows is
 * ANSWER_IS_UNKNOWN. */
#pragma once

#include "fields.h"
#include "operations.h"
#include "render.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ANSWER_BODY_MAX = 262144, /* a longer body is garbage */
  ANSWER_DEPTH_MAX = 32,    /* so is a deeper one */
  ANSWER_GOES_ON = 1        /* read_answer(): the exchange has moved on; render and send its step */
};

struct answer_header {
  const char *name; /* compared without regard to case */
  const char *value;
};

/* A whole answer, body decoded from its transfer coding. Borrowed. */
struct http_answer {
  uint16_t status;
  size_t header_count;
  const struct answer_header *headers;
  const void *body;
  size_t body_length;
};

/* How a dispatch ended. */
struct verdict {
  enum answer answer;
  bool transient_error; /* the PSP said that the request went no further */
  uint8_t step;         /* the step that it ended at, 1 for the first */
  struct answer_fields fields;
};

/* Reads the answer to the step at which the exchange stands. Returns 0 with *ret_verdict when that ends it
 * (garbage: ANSWER_IS_UNKNOWN); ANSWER_GOES_ON when the sheet wants another request: the exchange stands at
 * that step, and *ret_verdict is untouched; -ENOMEM. The verdict's fields are not scrubbed yet: scrub.h. */
MUST_USE int read_answer(struct exchange *exchange, const struct http_answer *http,
                         struct verdict *ret_verdict);
