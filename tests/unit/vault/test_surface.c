/* Who may ask what; wrong lengths, floods, a router that has seen more than the vault has, a sealed vault. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "harness.h"

static struct harness h;

static void open_memory(void) {
  harness_open(&h, HARNESS_MEMORY);
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(surface, .init = open_memory, .fini = close_harness);

static const char VISA[] = "4242424242424242";

Test(surface, every_type_that_a_role_has_no_row_for_is_refused) {
  struct {
    struct channel *channel;
    unsigned long long rows[4]; /* bit t: type t has a row */
  } roles[] = {
      {&h.collect, {1ull << 1 | 1ull << 2}},      {&h.router, {0x3fe}},    {&h.admin, {0xffe}},
      {&h.egress, {0, 0, 1ull << 1 | 1ull << 2}}, {&h.hooks, {1ull << 1}},
  };
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
    for (unsigned type = 0; type < 256; type++) {
      if (roles[i].rows[type / 64] >> (type % 64) & 1)
        continue;
      struct reader rest;
      uint64_t correlation = harness_send(&h, roles[i].channel, (uint8_t)type, NULL);
      struct message message;
      cr_assert_eq(harness_receive(&h, roles[i].channel, &message), 0, "role %zu type %u", i, type);
      cr_assert_eq(message.correlation, correlation);
      rest = reader_over(message.body, message.length);
      cr_assert_eq(read_u16(&rest), STATUS_REFUSED);
    }
  }
}

static void expect_closed(struct channel *channel, uint8_t type, size_t length) {
  static uint8_t bytes[MESSAGE_MAX];
  struct writer body = writer_over(bytes, sizeof bytes);
  body.at += length;
  struct reader rest;
  cr_assert_eq(harness_ask(&h, channel, type, &body, &rest), -1, "type %u length %zu", type, length);
}

static void connect_again(struct channel *channel, enum role role) {
  int ends[2];
  channel_close(channel);
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  cr_assert_eq(channel_open(channel, ends[0]), 0);
  cr_assert_eq(peer_connect(h.vault, role, ends[1]), 0);
}

Test(surface, a_wrong_length_closes_that_connection_alone) {
  struct tokenized made;
  struct token_description description;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
  static const size_t LENGTHS[] = {0, 1, 63, 64 /* of no ids */, 65, 4000, 30000};
  for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
    expect_closed(&h.router, RV_DESCRIBE, LENGTHS[i]);
    connect_again(&h.router, ROLE_ROUTER);
  }
  expect_closed(&h.collect, CV_TOKENIZE, 129);
  cr_assert_eq(harness_describe(&h, &h.merchant, &made.token, &description), STATUS_DONE);
}

Test(surface, a_flood_is_answered_busy_and_nobody_else_waits) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
  static uint8_t bytes[16384];
  unsigned statuses[16] = {0}, replies = 0;
  struct dispatch charge = harness_charge(&h, &made.token);
  for (unsigned i = 0; i < 1500; i++) { /* egress answers none of them */
    struct writer body = writer_over(bytes, sizeof bytes);
    write_dispatch(&body, &charge);
    harness_send(&h, &h.router, RV_DISPATCH, &body);
    if (i % 50 == 0)
      harness_run(&h);
  }
  struct message message;
  struct token_description description;
  while (harness_receive(&h, &h.router, &message) == 0) {
    struct reader rest = reader_over(message.body, message.length);
    statuses[read_u16(&rest) % 16]++;
    replies++;
  }
  cr_assert_eq(statuses[STATUS_BUSY], 1500 - DISPATCHES_MAX, "busy: %u", statuses[STATUS_BUSY]);
  cr_assert_eq(replies, statuses[STATUS_BUSY]);
  cr_assert_eq(harness_describe(&h, &h.merchant, &made.token, &description), STATUS_BUSY,
               "its credits are used up");
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
}

