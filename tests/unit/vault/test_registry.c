/* What operators register: merchants, publishable keys, connectors. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "store_memory.h"
#include "tables.h"

static struct harness h;
static struct merchants *merchants;
static struct connectors *connectors;

static void open_memory(void) {
  harness_open(&h, HARNESS_MEMORY);
  merchants = &h.vault->merchants;
  connectors = &h.vault->connectors;
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(merchants, .init = open_memory, .fini = close_harness);
TestSuite(connectors, .init = open_memory, .fini = close_harness);

/* In no order, as hashes are. */
static void nth_hash(unsigned n, uint8_t ret_hash[32]) {
  memset(ret_hash, 0, 32);
  ret_hash[0] = (uint8_t)(n * 167);
  ret_hash[1] = (uint8_t)(n >> 8);
  ret_hash[31] = (uint8_t)n;
}

static const struct id *nth_owner(unsigned n) {
  return n % 2 ? &h.other_merchant : &h.merchant;
}

static void expect_keys(unsigned count) {
  uint8_t hash[32];
  for (unsigned i = 0; i < count; i++) {
    nth_hash(i, hash);
    const struct merchant *found = merchant_by_publishable_key(merchants, hash);
    cr_assert_eq(found, merchant_by_id(merchants, nth_owner(i)), "%u", i);
    hash[30] ^= 1;
    cr_assert_null(merchant_by_publishable_key(merchants, hash), "%u", i);
  }
}

Test(merchants, a_publishable_key_is_found_among_many_and_is_one_merchants) {
  enum { KEYS = 300 };
  uint8_t hash[32];
  bool is_new;
  for (unsigned i = 0; i < KEYS; i++) {
    nth_hash(i, hash);
    cr_assert_eq(publishable_key_add(merchants, nth_owner(i), hash, &is_new), 0);
    cr_assert(is_new);
  }
  expect_keys(KEYS);
  cr_assert_eq(publishable_key_add(merchants, nth_owner(KEYS - 1), hash, &is_new), 0);
  cr_assert_not(is_new);
  cr_assert_eq(publishable_key_add(merchants, nth_owner(KEYS), hash, &is_new), STATUS_CONFLICT);
  struct id nobody = id_new("mer", 7);
  cr_assert_eq(publishable_key_add(merchants, &nobody, hash, &is_new), STATUS_NOT_FOUND);
  cr_assert_eq(merchants_reload(merchants), 0);
  expect_keys(KEYS);
}

Test(merchants, there_are_so_many_publishable_keys_and_no_more) {
  uint8_t hash[32] = {0};
  bool is_new;
  unsigned added = (unsigned)merchants->key_count;
  int r = 0;
  for (unsigned i = 0; r == 0; i++) {
    hash[1] = (uint8_t)(i >> 8);
    hash[2] = (uint8_t)i;
    r = publishable_key_add(merchants, &h.merchant, hash, &is_new);
    added += r == 0;
  }
  cr_assert_eq(r, STATUS_LIMITED);
  cr_assert_eq(added, PUBLISHABLE_KEYS_MAX);
}

Test(merchants, one_that_is_there_is_not_made_again) {
  const struct merchant *present = merchant_by_id(merchants, &h.merchant);
  struct merchant_keys keys = *present->keys;
  uint32_t count = merchants->count;
  bool is_new = true;
  cr_assert_eq(merchant_add(merchants, &h.merchant, true, 1, &is_new), 0);
  cr_assert_not(is_new);
  cr_assert_eq(merchants->count, count);
  cr_assert_eq(merchant_by_id(merchants, &h.merchant), present);
  cr_assert_eq(memcmp(&keys, present->keys, sizeof keys), 0, "new keys would lose every card");
}

static int no_root_key(void *context, const struct key_label *label, const uint8_t key[KEY_BYTES],
                       uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
  (void)context;
  (void)label;
  (void)key;
  (void)ret_wrapped;
  return -ENOKEY;
}

Test(merchants, without_wrapped_keys_there_is_none) {
  struct root_provider sealed = *merchants->provider;
  const struct root_provider *open = merchants->provider;
  struct id merchant = id_new("mer", 8);
  uint32_t count = merchants->count;
  bool is_new;
  sealed.wrap = no_root_key;
  merchants->provider = &sealed;
  cr_assert_eq(merchant_add(merchants, &merchant, true, 1, &is_new), -ENOKEY);
  merchants->provider = open;
  cr_assert_null(merchant_by_id(merchants, &merchant));
  cr_assert_eq(merchants->count, count);
}

