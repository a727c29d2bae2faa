/* What accounts can do, as it passes between the processes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "account_facts.h"

enum { VISA = 1 << NETWORK_VISA, AMEX = 1 << NETWORK_AMEX };

static uint8_t bytes[1024];
static size_t length;

static struct account_facts some_facts(void) {
  struct account_facts facts = {.category = "5411",
                                .country = "NL",
                                .region = "EEA",
                                .settlement_currency = "EUR",
                                .networks = VISA | AMEX};
  cr_assert_eq(account_add_currency(&facts, "USD"), 0);
  cr_assert_eq(account_add_currency(&facts, "CHF"), 0);
  cr_assert_eq(account_add_currency(&facts, "EUR"), 0);
  return facts;
}

static int pass(const struct account_facts *facts, struct account_facts *ret_facts) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_account_facts(&writer, facts);
  cr_assert_eq(writer_finish(&writer), 0);
  length = writer_length(&writer);
  struct reader reader = reader_over(bytes, length);
  read_account_facts(&reader, ret_facts);
  return reader_finish(&reader);
}

Test(account_facts, are_read_as_they_were_written) {
  struct account_facts sent = some_facts(), none = {0}, read;
  cr_assert_eq(pass(&sent, &read), 0);
  cr_expect_str_eq(read.category, "5411");
  cr_expect_str_eq(read.country, "NL");
  cr_expect_str_eq(read.region, "EEA");
  cr_expect_str_eq(read.settlement_currency, "EUR");
  cr_assert_eq(read.currency_count, 3);
  cr_expect_str_eq(read.currencies[0], "CHF", "in one order, whatever the order of adding");
  cr_expect_str_eq(read.currencies[1], "EUR");
  cr_expect_str_eq(read.currencies[2], "USD");
  cr_expect_eq(read.networks, VISA | AMEX);
  cr_assert_eq(pass(&none, &read), 0);
  cr_expect_eq(read.currency_count, 0);
  cr_expect_eq(read.networks, 0);
}

#define PASSES(wanted, change)                                                                               \
  do {                                                                                                       \
    struct account_facts sent = some_facts(), read;                                                          \
    change;                                                                                                  \
    cr_expect_eq(pass(&sent, &read), wanted, #change);                                                       \
  } while (0)

Test(account_facts, every_limit_is_derived_again) {
  PASSES(0, (void)0);
  PASSES(0, sent.category[0] = '\0');
  PASSES(-EBADMSG, strcpy(sent.category, "541"));
  PASSES(-EBADMSG, strcpy(sent.category, "54a1"));
  PASSES(-EBADMSG, strcpy(sent.country, "XX"));
  PASSES(-EBADMSG, strcpy(sent.country, "nl"));
  PASSES(-EBADMSG, strcpy(sent.region, "eea"));
  PASSES(-EBADMSG, strcpy(sent.region, "A\nB"));
  PASSES(-EBADMSG, strcpy(sent.settlement_currency, "XXX"));
  PASSES(-EBADMSG, strcpy(sent.currencies[1], "EU"));
  PASSES(-EBADMSG, strcpy(sent.currencies[1], "QQQ"));
  PASSES(-EBADMSG, strcpy(sent.currencies[1], "CHF"));
  PASSES(-EBADMSG, strcpy(sent.currencies[2], "AUD"));
  PASSES(-EBADMSG, sent.networks = 1 << NETWORK_UNKNOWN);
  PASSES(-EBADMSG, sent.networks = UINT32_C(1) << NETWORK_COUNT);
  PASSES(-EBADMSG, sent.networks = UINT32_C(1) << 31);
}

Test(account_facts, cut_anywhere_they_are_refused) {
  struct account_facts sent = some_facts(), read;
  cr_assert_eq(pass(&sent, &read), 0);
  for (size_t cut = 0; cut < length; cut++) {
    struct reader reader = reader_over(bytes, cut);
    read_account_facts(&reader, &read);
    cr_expect_eq(reader_finish(&reader), -EBADMSG, "cut at %zu", cut);
  }
}

static struct account_facts as_many_as_fit(void) {
  struct account_facts facts = some_facts();
  memset(facts.region, 'R', REGION_CAPACITY - 1);
  char code[] = "AAA";
  for (; code[0] <= 'Z'; code[0]++)
    for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
      for (code[2] = 'A'; code[2] <= 'Z' && facts.currency_count < ACCOUNT_CURRENCIES_MAX; code[2]++) {
        int result = account_add_currency(&facts, code);
        cr_assert(result == 0 || result == -EINVAL || result == -EEXIST);
      }
  return facts;
}

Test(account_facts, there_are_so_many_currencies_and_no_more) {
  struct account_facts most = as_many_as_fit(), read;
  cr_assert_eq(most.currency_count, ACCOUNT_CURRENCIES_MAX);
  cr_assert_eq(account_add_currency(&most, "ZMW"), -ENOSPC);
  cr_assert_eq(pass(&most, &read), 0);
  cr_assert_eq(length, ACCOUNT_FACTS_BYTES_MAX);
  cr_assert_eq(memcmp(most.currencies, read.currencies, sizeof most.currencies), 0);
  size_t networks_at = length - sizeof(uint32_t);
  size_t count_at = networks_at - ACCOUNT_CURRENCIES_MAX * (CURRENCY_CAPACITY - 1) - 1;
  cr_assert_eq(bytes[count_at], ACCOUNT_CURRENCIES_MAX);
  bytes[count_at]++;
  memmove(bytes + networks_at + 3, bytes + networks_at, sizeof(uint32_t));
  memcpy(bytes + networks_at, "ZMW", 3); /* after all others, as it must be */
  struct reader reader = reader_over(bytes, length + 3);
  read_account_facts(&reader, &read);
  cr_expect_eq(reader_finish(&reader), -EBADMSG);
}

Test(account_facts, a_currency_is_known_and_added_once) {
  struct account_facts facts = some_facts();
  cr_expect_eq(account_add_currency(&facts, "EUR"), -EEXIST);
  cr_expect_eq(account_add_currency(&facts, "eur"), -EINVAL);
  cr_expect_eq(account_add_currency(&facts, ""), -EINVAL);
  cr_expect_eq(account_add_currency(&facts, "EURO"), -EINVAL);
  cr_expect_eq(facts.currency_count, 3);
}

Test(account_facts, what_is_not_said_is_taken) {
  struct account_facts facts = some_facts(), none = {0};
  cr_expect(account_takes_currency(&facts, "CHF"));
  cr_expect_not(account_takes_currency(&facts, "PLN"));
  cr_expect(account_takes_currency(&none, "PLN"));
  cr_expect(account_takes_network(&facts, NETWORK_AMEX));
  cr_expect_not(account_takes_network(&facts, NETWORK_MASTERCARD));
  cr_expect(account_takes_network(&facts, NETWORK_UNKNOWN), "nobody knows that it does not");
  cr_expect(account_takes_network(&none, NETWORK_JCB));
}
