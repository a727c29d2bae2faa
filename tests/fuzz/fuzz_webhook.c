/* Any body as a webhook of any of the three PSPs: what is read of it fits a message, its fields their rules,
 * and its meaning what a webhook may say. The first byte chooses the PSP, and with its top bit set puts the
 * rest in the place of one value of a good body. */
#include "sheet_trial.h"
#include "webhook.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SHEETS = 3, IN_PLACE = 0x80, TEXT_MAX = 4096 };

static const char *const names[SHEETS] = {"stripe", "adyen", "checkout"};
/* Two values of each are the input's. */
static const char *const bodies[SHEETS] = {
    "{\"type\":\"payment_intent.succeeded\",\"created\":1,\"data\":{\"object\":{\"id\":\"%s\",\"capture_"
    "method\":"
    "\"automatic\",\"currency\":\"eur\",\"amount\":%s,\"metadata\":{\"reference\":"
    "\"pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1\"}}}}",
    "{\"notificationItems\":[{\"NotificationRequestItem\":{\"eventCode\":\"REFUND\",\"success\":\"true\","
    "\"merchantReference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1\",\"reason\":\"%s\",\"amount\":{\"currency\":"
    "\"EUR\",\"value\":%s}}}]}",
    "{\"type\":\"payment_refunded\",\"created_on\":\"2026-06-15T12:00:00Z\",\"data\":{\"action_id\":\"%s\","
    "\"amount\":%s,\"currency\":\"EUR\",\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1\"}}"};

static void check(const struct webhook_reading *reading) {
  static uint8_t bytes[MESSAGE_MAX];
  static struct webhook_reading again;
  struct writer writer = writer_over(bytes, MESSAGE_MAX - MESSAGE_HEADER - sizeof(uint16_t));
  assert(reading->count >= 1 && reading->count <= WEBHOOK_EVENTS_MAX);
  write_webhook_reading(&writer, reading);
  assert(writer_finish(&writer) == 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  int error = read_webhook_reading(&reader, &again); /* which checks every rule */
  assert(error == 0);
}

static void try(const struct sheet *sheet, const void *content, size_t length) {
  static struct webhook_reading reading;
  struct webhook_body body = {.length = (uint32_t)length, .bytes = content};
  if (length > 0 && length <= HOOK_BODY_MAX && webhook_read(sheet, &body, &reading) == 0)
    check(&reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct sheet *sheets[SHEETS];
  for (size_t i = 0; i < SHEETS && sheets[i] == NULL; i++)
    sheets[i] = trial_sheet(names[i]);
  if (size == 0)
    return 0;
  unsigned which = data[0] % SHEETS;
  if ((data[0] & IN_PLACE) == 0) {
    try(sheets[which], data + 1, size - 1);
    return 0;
  }
  char value[1024], text[TEXT_MAX];
  size_t length = size - 1 < sizeof value - 1 ? size - 1 : sizeof value - 1;
  memcpy(value, data + 1, length);
  value[length] = '\0';
  const char *second = strchr(value, '\n');
  /* The formats are the table's above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  int written = snprintf(text, sizeof text, bodies[which], value, second != NULL ? second + 1 : "1");
#pragma GCC diagnostic pop
  try(sheets[which], text, (size_t)written < sizeof text ? (size_t)written : sizeof text - 1);
  return 0;
}
