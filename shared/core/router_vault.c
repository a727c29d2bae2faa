#include "router_vault.h"

#include "parts.h"

enum { TIMEOUT_MIN_MS = 100, TIMEOUT_MAX_MS = 120000, HTTP_STATUS_MIN = 100, HTTP_STATUS_MAX = 599 };

void write_audit_head(struct writer *writer, const struct audit_head *head) {
  write_u64(writer, head->sequence);
  write_bytes(writer, head->hash, sizeof head->hash);
}

void read_audit_head(struct reader *reader, struct audit_head *ret_head) {
  ret_head->sequence = read_u64(reader);
  read_bytes(reader, ret_head->hash, sizeof ret_head->hash);
}

void write_token_question(struct writer *writer, const struct token_question *question) {
  write_id(writer, &question->merchant);
  write_id(writer, &question->token);
}

int read_token_question(struct reader *reader, struct token_question *ret_question) {
  struct token_question question = {0};
  read_id(reader, "mer", &question.merchant);
  read_id(reader, "tok", &question.token);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_question = question;
  return r;
}

void write_token_update(struct writer *writer, const struct token_update *update) {
  write_id(writer, &update->merchant);
  write_id(writer, &update->token);
  write_expiry(writer, update->exp_month, update->exp_year);
}

int read_token_update(struct reader *reader, struct token_update *ret_update) {
  struct token_update update = {0};
  read_id(reader, "mer", &update.merchant);
  read_id(reader, "tok", &update.token);
  read_expiry(reader, &update.exp_month, &update.exp_year);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_update = update;
  return r;
}

void write_token_description(struct writer *writer, const struct token_description *description) {
  write_u8(writer, (uint8_t)description->status);
  write_card_view(writer, &description->card);
  write_id(writer, &description->card.fingerprint);
  write_i64(writer, description->created_ms);
  write_i64(writer, description->destroy_ms);
}

int read_token_description(struct reader *reader, struct token_description *ret_description) {
  struct token_description description = {0};
  description.status = (enum token_status)read_enum(reader, TOKEN_EXPIRED + 1);
  read_card_view(reader, &description.card);
  read_id(reader, "fpr", &description.card.fingerprint);
  description.created_ms = read_i64(reader);
  description.destroy_ms = read_i64(reader);
  if (description.created_ms < 0 || description.destroy_ms < 0)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_description = description;
  return r;
}

void write_dispatch(struct writer *writer, const struct dispatch *dispatch) {
  write_id(writer, &dispatch->merchant);
  write_id(writer, &dispatch->payment);
  write_text(writer, dispatch->key);
  write_text(writer, dispatch->connector);
  write_bytes(writer, dispatch->sheet_hash, sizeof dispatch->sheet_hash);
  write_u8(writer, (uint8_t)dispatch->operation);
  write_u8(writer, (uint8_t)dispatch->asked_about);
  write_id(writer, &dispatch->token);
  write_id(writer, &dispatch->security_code);
  write_money(writer, &dispatch->amount);
  write_u32(writer, dispatch->timeout_ms);
  write_i64(writer, dispatch->deadline_us);
  write_bool(writer, dispatch->replay);
  write_bool(writer, dispatch->security_code_sent);
  write_request_fields(writer, &dispatch->fields);
}

static bool is_asked_about(enum operation operation, enum operation asked_about) {
  if (operation != OPERATION_STATUS)
    return asked_about == 0;
  return asked_about >= 1 && asked_about < OPERATION_COUNT && asked_about != OPERATION_STATUS;
}

/* A payment, or a verification. */
static void read_leaseholder(struct reader *reader, struct id *ret_id) {
  struct reader before = *reader;
  read_id(reader, "pay", ret_id);
  if (!reader->bad || before.bad)
    return;
  *reader = before;
  read_id(reader, "ver", ret_id);
}

