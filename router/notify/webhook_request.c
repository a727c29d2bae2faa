#include "webhook_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The host as a Host line has it. */
static void write_authority(const struct webhook_url *url, char ret_text[WEBHOOK_HOST_CAPACITY + 16]) {
  bool brackets = strchr(url->host, ':') != NULL;
  int length = snprintf(ret_text, WEBHOOK_HOST_CAPACITY + 16, brackets ? "[%s]" : "%s", url->host);
  if (url->port != (url->tls ? 443 : 80))
    snprintf(ret_text + length, (size_t)(WEBHOOK_HOST_CAPACITY + 16 - length), ":%u", url->port);
}

size_t webhook_request(const struct delivery_head *head, const struct webhook_url *url, const void *body,
                       uint8_t *bytes, size_t capacity) {
  char text[WEBHOOK_HEAD_MAX], authority[WEBHOOK_HOST_CAPACITY + 16];
  write_authority(url, authority);
  int length = snprintf(text, sizeof text,
                        "POST %s%s HTTP/1.1\r\n"
                        "Host: %s\r\n"
                        "User-Agent: Freeport-Webhooks/1\r\n"
                        "Accept: */*\r\n"
                        "Content-Type: application/json\r\n"
                        "Content-Length: %" PRIu32 "\r\n"
                        "webhook-id: %s\r\n"
                        "webhook-timestamp: %" PRId64 "\r\n"
                        "webhook-signature: %s\r\n"
                        "\r\n",
                        url->target[0] == '/' ? "" : "/", url->target, authority, head->length, head->id.text,
                        head->timestamp_s, head->signatures);
  if (length < 0 || (size_t)length >= sizeof text || (size_t)length + head->length > capacity)
    return 0;
  memcpy(bytes, text, (size_t)length);
  memcpy(bytes + length, body, head->length);
  return (size_t)length + head->length;
}
