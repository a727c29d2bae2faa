/* The real freeport-vault between peers that are hostile, killed and started again. */
#include "collect_vault.h"
#include "control.h"
#include "egress_vault.h"
#include "spawn.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CARD "4242427391058265"
#define CODE "9183"
#define NAME "Canary Holder"
#define CREDENTIAL "canary-credential-7261"

enum { REPLY_MS = 30000, QUIET_MS = 100, CLOSED = -1, SILENT = -2 };

struct stage {
  char folder[64];
  struct spawned vault;
  int listener, collect, router, egress, hooks, admin;
  struct id merchant;
  uint8_t key_hash[32];
  uint64_t correlation;
};

static struct stage stage;
static uint8_t bytes[MESSAGE_MAX]; /* of the body being sent */
static uint8_t received[MESSAGE_MAX];
static size_t received_length;

/* Everything that the vault ever said to the router. */
static uint8_t said[8 << 20];
static size_t said_length;

static void send_raw(int fd, uint8_t type, uint64_t correlation, const void *body, size_t length) {
  uint8_t message[MESSAGE_MAX];
  struct writer writer = writer_over(message, sizeof message);
  write_u8(&writer, MESSAGE_VERSION);
  write_u8(&writer, type);
  write_u16(&writer, 0);
  write_u32(&writer, (uint32_t)length);
  write_u64(&writer, correlation);
  write_bytes(&writer, body, length);
  (void)send(fd, message, writer_length(&writer), MSG_NOSIGNAL);
}

/* The next message; returns CLOSED, SILENT or 0. */
static int receive(int fd, int wait_ms) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  if (poll(&watched, 1, wait_ms) != 1)
    return SILENT;
  ssize_t length = recv(fd, received, sizeof received, 0);
  if (length <= 0)
    return CLOSED;
  received_length = (size_t)length;
  if (fd == stage.router && said_length + received_length < sizeof said) {
    memcpy(said + said_length, received, received_length);
    said_length += received_length;
  }
  return 0;
}

static struct reader body_of_received(void) {
  cr_assert_geq(received_length, MESSAGE_HEADER);
  return reader_over(received + MESSAGE_HEADER, received_length - MESSAGE_HEADER);
}

/* Asks and waits; returns the status, the rest in ret_body. */
static int ask(int fd, uint8_t type, const struct writer *body, struct reader *ret_body) {
  send_raw(fd, type, ++stage.correlation, body->start, writer_length(body));
  int r;
  do
    r = receive(fd, REPLY_MS);
  while (r == 0 && received[1] == RV_CONNECTORS_CHANGED);
  if (r != 0)
    return r;
  *ret_body = body_of_received();
  return read_u16(ret_body);
}

static struct writer new_body(void) {
  return writer_over(bytes, sizeof bytes);
}

