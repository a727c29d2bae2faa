/* A payment's record: what stands in the ledger's payments table. */
#include "payment_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum flag {
  FLAG_LIVEMODE = 1 << 0,
  FLAG_MANUAL = 1 << 1,
  FLAG_RETRY_NONE = 1 << 2,
  FLAG_LATE_VOID = 1 << 3,
  FLAG_CONCLUDED = 1 << 4,
  FLAG_PERSONAL = 1 << 5,
  FLAGS_ALL = (1 << 6) - 1
};

static uint8_t flags_of(const struct payment *payment) {
  return (uint8_t)((payment->livemode ? FLAG_LIVEMODE : 0) | (payment->capture_manual ? FLAG_MANUAL : 0) |
                   (payment->retry_none ? FLAG_RETRY_NONE : 0) | (payment->late_void ? FLAG_LATE_VOID : 0) |
                   (payment->concluded ? FLAG_CONCLUDED : 0) | (payment->personal ? FLAG_PERSONAL : 0));
}

static void take_flags(struct reader *reader, struct payment *payment) {
  unsigned flags = read_u8(reader);
  if (flags & ~(unsigned)FLAGS_ALL)
    reader->bad = true;
  payment->livemode = flags & FLAG_LIVEMODE;
  payment->capture_manual = flags & FLAG_MANUAL;
  payment->retry_none = flags & FLAG_RETRY_NONE;
  payment->late_void = flags & FLAG_LATE_VOID;
  payment->concluded = flags & FLAG_CONCLUDED;
  payment->personal = flags & FLAG_PERSONAL;
}

static void write_card(struct writer *writer, const struct payment *payment) {
  write_text(writer, payment->card.bin);
  write_text(writer, payment->card.last4);
  write_u8(writer, (uint8_t)payment->card.network);
  write_u8(writer, payment->card.exp_month);
  write_u16(writer, payment->card.exp_year);
  write_short_id(writer, "fpr", &payment->card.fingerprint);
  write_u8(writer, (uint8_t)payment->funding);
  write_text(writer, payment->country);
  write_text(writer, payment->issuer);
  write_text(writer, payment->category);
}

static void take_card(struct reader *reader, struct payment *payment) {
  read_text(reader, payment->card.bin, sizeof payment->card.bin);
  read_text(reader, payment->card.last4, sizeof payment->card.last4);
  payment->card.network = (enum network)read_u8(reader);
  payment->card.exp_month = read_u8(reader);
  payment->card.exp_year = read_u16(reader);
  payment->card.fingerprint = read_short_id(reader, "fpr");
  payment->funding = (enum funding)read_u8(reader);
  read_text(reader, payment->country, sizeof payment->country);
  read_text(reader, payment->issuer, sizeof payment->issuer);
  read_text(reader, payment->category, sizeof payment->category);
  if (payment->card.network >= NETWORK_COUNT || payment->funding > FUNDING_PREPAID)
    reader->bad = true;
}

static void write_facts(struct writer *writer, const struct payment *payment) {
  write_short_id(writer, "pay", &payment->id);
  write_short_id(writer, "mer", &payment->merchant);
  write_short_id(writer, "key", &payment->actor);
  write_short_id(writer, "req", &payment->request);
  write_u8(writer, flags_of(payment));
  write_i64(writer, payment->created_ms);
  write_i64(writer, payment->updated_ms);
  write_u64(writer, payment->sequence);
  write_i64(writer, payment->amount);
  write_text(writer, payment->currency);
  write_short_id(writer, "tok", &payment->token);
  write_short_id(writer, "cvc", &payment->security_code);
  write_short_id(writer, "agr", &payment->agreement);
  write_short_id(writer, "cus", &payment->customer);
  write_card(writer, payment);
  write_u8(writer, (uint8_t)payment->kind);
  write_u8(writer, (uint8_t)payment->store);
  write_u16(writer, (uint16_t)payment->risk);
  write_i64(writer, payment->deadline_ms);
}

static void take_facts(struct reader *reader, struct payment *payment) {
  payment->id = read_short_id(reader, "pay");
  payment->merchant = read_short_id(reader, "mer");
  payment->actor = read_short_id(reader, "key");
  payment->request = read_short_id(reader, "req");
  take_flags(reader, payment);
  payment->created_ms = read_i64(reader);
  payment->updated_ms = read_i64(reader);
  payment->sequence = read_u64(reader);
  payment->amount = read_i64(reader);
  read_text(reader, payment->currency, sizeof payment->currency);
  payment->token = read_short_id(reader, "tok");
  payment->security_code = read_short_id(reader, "cvc");
  payment->agreement = read_short_id(reader, "agr");
  payment->customer = read_short_id(reader, "cus");
  take_card(reader, payment);
  payment->kind = (enum payment_kind)read_u8(reader);
  payment->store = (enum store_usage)read_u8(reader);
  payment->risk = (int16_t)read_u16(reader);
  payment->deadline_ms = read_i64(reader);
  if (payment->kind >= KIND_COUNT || payment->store >= STORE_COUNT)
    reader->bad = true;
}

