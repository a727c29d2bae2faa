/* A batch of which a part failed is not committed, however well the rest went. */
#include "ledger.h"
#include "store_memory.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(ledger_spoil, a_spoiled_batch_is_abandoned_and_the_next_is_good) {
  static const uint8_t secret[LEDGER_KEY_BYTES] = {1}, hash[32] = {2};
  struct api_key key = {.created_ms = 1769860800000}, found;
  struct store *store;
  struct ledger *ledger;
  strcpy(key.merchant.text, "mer_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  cr_assert_eq(store_open_memory(ledger_tables, &store), 0);
  cr_assert_eq(ledger_open(store, secret, &system_draws, &ledger), 0);
  cr_assert_eq(ledger_api_key_add(ledger, hash, &key), 0);
  ledger_spoil(ledger, -EIO);
  cr_expect_eq(ledger_commit(ledger), -EIO);
  cr_expect_eq(ledger_api_key_get(ledger, hash, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_api_key_add(ledger, hash, &key), 0);
  cr_expect_eq(ledger_commit(ledger), 0);
  cr_expect_eq(ledger_api_key_get(ledger, hash, &found), 0);
  ledger_free(ledger);
  store_close(store);
}
