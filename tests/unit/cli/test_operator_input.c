/* What an operator hands the `freeport` program: credentials, names, configuration. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account_options.h"
#include "config.h"
#include "credentials.h"
#include "listeners.h"
#include "registration.h"
#include "web_address.h"

static char directory[] = "/tmp/freeport-input.XXXXXX";
static char file_path_text[64];

static void write_file(const char *name, const char *text) {
  snprintf(file_path_text, sizeof file_path_text, "%s/%s", directory, name);
  FILE *file = fopen(file_path_text, "we");
  cr_assert_not_null(file);
  fputs(text, file);
  fclose(file);
}

static void setup(void) {
  cr_redirect_stderr();
  cr_assert_not_null(mkdtemp(directory));
}

static void teardown(void) {
  static const char *const names[] = {"secret", "freeport.yaml", "run/ports"};
  char path[64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", directory, names[i]);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s/run", directory);
  rmdir(path);
  rmdir(directory);
}

TestSuite(credentials, .init = setup, .fini = teardown);
TestSuite(ports, .init = setup, .fini = teardown);
TestSuite(account_options, .init = cr_redirect_stderr);
TestSuite(config, .init = setup, .fini = teardown);

static int read_from_file(struct credential *ret_credential) {
  char argument[128];
  snprintf(argument, sizeof argument, "api_key=@%s", file_path_text);
  return credential_read(argument, ret_credential);
}

Test(credentials, the_first_line_of_a_file_is_the_value) {
  struct credential credential;
  write_file("secret", "sk_value\nsecond line\n");
  cr_assert_eq(read_from_file(&credential), 0);
  cr_assert_str_eq(credential.name, "api_key");
  cr_assert_str_eq(credential.value, "sk_value");
}

Test(credentials, a_value_on_the_command_line_is_refused_and_not_repeated) {
  struct credential credential;
  cr_assert_lt(credential_read("api_key=sk_live_canary", &credential), 0);
  fflush(stderr);
  char said[512] = "";
  FILE *errors = cr_get_redirected_stderr();
  size_t length = fread(said, 1, sizeof said - 1, errors);
  said[length] = '\0';
  cr_assert_null(strstr(said, "canary"));
  cr_assert_not_null(strstr(said, "KEY=-"));
}

Test(credentials, wrong_forms_are_refused) {
  struct credential credential;
  cr_assert_lt(credential_read("", &credential), 0);
  cr_assert_lt(credential_read("=-", &credential), 0);
  cr_assert_lt(credential_read("api_key", &credential), 0);
  cr_assert_lt(credential_read("a_name_that_is_longer_than_any_sheet_has=-", &credential), 0);
  cr_assert_eq(credential_read("api_key=@/nonexistent/file", &credential), -ENOENT);
}

Test(credentials, an_empty_or_endless_line_is_refused) {
  struct credential credential;
  char line[CREDENTIAL_VALUE_CAPACITY + 10];
  write_file("secret", "\n");
  cr_assert_lt(read_from_file(&credential), 0);
  memset(line, 'x', sizeof line - 1);
  line[sizeof line - 1] = '\0';
  write_file("secret", line);
  cr_assert_lt(read_from_file(&credential), 0);
}

Test(credentials, a_form_is_known_without_reading_anything) {
  cr_assert(credential_argument_valid("api_key=-"));
  cr_assert(credential_argument_valid("api_key=@/run/key"));
  cr_assert_not(credential_argument_valid("api_key=sk_live_canary"));
  cr_assert_not(credential_argument_valid("api_key"));
  cr_assert_not(credential_argument_valid("=-"));
}

Test(web_addresses, of_origins) {
  static const char *const good[] = {"https://shop.example", "http://127.0.0.1:8000", "http://[::1]:8000"};
  static const char *const wrong[] = {
      "https://shop.example/",  "https://shop.example/pay", "shop.example", "https://Shop.example",
      "https://shop.example:0", "ftp://shop.example",       "https://",     "https://shop.example:70000"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    cr_expect(web_origin_valid(good[i]), "refused: %s", good[i]);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    cr_expect_not(web_origin_valid(wrong[i]), "accepted: %s", wrong[i]);
  }
}

Test(web_addresses, of_connectors) {
  static const char *const good[] = {"https://psp.example", "http://127.0.0.1:8000/stripe_two",
                                     "https://[::1]/v1/"};
  static const char *const wrong[] = {"foo",
                                      "https://psp.example/../x",
                                      "https://user@psp.example",
                                      "https://psp.example?x",
                                      "https://psp.example//x",
                                      "https:///x"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    cr_expect(web_base_url_valid(good[i]), "refused: %s", good[i]);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    cr_expect_not(web_base_url_valid(wrong[i]), "accepted: %s", wrong[i]);
  }
}

/* The first start chooses; whoever has a port at the next is not made way for. */
Test(ports, kept_ones_are_not_changed_for_others) {
  struct listener first[LISTENER_COUNT], other[LISTENER_COUNT];
  char path[64], again[64] = "";
  snprintf(path, sizeof path, "%s/run", directory);
  cr_assert_eq(mkdir(path, 0700), 0);
  cr_assert_eq(listeners_open(directory, 0, false, first), 0);
  cr_assert_eq(listeners_open(directory, 0, false, other), -EADDRINUSE);
  fflush(stderr);
  char said[512] = "";
  said[fread(said, 1, sizeof said - 1, cr_get_redirected_stderr())] = '\0';
  snprintf(again, sizeof again, "127.0.0.1:%u", first[LISTENER_API].port);
  cr_assert_not_null(strstr(said, again));
  cr_assert_not_null(strstr(said, "run/ports"));
  uint16_t port = first[LISTENER_API].port;
  listeners_close(first);
  cr_assert_eq(listeners_open(directory, 0, false, other), 0);
  cr_assert_eq(other[LISTENER_API].port, port);
  listeners_close(other);
}

