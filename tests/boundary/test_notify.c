/* The real freeport-notify between a router that is hostile and endpoints that are; and the real
 * freeport-router with a notify that is. */
#include "notify_protocol.h"
#include "scripted_server.h"
#include "spawn.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MS = 30000, QUIET_MS = 150 };

#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 2\r\n\r\nok"

static const struct script takes = {
    {{ACTION_READ_REQUEST}, {ACTION_WRITE, ANSWER("200 OK")}, {ACTION_REPEAT}}};
static const struct script hangs = {{{ACTION_READ_REQUEST}, {ACTION_HANG}}};

struct stage {
  struct spawned notify;
  int router;
  struct scripted_server endpoint;
};

static void begin(struct stage *stage, const char *environment, const struct script *script) {
  const char *const arguments[] = {"--environment", environment, NULL};
  scripted_server_start(&stage->endpoint, script, 1, NULL);
  spawn_start(&stage->notify, "freeport-notify", arguments, NULL);
  stage->router = spawn_connect(&stage->notify, "router");
  spawn_wait_ready(&stage->notify);
}

static void end(struct stage *stage) {
  cr_expect_eq(spawn_stop(&stage->notify), 0);
  close(stage->router);
  scripted_server_stop(&stage->endpoint);
}

static struct delivery_head head_for(const struct stage *stage, uint32_t length) {
  struct delivery_head head = {.timestamp_s = 1700000000, .timeout_ms = 20000, .length = length};
  snprintf(head.url, sizeof head.url, "http://127.0.0.1:%u/hook", stage->endpoint.port);
  strcpy(head.id.text, "evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  strcpy(head.signatures, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  return head;
}

static void say(int line, unsigned type, uint64_t correlation, const struct writer *body) {
  uint8_t message[MESSAGE_MAX];
  struct writer writer = writer_over(message, sizeof message);
  write_u8(&writer, MESSAGE_VERSION);
  write_u8(&writer, (uint8_t)type);
  write_u16(&writer, 0);
  write_u32(&writer, (uint32_t)writer_length(body));
  write_u64(&writer, correlation);
  write_bytes(&writer, body->start, writer_length(body));
  cr_assert_eq(send(line, message, writer_length(&writer), 0), (ssize_t)writer_length(&writer));
}

static void push(int router, uint64_t correlation, const struct delivery_head *head, const void *body) {
  static uint8_t bytes[MESSAGE_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes - MESSAGE_HEADER);
  write_deliver(&writer, head, body);
  say(router, NOTIFY_DELIVER, correlation, &writer);
  for (size_t at = DELIVERY_PIECE_MAX; at < head->length; at += DELIVERY_PIECE_MAX) {
    writer = writer_over(bytes, sizeof bytes - MESSAGE_HEADER);
    write_more(&writer, body, head->length, at);
    say(router, NOTIFY_MORE, correlation, &writer);
  }
}

struct reply {
  uint64_t correlation;
  unsigned status;
  struct delivery_attempt attempt;
};

/* Receives one reply and reads it as the router does. Returns false when the line was closed. */
static bool receive(int router, struct reply *reply) {
  struct pollfd watched = {.fd = router, .events = POLLIN};
  uint8_t bytes[MESSAGE_MAX];
  cr_assert_eq(poll(&watched, 1, REPLY_MS), 1, "no reply");
  ssize_t length = recv(router, bytes, sizeof bytes, 0);
  if (length <= 0)
    return false;
  struct reader reader = reader_over(bytes, (size_t)length);
  cr_assert_eq(read_u8(&reader), MESSAGE_VERSION);
  cr_assert_eq(read_u8(&reader), NOTIFY_DELIVER | REPLY_BIT, "notify asked for something");
  cr_assert_eq(read_u16(&reader), 0);
  cr_assert_eq(read_u32(&reader), (uint32_t)length - MESSAGE_HEADER);
  reply->correlation = read_u64(&reader);
  reply->status = read_u16(&reader);
  if (reply->status == STATUS_DONE)
    cr_assert_eq(read_attempt_end(&reader, &reply->attempt), 0);
  else
    cr_assert_eq(reader_finish(&reader), 0);
  return true;
}

static bool is_quiet(int line) {
  struct pollfd watched = {.fd = line, .events = POLLIN};
  return poll(&watched, 1, QUIET_MS) == 0;
}

static void expect_taken(struct stage *stage, uint64_t correlation) {
  struct delivery_head head = head_for(stage, 2);
  struct reply reply;
  push(stage->router, correlation, &head, "{}");
  cr_assert(receive(stage->router, &reply));
  cr_expect_eq(reply.correlation, correlation);
  cr_expect_eq(reply.attempt.outcome, DELIVERY_TAKEN);
  cr_expect_eq(reply.attempt.http_status, 200);
}

Test(notify, one_reply_for_each_push_and_nothing_unasked) {
  struct stage stage;
  begin(&stage, "test", &takes);
  cr_expect(is_quiet(stage.router), "it spoke first");
  for (uint64_t i = 1; i <= 20; i++)
    expect_taken(&stage, i);
  cr_expect(is_quiet(stage.router));
  cr_expect_eq(stage.endpoint.requests, 20);
  cr_expect_not_null(strstr(stage.endpoint.seen, "POST /hook HTTP/1.1\r\n"));
  cr_expect_not_null(strstr(stage.endpoint.seen, "webhook-id: evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\r\n"));
  end(&stage);
}

Test(notify, a_long_event_arrives_whole) {
  static char body[3 * DELIVERY_PIECE_MAX / 2 + 7];
  struct stage stage;
  struct reply reply;
  begin(&stage, "test", &takes);
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (char)('a' + i % 26);
  struct delivery_head head = head_for(&stage, sizeof body);
  push(stage.router, 1, &head, body);
  cr_assert(receive(stage.router, &reply));
  cr_expect_eq(reply.attempt.outcome, DELIVERY_TAKEN);
  cr_expect_not_null(memmem(stage.endpoint.seen, stage.endpoint.seen_length, body, sizeof body));
  end(&stage);
}

/* Each ends the line, and the process goes on with a new one. */
Test(notify, malformed_messages_end_the_line_and_nothing_else) {
  enum { KINDS = 9 };
  static uint8_t bytes[MESSAGE_MAX], body[2 * DELIVERY_PIECE_MAX];
  struct stage stage;
  begin(&stage, "test", &takes);
  for (int kind = 0; kind < KINDS; kind++) {
    struct delivery_head head = head_for(&stage, kind < 4 ? 2 : sizeof body);
    struct writer writer = writer_over(bytes, sizeof bytes - MESSAGE_HEADER), more = {0};
    unsigned type = kind == 1 ? 0x7f : NOTIFY_DELIVER;
    struct reply reply;
    if (kind == 3)
      strcpy(head.url, "gopher://x/");
    write_deliver(&writer, &head, body);
    if (kind == 0)
      write_u8(&writer, 0); /* one byte left over */
    say(stage.router, type, kind == 2 ? 0 : 1, &writer);
    if (kind >= 4) {
      more = writer_over(bytes, sizeof bytes - MESSAGE_HEADER);
      write_more(&more, body, sizeof body, DELIVERY_PIECE_MAX);
    }
    if (kind == 4)
      say(stage.router, NOTIFY_MORE, 2, &more); /* another's piece */
    if (kind == 5) {
      more.at--;
      say(stage.router, NOTIFY_MORE, 1, &more); /* too short */
    }
    if (kind == 6) {
      writer = writer_over(bytes, sizeof bytes - MESSAGE_HEADER);
      write_deliver(&writer, &head, body);
      say(stage.router, NOTIFY_DELIVER, 1, &writer); /* another delivery between its pieces */
    }
    if (kind == 7)
      cr_assert_gt(send(stage.router, "garbage", 7, 0), 0);
    if (kind == 8) {
      say(stage.router, NOTIFY_MORE, 1, &more); /* whole: answered; then a piece of nothing */
      cr_assert(receive(stage.router, &reply));
      say(stage.router, NOTIFY_MORE, 1, &more);
    }
    cr_expect_not(receive(stage.router, &reply), "%d was answered", kind);
    cr_assert(spawn_runs(&stage.notify), "%d", kind);
    close(stage.router);
    stage.router = spawn_connect(&stage.notify, "router");
    expect_taken(&stage, 7);
  }
  end(&stage);
}

Test(notify, a_flood_is_busy_beyond_its_bound) {
  enum { PUSHED = NOTIFY_OUTSTANDING_MAX + 40 };
  struct stage stage;
  struct reply reply;
  unsigned busy = 0, late = 0;
  begin(&stage, "test", &hangs);
  struct delivery_head head = head_for(&stage, 2);
  head.timeout_ms = 6000; /* enough for the whole flood to be sent */
  for (uint64_t i = 1; i <= PUSHED; i++)
    push(stage.router, i, &head, "{}");
  for (unsigned i = 0; i < PUSHED; i++) {
    cr_assert(receive(stage.router, &reply));
    busy += reply.status == STATUS_BUSY;
    late += reply.status == STATUS_DONE && reply.attempt.outcome == DELIVERY_TIMEOUT;
  }
  cr_expect_eq(busy, PUSHED - NOTIFY_OUTSTANDING_MAX);
  cr_expect_eq(late, NOTIFY_OUTSTANDING_MAX);
  end(&stage);
}

Test(notify, an_endpoint_that_hangs_holds_no_other_up) {
  struct stage stage;
  struct scripted_server other;
  struct reply reply;
  begin(&stage, "test", &hangs);
  scripted_server_start(&other, &takes, 1, NULL);
  struct delivery_head head = head_for(&stage, 2);
  for (uint64_t i = 1; i <= 100; i++)
    push(stage.router, i, &head, "{}");
  snprintf(head.url, sizeof head.url, "http://127.0.0.1:%u/", other.port);
  push(stage.router, 1000, &head, "{}");
  cr_assert(receive(stage.router, &reply));
  cr_expect_eq(reply.correlation, 1000, "the good one's is the first to end");
  cr_expect_eq(reply.attempt.outcome, DELIVERY_TAKEN);
  end(&stage);
  scripted_server_stop(&other);
}

Test(notify, no_redirect_is_followed) {
  static char location[256];
  struct scripted_server inside;
  struct stage stage;
  struct reply reply;
  scripted_server_start(&inside, &takes, 1, NULL);
  snprintf(location, sizeof location,
           "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
           inside.port);
  const struct script redirects = {{{ACTION_READ_REQUEST}, {ACTION_WRITE, location}, {ACTION_REPEAT}}};
  begin(&stage, "test", &redirects);
  struct delivery_head head = head_for(&stage, 2);
  push(stage.router, 1, &head, "{}");
  cr_assert(receive(stage.router, &reply));
  cr_expect_eq(reply.attempt.outcome, DELIVERY_REDIRECTED);
  cr_expect_eq(reply.attempt.http_status, 307);
  cr_expect(is_quiet(stage.router));
  cr_expect_eq(inside.accepted, 0);
  end(&stage);
  scripted_server_stop(&inside);
}

static void expect_refused(struct stage *stage, const char *url) {
  struct delivery_head head = head_for(stage, 2);
  struct reply reply;
  snprintf(head.url, sizeof head.url, "%s", url);
  push(stage->router, 1, &head, "{}");
  cr_assert(receive(stage->router, &reply));
  cr_expect_eq(reply.attempt.outcome, DELIVERY_ADDRESS_REFUSED, "%s: %s", url,
               delivery_outcome_name(reply.attempt.outcome));
}

/* Whatever a router that was taken over asks for. */
Test(notify, live_speaks_to_nothing_inside) {
  struct stage stage;
  char urls[4][64];
  begin(&stage, "live", &takes);
  snprintf(urls[0], sizeof urls[0], "http://127.0.0.1:%u/", stage.endpoint.port);
  snprintf(urls[1], sizeof urls[1], "https://127.0.0.1:%u/", stage.endpoint.port);
  snprintf(urls[2], sizeof urls[2], "https://localhost:%u/", stage.endpoint.port);
  snprintf(urls[3], sizeof urls[3], "https://[::1]:%u/", stage.endpoint.port);
  for (size_t i = 0; i < 4; i++)
    expect_refused(&stage, urls[i]);
  expect_refused(&stage, "https://169.254.169.254/");
  expect_refused(&stage, "https://10.0.0.1/");
  expect_refused(&stage, "http://shop.example/");
  cr_expect_eq(stage.endpoint.accepted, 0);
  end(&stage);
}

Test(notify, test_speaks_to_this_machine_and_to_nothing_else_inside) {
  struct stage stage;
  begin(&stage, "test", &takes);
  expect_taken(&stage, 1);
  expect_refused(&stage, "https://10.0.0.1/");
  expect_refused(&stage, "https://169.254.169.254/");
  expect_refused(&stage, "https://192.168.1.1/");
  expect_refused(&stage, "http://10.0.0.1/");
  end(&stage);
}

/* Its sockets are its control line, the router's and what it opened to endpoints: none leads to the vault,
 * and the jail lets it make none (unit tests of the jail). */
Test(notify, it_has_no_line_but_the_routers) {
  struct stage stage;
  char path[64], target[128];
  unsigned lines = 0;
  begin(&stage, "test", &takes);
  expect_taken(&stage, 1);
  snprintf(path, sizeof path, "/proc/%d/net/unix", stage.notify.pid);
  FILE *unix_sockets = fopen(path, "re");
  cr_assert_not_null(unix_sockets);
  unsigned long inodes[4096];
  size_t count = 0;
  char line[512];
  while (fgets(line, sizeof line, unix_sockets) != NULL && count < 4096)
    count += sscanf(line, "%*s %*s %*s %*s %*s %*s %lu", &inodes[count]) == 1;
  fclose(unix_sockets);
  snprintf(path, sizeof path, "/proc/%d/fd", stage.notify.pid);
  DIR *directory = opendir(path);
  cr_assert_not_null(directory);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    unsigned long inode;
    char link[320];
    snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0)
      continue;
    target[length] = '\0';
    if (sscanf(target, "socket:[%lu]", &inode) != 1)
      continue;
    for (size_t i = 0; i < count; i++)
      lines += inodes[i] == inode;
  }
  closedir(directory);
  cr_expect_eq(lines, 2, "%u Unix sockets", lines);
  end(&stage);
}