static int connect_admin(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", stage.folder);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static void listen_admin(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", stage.folder);
  stage.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  cr_assert_eq(bind(stage.listener, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(listen(stage.listener, 8), 0);
}

static void start(void) {
  char data[96];
  snprintf(data, sizeof data, "%s/data", stage.folder);
  const char *const arguments[] = {"--data", data, "--environment", "test", NULL};
  spawn_start(&stage.vault, "freeport-vault", arguments, NULL);
  spawn_wait_ready(&stage.vault);
  stage.collect = spawn_connect(&stage.vault, "collect");
  stage.router = spawn_connect(&stage.vault, "router");
  stage.egress = spawn_connect(&stage.vault, "egress");
  stage.hooks = spawn_connect(&stage.vault, "hooks");
  cr_assert_eq(control_send(stage.vault.control, "admin", stage.listener, NULL, 0), 0);
  stage.admin = connect_admin();
}

static void close_all(void) {
  close(stage.collect);
  close(stage.router);
  close(stage.egress);
  close(stage.hooks);
  close(stage.admin);
}

static void reconnect(int *fd, const char *name) {
  close(*fd);
  *fd = strcmp(name, "admin") == 0 ? connect_admin() : spawn_connect(&stage.vault, name);
}

static void register_merchant(void) {
  struct reader rest;
  struct merchant_add add = {stage.merchant};
  struct publishable_key_add key = {.merchant = stage.merchant};
  memcpy(key.hash, stage.key_hash, sizeof key.hash);
  struct writer body = new_body();
  write_merchant_add(&body, &add);
  cr_assert_eq(ask(stage.admin, ADMIN_MERCHANT_ADD, &body, &rest), STATUS_DONE);
  body = new_body();
  write_publishable_key_add(&body, &key);
  cr_assert_eq(ask(stage.admin, ADMIN_PUBLISHABLE_KEY_ADD, &body, &rest), STATUS_DONE);
  struct connector_set set = {.facts = {.name = "adyen", .sheet = "adyen", .status = CONNECTOR_ACTIVE},
                              .credential_count = 1,
                              .credentials = {{"api_key", CREDENTIAL}}};
  body = new_body();
  write_connector_set(&body, &set);
  cr_assert_eq(ask(stage.admin, ADMIN_CONNECTOR_SET, &body, &rest), STATUS_DONE);
  cr_assert_eq(receive(stage.router, REPLY_MS), 0);
  cr_assert_eq(received[1], RV_CONNECTORS_CHANGED);
}

static void begin(void) {
  char data[96];
  cr_assert_geq(sodium_init(), 0);
  stage = (struct stage){.folder = "/tmp/freeport-boundary-XXXXXX", .merchant = id_new("mer", 1)};
  memset(stage.key_hash, 4, sizeof stage.key_hash);
  said_length = 0;
  cr_assert_not_null(mkdtemp(stage.folder));
  snprintf(data, sizeof data, "%s/data", stage.folder);
  const char *const make[] = {"mkdir", "-m", "700", data, NULL};
  pid_t pid = fork();
  if (pid == 0) {
    execvp("mkdir", (char *const *)(uintptr_t)make);
    _exit(1);
  }
  waitpid(pid, NULL, 0);
  listen_admin();
  start();
  register_merchant();
}

static void end(void) {
  char command[128];
  cr_expect_eq(spawn_stop(&stage.vault), 0);
  close_all();
  close(stage.listener);
  snprintf(command, sizeof command, "rm -rf %s", stage.folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(vault, .init = begin, .fini = end, .timeout = 120);

static int tokenize(const char *number, struct id *ret_token) {
  struct tokenize request = {.card = {.exp_month = 12, .exp_year = 2035, .name = NAME}, .code = {CODE}};
  struct tokenized made;
  struct reader rest;
  memcpy(request.key_hash, stage.key_hash, sizeof request.key_hash);
  snprintf(request.card.number, sizeof request.card.number, "%s", number);
  request.code.digits[3] = '\0';
  struct writer body = new_body();
  write_tokenize(&body, &request);
  int status = ask(stage.collect, CV_TOKENIZE, &body, &rest);
  if (status == STATUS_DONE) {
    cr_assert_eq(read_tokenized(&rest, &made), 0);
    *ret_token = made.token;
  }
  return status;
}

static int describe(const struct id *token) {
  struct token_question question = {stage.merchant, *token};
  struct token_description description;
  struct reader rest;
  struct writer body = new_body();
  write_token_question(&body, &question);
  int status = ask(stage.router, RV_DESCRIBE, &body, &rest);
  if (status == STATUS_DONE)
    cr_assert_eq(read_token_description(&rest, &description), 0);
  return status;
}

static struct dispatch charge_of(const struct id *token, enum operation operation) {
  struct dispatch dispatch = {.merchant = stage.merchant,
                              .payment = id_new("pay", 1700000000000),
                              .connector = "adyen",
                              .operation = operation,
                              .asked_about = operation == OPERATION_STATUS ? OPERATION_CHARGE : 0,
                              .token = *token,
                              .amount = {1000, "EUR"},
                              .timeout_ms = 20000,
                              .deadline_us = INT64_MAX};
  snprintf(dispatch.key, sizeof dispatch.key, "%.30s_1", dispatch.payment.text);
  return dispatch;
}

/* A PSP that echoes what it got, and an egress that lets it pass. */
static void echo_from_egress(void) {
  struct dispatch_result result = {
      .phase = PHASE_REPLY, .answer = ANSWER_IS_DECLINED, .step = 1, .http_status = 402};
  const char *const echoes[] = {"declined: " CARD, "declined: 4242 4273 9105 8265", "4242-4273-9105-8265",
                                "x" CARD "x"};
  static unsigned turn;
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_MESSAGE, echoes[turn % 4]), 0);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_REFERENCE, CARD), 0);
  turn++;
  if (receive(stage.egress, REPLY_MS) != 0)
    return;
  struct reader header = reader_over(received + 8, 8);
  uint64_t correlation = read_u64(&header);
  struct writer body = new_body();
  write_u16(&body, STATUS_DONE);
  write_dispatch_result(&body, &result);
  send_raw(stage.egress, EV_SEND | REPLY_BIT, correlation, body.start, writer_length(&body));
}

