/* Secret keys: which headers carry one. */
#include "auth.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEY "sk_test_0123456789ABCDEFGHJKMNPQRS"

static void expect_key(const char *header) {
  uint8_t hash[API_KEY_HASH_BYTES], wanted[API_KEY_HASH_BYTES];
  crypto_hash_sha256(wanted, (const unsigned char *)KEY, strlen(KEY));
  cr_assert_eq(auth_hash_header(header, hash), 0, "%s", header);
  cr_expect_arr_eq(hash, wanted, sizeof hash);
}

static void basic(const char *user, const char *rest, char ret[512]) {
  char plain[256];
  int length = snprintf(plain, sizeof plain, "%s%s", user, rest);
  strcpy(ret, "Basic ");
  sodium_bin2base64(ret + 6, 500, (const unsigned char *)plain, (size_t)length,
                    sodium_base64_VARIANT_ORIGINAL);
}

Test(api_auth, a_key_comes_as_bearer_or_as_basic_user) {
  char header[512];
  expect_key("Bearer " KEY);
  expect_key("bearer  " KEY);
  basic(KEY, ":", header);
  expect_key(header);
  basic(KEY, ":anything", header);
  expect_key(header);
  basic(KEY, "", header);
  expect_key(header);
}

Test(api_auth, everything_else_is_refused) {
  static const char *const wrong[] = {
      NULL,
      "",
      "Bearer",
      "Bearer ",
      KEY,
      "Token " KEY,
      "Bearer pk_test_0123456789ABCDEFGHJKMNPQRS",
      "Bearer sk_test_",
      "Bearer " KEY " x",
      "Bearer " KEY "\"",
      "Basic",
      "Basic !!!",
      "Basic " KEY,
      "Bearer "
      "sk_test_"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000"};
  uint8_t hash[API_KEY_HASH_BYTES];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_expect_eq(auth_hash_header(wrong[i], hash), AUTH_REFUSED, "%zu", i);
}

Test(api_auth, a_setting_is_exact) {
  uint8_t payload[API_KEY_SETTING_BYTES + 1] = {1, 2, 3};
  struct api_key_setting setting;
  strcpy((char *)payload + API_KEY_HASH_BYTES, "mer_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  cr_assert_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES, &setting), 0);
  cr_expect_str_eq(setting.merchant.text, "mer_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  cr_expect_eq(setting.hash[2], 3);
  cr_expect_not(setting.livemode);
  cr_expect_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES - 1, &setting), -EBADMSG);
  cr_expect_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES + 1, &setting), -EBADMSG);
  payload[API_KEY_SETTING_BYTES - 1] = 2;
  cr_expect_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES, &setting), -EBADMSG);
  payload[API_KEY_SETTING_BYTES - 1] = 1;
  cr_assert_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES, &setting), 0);
  cr_expect(setting.livemode);
  payload[API_KEY_HASH_BYTES] = 'x';
  cr_expect_eq(auth_read_setting(payload, API_KEY_SETTING_BYTES, &setting), -EBADMSG);
}
