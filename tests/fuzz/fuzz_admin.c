/* As fuzz_router_vault.c, for the messages of the admin socket. */
#include <assert.h>
#include <string.h>

#include "admin.h"

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
  switch (type % 10) {
  case 0:
    ROUND_TRIP(vault_state, vault_state);
    break;
  case 1:
    ROUND_TRIP(merchant_add, merchant_add);
    break;
  case 2:
    ROUND_TRIP(publishable_key_add, publishable_key_add);
    break;
  case 3:
    ROUND_TRIP(connector_set, connector_set);
    break;
  case 4:
    ROUND_TRIP(connector_status_set, connector_status_set);
    break;
  case 5:
    ROUND_TRIP(audit_question, audit_question);
    break;
  case 6:
    ROUND_TRIP(connector_listing, connector_listing);
    break;
  case 7:
    ROUND_TRIP(connector_account_set, connector_account_set);
    break;
  case 8:
    ROUND_TRIP(ledger_accept, ledger_accept);
    break;
  default:
    ROUND_TRIP(audit_page, audit_page);
  }
  return 0;
}
