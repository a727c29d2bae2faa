/* Questions to the vault: every one is answered once, and what never left is told apart from what may have.
 */
#include "vault_link.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct vault_link *vault_link;
static struct channel vault; /* the vault's end */
static unsigned changes, told;
static uint32_t told_body;
static struct audit_head greeted;
static bool begins; /* at once when the vault was greeted */

struct asked {
  struct vault_question question; /* first */
  unsigned answers;
  enum vault_fate fate;
  enum status status;
  uint32_t value;
};

static void on_change(void *context) {
  (void)context;
  changes++;
}

static int on_told(void *context, uint8_t type, struct reader *body) {
  (void)context;
  told += type;
  told_body = read_u32(body);
  return reader_finish(body);
}

static void on_head(void *context, const struct audit_head *head) {
  (void)context;
  greeted = *head;
  if (begins)
    vault_link_begin(vault_link);
}

static void on_answer(struct vault_question *question, struct vault_reply *reply) {
  struct asked *asked = (struct asked *)question;
  asked->answers++;
  asked->fate = reply->fate;
  asked->status = reply->status;
  if (reply->fate == VAULT_REPLIED && reply->status == STATUS_DONE)
    asked->value = read_u32(&reply->body);
}

static void turn(void) {
  for (int i = 0; i < 5; i++)
    cr_assert_eq(loop_round(loop, 0), 0);
}

static void connect_line(void) {
  struct audit_head head = {.sequence = 7};
  int ends[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  cr_assert_eq(channel_open(&vault, ends[1]), 0);
  cr_assert_eq(vault_link_connect(vault_link, ends[0], &head), 0);
  turn();
}

static struct message received(void) {
  struct message message = {0};
  cr_assert_eq(channel_receive(&vault, &message), 0);
  return message;
}

static void reply(const struct message *to, enum status status, const void *more, size_t length) {
  uint8_t bytes[256];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, status);
  write_bytes(&writer, more, length);
  cr_assert_eq(channel_send(&vault, to->type | REPLY_BIT, to->correlation, bytes, writer_length(&writer)), 0);
}

static void greet(enum status status) {
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct audit_head head = {.sequence = 9};
  struct message message = received();
  cr_assert_eq(message.type, RV_HEAD);
  write_audit_head(&writer, &head);
  reply(&message, status, bytes, status == STATUS_DONE ? writer_length(&writer) : 0);
  turn();
}

static void ask(struct asked *asked, uint32_t timeout_ms) {
  *asked = (struct asked){.question = {.answered = on_answer}};
  vault_link_ask(vault_link, &asked->question, RV_DESCRIBE, "question", 8, timeout_ms);
}

static void begin(void) {
  const struct vault_link_host host = {on_change, on_told, on_head, NULL};
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  cr_assert_eq(vault_link_new(loop, &host, &vault_link), 0);
  vault.fd = -1;
  begins = true;
}

static void finish(void) {
  vault_link_free(vault_link);
  channel_close(&vault);
  loop_free(loop);
}

TestSuite(api_vault_link, .init = begin, .fini = finish, .timeout = 30);

Test(api_vault_link, a_reply_reaches_its_question) {
  struct asked first, second;
  connect_line();
  greet(STATUS_DONE);
  cr_assert(vault_link_up(vault_link));
  cr_expect_eq(changes, 1);
  cr_expect_eq(greeted.sequence, 9);
  ask(&first, 1000);
  ask(&second, 1000);
  struct message one = received();
  uint64_t correlation = one.correlation;
  struct message two = received();
  cr_expect_neq(correlation, two.correlation);
  reply(&two, STATUS_DONE, "\x02\0\0", 4);
  one.correlation = correlation;
  reply(&one, STATUS_NOT_FOUND, "", 0);
  turn();
  cr_expect(first.answers == 1 && first.status == STATUS_NOT_FOUND);
  cr_expect(second.answers == 1 && second.value == 2);
  cr_expect_eq(vault_link_pending(vault_link), 0);
}

Test(api_vault_link, nothing_is_asked_before_the_vault_accepted_our_head) {
  struct asked asked;
  ask(&asked, 1000);
  cr_expect_eq(asked.answers, 0, "never answered from within");
  turn();
  cr_expect(asked.answers == 1 && asked.fate == VAULT_NOT_SENT);
  connect_line();
  ask(&asked, 1000);
  turn();
  cr_expect(asked.answers == 1 && asked.fate == VAULT_NOT_SENT);
  greet(STATUS_ROLLED_BACK);
  cr_expect_not(vault_link_up(vault_link));
  cr_expect(vault_link_rolled_back(vault_link));
  ask(&asked, 1000);
  turn();
  cr_expect(asked.answers == 1 && asked.fate == VAULT_NOT_SENT);
  cr_expect_eq(changes, 0);
}

Test(api_vault_link, a_lost_line_tells_what_left_from_what_waited) {
  static struct asked asked[VAULT_CREDITS + 3];
  connect_line();
  greet(STATUS_DONE);
  for (size_t i = 0; i < VAULT_CREDITS + 3; i++)
    ask(&asked[i], 60000);
  turn();
  cr_expect_eq(vault_link_pending(vault_link), VAULT_CREDITS + 3);
  struct message message = received();
  reply(&message, STATUS_DONE, "\x01\0\0", 4);
  turn();
  cr_expect_eq(vault_link_pending(vault_link), VAULT_CREDITS + 2);
  channel_close(&vault);
  vault.fd = -1;
  turn();
  unsigned lost = 0, unsent = 0;
  for (size_t i = 0; i < VAULT_CREDITS + 3; i++) {
    cr_expect_eq(asked[i].answers, 1);
    lost += asked[i].fate == VAULT_LOST;
    unsent += asked[i].fate == VAULT_NOT_SENT;
  }
  cr_expect_eq(lost, VAULT_CREDITS);
  cr_expect_eq(unsent, 2);
  cr_expect_eq(changes, 2);
  connect_line();
  greet(STATUS_DONE);
  cr_expect(vault_link_up(vault_link));
}

