#include "fault.h"
#include <stdio.h>

enum { RETRY_AFTER_S = 1 };

struct fault fault_of(unsigned status, const char *code, const char *detail) {
  return (struct fault){.status = status, .code = code, .detail = detail};
}

struct fault fault_at(unsigned status, const char *code, const char *detail, const char *param) {
  struct fault fault = fault_of(status, code, detail);
  snprintf(fault.param, sizeof fault.param, "%s", param);
  return fault;
}

struct fault fault_passing(const char *code, const char *detail) {
  struct fault fault = fault_of(503, code, detail);
  fault.retry_after = RETRY_AFTER_S;
  return fault;
}

struct problem fault_problem(const struct fault *fault) {
  return (struct problem){.status = fault->status,
                          .code = fault->code,
                          .detail = fault->detail != NULL ? fault->detail : fault->text,
                          .param = fault->param[0] != '\0' ? fault->param : NULL,
                          .retry_after = fault->retry_after};
}