/* How often text is in what the vault said to the router. */
static unsigned said_count(const char *text) {
  unsigned count = 0;
  for (size_t at = 0; at + strlen(text) <= said_length; at++)
    count += memcmp(said + at, text, strlen(text)) == 0;
  return count;
}

static void expect_nothing_said(void) {
  cr_expect_eq(said_count(CARD), 0);
  cr_expect_eq(said_count("4242 4273 9105 8265"), 0);
  cr_expect_eq(said_count("4242-4273"), 0);
  cr_expect_eq(said_count("\x42\x42\x42\x73\x91"), 0);
  cr_expect_eq(said_count(CREDENTIAL), 0);
  cr_expect_eq(said_count(NAME), 0);
}

static void drain_router(void) {
  while (receive(stage.router, QUIET_MS) == 0)
    ;
}

Test(vault, no_request_of_a_router_is_answered_with_a_card_a_code_or_a_credential) {
  struct id token;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
  cr_assert_eq(describe(&token), STATUS_DONE);
  for (enum operation operation = OPERATION_AUTHORIZE; operation < OPERATION_COUNT; operation++) {
    struct dispatch dispatch = charge_of(&token, operation);
    struct writer body = new_body();
    write_dispatch(&body, &dispatch);
    send_raw(stage.router, RV_DISPATCH, ++stage.correlation, body.start, writer_length(&body));
    echo_from_egress();
    cr_assert_eq(receive(stage.router, REPLY_MS), 0, "%d", operation);
  }
  struct connectors_question question = {""};
  struct reader rest;
  struct writer body = new_body();
  write_connectors_question(&body, &question);
  cr_assert_eq(ask(stage.router, RV_CONNECTORS, &body, &rest), STATUS_DONE);
  cr_assert_gt(said_length, 500);
  expect_nothing_said();
}

/* A taken-over router: whole requests with bytes changed, in every type, thousands of them. */
Test(vault, a_hostile_router_gets_nothing_and_ends_nothing) {
  struct id token;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
  struct dispatch dispatch = charge_of(&token, OPERATION_CHARGE);
  struct token_question question = {stage.merchant, token};
  uint8_t bodies[2][2048];
  size_t lengths[2];
  struct writer writer = writer_over(bodies[0], sizeof bodies[0]);
  write_dispatch(&writer, &dispatch);
  lengths[0] = writer_length(&writer);
  writer = writer_over(bodies[1], sizeof bodies[1]);
  write_token_question(&writer, &question);
  lengths[1] = writer_length(&writer);
  for (unsigned i = 0; i < 4000; i++) {
    uint8_t changed[2048];
    size_t which = i % 2;
    memcpy(changed, bodies[which], lengths[which]);
    unsigned changes = randombytes_uniform(3);
    while (changes-- > 0)
      changed[randombytes_uniform((uint32_t)lengths[which])] = (uint8_t)randombytes_uniform(256);
    uint8_t type = i % 8 == 0 ? (uint8_t)randombytes_uniform(256) : which == 0 ? RV_DISPATCH : RV_DESCRIBE;
    send_raw(stage.router, type, i, changed, lengths[which]);
    while (receive(stage.egress, 0) == 0)
      ;
    int r;
    while ((r = receive(stage.router, 0)) == 0)
      ;
    if (r == CLOSED)
      reconnect(&stage.router, "router");
  }
  drain_router();
  reconnect(&stage.router, "router");
  cr_assert_eq(describe(&token), STATUS_DONE);
  cr_assert(spawn_runs(&stage.vault));
  expect_nothing_said();
}