Test(notify, it_ends_with_its_control_line) {
  struct stage stage;
  begin(&stage, "test", &takes);
  shutdown(stage.notify.control, SHUT_RDWR);
  cr_expect_eq(spawn_wait_end(&stage.notify), 0);
  close(stage.router);
  scripted_server_stop(&stage.endpoint);
}

/* Left without a router it ends, so that its supervisor gives it a new line. */
Test(notify, it_ends_when_no_router_comes) {
  struct stage stage;
  begin(&stage, "test", &takes);
  close(stage.router);
  cr_expect_eq(spawn_wait_end(&stage.notify), 1);
  scripted_server_stop(&stage.endpoint);
}

Test(notify, a_wrong_command_line_is_refused) {
  static const char *const wrong[][6] = {
      {NULL},
      {"--environment", NULL},
      {"--environment", "other", NULL},
      {"--environment", "test", "--environment", "test", NULL},
      {"--environment", "test", "--nonsense", "x", NULL},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct spawned notify;
    spawn_start(&notify, "freeport-notify", wrong[i], NULL);
    cr_expect_eq(spawn_wait_end(&notify), 64, "%zu", i);
  }
}

/* ---- A router whose notify was taken over ---- */

static bool was_closed(int line) {
  struct pollfd watched = {.fd = line, .events = POLLIN};
  char byte;
  return poll(&watched, 1, REPLY_MS) == 1 && recv(line, &byte, 1, 0) == 0;
}

