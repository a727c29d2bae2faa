/* Policies as JSON. */
#pragma once

#include "check.h"
#include "fault.h"
#include "json_out.h"
#include "ledger.h"
#include "routing.h"

/* What a policy is shown with; zeroed members are left out. */
struct policy_view {
  const char *status; /* "draft", "published" or "superseded" */
  bool livemode;
  const struct policy_findings *findings;
  const char *tree; /* as JSON */
  size_t text_max;  /* a longer text is shown as null; 0: no bound */
};

/* The policy object; name as in out_open(). */
void render_policy(struct json_out *out, const char *name, const struct policy_record *record,
                   const struct policy_view *view);
/* The list `findings`. */
void render_findings(struct json_out *out, const struct policy_findings *findings);
/* One entry of the history of what was published. */
void render_publication(struct json_out *out, const struct policy_publication *publication, bool livemode);
/* 422 invalid_policy at param, with the place and what is expected there. */
struct fault fault_of_policy(const struct policy_error *error, const char *param);
/* The same as a finding, for those who list them. */
void finding_of_policy(const struct policy_error *error, struct policy_findings *ret_findings);
