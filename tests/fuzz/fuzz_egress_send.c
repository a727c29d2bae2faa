/* Whatever egress takes for a dispatch is one that the vault could have written: written again it is the same
 * bytes. The input changes a good message byte by byte (two for the place, one for the value), so that what
 * lies behind the first fields is reached; one that begins with RAW is taken as it is. */
#include "egress_vault.h"
#include <assert.h>
#include <string.h>

enum { RAW = 0xff, CHANGE = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t make_good(uint8_t *bytes, size_t capacity) {
  static struct egress_send send;
  memset(&send, 0, sizeof send);
  send = (struct egress_send){
      .connector = "c",
      .key = "pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1",
      .sheet = "adyen",
      .base_url = "http://127.0.0.1:8080/adyen",
      .environment = ENVIRONMENT_TEST,
      .operation = OPERATION_AUTHORIZE,
      .has_card = true,
      .card = {.number = "4242424242424242", .exp_month = 3, .exp_year = 2030, .name = "A B"},
      .code = {.digits = "737"},
      .bin = "42424242",
      .last4 = "4242",
      .amount = {.minor = 1234, .currency = "EUR"},
      .timeout_ms = 10000,
      .deadline_us = 1,
      .credential_count = 1,
      .credentials = {{.name = "api_key", .value = "secret"}}};
  int error = request_fields_set(&send.fields, REQUEST_REFERENCE, "order 1");
  assert(error == 0);
  struct writer writer = writer_over(bytes, capacity);
  write_egress_send(&writer, &send);
  assert(writer_finish(&writer) == 0);
  return writer_length(&writer);
}

static void check(const uint8_t *bytes, size_t size) {
  static struct egress_send send;
  static uint8_t again[MESSAGE_MAX];
  struct reader reader = reader_over(bytes, size);
  if (read_egress_send(&reader, &send) < 0)
    return;
  struct writer writer = writer_over(again, sizeof again);
  write_egress_send(&writer, &send);
  assert(writer_finish(&writer) == 0);
  assert(writer_length(&writer) == size && memcmp(again, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t bytes[MESSAGE_MAX];
  if (size > 0 && data[0] == RAW) {
    check(data + 1, size - 1);
    return 0;
  }
  size_t length = make_good(bytes, sizeof bytes);
  for (size_t i = 0; i + CHANGE <= size; i += CHANGE)
    bytes[(data[i] * 256U + data[i + 1]) % length] = data[i + 2];
  check(bytes, length);
  return 0;
}
