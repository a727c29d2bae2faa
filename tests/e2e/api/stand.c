/* A freeport-router on a test stand: starts the real program as the supervisor does, and plays the vault at
 * the other end of its line, with the answers that amounts and tokens ask for.
 *
 *   api-stand ROUTER DATA SHEETS BINS.CSV
 *
 * prints one line of JSON (port, pid, keys, tokens), then takes commands on standard input, one a line:
 *   drop       the vault's line breaks        line       a new one is given to the router
 *   older      the next vault is older than the journal (B9)
 *   forgotten  from now on a card was released for an attempt that the router does not know; again: no more
 *   accept     an operator accepts the ledger as it is
 *   hold       questions wait unanswered      release    and are answered
 *   add        a connector "late" is registered, its account limited, and the router is not told
 *   remove     it is so no more
 *   webhook CONNECTOR KEY ABOUT ANSWER   a PSP's webhook comes, of now
 *   taken      prints how many of them the router has taken
 *   count      prints how many dispatches came
 *   end        the router is sent SIGTERM
 * and at its end stops the router with SIGTERM, if it was not sent before, and prints its exit status. */
#include "bins.h"
#include "control.h"
#include "log.h"
#include "router_vault.h"
#include "sheet.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MERCHANT "mer_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"
#define OTHER_MERCHANT "mer_01J9ZC8XK4T5V6W7X8Y9Z0ABCE"
#define KEY "sk_test_standstandstandstandstand1"
#define OTHER_KEY "sk_test_standstandstandstandstand2"
#define LIVE_KEY "sk_live_standstandstandstandstand1"

/* Tokens by their last character. */
#define TOKEN "tok_01J9ZC8XK4T5V6W7X8Y9Z0ABC"
enum token_kind { GOOD = 'G', DELETED = 'D', EXPIRED = 'E', LIMITED = 'M' };

/* What an amount modulo 100 asks for. */
enum script {
  APPROVE = 0,
  DECLINE_HARD = 1,
  NOT_SENT_FIRST = 2, /* not sent at adyen, approved elsewhere */
  LOST_THEN_FOUND = 3,
  NEVER = 4, /* no reply at all */
  ACTION = 5,
  MOVEMENT_REFUSED = 6,
  LOST_FOR_GOOD = 7, /* the answer is lost, and every question is answered with garbage */
  DECLINE_SOFT = 8
};

enum { HELD_MAX = 8192, SHEET_COUNT = 3, CONNECTORS_MAX = 4 };

struct held {
  uint8_t type;
  uint64_t correlation;
  uint8_t body[MESSAGE_MAX];
  size_t length;
};

static struct stand {
  pid_t pid;
  int control, port;
  struct channel line;
  uint64_t head;
  unsigned dispatches, taken;
  bool older, forgotten, holding, ending;
  struct held *held;
  size_t held_count;
  size_t connector_count;
  struct connector_facts connectors[CONNECTORS_MAX];
} stand;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* ---- Starting the router ---- */

/* An account with limits of its own, beside those without. */
static void limit_account(struct connector_facts *late) {
  strcpy(late->name, "late");
  late->account = (struct account_facts){.category = "5411",
                                         .country = "NL",
                                         .region = "EEA",
                                         .settlement_currency = "EUR",
                                         .currency_count = 2,
                                         .currencies = {"EUR", "USD"},
                                         .networks = 1 << NETWORK_VISA};
}

/* At Adyen alone it takes longer than a test for what is lost to settle. */
enum { SETTLING_MS = 100, SETTLING_LONG_MS = 3600000 };

static void read_sheet(const char *directory, const char *name, struct connector_facts *ret_facts) {
  static char bytes[SHEET_BYTES_MAX];
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.yaml", directory, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    fail(path);
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  *ret_facts = (struct connector_facts){
      .status = CONNECTOR_ACTIVE, .settling_ms = strcmp(name, "adyen") == 0 ? SETTLING_LONG_MS : SETTLING_MS};
  strcpy(ret_facts->name, name);
  strcpy(ret_facts->sheet, name);
  strcpy(ret_facts->merchant_account, "account");
  sheet_hash(bytes, length, ret_facts->sheet_hash);
}