Test(merchants, a_generation_that_is_kept_no_more_has_no_key) {
  struct merchant_keys keys = {0};
  struct merchant merchant = {.generation = GENERATIONS_KEPT + 2, .keys = &keys};
  for (uint16_t i = 0; i < GENERATIONS_KEPT + 5; i++) {
    bool kept = i >= 3 && i <= merchant.generation;
    cr_assert_eq(merchant_record_key(&merchant, i) != NULL, kept, "%u", i);
  }
}

static struct connector_set a_set(const char *name) {
  struct connector_set set = {.facts = {.sheet = "adyen", .status = CONNECTOR_ACTIVE},
                              .credential_count = 1,
                              .credentials = {{"api_key", "canary-credential-2"}}};
  snprintf(set.facts.name, sizeof set.facts.name, "%s", name);
  return set;
}

static size_t row_of(const char *name, uint8_t ret_row[16384]) {
  struct view found;
  cr_assert_eq(store_get(h.store, TABLE_CONNECTORS, name, strlen(name), &found), 0);
  memcpy(ret_row, found.bytes, found.length);
  return found.length;
}

Test(connectors, a_changed_or_moved_one_does_not_open) {
  static uint8_t row[16384];
  struct connector_set *set, other = a_set("other");
  size_t length = row_of("adyen", row);
  cr_assert_eq(connector_put(connectors, &other), 0);
  cr_assert_eq(store_put(h.store, TABLE_CONNECTORS, "other", 5, row, length), 0);
  cr_assert_eq(connector_open(connectors, "other", &set), -EBADMSG);
  cr_assert_eq(connectors_reload(connectors), -EBADMSG);
  cr_assert_eq(store_delete(h.store, TABLE_CONNECTORS, "other", 5), 0);
  cr_assert_eq(connectors_reload(connectors), 0);
  row[length - 1] ^= 1;
  cr_assert_eq(store_put(h.store, TABLE_CONNECTORS, "adyen", 5, row, length), 0);
  cr_assert_eq(connector_open(connectors, "adyen", &set), -EBADMSG);
  cr_assert_eq(connectors_reload(connectors), -EBADMSG);
}

Test(connectors, registered_anew_one_is_changed_and_keeps_its_status) {
  struct connector_set set = a_set("adyen"), *opened;
  size_t count = connectors->count;
  strcpy(set.credentials[0].value, "canary-credential-3");
  cr_assert_eq(connector_set_status(connectors, "adyen", CONNECTOR_DRAINING), 0);
  cr_assert_eq(connector_put(connectors, &set), 0);
  cr_assert_eq(connectors->count, count);
  cr_assert_eq(connector_by_name(connectors, "adyen")->status, CONNECTOR_DRAINING);
  cr_assert_eq(connector_open(connectors, "adyen", &opened), 0);
  cr_assert_str_eq(opened->credentials[0].value, "canary-credential-3");
  cr_assert_eq(opened->facts.status, CONNECTOR_DRAINING);
  connector_close(connectors);
  cr_assert_eq(connector_set_status(connectors, "nobody", CONNECTOR_ACTIVE), STATUS_NOT_FOUND);
  cr_assert_eq(connector_open(connectors, "nobody", &opened), STATUS_NOT_FOUND);
}

static struct account_facts in_euros(void) {
  struct account_facts facts = {.networks = 1 << NETWORK_VISA};
  cr_assert_eq(account_add_currency(&facts, "EUR"), 0);
  return facts;
}

Test(connectors, what_its_account_can_do_is_changed_alone_and_kept) {
  struct account_facts facts = in_euros();
  struct connector_set *opened;
  cr_assert_eq(connector_set_status(connectors, "adyen", CONNECTOR_DRAINING), 0);
  cr_assert_eq(connector_set_account(connectors, "nobody", &facts), STATUS_NOT_FOUND);
  cr_assert_eq(connector_set_account(connectors, "adyen", &facts), 0);
  cr_assert(sodium_is_zero((const uint8_t *)connectors->scratch, sizeof *connectors->scratch));
  cr_assert_eq(store_commit(h.store), 0);
  cr_assert_eq(connectors_reload(connectors), 0);
  const struct connector_facts *kept = connector_by_name(connectors, "adyen");
  cr_assert_not(account_takes_currency(&kept->account, "PLN"));
  cr_assert(account_takes_currency(&kept->account, "EUR"));
  cr_assert_eq(kept->account.networks, 1 << NETWORK_VISA);
  cr_assert_eq(kept->status, CONNECTOR_DRAINING);
  cr_assert_eq(connector_open(connectors, "adyen", &opened), 0);
  cr_assert_str_eq(opened->credentials[0].value, "canary-credential-1");
  connector_close(connectors);
}