Test(vault, every_role_with_every_type_and_wrong_lengths) {
  static const char *const names[] = {"collect", "router", "egress", "hooks", "admin"};
  int *const fds[] = {&stage.collect, &stage.router, &stage.egress, &stage.hooks, &stage.admin};
  static const uint64_t rows[5][4] = {{0x6}, {0x3fe}, {0, 0, 0x6}, {0x2}, {0xffe}};
  for (size_t role = 0; role < 5; role++) {
    for (unsigned type = 0; type < 256; type++) {
      bool has_row = rows[role][type / 64] >> (type % 64) & 1;
      send_raw(*fds[role], (uint8_t)type, type, bytes, has_row ? 30000 : type);
      int r;
      do
        r = receive(*fds[role], REPLY_MS);
      while (r == 0 && received[1] == RV_CONNECTORS_CHANGED);
      if (has_row) {
        cr_assert_eq(r, CLOSED, "%s %u", names[role], type);
        reconnect(fds[role], names[role]);
        continue;
      }
      struct reader rest = body_of_received();
      cr_assert_eq(r, 0, "%s %u", names[role], type);
      cr_assert_eq(read_u16(&rest), STATUS_REFUSED, "%s %u", names[role], type);
    }
  }
  struct id token;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
}

/* Frames that are no messages. */
Test(vault, malformed_frames_close_their_connection_alone) {
  uint8_t frame[MESSAGE_MAX + 100] = {1, 2};
  for (size_t length = 1; length < 16; length++) {
    (void)send(stage.router, frame, length, MSG_NOSIGNAL);
    cr_assert_eq(receive(stage.router, REPLY_MS), CLOSED, "%zu", length);
    reconnect(&stage.router, "router");
  }
  (void)send(stage.router, frame, sizeof frame, MSG_NOSIGNAL);
  cr_assert_eq(receive(stage.router, REPLY_MS), CLOSED);
  reconnect(&stage.router, "router");
  frame[0] = 2; /* a version that is not ours */
  (void)send(stage.router, frame, MESSAGE_HEADER, MSG_NOSIGNAL);
  cr_assert_eq(receive(stage.router, REPLY_MS), CLOSED);
  struct id token;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
}

Test(vault, a_flood_does_not_keep_others_waiting) {
  struct id token = id_new_random("tok"), made;
  struct token_question question = {stage.merchant, token};
  struct writer body = new_body();
  write_token_question(&body, &question);
  uint8_t message[MESSAGE_HEADER + 64];
  size_t length = writer_length(&body);
  struct writer header = writer_over(message, sizeof message);
  write_u8(&header, MESSAGE_VERSION);
  write_u8(&header, RV_DESCRIBE);
  write_u16(&header, 0);
  write_u32(&header, (uint32_t)length);
  write_u64(&header, 1);
  write_bytes(&header, bytes, length);
  unsigned taken = 0;
  for (unsigned i = 0; i < 100000; i++) /* and no reply is ever fetched */
    taken += send(stage.router, message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
  cr_assert_lt(taken, 100000);
  cr_assert_eq(tokenize(CARD, &made), STATUS_DONE);
  reconnect(&stage.router, "router");
  cr_assert_eq(describe(&made), STATUS_DONE);
}

static unsigned file_count(const char *folder, const char *text, size_t length) {
  DIR *directory = opendir(folder);
  unsigned count = 0;
  for (struct dirent *entry; directory && (entry = readdir(directory));) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = entry->d_type == DT_REG ? fopen(path, "rb") : NULL;
    static char content[16 << 20];
    size_t got = file ? fread(content, 1, sizeof content, file) : 0;
    if (file)
      fclose(file);
    count += got > 0 && memmem(content, got, text, length) != NULL;
  }
  closedir(directory);
  return count;
}