static void say_attempt(int line, unsigned type, unsigned status, unsigned outcome, unsigned http_status,
                        bool more) {
  uint8_t bytes[16];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, (uint16_t)status);
  write_u8(&writer, (uint8_t)outcome);
  write_u16(&writer, (uint16_t)http_status);
  if (more)
    write_u8(&writer, 0);
  say(line, type, 12345, &writer);
}

Test(router, a_hostile_notify_ends_its_line_and_nothing_else) {
  static const struct {
    unsigned type, status, outcome, http_status;
    bool more;
  } wrong[] = {
      {NOTIFY_DELIVER, STATUS_DONE, DELIVERY_TAKEN, 200, false}, /* it asks the router for something */
      {NOTIFY_MORE | REPLY_BIT, STATUS_DONE, DELIVERY_TAKEN, 200, false},
      {0x7f, STATUS_DONE, DELIVERY_TAKEN, 200, false},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_DONE, DELIVERY_TAKEN, 500, false},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_DONE, 0, 0, false},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_DONE, DELIVERY_OUTCOME_COUNT, 0, false},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_DONE, DELIVERY_TAKEN, 200, true},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_BUSY, DELIVERY_TAKEN, 200, false},
      {NOTIFY_DELIVER | REPLY_BIT, STATUS_NOT_FOUND, DELIVERY_TAKEN, 200, false}};
  char directory[] = "/tmp/freeport-router-XXXXXX", command[80];
  struct spawned router;
  cr_assert_not_null(mkdtemp(directory));
  const char *const arguments[] = {"--data",        directory, "--environment", "test", "--sheets",
                                   FREEPORT_SHEETS, "--bins",  "/nowhere",      NULL};
  spawn_start(&router, "freeport-router", arguments, NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int line = spawn_connect(&router, "notify");
    say_attempt(line, NOTIFY_DELIVER | REPLY_BIT, STATUS_DONE, DELIVERY_TAKEN, 200,
                false); /* nobody's: ignored */
    cr_expect(is_quiet(line), "the router said something to it");
    say_attempt(line, wrong[i].type, wrong[i].status, wrong[i].outcome, wrong[i].http_status, wrong[i].more);
    cr_expect(was_closed(line), "%zu", i);
    cr_assert(spawn_runs(&router), "%zu", i);
    close(line);
  }
  cr_expect_eq(spawn_stop(&router), 0);
  snprintf(command, sizeof command, "rm -rf %s", directory);
  cr_assert_eq(system(command), 0);
}
