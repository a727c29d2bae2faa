#include "webhook_scheme.h"

#include <string.h>
#include <strings.h>

enum { SECRET_LENGTH_MIN = 8 };

static const char *const scheme_names[WEBHOOK_SCHEME_COUNT] = {
    [WEBHOOK_UNSIGNED] = "",
    [WEBHOOK_BODY_HMAC] = "body_hmac",
    [WEBHOOK_TIMESTAMPED_HMAC] = "timestamped_hmac",
    [WEBHOOK_FIELD_HMAC] = "field_hmac",
};

static const char *const header_names[WEBHOOK_HEADERS] = {"Stripe-Signature", "Cko-Signature",
                                                          "Webhook-Signature", "X-Razorpay-Signature"};

const char webhook_secret_name[] = "webhook_secret";
const char webhook_secret_previous_name[] = "webhook_secret_previous";

enum webhook_scheme webhook_scheme_named(const char *name) {
  for (unsigned i = WEBHOOK_BODY_HMAC; i < WEBHOOK_SCHEME_COUNT; i++)
    if (strcmp(scheme_names[i], name) == 0)
      return (enum webhook_scheme)i;
  return WEBHOOK_UNSIGNED;
}

bool webhook_scheme_has_header(enum webhook_scheme scheme) {
  return scheme == WEBHOOK_BODY_HMAC || scheme == WEBHOOK_TIMESTAMPED_HMAC;
}

const char *webhook_header_name(size_t number) {
  return header_names[number];
}

size_t webhook_header_numbered(const char *name) {
  size_t number = 0;
  while (number < WEBHOOK_HEADERS && strcasecmp(header_names[number], name) != 0)
    number++;
  return number;
}

bool webhook_secret_is(const char *credential) {
  return strcmp(credential, webhook_secret_name) == 0 ||
         strcmp(credential, webhook_secret_previous_name) == 0;
}

bool webhook_secret_fits(enum webhook_scheme scheme, const char *text) {
  size_t length = strlen(text);
  if (scheme == WEBHOOK_FIELD_HMAC)
    return length == (size_t)2 * WEBHOOK_FIELD_KEY_BYTES && strspn(text, "0123456789abcdefABCDEF") == length;
  return length >= SECRET_LENGTH_MIN;
}
