/* Whatever the vault takes from collect, and collect from the vault, is what the other could have written:
 * written again it is the same bytes. The first byte chooses the message. */
#include "collect_vault.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[MESSAGE_MAX];

static void same(const struct writer *writer, const uint8_t *data, size_t size) {
  assert(writer_length(writer) == size && memcmp(again, data, size) == 0);
}

static void tokenize_of(struct reader *reader, struct writer *writer, const uint8_t *data, size_t size) {
  struct tokenize message;
  if (read_tokenize(reader, &message) < 0)
    return;
  write_tokenize(writer, &message);
  same(writer, data, size);
}

static void tokenized_of(struct reader *reader, struct writer *writer, const uint8_t *data, size_t size) {
  struct tokenized message;
  if (read_tokenized(reader, &message) < 0)
    return;
  write_tokenized(writer, &message);
  same(writer, data, size);
}

static void typed_of(struct reader *reader, struct writer *writer, const uint8_t *data, size_t size) {
  struct code_typed message;
  if (read_code_typed(reader, &message) < 0)
    return;
  write_code_typed(writer, &message);
  same(writer, data, size);
}

static void leased_of(struct reader *reader, struct writer *writer, const uint8_t *data, size_t size) {
  struct code_leased message;
  if (read_code_leased(reader, &message) < 0)
    return;
  write_code_leased(writer, &message);
  same(writer, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const kinds[])(struct reader *, struct writer *, const uint8_t *,
                               size_t) = {tokenize_of, tokenized_of, typed_of, leased_of};
  if (size == 0)
    return 0;
  struct reader reader = reader_over(data + 1, size - 1);
  struct writer writer = writer_over(again, sizeof again);
  kinds[data[0] % 4](&reader, &writer, data + 1, size - 1);
  return 0;
}
