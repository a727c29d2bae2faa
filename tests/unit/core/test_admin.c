#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"

static uint8_t bytes[MESSAGE_MAX];

static struct writer begin(void) {
  memset(bytes, 0, sizeof bytes);
  return writer_over(bytes, sizeof bytes);
}

static struct connector_set a_set(void) {
  struct connector_set set = {.base_url = "http://127.0.0.1:8080/adyen", .credential_count = 2};
  strcpy(set.facts.name, "adyen");
  strcpy(set.facts.sheet, "adyen");
  set.facts.status = CONNECTOR_ACTIVE;
  strcpy(set.credentials[0].name, "api_key");
  strcpy(set.credentials[0].value, "a key + = / with spaces");
  strcpy(set.credentials[1].name, "merchant_account");
  strcpy(set.credentials[1].value, "Shop");
  return set;
}

static int pass_set(const struct connector_set *set, struct connector_set *ret) {
  struct writer writer = begin();
  write_connector_set(&writer, set);
  cr_assert_eq(writer_finish(&writer), 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  return read_connector_set(&reader, ret);
}

#define SET(wanted, change)                                                                                  \
  do {                                                                                                       \
    static struct connector_set sent, read;                                                                  \
    sent = a_set();                                                                                          \
    change;                                                                                                  \
    cr_expect_eq(pass_set(&sent, &read), wanted, #change);                                                   \
  } while (0)

Test(admin, every_limit_of_a_connector_is_derived_again) {
  SET(0, (void)0);
  SET(-EBADMSG, sent.facts.name[0] = '\0');
  SET(-EBADMSG, strcpy(sent.facts.sheet, "../sheet"));
  SET(-EBADMSG, sent.facts.status = (enum connector_status)0);
  SET(-EBADMSG, sent.facts.status = (enum connector_status)4);
  SET(-EBADMSG, strcpy(sent.facts.merchant_account, "a\nb"));
  SET(-EBADMSG, strcpy(sent.facts.account.category, "54"));
  SET(-EBADMSG, sent.facts.account.networks = 1);
  SET(0, sent.base_url[0] = '\0');
  SET(-EBADMSG, strcpy(sent.base_url, "http://user@127.0.0.1"));
  SET(0, sent.credential_count = 0);
  SET(-EBADMSG, strcpy(sent.credentials[1].name, "api_key"));
  SET(-EBADMSG, strcpy(sent.credentials[1].name, "API"));
  SET(-EBADMSG, sent.credentials[1].value[0] = '\0');
  SET(-EBADMSG, strcpy(sent.credentials[0].value, "key\r\nX-Injected: 1"));
}

Test(admin, a_listing_has_no_credentials) {
  struct connector_set set = a_set();
  struct connector_listing listing = {.facts = set.facts}, read;
  strcpy(listing.base_url, set.base_url);
  struct writer writer = begin();
  write_connector_listing(&writer, &listing);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_assert_eq(read_connector_listing(&reader, &read), 0);
  cr_assert_str_eq(read.facts.name, "adyen");
  cr_assert_str_eq(read.base_url, set.base_url);
  strcpy(listing.base_url, "http://user@127.0.0.1");
  writer = begin();
  write_connector_listing(&writer, &listing);
  reader = reader_over(bytes, writer_length(&writer));
  cr_assert_eq(read_connector_listing(&reader, &read), -EBADMSG);
}

Test(admin, too_many_credentials_are_refused) {
  static struct connector_set sent, read;
  sent = a_set();
  struct writer writer = begin();
  write_connector_facts(&writer, &sent.facts);
  write_text(&writer, "");
  write_u8(&writer, WEBHOOK_UNSIGNED);
  write_u8(&writer, 0);
  write_u8(&writer, CREDENTIALS_MAX + 1);
  for (int i = 0; i <= CREDENTIALS_MAX; i++) {
    char name[] = {(char)('a' + i), '\0'};
    write_text(&writer, name);
    write_text(&writer, "value");
  }
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connector_set(&reader, &read), -EBADMSG);
}

Test(admin, how_webhooks_are_signed) {
  static struct connector_set sent, read;
  for (unsigned scheme = 0; scheme <= WEBHOOK_SCHEME_COUNT; scheme++)
    for (unsigned header = 0; header <= WEBHOOK_HEADERS; header++) {
      sent = a_set();
      sent.signing = (struct webhook_signing){(enum webhook_scheme)scheme, (uint8_t)header};
      bool has_header = scheme == WEBHOOK_BODY_HMAC || scheme == WEBHOOK_TIMESTAMPED_HMAC;
      bool good = scheme < WEBHOOK_SCHEME_COUNT && header < (has_header ? WEBHOOK_HEADERS : 1);
      cr_expect_eq(pass_set(&sent, &read), good ? 0 : -EBADMSG, "%u %u", scheme, header);
      cr_expect(!good || (read.signing.scheme == sent.signing.scheme && read.signing.header == header));
    }
}

Test(admin, the_largest_connector_fits_a_message) {
  static struct connector_set sent, read;
  sent = a_set();
  sent.credential_count = CREDENTIALS_MAX;
  for (int i = 0; i < CREDENTIALS_MAX; i++) {
    memset(sent.credentials[i].name, 'a' + i, CREDENTIAL_NAME_CAPACITY - 1);
    memset(sent.credentials[i].value, 'v', CREDENTIAL_VALUE_CAPACITY - 1);
  }
  cr_assert_eq(pass_set(&sent, &read), 0);
  cr_expect_eq(memcmp(&sent, &read, sizeof sent), 0);
}

Test(admin, base_urls) {
  static const char *const good[] = {"https://psp.example", "http://127.0.0.1:1",
                                     "https://psp.example:8443/prefix/v1"};
  static const char *const bad[] = {"",
                                    "psp.example",
                                    "ftp://psp.example",
                                    "https://",
                                    "https:///path",
                                    "https://:80",
                                    "https://psp.example/",
                                    "https://user@psp.example",
                                    "https://psp.example?x",
                                    "https://psp.example#x",
                                    "https://psp.example/a b",
                                    "https://psp.example/../x",
                                    "https://psp.example\r\nHost: x",
                                    "https://psp.example\\x"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    cr_expect(base_url_holds(good[i]), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    cr_expect_not(base_url_holds(bad[i]), "case %zu", i);
  char longest[BASE_URL_CAPACITY + 1] = "https://";
  memset(longest + 8, 'a', BASE_URL_CAPACITY - 8);
  cr_expect_not(base_url_holds(longest));
  longest[BASE_URL_CAPACITY - 1] = '\0';
  cr_expect(base_url_holds(longest));
}

Test(admin, audit_pages) {
  static struct audit_page sent, read;
  sent = (struct audit_page){.count = 3, .more = true, .length = AUDIT_PAGE_BYTES};
  memset(sent.bytes, 0x77, sizeof sent.bytes);
  struct writer writer = begin();
  write_audit_page(&writer, &sent);
  cr_assert_eq(writer_finish(&writer), 0);
  cr_assert_leq(writer_length(&writer), MESSAGE_MAX - MESSAGE_HEADER);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_assert_eq(read_audit_page(&reader, &read), 0);
  cr_expect_eq(memcmp(&sent, &read, sizeof sent), 0);
  struct writer longer = begin();
  write_u16(&longer, 1);
  write_bool(&longer, false);
  write_u32(&longer, AUDIT_PAGE_BYTES + 1);
  reader = reader_over(bytes, writer_length(&longer) + AUDIT_PAGE_BYTES + 1);
  cr_expect_eq(read_audit_page(&reader, &read), -EBADMSG);
}

Test(admin, account_facts_go_to_a_connector) {
  struct connector_account_set sent = {.name = "stripe"}, read;
  cr_assert_eq(account_add_currency(&sent.account, "EUR"), 0);
  sent.account.networks = 1 << NETWORK_VISA;
  struct writer writer = begin();
  write_connector_account_set(&writer, &sent);
  size_t length = writer_length(&writer);
  struct reader reader = reader_over(bytes, length);
  cr_assert_eq(read_connector_account_set(&reader, &read), 0);
  cr_expect_str_eq(read.name, "stripe");
  cr_expect_str_eq(read.account.currencies[0], "EUR");
  memset(&read, 0x11, sizeof read);
  for (size_t cut = 0; cut <= length + 1; cut++) {
    reader = reader_over(bytes, cut);
    cr_expect(cut == length || read_connector_account_set(&reader, &read) == -EBADMSG, "cut at %zu", cut);
  }
  cr_expect_eq(read.account.networks, 0x11111111, "untouched on failure");
  strcpy(sent.name, "no name");
  writer = begin();
  write_connector_account_set(&writer, &sent);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connector_account_set(&reader, &read), -EBADMSG);
}

Test(admin, small_messages) {
  struct vault_state state = {true, ENVIRONMENT_LIVE, 17, {5, {9}}}, state_read;
  struct publishable_key_add key = {id_new("mer", 1), {1, 2}}, key_read;
  struct connector_status_set status = {"stripe", CONNECTOR_DISABLED}, status_read;
  struct audit_question question = {1}, question_read;
  struct merchant_add merchant = {id_new("mer", 1)}, merchant_read;
  struct writer writer = begin();
  write_vault_state(&writer, &state);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_vault_state(&reader, &state_read), 0);
  cr_expect_eq(state_read.tokens, 17);
  cr_expect_eq(state_read.head.sequence, 5);
  bytes[1] = 3;
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_vault_state(&reader, &state_read), -EBADMSG, "no such environment");
  writer = begin();
  write_publishable_key_add(&writer, &key);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_publishable_key_add(&reader, &key_read), 0);
  cr_expect_eq(memcmp(&key, &key_read, sizeof key), 0);
  writer = begin();
  write_connector_status_set(&writer, &status);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_connector_status_set(&reader, &status_read), 0);
  cr_expect_eq(status_read.status, CONNECTOR_DISABLED);
  for (unsigned wrong = 0; wrong < 256; wrong += CONNECTOR_DISABLED + 1) {
    bytes[writer_length(&writer) - 1] = (uint8_t)wrong;
    reader = reader_over(bytes, writer_length(&writer));
    cr_expect_eq(read_connector_status_set(&reader, &status_read), -EBADMSG, "%u", wrong);
  }
  writer = begin();
  write_audit_question(&writer, &question);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_audit_question(&reader, &question_read), 0);
  bytes[0] = 0;
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_audit_question(&reader, &question_read), -EBADMSG, "sequences begin with 1");
  writer = begin();
  write_merchant_add(&writer, &merchant);
  reader = reader_over(bytes, writer_length(&writer));
  cr_expect_eq(read_merchant_add(&reader, &merchant_read), 0);
  cr_expect(id_equal(&merchant.merchant, &merchant_read.merchant));
}
