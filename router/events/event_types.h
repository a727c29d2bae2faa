/* What can be told of: the fixed list of types, by table. A type's number stands in ids of events and in what
 * endpoints want: it is never given to another. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum event_type {
  EVENT_NONE,
  EVENT_PAYMENT_REQUIRES_ACTION,
  EVENT_PAYMENT_AUTHORIZED,
  EVENT_PAYMENT_PARTIALLY_CAPTURED,
  EVENT_PAYMENT_CAPTURED,
  EVENT_PAYMENT_VOIDED,
  EVENT_PAYMENT_DECLINED,
  EVENT_PAYMENT_FAILED,
  EVENT_PAYMENT_UNRESOLVED,
  EVENT_PAYMENT_ATTENTION_REQUIRED, /* something about it is put before a person */
  EVENT_CAPTURE_PENDING,
  EVENT_CAPTURE_SUCCEEDED,
  EVENT_CAPTURE_FAILED,
  EVENT_CAPTURE_UNRESOLVED,
  EVENT_VOID_PENDING,
  EVENT_VOID_SUCCEEDED,
  EVENT_VOID_FAILED,
  EVENT_VOID_UNRESOLVED,
  EVENT_REFUND_PENDING,
  EVENT_REFUND_SUCCEEDED,
  EVENT_REFUND_FAILED,
  EVENT_REFUND_UNRESOLVED,
  EVENT_POLICY_PUBLISHED,
  EVENT_POLICY_ROLLED_BACK,
  EVENT_ENDPOINT_DISABLED,
  EVENT_CONNECTOR_UNHEALTHY,
  EVENT_CONNECTOR_PROBING,
  EVENT_CONNECTOR_HEALTHY,
  EVENT_CONNECTOR_DRILL_STARTED,
  EVENT_CONNECTOR_DRILL_ENDED,
  EVENT_APPROVAL_RATE_DROPPED,
  EVENT_PAYMENT_SCHEDULED, /* declined, and tried again by itself */
  EVENT_TYPE_COUNT
};

_Static_assert((int)EVENT_TYPE_COUNT <= 63, "a set of types is 64 bits");

/* A set of types: bit n stands for the type of number n. */
typedef uint64_t event_type_set;

#define EVERY_EVENT_TYPE ((((event_type_set)1 << EVENT_TYPE_COUNT) - 1) & ~(event_type_set)1)

/* "payment.captured"; static, "" out of range. */
const char *event_type_name(enum event_type type);
/* EVENT_NONE for no such name. */
enum event_type event_type_from_name(const char *name);

static inline bool event_type_in(event_type_set set, enum event_type type) {
  return set >> type & 1;
}
