#include "change.h"
#include "payment_parts.h"

#include <errno.h>
#include <string.h>

void entry_begin(struct entry *entry, const struct payment *payment) {
  entry->writer = writer_over(entry->bytes, sizeof entry->bytes);
  entry->count = 0;
  write_short_id(&entry->writer, "mer", &payment->merchant);
  write_short_id(&entry->writer, "pay", &payment->id);
  write_u64(&entry->writer, payment->sequence);
}

static struct writer *begin_change(struct entry *entry, enum change_type type) {
  entry->count++;
  write_u8(&entry->writer, (uint8_t)type);
  return &entry->writer;
}

/* ---- Applying: the same for a change being made and one read back ---- */

static int apply_attempt(struct payment *payment, const struct attempt *attempt) {
  if (!payment_set_attempt(payment, attempt))
    return -EBADMSG;
  payment->attempts_changed |= (uint16_t)(1U << (attempt->number - 1));
  if (attempt->step.status != STEP_FAILED)
    payment->retry_ms = 0; /* what may charge, or has, is not tried again */
  return payment_derive(payment);
}

static int apply_skipped(struct payment *payment, unsigned candidate, unsigned reason) {
  if (candidate >= payment->decision.candidate_count || reason >= SKIP_COUNT)
    return -EBADMSG;
  struct candidate *candidates =
      payment->round.number > 0 ? payment->round.candidates : payment->decision.candidates;
  candidates[candidate].skipped = (enum skip_reason)reason;
  return 0;
}

static int apply_action(struct payment *payment, const char *url, int64_t expires_ms) {
  payment->action_expires_ms = expires_ms;
  return payment_set_action(payment, url);
}

static int apply_movement(struct payment *payment, const struct movement *movement) {
  int r = payment_set_movement(payment, movement);
  return r < 0 ? r : payment_derive(payment);
}

static int apply_concluded(struct payment *payment, unsigned conclusion, const struct decline *decline) {
  if (conclusion != PAYMENT_DECLINED && conclusion != PAYMENT_FAILED)
    return -EBADMSG;
  payment->concluded = true;
  payment->conclusion = (enum payment_status)conclusion;
  payment->decline = *decline;
  payment->retry_ms = 0;
  return payment_derive(payment);
}

static int apply_scheduled(struct payment *payment, int64_t retry_ms, unsigned tries,
                           const struct decline *decline) {
  if (retry_ms <= 0 || tries > LATER_TRIES_MAX || (payment->round.number == 0 && tries > 0))
    return -EBADMSG;
  payment->retry_ms = retry_ms;
  payment->round.tries = (uint8_t)tries;
  payment->decline = *decline;
  return payment_derive(payment);
}

static int apply_round(struct payment *payment, int64_t started_ms, int64_t deadline_ms,
                       const struct candidate *candidates) {
  if (payment->round.number == UINT16_MAX || payment->retry_ms == 0)
    return -EBADMSG;
  payment->round.number++;
  payment->round.started_ms = started_ms;
  memcpy(payment->round.candidates, candidates, sizeof payment->round.candidates);
  payment->deadline_ms = deadline_ms;
  payment->retry_ms = 0;
  payment->decline = (struct decline){0};
  return payment_derive(payment);
}

/* ---- Making ---- */

int change_created(struct entry *entry, const struct payment *payment) {
  write_payment(begin_change(entry, CHANGE_CREATED), payment);
  return writer_finish(&entry->writer);
}

int change_attempt(struct entry *entry, struct payment *payment, enum change_type type,
                   const struct attempt *attempt) {
  write_attempt(begin_change(entry, type), attempt);
  int r = writer_finish(&entry->writer);
  return r < 0 ? r : apply_attempt(payment, attempt);
}

int change_skipped(struct entry *entry, struct payment *payment, unsigned candidate,
                   enum skip_reason reason) {
  struct writer *writer = begin_change(entry, CHANGE_CANDIDATE_SKIPPED);
  write_u8(writer, (uint8_t)candidate);
  write_u8(writer, (uint8_t)reason);
  int r = writer_finish(writer);
  return r < 0 ? r : apply_skipped(payment, candidate, reason);
}

int change_action(struct entry *entry, struct payment *payment, const char *url, int64_t expires_ms) {
  struct writer *writer = begin_change(entry, CHANGE_ACTION);
  write_text(writer, url ? url : "");
  write_i64(writer, expires_ms);
  int r = writer_finish(writer);
  return r < 0 ? r : apply_action(payment, url, expires_ms);
}

