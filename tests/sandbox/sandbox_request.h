/* One HTTP/1.1 request: bytes become a struct here, and nothing else reads bytes. Strict: what is unclear is
 * refused. */
#pragma once

#include "result.h"
#include "sandbox_text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  REQUEST_HEAD_MAX = 16384,
  REQUEST_BODY_MAX = 262144,
  REQUEST_TARGET_CAPACITY = 2048,
  REQUEST_HEADER_CAPACITY = 512,
};

struct request {
  char method[8];
  char path[REQUEST_TARGET_CAPACITY];  /* before the question mark, still percent-encoded */
  char query[REQUEST_TARGET_CAPACITY]; /* after it, or "" */
  char content_type[REQUEST_HEADER_CAPACITY];
  char authorization[REQUEST_HEADER_CAPACITY];
  char x_api_key[REQUEST_HEADER_CAPACITY];
  char idempotency_key[REQUEST_HEADER_CAPACITY];
  char cko_idempotency_key[REQUEST_HEADER_CAPACITY];
  bool close; /* the client wants the connection closed after the answer */
  bool http_1_0;
  struct text body; /* decoded; NUL-terminated; emptied and reused by the next request of the connection */
};

enum {
  REQUEST_INCOMPLETE = 1, /* read on */
  REQUEST_BAD,            /* 400, then close */
  REQUEST_TOO_LARGE       /* 413, then close */
};

/* Reads one request from the length bytes at bytes. Returns 0 with *ret_request filled in and *ret_used bytes
 * taken, or one of the above. */
MUST_USE int request_read(const char *bytes, size_t length, struct request *ret_request, size_t *ret_used);
/* Decodes percent-encoding (and + as a space when plus is set) in place. False when it is broken or hides a
 * NUL. */
bool percent_decode(char *text, bool plus);
