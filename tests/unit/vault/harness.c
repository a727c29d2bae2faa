#include "harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "escrow.h"
#include "provider_file.h"
#include "store_lmdb.h"
#include "store_memory.h"
#include "tables.h"

enum { ROUNDS = 6, MAP_BYTES = 64 << 20 };

static uint8_t scratch[MESSAGE_MAX];

static int64_t test_now_ms(void *context) {
  return ((struct harness *)context)->now_ms;
}

static int64_t test_now_us(void *context) {
  return ((struct harness *)context)->now_us;
}

static void open_store(struct harness *harness, enum harness_store kind) {
  char path[96];
  snprintf(path, sizeof path, "%s/vault.mdb", harness->folder);
  int r = kind == HARNESS_LMDB ? store_open_lmdb(path, vault_tables, MAP_BYTES, &harness->store)
                               : store_open_memory(vault_tables, &harness->store);
  cr_assert_eq(r, 0, "store: %d", r);
}

static void connect_peer(struct harness *harness, enum role role, struct channel *channel) {
  int ends[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  cr_assert_eq(channel_open(channel, ends[0]), 0);
  cr_assert_eq(peer_connect(harness->vault, role, ends[1]), 0);
}

static void connect_admin(struct harness *harness) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", harness->folder);
  unlink(address.sun_path);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(listen(listener, 8), 0);
  cr_assert_eq(peers_listen(harness->vault, listener), 0);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(channel_open(&harness->admin, fd), 0);
}

static void open_vault(struct harness *harness) {
  cr_assert_eq(loop_new(&harness->clock, &harness->loop), 0);
  cr_assert_eq(arena_new(VAULT_ARENA_BYTES, &harness->arena), 0);
  bool is_new;
  struct vault_options *options = &harness->options;
  cr_assert_eq(vault_is_new(harness->store, &is_new), 0);
  *options = (struct vault_options){.store = harness->store,
                                    .loop = harness->loop,
                                    .clock = &harness->clock,
                                    .arena = harness->arena,
                                    .environment = ENVIRONMENT_TEST,
                                    .similar_limit = harness->similar_limit};
  cr_assert_eq(provider_file_open(harness->folder, ENVIRONMENT_TEST, is_new, harness->now_ms, harness->arena,
                                  &options->provider),
               0);
  cr_assert_eq(
      escrow_open(harness->folder, ENVIRONMENT_TEST, is_new, harness->now_ms, options->escrow_public), 0);
  int r = vault_new(options, &harness->vault);
  cr_assert_eq(r, 0, "vault: %d", r);
  connect_peer(harness, ROLE_COLLECT, &harness->collect);
  connect_peer(harness, ROLE_ROUTER, &harness->router);
  connect_peer(harness, ROLE_EGRESS, &harness->egress);
  connect_peer(harness, ROLE_HOOKS, &harness->hooks);
  connect_admin(harness);
}

static void close_vault(struct harness *harness) {
  channel_close(&harness->collect);
  channel_close(&harness->router);
  channel_close(&harness->egress);
  channel_close(&harness->hooks);
  channel_close(&harness->admin);
  vault_free(harness->vault);
  loop_free(harness->loop);
  arena_free(harness->arena);
}

static void add_merchant(struct harness *harness, const struct id *merchant, const uint8_t hash[32]) {
  struct reader rest;
  struct merchant_add add = {*merchant};
  struct publishable_key_add key = {.merchant = *merchant};
  memcpy(key.hash, hash, sizeof key.hash);
  struct writer body = writer_over(scratch, sizeof scratch);
  write_merchant_add(&body, &add);
  cr_assert_eq(harness_ask(harness, &harness->admin, ADMIN_MERCHANT_ADD, &body, &rest), STATUS_DONE);
  body = writer_over(scratch, sizeof scratch);
  write_publishable_key_add(&body, &key);
  cr_assert_eq(harness_ask(harness, &harness->admin, ADMIN_PUBLISHABLE_KEY_ADD, &body, &rest), STATUS_DONE);
}

