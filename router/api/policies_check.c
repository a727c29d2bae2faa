#include "policies_check.h"
#include "connector_account.h"
#include "policies_render.h"
#include "routing.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char unknown_code[] = "connector_unknown";

int check_policy(const struct api *api, const struct policy *policy, struct policy_findings *ret_findings) {
  struct policy_connector connectors[CONNECTORS_MAX];
  size_t count = checkable_connectors(api->engine, api->options.fees, connectors);
  return policy_check(policy, connectors, count, api->options.zone_offset, ret_findings);
}

/* What forbids the policy, a connector that is not registered before anything else. */
static const struct policy_finding *first_error(const struct policy_findings *findings) {
  const struct policy_finding *found = NULL;
  for (unsigned i = 0; i < findings->count; i++) {
    const struct policy_finding *finding = &findings->findings[i];
    if (finding->severity == POLICY_ERROR && strcmp(finding->code, unknown_code) == 0)
      return finding;
    if (finding->severity == POLICY_ERROR && found == NULL)
      found = finding;
  }
  return found;
}

bool findings_miss_connector(const struct policy_findings *findings) {
  const struct policy_finding *first = first_error(findings);
  return first != NULL && strcmp(first->code, unknown_code) == 0;
}

static struct fault fault_by(const struct policy_finding *finding, const char *param) {
  bool unknown = strcmp(finding->code, unknown_code) == 0;
  struct fault fault = fault_at(422, unknown ? "connector_not_found" : "invalid_policy", NULL, param);
  if (finding->line == 0)
    snprintf(fault.text, sizeof fault.text, "%s", finding->text);
  else
    snprintf(fault.text, sizeof fault.text, "Line %u, column %u: %s", finding->line, finding->column,
             finding->text);
  return fault;
}

static void add_findings(struct json_out *out, const void *findings) {
  render_findings(out, findings);
}

void refuse_findings(struct call *call, const struct policy_findings *findings, const char *param) {
  const struct policy_finding *error = first_error(findings);
  assert(error != NULL);
  struct fault fault = fault_by(error, param);
  call_refuse_with(call, &fault, add_findings, findings);
}
