/* Which servers are trusted: to a bad one no byte of a request goes (PCI DSS 4.2.1). */
#include "certificates.h"
#include "scripted_server.h"
#include "trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARD "4242424242424242"
#define REQUEST "POST / HTTP/1.1\r\nHost: psp\r\nContent-Length: 16\r\n\r\n" CARD

enum { LONG_MS = 600000, GOOD_SERIAL = 7, REVOKED_SERIAL = 8, PATH = 32 };

static const struct script answer = {{{ACTION_READ_REQUEST},
                                      {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
                                      {ACTION_REPEAT}}};

static struct authority ours, theirs;
static char trust[PATH], crl[PATH];

static void make_files(void) {
  ours = authority_new("ours");
  theirs = authority_new("theirs");
  write_certificate(&ours, trust);
  write_revoked(&ours, REVOKED_SERIAL, crl);
}

static void remove_files(void) {
  unlink(trust);
  unlink(crl);
  authority_free(&ours);
  authority_free(&theirs);
}

TestSuite(tls, .init = make_files, .fini = remove_files);

/* Asks host on a server of those facts; *ret_seen: how many bytes of the request it got. */
static struct told ask(const struct authority *authority, const struct server_facts *facts, const char *host,
                       const char *crl_file, size_t *ret_seen) {
  struct scripted_server server;
  struct trial trial;
  struct told told;
  SSL_CTX *context = server_context(authority, facts);
  scripted_server_start(&server, &answer, 1, context);
  trial_begin(&trial, &(struct client_settings){.trust_file = trust, .crl_file = crl_file});
  cr_assert_eq(trial_send(&trial, host, server.port, true, REQUEST, LONG_MS, &told), 0);
  trial_wait(&trial, &told);
  *ret_seen = server.seen_length;
  trial_end(&trial);
  scripted_server_stop(&server);
  SSL_CTX_free(context);
  return told;
}

static const struct server_facts good = {"DNS:localhost", -1, 1, GOOD_SERIAL, 0};

Test(tls, a_good_server_is_asked) {
  static const struct {
    struct server_facts facts;
    const char *host;
  } servers[] = {{{"DNS:localhost", -1, 1, GOOD_SERIAL, 0}, "localhost"},
                 {{"IP:127.0.0.1", -1, 1, GOOD_SERIAL, 0}, "127.0.0.1"},
                 {{"DNS:localhost", -1, 1, GOOD_SERIAL, TLS1_2_VERSION}, "localhost"}};
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    size_t seen;
    struct told told = ask(&ours, &servers[i].facts, servers[i].host, i == 0 ? crl : NULL, &seen);
    cr_assert_eq(told.phase, PHASE_REPLY, "%zu: %s", i, client_error_name(told.error));
    cr_assert_str_eq(told.body, "ok");
    cr_assert_eq(seen, strlen(REQUEST));
    cr_assert_geq(told.bytes_sent, strlen(REQUEST));
  }
}

Test(tls, a_bad_server_gets_nothing) {
  const struct {
    const char *what;
    const struct authority *authority;
    struct server_facts facts;
    enum client_error error;
    const char *host;
  } servers[] = {
      {"expired", &ours, {"DNS:localhost", -2, -1, GOOD_SERIAL, 0}, CLIENT_CERTIFICATE, "localhost"},
      {"not yet valid", &ours, {"DNS:localhost", 1, 2, GOOD_SERIAL, 0}, CLIENT_CERTIFICATE, "localhost"},
      {"another's name",
       &ours,
       {"DNS:elsewhere.example", -1, 1, GOOD_SERIAL, 0},
       CLIENT_CERTIFICATE,
       "localhost"},
      {"the name for the address",
       &ours,
       {"DNS:127.0.0.1", -1, 1, GOOD_SERIAL, 0},
       CLIENT_CERTIFICATE,
       "127.0.0.1"},
      {"another address", &ours, {"IP:127.0.0.2", -1, 1, GOOD_SERIAL, 0}, CLIENT_CERTIFICATE, "127.0.0.1"},
      {"its own", NULL, {"DNS:localhost", -1, 1, GOOD_SERIAL, 0}, CLIENT_CERTIFICATE, "localhost"},
      {"another authority's",
       &theirs,
       {"DNS:localhost", -1, 1, GOOD_SERIAL, 0},
       CLIENT_CERTIFICATE,
       "localhost"},
      {"revoked", &ours, {"DNS:localhost", -1, 1, REVOKED_SERIAL, 0}, CLIENT_CERTIFICATE, "localhost"},
      {"TLS 1.1", &ours, {"DNS:localhost", -1, 1, GOOD_SERIAL, TLS1_1_VERSION}, CLIENT_TLS, "localhost"},
      {"TLS 1.0", &ours, {"DNS:localhost", -1, 1, GOOD_SERIAL, TLS1_VERSION}, CLIENT_TLS, "localhost"},
  };
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    size_t seen;
    struct told told = ask(servers[i].authority, &servers[i].facts, servers[i].host, crl, &seen);
    cr_expect_eq(told.phase, PHASE_NOT_SENT, "%s: %s", servers[i].what, phase_name(told.phase));
    cr_expect_eq(told.error, servers[i].error, "%s: %s", servers[i].what, client_error_name(told.error));
    cr_expect_eq(told.bytes_sent, 0, "%s", servers[i].what);
    cr_expect_eq(seen, 0, "%s: %zu bytes", servers[i].what, seen);
  }
}

