/* Connections that are kept: when they are used again, when not, and that nothing is sent twice. */
#include "scripted_server.h"
#include "trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define REQUEST "POST / HTTP/1.1\r\nHost: psp\r\nContent-Length: 4\r\n\r\nbody"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ANSWER                                                                                               \
  {ACTION_READ_REQUEST}, {                                                                                   \
    ACTION_WRITE, OK                                                                                         \
  }

enum { LONG_MS = 600000 }; /* longer than a test waits */

static void begin(struct scripted_server *server, struct trial *trial, const struct script *scripts,
                  unsigned count) {
  scripted_server_start(server, scripts, count, NULL);
  trial_begin(trial, NULL);
}

static void end(struct scripted_server *server, struct trial *trial) {
  trial_end(trial);
  scripted_server_stop(server);
}

/* Without the loop. What the server has done by then may be a moment on its way. */
static void wait_for(atomic_uint *counter, unsigned value) {
  for (int i = 0; i < 12000 && *counter < value; i++)
    usleep(5000);
  cr_assert_geq(*counter, value);
  usleep(20000);
}

static void ask(struct scripted_server *server, struct trial *trial, enum phase phase) {
  struct told told = trial_ask(trial, server->port, false, REQUEST, LONG_MS);
  cr_assert_eq(told.phase, phase, "%s, %s", phase_name(told.phase), client_error_name(told.error));
}