static void add_connector(struct harness *harness) {
  struct reader rest;
  struct connector_set set = {
      .facts = {.name = "adyen", .sheet = "adyen", .status = CONNECTOR_ACTIVE, .merchant_account = "Acme"},
      .base_url = "http://127.0.0.1:9/adyen",
      .credential_count = 1,
      .credentials = {{"api_key", "canary-credential-1"}}};
  memset(set.facts.sheet_hash, 5, sizeof set.facts.sheet_hash);
  struct writer body = writer_over(scratch, sizeof scratch);
  write_connector_set(&body, &set);
  cr_assert_eq(harness_ask(harness, &harness->admin, ADMIN_CONNECTOR_SET, &body, &rest), STATUS_DONE);
  struct message changed;
  cr_assert_eq(harness_receive(harness, &harness->router, &changed), 0);
  cr_assert_eq(changed.type, RV_CONNECTORS_CHANGED);
}

void harness_open(struct harness *harness, enum harness_store kind) {
  unsigned similar_limit = harness->similar_limit;
  *harness = (struct harness){.now_ms = HARNESS_NOW_MS, .now_us = 1000000, .similar_limit = similar_limit};
  if (similar_limit == 0)
    harness->similar_limit = SIMILAR_LIMIT_DEFAULT;
  harness->clock = (struct clock){test_now_ms, test_now_us, harness};
  snprintf(harness->folder, sizeof harness->folder, "/tmp/freeport-vault-XXXXXX");
  cr_assert_geq(sodium_init(), 0);
  cr_assert_not_null(mkdtemp(harness->folder));
  open_store(harness, kind);
  open_vault(harness);
  harness->merchant = id_new("mer", harness->now_ms);
  harness->other_merchant = id_new("mer", harness->now_ms);
  memset(harness->key_hash, 1, 32);
  memset(harness->other_key_hash, 2, 32);
  add_merchant(harness, &harness->merchant, harness->key_hash);
  add_merchant(harness, &harness->other_merchant, harness->other_key_hash);
  add_connector(harness);
}

void harness_close(struct harness *harness) {
  close_vault(harness);
  store_close(harness->store);
  char command[sizeof harness->folder + 16];
  snprintf(command, sizeof command, "rm -rf %s", harness->folder);
  cr_assert_eq(system(command), 0);
}

void harness_restart(struct harness *harness) {
  close_vault(harness);
  open_vault(harness);
}

void harness_pass(struct harness *harness, int64_t ms) {
  harness->now_ms += ms;
  harness->now_us += ms * 1000;
  harness_run(harness);
}

void harness_run(struct harness *harness) {
  for (unsigned i = 0; i < ROUNDS; i++)
    cr_assert_eq(loop_round(harness->loop, 0), 0);
}

uint64_t harness_send(struct harness *harness, struct channel *channel, uint8_t type,
                      const struct writer *body) {
  uint64_t correlation = ++harness->correlation;
  int r = channel_send(channel, type, correlation, body ? body->start : NULL, body ? writer_length(body) : 0);
  cr_assert_eq(r, 0, "send: %d", r);
  return correlation;
}

int harness_receive(struct harness *harness, struct channel *channel, struct message *ret_message) {
  for (unsigned i = 0; i < ROUNDS; i++) {
    int r = channel_receive(channel, ret_message);
    if (r != CHANNEL_NOTHING)
      return r;
    cr_assert_eq(loop_round(harness->loop, 0), 0);
  }
  return CHANNEL_NOTHING;
}

static int read_reply(const struct message *message, uint8_t type, uint64_t correlation,
                      struct reader *ret_body) {
  cr_assert_eq(message->type, type | REPLY_BIT);
  cr_assert_eq(message->correlation, correlation);
  *ret_body = reader_over(message->body, message->length);
  int status = read_u16(ret_body);
  cr_assert(status == STATUS_DONE || reader_finish(ret_body) == 0, "nothing follows a refusal");
  return status;
}

int harness_ask(struct harness *harness, struct channel *channel, uint8_t type, const struct writer *body,
                struct reader *ret_body) {
  uint64_t correlation = harness_send(harness, channel, type, body);
  struct message message;
  int r = harness_receive(harness, channel, &message);
  if (r != 0)
    return r == CHANNEL_NOTHING ? -2 : -1;
  return read_reply(&message, type, correlation, ret_body);
}