static void expect_no_canary(void) {
  char data[96], output[SPAWN_OUTPUT_MAX + 1];
  snprintf(data, sizeof data, "%s/data", stage.folder);
  cr_expect_eq(file_count(data, CARD, 8), 0, "the first eight digits");
  cr_expect_eq(file_count(data, &CARD[4], 8), 0);
  cr_expect_eq(file_count(data, "\x42\x42\x42\x73\x91\x05", 6), 0,
               "in BCD; four bytes stand there by chance");
  cr_expect_eq(file_count(data, NAME, strlen(NAME)), 0);
  cr_expect_eq(file_count(data, CREDENTIAL, strlen(CREDENTIAL)), 0);
  spawn_output(&stage.vault, output);
  cr_expect_null(strstr(output, CARD));
  cr_expect_null(strstr(output, "42424273"));
  cr_expect_null(strstr(output, "Canary"));
}

Test(vault, neither_files_nor_log_nor_memory_hold_a_card_after_its_use) {
  struct id token;
  for (unsigned i = 0; i < 20; i++) {
    cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
    struct dispatch dispatch = charge_of(&token, OPERATION_CHARGE);
    struct writer body = new_body();
    write_dispatch(&body, &dispatch);
    send_raw(stage.router, RV_DISPATCH, ++stage.correlation, body.start, writer_length(&body));
    echo_from_egress();
    cr_assert_eq(receive(stage.router, REPLY_MS), 0);
  }
  cr_assert_eq(tokenize("4242427391058264", &token), STATUS_INVALID, "rejected input too");
  expect_no_canary();
  cr_expect_leq(spawn_memory_count(&stage.vault, CARD, strlen(CARD)), 0);
  cr_expect_leq(spawn_memory_count(&stage.vault, "4242427391058264", 16), 0);
  cr_expect_leq(spawn_memory_count(&stage.vault, NAME, strlen(NAME)), 0);
  cr_expect_leq(spawn_memory_count(&stage.vault, CREDENTIAL, strlen(CREDENTIAL)), 0);
}

static void kill_and_restart(void) {
  kill(stage.vault.pid, SIGKILL);
  cr_assert_eq(spawn_wait_end(&stage.vault), 128 + SIGKILL);
  close_all();
  start();
}

Test(vault, what_was_acknowledged_is_there_after_a_kill) {
  enum { MANY = 300 };
  static struct id tokens[MANY];
  unsigned count = 0;
  struct tokenize request = {.card = {.number = CARD, .exp_month = 12, .exp_year = 2035}};
  memcpy(request.key_hash, stage.key_hash, sizeof request.key_hash);
  for (unsigned round = 0; round < 3; round++) {
    struct writer body = new_body();
    write_tokenize(&body, &request);
    for (unsigned i = 0; i < 100; i++)
      send_raw(stage.collect, CV_TOKENIZE, i, body.start, writer_length(&body));
    unsigned fetch = 20 + 30 * round; /* killed in the midst of it */
    while (fetch-- > 0 && receive(stage.collect, REPLY_MS) == 0) {
      struct reader rest = body_of_received();
      struct tokenized made;
      cr_assert_eq(read_u16(&rest), STATUS_DONE);
      cr_assert_eq(read_tokenized(&rest, &made), 0);
      tokens[count++] = made.token;
    }
    kill_and_restart();
    for (unsigned i = 0; i < count; i++)
      cr_assert_eq(describe(&tokens[i]), STATUS_DONE, "%u", i);
  }
  expect_no_canary();
}

Test(vault, a_code_does_not_survive_a_kill) {
  struct id token;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
  kill_and_restart();
  struct dispatch dispatch = charge_of(&token, OPERATION_CHARGE);
  struct writer body = new_body();
  write_dispatch(&body, &dispatch);
  send_raw(stage.router, RV_DISPATCH, 1, body.start, writer_length(&body));
  cr_assert_eq(receive(stage.egress, REPLY_MS), 0);
  static struct egress_send sent;
  struct reader reader = body_of_received();
  cr_assert_eq(read_egress_send(&reader, &sent), 0);
  cr_assert_str_eq(sent.card.number, CARD);
  cr_assert_str_empty(sent.code.digits);
}

static void copy_store(const char *from, const char *to) {
  char command[512];
  snprintf(command, sizeof command, "cp -p %s/data/%s %s/data/%s", stage.folder, from, stage.folder, to);
  cr_assert_eq(system(command), 0);
}