Test(surface, a_peer_that_fetches_no_replies_is_read_no_more_and_loses_none) {
  static uint8_t bytes[128];
  struct token_question question = {h.merchant, id_new_random("tok")};
  unsigned asked = 0, answered = 0;
  for (unsigned i = 0; i < 20000; i++) {
    struct writer body = writer_over(bytes, sizeof bytes);
    write_token_question(&body, &question);
    if (h.router.queued > 100)
      break;
    harness_send(&h, &h.router, RV_DESCRIBE, &body);
    asked++;
    if (i % 64 == 0)
      harness_run(&h);
  }
  cr_assert_lt(asked, 20000, "the vault stops reading");
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE, "others are served");
  struct message message;
  for (unsigned quiet = 0; quiet < 20;) {
    cr_assert_eq(channel_flush(&h.router), 0);
    int r = harness_receive(&h, &h.router, &message);
    cr_assert_geq(r, 0);
    quiet = r == 0 ? 0 : quiet + 1;
    answered += r == 0;
  }
  cr_assert_eq(answered, asked);
}

static int ask_head(const struct audit_head *seen) {
  uint8_t bytes[64];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_audit_head(&body, seen);
  int status = harness_ask(&h, &h.router, RV_HEAD, &body, &rest);
  if (status == STATUS_DONE) {
    struct audit_head own;
    read_audit_head(&rest, &own);
    cr_assert_eq(reader_finish(&rest), 0);
    cr_assert_eq(memcmp(&own, &h.vault->audit.committed, sizeof own), 0);
  }
  return status;
}

Test(surface, a_vault_older_than_what_the_router_saw_serves_nobody_but_operators) {
  struct tokenized made;
  struct token_description description;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
  struct audit_head none = {0}, seen = h.vault->audit.committed;
  cr_assert_eq(ask_head(&none), STATUS_DONE);
  cr_assert_eq(ask_head(&seen), STATUS_DONE);
  seen.sequence++;
  cr_assert_eq(ask_head(&seen), STATUS_ROLLED_BACK);
  cr_assert_eq(harness_describe(&h, &h.merchant, &made.token, &description), STATUS_ROLLED_BACK);
  struct dispatch charge = harness_charge(&h, &made.token);
  struct egress_send sent;
  struct reader rest;
  uint64_t correlation;
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_ROLLED_BACK);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_ROLLED_BACK, "it would be gone with this file");
  cr_assert_eq(harness_ask(&h, &h.hooks, HV_WEBHOOK, NULL, &rest), STATUS_ROLLED_BACK);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_STATUS, NULL, &rest), STATUS_DONE, "an operator looks");
  cr_assert_eq(ask_head(&none), STATUS_DONE);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
}

Test(surface, a_sealed_vault_tells_its_state_and_nothing_else) {
  struct tokenized made;
  struct reader rest;
  struct vault_state state;
  struct audit_head none = {0};
  h.vault->sealed = true;
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_SEALED);
  cr_assert_eq(ask_head(&none), STATUS_SEALED);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_STATUS, NULL, &rest), STATUS_DONE);
  cr_assert_eq(read_vault_state(&rest, &state), 0);
  cr_assert(state.sealed);
  cr_assert_eq(state.environment, ENVIRONMENT_TEST);
}