Test(api_vault_link, a_late_reply_is_nobodys) {
  struct asked first, second;
  connect_line();
  greet(STATUS_DONE);
  ask(&first, 1);
  struct message message = received();
  usleep(3000);
  turn();
  cr_expect(first.answers == 1 && first.fate == VAULT_LOST);
  ask(&second, 60000);
  reply(&message, STATUS_DONE, "\x01\0\0", 4);
  turn();
  cr_expect_eq(second.answers, 0);
  cr_expect_eq(first.answers, 1);
  message = received();
  reply(&message, STATUS_DONE, "\x05\0\0", 4);
  turn();
  cr_expect(second.answers == 1 && second.value == 5);
}

Test(api_vault_link, what_waited_too_long_never_left) {
  static struct asked asked[VAULT_CREDITS], last;
  connect_line();
  greet(STATUS_DONE);
  for (size_t i = 0; i < VAULT_CREDITS; i++)
    ask(&asked[i], 60000);
  ask(&last, 1);
  usleep(3000);
  turn();
  cr_expect(last.answers == 1 && last.fate == VAULT_NOT_SENT && last.status == STATUS_BUSY);
  cr_expect_eq(vault_link_pending(vault_link), VAULT_CREDITS);
}

Test(api_vault_link, so_many_wait_and_no_more) {
  static struct asked asked[VAULT_CREDITS + VAULT_WAITING_MAX], last;
  connect_line();
  greet(STATUS_DONE);
  for (size_t i = 0; i < VAULT_CREDITS + VAULT_WAITING_MAX; i++)
    ask(&asked[i], 60000);
  ask(&last, 60000);
  turn();
  cr_expect(last.answers == 1 && last.fate == VAULT_NOT_SENT && last.status == STATUS_BUSY);
  cr_expect_eq(vault_link_pending(vault_link), VAULT_CREDITS + VAULT_WAITING_MAX);
}

Test(api_vault_link, a_question_of_the_vaults_ends_the_line) {
  connect_line();
  greet(STATUS_DONE);
  cr_assert_eq(channel_send(&vault, RV_DESCRIBE, 5, "", 0), 0);
  turn();
  cr_expect_not(vault_link_up(vault_link));
  cr_expect_eq(told, 0);
}

Test(api_vault_link, a_malformed_reply_ends_the_line) {
  struct asked asked;
  connect_line();
  greet(STATUS_DONE);
  ask(&asked, 60000);
  struct message message = received();
  cr_assert_eq(channel_send(&vault, RV_DISPATCH | REPLY_BIT, message.correlation, "\0\0", 2), 0);
  turn();
  cr_expect_not(vault_link_up(vault_link));
  cr_expect(asked.answers == 1 && asked.fate == VAULT_LOST);
}

Test(api_vault_link, what_nobody_asked_for_is_told) {
  connect_line();
  greet(STATUS_DONE);
  cr_assert_eq(channel_send(&vault, RV_CONNECTORS_CHANGED, 0, "\1\2\3\4", 4), 0);
  turn();
  cr_expect_eq(told, RV_CONNECTORS_CHANGED);
  cr_expect_eq(told_body, 0x04030201);
  cr_expect(vault_link_up(vault_link));
}

Test(api_vault_link, what_is_told_malformed_ends_the_line) {
  connect_line();
  greet(STATUS_DONE);
  cr_assert_eq(channel_send(&vault, RV_WEBHOOK, 0, "\1\2\3", 3), 0);
  turn();
  cr_expect_not(vault_link_up(vault_link));
}

Test(api_vault_link, a_greeted_vault_is_asked_for_its_releases_alone) {
  struct asked asked, releases = {.question = {.answered = on_answer}};
  begins = false;
  connect_line();
  greet(STATUS_DONE);
  cr_expect(vault_link_greeted(vault_link) && !vault_link_up(vault_link));
  cr_expect_eq(changes, 0);
  ask(&asked, 1000);
  turn();
  cr_expect(asked.answers == 1 && asked.fate == VAULT_NOT_SENT);
  vault_link_ask(vault_link, &releases.question, RV_RELEASES, "\0\0\0\0\0\0\0", 8, 1000);
  struct message message = received();
  cr_expect_eq(message.type, RV_RELEASES);
  reply(&message, STATUS_BUSY, "", 0);
  turn();
  cr_expect(releases.answers == 1 && releases.fate == VAULT_REPLIED);
  vault_link_bar(vault_link);
  cr_expect(vault_link_barred(vault_link) && !vault_link_up(vault_link));
  vault_link_ask(vault_link, &releases.question, RV_RELEASES, "\0\0\0\0\0\0\0", 8, 1000);
  turn();
  cr_expect(releases.fate == VAULT_NOT_SENT, "a barred line is not asked at all");
  vault_link_begin(vault_link);
  cr_expect(vault_link_up(vault_link) && changes == 1);
}