static void compile_bins(const char *csv, const char *path) {
  FILE *file = fopen(csv, "r");
  uint64_t line;
  uint32_t count;
  if (file == NULL || bin_table_compile(file, path, &line, &count) != 0)
    fail(csv);
  fclose(file);
}

static void start_router(char **arguments) {
  int ends[2];
  char bins[4096];
  snprintf(bins, sizeof bins, "%s/bins.table", arguments[2]);
  compile_bins(arguments[4], bins);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    fail("socketpair");
  signal(SIGXFSZ, SIG_IGN); /* so that a limit on file sizes looks like a full disk */
  stand.pid = fork();
  if (stand.pid == 0) {
    if (dup2(ends[1], CONTROL_FD) == -1 || fcntl(CONTROL_FD, F_SETFD, 0) == -1)
      _exit(126);
    execl(arguments[1], arguments[1], "--data", arguments[2], "--environment", "test", "--sheets",
          arguments[3], "--bins", bins, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  stand.control = ends[0];
}

static int listening(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd == -1 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1024) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) != 0)
    fail("listen");
  stand.port = ntohs(address.sin_port);
  return fd;
}

static void give(const char *name, int fd) {
  if (control_send(stand.control, name, fd, NULL, 0) != 0)
    fail(name);
  close(fd);
}

static void give_key(const char *key, const char *merchant, bool livemode) {
  uint8_t payload[32 + ID_CAPACITY + 1] = {0};
  crypto_hash_sha256(payload, (const unsigned char *)key, strlen(key));
  strcpy((char *)payload + 32, merchant);
  payload[sizeof payload - 1] = livemode;
  if (control_send(stand.control, "api_key", -1, payload, sizeof payload) != 0)
    fail("api_key");
}

static void give_line(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    fail("socketpair");
  channel_close(&stand.line);
  if (channel_open(&stand.line, ends[1]) != 0)
    fail("channel");
  give("vault", ends[0]);
}

/* ---- The vault ---- */

static void reply(const struct held *to, enum status status, const struct writer *more) {
  uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, status);
  if (status == STATUS_DONE && more != NULL)
    write_bytes(&writer, more->start, writer_length(more));
  (void)!channel_send(&stand.line, to->type | REPLY_BIT, to->correlation, bytes, writer_length(&writer));
}

static void reply_head(const struct held *message) {
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct audit_head head = {.sequence = stand.head};
  write_audit_head(&writer, &head);
  reply(message, stand.older ? STATUS_ROLLED_BACK : STATUS_DONE, &writer);
}

/* What the router did not ask for, when a release was forgotten: the newest record. */
static void reply_releases(const struct held *message) {
  static uint8_t bytes[MESSAGE_MAX];
  static struct releases_page page;
  struct writer writer = writer_over(bytes, sizeof bytes);
  page = (struct releases_page){.through = stand.head, .count = stand.forgotten};
  page.releases[0] = (struct release){
      .sequence = stand.head, .merchant = {MERCHANT}, .key = "pay_01J9ZC8XK4T5V6W7X8Y9Z0ABCD_1"};
  write_releases_page(&writer, &page);
  reply(message, STATUS_DONE, &writer);
}

static void tell_accepted(void) {
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct audit_head head = {.sequence = ++stand.head};
  write_audit_head(&writer, &head);
  if (channel_send(&stand.line, RV_LEDGER_ACCEPTED, 0, bytes, writer_length(&writer)) != 0)
    fail("accept");
}