/* Seals it as builds before account facts did: format 2, and none of them in it. */
static size_t seal_as_before(const struct connector_set *set, uint8_t format, uint8_t ret_row[16384]) {
  uint8_t plain[8192], bound[2 + CONNECTOR_NAME_CAPACITY] = {format, ENVIRONMENT_TEST};
  static const struct account_facts none;
  struct writer facts = writer_over(plain, sizeof plain), whole = writer_over(plain, sizeof plain);
  write_account_facts(&facts, &none);
  write_connector_set(&whole, set);
  size_t skipped = writer_length(&facts), length = writer_length(&whole) - skipped;
  unsigned long long sealed;
  memcpy(bound + 2, set->facts.name, strlen(set->facts.name));
  ret_row[0] = format;
  memset(ret_row + 1, 3, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(ret_row + 1 + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
                                             &sealed, plain + skipped, length, bound, sizeof bound, NULL,
                                             ret_row + 1, connectors->key);
  return 1 + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + sealed;
}

Test(connectors, one_of_an_earlier_build_is_read_and_another_format_is_not) {
  static uint8_t row[16384];
  struct connector_set set = a_set("other"), *opened;
  strcpy(set.facts.merchant_account, "Before");
  size_t length = seal_as_before(&set, 2, row);
  cr_assert_eq(store_put(h.store, TABLE_CONNECTORS, "other", 5, row, length), 0);
  cr_assert_eq(connectors_reload(connectors), 0);
  const struct connector_facts *read = connector_by_name(connectors, "other");
  cr_assert_str_eq(read->merchant_account, "Before");
  cr_assert_eq(read->account.currency_count, 0);
  cr_assert(account_takes_network(&read->account, NETWORK_AMEX));
  cr_assert_eq(connector_open(connectors, "other", &opened), 0);
  cr_assert_str_eq(opened->credentials[0].value, "canary-credential-2");
  connector_close(connectors);
  for (unsigned format = 0; format < 6; format++) {
    length = seal_as_before(&set, (uint8_t)format, row);
    cr_assert_eq(store_put(h.store, TABLE_CONNECTORS, "other", 5, row, length), 0);
    cr_assert_eq(connector_open(connectors, "other", &opened), format == 2 ? 0 : -EBADMSG, "%u", format);
    connector_close(connectors);
  }
  length = seal_as_before(&set, 2, row);
  row[0] = 3;
  cr_assert_eq(store_put(h.store, TABLE_CONNECTORS, "other", 5, row, length), 0);
  cr_assert_eq(connector_open(connectors, "other", &opened), -EBADMSG, "its format is bound to it");
}

Test(connectors, credentials_stay_in_no_memory) {
  struct connector_set *opened, set = a_set("other");
  cr_assert_eq(connector_open(connectors, "adyen", &opened), 0);
  cr_assert_not(sodium_is_zero((const uint8_t *)opened, sizeof *opened));
  connector_close(connectors);
  cr_assert(sodium_is_zero((const uint8_t *)connectors->scratch, sizeof *connectors->scratch));
  cr_assert_eq(connector_put(connectors, &set), 0);
  cr_assert(sodium_is_zero((const uint8_t *)connectors->scratch, sizeof *connectors->scratch));
  cr_assert_eq(connector_set_status(connectors, "other", CONNECTOR_DISABLED), 0);
  cr_assert(sodium_is_zero((const uint8_t *)connectors->scratch, sizeof *connectors->scratch));
}

Test(connectors, one_after_the_other_is_listed_without_its_credentials) {
  struct connector_set set = a_set("other");
  struct connector_listing listing;
  strcpy(set.base_url, "https://psp.example.org/x");
  cr_assert_eq(connector_put(connectors, &set), 0);
  cr_assert_eq(connector_next(connectors, "", &listing), 0);
  cr_assert_str_eq(listing.facts.name, "adyen");
  cr_assert_eq(connector_next(connectors, "adyen", &listing), 0);
  cr_assert_str_eq(listing.facts.name, "other");
  cr_assert_str_eq(listing.base_url, "https://psp.example.org/x");
  cr_assert(sodium_is_zero((const uint8_t *)connectors->scratch, sizeof *connectors->scratch));
  cr_assert_eq(connector_next(connectors, "between", &listing), 0, "after one that is not there");
  cr_assert_str_eq(listing.facts.name, "other");
  cr_assert_eq(connector_next(connectors, "other", &listing), STATUS_NOT_FOUND);
}

/* Money goes where the sheet says; only a test stack may be pointed elsewhere. */
Test(connectors, a_live_one_goes_to_its_sheets_host) {
  struct connector_set set = a_set("other");
  connectors->environment = ENVIRONMENT_LIVE;
  cr_assert_eq(connector_put(connectors, &set), 0);
  strcpy(set.base_url, "https://psp.example.org");
  cr_assert_eq(connector_put(connectors, &set), STATUS_INVALID);
  set.base_url[0] = '\0';
  set.facts.settling_ms = 1;
  cr_assert_eq(connector_put(connectors, &set), STATUS_INVALID);
}

Test(connectors, there_are_so_many_and_no_more) {
  char name[CONNECTOR_NAME_CAPACITY];
  struct connector_set set;
  for (size_t i = connectors->count; i < REGISTERED_MAX; i++) {
    snprintf(name, sizeof name, "c%zu", i);
    set = a_set(name);
    cr_assert_eq(connector_put(connectors, &set), 0, "%zu", i);
  }
  set = a_set("one_more");
  cr_assert_eq(connector_put(connectors, &set), STATUS_LIMITED);
  set = a_set("adyen");
  cr_assert_eq(connector_put(connectors, &set), 0, "a change is no addition");
}

TestSuite(operators, .init = open_memory, .fini = close_harness);

static int ask_admin(uint8_t type, struct writer *body) {
  struct reader rest;
  return harness_ask(&h, &h.admin, type, body, &rest);
}

static int ask_set(const struct connector_set *set) {
  static uint8_t bytes[8192];
  struct writer body = writer_over(bytes, sizeof bytes);
  write_connector_set(&body, set);
  return ask_admin(ADMIN_CONNECTOR_SET, &body);
}

/* The chain from its first record on. */
Test(operators, what_they_change_is_on_the_chain) {
  static const enum audit_kind kinds[] = {
      AUDIT_MERCHANT_ADD,  AUDIT_PUBLISHABLE_KEY_ADD, AUDIT_MERCHANT_ADD,     AUDIT_PUBLISHABLE_KEY_ADD,
      AUDIT_CONNECTOR_SET, AUDIT_CONNECTOR_STATUS,    AUDIT_CONNECTOR_ACCOUNT};
  static struct audit_page page;
  uint8_t bytes[64];
  struct connector_status_set set = {.name = "adyen", .status = CONNECTOR_DISABLED};
  struct writer body = writer_over(bytes, sizeof bytes);
  write_connector_status_set(&body, &set);
  cr_assert_eq(ask_admin(ADMIN_CONNECTOR_STATUS, &body), STATUS_DONE);
  struct connector_account_set account = {.name = "adyen", .account.country = "NL"};
  body = writer_over(bytes, sizeof bytes);
  write_connector_account_set(&body, &account);
  cr_assert_eq(ask_admin(ADMIN_CONNECTOR_ACCOUNT, &body), STATUS_DONE);
  cr_assert_eq(audit_read_page(&h.vault->audit, 1, &page), 0);
  struct reader reader = reader_over(page.bytes, page.length);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct audit_record record;
    size_t length = 0;
    const uint8_t *at = audit_page_next(&reader, &length);
    cr_assert_not_null(at, "%zu", i);
    cr_assert_eq(audit_record_read(at, length, &record), 0);
    cr_assert_eq(record.kind, kinds[i], "%zu", i);
    cr_assert_eq(record.actor, AUDIT_BY_OPERATOR);
    cr_assert_eq(record.uid, getuid());
    cr_assert_str_eq(record.merchant.text, i < 2 ? h.merchant.text : i < 4 ? h.other_merchant.text : "");
    cr_assert_str_eq(record.connector, i < 4 ? "" : "adyen");
  }
  cr_assert_eq(reader_finish(&reader), 0);
}

