/* How far a request got, told exactly for each way in which a server can fail. */
#include "scripted_server.h"
#include "trial.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST "POST /charge HTTP/1.1\r\nHost: psp\r\nContent-Length: 16\r\n\r\n4242424242424242"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

enum { LONG_MS = 600000 }; /* longer than a test waits */

struct expectation {
  const char *name;
  struct script script;
  enum phase phase;
  enum client_error error;
  unsigned status;
};

/* Each on a connection of its own. */
static const struct expectation expectations[] = {
    {"answer", {{{ACTION_READ_REQUEST}, {ACTION_WRITE, OK}}}, PHASE_REPLY, CLIENT_DONE, 200},
    {"answer in single bytes",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE_SLOWLY, OK}}},
     PHASE_REPLY,
     CLIENT_DONE,
     200},
    {"error answer",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}}},
     PHASE_REPLY,
     CLIENT_DONE,
     500},
    {"close after the request", {{{ACTION_READ_REQUEST}}}, PHASE_SENT_NO_REPLY, CLIENT_CLOSED, 0},
    {"reset after the request",
     {{{ACTION_READ_REQUEST}, {ACTION_RESET}}},
     PHASE_SENT_NO_REPLY,
     CLIENT_CLOSED,
     0},
    {"reset within the request",
     {{{ACTION_READ_SOME}, {ACTION_RESET}}},
     PHASE_SENT_NO_REPLY,
     CLIENT_CLOSED,
     0},
    {"hang after the request",
     {{{ACTION_READ_REQUEST}, {ACTION_HANG}}},
     PHASE_SENT_NO_REPLY,
     CLIENT_TIMEOUT,
     0},
    {"hang without reading", {{{ACTION_HANG}}}, PHASE_SENT_NO_REPLY, CLIENT_TIMEOUT, 0},
    {"one byte of an answer",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "H"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     0},
    {"half a head, then close",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nConten"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     0},
    {"half a head, then reset",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nConten"},
       {ACTION_WAIT_MS, NULL, 50},
       {ACTION_RESET}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     0},
    {"half a head, then hang",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nConten"}, {ACTION_HANG}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_TIMEOUT,
     0},
    {"half a body",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     200},
    {"half a body, then hang",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"},
       {ACTION_HANG}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_TIMEOUT,
     200},
    {"half a chunk",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     200},
    {"no last chunk",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     200},
    {"garbage for a chunk",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat?\r\n"},
       {ACTION_HANG}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_MALFORMED,
     200},
    {"garbage",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "\1\2\3\r\n\r\n"}, {ACTION_HANG}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_MALFORMED,
     0},
    {"length and chunks",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_MALFORMED,
     0},
    {"too long",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_TOO_LARGE,
     200},
    {"continue, then an answer",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 100 Continue\r\n\r\n"},
       {ACTION_WAIT_MS, NULL, 20},
       {ACTION_WRITE, OK}}},
     PHASE_REPLY,
     CLIENT_DONE,
     200},
    {"continue, then nothing",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 100 Continue\r\n\r\n"}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     0},
    {"answer without a length",
     {{{ACTION_READ_REQUEST}, {ACTION_WRITE, "HTTP/1.1 200 OK\r\n\r\nok"}}},
     PHASE_REPLY,
     CLIENT_DONE,
     200},
    {"answer without a length, then reset",
     {{{ACTION_READ_REQUEST},
       {ACTION_WRITE, "HTTP/1.1 200 OK\r\n\r\nok"},
       {ACTION_WAIT_MS, NULL, 50},
       {ACTION_RESET}}},
     PHASE_PARTIAL_REPLY,
     CLIENT_CLOSED,
     200},
    {"answer before the request is read, then close",
     {{{ACTION_READ_SOME}, {ACTION_WRITE, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"}}},
     PHASE_REPLY,
     CLIENT_DONE,
     413},
};

/* What ends by its time-out does so once the server has come to the end of its script. */
static struct told try_script(const struct expectation *expected) {
  struct scripted_server server;
  struct trial trial;
  struct told told;
  scripted_server_start(&server, &expected->script, 1, NULL);
  trial_begin(&trial, NULL);
  cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told), 0);
  if (expected->error == CLIENT_TIMEOUT) {
    trial_until(&trial, &server.hanging, 1);
    trial_rest(&trial);
    trial_pass(&trial, LONG_MS);
  }
  trial_wait(&trial, &told);
  trial_end(&trial);
  scripted_server_stop(&server);
  cr_expect_leq(server.accepted, 1, "%s: asked %u times", expected->name, server.accepted);
  return told;
}

Test(phases, each_fault_has_its_phase) {
  for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
    const struct expectation *expected = &expectations[i];
    struct told told = try_script(expected);
    cr_expect_eq(told.phase, expected->phase, "%s: %s", expected->name, phase_name(told.phase));
    cr_expect_eq(told.error, expected->error, "%s: %s", expected->name, client_error_name(told.error));
    cr_expect_eq(told.status, expected->status, "%s: %u", expected->name, told.status);
    cr_expect_eq(told.bytes_sent, strlen(REQUEST), "%s: %zu", expected->name, told.bytes_sent);
  }
}

