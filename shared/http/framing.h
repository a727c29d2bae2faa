/* The framing checks that stand between libmicrohttpd and a handler.
 *
 * libmicrohttpd 0.9.75 serves requests that a proxy in front would read differently: Content-Length together
 * with Transfer-Encoding, bare LF, NUL, folded lines, two Hosts. Most of them it shows; what it hides is seen
 * by the layout: it parses in place, so that names and values are pointers into the bytes as they came, and
 * in a well-formed request each begins exactly where the one before it, its separator and CR LF end. Any
 * other distance means bytes that were not shown (a NUL and what follows it, a folded line) or a line that
 * did not end in CR LF. Should another version of libmicrohttpd copy instead, every request would be refused:
 * the check fails closed.
 *
 * What it cannot see: empty lines before the request line (which RFC 9112 2.2 allows); a NUL that
 * makes up for the missing CR of a bare LF, both leaving two zeros (it takes a proxy that passes NULs on for
 * that to matter; fuzz_framing found it); and whatever libmicrohttpd refuses by itself. Bodies in chunks are
 * refused (411) whatever they look like, so that no chunk parser is trusted. */
#pragma once

#include "http.h"
#include "problem.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct framing_header {
  const char *name;
  size_t name_length;
  const char *value;
  size_t value_length;
};

/* The head of a request as libmicrohttpd shows it; all pointers into one buffer. */
struct framing_head {
  const char *method;
  const char *target;
  size_t target_length; /* as long as it was before libmicrohttpd decoded in it */
  bool target_valid;    /* by framing_target_valid(), before that */
  const char *version;
  size_t head_bytes; /* from the method's first byte to the end of the empty line */
  size_t header_count;
  struct framing_header headers[HTTP_HEADERS_MAX];
};

struct framing_result {
  enum http_method method;
  bool has_length;
  uint64_t content_length; /* 0 when there is none */
};

/* Whether a target is in origin form: a slash, then visible ASCII without a fragment. */
bool framing_target_valid(const char *target, size_t length);
/* Checks a head. Returns NULL with *ret_result, or the problem to answer with before the connection is
 * closed. */
const struct problem *framing_check(const struct framing_head *head, struct framing_result *ret_result);
