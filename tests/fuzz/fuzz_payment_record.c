/* Records of payments and entries of the journal, as a damaged store might hand them back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t bytes[STORE_VALUE_MAX + 4096];
  struct payment *payment = NULL;
  struct journal_entry entry = {.type = JOURNAL_PAYMENT, .body = data, .length = size};
  if (size > STORE_VALUE_MAX)
    return 0;
  if (read_payment(data, size, &payment) == 0) {
    struct writer writer = writer_over(bytes, sizeof bytes);
    struct payment *again;
    write_payment(&writer, payment);
    if (writer_finish(&writer) != 0 || read_payment(bytes, writer_length(&writer), &again) != 0)
      abort(); /* what was read can be written and read again */
    payment_free(again);
  }
  (void)!entry_apply(&entry, &payment);
  payment_free(payment);
  return 0;
}
