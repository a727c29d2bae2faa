#include "payment_parts.h"

#include "parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint8_t read_count(struct reader *reader, unsigned limit) {
  unsigned count = read_u8(reader);
  if (count <= limit)
    return (uint8_t)count;
  reader->bad = true;
  return 0;
}

/* In seconds it is asked about with twelve digits (REQUEST_STARTED_AT). */
static const int64_t started_limit_ms = INT64_C(1000000000000000);

/* Reads a u8 below limit; anything else makes the reader bad. */
static unsigned read_below(struct reader *reader, unsigned limit) {
  unsigned value = read_u8(reader);
  if (value < limit)
    return value;
  reader->bad = true;
  return 0;
}

static void write_answer(struct writer *writer, const struct psp_answer *answer) {
  bool known = answer->phase != 0 || answer->psp_id[0] != '\0'; /* the latter alone: by a person */
  write_bool(writer, known);
  if (!known)
    return;
  write_u8(writer, (uint8_t)answer->phase);
  write_u8(writer, (uint8_t)answer->answer);
  write_u16(writer, answer->http_status);
  write_u32(writer, answer->latency_us);
  write_u8(writer, answer->scrubbed);
  write_text(writer, answer->psp_id);
  write_text(writer, answer->psp_capture_id);
  write_text(writer, answer->code);
  write_text(writer, answer->network_code);
  write_text(writer, answer->advice_code);
  write_text(writer, answer->network_transaction_id);
  write_text(writer, answer->auth_code);
  write_text(writer, answer->avs_address);
  write_text(writer, answer->avs_postal_code);
  write_text(writer, answer->cvc_check);
  write_text(writer, answer->eci);
}

static void read_answer(struct reader *reader, struct psp_answer *ret_answer) {
  memset(ret_answer, 0, sizeof *ret_answer);
  if (!read_bool(reader))
    return;
  ret_answer->phase = (enum phase)read_below(reader, PHASE_COUNT);
  ret_answer->answer = (enum answer)read_below(reader, ANSWER_COUNT);
  ret_answer->http_status = read_u16(reader);
  ret_answer->latency_us = read_u32(reader);
  ret_answer->scrubbed = read_u8(reader);
  /* These, and what a movement says, go back to the PSP: dispatches.c relies upon what they are made of. */
  read_alphabet(reader, ALPHABET_REF, ret_answer->psp_id, sizeof ret_answer->psp_id);
  read_alphabet(reader, ALPHABET_REF, ret_answer->psp_capture_id, sizeof ret_answer->psp_capture_id);
  read_text(reader, ret_answer->code, sizeof ret_answer->code);
  read_text(reader, ret_answer->network_code, sizeof ret_answer->network_code);
  read_text(reader, ret_answer->advice_code, sizeof ret_answer->advice_code);
  read_text(reader, ret_answer->network_transaction_id, sizeof ret_answer->network_transaction_id);
  read_text(reader, ret_answer->auth_code, sizeof ret_answer->auth_code);
  read_text(reader, ret_answer->avs_address, sizeof ret_answer->avs_address);
  read_text(reader, ret_answer->avs_postal_code, sizeof ret_answer->avs_postal_code);
  read_text(reader, ret_answer->cvc_check, sizeof ret_answer->cvc_check);
  read_text(reader, ret_answer->eci, sizeof ret_answer->eci);
}

static void write_step(struct writer *writer, const struct step *step) {
  write_u8(writer, (uint8_t)step->status);
  write_i64(writer, step->amount);
  write_i64(writer, step->started_ms);
  write_i64(writer, step->dispatched_ms);
  write_i64(writer, step->quiet_ms);
  write_i64(writer, step->ended_ms);
  write_i64(writer, step->attention_ms);
  write_u32(writer, step->timeout_ms);
  write_u8(writer, step->replays);
  write_bool(writer, step->replay_over);
  write_bool(writer, step->security_code_sent);
  write_bool(writer, step->absent);
  write_bool(writer, step->by_person);
  write_u8(writer, (uint8_t)step->class);
  write_bytes(writer, step->sheet_hash, sizeof step->sheet_hash);
  write_answer(writer, &step->answer);
}

static void read_step(struct reader *reader, struct step *ret_step) {
  ret_step->status = (enum step_status)read_below(reader, STEP_STATUS_COUNT);
  ret_step->amount = read_i64(reader);
  ret_step->started_ms = read_i64(reader);
  if (ret_step->started_ms < 0 || ret_step->started_ms >= started_limit_ms)
    reader->bad = true;
  ret_step->dispatched_ms = read_i64(reader);
  ret_step->quiet_ms = read_i64(reader);
  ret_step->ended_ms = read_i64(reader);
  ret_step->attention_ms = read_i64(reader);
  ret_step->timeout_ms = read_u32(reader);
  ret_step->replays = read_u8(reader);
  ret_step->replay_over = read_bool(reader);
  ret_step->security_code_sent = read_bool(reader);
  ret_step->absent = read_bool(reader);
  ret_step->by_person = read_bool(reader);
  ret_step->class = (enum outcome_class)read_below(reader, OUTCOME_CLASS_COUNT);
  read_bytes(reader, ret_step->sheet_hash, sizeof ret_step->sheet_hash);
  read_answer(reader, &ret_step->answer);
}

void write_cost(struct writer *writer, const struct choice_cost *cost) {
  write_i64(writer, cost->approved);
  write_i64(writer, cost->each_try);
}

void read_cost(struct reader *reader, struct choice_cost *ret_cost) {
  ret_cost->approved = read_i64(reader);
  ret_cost->each_try = read_i64(reader);
  if (ret_cost->approved < 0 || ret_cost->each_try < 0)
    reader->bad = true;
}

