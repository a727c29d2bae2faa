#include "replay_accounts.h"

#include <string.h>

#include "engine_parts.h"

/* Whether it is recorded how that connector did then. */
static bool health_recorded(const struct decision *recorded, const char *connector) {
  for (unsigned i = 0; i < recorded->candidate_count; i++)
    if (strcmp(recorded->candidates[i].connector, connector) == 0)
      return recorded->candidates[i].health != CANDIDATE_UNUSABLE;
  return false;
}

/* What its account could or could not do then gives way to what it can now. Returns whether it can. */
static bool mark(const struct engine *engine, const struct payment *payment, struct candidate *candidate) {
  enum skip_reason reason =
      connector_skip(connector_named(engine, candidate->connector), payment, payment_operation(payment));
  if (reason != SKIP_NONE) {
    candidate->skipped = reason;
    candidate->health = CANDIDATE_UNUSABLE;
    return false;
  }
  if (candidate->skipped != SKIP_BUDGET)
    candidate->skipped = SKIP_NONE;
  if (candidate->health == CANDIDATE_UNUSABLE)
    candidate->health = CANDIDATE_HEALTHY;
  return true;
}

const struct candidate *first_usable(const struct decision *decision) {
  const struct candidate *first = NULL;
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    const struct candidate *candidate = &decision->candidates[i];
    if (candidate->health == CANDIDATE_UNUSABLE)
      continue;
    if (candidate->skipped == SKIP_NONE)
      return candidate;
    first = first ? first : candidate;
  }
  return first;
}

void accounts_apply(const struct engine *engine, const struct payment *payment,
                    const struct decision *recorded, struct decision *draft, struct replay_figures *figures) {
  bool all = true;
  for (unsigned i = 0; i < draft->candidate_count; i++)
    all &= mark(engine, payment, &draft->candidates[i]);
  gate_list(draft);
  const struct candidate *first = first_usable(draft);
  figures->unusable += !all;
  figures->assumed += first && !health_recorded(recorded, first->connector);
}
