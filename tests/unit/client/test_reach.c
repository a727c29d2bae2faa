/* Where a request goes and where it does not: names, addresses, redirects, the environment's proxies. */
#include "scripted_server.h"
#include "trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST                                                                                              \
  "POST / HTTP/1.1\r\nHost: psp\r\nAuthorization: Bearer secret\r\nContent-Length: 4\r\n\r\nbody"

enum { LONG_MS = 8000 }; /* and no longer: a machine's name servers may be out of reach */

static const struct script answer = {
    {{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}}};

Test(reach, names_are_resolved) {
  struct scripted_server server;
  struct trial trial;
  struct told told;
  scripted_server_start(&server, &answer, 1, NULL);
  trial_begin(&trial, NULL);
  cr_assert_eq(trial_send(&trial, "localhost", server.port, false, REQUEST, LONG_MS, &told), 0);
  trial_wait(&trial, &told);
  cr_assert_eq(told.phase, PHASE_REPLY);
  trial_end(&trial);
  scripted_server_stop(&server);
}

Test(reach, a_name_without_address_is_not_sent) {
  struct trial trial;
  struct told told;
  trial_begin(&trial, NULL);
  cr_assert_eq(trial_send(&trial, "nobody.invalid", 443, false, REQUEST, LONG_MS, &told), 0);
  trial_wait(&trial, &told);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  cr_assert(told.error == CLIENT_NO_ADDRESS || told.error == CLIENT_TIMEOUT);
  trial_end(&trial);
}

/* Where this machine may be reached besides: in the clear it and nothing else is. */
Test(reach, loopback_besides_what_is_public) {
  static const struct {
    const char *host;
    bool tls;
    enum client_error error;
  } cases[] = {
      {"127.0.0.1", false, CLIENT_DONE},           {"localhost", false, CLIENT_DONE},
      {"10.0.0.1", false, CLIENT_ADDRESS_REFUSED}, {"169.254.169.254", false, CLIENT_ADDRESS_REFUSED},
      {"10.0.0.1", true, CLIENT_ADDRESS_REFUSED},  {"1.1.1.1", false, CLIENT_ADDRESS_REFUSED}};
  struct scripted_server server;
  struct trial trial;
  struct told told;
  scripted_server_start(&server, &answer, 1, NULL);
  trial_begin(&trial, &(struct client_settings){.public_only = true, .loopback_too = true});
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cr_assert_eq(trial_send(&trial, cases[i].host, server.port, cases[i].tls, REQUEST, LONG_MS, &told), 0);
    trial_wait(&trial, &told);
    cr_assert_eq(told.error, cases[i].error, "%s: %s", cases[i].host, client_error_name(told.error));
  }
  trial_end(&trial);
  scripted_server_stop(&server);
}

/* A name that turns out to lead inside (DNS rebinding), and the address itself. */
Test(reach, live_reaches_public_addresses_alone) {
  static const char *const hosts[] = {"localhost", "127.0.0.1",       "::1",
                                      "10.0.0.1",  "169.254.169.254", "::ffff:127.0.0.1"};
  struct scripted_server server;
  struct trial trial;
  struct told told;
  scripted_server_start(&server, &answer, 1, NULL);
  trial_begin(&trial, &(struct client_settings){.public_only = true});
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    cr_assert_eq(trial_send(&trial, hosts[i], server.port, true, REQUEST, LONG_MS, &told), 0);
    trial_wait(&trial, &told);
    cr_assert_eq(told.phase, PHASE_NOT_SENT, "%s", hosts[i]);
    cr_assert_eq(told.error, CLIENT_ADDRESS_REFUSED, "%s: %s", hosts[i], client_error_name(told.error));
  }
  cr_assert_eq(trial_send(&trial, "1.1.1.1", 80, false, REQUEST, LONG_MS, &told), -EINVAL, "plain http");
  cr_assert_eq(server.accepted, 0);
  trial_end(&trial);
  scripted_server_stop(&server);
}

Test(reach, a_redirect_is_an_answer_and_is_not_followed) {
  struct scripted_server first, second;
  struct trial trial;
  char location[200];
  scripted_server_start(&second, &answer, 1, NULL);
  for (unsigned status = 301; status <= 308; status++) {
    snprintf(location, sizeof location,
             "HTTP/1.1 %u Elsewhere\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n", status,
             second.port);
    struct script script = {{{ACTION_READ_REQUEST}, {ACTION_WRITE, location}}};
    scripted_server_start(&first, &script, 1, NULL);
    trial_begin(&trial, NULL);
    struct told told = trial_ask(&trial, first.port, false, REQUEST, LONG_MS);
    cr_assert_eq(told.phase, PHASE_REPLY);
    cr_assert_eq(told.status, status);
    trial_rest(&trial);
    trial_end(&trial);
    scripted_server_stop(&first);
  }
  cr_assert_eq(second.accepted, 0);
  scripted_server_stop(&second);
}

Test(reach, proxies_of_the_environment_are_ignored) {
  static const char *const names[] = {"http_proxy",  "https_proxy", "HTTP_PROXY",
                                      "HTTPS_PROXY", "all_proxy",   "ALL_PROXY"};
  struct scripted_server server, proxy;
  struct trial trial;
  char url[64];
  scripted_server_start(&server, &answer, 1, NULL);
  scripted_server_start(&proxy, &answer, 1, NULL);
  snprintf(url, sizeof url, "http://127.0.0.1:%u", proxy.port);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    setenv(names[i], url, 1);
  trial_begin(&trial, NULL);
  struct told told = trial_ask(&trial, server.port, false, REQUEST, LONG_MS);
  cr_assert_eq(told.phase, PHASE_REPLY);
  cr_assert_eq(server.requests, 1);
  cr_assert_eq(proxy.accepted, 0);
  trial_end(&trial);
  scripted_server_stop(&server);
  scripted_server_stop(&proxy);
}
