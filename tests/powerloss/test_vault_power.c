/* Power losses under vault.mdb, while the vault's own code works on it. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "escrow.h"
#include "harness.h"
#include "index.h"
#include "provider_file.h"
#include "recorded_store.h"
#include "store_lmdb.h"
#include "tables.h"
#include "tokens.h"

#ifdef FREEPORT_SANITIZED
enum { STATES = 800 };
#else
enum { STATES = 5000 };
#endif
enum {
  ROUNDS = 500,
  MAP_BYTES = 64 << 20,
  TOKENS_MAX = 4096,
  AT_ONCE_MAX = 6,
  RELEASES_MAX = 1024,
  PROMISES_MAX = 8192,
  COMMITS_MAX = 2048,
  ONE_IN = 64,
  LOOKED_AT = 4,
  NEVER = 0xffffff
};

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* What the vault told somebody, in the order in which it did. */
struct promise {
  uint8_t type;
  uint64_t correlation;
};

struct known_token {
  struct id id;
  char number[20];
  size_t made, deleted;               /* the promises */
  size_t there_until, destroyed_from; /* the commits */
};

struct known_release {
  char key[STEP_KEY_CAPACITY];
  size_t promise;
};

static struct harness h;
static const char *look_through(struct store *store, size_t commit, const struct moment *moment);

static struct recorded_store subject = {.name = "vault.mdb",
                                        .tables = vault_tables,
                                        .table_count = TABLE_COUNT,
                                        .map_bytes = MAP_BYTES,
                                        .look_through = look_through};
static struct promise promises[PROMISES_MAX];
static size_t promise_count;
static struct known_token tokens[TOKENS_MAX];
static size_t token_count;
static struct known_release releases[RELEASES_MAX];
static size_t release_count;
static uint8_t bytes[MESSAGE_MAX];

int __real_channel_send(struct channel *channel, uint8_t type, uint64_t correlation, const void *body,
                        size_t length);
int __wrap_channel_send(struct channel *channel, uint8_t type, uint64_t correlation, const void *body,
                        size_t length);

/* By --wrap=channel_send: the moment at which the vault speaks, to the call. */
int __wrap_channel_send(struct channel *channel, uint8_t type, uint64_t correlation, const void *body,
                        size_t length) {
  bool answers = type == (CV_TOKENIZE | REPLY_BIT) || type == (RV_DELETE_TOKEN | REPLY_BIT);
  if ((answers || type == EV_SEND) && promise_count < PROMISES_MAX) {
    promises[promise_count++] = (struct promise){type, correlation};
    recorder_mark(EVENT_PROMISE);
  }
  return __real_channel_send(channel, type, correlation, body, length);
}

static size_t promise_of(uint8_t type, uint64_t correlation) {
  for (size_t i = promise_count; i > 0; i--) {
    if (promises[i - 1].type == type && promises[i - 1].correlation == correlation)
      return i - 1;
  }
  cr_assert_fail("the vault's answer was not seen to leave");
  return 0;
}

/* ---- What the vault does meanwhile ---- */

