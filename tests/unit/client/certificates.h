/* Certificates made for a test: authorities, servers good and bad, revocation lists. Ends the test on
 * failure. */
#pragma once

#include <openssl/ssl.h>

struct authority {
  EVP_PKEY *key;
  X509 *certificate;
};

struct server_facts {
  const char *name;     /* "DNS:localhost", "IP:127.0.0.1": whom the certificate names */
  int from_day, to_day; /* its validity, from now */
  long serial;
  int newest_version; /* the newest TLS that the server speaks: TLS1_1_VERSION; 0: any */
};

struct authority authority_new(const char *name);
void authority_free(struct authority *authority);
/* A server's context with a certificate by that authority; NULL: signed by itself. */
SSL_CTX *server_context(const struct authority *authority, const struct server_facts *facts);
/* Files in /tmp; the caller unlinks them. path: 32 bytes, filled. */
void write_certificate(const struct authority *authority, char *path);
/* A revocation list of that authority with that serial number on it. */
void write_revoked(const struct authority *authority, long serial, char *path);