int change_movement(struct entry *entry, struct payment *payment, enum change_type type,
                    const struct movement *movement) {
  write_movement(begin_change(entry, type), movement);
  int r = writer_finish(&entry->writer);
  return r < 0 ? r : apply_movement(payment, movement);
}

int change_concluded(struct entry *entry, struct payment *payment, enum payment_status conclusion,
                     const struct decline *decline) {
  struct writer *writer = begin_change(entry, CHANGE_CONCLUDED);
  write_u8(writer, (uint8_t)conclusion);
  write_decline(writer, decline);
  int r = writer_finish(writer);
  return r < 0 ? r : apply_concluded(payment, conclusion, decline);
}

int change_scheduled(struct entry *entry, struct payment *payment, int64_t retry_ms, unsigned tries,
                     const struct decline *decline) {
  struct writer *writer = begin_change(entry, CHANGE_SCHEDULED);
  write_i64(writer, retry_ms);
  write_u8(writer, (uint8_t)tries);
  write_decline(writer, decline);
  int r = writer_finish(writer);
  return r < 0 ? r : apply_scheduled(payment, retry_ms, tries, decline);
}

int change_round(struct entry *entry, struct payment *payment, int64_t started_ms, int64_t deadline_ms,
                 const struct candidate *candidates) {
  struct writer *writer = begin_change(entry, CHANGE_ROUND);
  write_i64(writer, started_ms);
  write_i64(writer, deadline_ms);
  write_u8(writer, payment->decision.candidate_count);
  write_candidate_states(writer, candidates, payment->decision.candidate_count);
  int r = writer_finish(writer);
  return r < 0 ? r : apply_round(payment, started_ms, deadline_ms, candidates);
}

int change_agreement(struct entry *entry, struct payment *payment, const struct id *agreement) {
  write_short_id(begin_change(entry, CHANGE_AGREEMENT), "agr", agreement);
  int r = writer_finish(&entry->writer);
  if (r == 0)
    payment->agreement_opened = *agreement;
  return r;
}

int change_resolved(struct entry *entry, const struct resolution *resolution) {
  struct writer *writer = begin_change(entry, CHANGE_RESOLVED);
  write_u8(writer, (uint8_t)resolution->attempt);
  write_short_id(writer, "mov", &resolution->movement);
  write_bool(writer, resolution->succeeded);
  write_text(writer, resolution->evidence);
  write_text(writer, resolution->psp_id);
  return writer_finish(writer);
}

int change_webhook(struct entry *entry, const struct webhook *webhook) {
  struct writer *writer = begin_change(entry, CHANGE_WEBHOOK);
  write_text(writer, webhook->connector);
  write_text(writer, webhook->key);
  write_u8(writer, (uint8_t)webhook->about);
  write_u8(writer, (uint8_t)webhook->answer);
  write_i64(writer, webhook->at_ms);
  return writer_finish(writer);
}

/* ---- Reading back ---- */

static int take_created(struct reader *reader, struct payment **payment) {
  if (*payment)
    return -EBADMSG;
  return read_created_payment(reader, payment);
}

static int take_attempt(struct reader *reader, struct payment *payment) {
  struct attempt attempt;
  read_attempt(reader, &attempt);
  return reader->bad ? -EBADMSG : apply_attempt(payment, &attempt);
}

static int take_skipped(struct reader *reader, struct payment *payment) {
  unsigned candidate = read_u8(reader);
  unsigned reason = read_u8(reader);
  return reader->bad ? -EBADMSG : apply_skipped(payment, candidate, reason);
}

static int take_action(struct reader *reader, struct payment *payment) {
  char url[ACTION_URL_CAPACITY];
  read_text(reader, url, sizeof url);
  int64_t expires_ms = read_i64(reader);
  return reader->bad ? -EBADMSG : apply_action(payment, url, expires_ms);
}

static int take_movement(struct reader *reader, struct payment *payment) {
  struct movement movement;
  read_movement(reader, &movement);
  return reader->bad ? -EBADMSG : apply_movement(payment, &movement);
}

static int take_concluded(struct reader *reader, struct payment *payment) {
  struct decline decline;
  unsigned conclusion = read_u8(reader);
  read_decline(reader, &decline);
  return reader->bad ? -EBADMSG : apply_concluded(payment, conclusion, &decline);
}