/* A number of a test range whose check digit is right. */
static void draw_number(char ret_number[20]) {
  unsigned sum = 0;
  snprintf(ret_number, 20, "424242%09llu0", (unsigned long long)recorded_draw(1000000000));
  for (unsigned i = 0; i < 15; i++) {
    unsigned digit = (unsigned)(ret_number[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  ret_number[15] = (char)('0' + (10 - sum % 10) % 10);
}

static void note_token(uint64_t correlation, const struct message *message, const char *number) {
  struct reader rest = reader_over(message->body, message->length);
  struct tokenized made;
  cr_assert_eq(read_u16(&rest), STATUS_DONE);
  cr_assert_eq(read_tokenized(&rest, &made), 0);
  cr_assert_lt(token_count, TOKENS_MAX);
  struct known_token *token = &tokens[token_count++];
  *token = (struct known_token){.id = made.token,
                                .made = promise_of(CV_TOKENIZE | REPLY_BIT, correlation),
                                .deleted = NEVER,
                                .there_until = NEVER,
                                .destroyed_from = NEVER};
  strcpy(token->number, number);
}

/* Some at once, so that a commit holds several. */
static void tokenize(void) {
  char numbers[AT_ONCE_MAX][20];
  uint64_t correlations[AT_ONCE_MAX];
  size_t count = 1 + recorded_draw(AT_ONCE_MAX);
  for (size_t i = 0; i < count; i++) {
    if (token_count > 0 && recorded_draw(3) == 0)
      strcpy(numbers[i], tokens[recorded_draw(token_count)].number);
    else
      draw_number(numbers[i]);
    struct tokenize ask = harness_card(&h, numbers[i], recorded_draw(2) ? "123" : "");
    struct writer body = writer_over(bytes, sizeof bytes);
    write_tokenize(&body, &ask);
    correlations[i] = harness_send(&h, &h.collect, CV_TOKENIZE, &body);
  }
  for (size_t i = 0; i < count; i++) {
    struct message message;
    cr_assert_eq(harness_receive(&h, &h.collect, &message), 0);
    cr_assert_eq(message.correlation, correlations[i]);
    note_token(correlations[i], &message, numbers[i]);
  }
}

static struct known_token *living_token(void) {
  for (size_t i = 0; i < 4 * token_count; i++) {
    struct known_token *token = &tokens[recorded_draw(token_count)];
    if (token->deleted == NEVER)
      return token;
  }
  return NULL;
}

static void charge(void) {
  struct known_token *token = living_token();
  static struct egress_send sent;
  uint64_t correlation;
  if (!token || release_count == RELEASES_MAX)
    return;
  struct dispatch charge = harness_charge(&h, &token->id);
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DONE);
  struct known_release *release = &releases[release_count++];
  strcpy(release->key, charge.key);
  release->promise = promise_of(EV_SEND, correlation);
  struct dispatch_result approved = harness_approved(), got;
  cr_assert_eq(harness_answer(&h, correlation, &approved, &got), STATUS_DONE);
}

static void delete_token(void) {
  struct known_token *token = living_token();
  struct token_description description;
  if (!token)
    return;
  cr_assert_eq(harness_question(&h, &h.router, RV_DELETE_TOKEN, &h.merchant, &token->id, &description),
               STATUS_DONE);
  token->deleted = promise_of(RV_DELETE_TOKEN | REPLY_BIT, h.correlation);
}

static void update_token(void) {
  struct known_token *token = living_token();
  struct reader rest;
  if (!token)
    return;
  struct token_update update = {.merchant = h.merchant,
                                .token = token->id,
                                .exp_month = 1,
                                .exp_year = (uint16_t)(2031 + recorded_draw(5))};
  struct writer body = writer_over(bytes, sizeof bytes);
  write_token_update(&body, &update);
  cr_assert_eq(harness_ask(&h, &h.router, RV_UPDATE_TOKEN, &body, &rest), STATUS_DONE);
}

static void change_connector(void) {
  struct connector_status_set set = {.name = "adyen", .status = CONNECTOR_ACTIVE};
  struct reader rest;
  struct message changed;
  struct writer body = writer_over(bytes, sizeof bytes);
  write_connector_status_set(&body, &set);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_CONNECTOR_STATUS, &body, &rest), STATUS_DONE);
  while (harness_receive(&h, &h.router, &changed) == 0)
    continue;
}

/* Seven days after their deletion tokens are destroyed. */
static void pass_days(void) {
  size_t before = commits_count();
  harness_pass(&h, (int64_t)(1 + recorded_draw(8)) * DAY_MS);
  harness_pass(&h, 601 * 1000);
  for (size_t i = 0; i < token_count; i++) {
    struct token_description description;
    if (tokens[i].deleted == NEVER || tokens[i].there_until != NEVER ||
        harness_describe(&h, &h.merchant, &tokens[i].id, &description) == STATUS_DONE)
      continue;
    tokens[i].there_until = before;
    tokens[i].destroyed_from = commits_count();
  }
}

static void one_round(void) {
  static void (*const does[])(void) = {tokenize,     tokenize,     tokenize,     charge,           charge,
                                       delete_token, delete_token, update_token, change_connector, pass_days};
  if (token_count == 0)
    tokenize();
  else
    does[recorded_draw(sizeof does / sizeof *does)]();
}

static void record(unsigned rounds) {
  recorded_store_begin(&subject);
  cr_assert_geq(sodium_init(), 0);
  harness_open(&h, HARNESS_LMDB);
  for (unsigned i = 0; i < rounds; i++)
    one_round();
  recorded_store_end(&subject);
}

static void forget(void) {
  harness_close(&h);
  recorded_store_free(&subject);
}

