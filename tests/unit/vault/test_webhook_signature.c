/* Signatures of webhooks: the PSPs' own vectors where they are at hand, ours, and everything that is none. */
#include "webhook_signature.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define VECTORS FREEPORT_SHARED "/webhooks/signature_vectors.json"

enum { FIELDS = 8, TEXT_MAX = 512 };

/* ---- The PSPs' own ---- */

static const char *text_of(const json_t *vector, const char *name) {
  const char *text = json_string_value(json_object_get(vector, name));
  return text != NULL ? text : "";
}

/* "a::b" is "a", "" and "b". */
static void split(char *text, const char *ret_values[FIELDS]) {
  for (size_t i = 0; i < FIELDS; i++) {
    ret_values[i] = text;
    text += strcspn(text, ":");
    if (*text == ':')
      *text++ = '\0';
  }
}

static bool verifies(const json_t *vector, const char *psp) {
  const char *secret = text_of(vector, "secret"), *payload = text_of(vector, "payload"),
             *value = text_of(vector, "value");
  if (strcmp(psp, "stripe") == 0)
    return signature_of_time_and_body(secret, value, 1700000000, payload, strlen(payload));
  if (strcmp(psp, "adyen") == 0) {
    char joined[TEXT_MAX];
    const char *values[FIELDS];
    snprintf(joined, sizeof joined, "%s", payload);
    split(joined, values);
    return signature_of_fields(secret, values, FIELDS, value);
  }
  return signature_of_body(secret, value, payload, strlen(payload));
}

Test(webhook_signature, the_vectors_of_the_psps) {
  static const char *const psps[] = {"stripe", "adyen", "razorpay"};
  json_t *vectors = json_load_file(VECTORS, 0, NULL);
  if (vectors == NULL)
    cr_skip_test("../shared/webhooks/signature_vectors.json is absent");
  unsigned seen = 0;
  for (size_t i = 0; i < json_array_size(vectors); i++) {
    const json_t *vector = json_array_get(vectors, i);
    const char *psp = text_of(vector, "psp");
    for (size_t j = 0; j < sizeof psps / sizeof psps[0]; j++)
      if (strcmp(psps[j], psp) == 0) {
        cr_expect(verifies(vector, psp), "%s", psp);
        seen++;
      }
  }
  json_decref(vectors);
  cr_assert_eq(seen, 3);
}

/* ---- Ours: made with openssl dgst -sha256 -hmac ---- */

static const char BODY[] = "{\"type\":\"payment_captured\"}";
/* printf '%s' BODY | openssl dgst -sha256 -hmac whsec_freeport */
static const char BODY_MAC[] = "407fc98a1de538a1dc8053b4a66448a48ee4a06d2c94e976b4825b95acac00c8";
/* printf '%s' "1700000000.BODY" | openssl dgst -sha256 -hmac whsec_freeport */
static const char TIMED_MAC[] = "752dc3b565cb72a7d91dbbd9db798c533be555ae5ecfc4d156e4196324893a9e";

static bool timed(const char *header, int64_t now_s) {
  return signature_of_time_and_body("whsec_freeport", header, now_s, BODY, strlen(BODY));
}

static const char *timed_header(const char *before, const char *mac, const char *after) {
  static char header[TEXT_MAX];
  snprintf(header, sizeof header, "%s%s%s", before, mac, after);
  return header;
}

Test(webhook_signature, of_a_body) {
  char upper[65], other[65];
  snprintf(upper, sizeof upper, "%s", BODY_MAC);
  for (char *at = upper; *at != '\0'; at++)
    *at = (char)(*at >= 'a' && *at <= 'f' ? *at - 32 : *at);
  cr_assert(signature_of_body("whsec_freeport", BODY_MAC, BODY, strlen(BODY)));
  cr_assert(signature_of_body("whsec_freeport", upper, BODY, strlen(BODY)));
  cr_assert_not(signature_of_body("whsec_freeport", BODY_MAC, BODY, strlen(BODY) - 1));
  cr_assert_not(signature_of_body("whsec_freeporu", BODY_MAC, BODY, strlen(BODY)));
  for (size_t i = 0; i < 64; i++) {
    memcpy(other, BODY_MAC, sizeof other);
    other[i] = other[i] == '0' ? '1' : '0';
    cr_assert_not(signature_of_body("whsec_freeport", other, BODY, strlen(BODY)), "digit %zu", i);
  }
}