static int take_scheduled(struct reader *reader, struct payment *payment) {
  struct decline decline;
  int64_t retry_ms = read_i64(reader);
  unsigned tries = read_u8(reader);
  read_decline(reader, &decline);
  return reader->bad ? -EBADMSG : apply_scheduled(payment, retry_ms, tries, &decline);
}

static int take_round(struct reader *reader, struct payment *payment) {
  struct candidate candidates[CANDIDATES_MAX];
  int64_t started_ms = read_i64(reader), deadline_ms = read_i64(reader);
  unsigned count = read_u8(reader);
  if (reader->bad || count != payment->decision.candidate_count)
    return -EBADMSG;
  memcpy(candidates, payment->decision.candidates, sizeof candidates);
  read_candidate_states(reader, candidates, count);
  return reader->bad ? -EBADMSG : apply_round(payment, started_ms, deadline_ms, candidates);
}

static int take_agreement(struct reader *reader, struct payment *payment) {
  payment->agreement_opened = read_short_id(reader, "agr");
  return reader->bad ? -EBADMSG : 0;
}

/* For people who read the journal, as the next one is. */
static int take_resolved(struct reader *reader) {
  struct resolution resolution;
  (void)read_u8(reader);
  (void)read_short_id(reader, "mov");
  (void)read_bool(reader);
  read_text(reader, resolution.evidence, sizeof resolution.evidence);
  read_text(reader, resolution.psp_id, sizeof resolution.psp_id);
  return reader->bad ? -EBADMSG : 0;
}

static int take_webhook(struct reader *reader) {
  char connector[CONNECTOR_NAME_CAPACITY], key[STEP_KEY_CAPACITY];
  read_text(reader, connector, sizeof connector);
  read_text(reader, key, sizeof key);
  unsigned about = read_u8(reader), answer = read_u8(reader);
  (void)read_i64(reader);
  return reader->bad || about >= OPERATION_COUNT || answer >= ANSWER_COUNT ? -EBADMSG : 0;
}

static int take_change(struct reader *reader, struct payment **payment) {
  enum change_type type = (enum change_type)read_u8(reader);
  if (type == CHANGE_CREATED)
    return take_created(reader, payment);
  if (!*payment)
    return -EBADMSG;
  switch (type) {
  case CHANGE_ATTEMPT_STARTED:
  case CHANGE_ATTEMPT_REPLAYED:
  case CHANGE_ATTEMPT_ANSWERED:
  case CHANGE_ATTEMPT_LOST:
  case CHANGE_ATTEMPT_ATTENTION:
    return take_attempt(reader, *payment);
  case CHANGE_CANDIDATE_SKIPPED:
    return take_skipped(reader, *payment);
  case CHANGE_ACTION:
    return take_action(reader, *payment);
  case CHANGE_MOVEMENT_STARTED:
  case CHANGE_MOVEMENT_REPLAYED:
  case CHANGE_MOVEMENT_ANSWERED:
  case CHANGE_MOVEMENT_LOST:
  case CHANGE_MOVEMENT_ATTENTION:
    return take_movement(reader, *payment);
  case CHANGE_CONCLUDED:
    return take_concluded(reader, *payment);
  case CHANGE_AGREEMENT:
    return take_agreement(reader, *payment);
  case CHANGE_RESOLVED:
    return take_resolved(reader);
  case CHANGE_WEBHOOK:
    return take_webhook(reader);
  case CHANGE_SCHEDULED:
    return take_scheduled(reader, *payment);
  case CHANGE_ROUND:
    return take_round(reader, *payment);
  case CHANGE_CREATED:
  case CHANGE_TYPE_COUNT:
    break;
  }
  return -EBADMSG;
}

int entry_subject(const struct journal_entry *entry, struct id *ret_merchant, struct id *ret_payment,
                  uint64_t *ret_previous) {
  struct reader reader = reader_over(entry->body, entry->length);
  struct id merchant, payment;
  merchant = read_short_id(&reader, "mer");
  payment = read_short_id(&reader, "pay");
  uint64_t previous = read_u64(&reader);
  if (reader.bad || merchant.text[0] == '\0' || payment.text[0] == '\0')
    return -EBADMSG;
  *ret_merchant = merchant;
  *ret_payment = payment;
  *ret_previous = previous;
  return 0;
}

