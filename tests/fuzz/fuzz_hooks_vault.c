/* Whatever the vault takes from hooks, egress from the vault, and the vault from egress about a webhook, is
 * what the other could have written: written again it is the same bytes. The first byte chooses the message;
 * with its top bit set the rest changes a good one, two bytes of place and one of value. */
#include "webhook_reading.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 3, CHANGE = 3, GOOD = 0x80 };

static uint8_t again[MESSAGE_MAX], good[MESSAGE_MAX];

static void same(const struct writer *writer, const uint8_t *data, size_t size) {
  assert(writer_length(writer) == size && memcmp(again, data, size) == 0);
}

static void check(unsigned kind, const uint8_t *data, size_t size) {
  static struct hook hook;
  static struct webhook_body body;
  static struct webhook_reading reading;
  struct reader reader = reader_over(data, size);
  struct writer writer = writer_over(again, sizeof again);
  if (kind == 0 && read_hook(&reader, &hook) == 0)
    write_hook(&writer, &hook);
  else if (kind == 1 && read_webhook_body(&reader, &body) == 0)
    write_webhook_body(&writer, &body);
  else if (kind == 2 && read_webhook_reading(&reader, &reading) == 0)
    write_webhook_reading(&writer, &reading);
  else
    return;
  assert(writer_finish(&writer) == 0);
  same(&writer, data, size);
}

static size_t make_good(unsigned kind) {
  static const uint8_t content[] = "{\"type\":\"payment_captured\"}";
  struct writer writer = writer_over(good, sizeof good);
  if (kind == 0) {
    struct hook hook = {.connector = "adyen", .body_length = sizeof content - 1, .body = content};
    strcpy(hook.signatures[0], "t=1700000000,v1=00");
    write_hook(&writer, &hook);
  } else if (kind == 1) {
    struct webhook_body body = {
        .sheet = "adyen", .environment = 1, .length = sizeof content - 1, .bytes = content};
    write_webhook_body(&writer, &body);
  } else {
    static struct webhook_reading reading;
    memset(&reading, 0, sizeof reading);
    reading.count = 2;
    reading.events[0] = (struct webhook_event){.tells = true,
                                               .key = "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1",
                                               .about = OPERATION_CAPTURE,
                                               .answer = ANSWER_IS_CAPTURED,
                                               .signed_count = 2,
                                               .signed_values = {"a", "b"},
                                               .signature = "c2ln"};
    int error = answer_fields_set(&reading.events[0].fields, ANSWER_PSP_ID, "psp-1");
    assert(error == 0);
    write_webhook_reading(&writer, &reading);
  }
  return writer_length(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  unsigned kind = data[0] % KINDS;
  if ((data[0] & GOOD) == 0) {
    check(kind, data + 1, size - 1);
    return 0;
  }
  size_t length = make_good(kind);
  for (size_t i = 1; i + CHANGE <= size; i += CHANGE)
    good[(data[i] * 256U + data[i + 1]) % length] = data[i + 2];
  check(kind, good, length);
  return 0;
}