static void write_end(struct writer *writer, const struct payment *payment) {
  write_u8(writer, (uint8_t)payment->conclusion);
  write_decline(writer, &payment->decline);
  write_short_id(writer, "agr", &payment->agreement_opened);
  write_text(writer, payment->action_url ? payment->action_url : "");
  write_i64(writer, payment->action_expires_ms);
  write_i64(writer, payment->authorization_expires_ms);
}

static int take_end(struct reader *reader, struct payment *payment) {
  char url[ACTION_URL_CAPACITY];
  unsigned conclusion = read_u8(reader);
  if (conclusion >= PAYMENT_STATUS_COUNT)
    reader->bad = true;
  else
    payment->conclusion = (enum payment_status)conclusion;
  read_decline(reader, &payment->decline);
  payment->agreement_opened = read_short_id(reader, "agr");
  read_text(reader, url, sizeof url);
  payment->action_expires_ms = read_i64(reader);
  payment->authorization_expires_ms = read_i64(reader);
  return payment_set_action(payment, url);
}

static void write_steps(struct writer *writer, const struct payment *payment) {
  write_u8(writer, payment->attempt_count);
  for (unsigned i = 0; i < payment->attempt_count; i++)
    write_attempt(writer, &payment->attempts[i]);
  write_u8(writer, payment->movement_count);
  for (unsigned i = 0; i < payment->movement_count; i++)
    write_movement(writer, &payment->movements[i]);
}

static int take_steps(struct reader *reader, struct payment *payment) {
  struct movement movement;
  struct attempt attempt;
  unsigned count = read_u8(reader);
  for (unsigned i = 0; i < count && !reader->bad; i++) {
    read_attempt(reader, &attempt);
    if (!reader->bad && !payment_set_attempt(payment, &attempt))
      reader->bad = true;
  }
  count = read_u8(reader);
  for (unsigned i = 0; i < count && !reader->bad; i++) {
    read_movement(reader, &movement);
    int r = reader->bad ? 0 : payment_set_movement(payment, &movement);
    if (r < 0)
      return r;
  }
  return 0;
}

static int take_inputs(struct reader *reader, struct payment *payment) {
  payment->inputs_length = read_u16(reader);
  const uint8_t *inputs = read_view(reader, payment->inputs_length);
  if (!inputs || payment->inputs_length == 0)
    return 0;
  payment->inputs = malloc(payment->inputs_length);
  if (!payment->inputs)
    return -ENOMEM;
  memcpy(payment->inputs, inputs, payment->inputs_length);
  return 0;
}

void write_payment(struct writer *writer, const struct payment *payment) {
  write_u16(writer, LEDGER_SCHEMA);
  write_facts(writer, payment);
  write_decision(writer, &payment->decision);
  write_round(writer, payment);
  write_end(writer, payment);
  write_u16(writer, payment->inputs_length);
  write_bytes(writer, payment->inputs, payment->inputs_length);
  write_steps(writer, payment);
}

static int take_payment(struct reader *reader, struct payment *payment) {
  if (read_u16(reader) != LEDGER_SCHEMA)
    return -EBADMSG;
  take_facts(reader, payment);
  read_decision(reader, &payment->decision);
  read_round(reader, payment);
  int r = take_end(reader, payment);
  if (r == 0)
    r = take_inputs(reader, payment);
  if (r == 0)
    r = take_steps(reader, payment);
  return r == 0 && reader->bad ? -EBADMSG : r;
}

int read_created_payment(struct reader *reader, struct payment **ret_payment) {
  struct payment *payment = payment_new();
  if (!payment)
    return -ENOMEM;
  int r = take_payment(reader, payment);
  if (r == 0)
    r = payment_derive(payment);
  if (r < 0) {
    payment_free(payment);
    return r;
  }
  *ret_payment = payment;
  return 0;
}

int read_payment(const void *bytes, size_t length, struct payment **ret_payment) {
  struct reader reader = reader_over(bytes, length);
  struct payment *payment;
  int r = read_created_payment(&reader, &payment);
  if (r == 0 && reader_finish(&reader) < 0) {
    payment_free(payment);
    r = -EBADMSG;
  }
  if (r == 0)
    *ret_payment = payment;
  return r;
}

int payment_load(struct ledger *ledger, const struct id *merchant, const struct id *id,
                 struct payment **ret_payment) {
  struct view bytes;
  int r = ledger_payment_get(ledger, merchant, id, &bytes);
  return r != 0 ? r : read_payment(bytes.bytes, bytes.length, ret_payment);
}
