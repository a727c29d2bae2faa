#include "certificates.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_S = 86400, AUTHORITY_DAYS = 30 };

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  cr_assert_not_null(extension);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

static X509 *certificate_begin(EVP_PKEY *key, const char *name, long serial, int from_day, int to_day) {
  X509 *certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), (long)from_day * DAY_S);
  X509_gmtime_adj(X509_getm_notAfter(certificate), (long)to_day * DAY_S);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             (const unsigned char *)name, -1, -1, 0);
  return certificate;
}

struct authority authority_new(const char *name) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = certificate_begin(key, name, 1, -1, AUTHORITY_DAYS);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
  return (struct authority){.key = key, .certificate = certificate};
}

void authority_free(struct authority *authority) {
  EVP_PKEY_free(authority->key);
  X509_free(authority->certificate);
}

SSL_CTX *server_context(const struct authority *authority, const struct server_facts *facts) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = certificate_begin(key, "server", facts->serial, facts->from_day, facts->to_day);
  X509 *issuer = authority != NULL ? authority->certificate : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_subject_alt_name, facts->name);
  cr_assert_gt(X509_sign(certificate, authority != NULL ? authority->key : key, EVP_sha256()), 0);
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  cr_assert_eq(SSL_CTX_use_certificate(context, certificate), 1);
  cr_assert_eq(SSL_CTX_use_PrivateKey(context, key), 1);
  if (facts->newest_version != 0) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, facts->newest_version);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

static FILE *make_file(char *path) {
  strcpy(path, "/tmp/freeport-test-XXXXXX");
  int fd = mkstemp(path);
  cr_assert_geq(fd, 0);
  return fdopen(fd, "w");
}

void write_certificate(const struct authority *authority, char *path) {
  FILE *file = make_file(path);
  cr_assert_eq(PEM_write_X509(file, authority->certificate), 1);
  fclose(file);
}

void write_revoked(const struct authority *authority, long serial, char *path) {
  X509_CRL *list = X509_CRL_new();
  X509_REVOKED *revoked = X509_REVOKED_new();
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  ASN1_TIME *before = X509_gmtime_adj(NULL, -DAY_S), *after = X509_gmtime_adj(NULL, DAY_S);
  ASN1_INTEGER_set(number, serial);
  X509_REVOKED_set_serialNumber(revoked, number);
  X509_REVOKED_set_revocationDate(revoked, before);
  X509_CRL_set_version(list, 1);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate));
  X509_CRL_set1_lastUpdate(list, before);
  X509_CRL_set1_nextUpdate(list, after);
  X509_CRL_add0_revoked(list, revoked);
  X509_CRL_sort(list);
  cr_assert_gt(X509_CRL_sign(list, authority->key, EVP_sha256()), 0);
  FILE *file = make_file(path);
  cr_assert_eq(PEM_write_X509_CRL(file, list), 1);
  fclose(file);
  ASN1_INTEGER_free(number);
  ASN1_TIME_free(before);
  ASN1_TIME_free(after);
  X509_CRL_free(list);
}