void write_attempt(struct writer *writer, const struct attempt *attempt) {
  write_u8(writer, attempt->number);
  write_u16(writer, attempt->round);
  write_u8(writer, (uint8_t)attempt->operation);
  write_text(writer, attempt->connector);
  write_text(writer, attempt->sheet);
  write_text(writer, attempt->merchant_account);
  write_bool(writer, attempt->cost_known);
  if (attempt->cost_known)
    write_cost(writer, &attempt->cost);
  write_bool(writer, attempt->captured);
  write_bool(writer, attempt->awaits_action);
  write_bool(writer, attempt->accepted);
  write_bool(writer, attempt->surplus);
  write_bool(writer, attempt->told_declined);
  write_step(writer, &attempt->step);
}

void read_attempt(struct reader *reader, struct attempt *ret_attempt) {
  memset(ret_attempt, 0, sizeof *ret_attempt);
  ret_attempt->number = read_u8(reader);
  ret_attempt->round = read_u16(reader);
  ret_attempt->operation = (enum operation)read_below(reader, OPERATION_COUNT);
  read_text(reader, ret_attempt->connector, sizeof ret_attempt->connector);
  read_text(reader, ret_attempt->sheet, sizeof ret_attempt->sheet);
  read_text(reader, ret_attempt->merchant_account, sizeof ret_attempt->merchant_account);
  ret_attempt->cost_known = read_bool(reader);
  if (ret_attempt->cost_known)
    read_cost(reader, &ret_attempt->cost);
  ret_attempt->captured = read_bool(reader);
  ret_attempt->awaits_action = read_bool(reader);
  ret_attempt->accepted = read_bool(reader);
  ret_attempt->surplus = read_bool(reader);
  ret_attempt->told_declined = read_bool(reader);
  read_step(reader, &ret_attempt->step);
}

void write_movement(struct writer *writer, const struct movement *movement) {
  write_short_id(writer, "mov", &movement->id);
  write_u8(writer, (uint8_t)movement->type);
  write_bool(writer, movement->received);
  write_bool(writer, movement->by_webhook);
  write_bool(writer, movement->final);
  write_bool(writer, movement->own);
  write_u8(writer, movement->attempt);
  write_i64(writer, movement->event_ms);
  write_short_id(writer, "key", &movement->actor);
  write_text(writer, movement->reference);
  write_text(writer, movement->reason);
  write_step(writer, &movement->step);
}

void read_movement(struct reader *reader, struct movement *ret_movement) {
  memset(ret_movement, 0, sizeof *ret_movement);
  ret_movement->id = read_short_id(reader, "mov");
  ret_movement->type = (enum movement_type)read_below(reader, MOVEMENT_TYPE_COUNT);
  ret_movement->received = read_bool(reader);
  ret_movement->by_webhook = read_bool(reader);
  ret_movement->final = read_bool(reader);
  ret_movement->own = read_bool(reader);
  ret_movement->attempt = read_u8(reader);
  ret_movement->event_ms = read_i64(reader);
  ret_movement->actor = read_short_id(reader, "key");
  read_alphabet(reader, ALPHABET_PRINT, ret_movement->reference, sizeof ret_movement->reference);
  read_alphabet(reader, ALPHABET_TEXT, ret_movement->reason, sizeof ret_movement->reason);
  read_step(reader, &ret_movement->step);
}

void write_decline(struct writer *writer, const struct decline *decline) {
  write_text(writer, decline->reason);
  write_text(writer, decline->category);
  write_u8(writer, (uint8_t)decline->retry);
  write_u32(writer, decline->retry_after_s);
}

void read_decline(struct reader *reader, struct decline *ret_decline) {
  memset(ret_decline, 0, sizeof *ret_decline);
  read_text(reader, ret_decline->reason, sizeof ret_decline->reason);
  read_text(reader, ret_decline->category, sizeof ret_decline->category);
  ret_decline->retry = (enum outcome_retry)read_below(reader, OUTCOME_RETRY_COUNT);
  ret_decline->retry_after_s = read_u32(reader);
}

bool payment_set_attempt(struct payment *payment, const struct attempt *attempt) {
  if (attempt->number < 1 || attempt->number > ATTEMPTS_MAX || attempt->number > payment->attempt_count + 1)
    return false;
  if (attempt->number > payment->attempt_count)
    payment->attempt_count = attempt->number;
  payment->attempts[attempt->number - 1] = *attempt;
  return true;
}

static int grow_movements(struct payment *payment) {
  if (payment->movement_count < payment->movement_capacity)
    return 0;
  unsigned capacity = payment->movement_capacity ? 2U * payment->movement_capacity : 2;
  struct movement *movements = reallocarray(payment->movements, capacity, sizeof *movements);
  if (!movements)
    return -ENOMEM;
  payment->movements = movements;
  payment->movement_capacity = (uint8_t)capacity;
  return 0;
}

int payment_set_movement(struct payment *payment, const struct movement *movement) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (id_equal(&payment->movements[i].id, &movement->id)) {
      payment->movements[i] = *movement;
      return 0;
    }
  }
  if (payment->movement_count >= MOVEMENTS_MAX)
    return -EBADMSG;
  int r = grow_movements(payment);
  if (r == 0)
    payment->movements[payment->movement_count++] = *movement;
  return r;
}

int payment_set_action(struct payment *payment, const char *url) {
  char *copy = NULL;
  if (url && url[0] != '\0') {
    copy = strdup(url);
    if (!copy)
      return -ENOMEM;
  }
  free(payment->action_url);
  payment->action_url = copy;
  return 0;
}
