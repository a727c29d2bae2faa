#include "operations.h"

#include <string.h>

static const char *const operation_names[OPERATION_COUNT] = {
    [OPERATION_AUTHORIZE] = "authorize", [OPERATION_CHARGE] = "charge",     [OPERATION_CAPTURE] = "capture",
    [OPERATION_VOID] = "void",           [OPERATION_REFUND] = "refund",     [OPERATION_STATUS] = "status",
    [OPERATION_VERIFY] = "verify",       [OPERATION_CONTINUE] = "continue",
};

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_NOT_SENT] = "not_sent",
    [PHASE_SENT_NO_REPLY] = "sent_no_reply",
    [PHASE_PARTIAL_REPLY] = "partial_reply",
    [PHASE_REPLY] = "reply",
};

static const char *const answer_names[ANSWER_COUNT] = {
    [ANSWER_IS_UNKNOWN] = "unknown",   [ANSWER_IS_APPROVED] = "approved", [ANSWER_IS_CAPTURED] = "captured",
    [ANSWER_IS_RECEIVED] = "received", [ANSWER_IS_PENDING] = "pending",   [ANSWER_IS_ACTION] = "action",
    [ANSWER_IS_DECLINED] = "declined", [ANSWER_IS_REJECTED] = "rejected", [ANSWER_IS_VOIDED] = "voided",
    [ANSWER_IS_REFUNDED] = "refunded", [ANSWER_IS_ABSENT] = "absent",
};

static const char *name_in(const char *const *names, unsigned count, unsigned value) {
  return value >= 1 && value < count ? names[value] : "";
}

static unsigned value_in(const char *const *names, unsigned count, const char *name) {
  for (unsigned i = 1; i < count; i++) {
    if (strcmp(names[i], name) == 0)
      return i;
  }
  return 0;
}

const char *operation_name(enum operation operation) {
  return name_in(operation_names, OPERATION_COUNT, (unsigned)operation);
}

const char *phase_name(enum phase phase) {
  return name_in(phase_names, PHASE_COUNT, (unsigned)phase);
}

const char *answer_name(enum answer answer) {
  return name_in(answer_names, ANSWER_COUNT, (unsigned)answer);
}

bool operation_releases_card(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE || operation == OPERATION_VERIFY;
}

bool operation_is_movement(enum operation operation) {
  return operation == OPERATION_CAPTURE || operation == OPERATION_VOID || operation == OPERATION_REFUND;
}

enum operation operation_from_name(const char *name) {
  return (enum operation)value_in(operation_names, OPERATION_COUNT, name);
}

enum answer answer_from_name(const char *name) {
  return (enum answer)value_in(answer_names, ANSWER_COUNT, name);
}
