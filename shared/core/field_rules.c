#include <assert.h>
#include <string.h>

#include "fields.h"

#define METADATA_RULE                                                                                        \
  { .name = "metadata", .limit = 541, .alphabet = ALPHABET_TEXT }

#define ATTRIBUTE_RULE                                                                                       \
  { .name = "customer_attributes", .limit = 105, .alphabet = ALPHABET_TEXT }

/* Limits: the widest that a PSP of ours or EMV 3-D Secure 2.2 takes; sheets may narrow them. */
static const struct field_rule request_rules[REQUEST_FIELD_COUNT] = {
    [REQUEST_REFERENCE] = {"reference", 80, ALPHABET_PRINT, false, false},
    [REQUEST_DESCRIPTOR] = {"statement_descriptor", 25, ALPHABET_PRINT, false, false},
    [REQUEST_CUSTOMER_ID] = {"customer_id", 64, ALPHABET_PRINT, false, false},
    [REQUEST_CUSTOMER_NAME] = {"customer_name", 128, ALPHABET_TEXT, true, false},
    [REQUEST_CUSTOMER_EMAIL] = {"customer_email", 254, ALPHABET_REF, true, false},
    [REQUEST_CUSTOMER_PHONE] = {"customer_phone", 32, ALPHABET_PRINT, true, false},
    [REQUEST_CUSTOMER_IP] = {"customer_ip", 45, ALPHABET_TOKEN, true, false},
    [REQUEST_BILLING_LINE1] = {"billing_line1", 200, ALPHABET_TEXT, true, false},
    [REQUEST_BILLING_LINE2] = {"billing_line2", 200, ALPHABET_TEXT, true, false},
    [REQUEST_BILLING_CITY] = {"billing_city", 100, ALPHABET_TEXT, true, false},
    [REQUEST_BILLING_STATE] = {"billing_state", 64, ALPHABET_TEXT, true, false},
    [REQUEST_BILLING_POSTAL_CODE] = {"billing_postal_code", 16, ALPHABET_PRINT, true, false},
    [REQUEST_BILLING_COUNTRY] = {"billing_country", 2, ALPHABET_TOKEN, true, false},
    [REQUEST_RETURN_URL] = {"return_url", 1024, ALPHABET_URL, false, false},
    [REQUEST_KIND] = {"kind", 16, ALPHABET_TOKEN, false, false},
    [REQUEST_STORE] = {"store", 16, ALPHABET_TOKEN, false, false},
    [REQUEST_PREVIOUS_NTID] = {"previous_network_transaction_id", 64, ALPHABET_REF, false, false},
    [REQUEST_MERCHANT_CATEGORY] = {"merchant_category", 4, ALPHABET_DIGITS, false, false},
    [REQUEST_THREE_DS_MODE] = {"three_ds_mode", 16, ALPHABET_TOKEN, false, false},
    [REQUEST_THREE_DS_EXEMPTION] = {"three_ds_exemption", 40, ALPHABET_TOKEN, false, false},
    [REQUEST_THREE_DS_VERSION] = {"three_ds_version", 8, ALPHABET_TOKEN, false, false},
    [REQUEST_THREE_DS_STATUS] = {"three_ds_status", 16, ALPHABET_TOKEN, false, false},
    [REQUEST_THREE_DS_ECI] = {"three_ds_eci", 2, ALPHABET_DIGITS, false, false},
    [REQUEST_THREE_DS_CAVV] = {"three_ds_cavv", 64, ALPHABET_REF, false, false},
    [REQUEST_THREE_DS_DS_ID] = {"three_ds_ds_transaction_id", 64, ALPHABET_TOKEN, false, false},
    [REQUEST_BROWSER_ACCEPT] = {"browser_accept_header", 2048, ALPHABET_PRINT, true, false},
    [REQUEST_BROWSER_USER_AGENT] = {"browser_user_agent", 2048, ALPHABET_PRINT, true, false},
    [REQUEST_BROWSER_LANGUAGE] = {"browser_language", 35, ALPHABET_TOKEN, true, false},
    [REQUEST_BROWSER_COLOR_DEPTH] = {"browser_color_depth", 2, ALPHABET_DIGITS, true, false},
    [REQUEST_BROWSER_SCREEN_HEIGHT] = {"browser_screen_height", 6, ALPHABET_DIGITS, true, false},
    [REQUEST_BROWSER_SCREEN_WIDTH] = {"browser_screen_width", 6, ALPHABET_DIGITS, true, false},
    [REQUEST_BROWSER_TIME_ZONE] = {"browser_time_zone_offset", 5, ALPHABET_TOKEN, true, false},
    [REQUEST_BROWSER_JAVA] = {"browser_java_enabled", 5, ALPHABET_TOKEN, true, false},
    [REQUEST_PSP_ID] = {"psp_id", 128, ALPHABET_REF, false, false},
    [REQUEST_PSP_CAPTURE_ID] = {"psp_capture_id", 128, ALPHABET_REF, false, false},
    [REQUEST_REASON] = {"reason", 255, ALPHABET_TEXT, false, false},
    [REQUEST_STARTED_AT] = {"started_at", 12, ALPHABET_DIGITS, false, false},
    [REQUEST_CONSENT] = {"consent", 1024, ALPHABET_TEXT, true, false},
    [REQUEST_METADATA_FIRST... REQUEST_ATTRIBUTE_FIRST - 1] = METADATA_RULE,
    [REQUEST_ATTRIBUTE_FIRST... REQUEST_FINAL - 1] = ATTRIBUTE_RULE,
    [REQUEST_FINAL] = {"final", 5, ALPHABET_TOKEN, false, false},
};

