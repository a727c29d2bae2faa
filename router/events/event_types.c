#include "event_types.h"

#include <string.h>

static const char *const names[EVENT_TYPE_COUNT] = {
    [EVENT_NONE] = "",
    [EVENT_PAYMENT_REQUIRES_ACTION] = "payment.requires_action",
    [EVENT_PAYMENT_AUTHORIZED] = "payment.authorized",
    [EVENT_PAYMENT_PARTIALLY_CAPTURED] = "payment.partially_captured",
    [EVENT_PAYMENT_CAPTURED] = "payment.captured",
    [EVENT_PAYMENT_VOIDED] = "payment.voided",
    [EVENT_PAYMENT_DECLINED] = "payment.declined",
    [EVENT_PAYMENT_FAILED] = "payment.failed",
    [EVENT_PAYMENT_SCHEDULED] = "payment.scheduled",
    [EVENT_PAYMENT_UNRESOLVED] = "payment.unresolved",
    [EVENT_PAYMENT_ATTENTION_REQUIRED] = "payment.attention_required",
    [EVENT_CAPTURE_PENDING] = "capture.pending",
    [EVENT_CAPTURE_SUCCEEDED] = "capture.succeeded",
    [EVENT_CAPTURE_FAILED] = "capture.failed",
    [EVENT_CAPTURE_UNRESOLVED] = "capture.unresolved",
    [EVENT_VOID_PENDING] = "void.pending",
    [EVENT_VOID_SUCCEEDED] = "void.succeeded",
    [EVENT_VOID_FAILED] = "void.failed",
    [EVENT_VOID_UNRESOLVED] = "void.unresolved",
    [EVENT_REFUND_PENDING] = "refund.pending",
    [EVENT_REFUND_SUCCEEDED] = "refund.succeeded",
    [EVENT_REFUND_FAILED] = "refund.failed",
    [EVENT_REFUND_UNRESOLVED] = "refund.unresolved",
    [EVENT_POLICY_PUBLISHED] = "policy.published",
    [EVENT_POLICY_ROLLED_BACK] = "policy.rolled_back",
    [EVENT_ENDPOINT_DISABLED] = "webhook_endpoint.disabled",
    [EVENT_CONNECTOR_UNHEALTHY] = "connector.unhealthy",
    [EVENT_CONNECTOR_PROBING] = "connector.probing",
    [EVENT_CONNECTOR_HEALTHY] = "connector.healthy",
    [EVENT_CONNECTOR_DRILL_STARTED] = "connector.drill_started",
    [EVENT_CONNECTOR_DRILL_ENDED] = "connector.drill_ended",
    [EVENT_APPROVAL_RATE_DROPPED] = "approval_rate.dropped",
};

const char *event_type_name(enum event_type type) {
  return (unsigned)type < EVENT_TYPE_COUNT ? names[type] : "";
}

enum event_type event_type_from_name(const char *name) {
  for (unsigned i = EVENT_NONE + 1; i < EVENT_TYPE_COUNT; i++) {
    if (strcmp(names[i], name) == 0)
      return (enum event_type)i;
  }
  return EVENT_NONE;
}