Test(webhook_signature, of_a_body_in_a_wrong_form) {
  static const char *const wrong[] = {
      "",
      "0",
      "zz",
      "407fc98a1de538a1dc8053b4a66448a48ee4a06d2c94e976b4825b95acac00c800",
      " 407fc98a1de538a1dc8053b4a66448a48ee4a06d2c94e976b4825b95acac00c8",
      "sha256=407fc98a1de538a1dc8053b4a66448a48ee4a06d2c94e976b4825b95acac00c8"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_assert_not(signature_of_body("whsec_freeport", wrong[i], BODY, strlen(BODY)), "%zu", i);
}

Test(webhook_signature, of_time_and_body) {
  cr_assert(timed(timed_header("t=1700000000,v1=", TIMED_MAC, ""), 1700000000));
  cr_assert(timed(timed_header("t=1700000000,v0=00,v1=", TIMED_MAC, ""), 1700000000), "other schemes");
  cr_assert(timed(timed_header("v1=", TIMED_MAC, ",t=1700000000"), 1700000000), "in any order");
  char two[TEXT_MAX];
  snprintf(two, sizeof two, "t=1700000000,v1=%064d,v1=%s", 0, TIMED_MAC);
  cr_assert(timed(two, 1700000000), "while its secret is changed, two come");
}

Test(webhook_signature, its_time_counts) {
  const char *header = timed_header("t=1700000000,v1=", TIMED_MAC, "");
  cr_assert(timed(header, 1700000000 + WEBHOOK_TOLERANCE_S));
  cr_assert(timed(header, 1700000000 - WEBHOOK_TOLERANCE_S));
  cr_assert_not(timed(header, 1700000000 + WEBHOOK_TOLERANCE_S + 1));
  cr_assert_not(timed(header, 1700000000 - WEBHOOK_TOLERANCE_S - 1));
  cr_assert_not(timed(timed_header("t=1700000001,v1=", TIMED_MAC, ""), 1700000000), "another time");
}

Test(webhook_signature, of_time_and_body_in_a_wrong_form) {
  static const char *const wrong[][2] = {{"v1=", ""},
                                         {"t=,v1=", ""},
                                         {"t=1700000000", ""},
                                         {"t=17000000x0,v1=", ""},
                                         {"t=1700000000,t=1700000000,v1=", ""},
                                         {"t=170000000000000000000,v1=", ""},
                                         {"t=-1700000000,v1=", ""},
                                         {"t=1700000000,v1=", "0"},
                                         {"t=1700000000,v2=", ""},
                                         {"t=1700000000;v1=", ""},
                                         {"t = 1700000000,v1=", ""}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_assert_not(timed(timed_header(wrong[i][0], TIMED_MAC, wrong[i][1]), 1700000000), "%zu", i);
  cr_assert_not(timed("", 1700000000));
  char many[TEXT_MAX * 2] = "t=1700000000";
  for (size_t i = 0; i < WEBHOOK_CANDIDATES_MAX; i++)
    snprintf(many + strlen(many), sizeof many - strlen(many), ",v1=%064d", 0);
  snprintf(many + strlen(many), sizeof many - strlen(many), ",v1=%s", TIMED_MAC);
  cr_assert_not(timed(many, 1700000000), "no more than so many are looked at");
}

static const char HEX_KEY[] = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
/* printf '%s' "a::b:c:1:EUR:CAPTURE:true" | openssl dgst -sha256 -mac HMAC -macopt hexkey:... -binary |
 * base64 */
static const char FIELDS_MAC[] = "CaZtP+BGGRtA0NSk5mUKsFHSaOpKoQEvuKh0TlIROg8=";

Test(webhook_signature, of_fields) {
  const char *values[FIELDS] = {"a", "", "b", "c", "1", "EUR", "CAPTURE", "true"};
  cr_assert(signature_of_fields(HEX_KEY, values, FIELDS, FIELDS_MAC));
  for (size_t i = 0; i < FIELDS; i++) {
    const char *was = values[i];
    values[i] = "x";
    cr_assert_not(signature_of_fields(HEX_KEY, values, FIELDS, FIELDS_MAC), "field %zu", i);
    values[i] = was;
  }
  cr_assert_not(signature_of_fields(HEX_KEY, values, FIELDS - 1, FIELDS_MAC));
  cr_assert_not(signature_of_fields(HEX_KEY, values, 0, FIELDS_MAC));
  values[6] = "CAPTURE:true";
  cr_assert(signature_of_fields(HEX_KEY, values, FIELDS - 1, FIELDS_MAC),
            "joined as they stand: why values with a colon are given no meaning");
}

Test(webhook_signature, of_fields_in_a_wrong_form) {
  const char *values[FIELDS] = {"a", "", "b", "c", "1", "EUR", "CAPTURE", "true"};
  static const char *const wrong[] = {"", "=", "AAAA",
                                      "CaZtP+BGGRtA0NSk5mUKsFHSaOpKoQEvuKh0TlIROg8==", "not base64!"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_assert_not(signature_of_fields(HEX_KEY, values, FIELDS, wrong[i]), "%zu", i);
  static const char *const keys[] = {"", "00",
                                     "zz112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
                                     "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF00"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    cr_assert_not(signature_of_fields(keys[i], values, FIELDS, FIELDS_MAC), "key %zu", i);
}
