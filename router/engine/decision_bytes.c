/* A decision's part of a payment's record. */
#include "payment_parts.h"

static void write_options(struct writer *writer, const struct policy_options *options) {
  write_text(writer, options->three_ds);
  write_text(writer, options->exemption);
  write_bool(writer, options->retry_off);
  write_u8(writer, options->max_attempts);
}

static void read_options(struct reader *reader, struct policy_options *ret_options) {
  read_text(reader, ret_options->three_ds, sizeof ret_options->three_ds);
  read_text(reader, ret_options->exemption, sizeof ret_options->exemption);
  ret_options->retry_off = read_bool(reader);
  ret_options->max_attempts = read_u8(reader);
}

static void write_basis(struct writer *writer, const struct decision_basis *basis) {
  write_u8(writer, basis->zone_count);
  for (unsigned i = 0; i < basis->zone_count; i++)
    write_u32(writer, (uint32_t)basis->zone_offset_s[i]);
  write_u8(writer, basis->window_count);
  for (unsigned i = 0; i < basis->window_count; i++) {
    write_u32(writer, (uint32_t)basis->attempts[i]);
    write_i64(writer, basis->spend[i]);
  }
}

static void read_basis(struct reader *reader, struct decision_basis *ret_basis) {
  ret_basis->zone_count = read_count(reader, POLICY_ZONES_MAX);
  for (unsigned i = 0; i < ret_basis->zone_count; i++)
    ret_basis->zone_offset_s[i] = (int32_t)read_u32(reader);
  ret_basis->window_count = read_count(reader, POLICY_WINDOWS_MAX);
  for (unsigned i = 0; i < ret_basis->window_count; i++) {
    ret_basis->attempts[i] = (int32_t)read_u32(reader);
    ret_basis->spend[i] = read_i64(reader);
  }
}

/* Decisions of the method before recorded less. */
static bool records_seen(const struct choice_snapshot *choice) {
  return choice->method != CHOICE_METHOD_KEPT;
}

static void write_seen(struct writer *writer, const struct choice_premise *premise) {
  write_u32(writer, premise->seen);
  write_u8(writer, premise->gap);
}

static void read_seen(struct reader *reader, struct choice_premise *ret_premise) {
  ret_premise->seen = read_u32(reader);
  ret_premise->gap = read_count(reader, CHOICE_GAP_COUNT - 1);
}

static void write_premise(struct writer *writer, const struct choice_premise *premise) {
  write_u32(writer, premise->approved);
  write_u32(writer, premise->declined);
  write_bool(writer, premise->cost_known);
  if (premise->cost_known)
    write_cost(writer, &premise->cost);
}

static void read_premise(struct reader *reader, struct choice_premise *ret_premise) {
  ret_premise->approved = read_u32(reader);
  ret_premise->declined = read_u32(reader);
  ret_premise->cost_known = read_bool(reader);
  if (ret_premise->cost_known)
    read_cost(reader, &ret_premise->cost);
}

static void write_choice(struct writer *writer, const struct choice_snapshot *choice) {
  write_u8(writer, choice->count);
  if (choice->count == 0)
    return;
  write_u8(writer, choice->method);
  write_u8(writer, (uint8_t)choice->kind);
  write_u32(writer, choice->floor);
  for (unsigned i = 0; i < choice->count; i++) {
    write_premise(writer, &choice->premises[i]);
    if (records_seen(choice))
      write_seen(writer, &choice->premises[i]);
  }
}

static void read_choice(struct reader *reader, struct choice_snapshot *ret_choice) {
  ret_choice->count = read_count(reader, CHOICE_CANDIDATES_MAX);
  if (ret_choice->count == 0)
    return;
  ret_choice->method = read_u8(reader);
  ret_choice->kind = (enum choice_kind)read_count(reader, CHOICE_KIND_COUNT - 1);
  ret_choice->floor = read_u32(reader);
  for (unsigned i = 0; i < ret_choice->count; i++) {
    read_premise(reader, &ret_choice->premises[i]);
    if (records_seen(ret_choice))
      read_seen(reader, &ret_choice->premises[i]);
  }
}

static void write_advice(struct writer *writer, const struct decision_advice *advice) {
  write_u16(writer, advice->rule);
  write_text(writer, advice->connector);
  write_u32(writer, advice->believed.approved);
  write_u32(writer, advice->believed.declined);
}

static void read_advice(struct reader *reader, struct decision_advice *ret_advice) {
  ret_advice->rule = read_u16(reader);
  read_text(reader, ret_advice->connector, sizeof ret_advice->connector);
  ret_advice->believed.approved = read_u32(reader);
  ret_advice->believed.declined = read_u32(reader);
}

static void write_candidates(struct writer *writer, const struct decision *decision) {
  write_u8(writer, decision->candidate_count);
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    write_text(writer, decision->candidates[i].connector);
    write_candidate_states(writer, &decision->candidates[i], 1);
  }
}

static void read_candidates(struct reader *reader, struct decision *ret_decision) {
  ret_decision->candidate_count = read_count(reader, CANDIDATES_MAX);
  for (unsigned i = 0; i < ret_decision->candidate_count; i++) {
    struct candidate *candidate = &ret_decision->candidates[i];
    read_text(reader, candidate->connector, sizeof candidate->connector);
    read_candidate_states(reader, candidate, 1);
  }
}

void write_decision(struct writer *writer, const struct decision *decision) {
  write_short_id(writer, "pol", &decision->policy);
  write_bytes(writer, decision->policy_hash, sizeof decision->policy_hash);
  write_text(writer, decision->rule);
  write_u16(writer, decision->rule_number);
  write_u8(writer, (uint8_t)decision->action);
  write_u16(writer, decision->share);
  write_options(writer, &decision->options);
  write_later_plan(writer, &decision->later);
  write_u8(writer, decision->advice_count);
  for (unsigned i = 0; i < decision->advice_count; i++)
    write_advice(writer, &decision->advice[i]);
  write_text(writer, decision->bins_version);
  write_u64(writer, decision->draw);
  write_basis(writer, &decision->basis);
  write_choice(writer, &decision->choice);
  write_candidates(writer, decision);
}

void read_decision(struct reader *reader, struct decision *ret_decision) {
  ret_decision->policy = read_short_id(reader, "pol");
  read_bytes(reader, ret_decision->policy_hash, sizeof ret_decision->policy_hash);
  read_text(reader, ret_decision->rule, sizeof ret_decision->rule);
  ret_decision->rule_number = read_u16(reader);
  ret_decision->action = (enum policy_action_type)read_count(reader, POLICY_DECLINE);
  ret_decision->share = read_u16(reader);
  read_options(reader, &ret_decision->options);
  read_later_plan(reader, &ret_decision->later);
  ret_decision->advice_count = read_count(reader, POLICY_ADVICE_MAX);
  for (unsigned i = 0; i < ret_decision->advice_count; i++)
    read_advice(reader, &ret_decision->advice[i]);
  read_text(reader, ret_decision->bins_version, sizeof ret_decision->bins_version);
  ret_decision->draw = read_u64(reader);
  read_basis(reader, &ret_decision->basis);
  read_choice(reader, &ret_decision->choice);
  read_candidates(reader, ret_decision);
}