Test(connector_names, are_short_and_plain) {
  cr_assert(connector_name_valid("adyen_eu2"));
  cr_assert_not(connector_name_valid(""));
  cr_assert_not(connector_name_valid("2nd"));
  cr_assert_not(connector_name_valid("Adyen"));
  cr_assert_not(connector_name_valid("../adyen"));
  cr_assert_not(connector_name_valid("adyen/eu"));
  cr_assert_not(connector_name_valid("a_name_of_thirty_three_characters"));
}

static int apply(enum account_option option, const char *value, struct account_facts *facts) {
  struct account_options options = {0};
  options.values[option] = value;
  return account_options_apply(&options, facts);
}

Test(account_options, change_what_they_name_and_leave_the_rest) {
  struct account_facts facts = {0};
  cr_assert_eq(apply(ACCOUNT_CURRENCIES, "USD,EUR", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_NETWORKS, "visa,amex", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_COUNTRY, "NL", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_SETTLEMENT_CURRENCY, "EUR", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_CATEGORY, "5411", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_REGION, "EEA", &facts), 0);
  cr_assert_eq(facts.currency_count, 2);
  cr_assert_str_eq(facts.currencies[0], "EUR");
  cr_assert_eq(facts.networks, 1 << NETWORK_VISA | 1 << NETWORK_AMEX);
  cr_assert_str_eq(facts.country, "NL");
  cr_assert_str_eq(facts.settlement_currency, "EUR");
  cr_assert_str_eq(facts.category, "5411");
  cr_assert_str_eq(facts.region, "EEA");
  cr_assert_eq(apply(ACCOUNT_CURRENCIES, "PLN", &facts), 0);
  cr_assert_eq(facts.currency_count, 1, "other ones instead");
  cr_assert_eq(apply(ACCOUNT_CURRENCIES, "all", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_NETWORKS, "all", &facts), 0);
  cr_assert_eq(apply(ACCOUNT_COUNTRY, "none", &facts), 0);
  cr_assert_eq(facts.currency_count, 0);
  cr_assert_eq(facts.networks, 0);
  cr_assert_str_eq(facts.country, "");
  cr_assert_str_eq(facts.category, "5411");
}