int entry_apply(const struct journal_entry *entry, struct payment **payment) {
  struct reader reader = reader_over(entry->body, entry->length);
  (void)read_short_id(&reader, "mer");
  (void)read_short_id(&reader, "pay");
  if (read_u64(&reader) != (*payment ? (*payment)->sequence : 0))
    return -EBADMSG;
  while (reader_left(&reader) > 0) {
    int r = take_change(&reader, payment);
    if (r < 0)
      return r;
  }
  if (reader_finish(&reader) < 0 || !*payment)
    return -EBADMSG;
  (*payment)->updated_ms = entry->head.at_ms;
  (*payment)->sequence = entry->sequence;
  return 0;
}

/* ---- Looking, without the payment ---- */

static int look_over_scheduled(struct reader *reader) {
  struct decline decline;
  (void)read_i64(reader);
  (void)read_u8(reader);
  read_decline(reader, &decline);
  return reader->bad ? -EBADMSG : 0;
}

static int look_over_round(struct reader *reader) {
  struct candidate candidates[CANDIDATES_MAX];
  (void)read_i64(reader);
  (void)read_i64(reader);
  unsigned count = read_u8(reader);
  if (count > CANDIDATES_MAX)
    return -EBADMSG;
  read_candidate_states(reader, candidates, count);
  return reader->bad ? -EBADMSG : 0;
}

static int look_at_conclusion(struct reader *reader) {
  struct decline decline;
  (void)read_u8(reader);
  read_decline(reader, &decline);
  return reader->bad ? -EBADMSG : 0;
}

/* at_ms: the entry's. */
static int look_at_attempt(struct reader *reader, int64_t at_ms, struct entry_glance *glance) {
  struct attempt attempt;
  read_attempt(reader, &attempt);
  if (reader->bad)
    return -EBADMSG;
  bool succeeded = attempt.step.status == STEP_SUCCEEDED;
  glance->decides |= succeeded;
  if (attempt.number == 1 && (succeeded || attempt.step.status == STEP_FAILED) &&
      attempt.step.ended_ms == at_ms && !glance->ends_first) {
    glance->ends_first = true;
    glance->first = attempt;
  }
  return 0;
}

/* Reads over a change. */
static int look_at_change(struct reader *reader, int64_t at_ms, struct entry_glance *glance) {
  struct movement movement;
  char url[ACTION_URL_CAPACITY];
  switch ((enum change_type)read_u8(reader)) {
  case CHANGE_ATTEMPT_STARTED:
  case CHANGE_ATTEMPT_REPLAYED:
  case CHANGE_ATTEMPT_ANSWERED:
  case CHANGE_ATTEMPT_LOST:
  case CHANGE_ATTEMPT_ATTENTION:
    return look_at_attempt(reader, at_ms, glance);
  case CHANGE_CANDIDATE_SKIPPED:
    (void)read_u16(reader);
    return 0;
  case CHANGE_ACTION:
    read_text(reader, url, sizeof url);
    (void)read_i64(reader);
    return 0;
  case CHANGE_MOVEMENT_STARTED:
  case CHANGE_MOVEMENT_REPLAYED:
  case CHANGE_MOVEMENT_ANSWERED:
  case CHANGE_MOVEMENT_LOST:
  case CHANGE_MOVEMENT_ATTENTION:
    read_movement(reader, &movement);
    return 0;
  case CHANGE_CONCLUDED:
    glance->decides = true;
    return look_at_conclusion(reader);
  case CHANGE_AGREEMENT:
    (void)read_short_id(reader, "agr");
    return 0;
  case CHANGE_RESOLVED:
    return take_resolved(reader);
  case CHANGE_WEBHOOK:
    return take_webhook(reader);
  case CHANGE_SCHEDULED: /* what becomes of it decides */
    return look_over_scheduled(reader);
  case CHANGE_ROUND:
    return look_over_round(reader);
  case CHANGE_CREATED:
  case CHANGE_TYPE_COUNT:
    break;
  }
  return -EBADMSG;
}

int entry_look(const struct journal_entry *entry, struct entry_glance *ret_glance) {
  struct entry_glance glance = {0};
  struct reader reader = reader_over(entry->body, entry->length);
  (void)read_short_id(&reader, "mer");
  (void)read_short_id(&reader, "pay");
  bool first = read_u64(&reader) == 0;
  int r = reader.bad ? -EBADMSG : 0;
  while (!first && r == 0 && reader_left(&reader) > 0)
    r = look_at_change(&reader, entry->head.at_ms, &glance);
  if (r < 0 || reader.bad)
    return -EBADMSG;
  *ret_glance = glance;
  return 0;
}
