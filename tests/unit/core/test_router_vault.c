#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "router_vault.h"

enum { CAPACITY = MESSAGE_MAX - MESSAGE_HEADER };

static uint8_t bytes[CAPACITY];

static struct writer begin(void) {
  memset(bytes, 0, sizeof bytes);
  return writer_over(bytes, sizeof bytes);
}

static struct dispatch a_dispatch(void) {
  struct dispatch dispatch = {.merchant = id_new("mer", 1),
                              .payment = id_new("pay", 1),
                              .connector = "adyen_eu",
                              .operation = OPERATION_AUTHORIZE,
                              .token = id_new_random("tok"),
                              .amount = {1999, "EUR"},
                              .timeout_ms = 10000,
                              .deadline_us = 77000000};
  snprintf(dispatch.key, sizeof dispatch.key, "%s_1", dispatch.payment.text);
  memset(dispatch.sheet_hash, 7, sizeof dispatch.sheet_hash);
  cr_assert_eq(request_fields_set(&dispatch.fields, REQUEST_REFERENCE, "order 1"), 0);
  return dispatch;
}

static int pass_dispatch(const struct dispatch *dispatch, struct dispatch *ret) {
  struct writer writer = begin();
  write_dispatch(&writer, dispatch);
  cr_assert_eq(writer_finish(&writer), 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_dispatch(&reader, ret);
}

Test(router_vault, a_dispatch_is_read_back) {
  static struct dispatch sent, read;
  sent = a_dispatch();
  sent.security_code = id_new_random("cvc");
  sent.replay = true;
  cr_assert_eq(pass_dispatch(&sent, &read), 0);
  cr_expect(id_equal(&sent.merchant, &read.merchant));
  cr_expect(id_equal(&sent.payment, &read.payment));
  cr_expect(id_equal(&sent.token, &read.token));
  cr_expect(id_equal(&sent.security_code, &read.security_code));
  cr_expect_str_eq(read.key, sent.key);
  cr_expect_str_eq(read.connector, "adyen_eu");
  cr_expect_arr_eq(read.sheet_hash, sent.sheet_hash, SHEET_HASH_BYTES);
  cr_expect_eq(read.operation, OPERATION_AUTHORIZE);
  cr_expect_eq(read.amount.minor, 1999);
  cr_expect_str_eq(read.amount.currency, "EUR");
  cr_expect_eq(read.timeout_ms, 10000);
  cr_expect_eq(read.deadline_us, 77000000);
  cr_expect(read.replay);
  cr_expect_str_eq(request_fields_get(&read.fields, REQUEST_REFERENCE), "order 1");
}

Test(router_vault, a_dispatch_cut_or_continued_anywhere_is_refused) {
  static struct dispatch sent, read;
  sent = a_dispatch();
  struct writer writer = begin();
  write_dispatch(&writer, &sent);
  size_t length = writer_length(&writer);
  memset(&read, 0x11, sizeof read);
  for (size_t cut = 0; cut <= length + 1; cut++) {
    struct reader reader = reader_over(bytes, cut);
    if (cut == length)
      continue;
    cr_expect_eq(read_dispatch(&reader, &read), -EBADMSG, "cut at %zu", cut);
  }
  cr_expect_eq(read.timeout_ms, 0x11111111, "untouched on failure");
}

/* One field of a good dispatch made wrong. */
#define REFUSED(change)                                                                                      \
  do {                                                                                                       \
    static struct dispatch sent, read;                                                                       \
    sent = a_dispatch();                                                                                     \
    change;                                                                                                  \
    cr_expect_eq(pass_dispatch(&sent, &read), -EBADMSG, #change);                                            \
  } while (0)

#define TAKEN(change)                                                                                        \
  do {                                                                                                       \
    static struct dispatch sent, read;                                                                       \
    sent = a_dispatch();                                                                                     \
    change;                                                                                                  \
    cr_expect_eq(pass_dispatch(&sent, &read), 0, #change);                                                   \
  } while (0)

Test(router_vault, every_limit_of_a_dispatch_is_derived_again) {
  TAKEN((void)0);
  REFUSED(sent.merchant = id_new("tok", 1));
  REFUSED(sent.merchant.text[0] = '\0');
  REFUSED(sent.payment = id_new("mov", 1));
  TAKEN(sent.payment = id_new("ver", 1));
  REFUSED(sent.token.text[0] = '\0');
  REFUSED(sent.token = id_new("cvc", 1));
  REFUSED(strcpy(sent.token.text, "tok_4111111111111111AAAAAAAAAA"));
  REFUSED(strcpy(sent.security_code.text, "123"));
  REFUSED(strcpy(sent.key, "pay_1"));
  REFUSED(strcat(sent.key, "_"));
  REFUSED(strcat(sent.key, "_x"));
  REFUSED(strcat(sent.key, "_12345"));
  REFUSED(strcat(sent.key, "4111"));
  TAKEN(strcat(sent.key, "_2"));
  TAKEN(memcpy(sent.key, "mov", 3));
  REFUSED(memcpy(sent.key, "tok", 3));
  REFUSED(sent.connector[0] = '\0');
  REFUSED(strcpy(sent.connector, "https://evil"));
  REFUSED(strcpy(sent.connector, "Adyen"));
  REFUSED(sent.operation = (enum operation)0);
  REFUSED(sent.operation = OPERATION_COUNT);
  REFUSED(sent.asked_about = OPERATION_CHARGE);
  REFUSED(sent.operation = OPERATION_STATUS);
  REFUSED(sent.operation = OPERATION_STATUS; sent.asked_about = OPERATION_STATUS);
  REFUSED(sent.operation = OPERATION_STATUS; sent.asked_about = OPERATION_COUNT);
  TAKEN(sent.operation = OPERATION_STATUS; sent.asked_about = OPERATION_REFUND; sent.token.text[0] = '\0');
  REFUSED(sent.amount.minor = -1);
  REFUSED(strcpy(sent.amount.currency, "XXX"));
  REFUSED(strcpy(sent.amount.currency, "eur"));
  REFUSED(sent.amount.currency[0] = '\0');
  TAKEN(sent.amount.minor = INT64_MAX);
  REFUSED(sent.security_code_sent = true);
  TAKEN(sent.security_code_sent = true; sent.replay = true);
  REFUSED(sent.timeout_ms = 99);
  REFUSED(sent.deadline_us = 0);
  REFUSED(sent.timeout_ms = 120001);
  TAKEN(sent.timeout_ms = 120000);
}

static struct token_description a_description(void) {
  struct token_description description = {.status = TOKEN_ACTIVE, .created_ms = 5};
  description.card = (struct card_view){.bin = "42424242",
                                        .last4 = "4242",
                                        .network = NETWORK_VISA,
                                        .exp_month = 12,
                                        .exp_year = 2030,
                                        .fingerprint = id_new_random("fpr")};
  return description;
}

static int pass_description(const struct token_description *description, struct token_description *ret) {
  struct writer writer = begin();
  write_token_description(&writer, description);
  cr_assert_eq(writer_finish(&writer), 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_token_description(&reader, ret);
}

#define DESCRIPTION(wanted, change)                                                                          \
  do {                                                                                                       \
    struct token_description sent = a_description(), read;                                                   \
    change;                                                                                                  \
    cr_expect_eq(pass_description(&sent, &read), wanted, #change);                                           \
  } while (0)

Test(router_vault, a_description_is_read_back) {
  struct token_description sent = a_description(), read;
  cr_assert_eq(pass_description(&sent, &read), 0);
  cr_expect_str_eq(read.card.bin, "42424242");
  cr_expect_str_eq(read.card.last4, "4242");
  cr_expect_eq(read.card.network, NETWORK_VISA);
  cr_expect(id_equal(&sent.card.fingerprint, &read.card.fingerprint));
}

Test(router_vault, a_description_shows_no_more_than_it_may) {
  DESCRIPTION(0, strcpy(sent.card.bin, "424242"));
  DESCRIPTION(-EBADMSG, strcpy(sent.card.bin, "4242424"));
  DESCRIPTION(-EBADMSG, strcpy(sent.card.bin, ""));
  DESCRIPTION(-EBADMSG, strcpy(sent.card.bin, "4242x2"));
  DESCRIPTION(-EBADMSG, strcpy(sent.card.last4, "424"));
  DESCRIPTION(-EBADMSG, strcpy(sent.card.last4, "42 2"));
  DESCRIPTION(0, sent.card.network = NETWORK_UNKNOWN);
  DESCRIPTION(-EBADMSG, sent.card.network = NETWORK_COUNT);
  DESCRIPTION(-EBADMSG, sent.card.exp_month = 0);
  DESCRIPTION(-EBADMSG, sent.card.exp_month = 13);
  DESCRIPTION(-EBADMSG, sent.card.exp_year = 30);
  DESCRIPTION(-EBADMSG, sent.card.fingerprint.text[0] = '\0');
  DESCRIPTION(-EBADMSG, sent.status = (enum token_status)0);
  DESCRIPTION(-EBADMSG, sent.status = (enum token_status)4);
  DESCRIPTION(-EBADMSG, sent.created_ms = -1);
  DESCRIPTION(-EBADMSG, sent.destroy_ms = -1);
}

static int pass_result(const struct dispatch_result *result, struct dispatch_result *ret) {
  struct writer writer = begin();
  write_dispatch_result(&writer, result);
  cr_assert_eq(writer_finish(&writer), 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_dispatch_result(&reader, ret);
}

#define RESULT(wanted, change)                                                                               \
  do {                                                                                                       \
    static struct dispatch_result sent, read;                                                                \
    sent = (struct dispatch_result){                                                                         \
        .phase = PHASE_REPLY, .answer = ANSWER_IS_APPROVED, .step = 1, .http_status = 200};                  \
    change;                                                                                                  \
    cr_expect_eq(pass_result(&sent, &read), wanted, #change);                                                \
  } while (0)

Test(router_vault, only_a_whole_answer_says_something) {
  RESULT(0, (void)0);
  RESULT(0, sent.phase = PHASE_NOT_SENT; sent.answer = ANSWER_IS_UNKNOWN; sent.http_status = 0);
  RESULT(-EBADMSG, sent.phase = PHASE_SENT_NO_REPLY);
  RESULT(-EBADMSG, sent.phase = PHASE_PARTIAL_REPLY; sent.answer = ANSWER_IS_DECLINED);
  RESULT(-EBADMSG, sent.phase = (enum phase)0);
  RESULT(-EBADMSG, sent.phase = PHASE_COUNT);
  RESULT(-EBADMSG, sent.answer = (enum answer)0);
  RESULT(-EBADMSG, sent.answer = ANSWER_COUNT);
  RESULT(-EBADMSG, sent.http_status = 99);
  RESULT(-EBADMSG, sent.http_status = 600);
}

Test(router_vault, a_result_is_read_back) {
  static struct dispatch_result sent, read;
  sent = (struct dispatch_result){.phase = PHASE_REPLY,
                                  .answer = ANSWER_IS_DECLINED,
                                  .step = 2,
                                  .http_status = 402,
                                  .latency_us = 123456,
                                  .scrubbed = 3,
                                  .security_code_sent = true,
                                  .transient_error = true,
                                  .head = {.sequence = 99, .hash = {1, 2, 3}}};
  cr_assert_eq(answer_fields_set(&sent.fields, ANSWER_CODE, "insufficient_funds"), 0);
  cr_assert_eq(pass_result(&sent, &read), 0);
  cr_expect_eq(read.answer, ANSWER_IS_DECLINED);
  cr_expect_eq(read.step, 2);
  cr_expect_eq(read.http_status, 402);
  cr_expect_eq(read.latency_us, 123456);
  cr_expect_eq(read.scrubbed, 3);
  cr_expect(read.security_code_sent && read.transient_error);
  cr_expect_str_eq(answer_fields_get(&read.fields, ANSWER_CODE), "insufficient_funds");
  cr_expect_eq(read.head.sequence, 99);
  cr_expect_arr_eq(read.head.hash, sent.head.hash, 32);
}

static struct webhook a_webhook(void) {
  struct webhook webhook = {.number = 7,
                            .connector = "adyen_eu",
                            .about = OPERATION_REFUND,
                            .answer = ANSWER_IS_REFUNDED,
                            .at_ms = 1764230400000,
                            .codes_unsigned = true};
  snprintf(webhook.key, sizeof webhook.key, "%s_1", id_new("mov", 1).text);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_PSP_ID, "8836"), 0);
  return webhook;
}

static int pass_webhook(const struct webhook *webhook, struct webhook *ret) {
  struct writer writer = begin();
  write_webhook(&writer, webhook);
  cr_assert_eq(writer_finish(&writer), 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_webhook(&reader, ret);
}

#define WEBHOOK(wanted, change)                                                                              \
  do {                                                                                                       \
    static struct webhook sent, read;                                                                        \
    sent = a_webhook();                                                                                      \
    change;                                                                                                  \
    cr_expect_eq(pass_webhook(&sent, &read), wanted, #change);                                               \
  } while (0)

Test(router_vault, a_webhook_is_read_back) {
  static struct webhook sent, read;
  sent = a_webhook();
  cr_assert_eq(pass_webhook(&sent, &read), 0);
  cr_expect_eq(read.number, 7);
  cr_expect_str_eq(read.connector, "adyen_eu");
  cr_expect_str_eq(read.key, sent.key);
  cr_expect_eq(read.about, OPERATION_REFUND);
  cr_expect_eq(read.answer, ANSWER_IS_REFUNDED);
  cr_expect_eq(read.at_ms, sent.at_ms);
  cr_expect(read.codes_unsigned);
  cr_expect_str_eq(answer_fields_get(&read.fields, ANSWER_PSP_ID), "8836");
}

Test(router_vault, every_limit_of_a_webhook_is_derived_again) {
  WEBHOOK(0, (void)0);
  WEBHOOK(-EBADMSG, sent.number = 0);
  WEBHOOK(-EBADMSG, sent.connector[0] = '\0');
  WEBHOOK(-EBADMSG, strcpy(sent.connector, "Adyen"));
  WEBHOOK(-EBADMSG, sent.key[0] = '\0');
  WEBHOOK(-EBADMSG, memcpy(sent.key, "tok", 3));
  WEBHOOK(0, memcpy(sent.key, "pay", 3));
  WEBHOOK(-EBADMSG, sent.about = (enum operation)0);
  WEBHOOK(-EBADMSG, sent.about = OPERATION_STATUS);
  WEBHOOK(-EBADMSG, sent.about = OPERATION_CONTINUE);
  WEBHOOK(-EBADMSG, sent.about = OPERATION_COUNT);
  WEBHOOK(0, sent.about = OPERATION_VERIFY);
  WEBHOOK(-EBADMSG, sent.answer = (enum answer)0);
  WEBHOOK(-EBADMSG, sent.answer = ANSWER_IS_UNKNOWN);
  WEBHOOK(-EBADMSG, sent.answer = ANSWER_IS_ABSENT);
  WEBHOOK(-EBADMSG, sent.answer = ANSWER_COUNT);
  WEBHOOK(-EBADMSG, sent.at_ms = -1);
  WEBHOOK(0, sent.at_ms = 0);
}

static int pass_taken(struct webhook_taken taken) {
  struct webhook_taken read;
  struct writer writer = begin();
  write_webhook_taken(&writer, &taken);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  int r = read_webhook_taken(&reader, &read);
  cr_expect(r != 0 || (read.number == taken.number && read.status == taken.status));
  return r;
}

Test(router_vault, a_webhook_is_taken_or_comes_again) {
  cr_expect_eq(pass_taken((struct webhook_taken){7, STATUS_DONE}), 0);
  cr_expect_eq(pass_taken((struct webhook_taken){7, STATUS_BUSY}), 0);
  cr_expect_eq(pass_taken((struct webhook_taken){7, STATUS_STORAGE}), 0);
  cr_expect_eq(pass_taken((struct webhook_taken){7, STATUS_REFUSED}), -EBADMSG);
  cr_expect_eq(pass_taken((struct webhook_taken){0, STATUS_DONE}), -EBADMSG);
}

/* As long as such facts can be. */
static void fill_account(struct account_facts *account) {
  static const char codes[] =
      "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNY"
      "COPCRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDR"
      "ILSINRIQDIRRISKJMDJODJPYKES";
  strcpy(account->category, "5411");
  strcpy(account->country, "NL");
  memset(account->region, 'E', REGION_CAPACITY - 1);
  strcpy(account->settlement_currency, "EUR");
  account->networks = 1 << NETWORK_VISA | 1 << NETWORK_MAESTRO;
  for (size_t i = 0; codes[i] != '\0' && account->currency_count < ACCOUNT_CURRENCIES_MAX; i += 3) {
    char code[CURRENCY_CAPACITY] = {codes[i], codes[i + 1], codes[i + 2]};
    (void)!account_add_currency(account, code);
  }
  cr_assert_geq(account->currency_count, 60);
}

Test(router_vault, pages_of_connectors) {
  static struct connectors_page sent, read;
  sent = (struct connectors_page){.count = CONNECTORS_PER_PAGE, .more = true};
  for (int i = 0; i < CONNECTORS_PER_PAGE; i++) {
    struct connector_facts *facts = &sent.facts[i];
    *facts = (struct connector_facts){.sheet = "stripe", .status = CONNECTOR_DRAINING, .settling_ms = 5};
    snprintf(facts->name, sizeof facts->name, "a_connector_with_a_long_name_%03d", i);
    memset(facts->merchant_account, 'a', ACCOUNT_TEXT_CAPACITY - 1);
    fill_account(&facts->account);
  }
  struct writer writer = begin();
  write_connectors_page(&writer, &sent);
  cr_assert_eq(writer_finish(&writer), 0, "a full page fits a message");
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_assert_eq(read_connectors_page(&reader, &read), 0);
  cr_expect_eq(memcmp(&sent, &read, sizeof sent), 0);
  reader = reader_over(bytes, writer_length(&writer) - 1);
  cr_expect_eq(read_connectors_page(&reader, &read), -EBADMSG, "one byte short");
  reader = reader_over(bytes, writer_length(&writer) + 1);
  cr_expect_eq(read_connectors_page(&reader, &read), -EBADMSG, "one byte left over");
  writer = begin();
  write_u8(&writer, CONNECTORS_PER_PAGE + 1);
  write_bool(&writer, false);
  for (int i = 0; i <= CONNECTORS_PER_PAGE; i++)
    write_connector_facts(&writer, &sent.facts[0]);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connectors_page(&reader, &read), -EBADMSG);
}

Test(router_vault, small_questions) {
  struct token_question question = {.merchant = id_new("mer", 1), .token = id_new_random("tok")},
                        question_read;
  struct token_update update = {question.merchant, question.token, 1, 2031}, update_read;
  struct end_payment end = {question.merchant, id_new("ver", 1)}, end_read;
  struct connectors_question page = {"stripe"}, page_read;
  struct writer writer = begin();
  write_token_question(&writer, &question);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_token_question(&reader, &question_read), 0);
  cr_expect_eq(memcmp(&question, &question_read, sizeof question), 0);
  writer = begin();
  write_token_update(&writer, &update);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_token_update(&reader, &update_read), 0);
  cr_expect_eq(update_read.exp_year, 2031);
  writer = begin();
  write_end_payment(&writer, &end);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_end_payment(&reader, &end_read), 0);
  cr_expect(id_equal(&end.payment, &end_read.payment));
  writer = begin();
  write_connectors_question(&writer, &page);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connectors_question(&reader, &page_read), 0);
  cr_expect_str_eq(page_read.after, "stripe");
  strcpy(page.after, "no name");
  writer = begin();
  write_connectors_question(&writer, &page);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connectors_question(&reader, &page_read), -EBADMSG);
}

static int read_back(const struct releases_page *page, struct releases_page *ret_page) {
  struct writer writer = begin();
  write_releases_page(&writer, page);
  cr_assert_eq(writer_finish(&writer), 0, "a full page fits a message");
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_releases_page(&reader, ret_page);
}

Test(router_vault, releases_in_pages) {
  static struct releases_page sent, read;
  sent = (struct releases_page){.through = 9000, .more = true, .count = RELEASES_PER_PAGE};
  for (unsigned i = 0; i < RELEASES_PER_PAGE; i++) {
    struct id payment = id_new("pay", 1);
    sent.releases[i] = (struct release){.sequence = 10 + i, .merchant = id_new("mer", 1)};
    snprintf(sent.releases[i].key, sizeof sent.releases[i].key, "%.30s_1", payment.text);
  }
  cr_assert_eq(read_back(&sent, &read), 0);
  cr_expect_eq(memcmp(&sent, &read, sizeof sent), 0);
  sent.releases[7].sequence = sent.releases[6].sequence;
  cr_expect_eq(read_back(&sent, &read), -EBADMSG, "twice the same place");
  sent.releases[7].sequence = 17;
  sent.through = 10 + RELEASES_PER_PAGE - 2;
  cr_expect_eq(read_back(&sent, &read), -EBADMSG, "beyond what the page covers");
  sent.through = 9000;
  strcpy(sent.releases[3].key, "4242424242424242");
  cr_expect_eq(read_back(&sent, &read), -EBADMSG, "no key of ours");
  struct writer writer = begin();
  write_u64(&writer, 1);
  write_bool(&writer, false);
  write_u16(&writer, RELEASES_PER_PAGE + 1);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_releases_page(&reader, &read), -EBADMSG);
}
