/* Any bytes: a book whose tables policy/choice accepts, or a refusal with its line, never both. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fee_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fee_book *book = NULL;
  struct fee_book_error error = {0};
  int result = fee_book_read(data, size, &book, &error);
  assert(result == 0 || result == -EINVAL || result == -ENOMEM);
  assert((result == 0) == (book != NULL));
  assert(result != -EINVAL || (error.line >= 1 && error.reason[0] != '\0'));
  if (book != NULL) {
    struct choice_fees_error wrong;
    const struct choice_fees *fees = fee_book_find(book, "adyen");
    assert(fees == NULL || choice_fees_check(fees, &wrong) == 0);
    assert(choice_exchange_check(fee_book_exchange(book), &wrong) == 0);
  }
  fee_book_free(book);
  return 0;
}