int read_dispatch(struct reader *reader, struct dispatch *ret_dispatch) {
  struct dispatch dispatch = {0};
  read_id(reader, "mer", &dispatch.merchant);
  read_leaseholder(reader, &dispatch.payment);
  read_step_key(reader, dispatch.key);
  read_name(reader, dispatch.connector, sizeof dispatch.connector);
  read_bytes(reader, dispatch.sheet_hash, sizeof dispatch.sheet_hash);
  dispatch.operation = (enum operation)read_enum(reader, OPERATION_COUNT);
  dispatch.asked_about = (enum operation)read_u8(reader);
  read_id_or_none(reader, "tok", &dispatch.token);
  read_id_or_none(reader, "cvc", &dispatch.security_code);
  read_money(reader, &dispatch.amount);
  dispatch.timeout_ms = read_u32(reader);
  dispatch.deadline_us = read_i64(reader);
  dispatch.replay = read_bool(reader);
  dispatch.security_code_sent = read_bool(reader);
  read_request_fields(reader, &dispatch.fields);
  if (!is_asked_about(dispatch.operation, dispatch.asked_about) ||
      (dispatch.security_code_sent && !dispatch.replay) ||
      (operation_releases_card(dispatch.operation) && dispatch.token.text[0] == '\0') ||
      dispatch.timeout_ms < TIMEOUT_MIN_MS || dispatch.timeout_ms > TIMEOUT_MAX_MS ||
      dispatch.deadline_us <= 0)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_dispatch = dispatch;
  return r;
}

void write_dispatch_result(struct writer *writer, const struct dispatch_result *result) {
  write_u8(writer, (uint8_t)result->phase);
  write_u8(writer, (uint8_t)result->answer);
  write_u8(writer, result->step);
  write_u16(writer, result->http_status);
  write_u32(writer, result->latency_us);
  write_u8(writer, result->scrubbed);
  write_bool(writer, result->security_code_sent);
  write_bool(writer, result->transient_error);
  write_answer_fields(writer, &result->fields);
  write_audit_head(writer, &result->head);
}

int read_dispatch_result(struct reader *reader, struct dispatch_result *ret_result) {
  struct dispatch_result result = {0};
  result.phase = (enum phase)read_enum(reader, PHASE_COUNT);
  result.answer = (enum answer)read_enum(reader, ANSWER_COUNT);
  result.step = read_u8(reader);
  result.http_status = read_u16(reader);
  result.latency_us = read_u32(reader);
  result.scrubbed = read_u8(reader);
  result.security_code_sent = read_bool(reader);
  result.transient_error = read_bool(reader);
  read_answer_fields(reader, &result.fields);
  read_audit_head(reader, &result.head);
  if (result.phase != PHASE_REPLY && result.answer != ANSWER_IS_UNKNOWN)
    reader->bad = true;
  if (result.http_status != 0 &&
      (result.http_status < HTTP_STATUS_MIN || result.http_status > HTTP_STATUS_MAX))
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_result = result;
  return r;
}

void write_webhook(struct writer *writer, const struct webhook *webhook) {
  write_u64(writer, webhook->number);
  write_text(writer, webhook->connector);
  write_text(writer, webhook->key);
  write_u8(writer, (uint8_t)webhook->about);
  write_u8(writer, (uint8_t)webhook->answer);
  write_i64(writer, webhook->at_ms);
  write_bool(writer, webhook->codes_unsigned);
  write_answer_fields(writer, &webhook->fields);
}

bool webhook_tells(enum operation about, enum answer answer) {
  bool of_payment = about == OPERATION_AUTHORIZE || about == OPERATION_CHARGE || about == OPERATION_VERIFY;
  bool of_movement = operation_is_movement(about);
  return (of_payment || of_movement) && answer != ANSWER_IS_UNKNOWN && answer != ANSWER_IS_ABSENT;
}

int read_webhook(struct reader *reader, struct webhook *ret_webhook) {
  struct webhook webhook = {0};
  webhook.number = read_u64(reader);
  read_name(reader, webhook.connector, sizeof webhook.connector);
  read_step_key(reader, webhook.key);
  webhook.about = (enum operation)read_enum(reader, OPERATION_COUNT);
  webhook.answer = (enum answer)read_enum(reader, ANSWER_COUNT);
  webhook.at_ms = read_i64(reader);
  webhook.codes_unsigned = read_bool(reader);
  read_answer_fields(reader, &webhook.fields);
  if (webhook.number == 0 || webhook.at_ms < 0 || !webhook_tells(webhook.about, webhook.answer))
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_webhook = webhook;
  return r;
}

void write_webhook_taken(struct writer *writer, const struct webhook_taken *taken) {
  write_u64(writer, taken->number);
  write_u8(writer, (uint8_t)taken->status);
}

int read_webhook_taken(struct reader *reader, struct webhook_taken *ret_taken) {
  struct webhook_taken taken = {.number = read_u64(reader), .status = (enum status)read_u8(reader)};
  if (taken.number == 0 ||
      (taken.status != STATUS_DONE && taken.status != STATUS_BUSY && taken.status != STATUS_STORAGE))
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_taken = taken;
  return r;
}