Test(vault, a_file_put_back_to_an_earlier_state_is_noticed) {
  struct id token;
  struct audit_head seen;
  struct reader rest;
  cr_assert_eq(tokenize(CARD, &token), STATUS_DONE);
  cr_assert_eq(spawn_stop(&stage.vault), 0);
  close_all();
  copy_store("vault.mdb", "earlier.mdb");
  start();
  struct token_question question = {stage.merchant, token};
  struct writer body = new_body();
  write_token_question(&body, &question);
  cr_assert_eq(ask(stage.router, RV_DELETE_TOKEN, &body, &rest), STATUS_DONE);
  struct audit_head none = {0};
  body = new_body();
  write_audit_head(&body, &none);
  cr_assert_eq(ask(stage.router, RV_HEAD, &body, &rest), STATUS_DONE);
  read_audit_head(&rest, &seen);
  cr_assert_eq(spawn_stop(&stage.vault), 0);
  close_all();
  copy_store("earlier.mdb", "vault.mdb");
  start();
  body = new_body();
  write_audit_head(&body, &seen);
  cr_assert_eq(ask(stage.router, RV_HEAD, &body, &rest), STATUS_ROLLED_BACK);
  cr_assert_eq(describe(&token), STATUS_ROLLED_BACK);
}

Test(vault, the_admin_socket_takes_its_own_user_alone) {
  if (geteuid() != 0)
    cr_skip_test("needs another user to try with");
  cr_assert_eq(chmod(stage.folder, 0755), 0);
  char path[96];
  snprintf(path, sizeof path, "%s/admin.sock", stage.folder);
  cr_assert_eq(chmod(path, 0777), 0);
  pid_t pid = fork();
  if (pid == 0) {
    if (setuid(65534) != 0)
      _exit(2);
    int fd = connect_admin();
    send_raw(fd, ADMIN_STATUS, 1, NULL, 0);
    _exit(receive(fd, REPLY_MS) == CLOSED ? 0 : 1);
  }
  int status;
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  cr_assert(WIFEXITED(status));
  cr_assert_eq(WEXITSTATUS(status), 0);
  struct vault_state state;
  struct reader rest;
  struct writer body = new_body();
  cr_assert_eq(ask(stage.admin, ADMIN_STATUS, &body, &rest), STATUS_DONE);
  cr_assert_eq(read_vault_state(&rest, &state), 0);
}

static bool status_says(const char *line_wanted) {
  char path[64], line[256];
  bool found = false;
  snprintf(path, sizeof path, "/proc/%d/status", stage.vault.pid);
  FILE *file = fopen(path, "re");
  while (file && fgets(line, sizeof line, file))
    found = found || strcmp(line, line_wanted) == 0;
  if (file)
    fclose(file);
  return found;
}

Test(vault, it_is_confined) {
#ifdef FREEPORT_SANITIZED
  cr_skip_test("no jail in a build under sanitizers");
#endif
  cr_assert(status_says("Seccomp:\t2\n"));
  cr_assert(status_says("NoNewPrivs:\t1\n"));
}

Test(vault_start, a_live_environment_is_refused_with_the_file_provider) {
  struct spawned vault;
  char output[SPAWN_OUTPUT_MAX + 1];
  const char *const arguments[] = {"--data", "/tmp", "--environment", "live", NULL};
  spawn_start(&vault, "freeport-vault", arguments, NULL);
  cr_assert_eq(spawn_wait_end(&vault), 1);
  spawn_output(&vault, output);
  cr_assert_not_null(strstr(output, "custodians"));
}

Test(vault_start, wrong_usage_is_64) {
  static const char *const wrong[][5] = {{NULL},
                                         {"--data", NULL},
                                         {"--data", "/tmp", NULL},
                                         {"--data", "/tmp", "--environment", "prod", NULL},
                                         {"--nonsense", "x", NULL}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct spawned vault;
    spawn_start(&vault, "freeport-vault", wrong[i], NULL);
    cr_assert_eq(spawn_wait_end(&vault), 64, "%zu", i);
  }
}

Test(vault, it_ends_with_its_control_line) {
  shutdown(stage.vault.control, SHUT_RDWR);
  int waited = 0;
  while (spawn_runs(&stage.vault) && waited++ < 6000)
    usleep(10000);
  cr_assert_not(spawn_runs(&stage.vault));
}
