#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "front.h"

enum { MANY = 1500 };

static const struct http_limits limits = {
    .body_bytes = 1024, .connections = 2000, .requests = MANY, .timeout_s = 10};
static const char keep[] = "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n";
static const char get[] = "GET /g HTTP/1.1\r\nHost: a\r\n\r\n";
static const struct http_response done = {
    .status = 200, .content_type = "text/plain", .body = "later", .length = 5};

Test(server, a_kept_request_is_answered_later) {
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  front_talk(&front, client, keep, sizeof keep - 1, &talk);
  cr_assert_eq(talk.length, 0);
  cr_assert_eq(http_server_kept(front.server), 1);
  http_answer(front.kept, &done);
  cr_assert_eq(http_server_kept(front.server), 0);
  front_talk(&front, client, get, sizeof get - 1, &talk);
  cr_assert_eq(answers_in(talk.text), 2, "[%s]", talk.text);
  cr_assert(strstr(talk.text, "later") != NULL);
  cr_assert(strstr(talk.text, "Cache-Control: no-store") != NULL);
  close(client);
  front_close(&front);
}

Test(server, a_client_that_left_is_noticed) {
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front), other = front_connect(&front);
  front_talk(&front, client, keep, sizeof keep - 1, &talk);
  front_talk(&front, other, keep, sizeof keep - 1, &talk);
  close(client);
  front_run(&front, 20);
  cr_assert_eq(front.gone, 1);
  cr_assert_eq(http_server_kept(front.server), 1);
  http_answer(front.kept, &done);
  front_talk(&front, other, "", 0, &talk);
  cr_assert_eq(status_of(talk.text), 200);
  close(other);
  front_close(&front);
}

Test(server, closing_tells_those_who_keep_requests) {
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  front_talk(&front, client, keep, sizeof keep - 1, &talk);
  front_close(&front);
  cr_assert_eq(front.gone, 1);
  close(client);
}

Test(server, requests_over_the_cap_are_told_to_come_back) {
  struct http_limits low = limits;
  struct front front;
  struct talk talk;
  low.requests = 1;
  front_open(&front, low, NULL, NULL);
  int client = front_connect(&front), other = front_connect(&front);
  front_talk(&front, client, keep, sizeof keep - 1, &talk);
  front_talk(&front, other, get, sizeof get - 1, &talk);
  cr_assert_eq(status_of(talk.text), 503);
  cr_assert(strstr(talk.text, "Retry-After: 1") != NULL);
  close(client);
  close(other);
  front_close(&front);
}

Test(server, thousands_wait_without_a_thread_each, .timeout = 60) {
  static int clients[MANY];
  struct front front;
  front_open(&front, limits, NULL, NULL);
  for (size_t i = 0; i < MANY; i++) {
    clients[i] = front_connect(&front);
    cr_assert_eq(send(clients[i], keep, sizeof keep - 1, 0), (ssize_t)sizeof keep - 1);
  }
  for (int rounds = 0; rounds < 2000 && http_server_kept(front.server) < MANY; rounds++)
    cr_assert_eq(loop_round(front.loop, 5), 0);
  cr_assert_eq(http_server_kept(front.server), MANY);
  for (size_t i = 0; i < MANY; i += 2)
    close(clients[i]);
  for (int rounds = 0; rounds < 2000 && http_server_kept(front.server) > MANY / 2; rounds++)
    cr_assert_eq(loop_round(front.loop, 5), 0);
  cr_assert_eq(front.gone, MANY / 2);
  front_close(&front);
  cr_assert_eq(front.gone, MANY);
}

static void talk_sized(struct front *front, size_t size, const char *extra, struct talk *ret_talk) {
  char *text = calloc(1, size + 256);
  int head = sprintf(text, "POST /p HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n", extra, size);
  memset(text + head, 'x', size);
  int client = front_connect(front);
  front_talk(front, client, text, (size_t)head + size, ret_talk);
  close(client);
  free(text);
}

Test(server, bodies_over_the_limit_are_refused) {
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  talk_sized(&front, 1024, "", &talk);
  cr_assert_eq(status_of(talk.text), 200);
  cr_assert_eq(front.last_body, 1024);
  talk_sized(&front, 1025, "", &talk);
  cr_assert_eq(status_of(talk.text), 413, "%s", talk.text);
  talk_sized(&front, HTTP_SWALLOW_MAX, "", &talk);
  cr_assert_eq(status_of(talk.text), 413, "%s", talk.text);
  static const char huge[] = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n";
  int client = front_connect(&front);
  front_talk(&front, client, huge, sizeof huge - 1, &talk);
  cr_assert_eq(status_of(talk.text), 413);
  cr_assert(talk.closed);
  cr_assert_eq(front.handled, 1);
  close(client);
  front_close(&front);
}

static int begin_long(struct front *front, const char *path, size_t size, struct talk *ret_talk) {
  char head[128];
  int client = front_connect(front);
  int length =
      snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\nx", path, size);
  front_talk(front, client, head, (size_t)length, ret_talk);
  return client;
}

