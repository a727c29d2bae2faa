/* One delivery as the bytes of an HTTP request. */
#pragma once

#include "notify_protocol.h"

/* How many bytes the head of the request takes at most. */
enum {
  WEBHOOK_HEAD_MAX = 1024 + WEBHOOK_URL_CAPACITY + WEBHOOK_HOST_CAPACITY + DELIVERY_SIGNATURES_CAPACITY
};

/* Writes the request of head to url (which is head's own, taken apart) with its body into bytes of capacity
 * bytes. Returns its length; or 0 when it does not fit. */
size_t webhook_request(const struct delivery_head *head, const struct webhook_url *url, const void *body,
                       uint8_t *bytes, size_t capacity);