Test(phases, refused_is_not_sent) {
  struct trial trial;
  trial_begin(&trial, NULL);
  struct told told = trial_ask(&trial, unused_port(), false, REQUEST, LONG_MS);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  cr_assert_eq(told.error, CLIENT_NO_CONNECTION);
  cr_assert_eq(told.bytes_sent, 0);
  trial_end(&trial);
}

static void wait_for(atomic_uint *counter, unsigned value) {
  for (int i = 0; i < 12000 && *counter < value; i++)
    usleep(5000);
  cr_assert_geq(*counter, value);
}

Test(phases, closed_before_a_byte_left_is_not_sent) {
  static const struct script scripts[] = {{{{ACTION_END}}}, {{{ACTION_RESET}}}};
  for (int i = 0; i < 2; i++) {
    struct scripted_server server;
    struct trial trial;
    struct told told;
    scripted_server_start(&server, &scripts[i], 1, NULL);
    trial_begin(&trial, NULL);
    cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told), 0);
    wait_for(&server.closed, 1); /* before the loop learns that it is connected */
    trial_wait(&trial, &told);
    cr_assert_eq(told.phase, PHASE_NOT_SENT);
    cr_assert_eq(server.seen_length, 0);
    cr_assert_eq(server.accepted, 1, "asked again without end");
    trial_end(&trial);
    scripted_server_stop(&server);
  }
}

Test(phases, an_answer_that_nobody_asked_for_is_not_taken) {
  static const struct script script = {{{ACTION_WRITE, OK}, {ACTION_HANG}}};
  struct scripted_server server;
  struct trial trial;
  struct told told;
  scripted_server_start(&server, &script, 1, NULL);
  trial_begin(&trial, NULL);
  cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, REQUEST, LONG_MS, &told), 0);
  wait_for(&server.written, 1); /* before the loop learns that it is connected */
  trial_wait(&trial, &told);
  cr_assert_eq(told.phase, PHASE_NOT_SENT);
  cr_assert_eq(server.seen_length, 0);
  trial_end(&trial);
  scripted_server_stop(&server);
}

Test(phases, a_request_that_nobody_reads_is_told_to_the_byte) {
  static const struct script script = {{{ACTION_HANG}}};
  enum { MUCH = 16000000 };
  char *text = malloc(MUCH + 1);
  memset(text, 'x', MUCH);
  text[MUCH] = '\0';
  struct scripted_server server;
  struct trial trial;
  scripted_server_start(&server, &script, 1, NULL);
  trial_begin(&trial, NULL);
  struct told told;
  cr_assert_eq(trial_send(&trial, "127.0.0.1", server.port, false, text, LONG_MS, &told), 0);
  trial_until(&trial, &server.hanging, 1);
  trial_rest(&trial);
  trial_pass(&trial, LONG_MS);
  trial_wait(&trial, &told);
  cr_assert_eq(told.phase, PHASE_SENT_NO_REPLY);
  cr_assert(told.bytes_sent > 0 && told.bytes_sent < MUCH);
  trial_end(&trial);
  scripted_server_stop(&server);
  free(text);
}

Test(phases, an_answer_to_half_a_request_is_an_answer) {
  static const struct script script = {
      {{ACTION_READ_SOME}, {ACTION_WRITE, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"}, {ACTION_HANG}}};
  enum { MUCH = 16000000 };
  char *text = malloc(MUCH + 1);
  memset(text, 'x', MUCH);
  text[MUCH] = '\0';
  struct scripted_server server;
  struct trial trial;
  scripted_server_start(&server, &script, 1, NULL);
  trial_begin(&trial, NULL);
  struct told told = trial_ask(&trial, server.port, false, text, LONG_MS);
  cr_assert_eq(told.phase, PHASE_REPLY);
  cr_assert_eq(told.status, 413);
  cr_assert_lt(told.bytes_sent, MUCH);
  trial_end(&trial);
  scripted_server_stop(&server);
  free(text);
}
