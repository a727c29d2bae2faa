/* Whatever a decoder takes is encoded again to the very same bytes: no two spellings of one message, and
 * nothing of it escapes the decoder's limits. */
#include <assert.h>
#include <string.h>

#include "router_vault.h"

static uint8_t again[MESSAGE_MAX];

#define ROUND_TRIP(type, name)                                                                               \
  do {                                                                                                       \
    static struct type value;                                                                                \
    struct reader reader = reader_over(data, size);                                                          \
    if (read_##name(&reader, &value) == 0) {                                                                 \
      struct writer writer = writer_over(again, sizeof again);                                               \
      write_##name(&writer, &value);                                                                         \
      assert(writer_finish(&writer) == 0 && writer_length(&writer) == size);                                 \
      assert(size == 0 || memcmp(again, data, size) == 0);                                                   \
    }                                                                                                        \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  uint8_t type = *data++;
  size--;
  switch (type % 12) {
  case 0:
    ROUND_TRIP(token_question, token_question);
    break;
  case 1:
    ROUND_TRIP(token_update, token_update);
    break;
  case 2:
    ROUND_TRIP(token_description, token_description);
    break;
  case 3:
    ROUND_TRIP(dispatch, dispatch);
    break;
  case 4:
    ROUND_TRIP(dispatch_result, dispatch_result);
    break;
  case 5:
    ROUND_TRIP(end_payment, end_payment);
    break;
  case 6:
    ROUND_TRIP(connectors_question, connectors_question);
    break;
  case 7:
    ROUND_TRIP(webhook, webhook);
    break;
  case 8:
    ROUND_TRIP(webhook_taken, webhook_taken);
    break;
  case 9:
    ROUND_TRIP(releases_question, releases_question);
    break;
  case 10:
    ROUND_TRIP(releases_page, releases_page);
    break;
  default:
    ROUND_TRIP(connectors_page, connectors_page);
  }
  return 0;
}
