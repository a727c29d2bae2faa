/* An answer read whole and read in two pieces comes to the same, and never beyond its limits. */
#include "http_reply.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_LIMIT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds a copy of exactly that many bytes, so that a read beyond them is seen. */
static int feed(struct http_reply *reply, const uint8_t *data, size_t size, size_t *used) {
  uint8_t *copy = malloc(size > 0 ? size : 1);
  assert(copy != NULL);
  if (size > 0)
    memcpy(copy, data, size);
  *used = 0;
  int outcome = size > 0 ? http_reply_feed(reply, copy, size, used) : 0;
  assert(*used <= size);
  free(copy);
  return outcome;
}

static void check(const struct http_reply *reply, int outcome) {
  assert(reply->body_length <= BODY_LIMIT && reply->header_count <= HTTP_HEADERS_MAX);
  if (outcome == HTTP_REPLY_DONE)
    assert(reply->status >= 200 && reply->status <= 599);
  for (unsigned i = 0; i < reply->header_count; i++) {
    assert(strlen(reply->head + reply->headers[i].name) < HTTP_HEAD_MAX);
    assert(strlen(reply->head + reply->headers[i].value) < HTTP_HEAD_MAX);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct http_reply whole, pieces;
  size_t used = 0, first = 0, second = 0;
  if (size == 0)
    return 0;
  size_t cut = data[0] % size;
  http_reply_begin(&whole, BODY_LIMIT);
  http_reply_begin(&pieces, BODY_LIMIT);
  int outcome = feed(&whole, data, size, &used);
  int other = feed(&pieces, data, cut, &first);
  if (other == 0)
    other = feed(&pieces, data + first, size - first, &second);
  assert(outcome == other || outcome < 0);
  if (outcome >= 0) {
    check(&whole, outcome);
    assert(used == first + second && whole.status == pieces.status &&
           whole.body_length == pieces.body_length);
    assert(whole.body_length == 0 || memcmp(whole.body, pieces.body, whole.body_length) == 0);
  }
  if (outcome == 0)
    assert(http_reply_closed(&whole) == http_reply_closed(&pieces));
  http_reply_end(&whole);
  http_reply_end(&pieces);
  return 0;
}