TestSuite(power_vault, .fini = forget);

/* ---- What must hold after a loss ---- */

struct opened {
  struct store *store;
  struct loop *loop;
  struct arena *arena;
  struct vault *vault;
};

static void close_opened(struct opened *opened) {
  if (opened->vault)
    vault_free(opened->vault);
  loop_free(opened->loop);
  if (opened->arena)
    arena_free(opened->arena);
}

/* As freeport-vault opens it. */
static const char *open_vault(struct store *store, struct opened *opened) {
  struct vault_options options = {.store = store,
                                  .clock = &h.clock,
                                  .environment = ENVIRONMENT_TEST,
                                  .similar_limit = SIMILAR_LIMIT_DEFAULT};
  bool is_new;
  *opened = (struct opened){.store = store};
  if (loop_new(&h.clock, &opened->loop) < 0 || arena_new(VAULT_ARENA_BYTES, &opened->arena) < 0)
    return "no loop or no locked memory";
  options.loop = opened->loop;
  options.arena = opened->arena;
  if (vault_is_new(store, &is_new) < 0)
    return "the vault's first row cannot be read";
  if (provider_file_open(h.folder, ENVIRONMENT_TEST, is_new, h.now_ms, opened->arena, &options.provider) <
          0 ||
      escrow_open(h.folder, ENVIRONMENT_TEST, is_new, h.now_ms, options.escrow_public) < 0)
    return "the vault's keys are refused";
  return vault_new(&options, &opened->vault) < 0 ? "the vault does not open" : NULL;
}

static void limit(size_t *held, size_t promise) {
  if (promise < *held)
    *held = promise;
}

/* The chain is whole up to the head that the vault remembers, and holds every card that left. */
static const char *check_audit(struct vault *vault, size_t *held) {
  struct audit_head head = {0};
  struct view key = {0};
  struct view value;
  struct audit_record record;
  size_t found = 0;
  int r = store_next(vault->store, TABLE_AUDIT, NULL, 0, true, &key, &value);
  while (r == 0) {
    if (audit_verify_next(&head, value.bytes, value.length) != 0 ||
        audit_record_read(value.bytes, value.length, &record) < 0)
      return "the audit chain is broken";
    if (record.kind == AUDIT_RELEASE && found < release_count && strcmp(record.key, releases[found].key) == 0)
      found++;
    r = store_next(vault->store, TABLE_AUDIT, key.bytes, key.length, false, &key, &value);
  }
  if (r < 0 || audit_verify_end(&head, &vault->audit.head) != 0)
    return "the audit chain ends early";
  if (found < release_count)
    limit(held, releases[found].promise);
  return NULL;
}

static bool opens(const struct known_token *token, const struct found_token *found) {
  struct card card;
  struct record_binding binding = token_binding(found);
  int r = record_open_card(&found->record, &binding, found->names.inner_key, &card);
  bool same = r == 0 && strcmp(card.number, token->number) == 0;
  card_wipe(&card);
  return same;
}

static const char *check_token(struct vault *vault, const struct known_token *token, size_t commit,
                               size_t *held, size_t *found_count) {
  struct found_token found;
  int r = token_find(vault, &h.merchant, &token->id, &found);
  if (r < 0)
    return "a token's record does not open";
  if (r == STATUS_NOT_FOUND) {
    if (commit <= token->there_until)
      limit(held, token->made);
    return NULL;
  }
  ++*found_count;
  const char *wrong = opens(token, &found) ? NULL : "a card's number does not open";
  if (!wrong && commit >= token->destroyed_from)
    wrong = "a destroyed token is back";
  if (found.record.status != TOKEN_DELETED)
    limit(held, token->deleted);
  token_found_wipe(&found);
  return wrong;
}

static const char *check_tokens(struct vault *vault, size_t commit, size_t *held) {
  size_t found = 0, rows = 0;
  const char *wrong = NULL;
  for (size_t i = 0; !wrong && i < token_count; i++)
    wrong = check_token(vault, &tokens[i], commit, held, &found);
  struct view key = {0};
  struct view value;
  int r = store_next(vault->store, TABLE_TOKENS, NULL, 0, true, &key, &value);
  for (; r == 0; rows++)
    r = store_next(vault->store, TABLE_TOKENS, key.bytes, key.length, false, &key, &value);
  return wrong || rows == found ? wrong : "there are records of no token";
}

