/* The words of the API for what a payment is made of. */
#include "payment.h"

#include <string.h>

static const char *const statuses[PAYMENT_STATUS_COUNT] = {
    [PAYMENT_PROCESSING] = "processing", [PAYMENT_REQUIRES_ACTION] = "requires_action",
    [PAYMENT_AUTHORIZED] = "authorized", [PAYMENT_PARTIALLY_CAPTURED] = "partially_captured",
    [PAYMENT_CAPTURED] = "captured",     [PAYMENT_VOIDED] = "voided",
    [PAYMENT_DECLINED] = "declined",     [PAYMENT_FAILED] = "failed",
    [PAYMENT_UNRESOLVED] = "unresolved", [PAYMENT_SCHEDULED] = "scheduled",
};
static const char *const step_statuses[STEP_STATUS_COUNT] = {
    [STEP_PENDING] = "pending",
    [STEP_SUCCEEDED] = "succeeded",
    [STEP_FAILED] = "failed",
    [STEP_UNRESOLVED] = "unresolved",
};
static const char *const movement_types[MOVEMENT_TYPE_COUNT] = {
    [MOVEMENT_CAPTURE] = "capture",
    [MOVEMENT_VOID] = "void",
    [MOVEMENT_REFUND] = "refund",
};
static const char *const kinds[KIND_COUNT] = {
    [KIND_CUSTOMER] = "customer",         [KIND_RECURRING] = "recurring",
    [KIND_INSTALLMENT] = "installment",   [KIND_UNSCHEDULED] = "unscheduled",
    [KIND_RESUBMISSION] = "resubmission", [KIND_MOTO] = "moto",
};
static const char *const usages[STORE_COUNT] = {
    [STORE_ON_SESSION] = "on_session",
    [STORE_OFF_SESSION] = "off_session",
};
static const char *const skips[SKIP_COUNT] = {
    [SKIP_UNKNOWN] = "unknown",     [SKIP_DISABLED] = "disabled",
    [SKIP_DRAINING] = "draining",   [SKIP_NO_OPERATION] = "no_operation",
    [SKIP_UNHEALTHY] = "unhealthy", [SKIP_BUDGET] = "budget",
    [SKIP_DRILL] = "drill",         [SKIP_CURRENCY] = "currency",
    [SKIP_NETWORK] = "network",     [SKIP_FLOOR] = "below_floor",
};

static const char *name_of(const char *const *names, unsigned count, unsigned value) {
  return value < count && names[value] ? names[value] : "";
}

static unsigned value_of(const char *const *names, unsigned count, const char *name) {
  for (unsigned i = 1; i < count; i++) {
    if (names[i] && strcmp(names[i], name) == 0)
      return i;
  }
  return 0;
}

const char *payment_status_name(enum payment_status status) {
  return name_of(statuses, PAYMENT_STATUS_COUNT, status);
}

enum payment_status payment_status_from_name(const char *name) {
  return (enum payment_status)value_of(statuses, PAYMENT_STATUS_COUNT, name);
}

const char *step_status_name(enum step_status status) {
  return name_of(step_statuses, STEP_STATUS_COUNT, status);
}

const char *movement_type_name(enum movement_type type) {
  return name_of(movement_types, MOVEMENT_TYPE_COUNT, type);
}

const char *payment_kind_name(enum payment_kind kind) {
  return name_of(kinds, KIND_COUNT, kind);
}

enum payment_kind payment_kind_from_name(const char *name) {
  return (enum payment_kind)value_of(kinds, KIND_COUNT, name);
}

const char *store_usage_name(enum store_usage usage) {
  return name_of(usages, STORE_COUNT, usage);
}

enum store_usage store_usage_from_name(const char *name) {
  return (enum store_usage)value_of(usages, STORE_COUNT, name);
}

const char *skip_reason_name(enum skip_reason reason) {
  return name_of(skips, SKIP_COUNT, reason);
}