Test(surface, connectors_come_in_pages_without_credentials) {
  uint8_t bytes[8192];
  for (unsigned i = 0; i < 20; i++) {
    struct connector_set set = {.facts = {.sheet = "stripe", .status = CONNECTOR_ACTIVE},
                                .credential_count = 1,
                                .credentials = {{"api_key", "canary-credential-2"}}};
    snprintf(set.facts.name, sizeof set.facts.name, "psp_%02u", i);
    struct writer body = writer_over(bytes, sizeof bytes);
    struct reader rest;
    write_connector_set(&body, &set);
    cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_CONNECTOR_SET, &body, &rest), STATUS_DONE);
    struct message changed;
    cr_assert_eq(harness_receive(&h, &h.router, &changed), 0);
  }
  harness_restart(&h);
  struct connectors_question question = {""};
  unsigned count = 0;
  bool more = true;
  while (more) {
    static struct connectors_page page;
    struct reader rest;
    struct writer body = writer_over(bytes, sizeof bytes);
    write_connectors_question(&body, &question);
    cr_assert_eq(harness_ask(&h, &h.router, RV_CONNECTORS, &body, &rest), STATUS_DONE);
    cr_assert_null(memmem(rest.at, reader_left(&rest), "canary", 6));
    cr_assert_eq(read_connectors_page(&rest, &page), 0);
    count += page.count;
    more = page.more;
    memcpy(question.after, page.facts[page.count - 1].name, sizeof question.after);
  }
  cr_assert_eq(count, 21);
}

Test(surface, what_an_account_can_do_is_told_to_the_router) {
  static struct connectors_page page;
  uint8_t bytes[512];
  struct connector_account_set set = {.name = "adyen", .account.networks = 1 << NETWORK_VISA};
  cr_assert_eq(account_add_currency(&set.account, "EUR"), 0);
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  struct message changed;
  write_connector_account_set(&body, &set);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_CONNECTOR_ACCOUNT, &body, &rest), STATUS_DONE);
  cr_assert_eq(harness_receive(&h, &h.router, &changed), 0);
  cr_assert_eq(changed.type, RV_CONNECTORS_CHANGED);
  body = writer_over(bytes, sizeof bytes);
  write_connectors_question(&body, &(struct connectors_question){""});
  cr_assert_eq(harness_ask(&h, &h.router, RV_CONNECTORS, &body, &rest), STATUS_DONE);
  cr_assert_eq(read_connectors_page(&rest, &page), 0);
  cr_assert_eq(page.facts[0].account.currency_count, 1);
  cr_assert_str_eq(page.facts[0].account.currencies[0], "EUR");
  cr_assert_eq(page.facts[0].account.networks, 1 << NETWORK_VISA);
}

Test(surface, a_round_of_many_peers_is_one_commit) {
  static uint8_t bytes[512];
  struct tokenize tokenize = harness_card(&h, VISA, "");
  uint64_t commit = h.vault->escrow.number;
  for (unsigned i = 0; i < 64; i++) {
    struct writer body = writer_over(bytes, sizeof bytes);
    write_tokenize(&body, &tokenize);
    harness_send(&h, &h.collect, CV_TOKENIZE, &body);
  }
  harness_run(&h);
  unsigned replies = 0;
  struct message message;
  while (harness_receive(&h, &h.collect, &message) == 0)
    replies++;
  cr_assert_eq(replies, 64);
  cr_assert_eq(h.vault->escrow.number, commit + 1);
}

Test(surface, an_operator_accepts_a_ledger_and_the_router_is_told) {
  static struct audit_page page;
  struct ledger_accept accept = {"order-2 was looked up"};
  uint8_t bytes[256];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  struct message message;
  struct audit_head told;
  struct audit_record record;
  uint64_t before = h.vault->audit.committed.sequence;
  write_ledger_accept(&body, &accept);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_LEDGER_ACCEPT, &body, &rest), STATUS_DONE);
  cr_assert_eq(harness_receive(&h, &h.router, &message), 0);
  cr_expect(message.type == RV_LEDGER_ACCEPTED && message.correlation == 0);
  rest = reader_over(message.body, message.length);
  read_audit_head(&rest, &told);
  cr_assert_eq(reader_finish(&rest), 0);
  cr_expect_eq(told.sequence, before + 1);
  cr_expect_eq(memcmp(&told, &h.vault->audit.committed, sizeof told), 0);
  cr_assert_eq(audit_read_page(&h.vault->audit, told.sequence, &page), 0);
  size_t length;
  struct reader records = reader_over(page.bytes, page.length);
  const uint8_t *at = audit_page_next(&records, &length);
  cr_assert_not_null(at);
  cr_assert_eq(audit_record_read(at, length, &record), 0);
  cr_expect(record.kind == AUDIT_LEDGER_ACCEPT && record.actor == AUDIT_BY_OPERATOR);
  cr_expect_str_eq(record.reason, accept.reason);
  channel_close(&h.router);
  harness_run(&h);
  cr_expect_eq(harness_ask(&h, &h.admin, ADMIN_LEDGER_ACCEPT, &body, &rest), STATUS_UNAVAILABLE);
  cr_expect_eq(h.vault->audit.committed.sequence, told.sequence,
               "nothing is written for a router that is not there");
}

