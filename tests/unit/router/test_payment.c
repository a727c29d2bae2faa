/* Payments as records and as sums. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "draws.h"

static struct id drawn(const char *prefix) {
  return draw_id(&system_draws, prefix, 1767225600000);
}

static struct attempt live_attempt(bool captured) {
  struct attempt attempt = {.number = 1, .operation = OPERATION_CHARGE, .captured = captured};
  strcpy(attempt.connector, "alpha");
  strcpy(attempt.sheet, "stripe");
  attempt.cost_known = true;
  attempt.cost = (struct choice_cost){.approved = 17, .each_try = 18};
  attempt.step.status = STEP_SUCCEEDED;
  attempt.step.amount = 1000;
  attempt.step.answer.phase = PHASE_REPLY;
  attempt.step.answer.answer = ANSWER_IS_APPROVED;
  strcpy(attempt.step.answer.psp_id, "pi_1");
  strcpy(attempt.step.answer.avs_address, "no_match");
  strcpy(attempt.step.answer.avs_postal_code, "match");
  strcpy(attempt.step.answer.cvc_check, "not_checked");
  return attempt;
}

static struct payment *payment_with(bool captured) {
  static struct entry entry;
  struct payment *payment = payment_new();
  struct attempt attempt = live_attempt(captured);
  payment->id = drawn("pay");
  payment->merchant = drawn("mer");
  payment->token = drawn("tok");
  payment->amount = 1000;
  payment->risk = -1;
  payment->kind = KIND_CUSTOMER;
  strcpy(payment->currency, "EUR");
  payment->decision.candidate_count = 2;
  strcpy(payment->decision.candidates[0].connector, "alpha");
  strcpy(payment->decision.candidates[1].connector, "beta");
  entry_begin(&entry, payment);
  cr_assert_eq(change_attempt(&entry, payment, CHANGE_ATTEMPT_STARTED, &attempt), 0);
  return payment;
}

static void add(struct payment *payment, enum movement_type type, enum step_status status, int64_t amount,
                bool final, bool received) {
  static struct entry entry;
  struct movement movement = {
      .id = drawn("mov"), .type = type, .attempt = 1, .final = final, .received = received};
  movement.step.status = status;
  movement.step.amount = amount;
  entry_begin(&entry, payment);
  cr_assert_eq(change_movement(&entry, payment, CHANGE_MOVEMENT_STARTED, &movement), 0);
}

static size_t encoded(const struct payment *payment, uint8_t *bytes) {
  struct writer writer = writer_over(bytes, PAYMENT_BYTES_MAX);
  write_payment(&writer, payment);
  cr_assert_eq(writer_finish(&writer), 0);
  return writer_length(&writer);
}

/* Every id, flag and text of a payment is there, so that a reader that passes over one is seen. */
/* Every part of a decision, each with a value of its own. */
static void fill_decision(struct decision *decision) {
  decision->action = POLICY_CHEAPEST;
  decision->rule_number = 7;
  decision->share = 4321;
  decision->options = (struct policy_options){
      .three_ds = "require", .exemption = "low_value", .retry_off = true, .max_attempts = 3};
  decision->advice_count = 2;
  for (uint16_t i = 0; i < 2; i++) {
    decision->advice[i] =
        (struct decision_advice){.rule = (uint16_t)(i + 2), .believed = {100u + i, 200u + i}};
    strcpy(decision->advice[i].connector, "beta");
  }
  decision->draw = UINT64_C(0x0123456789abcdef);
  decision->basis = (struct decision_basis){.zone_count = 2,
                                            .window_count = 1,
                                            .zone_offset_s = {-18000, DECISION_UNKNOWN_ZONE},
                                            .attempts = {5},
                                            .spend = {INT64_MAX}};
  decision->choice =
      (struct choice_snapshot){.method = CHOICE_METHOD, .kind = CHOICE_CHEAPEST, .floor = 850000, .count = 2};
  decision->choice.premises[0] =
      (struct choice_premise){.approved = 11, .declined = 12, .seen = 7, .gap = CHOICE_NO_TABLE};
  decision->choice.premises[1] =
      (struct choice_premise){.approved = 13, .declined = 14, .cost_known = true, .cost = {15, 16}};
  decision->candidates[1].skipped = SKIP_UNHEALTHY;
  decision->later = (struct later_plan){.tries = 4, .within_days = 21, .hour_from = 22, .hour_to = 3};
  decision->later.days = 1U << 1 | 1U << 15;
  strcpy(decision->later.zone, "Europe/Berlin");
}