Test(server, one_path_takes_longer_bodies_and_so_many_at_once) {
  struct http_limits with_long = limits;
  struct front front;
  struct talk talk;
  with_long.long_path = "/long";
  with_long.long_body_bytes = 5000;
  with_long.long_bodies = 2;
  front_open(&front, with_long, NULL, NULL);
  int whole = begin_long(&front, "/long", 1025, &talk);
  static char rest[1024];
  memset(rest, 'x', sizeof rest);
  front_talk(&front, whole, rest, sizeof rest, &talk);
  cr_expect_eq(status_of(talk.text), 200, "%s", talk.text);
  cr_expect_eq(front.last_body, 1025);
  close(begin_long(&front, "/long", 5001, &talk));
  close(begin_long(&front, "/longer", 1025, &talk));
  cr_expect_eq(front.handled, 1);
  talk_sized(&front, 1025, "", &talk);
  cr_expect_eq(status_of(talk.text), 413, "another path: %s", talk.text);
  int first = begin_long(&front, "/long", 5000, &talk), second = begin_long(&front, "/long", 5000, &talk);
  cr_expect_eq(talk.length, 0, "%s", talk.text);
  int third = begin_long(&front, "/long", 1025, &talk);
  front_talk(&front, third, rest, sizeof rest, &talk);
  cr_expect_eq(status_of(talk.text), 503, "%s", talk.text);
  close(first);
  front_run(&front, 50);
  int fourth = begin_long(&front, "/long", 1025, &talk);
  front_talk(&front, fourth, rest, sizeof rest, &talk);
  cr_expect_eq(status_of(talk.text), 200, "%s", talk.text);
  close(whole);
  close(second);
  close(third);
  close(fourth);
  front_close(&front);
}

Test(server, expect_is_answered_before_the_body) {
  static const char head[] =
      "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  front_talk(&front, client, head, sizeof head - 1, &talk);
  cr_assert_eq(status_of(talk.text), 100);
  front_talk(&front, client, "{}", 2, &talk);
  cr_assert_eq(status_of(talk.text), 200);
  close(client);
  front_close(&front);
}

Test(server, a_long_target_and_many_headers_are_refused) {
  static char text[40000];
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int length = sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_TARGET_MAX, 0);
  int client = front_connect(&front);
  front_talk(&front, client, text, (size_t)length, &talk);
  cr_assert_eq(status_of(talk.text), 414);
  close(client);
  length = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < HTTP_HEADERS_MAX; i++)
    length += sprintf(text + length, "X: a\r\n");
  length += sprintf(text + length, "\r\n");
  client = front_connect(&front);
  front_talk(&front, client, text, (size_t)length, &talk);
  cr_assert_eq(status_of(talk.text), 431);
  cr_assert_eq(front.handled, 0);
  close(client);
  front_close(&front);
}

Test(server, every_answer_has_an_id_of_its_own) {
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  char first[40];
  front_talk(&front, client, get, sizeof get - 1, &talk);
  const char *id = strstr(talk.text, "Freeport-Request-Id: req_");
  cr_assert(id != NULL);
  sscanf(id, "Freeport-Request-Id: %39s", first);
  front_talk(&front, client, get, sizeof get - 1, &talk);
  cr_assert(strstr(talk.text, first) == NULL);
  close(client);
  front_close(&front);
}

Test(server, an_idle_connection_is_closed_but_not_a_kept_one, .timeout = 20) {
  struct http_limits low = limits;
  struct front front;
  struct talk talk;
  low.timeout_s = 1;
  front_open(&front, low, NULL, NULL);
  int client = front_connect(&front), idle = front_connect(&front);
  front_talk(&front, client, keep, sizeof keep - 1, &talk);
  for (int i = 0; i < 25; i++)
    cr_assert_eq(loop_round(front.loop, 100), 0);
  front_talk(&front, idle, "", 0, &talk);
  cr_assert(talk.closed);
  cr_assert_eq(http_server_kept(front.server), 1);
  close(client);
  close(idle);
  front_close(&front);
}

static char *read_file(const char *path) {
  char *text = calloc(1, 8192);
  FILE *file = fopen(path, "r");
  cr_assert(file != NULL);
  cr_assert_gt(fread(text, 1, 8191, file), 0);
  fclose(file);
  return text;
}

/* openssl s_client is the client, so that another TLS library than the server's judges. */
Test(server, https_is_served_with_tls_1_2_and_up, .timeout = 60) {
  char folder[] = "/tmp/freeport-http-XXXXXX", command[1024], output[4096] = "";
  cr_assert(mkdtemp(folder) != NULL);
  snprintf(command, sizeof command,
           "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s/key.pem -out "
           "%s/cert.pem "
           "-days 1 -subj /CN=localhost 2>/dev/null",
           folder, folder);
  cr_assert_eq(system(command), 0);
  snprintf(command, sizeof command, "%s/key.pem", folder);
  char *key = read_file(command);
  snprintf(command, sizeof command, "%s/cert.pem", folder);
  char *certificate = read_file(command);
  struct front front;
  front_open(&front, limits, certificate, key);
  static const char *const versions[] = {"-tls1_3", "-tls1_2", "-tls1_1 -cipher ALL:@SECLEVEL=0"};
  for (size_t i = 0; i < 3; i++) {
    snprintf(
        command, sizeof command,
        "printf 'GET /g HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | timeout 10 openssl "
        "s_client %s "
        "-ign_eof -quiet -CAfile %s/cert.pem -verify_return_error -connect 127.0.0.1:%d >%s/out 2>/dev/null",
        versions[i], folder, front.port, folder);
    pid_t child = fork();
    if (child == 0)
      _exit(system(command) == 0 ? 0 : 1);
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0)
      cr_assert_eq(loop_round(front.loop, 20), 0);
    snprintf(command, sizeof command, "%s/out", folder);
    FILE *file = fopen(command, "r");
    size_t length = fread(output, 1, sizeof output - 1, file);
    fclose(file);
    output[length] = '\0';
    cr_expect_eq(status_of(output), i < 2 ? 200 : 0, "%s: %s", versions[i], output);
  }
  front_close(&front);
  free(key);
  free(certificate);
  snprintf(command, sizeof command, "rm -r %s", folder);
  cr_assert_eq(system(command), 0);
}
