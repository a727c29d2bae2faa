/* The messages between router and notify. A delivery that is taken becomes one request that nothing in it can
 * split; what is read is written again to the same bytes. */
#include "webhook_request.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head of so many lines and no more: nothing that came in a field made another. */
static void check_request(const struct delivery_head *head) {
  enum { LINES = 9 };
  static uint8_t body[DELIVERY_BODY_MAX], bytes[DELIVERY_BODY_MAX + WEBHOOK_HEAD_MAX];
  struct webhook_url url;
  assert(webhook_url_parse(head->url, &url) == 0);
  size_t length = webhook_request(head, &url, body, bytes, sizeof bytes);
  assert(length > head->length);
  unsigned lines = 0;
  for (size_t i = 0; i < length - head->length; i++) {
    assert(bytes[i] == '\r' || bytes[i] == '\n' || (bytes[i] >= ' ' && bytes[i] <= '~'));
    lines += bytes[i] == '\n';
  }
  assert(lines == LINES + 1 && memcmp(bytes, "POST /", 6) == 0);
}

static void check_deliver(const uint8_t *data, size_t size) {
  static uint8_t again[MESSAGE_MAX + DELIVERY_PIECE_MAX];
  struct reader reader = reader_over(data, size);
  struct delivery_head head;
  const uint8_t *piece;
  size_t length;
  if (read_deliver(&reader, &head, &piece, &length) != 0)
    return;
  struct writer writer = writer_over(again, sizeof again);
  write_deliver(&writer, &head, piece);
  assert(writer_length(&writer) == size && memcmp(again, data, size) == 0);
  check_request(&head);
}

static void check_end(const uint8_t *data, size_t size) {
  uint8_t again[8];
  struct reader reader = reader_over(data, size);
  struct delivery_attempt attempt;
  if (read_attempt_end(&reader, &attempt) != 0)
    return;
  struct writer writer = writer_over(again, sizeof again);
  write_attempt_end(&writer, &attempt);
  assert(writer_length(&writer) == size && memcmp(again, data, size) == 0);
  assert(delivery_outcome_name(attempt.outcome)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reader reader = reader_over(data, size);
  const uint8_t *piece;
  size_t length;
  check_deliver(data, size);
  check_end(data, size);
  if (read_more(&reader, DELIVERY_BODY_MAX, DELIVERY_PIECE_MAX, &piece, &length) == 0)
    assert(length == size && length == DELIVERY_PIECE_MAX);
  return 0;
}