/* What an issuer can say of something that it was sent to check. PSPs have words of their own, which their
 * sheets put into these. */
static const char *const check_words[] = {"match",        "no_match",    "not_checked",
                                          "not_provided", "unavailable", NULL};

#define CHECK_RULE(field)                                                                                    \
  { .name = field, .limit = 12, .alphabet = ALPHABET_TOKEN, .words = check_words }

static const struct field_rule answer_rules[ANSWER_FIELD_COUNT] = {
    [ANSWER_PSP_ID] = {"psp_id", 128, ALPHABET_REF, false, false},
    [ANSWER_PSP_CAPTURE_ID] = {"psp_capture_id", 128, ALPHABET_REF, false, false},
    [ANSWER_STATUS_TEXT] = {"psp_status", 64, ALPHABET_TOKEN, false, false},
    [ANSWER_CODE] = {"code", 64, ALPHABET_TOKEN, false, false},
    [ANSWER_NETWORK_CODE] = {"network_code", 4, ALPHABET_TOKEN, false, false}, /* ISO 8583 field 39 */
    [ANSWER_ADVICE_CODE] = {"advice_code", 4, ALPHABET_TOKEN, false, false},   /* Mastercard: two digits */
    [ANSWER_NETWORK_TRANSACTION_ID] = {"network_transaction_id", 64, ALPHABET_REF, false, false},
    [ANSWER_AUTH_CODE] = {"auth_code", 16, ALPHABET_TOKEN, false, false},
    [ANSWER_AVS_ADDRESS] = CHECK_RULE("avs_address"),
    [ANSWER_AVS_POSTAL_CODE] = CHECK_RULE("avs_postal_code"),
    [ANSWER_CVC_CHECK] = CHECK_RULE("cvc_check"),
    [ANSWER_ECI] = {"eci", 2, ALPHABET_DIGITS, false, false},
    [ANSWER_REFERENCE] = {"reference", 80, ALPHABET_PRINT, false, true},
    [ANSWER_AMOUNT] = {"amount", 19, ALPHABET_DIGITS, false, false},
    [ANSWER_AMOUNT_CAPTURED] = {"amount_captured", 19, ALPHABET_DIGITS, false, false},
    [ANSWER_AMOUNT_REFUNDED] = {"amount_refunded", 19, ALPHABET_DIGITS, false, false},
    [ANSWER_CURRENCY] = {"currency", 3, ALPHABET_TOKEN, false, false},
    [ANSWER_ACTION_URL] = {"action_url", 2048, ALPHABET_URL, false, false},
    [ANSWER_MESSAGE] = {"message", 512, ALPHABET_TEXT, false, true},
    [ANSWER_RETRY_AFTER] = {"retry_after", 10, ALPHABET_DIGITS, false, false},
};

const struct field_rule *request_field_rule(enum request_field field) {
  assert(field >= 1 && (unsigned)field < REQUEST_FIELD_COUNT);
  return &request_rules[field];
}

const struct field_rule *answer_field_rule(enum answer_field field) {
  assert(field >= 1 && (unsigned)field < ANSWER_FIELD_COUNT);
  return &answer_rules[field];
}

static unsigned named(const struct field_rule *rules, unsigned count, const char *name) {
  for (unsigned i = 1; i < count; i++) {
    if (strcmp(rules[i].name, name) == 0)
      return i;
  }
  return 0;
}

enum request_field request_field_named(const char *name) {
  return (enum request_field)named(request_rules, REQUEST_FIELD_COUNT, name);
}

enum answer_field answer_field_named(const char *name) {
  return (enum answer_field)named(answer_rules, ANSWER_FIELD_COUNT, name);
}