Test(account_options, what_is_wrong_is_refused) {
  static const struct {
    enum account_option option;
    const char *value;
  } wrong[] = {{ACCOUNT_CURRENCIES, ""},
               {ACCOUNT_CURRENCIES, "EUR,"},
               {ACCOUNT_CURRENCIES, ",EUR"},
               {ACCOUNT_CURRENCIES, "EUR,EUR"},
               {ACCOUNT_CURRENCIES, "eur"},
               {ACCOUNT_CURRENCIES, "EUR, USD"},
               {ACCOUNT_CURRENCIES, "EUR,XXX"},
               {ACCOUNT_CURRENCIES, "EUR,all"},
               {ACCOUNT_CURRENCIES, "EUREUREUREUREUREUR"},
               {ACCOUNT_NETWORKS, "visa,visa"},
               {ACCOUNT_NETWORKS, "unknown"},
               {ACCOUNT_NETWORKS, "Visa"},
               {ACCOUNT_NETWORKS, ""},
               {ACCOUNT_COUNTRY, "XX"},
               {ACCOUNT_COUNTRY, "nl"},
               {ACCOUNT_COUNTRY, ""},
               {ACCOUNT_SETTLEMENT_CURRENCY, "EURO"},
               {ACCOUNT_CATEGORY, "541"},
               {ACCOUNT_CATEGORY, "54111"},
               {ACCOUNT_CATEGORY, "54a1"},
               {ACCOUNT_REGION, "eea"},
               {ACCOUNT_REGION, "A_REGION_OF_SEVENTEEN"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct account_facts facts = {0};
    cr_expect_eq(apply(wrong[i].option, wrong[i].value, &facts), -EINVAL, "%s", wrong[i].value);
  }
}

Test(config, a_new_directory_gets_the_defaults) {
  struct config *config;
  cr_assert_eq(config_load(directory, &config), 0);
  cr_assert_str_eq(config->environment, "test");
  cr_assert_eq(config->origins_count, 0);
  cr_assert_eq(config->port_base, 0);
  config_free(config);
}

Test(config, a_file_that_says_nothing_is_all_defaults) {
  static const char *const empty[] = {"", "\n", "# environment: live\n", "{}\n"};
  for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
    struct config *config;
    write_file("freeport.yaml", empty[i]);
    cr_assert_eq(config_load(directory, &config), 0, "refused: file %zu", i);
    cr_assert_null(config->environment);
    cr_assert_eq(config->origins_count, 0);
    cr_assert_eq(config->port_base, 0);
    config_free(config);
  }
}

Test(config, origins_are_a_list) {
  struct config *config;
  write_file("freeport.yaml",
             "origins: ['https://shop.example', 'http://127.0.0.1:8000']\nport_base: 9000\n");
  cr_assert_eq(config_load(directory, &config), 0);
  cr_assert_eq(config->origins_count, 2);
  cr_assert_str_eq(config->origins[1], "http://127.0.0.1:8000");
  cr_assert_eq(config->port_base, 9000);
  config_free(config);
}

Test(config, retries_are_seconds) {
  struct config *config;
  static const char *const good[] = {"webhook_retries: 5\n", "webhook_retries: '5,300,604800'\n",
                                     "webhook_retries: '1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1'\n"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    write_file("freeport.yaml", good[i]);
    cr_assert_eq(config_load(directory, &config), 0, "refused: %s", good[i]);
    config_free(config);
  }
}

Test(config, when_a_connector_fails_is_read) {
  struct config *config;
  write_file("freeport.yaml", "health: faults=25,requests=5\n");
  cr_assert_eq(config_load(directory, &config), 0);
  cr_assert_str_eq(config->health, "faults=25,requests=5");
  config_free(config);
}

Test(config, what_is_wrong_is_refused) {
  static const char *const wrong[] = {"environment: prod\n",
                                      "environment: live\n",
                                      "origins: ['https://shop.example/']\n",
                                      "origins: ['https://shop.example', 'https://shop.example/pay']\n",
                                      "unknown_key: 1\n",
                                      "port_base: 70000\n",
                                      "port_base: many\n",
                                      "origins: one\n",
                                      "certificate: /only/half.pem\n",
                                      "certificate: /etc/passwd\n",
                                      "certificate_key: /etc/passwd\n",
                                      "trust: &x /etc/passwd\nsheets: *x\n",
                                      "environment: [test]\n",
                                      "a: &x 1\nb: *x\n",
                                      "bins: /nonexistent\n",
                                      "bins: /etc/passwd\n",
                                      "sheets: /nonexistent\n",
                                      "trust: /nonexistent\n",
                                      "fees: /nonexistent\n",
                                      "fees: /etc/passwd\n",
                                      "certificate: /nonexistent\ncertificate_key: /nonexistent\n",
                                      "health: faults=0\n",
                                      "health: faults=10,\n",
                                      "health: much\n",
                                      "health: {faults: 10}\n",
                                      "webhook_retries: '5,,6'\n",
                                      "webhook_retries: '5,'\n",
                                      "webhook_retries: ',5'\n",
                                      "webhook_retries: ','\n",
                                      "webhook_retries: '5, 6'\n",
                                      "webhook_retries: '-5'\n",
                                      "webhook_retries: '5;6'\n",
                                      "webhook_retries: '604801'\n",
                                      "webhook_retries: '99999999999999999999'\n",
                                      "webhook_retries: '1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1'\n"};
  struct config *config;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    write_file("freeport.yaml", wrong[i]);
    cr_assert_eq(config_load(directory, &config), -EINVAL, "accepted: %s", wrong[i]);
  }
}