/* Each emptied entry of the index waits to be forgotten, and nothing else does. */
static const char *check_index(struct vault *vault, size_t *ret_waiting) {
  enum { FORMAT_EMPTIED = 2, DAY_BYTES = 4 };
  size_t emptied = 0, waiting = 0;
  struct view key = {0};
  struct view value;
  int r = store_next(vault->store, TABLE_INDEX, NULL, 0, true, &key, &value);
  while (r == 0) {
    emptied += value.bytes[0] == FORMAT_EMPTIED;
    r = store_next(vault->store, TABLE_INDEX, key.bytes, key.length, false, &key, &value);
  }
  r = store_next(vault->store, TABLE_EMPTIED, NULL, 0, true, &key, &value);
  for (; r == 0; waiting++) {
    struct view entry;
    if (store_get(vault->store, TABLE_INDEX, key.bytes + DAY_BYTES, INDEX_ENTRY_BYTES, &entry) != 0 ||
        entry.bytes[0] != FORMAT_EMPTIED)
      return "what waits to be forgotten is no emptied entry";
    r = store_next(vault->store, TABLE_EMPTIED, key.bytes, key.length, false, &key, &value);
  }
  *ret_waiting = waiting;
  return emptied == waiting ? NULL : "an emptied entry would be kept for ever";
}

/* *held: how many of the vault's promises, from the first on, hold. */
static const char *check_vault(struct store *store, size_t commit, size_t *held) {
  struct opened opened;
  size_t waiting;
  *held = NEVER;
  const char *wrong = open_vault(store, &opened);
  if (!wrong)
    wrong = check_audit(opened.vault, held);
  if (!wrong)
    wrong = check_tokens(opened.vault, commit, held);
  if (!wrong)
    wrong = check_index(opened.vault, &waiting);
  close_opened(&opened);
  return wrong;
}

/* A vault's locked memory takes long to come by, and equal contents read equally: each commit of
 * LOOKED_AT is looked through when it is first met, and of all files one in ONE_IN. */
static const char *look_through(struct store *store, size_t commit, const struct moment *moment) {
  static struct {
    bool known;
    size_t held;
  } commits_seen[COMMITS_MAX];
  static unsigned count;
  if ((!commits_seen[commit].known && commit % LOOKED_AT == 0) || ++count % ONE_IN == 0) {
    const char *wrong = check_vault(store, commit, &commits_seen[commit].held);
    if (wrong)
      return wrong;
    commits_seen[commit].known = true;
  }
  return commits_seen[commit].known && commits_seen[commit].held < moment->promises
             ? "what the vault answered is lost"
             : NULL;
}

Test(power_vault, nothing_acknowledged_is_lost_and_nothing_else_is_there, .timeout = 36000) {
  record(ROUNDS);
  cr_assert_gt(subject.commit_count, 250);
  cr_assert_lt(subject.commit_count, COMMITS_MAX);
  cr_assert_gt(token_count, 250);
  cr_assert_gt(release_count, 30);
  size_t waiting = 0;
  cr_assert_null(check_index(h.vault, &waiting));
  cr_assert_gt(waiting, 0);
  size_t states = trial_states(STATES);
  struct trial_result result = recorded_store_try(&subject, DISK_HONEST, states, "vault.mdb");
  cr_assert_eq(result.bad, 0, "%s", result.first_bad);
  cr_assert_gt(result.states, 500);
}

/* A check that cannot fail would be none: disks that lie are found out. */
Test(power_vault, a_disk_that_keeps_meta_pages_back_loses_what_was_acknowledged, .timeout = 600) {
  record(60);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_DSYNC, 300, "vault.mdb, meta pages not synced");
  cr_assert_gt(result.bad, 30);
  cr_assert_not_null(strstr(result.first_bad, "acknowledged"), "%s", result.first_bad);
}

#ifndef FREEPORT_SANITIZED /* LMDB may read anywhere then */
Test(power_vault, a_disk_that_does_not_sync_before_the_meta_page_damages_the_file, .timeout = 600) {
  record(60);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_DATASYNC, 300, "vault.mdb, pages not synced");
  cr_assert_gt(result.bad, 30);
}

Test(power_vault, a_disk_that_syncs_nothing_does_both, .timeout = 600) {
  record(60);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_SYNCS, 300, "vault.mdb, nothing synced");
  cr_assert_gt(result.bad, 30);
}
#endif
