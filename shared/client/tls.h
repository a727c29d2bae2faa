/* What TLS is accepted: which trust, which versions, which names. */
#pragma once

#include "result.h"
#include <openssl/ssl.h>
#include <stdbool.h>

struct tls; /* opaque: one trust store, shared by all connections of a pool */

/* Reads the trust store and, when given, the revocation lists; later connections read no file.
 * trust_file: PEM certificates, or NULL for the system's bundle (without one nothing is trusted).
 * crl_file: PEM revocation lists, or NULL; with it a certificate whose issuer has no list in it is refused as
 * well. Returns 0; -ENOENT or -EBADMSG when a given file cannot be read as such; -ENOMEM. Freed with
 * tls_free(). */
MUST_USE int tls_new(const char *trust_file, const char *crl_file, struct tls **ret_tls);
void tls_free(struct tls *tls);
/* How many certificates are trusted. */
int tls_trusted(const struct tls *tls);
/* A client's side of one connection on fd, which stays the caller's: TLS 1.2 or later (1.3 with tls13), the
 * peer's certificate checked against the store and against host, a name (sent as SNI) or an address literal.
 * Returns 0 or -ENOMEM; freed with SSL_free(). */
MUST_USE int tls_connection_new(struct tls *tls, int fd, const char *host, bool tls13, SSL **ret_ssl);
