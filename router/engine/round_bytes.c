/* The parts of a payment's record that later tries need. */
#include "payment_parts.h"

#include <string.h>

static unsigned read_below(struct reader *reader, unsigned limit) {
  unsigned value = read_u8(reader);
  if (value < limit)
    return value;
  reader->bad = true;
  return 0;
}

static unsigned read_between(struct reader *reader, unsigned low, unsigned high) {
  unsigned value = read_below(reader, high + 1);
  if (value < low)
    reader->bad = true;
  return value;
}

void write_later_plan(struct writer *writer, const struct later_plan *plan) {
  write_u8(writer, plan->tries);
  if (plan->tries == 0)
    return;
  write_u8(writer, plan->within_days);
  write_u32(writer, plan->days);
  write_u8(writer, plan->hour_from);
  write_u8(writer, plan->hour_to);
  write_text(writer, plan->zone);
}

void read_later_plan(struct reader *reader, struct later_plan *ret_plan) {
  ret_plan->tries = (uint8_t)read_below(reader, LATER_TRIES_MAX + 1);
  if (ret_plan->tries == 0)
    return;
  ret_plan->within_days = (uint8_t)read_between(reader, 1, LATER_DAYS_MAX);
  ret_plan->days = read_u32(reader);
  ret_plan->hour_from = (uint8_t)read_below(reader, LATER_HOUR_LAST + 1);
  ret_plan->hour_to = (uint8_t)read_below(reader, LATER_HOUR_LAST + 1);
  read_text(reader, ret_plan->zone, sizeof ret_plan->zone);
  if (ret_plan->days & 1)
    reader->bad = true; /* no month has such a day */
}

void write_candidate_states(struct writer *writer, const struct candidate *candidates, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    write_u8(writer, (uint8_t)candidates[i].skipped);
    write_u8(writer, (uint8_t)candidates[i].health);
    write_bool(writer, candidates[i].canary);
  }
}

void read_candidate_states(struct reader *reader, struct candidate *candidates, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    candidates[i].skipped = (enum skip_reason)read_below(reader, SKIP_COUNT);
    candidates[i].health = (enum candidate_health)read_below(reader, CANDIDATE_HEALTH_COUNT);
    candidates[i].canary = read_bool(reader);
  }
}

void write_round(struct writer *writer, const struct payment *payment) {
  const struct round *round = &payment->round;
  write_i64(writer, payment->retry_ms);
  write_u16(writer, round->number);
  write_u8(writer, round->tries);
  if (round->number == 0)
    return;
  write_i64(writer, round->started_ms);
  write_candidate_states(writer, round->candidates, payment->decision.candidate_count);
}

void read_round(struct reader *reader, struct payment *payment) {
  struct round *round = &payment->round;
  payment->retry_ms = read_i64(reader);
  round->number = read_u16(reader);
  round->tries = (uint8_t)read_below(reader, LATER_TRIES_MAX + 1);
  if (round->number == 0) {
    reader->bad |= round->tries > 0;
    return;
  }
  round->started_ms = read_i64(reader);
  memcpy(round->candidates, payment->decision.candidates, sizeof round->candidates);
  read_candidate_states(reader, round->candidates, payment->decision.candidate_count);
}