/* Bodies of ADMIN_LEDGER_ACCEPT as nobody's program makes them: that connection is closed, nothing is
 * written. */
Test(surface, a_ledger_is_not_accepted_for_a_reason_that_is_none) {
  static const struct {
    const char *what, *bytes;
    size_t length, declared;
  } wrong[] = {{"an empty one", "", 0, 0},
               {"less than its length says", "look", 4, 5},
               {"more than its length says", "looked", 6, 5},
               {"a length beyond everything", "looked", 6, 0xffff},
               {"a NUL within", "lo\0ked", 6, 6},
               {"a line end", "look\ned", 7, 7},
               {"no ASCII", "caf\303\251 x", 7, 7},
               {"thirteen digits", "74242-4242-4242", 15, 15}};
  uint64_t before = h.vault->audit.committed.sequence;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint8_t bytes[32];
    struct writer body = writer_over(bytes, sizeof bytes);
    struct reader rest;
    write_u16(&body, (uint16_t)wrong[i].declared);
    write_bytes(&body, wrong[i].bytes, wrong[i].length);
    cr_expect_eq(harness_ask(&h, &h.admin, ADMIN_LEDGER_ACCEPT, &body, &rest), -1, "%s", wrong[i].what);
    connect_again(&h.admin, ROLE_ADMIN);
  }
  expect_closed(&h.admin, ADMIN_LEDGER_ACCEPT, 0); /* no reason at all */
  connect_again(&h.admin, ROLE_ADMIN);
  expect_closed(&h.admin, ADMIN_LEDGER_ACCEPT, 1);
  connect_again(&h.admin, ROLE_ADMIN);
  for (size_t length = 101; length <= 200; length += 99) { /* within the row's length, and beyond */
    uint8_t bytes[256];
    char text[201];
    struct writer body = writer_over(bytes, sizeof bytes);
    struct reader rest;
    memset(text, 'x', length);
    text[length] = '\0';
    write_text(&body, text);
    cr_expect_eq(harness_ask(&h, &h.admin, ADMIN_LEDGER_ACCEPT, &body, &rest), -1, "%zu characters", length);
    connect_again(&h.admin, ROLE_ADMIN);
  }
  struct message message;
  cr_expect_eq(harness_receive(&h, &h.router, &message), CHANNEL_NOTHING, "the router is told of nothing");
  cr_expect_eq(h.vault->audit.committed.sequence, before);
}

/* Each time is a record of its own: who says so again has a reason again. */
Test(surface, a_ledger_accepted_again_is_recorded_again) {
  uint64_t before = h.vault->audit.committed.sequence;
  for (unsigned i = 0; i < 2; i++) {
    struct ledger_accept accept;
    memset(&accept, 0, sizeof accept);
    memset(accept.reason, 'x', AUDIT_REASON_CAPACITY - 1); /* as long as may be */
    uint8_t bytes[256];
    struct writer body = writer_over(bytes, sizeof bytes);
    struct reader rest;
    struct message message;
    write_ledger_accept(&body, &accept);
    cr_expect_eq(harness_ask(&h, &h.admin, ADMIN_LEDGER_ACCEPT, &body, &rest), STATUS_DONE);
    cr_expect_eq(harness_receive(&h, &h.router, &message), 0);
  }
  cr_expect_eq(h.vault->audit.committed.sequence, before + 2);
}