void write_end_payment(struct writer *writer, const struct end_payment *end) {
  write_id(writer, &end->merchant);
  write_id(writer, &end->payment);
}

int read_end_payment(struct reader *reader, struct end_payment *ret_end) {
  struct end_payment end = {0};
  read_id(reader, "mer", &end.merchant);
  read_leaseholder(reader, &end.payment);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_end = end;
  return r;
}

void write_connector_facts(struct writer *writer, const struct connector_facts *facts) {
  write_account_facts(writer, &facts->account);
  write_text(writer, facts->name);
  write_text(writer, facts->sheet);
  write_bytes(writer, facts->sheet_hash, sizeof facts->sheet_hash);
  write_u8(writer, (uint8_t)facts->status);
  write_text(writer, facts->merchant_account);
  write_u32(writer, facts->settling_ms);
}

void read_connector_facts(struct reader *reader, struct connector_facts *ret_facts) {
  read_account_facts(reader, &ret_facts->account);
  read_name(reader, ret_facts->name, sizeof ret_facts->name);
  read_name(reader, ret_facts->sheet, sizeof ret_facts->sheet);
  read_bytes(reader, ret_facts->sheet_hash, sizeof ret_facts->sheet_hash);
  ret_facts->status = (enum connector_status)read_enum(reader, CONNECTOR_DISABLED + 1);
  read_alphabet(reader, ALPHABET_PRINT, ret_facts->merchant_account, sizeof ret_facts->merchant_account);
  ret_facts->settling_ms = read_u32(reader);
}

void write_connectors_question(struct writer *writer, const struct connectors_question *question) {
  write_text(writer, question->after);
}

int read_connectors_question(struct reader *reader, struct connectors_question *ret_question) {
  struct connectors_question question = {0};
  read_text(reader, question.after, sizeof question.after);
  if (question.after[0] != '\0' && !name_holds(question.after, sizeof question.after))
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_question = question;
  return r;
}

void write_connectors_page(struct writer *writer, const struct connectors_page *page) {
  write_u8(writer, page->count);
  write_bool(writer, page->more);
  for (size_t i = 0; i < page->count && i < CONNECTORS_PER_PAGE; i++)
    write_connector_facts(writer, &page->facts[i]);
}

int read_connectors_page(struct reader *reader, struct connectors_page *ret_page) {
  struct connectors_page page = {0};
  page.count = read_u8(reader);
  page.more = read_bool(reader);
  if (page.count > CONNECTORS_PER_PAGE)
    reader->bad = true;
  for (size_t i = 0; !reader->bad && i < page.count; i++)
    read_connector_facts(reader, &page.facts[i]);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_page = page;
  return r;
}

void write_releases_question(struct writer *writer, const struct releases_question *question) {
  write_u64(writer, question->after);
}

int read_releases_question(struct reader *reader, struct releases_question *ret_question) {
  struct releases_question question = {.after = read_u64(reader)};
  int r = reader_finish(reader);
  if (r == 0)
    *ret_question = question;
  return r;
}

void write_releases_page(struct writer *writer, const struct releases_page *page) {
  write_u64(writer, page->through);
  write_bool(writer, page->more);
  write_u16(writer, page->count);
  for (size_t i = 0; i < page->count && i < RELEASES_PER_PAGE; i++) {
    write_u64(writer, page->releases[i].sequence);
    write_id(writer, &page->releases[i].merchant);
    write_text(writer, page->releases[i].key);
  }
}

/* One after the other, and none beyond what the page says it covers. */
static void read_release(struct reader *reader, uint64_t before, uint64_t through,
                         struct release *ret_release) {
  ret_release->sequence = read_u64(reader);
  read_id(reader, "mer", &ret_release->merchant);
  read_step_key(reader, ret_release->key);
  if (ret_release->sequence <= before || ret_release->sequence > through)
    reader->bad = true;
}

int read_releases_page(struct reader *reader, struct releases_page *ret_page) {
  static const struct releases_page empty;
  uint64_t before = 0;
  *ret_page = empty;
  ret_page->through = read_u64(reader);
  ret_page->more = read_bool(reader);
  ret_page->count = read_u16(reader);
  if (ret_page->count > RELEASES_PER_PAGE)
    reader->bad = true;
  for (size_t i = 0; !reader->bad && i < ret_page->count; i++) {
    read_release(reader, before, ret_page->through, &ret_page->releases[i]);
    before = ret_page->releases[i].sequence;
  }
  return reader_finish(reader);
}