static struct token_description description(char kind) {
  struct token_description token = {.status = kind == DELETED   ? TOKEN_DELETED
                                              : kind == EXPIRED ? TOKEN_EXPIRED
                                                                : TOKEN_ACTIVE,
                                    .created_ms = 1769860800000,
                                    .destroy_ms = kind == DELETED ? 1770465600000 : 0};
  strcpy(token.card.bin, "42424242");
  strcpy(token.card.last4, "4242");
  token.card.network = NETWORK_VISA;
  token.card.exp_month = 12;
  token.card.exp_year = 2031;
  strcpy(token.card.fingerprint.text, "fpr_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  return token;
}

static void reply_token(const struct held *message, const struct id *merchant, const struct id *token,
                        bool deleting, const struct token_update *update) {
  uint8_t bytes[512];
  struct writer writer = writer_over(bytes, sizeof bytes);
  size_t length = strlen(TOKEN);
  char kind = token->text[length];
  bool known = strcmp(merchant->text, MERCHANT) == 0 && strncmp(token->text, TOKEN, length) == 0 &&
               strchr("GDEM", kind) != NULL;
  struct token_description answer = description(deleting ? DELETED : kind);
  if (update != NULL) {
    answer.card.exp_month = update->exp_month;
    answer.card.exp_year = update->exp_year;
  }
  write_token_description(&writer, &answer);
  enum status status = !known ? STATUS_NOT_FOUND : deleting && kind == LIMITED ? STATUS_LIMITED : STATUS_DONE;
  if (update != NULL && update->exp_year < 2026)
    status = STATUS_INVALID;
  reply(message, status, &writer);
}

static void set(struct answer_fields *fields, enum answer_field field, const char *value) {
  if (answer_fields_set(fields, field, value) != 0)
    fail("answer field");
}

static enum answer approved(enum operation operation) {
  return operation == OPERATION_CHARGE ? ANSWER_IS_CAPTURED : ANSWER_IS_APPROVED;
}

static void answer_status(const struct dispatch *dispatch, struct dispatch_result *result) {
  result->answer = approved(dispatch->asked_about);
  char amount[24];
  snprintf(amount, sizeof amount, "%lld", (long long)dispatch->amount.minor);
  set(&result->fields, ANSWER_AMOUNT, amount);
  set(&result->fields, ANSWER_CURRENCY, dispatch->amount.currency);
}

static bool moves(enum operation operation) {
  return operation == OPERATION_CAPTURE || operation == OPERATION_VOID || operation == OPERATION_REFUND;
}

/* Fills in the result; false: no reply at all. */
static bool play(const struct dispatch *dispatch, struct dispatch_result *result) {
  result->answer = approved(dispatch->operation);
  switch ((enum script)(dispatch->amount.minor % 100)) {
  case DECLINE_HARD:
    if (!moves(dispatch->operation)) {
      result->answer = ANSWER_IS_DECLINED;
      set(&result->fields, ANSWER_CODE, "stolen_card");
      set(&result->fields, ANSWER_NETWORK_CODE, "43");
    }
    break;
  case DECLINE_SOFT:
    if (!moves(dispatch->operation)) {
      result->answer = ANSWER_IS_DECLINED;
      set(&result->fields, ANSWER_CODE, "insufficient_funds");
      set(&result->fields, ANSWER_NETWORK_CODE, "51");
    }
    break;
  case NOT_SENT_FIRST:
    if (strcmp(dispatch->connector, "adyen") == 0 && !moves(dispatch->operation)) {
      result->phase = PHASE_NOT_SENT;
      result->answer = ANSWER_IS_UNKNOWN;
    }
    break;
  case LOST_THEN_FOUND:
    if (!dispatch->replay && !moves(dispatch->operation)) {
      result->phase = PHASE_SENT_NO_REPLY;
      result->answer = ANSWER_IS_UNKNOWN;
    }
    break;
  case NEVER:
    return false;
  case LOST_FOR_GOOD:
    result->phase = dispatch->operation == OPERATION_STATUS ? PHASE_REPLY : PHASE_SENT_NO_REPLY;
    result->answer = ANSWER_IS_UNKNOWN;
    return true;
  case ACTION:
    if (!moves(dispatch->operation)) {
      result->answer = ANSWER_IS_ACTION;
      set(&result->fields, ANSWER_ACTION_URL, "https://acs.example.com/challenge");
    }
    break;
  case MOVEMENT_REFUSED:
    if (moves(dispatch->operation)) {
      result->answer = ANSWER_IS_DECLINED;
      set(&result->fields, ANSWER_CODE, "refused");
    }
    break;
  default:
    break;
  }
  if (dispatch->operation == OPERATION_STATUS)
    answer_status(dispatch, result);
  return true;
}

static void reply_dispatch(const struct held *message, const struct dispatch *dispatch) {
  static uint8_t bytes[MESSAGE_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct dispatch_result result = {.phase = PHASE_REPLY, .step = 1, .http_status = 200, .latency_us = 1234};
  stand.dispatches++;
  result.head.sequence = ++stand.head;
  if (!play(dispatch, &result))
    return;
  if (result.phase == PHASE_REPLY) {
    set(&result.fields, ANSWER_PSP_ID, dispatch->key);
    set(&result.fields, ANSWER_NETWORK_TRANSACTION_ID, "123456789012345");
    set(&result.fields, ANSWER_AVS_POSTAL_CODE, "no_match");
    set(&result.fields, ANSWER_CVC_CHECK, "match");
  }
  write_dispatch_result(&writer, &result);
  reply(message, STATUS_DONE, &writer);
}

static void reply_connectors(const struct held *message) {
  uint8_t bytes[4096];
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct connectors_page page = {.count = (uint8_t)stand.connector_count};
  memcpy(page.facts, stand.connectors, sizeof stand.connectors);
  write_connectors_page(&writer, &page);
  reply(message, STATUS_DONE, &writer);
}

static void act(const struct held *message) {
  static struct dispatch dispatch;
  struct reader body = reader_over(message->body, message->length);
  struct token_question question;
  struct token_update update;
  struct webhook_taken taken;
  bool good = true;
  switch (message->type) {
  case RV_HEAD:
    reply_head(message);
    break;
  case RV_RELEASES:
    reply_releases(message);
    break;
  case RV_DESCRIBE:
  case RV_DELETE_TOKEN:
    good = read_token_question(&body, &question) == 0;
    reply_token(message, &question.merchant, &question.token, message->type == RV_DELETE_TOKEN, NULL);
    break;
  case RV_UPDATE_TOKEN:
    good = read_token_update(&body, &update) == 0;
    reply_token(message, &update.merchant, &update.token, false, &update);
    break;
  case RV_DISPATCH:
    good = read_dispatch(&body, &dispatch) == 0;
    reply_dispatch(message, &dispatch);
    break;
  case RV_CONNECTORS:
    reply_connectors(message);
    break;
  case RV_WEBHOOK_TAKEN:
    good = read_webhook_taken(&body, &taken) == 0;
    stand.taken += good && taken.status == STATUS_DONE;
    reply(message, STATUS_DONE, NULL);
    break;
  default:
    reply(message, STATUS_DONE, NULL);
  }
  if (!good)
    fprintf(stderr, "api-stand: malformed message of type %u\n", message->type);
}

static void take_messages(void) {
  struct message message;
  int result;
  while (stand.line.fd >= 0 && (result = channel_receive(&stand.line, &message)) != CHANNEL_NOTHING) {
    if (result != 0) {
      channel_close(&stand.line);
      stand.line.fd = -1;
      return;
    }
    struct held held = {.type = message.type, .correlation = message.correlation, .length = message.length};
    memcpy(held.body, message.body, message.length);
    if (stand.holding && message.type != RV_HEAD && message.type != RV_RELEASES &&
        stand.held_count < HELD_MAX)
      stand.held[stand.held_count++] = held;
    else
      act(&held);
  }
}

/* ---- Commands ---- */

/* " CONNECTOR KEY ABOUT ANSWER" */
static void tell_webhook(const char *words) {
  static uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  static uint64_t number;
  struct writer writer = writer_over(bytes, sizeof bytes);
  struct webhook webhook = {.number = ++number, .at_ms = 1};
  char about[16], answer[16];
  if (sscanf(words, " %32s %47s %15s %15s", webhook.connector, webhook.key, about, answer) != 4)
    fail("webhook");
  webhook.about = operation_from_name(about);
  webhook.answer = answer_from_name(answer);
  set(&webhook.fields, ANSWER_PSP_ID, "psp-of-the-webhook");
  write_webhook(&writer, &webhook);
  if (channel_send(&stand.line, RV_WEBHOOK, 0, bytes, writer_length(&writer)) != 0)
    fail("webhook");
}

static void end_router(void) {
  if (!stand.ending)
    kill(stand.pid, SIGTERM);
  stand.ending = true;
}

static void command(const char *word) {
  if (strcmp(word, "drop") == 0) {
    channel_close(&stand.line);
    stand.line.fd = -1;
  } else if (strcmp(word, "line") == 0) {
    give_line();
  } else if (strcmp(word, "older") == 0) {
    stand.older = !stand.older;
  } else if (strcmp(word, "forgotten") == 0) {
    stand.forgotten = !stand.forgotten;
  } else if (strcmp(word, "accept") == 0) {
    tell_accepted();
  } else if (strcmp(word, "add") == 0) {
    stand.connectors[SHEET_COUNT] = stand.connectors[0];
    limit_account(&stand.connectors[SHEET_COUNT]);
    stand.connector_count = CONNECTORS_MAX;
  } else if (strcmp(word, "remove") == 0) {
    stand.connector_count = SHEET_COUNT;
  } else if (strcmp(word, "hold") == 0) {
    stand.holding = true;
  } else if (strcmp(word, "release") == 0) {
    stand.holding = false;
    for (size_t i = 0; i < stand.held_count; i++)
      act(&stand.held[i]);
    stand.held_count = 0;
  } else if (strcmp(word, "end") == 0) {
    end_router();
  } else if (strncmp(word, "webhook", 7) == 0) {
    tell_webhook(word + 7);
  }
  printf("%u\n", strcmp(word, "taken") == 0 ? stand.taken : stand.dispatches);
  fflush(stdout);
}

/* One line at a time, so that nothing stays in a buffer that poll() does not see. Returns whether there are
 * more. */
static bool take_command(void) {
  char line[160];
  size_t length = 0;
  while (length < sizeof line - 1 && read(STDIN_FILENO, line + length, 1) == 1) {
    if (line[length] == '\n') {
      line[length] = '\0';
      command(line);
      return true;
    }
    length++;
  }
  return false;
}

static void serve(void) {
  for (bool going = true; going;) {
    struct pollfd fds[] = {
        {STDIN_FILENO, POLLIN, 0},
        {stand.line.fd, (short)(POLLIN | (stand.line.fd >= 0 && channel_waiting(&stand.line) ? POLLOUT : 0)),
         0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
      fail("poll");
    if (fds[1].revents & POLLOUT)
      (void)!channel_flush(&stand.line);
    if (fds[1].revents & (POLLIN | POLLHUP))
      take_messages();
    if (fds[0].revents != 0)
      going = take_command();
  }
}

static void await_ready(void) {
  struct pollfd fd = {stand.control, POLLIN, 0};
  struct control_message message;
  if (poll(&fd, 1, 20000) != 1 || control_receive(stand.control, &message) != 0 ||
      strcmp(message.name, "ready") != 0) {
    fprintf(stderr, "api-stand: the router does not become ready\n");
    kill(stand.pid, SIGKILL);
    exit(1);
  }
}

int main(int count, char **arguments) {
  static const char *const names[SHEET_COUNT] = {"adyen", "checkout", "stripe"};
  if (count != 5 || sodium_init() < 0)
    return 64;
  log_open("api-stand");
  stand.line.fd = -1;
  stand.head = 1;
  stand.held = malloc(HELD_MAX * sizeof *stand.held);
  for (size_t i = 0; i < SHEET_COUNT; i++)
    read_sheet(arguments[3], names[i], &stand.connectors[i]);
  stand.connector_count = SHEET_COUNT;
  start_router(arguments);
  give_key(KEY, MERCHANT, false);
  give_key(OTHER_KEY, OTHER_MERCHANT, false);
  give_key(LIVE_KEY, MERCHANT, true);
  give_line();
  give("http", listening());
  await_ready();
  printf("{\"port\":%d,\"pid\":%d,\"key\":\"" KEY "\",\"other_key\":\"" OTHER_KEY
         "\",\"live_key\":\"" LIVE_KEY "\",\"token\":\"" TOKEN "\"}\n",
         stand.port, stand.pid);
  fflush(stdout);
  serve();
  int status;
  end_router();
  while (waitpid(stand.pid, &status, WNOHANG) == 0) {
    take_messages();
    usleep(2000);
  }
  printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
