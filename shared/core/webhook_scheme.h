/* How PSPs sign their webhooks: what the sheets name, the vault checks, and freeport-hooks passes on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum webhook_scheme {
  WEBHOOK_UNSIGNED,         /* the sheet describes no webhooks: none is taken */
  WEBHOOK_BODY_HMAC,        /* a header holds hex(HMAC-SHA256(secret, body)) */
  WEBHOOK_TIMESTAMPED_HMAC, /* a header holds t=SECONDS,v1=hex(HMAC-SHA256(secret, "SECONDS." and the body)),
                               perhaps several v1 */
  WEBHOOK_FIELD_HMAC, /* the body holds base64(HMAC-SHA256(hex-decoded secret, some of its fields, joined by
                         colons)) */
  WEBHOOK_SCHEME_COUNT
};

enum {
  WEBHOOK_HEADERS = 4, /* that may hold a signature */
  WEBHOOK_SIGNATURE_CAPACITY = 513,
  WEBHOOK_FIELD_KEY_BYTES = 32 /* of WEBHOOK_FIELD_HMAC's secret, twice as many hexadecimal digits */
};

/* What a connector's sheet says of its signatures. */
struct webhook_signing {
  enum webhook_scheme scheme;
  uint8_t header; /* number of the header, below WEBHOOK_HEADERS; 0 for a scheme without one */
};

/* The scheme of that name in sheets ("body_hmac", "timestamped_hmac", "field_hmac"); WEBHOOK_UNSIGNED for no
 * such name. */
enum webhook_scheme webhook_scheme_named(const char *name);
/* Whether its signatures stand in a header. */
bool webhook_scheme_has_header(enum webhook_scheme scheme);
/* The name of a header, number below WEBHOOK_HEADERS. Static. */
const char *webhook_header_name(size_t number);
/* The number of the header of that name, in any case; WEBHOOK_HEADERS for none of them. */
size_t webhook_header_numbered(const char *name);

/* The credentials that hold a connector's webhook secrets: the present one, and the one before while it is
 * being changed. They never leave the vault. */
extern const char webhook_secret_name[];
extern const char webhook_secret_previous_name[];
bool webhook_secret_is(const char *credential);
/* Whether text can be a secret of that scheme. */
bool webhook_secret_fits(enum webhook_scheme scheme, const char *text);
