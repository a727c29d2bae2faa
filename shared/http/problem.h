/* Error answers: application/problem+json (RFC 9457) with a code and, where one field is at fault, its path.
 * All texts are ours; there is no place for a value that came from outside (B7). */
#pragma once

#include "http.h"

enum { PROBLEM_CAPACITY = 1024 };

struct problem {
  unsigned status;
  const char *code;   /* "invalid_card_number": for programs; never changes its meaning */
  const char *detail; /* a sentence for people, or NULL */
  const char
      *param; /* "card.number", or NULL; the path of a field that we know, so printable ASCII of ours */
  unsigned retry_after; /* seconds, sent as Retry-After; 0: none */
};

/* What every front answers alike. */
extern const struct problem problem_not_found;    /* 404 */
extern const struct problem problem_method;       /* 405 method_not_allowed */
extern const struct problem problem_too_large;    /* 413 body_too_large */
extern const struct problem problem_media_type;   /* 415 unsupported_media_type: not application/json */
extern const struct problem problem_unauthorized; /* 401 */
extern const struct problem problem_limited;      /* 429 rate_limited, Retry-After 1 */
extern const struct problem problem_busy;         /* 503 busy, Retry-After 1 */

/* The reason phrase of a status, or "Error". Static. */
const char *problem_title(unsigned status);
/* The JSON of problem: type, title, status, code, detail, param, request_id. Returns its length, <
 * PROBLEM_CAPACITY. */
size_t problem_write(const struct problem *problem, const struct id *request_id,
                     char ret_text[PROBLEM_CAPACITY]);
/* Answers request with problem and further header lines (extra may be NULL; at most 8). A 401 carries
 * WWW-Authenticate. */
void problem_answer(struct http_request *request, const struct problem *problem,
                    const struct http_header *extra);
