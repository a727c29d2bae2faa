/* Who of a decision's list is left out for its health, or for a rule's floor: by what the decision records
 * and nothing else, so that the same record gives the same list (P6). */
#include "choose.h"
#include "engine_parts.h"

/* Apart from what else is drawn by the same number. */
static bool falls_to_canary(uint64_t draw) {
  uint64_t mixed = (draw ^ draw >> 31) * 0x9e3779b97f4a7c15ULL;
  return (mixed >> 32) % SHARE_WHOLE < GATE_CANARY_SHARE;
}

static bool is_gated(enum skip_reason reason) {
  return reason == SKIP_NONE || reason == SKIP_UNHEALTHY || reason == SKIP_DRILL || reason == SKIP_FLOOR;
}

static bool any_healthy(const struct decision *decision) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    if (decision->candidates[i].health == CANDIDATE_HEALTHY)
      return true;
  }
  return false;
}

/* A share of the payments counts for those that would begin there: what comes after another has failed is
 * little, and finds out by the way. */
static bool is_canary(const struct decision *decision, const struct candidate *candidate, bool first) {
  if (candidate->health == CANDIDATE_OVERDUE)
    return true;
  return candidate->health == CANDIDATE_PROBED && (!first || falls_to_canary(decision->draw));
}

/* An approval that a rule does not think much of is better than none: so only a healthy one that meets the
 * floor leaves the others out. */
static void leave_out_below_floor(struct decision *decision) {
  enum choice_standing standings[CANDIDATES_MAX];
  bool any = false;
  if (!choose_standings(decision, standings))
    return;
  for (unsigned i = 0; i < decision->candidate_count; i++)
    any |= standings[i] != CHOICE_BELOW_FLOOR && decision->candidates[i].health == CANDIDATE_HEALTHY;
  for (unsigned i = 0; any && i < decision->candidate_count; i++) {
    struct candidate *candidate = &decision->candidates[i];
    if (standings[i] == CHOICE_BELOW_FLOOR && candidate->skipped == SKIP_NONE &&
        candidate->health != CANDIDATE_UNUSABLE) {
      candidate->skipped = SKIP_FLOOR;
      candidate->canary = false;
    }
  }
}

void gate_list(struct decision *decision) {
  bool gated = any_healthy(decision), first = true;
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    struct candidate *candidate = &decision->candidates[i];
    if (candidate->health == CANDIDATE_UNUSABLE)
      continue;
    candidate->canary = gated && is_canary(decision, candidate, first);
    bool stays = !gated || candidate->health == CANDIDATE_HEALTHY || candidate->canary;
    if (is_gated(candidate->skipped))
      candidate->skipped = stays                                  ? SKIP_NONE
                           : candidate->health == CANDIDATE_DRILL ? SKIP_DRILL
                                                                  : SKIP_UNHEALTHY;
    first = first && !stays;
  }
  leave_out_below_floor(decision);
}
