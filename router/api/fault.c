#include "fault.h"
#include <stdio.h>

struct fault fault_of(unsigned status, const char *code, const char *detail) {
  return (struct fault){.status = status, .code = code, .detail = detail};
}

struct fault fault_at(unsigned status, const char *code, const char *detail, const char *param) {
  struct fault fault = fault_of(status, code, detail);
  snprintf(fault.param, sizeof fault.param, "%s", param);
  return fault;
}

struct fault fault_passing(const char *code, const char *detail, unsigned retry_after) {
  struct fault fault = fault_of(503, code, detail);
  fault.retry_after = retry_after;
  return fault;
}
