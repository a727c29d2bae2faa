#include "tls.h"

#include "net_address.h"
#include "resolver.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tls {
  SSL_CTX *context;
};

/* Where systems keep their bundle in one file. A directory of hashed files would be read at each handshake,
 * which a jailed process cannot do. */
static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

static int load_system_trust(SSL_CTX *context) {
  for (size_t i = 0; i < sizeof system_bundles / sizeof *system_bundles; i++)
    if (access(system_bundles[i], R_OK) == 0)
      return SSL_CTX_load_verify_file(context, system_bundles[i]) == 1 ? 0 : -EBADMSG;
  return 0;
}

static int certificates(SSL_CTX *context) {
  const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  int count = 0;
  for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
    count += X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_X509;
  return count;
}

static int load_trust(SSL_CTX *context, const char *trust_file) {
  if (trust_file == NULL)
    return load_system_trust(context);
  if (access(trust_file, R_OK) != 0)
    return -ENOENT;
  if (SSL_CTX_load_verify_file(context, trust_file) != 1 || certificates(context) == 0)
    return -EBADMSG;
  return 0;
}

static int load_revoked(SSL_CTX *context, const char *crl_file) {
  if (crl_file == NULL)
    return 0;
  if (access(crl_file, R_OK) != 0)
    return -ENOENT;
  X509_STORE *store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == NULL)
    return -ENOMEM;
  if (X509_load_crl_file(lookup, crl_file, X509_FILETYPE_PEM) < 1)
    return -EBADMSG;
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return 0;
}

/* No session is kept: a ticket would let one host's connection vouch for another, and connections are kept
 * alive. */
static int configure(SSL_CTX *context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1); /* one read(2) a record instead of two */
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 ? 0 : -ENOMEM;
}

int tls_new(const char *trust_file, const char *crl_file, struct tls **ret_tls) {
  /* The system's openssl.cnf, or one named by the environment, must not loosen any of this. */
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
  struct tls *tls = calloc(1, sizeof *tls);
  if (tls == NULL)
    return -ENOMEM;
  tls->context = SSL_CTX_new(TLS_client_method());
  int error = tls->context != NULL ? configure(tls->context) : -ENOMEM;
  if (error == 0)
    error = load_trust(tls->context, trust_file);
  if (error == 0)
    error = load_revoked(tls->context, crl_file);
  ERR_clear_error();
  if (error < 0) {
    tls_free(tls);
    return error;
  }
  *ret_tls = tls;
  return 0;
}

void tls_free(struct tls *tls) {
  SSL_CTX_free(tls->context);
  free(tls);
}

int tls_trusted(const struct tls *tls) {
  return certificates(tls->context);
}

/* The certificate must name exactly this host; SNI is for names alone (RFC 6066, 3). */
static bool bind_host(SSL *ssl, const char *host) {
  struct net_address literal;
  if (net_address_literal(host, 0, &literal) == 0)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
  char name[HOST_NAME_CAPACITY]; /* OpenSSL takes SNI through a pointer that is not const */
  if ((size_t)snprintf(name, sizeof name, "%s", host) >= sizeof name)
    return false;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

int tls_connection_new(struct tls *tls, int fd, const char *host, bool tls13, SSL **ret_ssl) {
  SSL *ssl = SSL_new(tls->context);
  if (ssl == NULL || !bind_host(ssl, host) || SSL_set_fd(ssl, fd) != 1 ||
      (tls13 && SSL_set_min_proto_version(ssl, TLS1_3_VERSION) != 1)) {
    SSL_free(ssl);
    ERR_clear_error();
    return -ENOMEM;
  }
  SSL_set_connect_state(ssl);
  *ret_ssl = ssl;
  return 0;
}