Test(tls, a_request_may_insist_on_tls_1_3) {
  for (int insists = 0; insists < 2; insists++) {
    SSL_CTX *context =
        server_context(&ours, &(struct server_facts){"DNS:localhost", -1, 1, GOOD_SERIAL, TLS1_2_VERSION});
    struct scripted_server server;
    struct trial trial;
    struct told told = {0};
    struct client_request request = {.host = "localhost",
                                     .tls = true,
                                     .tls13 = insists,
                                     .length = strlen(REQUEST),
                                     .timeout_us = 60000000,
                                     .done = trial_told,
                                     .body_limit = 100,
                                     .context = &told};
    scripted_server_start(&server, &answer, 1, context);
    trial_begin(&trial, &(struct client_settings){.trust_file = trust});
    request.port = server.port;
    request.bytes = client_bytes(request.length);
    memcpy(request.bytes, REQUEST, request.length);
    cr_assert_eq(client_send(trial.pool, &request), 0);
    trial_wait(&trial, &told);
    cr_assert_eq(told.phase, insists ? PHASE_NOT_SENT : PHASE_REPLY);
    trial_end(&trial);
    scripted_server_stop(&server);
    SSL_CTX_free(context);
  }
}

/* With a list given, an issuer that has none in it vouches for nobody. */
Test(tls, an_issuer_without_a_list_is_refused) {
  char other[PATH];
  size_t seen;
  write_revoked(&theirs, REVOKED_SERIAL, other);
  struct told told = ask(&ours, &good, "localhost", other, &seen);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  cr_assert_eq(told.error, CLIENT_CERTIFICATE);
  cr_assert_eq(seen, 0);
  unlink(other);
}

/* The environment moves neither the trust nor the keys. */
Test(tls, the_environment_changes_nothing) {
  char foreign[PATH], keys[] = "/tmp/freeport-keys-XXXXXX";
  write_certificate(&theirs, foreign);
  int fd = mkstemp(keys);
  setenv("SSLKEYLOGFILE", keys, 1);
  setenv("SSL_CERT_FILE", foreign, 1);
  setenv("OPENSSL_CONF", "/nowhere", 1);
  size_t seen;
  struct told told = ask(&ours, &good, "localhost", NULL, &seen);
  cr_assert_eq(told.phase, PHASE_REPLY);
  cr_assert_eq(lseek(fd, 0, SEEK_END), 0, "keys were written");
  told = ask(&theirs, &good, "localhost", NULL, &seen);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  close(fd);
  unlink(keys);
  unlink(foreign);
}

Test(tls, files_that_are_none_are_refused) {
  struct loop *loop;
  struct client_pool *pool;
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  cr_assert_eq(
      client_pool_new(loop, &system_clock, &(struct client_settings){.trust_file = "/nowhere"}, &pool),
      -ENOENT);
  cr_assert_eq(client_pool_new(loop, &system_clock, &(struct client_settings){.trust_file = crl}, &pool),
               -EBADMSG);
  cr_assert_eq(client_pool_new(loop, &system_clock,
                               &(struct client_settings){.trust_file = trust, .crl_file = trust}, &pool),
               -EBADMSG);
  loop_free(loop);
}