Test(keep_alive, a_connection_is_used_again) {
  static const struct script script = {{ANSWER, ANSWER, ANSWER, {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  for (int i = 0; i < 3; i++)
    ask(&server, &trial, PHASE_REPLY);
  cr_assert_eq(server.accepted, 1);
  cr_assert_eq(server.requests, 3);
  end(&server, &trial);
}

/* Closed while idle: another connection takes its place without a word. */
Test(keep_alive, a_stale_connection_is_replaced) {
  static const struct script script = {{ANSWER}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  ask(&server, &trial, PHASE_REPLY);
  trial_until(&trial, &server.closed, 1);
  trial_rest(&trial); /* the loop sees the end */
  ask(&server, &trial, PHASE_REPLY);
  wait_for(&server.closed, 2); /* the loop does not: the look before use does */
  ask(&server, &trial, PHASE_REPLY);
  cr_assert_eq(server.accepted, 3);
  cr_assert_eq(server.requests, 3);
  end(&server, &trial);
}

/* Closed with the request on its way: it may have arrived, so it is not sent again. */
Test(keep_alive, a_request_is_never_sent_twice) {
  static const struct script scripts[] = {{{ANSWER, {ACTION_READ_REQUEST}, {ACTION_END}}},
                                          {{ANSWER, {ACTION_READ_REQUEST}, {ACTION_RESET}}}};
  for (int i = 0; i < 2; i++) {
    struct scripted_server server;
    struct trial trial;
    begin(&server, &trial, &scripts[i], 1);
    ask(&server, &trial, PHASE_REPLY);
    ask(&server, &trial, PHASE_SENT_NO_REPLY);
    trial_rest(&trial);
    cr_assert_eq(server.accepted, 1);
    cr_assert_eq(server.requests, 2);
    end(&server, &trial);
  }
}

/* What follows an answer belongs to no request. */
Test(keep_alive, bytes_after_an_answer_end_the_connection) {
  static const struct script scripts[] = {
      {{{ACTION_READ_REQUEST},
        {ACTION_WRITE, OK "HTTP/1.1 201 Stray\r\nContent-Length: 0\r\n\r\n"},
        {ACTION_HANG}}},
      {{ANSWER,
        {ACTION_AWAIT_GATE},
        {ACTION_WRITE, "HTTP/1.1 201 Stray\r\nContent-Length: 0\r\n\r\n"},
        {ACTION_HANG}}},
  };
  for (int i = 0; i < 2; i++) {
    struct scripted_server server;
    struct trial trial;
    begin(&server, &trial, &scripts[i], 1);
    for (unsigned time = 0; time < 2; time++) {
      server.gate = false;
      struct told told = trial_ask(&trial, server.port, false, REQUEST, LONG_MS);
      cr_assert_eq(told.status, 200);
      server.gate = true;
      wait_for(&server.hanging, time + 1);
    }
    cr_assert_eq(server.accepted, 2);
    end(&server, &trial);
  }
}

/* The lowest number there is, less the margin, must not come out as the highest. */
Test(keep_alive, a_senseless_time_is_none) {
  static const struct script script = {
      {{ACTION_READ_REQUEST},
       {ACTION_WRITE,
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=-99999999999999999999\r\nContent-Length: 2\r\n\r\nok"},
       {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  ask(&server, &trial, PHASE_REPLY);
  ask(&server, &trial, PHASE_REPLY);
  cr_assert_eq(server.accepted, 2);
  end(&server, &trial);
}

Test(keep_alive, the_server_may_ask_for_an_end) {
  static const struct script script = {
      {{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"},
       {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  ask(&server, &trial, PHASE_REPLY);
  ask(&server, &trial, PHASE_REPLY);
  cr_assert_eq(server.accepted, 2);
  end(&server, &trial);
}

Test(keep_alive, the_server_may_bound_the_idle_time) {
  static const struct script script = {
      {{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok"},
       {ACTION_READ_REQUEST},
       {ACTION_WRITE, OK},
       {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  ask(&server, &trial, PHASE_REPLY);
  ask(&server, &trial, PHASE_REPLY);
  cr_assert_eq(server.accepted, 2);
  end(&server, &trial);
}

/* After a timeout the late answer must not be taken for the next request's. */
Test(keep_alive, a_late_answer_reaches_nobody) {
  static const struct script scripts[] = {
      {{{ACTION_READ_REQUEST},
        {ACTION_AWAIT_GATE},
        {ACTION_WRITE, "HTTP/1.1 201 Late\r\nContent-Length: 0\r\n\r\n"}}},
      {{ANSWER}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, scripts, 2);
  struct told told;
  cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told), 0);
  trial_until(&trial, &server.requests, 1);
  trial_pass(&trial, LONG_MS);
  trial_wait(&trial, &told);
  cr_assert_eq(told.phase, PHASE_SENT_NO_REPLY);
  server.gate = true;
  wait_for(&server.written, 1);
  told = trial_ask(&trial, server.port, false, REQUEST, LONG_MS);
  cr_assert_eq(told.status, 200);
  cr_assert_eq(server.accepted, 2);
  end(&server, &trial);
}

/* Beyond the connections requests wait; those that wait too long were not sent. */
Test(keep_alive, connections_and_queue_are_bounded) {
  static const struct script script = {{{ACTION_READ_REQUEST}, {ACTION_HANG}}};
  enum { ALL = CLIENT_CONNECTIONS_PER_HOST + CLIENT_QUEUE_PER_HOST };
  static struct told told[ALL];
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  for (int i = 0; i < CLIENT_CONNECTIONS_PER_HOST; i++)
    cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, 2 * LONG_MS, &told[i]), 0);
  trial_until(&trial, &server.requests, CLIENT_CONNECTIONS_PER_HOST);
  for (int i = CLIENT_CONNECTIONS_PER_HOST; i < ALL; i++)
    cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told[i]), 0);
  struct told one_too_many;
  cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &one_too_many),
               -ENOBUFS);
  trial_pass(&trial, LONG_MS);
  for (int i = CLIENT_CONNECTIONS_PER_HOST; i < ALL; i++) {
    trial_wait(&trial, &told[i]);
    cr_assert(told[i].phase == PHASE_NOT_SENT && told[i].error == CLIENT_TIMEOUT);
  }
  trial_pass(&trial, LONG_MS);
  for (int i = 0; i < CLIENT_CONNECTIONS_PER_HOST; i++) {
    trial_wait(&trial, &told[i]);
    cr_assert_eq(told[i].phase, PHASE_SENT_NO_REPLY);
  }
  cr_assert_eq(server.accepted, CLIENT_CONNECTIONS_PER_HOST);
  end(&server, &trial);
}

Test(keep_alive, a_queue_shares_the_connections) {
  static const struct script script = {{ANSWER, {ACTION_REPEAT}}};
  enum { ALL = 3 * CLIENT_CONNECTIONS_PER_HOST };
  static struct told told[ALL];
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  for (int i = 0; i < ALL; i++)
    cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told[i]), 0);
  for (int i = 0; i < ALL; i++) {
    trial_wait(&trial, &told[i]);
    cr_assert_eq(told[i].phase, PHASE_REPLY);
  }
  cr_assert_leq(server.accepted, CLIENT_CONNECTIONS_PER_HOST);
  cr_assert_eq(server.requests, ALL);
  end(&server, &trial);
}

struct chain {
  struct trial *trial;
  uint16_t port;
  struct told first, second;
};

static void send_next(void *context, const struct client_result *result) {
  struct chain *chain = context;
  trial_told(&chain->first, result);
  cr_assert_eq(trial_send(chain->trial, "127.0.0.1", chain->port, false, REQUEST, LONG_MS, &chain->second),
               0);
}

Test(keep_alive, a_callback_may_send_the_next_request) {
  static const struct script script = {{ANSWER, ANSWER, {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  begin(&server, &trial, &script, 1);
  struct chain chain = {.trial = &trial, .port = server.port};
  struct client_request request = {.host = "127.0.0.1",
                                   .port = server.port,
                                   .length = strlen(REQUEST),
                                   .timeout_us = 60000000,
                                   .body_limit = 100,
                                   .done = send_next,
                                   .context = &chain};
  request.bytes = client_bytes(request.length);
  memcpy(request.bytes, REQUEST, request.length);
  cr_assert_eq(client_send(trial.pool, &request), 0);
  while (chain.first.times == 0)
    cr_assert_eq(loop_round(trial.loop, 100), 0);
  trial_wait(&trial, &chain.second);
  cr_assert_eq(chain.second.phase, PHASE_REPLY);
  cr_assert_eq(server.accepted, 1);
  end(&server, &trial);
}

/* An idle connection keeps no place that a request wants: a full table of hosts gives up its longest known.
 */
Test(keep_alive, an_idle_host_makes_room_for_another) {
  static const struct script script = {{ANSWER, ANSWER, {ACTION_HANG}}};
  struct scripted_server servers[3];
  struct trial trial;
  struct told told;
  trial_begin(&trial, &(struct client_settings){.hosts_max = 2});
  for (int i = 0; i < 3; i++)
    scripted_server_start(&servers[i], &script, 1, NULL);
  for (int i = 0; i < 3; i++)
    ask(&servers[i], &trial, PHASE_REPLY);
  ask(&servers[1], &trial, PHASE_REPLY);
  cr_expect_eq(servers[1].accepted, 1, "the later one was kept");
  cr_assert_eq(trial_send(&trial, "127.0.0.1", servers[1].port, false, REQUEST, LONG_MS, &told), 0);
  ask(&servers[0], &trial, PHASE_REPLY);
  cr_expect_eq(servers[0].accepted, 2, "the first was forgotten");
  cr_expect_eq(servers[1].accepted, 1, "one with a request under way is not");
  trial_until(&trial, &servers[1].hanging, 1);
  trial_pass(&trial, LONG_MS);
  trial_wait(&trial, &told);
  trial_end(&trial);
  for (int i = 0; i < 3; i++)
    scripted_server_stop(&servers[i]);
}
