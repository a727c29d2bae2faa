/* A whole vault, its store in memory, before five peers that say anything in any order: good messages of
 * every type with bytes changed, and raw ones. It never ends, and what it says to the router never holds the
 * card (B1).
 *
 * The input is a list of steps: role, type, how many changes, and for each change two bytes of place and one
 * of value. */
#include "collect_vault.h"
#include "egress_vault.h"
#include "store_memory.h"
#include "surface.h"
#include "tables.h"
#include "vault.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CARD "4242427391058265"
#define SECRET "canary-secret"

enum { ROLES = 5, CHANGES_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vault *vault;
static struct arena *volatile kept; /* so that the leak checker sees it */
static int ends[ROLES];
static uint8_t root[KEY_BYTES];
static struct id merchant, token;
static uint64_t dispatched; /* correlation of the newest message to egress */
static uint64_t told;       /* number of the newest webhook that the router was told */
static uint8_t content_mac[crypto_auth_hmacsha256_BYTES];
static uint8_t body[MESSAGE_MAX];

static int wrap(void *context, const struct key_label *label, const uint8_t key[KEY_BYTES],
                uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
  key_wrap(context, label, key, ret_wrapped);
  return 0;
}

static int unwrap(void *context, const struct key_label *label, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                  uint8_t ret_key[KEY_BYTES]) {
  return key_unwrap(context, label, wrapped, ret_key);
}

static void connect_peer(enum role role) {
  int pair[2];
  if (ends[role] > 0)
    close(ends[role]);
  int r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
  assert(r == 0);
  r = peer_connect(vault, role, pair[1]);
  assert(r == 0);
  ends[role] = pair[0];
}

/* What waits at a peer's end is looked at and thrown away. */
static void fetch(enum role role) {
  static uint8_t got[MESSAGE_MAX];
  ssize_t length;
  while ((length = recv(ends[role], got, sizeof got, 0)) > 0) {
    if (role == ROLE_ROUTER || role == ROLE_COLLECT || role == ROLE_HOOKS)
      assert(!memmem(got, (size_t)length, CARD, strlen(CARD)));
    if (role == ROLE_ROUTER || role == ROLE_HOOKS)
      assert(!memmem(got, (size_t)length, "canary", 6));
    if (role == ROLE_EGRESS && length >= MESSAGE_HEADER && (got[1] == EV_SEND || got[1] == EV_WEBHOOK)) {
      struct reader header = reader_over(got + 8, 8);
      dispatched = read_u64(&header);
    }
    if (role == ROLE_ROUTER && length >= MESSAGE_HEADER + 8 && got[1] == RV_WEBHOOK) {
      struct reader number = reader_over(got + MESSAGE_HEADER, 8);
      told = read_u64(&number);
    }
    if (role == ROLE_COLLECT && got[1] == (CV_TOKENIZE | REPLY_BIT)) {
      struct reader reader = reader_over(got + MESSAGE_HEADER, (size_t)length - MESSAGE_HEADER);
      struct tokenized made;
      if (read_u16(&reader) == STATUS_DONE && read_tokenized(&reader, &made) == 0)
        token = made.token;
    }
  }
}

static size_t write_good(enum role role, uint8_t type) {
  struct writer writer = writer_over(body, sizeof body);
  static const uint8_t hash[32] = {7};
  struct token_question question = {merchant, token};
  if (role == ROLE_HOOKS) {
    static const uint8_t content[] = "{\"type\":\"payment_captured\"}";
    struct hook hook = {.connector = "adyen", .body_length = sizeof content - 1, .body = content};
    sodium_bin2hex(hook.signatures[1], 65, content_mac, sizeof content_mac);
    write_hook(&writer, &hook);
  } else if (role == ROLE_ROUTER && type == RV_WEBHOOK_TAKEN) {
    struct webhook_taken taken = {told == 0 ? 1 : told, STATUS_DONE};
    write_webhook_taken(&writer, &taken);
  } else if (role == ROLE_EGRESS && type == (EV_WEBHOOK | REPLY_BIT)) {
    static struct webhook_reading reading;
    memset(&reading, 0, sizeof reading);
    reading.count = 1;
    reading.events[0] = (struct webhook_event){.tells = true,
                                               .key = "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1",
                                               .about = OPERATION_CAPTURE,
                                               .answer = ANSWER_IS_CAPTURED};
    (void)!answer_fields_set(&reading.events[0].fields, ANSWER_MESSAGE, "echo 4242 4273 9105 8265");
    write_u16(&writer, STATUS_DONE);
    write_webhook_reading(&writer, &reading);
  } else if (role == ROLE_COLLECT && type == CV_TOKENIZE) {
    struct tokenize tokenize = {.card = {CARD, 12, 2035, "Name"}, .code = {"123"}};
    memcpy(tokenize.key_hash, hash, 32);
    write_tokenize(&writer, &tokenize);
  } else if (role == ROLE_COLLECT) {
    struct code_typed typed = {.token = token, .code = {"123"}};
    memcpy(typed.key_hash, hash, 32);
    write_code_typed(&writer, &typed);
  } else if (role == ROLE_ROUTER && type == RV_DISPATCH) {
    static struct dispatch dispatch;
    dispatch = (struct dispatch){.merchant = merchant,
                                 .payment = id_new("pay", 1),
                                 .connector = "adyen",
                                 .operation = OPERATION_CHARGE,
                                 .token = token,
                                 .amount = {1, "EUR"},
                                 .timeout_ms = 1000,
                                 .deadline_us = INT64_MAX};
    snprintf(dispatch.key, sizeof dispatch.key, "%.30s_1", dispatch.payment.text);
    write_dispatch(&writer, &dispatch);
  } else if (role == ROLE_ROUTER && type == RV_UPDATE_TOKEN) {
    struct token_update update = {merchant, token, 3, 2040};
    write_token_update(&writer, &update);
  } else if (role == ROLE_ROUTER && type == RV_END_PAYMENT) {
    struct end_payment over = {merchant, id_new("pay", 1)};
    write_end_payment(&writer, &over);
  } else if (role == ROLE_ROUTER && type == RV_HEAD) {
    write_audit_head(&writer, &vault->audit.committed);
  } else if (role == ROLE_ROUTER && type == RV_RELEASES) {
    write_releases_question(&writer, &(struct releases_question){0});
  } else if (role == ROLE_ROUTER && type == RV_CONNECTORS) {
    write_text(&writer, "");
  } else if (role == ROLE_EGRESS) {
    static struct dispatch_result result;
    result = (struct dispatch_result){.phase = PHASE_REPLY, .answer = ANSWER_IS_APPROVED, .step = 1};
    (void)!answer_fields_set(&result.fields, ANSWER_MESSAGE, "echo 4242 4273 9105 8265");
    write_u16(&writer, STATUS_DONE);
    write_dispatch_result(&writer, &result);
  } else if (role == ROLE_ADMIN && type == ADMIN_MERCHANT_ADD) {
    struct merchant_add add = {merchant};
    write_merchant_add(&writer, &add);
  } else if (role == ROLE_ADMIN && type == ADMIN_PUBLISHABLE_KEY_ADD) {
    struct publishable_key_add add = {.merchant = merchant};
    memcpy(add.hash, hash, 32);
    write_publishable_key_add(&writer, &add);
  } else if (role == ROLE_ADMIN && type == ADMIN_CONNECTOR_SET) {
    static struct connector_set set;
    set = (struct connector_set){.facts = {.name = "adyen", .sheet = "adyen", .status = CONNECTOR_ACTIVE},
                                 .signing = {WEBHOOK_BODY_HMAC, 1},
                                 .credential_count = 2,
                                 .credentials = {{"api_key", "canary"}, {"webhook_secret", SECRET}}};
    write_connector_set(&writer, &set);
  } else if (role == ROLE_ADMIN && type == ADMIN_CONNECTOR_STATUS) {
    struct connector_status_set set = {"adyen", CONNECTOR_ACTIVE};
    write_connector_status_set(&writer, &set);
  } else if (role == ROLE_ADMIN && type == ADMIN_CONNECTOR_ACCOUNT) {
    struct connector_account_set set = {"adyen",
                                        {.country = "NL", .currency_count = 1, .currencies = {"EUR"}}};
    write_connector_account_set(&writer, &set);
  } else if (role == ROLE_ADMIN && type == ADMIN_AUDIT_PAGE) {
    write_u64(&writer, 1);
  } else if (role == ROLE_ADMIN && type == ADMIN_LEDGER_ACCEPT) {
    write_ledger_accept(&writer, &(struct ledger_accept){.reason = "restored from a backup"});
  } else if (role == ROLE_ADMIN && type == ADMIN_CONNECTOR_NEXT) {
    write_connectors_question(&writer, &(struct connectors_question){{0}});
  } else if (role == ROLE_ROUTER || (role == ROLE_ADMIN && type != ADMIN_STATUS)) {
    write_token_question(&writer, &question);
  }
  return writer_length(&writer);
}

static void step(enum role role, uint8_t type, size_t length) {
  struct peer *peer = &vault->peers.all[role];
  struct message message = {
      .type = type, .correlation = role == ROLE_EGRESS ? dispatched : 1, .body = body, .length = length};
  if (!peer->open || peer->failing)
    connect_peer(role);
  vault->rolled_back = false;
  if (surface_take(vault, peer, &message) < 0)
    peer->failing = true;
  round_end(vault);
  for (enum role each = ROLE_COLLECT; each < ROLES; each++)
    fetch(each);
}

static void start(void) {
  struct vault_options options = {
      .clock = &system_clock, .environment = ENVIRONMENT_TEST, .similar_limit = 100};
  int r = sodium_init();
  assert(r >= 0);
  r = store_open_memory(vault_tables, &options.store);
  assert(r == 0);
  r = loop_new(&system_clock, &options.loop);
  assert(r == 0);
  r = arena_new(VAULT_ARENA_BYTES, &options.arena);
  assert(r == 0);
  r = crypto_scalarmult_base(options.escrow_public, (const uint8_t[32]){1});
  assert(r == 0);
  kept = options.arena;
  options.provider = (struct root_provider){.name = "fuzz", .wrap = wrap, .unwrap = unwrap, .context = root};
  r = vault_new(&options, &vault);
  assert(r == 0);
  merchant = id_new("mer", 1);
  token = id_new_random("tok");
  for (enum role role = ROLE_COLLECT; role < ROLES; role++)
    connect_peer(role);
  step(ROLE_ADMIN, ADMIN_MERCHANT_ADD, write_good(ROLE_ADMIN, ADMIN_MERCHANT_ADD));
  step(ROLE_ADMIN, ADMIN_PUBLISHABLE_KEY_ADD, write_good(ROLE_ADMIN, ADMIN_PUBLISHABLE_KEY_ADD));
  step(ROLE_ADMIN, ADMIN_CONNECTOR_SET, write_good(ROLE_ADMIN, ADMIN_CONNECTOR_SET));
  static const char content[] = "{\"type\":\"payment_captured\"}";
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, (const uint8_t *)SECRET, strlen(SECRET));
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)content, strlen(content));
  crypto_auth_hmacsha256_final(&state, content_mac);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!vault)
    start();
  struct reader reader = reader_over(data, size);
  while (reader_left(&reader) >= 3) {
    enum role role = (enum role)(read_u8(&reader) % ROLES);
    uint8_t choice = read_u8(&reader);
    uint8_t type = choice & 0x80 ? choice : (uint8_t)(1 + choice % 11);
    if (role == ROLE_EGRESS && choice & 1)
      type = (choice & 2 ? EV_WEBHOOK : EV_SEND) | REPLY_BIT;
    size_t length = write_good(role, type);
    for (unsigned changes = read_u8(&reader) % CHANGES_MAX; changes > 0; changes--) {
      uint16_t place = read_u16(&reader);
      uint8_t value = read_u8(&reader);
      if (place == 0xffff)
        length = value;
      else if (length > 0)
        body[place % length] = value;
    }
    step(role, type, length);
  }
  return 0;
}