/* Plain http on the other side, and a client that speaks TLS: nothing of the request leaves. */
Test(tls, a_server_without_tls_gets_nothing) {
  static const struct script script = {{{ACTION_READ_SOME}, {ACTION_WRITE, "HTTP/1.1 400 What?\r\n\r\n"}}};
  struct scripted_server server;
  struct trial trial;
  scripted_server_start(&server, &script, 1, NULL);
  trial_begin(&trial, &(struct client_settings){.trust_file = trust});
  struct told told = trial_ask(&trial, server.port, true, REQUEST, LONG_MS);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  cr_assert_eq(told.error, CLIENT_TLS);
  cr_assert_null(memmem(server.seen, server.seen_length, CARD, strlen(CARD)));
  trial_end(&trial);
  scripted_server_stop(&server);
}

struct fault {
  const char *what;
  struct script script;
  enum phase phase;
  bool hangs; /* and ends by its time-out */
};

static void expect_phase(SSL_CTX *context, const struct fault *fault) {
  struct scripted_server server;
  struct trial trial;
  scripted_server_start(&server, &fault->script, 1, context);
  trial_begin(&trial, &(struct client_settings){.trust_file = trust});
  struct told told;
  cr_assert_eq(trial_send(&trial, "localhost", server.port, true, REQUEST, LONG_MS, &told), 0);
  if (fault->hangs) {
    trial_until(&trial, &server.hanging, 1);
    trial_pass(&trial, LONG_MS);
  }
  trial_wait(&trial, &told);
  cr_expect_eq(told.phase, fault->phase, "%s: %s, %s", fault->what, phase_name(told.phase),
               client_error_name(told.error));
  trial_end(&trial);
  scripted_server_stop(&server);
}

Test(tls, phases_are_as_exact_as_without) {
  static const struct fault faults[] = {
      {"close", {{{ACTION_READ_REQUEST}}}, PHASE_SENT_NO_REPLY},
      {"reset", {{{ACTION_READ_REQUEST}, {ACTION_RESET}}}, PHASE_SENT_NO_REPLY},
      {"hang", {{{ACTION_READ_REQUEST}, {ACTION_HANG}}}, PHASE_SENT_NO_REPLY, true},
      {"half",
       {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nh"}}},
       PHASE_PARTIAL_REPLY},
      {"no length and no close_notify",
       {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\n\r\nhalf"}}},
       PHASE_PARTIAL_REPLY},
      {"single bytes",
       {{{ACTION_READ_REQUEST}, {ACTION_WRITE_SLOWLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}}},
       PHASE_REPLY},
  };
  SSL_CTX *context = server_context(&ours, &good);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    expect_phase(context, &faults[i]);
  SSL_CTX_free(context);
}

Test(tls, a_connection_is_used_again) {
  struct scripted_server server;
  struct trial trial;
  SSL_CTX *context = server_context(&ours, &good);
  scripted_server_start(&server, &answer, 1, context);
  trial_begin(&trial, &(struct client_settings){.trust_file = trust});
  for (int i = 0; i < 5; i++) {
    struct told told = trial_ask(&trial, server.port, true, REQUEST, LONG_MS);
    cr_assert_eq(told.phase, PHASE_REPLY);
  }
  cr_assert_eq(server.accepted, 1);
  trial_end(&trial);
  scripted_server_stop(&server);
  SSL_CTX_free(context);
}

/* A body of many records. */
Test(tls, a_long_answer_comes_whole) {
  enum { BODY = 200000 };
  char *text = malloc(BODY + 200);
  int head = sprintf(text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BODY);
  memset(text + head, 'b', BODY);
  text[head + BODY] = '\0';
  struct script script = {{{ACTION_READ_REQUEST}, {ACTION_WRITE, text}, {ACTION_REPEAT}}};
  struct scripted_server server;
  struct trial trial;
  SSL_CTX *context = server_context(&ours, &good);
  scripted_server_start(&server, &script, 1, context);
  trial_begin(&trial, &(struct client_settings){.trust_file = trust});
  for (int i = 0; i < 3; i++) {
    struct told told = trial_ask(&trial, server.port, true, REQUEST, LONG_MS);
    cr_assert_eq(told.phase, PHASE_REPLY);
    cr_assert_eq(told.body_length, BODY);
  }
  cr_assert_eq(server.accepted, 1);
  trial_end(&trial);
  scripted_server_stop(&server);
  SSL_CTX_free(context);
  free(text);
}