/* A later round, in which the candidates are found otherwise. */
static void fill_round(struct payment *payment) {
  payment->round.number = 3;
  payment->round.tries = 2;
  payment->round.started_ms = 5000;
  memcpy(payment->round.candidates, payment->decision.candidates, sizeof payment->round.candidates);
  payment->round.candidates[0].skipped = SKIP_DRILL;
  payment->round.candidates[0].health = CANDIDATE_DRILL;
  payment->round.candidates[1].canary = true;
  payment->attempts[0].round = 2;
}

static struct payment *payment_with_everything(void) {
  static const uint8_t inputs[] = "as a request's fields lie";
  struct payment *payment = payment_with(false);
  fill_decision(&payment->decision);
  fill_round(payment);
  add(payment, MOVEMENT_CAPTURE, STEP_SUCCEEDED, 300, false, false);
  payment->actor = payment->movements[0].actor = drawn("key");
  strcpy(payment->movements[0].reference, "r-1");
  strcpy(payment->movements[0].reason, "asked for");
  payment->movements[0].step.answer.phase = PHASE_REPLY;
  strcpy(payment->movements[0].step.answer.psp_id, "cap_10");
  strcpy(payment->attempts[0].step.answer.psp_capture_id, "cap_0");
  payment->request = drawn("req");
  payment->security_code = drawn("cvc");
  payment->agreement = drawn("agr");
  payment->agreement_opened = drawn("agr");
  payment->customer = drawn("cus");
  payment->livemode = payment->capture_manual = payment->retry_none = true;
  payment->concluded = payment->personal = payment->late_void = true;
  payment->card = (struct card_view){.bin = "42424242", .last4 = "4242", .network = NETWORK_VISA};
  payment->card.fingerprint = drawn("fpr");
  strcpy(payment->country, "DE");
  strcpy(payment->issuer, "Bank");
  strcpy(payment->decline.reason, "do_not_honor");
  payment->decision.policy = drawn("pol");
  payment->action_url = strdup("https://psp.example/act");
  payment->inputs_length = sizeof inputs;
  payment->inputs = malloc(sizeof inputs);
  memcpy(payment->inputs, inputs, sizeof inputs);
  return payment;
}

Test(payment, a_decision_reads_back_whole) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_everything(), *read;
  size_t length = encoded(payment, bytes);
  cr_assert_eq(read_payment(bytes, length, &read), 0);
  cr_assert_arr_eq(&read->decision, &payment->decision, sizeof read->decision);
  payment_free(read);
  payment_free(payment);
}

Test(payment, a_round_reads_back_whole) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_everything(), *read;
  size_t length = encoded(payment, bytes);
  cr_assert_eq(read_payment(bytes, length, &read), 0);
  cr_assert_arr_eq(&read->round, &payment->round, sizeof read->round);
  cr_assert_eq(read->attempts[0].round, 2);
  cr_assert_eq(payment_candidates(read), read->round.candidates);
  payment_free(read);
  payment_free(payment);
}

/* Whether a record of it can be read. */
static bool is_read(const struct payment *payment) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct payment *read = NULL;
  size_t length = encoded(payment, bytes);
  bool good = read_payment(bytes, length, &read) == 0;
  payment_free(read);
  return good;
}