Test(operators, the_state_counts_tokens_and_shows_the_chains_head) {
  struct tokenized made;
  struct vault_state state;
  struct reader rest;
  cr_assert_eq(harness_tokenize(&h, "4242424242424242", "", &made), STATUS_DONE);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_STATUS, NULL, &rest), STATUS_DONE);
  cr_assert_eq(read_vault_state(&rest, &state), 0);
  cr_assert_eq(state.tokens, 1);
  cr_assert_not(state.sealed);
  cr_assert_eq(state.environment, ENVIRONMENT_TEST);
  cr_assert_eq(memcmp(&state.head, &h.vault->audit.committed, sizeof state.head), 0);
}

Test(operators, a_connector_whose_commit_failed_is_not_there) {
  struct connector_set other = a_set("other"), changed = a_set("adyen");
  strcpy(changed.facts.merchant_account, "Elsewhere");
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(ask_set(&other), STATUS_STORAGE);
  cr_assert_null(connector_by_name(connectors, "other"));
  cr_assert_eq(ask_set(&changed), STATUS_STORAGE);
  cr_assert_str_eq(connector_by_name(connectors, "adyen")->merchant_account, "Acme");
  store_memory_fail_commits(h.store, 0);
  cr_assert_eq(ask_set(&other), STATUS_DONE);
  cr_assert_not_null(connector_by_name(connectors, "other"));
}