struct tokenize harness_card(const struct harness *harness, const char *number, const char *code) {
  struct tokenize tokenize = {.card = {.exp_month = 12, .exp_year = 2030, .name = "Ada Lovelace"}};
  memcpy(tokenize.key_hash, harness->key_hash, sizeof tokenize.key_hash);
  snprintf(tokenize.card.number, sizeof tokenize.card.number, "%s", number);
  snprintf(tokenize.code.digits, sizeof tokenize.code.digits, "%s", code);
  return tokenize;
}

int harness_tokenize(struct harness *harness, const char *number, const char *code,
                     struct tokenized *ret_tokenized) {
  struct tokenize tokenize = harness_card(harness, number, code);
  struct writer body = writer_over(scratch, sizeof scratch);
  struct reader rest;
  write_tokenize(&body, &tokenize);
  int status = harness_ask(harness, &harness->collect, CV_TOKENIZE, &body, &rest);
  if (status == STATUS_DONE)
    cr_assert_eq(read_tokenized(&rest, ret_tokenized), 0);
  return status;
}

int harness_question(struct harness *harness, struct channel *channel, uint8_t type,
                     const struct id *merchant, const struct id *token,
                     struct token_description *ret_description) {
  struct token_question question = {*merchant, *token};
  struct writer body = writer_over(scratch, sizeof scratch);
  struct reader rest;
  write_token_question(&body, &question);
  int status = harness_ask(harness, channel, type, &body, &rest);
  if (status == STATUS_DONE)
    cr_assert_eq(read_token_description(&rest, ret_description), 0);
  return status;
}

int harness_describe(struct harness *harness, const struct id *merchant, const struct id *token,
                     struct token_description *ret_description) {
  return harness_question(harness, &harness->router, RV_DESCRIBE, merchant, token, ret_description);
}

struct dispatch harness_charge(const struct harness *harness, const struct id *token) {
  struct dispatch dispatch = {.merchant = harness->merchant,
                              .payment = id_new("pay", harness->now_ms),
                              .connector = "adyen",
                              .operation = OPERATION_CHARGE,
                              .token = *token,
                              .amount = {1000, "EUR"},
                              .timeout_ms = 10000,
                              .deadline_us = INT64_MAX};
  memset(dispatch.sheet_hash, 5, sizeof dispatch.sheet_hash);
  snprintf(dispatch.key, sizeof dispatch.key, "%.30s_1", dispatch.payment.text);
  return dispatch;
}

int harness_dispatch(struct harness *harness, const struct dispatch *dispatch, struct egress_send *ret_send,
                     uint64_t *ret_correlation) {
  struct writer body = writer_over(scratch, sizeof scratch);
  write_dispatch(&body, dispatch);
  uint64_t correlation = harness_send(harness, &harness->router, RV_DISPATCH, &body);
  struct message message;
  if (harness_receive(harness, &harness->egress, &message) == 0) {
    cr_assert_eq(message.type, EV_SEND);
    struct reader reader = reader_over(message.body, message.length);
    cr_assert_eq(read_egress_send(&reader, ret_send), 0);
    *ret_correlation = message.correlation;
    return STATUS_DONE;
  }
  struct reader rest;
  if (harness_receive(harness, &harness->router, &message) != 0)
    return -2;
  return read_reply(&message, RV_DISPATCH, correlation, &rest);
}

int harness_answer(struct harness *harness, uint64_t correlation, const struct dispatch_result *result,
                   struct dispatch_result *ret_result) {
  struct writer body = writer_over(scratch, sizeof scratch);
  write_u16(&body, STATUS_DONE);
  write_dispatch_result(&body, result);
  cr_assert_eq(
      channel_send(&harness->egress, EV_SEND | REPLY_BIT, correlation, body.start, writer_length(&body)), 0);
  struct message message;
  if (harness_receive(harness, &harness->router, &message) != 0)
    return -2;
  cr_assert_eq(message.type, RV_DISPATCH | REPLY_BIT);
  struct reader rest = reader_over(message.body, message.length);
  int status = read_u16(&rest);
  if (status == STATUS_DONE)
    cr_assert_eq(read_dispatch_result(&rest, ret_result), 0);
  return status;
}

struct dispatch_result harness_approved(void) {
  struct dispatch_result result = {
      .phase = PHASE_REPLY, .answer = ANSWER_IS_CAPTURED, .step = 1, .http_status = 200, .latency_us = 1500};
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_PSP_ID, "8536214160615591"), 0);
  return result;
}