Test(payment, a_plan_that_cannot_be_is_refused) {
  struct payment *payment = payment_with_everything();
  payment->concluded = false;
  payment->retry_ms = 77;
  cr_assert(is_read(payment));
  payment->retry_ms = -1;
  cr_assert_not(is_read(payment));
  payment->retry_ms = 77;
  payment->concluded = true;
  cr_assert_not(is_read(payment), "what has ended is not tried again");
  payment->concluded = false;
  payment->attempts[0].round = 4;
  cr_assert_not(is_read(payment), "of a round that was not begun");
  payment->attempts[0].round = 2;
  payment->decision.later.tries = LATER_TRIES_MAX + 1;
  cr_assert_not(is_read(payment));
  payment->decision.later.tries = 4;
  payment->decision.later.within_days = 0;
  cr_assert_not(is_read(payment));
  payment->decision.later.within_days = 30;
  payment->decision.later.hour_to = 24;
  cr_assert_not(is_read(payment));
  payment->decision.later.hour_to = 3;
  payment->decision.later.days = 1;
  cr_assert_not(is_read(payment), "no month has a day 0");
  payment->decision.later = (struct later_plan){0};
  cr_assert_not(is_read(payment), "planned by no schedule");
  payment_free(payment);
}

Test(payment, a_record_reads_back_to_the_same_bytes) {
  static uint8_t first[PAYMENT_BYTES_MAX], second[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_everything(), *read;
  size_t length = encoded(payment, first);
  cr_assert_eq(read_payment(first, length, &read), 0);
  cr_assert_eq(encoded(read, second), length);
  cr_assert_arr_eq(first, second, length);
  cr_assert_eq(read->status, PAYMENT_PARTIALLY_CAPTURED);
  cr_assert_str_eq(read->action_url, payment->action_url);
  const struct psp_answer *answer = &read->attempts[0].step.answer;
  cr_assert_str_eq(answer->avs_address, "no_match");
  cr_assert_str_eq(answer->avs_postal_code, "match");
  cr_assert_str_eq(answer->cvc_check, "not_checked");
  payment_free(read);
  payment_free(payment);
}

Test(payment, a_cut_or_longer_record_is_refused) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_everything(), *read = NULL;
  size_t length = encoded(payment, bytes);
  for (size_t i = 0; i < length; i++) {
    uint8_t *exact = malloc(i ? i : 1); /* so that a sanitizer sees a read beyond it */
    memcpy(exact, bytes, i);
    cr_assert_eq(read_payment(exact, i, &read), -EBADMSG, "cut at %zu", i);
    free(exact);
  }
  cr_assert_eq(read_payment(bytes, length + 1, &read), -EBADMSG);
  cr_assert_null(read);
  payment_free(payment);
}

static void expect_fits(enum request_field field, const char *value) {
  struct request_fields fields;
  memset(&fields, 0, offsetof(struct request_fields, bytes));
  if (value[0] != '\0')
    cr_assert_eq(request_fields_set(&fields, field, value), 0, "%s", request_field_rule(field)->name);
}

static void expect_step_fits(const struct step *step) {
  char seconds[32];
  snprintf(seconds, sizeof seconds, "%lld", (long long)(step->started_ms / 1000));
  expect_fits(REQUEST_STARTED_AT, seconds);
  expect_fits(REQUEST_PSP_ID, step->answer.psp_id);
  expect_fits(REQUEST_PSP_CAPTURE_ID, step->answer.psp_id);
  expect_fits(REQUEST_PSP_CAPTURE_ID, step->answer.psp_capture_id);
}

/* What a record holds that is sent to a PSP again is such as its fields take, however it came to be. */
static void expect_sendable(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++)
    expect_step_fits(&payment->attempts[i].step);
  for (unsigned i = 0; i < payment->movement_count; i++) {
    expect_step_fits(&payment->movements[i].step);
    expect_fits(REQUEST_REFERENCE, payment->movements[i].reference);
    expect_fits(REQUEST_REASON, payment->movements[i].reason);
  }
}

/* Whatever the bytes are: they are refused, or every one of them is read for what it says. */
Test(payment, a_flipped_bit_is_refused_or_read) {
  static uint8_t bytes[PAYMENT_BYTES_MAX], again[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_everything(), *read = NULL;
  size_t length = encoded(payment, bytes), taken = 0;
  for (size_t i = 0; i < 8 * length; i++) {
    bytes[i / 8] ^= (uint8_t)(1U << i % 8);
    int r = read_payment(bytes, length, &read);
    cr_assert(r == 0 || r == -EBADMSG, "bit %zu: %d", i, r);
    if (r == 0) {
      cr_assert_eq(encoded(read, again), length, "bit %zu", i);
      cr_assert_arr_eq(bytes, again, length, "bit %zu", i);
      expect_sendable(read);
      payment_free(read);
      taken++;
    }
    bytes[i / 8] ^= (uint8_t)(1U << i % 8);
  }
  cr_assert_gt(taken, length, "most numbers may be any");
  payment_free(payment);
}

Test(payment, sums_count_what_is_pending_and_unresolved) {
  struct payment *payment = payment_with(false);
  cr_assert_eq(payment->status, PAYMENT_AUTHORIZED);
  cr_assert_eq(payment->amount_capturable, 1000);
  add(payment, MOVEMENT_CAPTURE, STEP_SUCCEEDED, 100, false, false);
  add(payment, MOVEMENT_CAPTURE, STEP_PENDING, 200, false, false);
  add(payment, MOVEMENT_CAPTURE, STEP_UNRESOLVED, 300, false, false);
  add(payment, MOVEMENT_CAPTURE, STEP_FAILED, 400, true, false);
  cr_assert_eq(payment->status, PAYMENT_PARTIALLY_CAPTURED);
  cr_assert_eq(payment->amount_captured, 100);
  cr_assert_eq(payment->amount_capturable, 400);
  cr_assert_eq(payment->amount_refundable, 100);
  add(payment, MOVEMENT_CAPTURE, STEP_PENDING, 50, false, true);
  cr_assert_eq(payment->amount_refundable, 150, "what the PSP has received can be refunded");
  add(payment, MOVEMENT_REFUND, STEP_UNRESOLVED, 20, false, false);
  add(payment, MOVEMENT_REFUND, STEP_SUCCEEDED, 30, false, false);
  add(payment, MOVEMENT_REFUND, STEP_FAILED, 40, false, false);
  cr_assert_eq(payment->amount_refunded, 30);
  cr_assert_eq(payment->amount_refundable, 100);
  cr_assert(payment_has_work(payment));
  payment_free(payment);
}

Test(payment, a_final_capture_releases_the_rest) {
  struct payment *payment = payment_with(false);
  add(payment, MOVEMENT_CAPTURE, STEP_SUCCEEDED, 100, true, false);
  cr_assert_eq(payment->status, PAYMENT_CAPTURED);
  cr_assert_eq(payment->amount_capturable, 0);
  cr_assert_not(payment_has_work(payment));
  payment_free(payment);
}

static int try(struct payment *payment, enum movement_type type, int64_t amount) {
  static struct entry entry;
  struct movement movement = {.id = drawn("mov"), .type = type, .attempt = 1};
  movement.step.status = STEP_UNRESOLVED;
  movement.step.amount = amount;
  entry_begin(&entry, payment);
  return change_movement(&entry, payment, CHANGE_MOVEMENT_STARTED, &movement);
}

Test(payment, no_change_moves_more_than_there_is) {
  static const struct {
    enum movement_type type;
    int64_t amount;
  } wrong[] = {{MOVEMENT_CAPTURE, 1001},
               {MOVEMENT_CAPTURE, INT64_MAX},
               {MOVEMENT_CAPTURE, -1},
               {MOVEMENT_REFUND, 1001}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct payment *payment = payment_with(false);
    cr_assert_eq(try(payment, wrong[i].type, wrong[i].amount), -EBADMSG);
    payment_free(payment);
  }
  struct payment *payment = payment_with(true);
  cr_assert_eq(try(payment, MOVEMENT_REFUND, 1000), 0);
  cr_assert_eq(try(payment, MOVEMENT_REFUND, INT64_MAX), -EBADMSG);
  payment_free(payment);
}

Test(payment, names_go_both_ways) {
  for (unsigned i = 1; i < PAYMENT_STATUS_COUNT; i++)
    cr_assert_eq(payment_status_from_name(payment_status_name((enum payment_status)i)), i);
  for (unsigned i = 1; i < KIND_COUNT; i++)
    cr_assert_eq(payment_kind_from_name(payment_kind_name((enum payment_kind)i)), i);
  for (unsigned i = 1; i < STORE_COUNT; i++)
    cr_assert_eq(store_usage_from_name(store_usage_name((enum store_usage)i)), i);
  cr_assert_eq(payment_status_from_name("paid"), 0);
  cr_assert_str_eq(payment_status_name(PAYMENT_STATUS_COUNT), "");
  cr_assert_str_eq(skip_reason_name(SKIP_DRAINING), "draining");
}

/* ---- Entries ---- */

static struct journal_entry journal_of(const struct entry *entry) {
  return (struct journal_entry){.sequence = 9,
                                .type = JOURNAL_PAYMENT,
                                .head = {.at_ms = 99},
                                .body = entry->bytes,
                                .length = writer_length(&entry->writer)};
}

/* A payment that a plan is for, as it was asked for. */
static struct payment *payment_with_plan(void) {
  struct payment *payment = payment_with(false);
  payment->attempt_count = 0;
  payment->decision.later = (struct later_plan){.tries = 3, .within_days = 9, .hour_to = 23};
  cr_assert_eq(payment_derive(payment), 0);
  return payment;
}

static void fail_attempt(struct entry *entry, struct payment *payment, unsigned number, unsigned round) {
  struct attempt attempt = live_attempt(true);
  attempt.number = (uint8_t)number;
  attempt.round = (uint16_t)round;
  attempt.step.status = STEP_FAILED;
  attempt.captured = false;
  cr_assert_eq(change_attempt(entry, payment, CHANGE_ATTEMPT_ANSWERED, &attempt), 0);
}

Test(payment, plans_and_rounds_do_when_read_what_they_did_when_made) {
  static struct entry entry;
  static uint8_t made[PAYMENT_BYTES_MAX], again[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with_plan(), *rebuilt = NULL;
  struct decline decline = {
      .reason = "insufficient_funds", .category = "funds", .retry = OUTCOME_RETRY_LATER};
  struct candidate candidates[CANDIDATES_MAX];
  entry_begin(&entry, payment);
  cr_assert_eq(change_created(&entry, payment), 0);
  fail_attempt(&entry, payment, 1, 0);
  cr_assert_eq(change_scheduled(&entry, payment, 1000, 0, &decline), 0);
  cr_assert_eq(payment->status, PAYMENT_SCHEDULED);
  cr_assert_str_eq(payment->decline.reason, "insufficient_funds");
  memcpy(candidates, payment->decision.candidates, sizeof candidates);
  candidates[0].health = CANDIDATE_OUT;
  candidates[0].skipped = SKIP_UNHEALTHY;
  cr_assert_eq(change_round(&entry, payment, 1000, 61000, candidates), 0);
  cr_assert_eq(payment->status, PAYMENT_PROCESSING);
  cr_assert_eq(payment->deadline_ms, 61000);
  cr_assert_str_eq(payment->decline.reason, "");
  cr_assert_eq(payment_round_attempts(payment), 0);
  cr_assert_eq(change_skipped(&entry, payment, 1, SKIP_DISABLED), 0);
  cr_assert_eq(payment->decision.candidates[1].skipped, SKIP_NONE, "the decision stands");
  fail_attempt(&entry, payment, 2, 1);
  cr_assert_eq(payment_round_attempts(payment), 1);
  cr_assert_eq(change_scheduled(&entry, payment, 2000, 1, &decline), 0);
  payment->updated_ms = 99;
  payment->sequence = 9;
  struct journal_entry journal = journal_of(&entry);
  cr_assert_eq(entry_apply(&journal, &rebuilt), 0);
  size_t length = encoded(payment, made);
  cr_assert_eq(encoded(rebuilt, again), length);
  cr_assert_arr_eq(made, again, length);
  payment_free(rebuilt);
  payment_free(payment);
}

Test(payment, a_plan_decides_nothing_and_its_end_does) {
  static struct entry entry;
  struct payment *payment = payment_with_plan();
  struct decline decline = {
      .reason = "insufficient_funds", .category = "funds", .retry = OUTCOME_RETRY_LATER};
  struct entry_glance glance = {.decides = true};
  payment->sequence = 8; /* not the payment's first entry */
  entry_begin(&entry, payment);
  fail_attempt(&entry, payment, 1, 0);
  cr_assert_eq(change_scheduled(&entry, payment, 1000, 0, &decline), 0);
  cr_assert_eq(change_round(&entry, payment, 1000, 61000, payment->decision.candidates), 0);
  struct journal_entry journal = journal_of(&entry);
  cr_assert_eq(entry_look(&journal, &glance), 0);
  cr_assert_not(glance.decides);
  cr_assert_eq(change_scheduled(&entry, payment, 2000, 0, &decline), 0);
  cr_assert_eq(change_concluded(&entry, payment, PAYMENT_DECLINED, &decline), 0);
  cr_assert_eq(payment->retry_ms, 0);
  journal = journal_of(&entry);
  cr_assert_eq(entry_look(&journal, &glance), 0);
  cr_assert(glance.decides);
  payment_free(payment);
}

Test(payment, a_round_with_another_list_is_refused) {
  static struct entry entry;
  struct payment *payment = payment_with_plan(), *read = NULL;
  struct decline decline = {
      .reason = "insufficient_funds", .category = "funds", .retry = OUTCOME_RETRY_LATER};
  entry_begin(&entry, payment);
  cr_assert_eq(change_created(&entry, payment), 0);
  fail_attempt(&entry, payment, 1, 0);
  cr_assert_eq(change_scheduled(&entry, payment, 1000, 0, &decline), 0);
  cr_assert_eq(change_round(&entry, payment, 1000, 61000, payment->decision.candidates), 0);
  struct journal_entry journal = journal_of(&entry);
  unsigned count = payment->decision.candidate_count;
  uint8_t *at = entry.bytes + journal.length - 3 * count - 1; /* three bytes for each, after their count */
  cr_assert_eq(*at, count);
  *at = (uint8_t)(count - 1);
  journal.length -= 3;
  cr_assert_eq(entry_apply(&journal, &read), -EBADMSG);
  payment_free(read);
  payment_free(payment);
}

/* Whatever the bytes are, they are refused or come to a payment whose record can be read. */
Test(payment, a_plan_that_is_cut_or_flipped_is_refused_or_read) {
  static struct entry entry;
  static uint8_t body[ENTRY_BYTES_MAX];
  struct payment *payment = payment_with_plan();
  struct decline decline = {
      .reason = "insufficient_funds", .category = "funds", .retry = OUTCOME_RETRY_LATER};
  unsigned refused = 0, taken = 0;
  entry_begin(&entry, payment);
  cr_assert_eq(change_created(&entry, payment), 0);
  size_t from = writer_length(&entry.writer);
  fail_attempt(&entry, payment, 1, 0);
  cr_assert_eq(change_scheduled(&entry, payment, 1000, 0, &decline), 0);
  cr_assert_eq(change_round(&entry, payment, 1000, 61000, payment->decision.candidates), 0);
  struct journal_entry journal = journal_of(&entry);
  memcpy(body, entry.bytes, journal.length);
  journal.body = body;
  for (size_t i = 8 * from; i < 8 * journal.length; i++) {
    struct payment *read = NULL;
    body[i / 8] ^= (uint8_t)(1U << i % 8);
    int r = entry_apply(&journal, &read);
    cr_assert(r == 0 || r == -EBADMSG, "bit %zu: %d", i, r);
    cr_assert(r != 0 || is_read(read), "bit %zu", i);
    refused += r != 0;
    taken += r == 0;
    payment_free(read);
    body[i / 8] ^= (uint8_t)(1U << i % 8);
  }
  cr_assert_gt(refused, 50);
  cr_assert_gt(taken, 50);
  payment_free(payment);
}

Test(payment, an_entry_does_when_read_what_it_did_when_made) {
  static struct entry entry;
  const struct webhook webhook = {.connector = "stripe",
                                  .key = "pay_01J9ZC8XK4T5V6W7X8Y9Z0ABCD_1",
                                  .about = OPERATION_CHARGE,
                                  .answer = ANSWER_IS_CAPTURED,
                                  .at_ms = 7};
  const struct resolution resolution = {
      .attempt = 1, .succeeded = true, .evidence = "seen", .psp_id = "psp-1"};
  static uint8_t made[PAYMENT_BYTES_MAX], again[PAYMENT_BYTES_MAX];
  struct payment *payment = payment_with(false), *rebuilt = NULL;
  struct decline decline = {.reason = "do_not_honor", .category = "issuer", .retry = OUTCOME_RETRY_LATER};
  struct attempt attempt = live_attempt(true);
  struct movement movement = {.id = drawn("mov"), .type = MOVEMENT_REFUND, .attempt = 1};
  struct id agreement = drawn("agr");
  payment->attempt_count = 0;
  cr_assert_eq(payment_derive(payment), 0);
  movement.step.status = STEP_PENDING;
  movement.step.amount = 1;
  entry_begin(&entry, payment);
  cr_assert_eq(change_created(&entry, payment), 0);
  cr_assert_eq(change_skipped(&entry, payment, 1, SKIP_DISABLED), 0);
  cr_assert_eq(change_attempt(&entry, payment, CHANGE_ATTEMPT_STARTED, &attempt), 0);
  cr_assert_eq(change_action(&entry, payment, "https://psp.example/act", 77), 0);
  cr_assert_eq(change_agreement(&entry, payment, &agreement), 0);
  cr_assert_eq(change_movement(&entry, payment, CHANGE_MOVEMENT_STARTED, &movement), 0);
  cr_assert_eq(change_concluded(&entry, payment, PAYMENT_DECLINED, &decline), 0);
  cr_assert_eq(change_webhook(&entry, &webhook), 0);
  cr_assert_eq(change_resolved(&entry, &resolution), 0);
  attempt.step.attention_ms = 5;
  attempt.step.by_person = attempt.surplus = attempt.accepted = true;
  cr_assert_eq(change_attempt(&entry, payment, CHANGE_ATTEMPT_ATTENTION, &attempt), 0);
  movement.event_ms = 6;
  cr_assert_eq(change_movement(&entry, payment, CHANGE_MOVEMENT_ATTENTION, &movement), 0);
  payment->updated_ms = 99;
  struct journal_entry journal = {.type = JOURNAL_PAYMENT,
                                  .head = {.at_ms = 99},
                                  .body = entry.bytes,
                                  .length = writer_length(&entry.writer)};
  cr_assert_eq(entry_apply(&journal, &rebuilt), 0);
  size_t length = encoded(payment, made);
  cr_assert_eq(encoded(rebuilt, again), length);
  cr_assert_arr_eq(made, again, length);
  payment_free(rebuilt);
  for (journal.length = 0; journal.length < writer_length(&entry.writer); journal.length++) {
    rebuilt = NULL;
    (void)!entry_apply(&journal, &rebuilt);
    payment_free(rebuilt);
  }
  payment_free(payment);
}

Test(payment, changes_of_nothing_are_refused) {
  static struct entry entry;
  struct payment *payment = payment_with(false);
  struct attempt attempt = live_attempt(false);
  attempt.number = 3;
  entry_begin(&entry, payment);
  cr_assert_eq(change_attempt(&entry, payment, CHANGE_ATTEMPT_STARTED, &attempt), -EBADMSG);
  cr_assert_eq(change_skipped(&entry, payment, 2, SKIP_DISABLED), -EBADMSG);
  payment_free(payment);
}
