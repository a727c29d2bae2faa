#include "ledger_check.h"
#include "log.h"
#include "payment.h"
#include <assert.h>
#include <errno.h>

enum { QUESTION_TIMEOUT_MS = 5000, RETRY_US = 500000 };

static struct ledger_check *of_question(struct vault_question *question) {
  return (struct ledger_check *)((char *)question - offsetof(struct ledger_check, question));
}

static void ask_page(struct ledger_check *check) {
  uint8_t bytes[16];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_releases_question(&writer, &(struct releases_question){.after = check->looked_up});
  assert(writer_finish(&writer) == 0);
  check->asking = true;
  vault_link_ask(check->vault, &check->question, RV_RELEASES, bytes, writer_length(&writer),
                 QUESTION_TIMEOUT_MS);
}

/* Without an answer the vault is not used; a new line begins anew. */
static void ask_later(struct ledger_check *check) {
  if (vault_link_greeted(check->vault) && loop_set_timer(check->loop, &check->retry, RETRY_US) != 0)
    log_warn("the vault's releases are not asked for again");
}

static void retry_due(struct timer *timer) {
  struct ledger_check *check = (struct ledger_check *)((char *)timer - offsetof(struct ledger_check, retry));
  if (!check->asking && vault_link_greeted(check->vault))
    ask_page(check);
}

static void is_behind(struct ledger_check *check, uint64_t sequence) {
  check->behind = true;
  log_warn_number("the ledger is older than the vault, or was lost: it lacks an attempt or a movement that "
                  "was sent; nothing is charged or changed (see `freeport ledger`)",
                  "audit record", (int64_t)sequence);
  vault_link_bar(check->vault);
}

static void is_whole(struct ledger_check *check) {
  check->behind = false;
  ledger_head_note(check->ledger, &check->head);
  vault_link_begin(check->vault);
}

/* A damaged payment is there all the same. Returns 0, LEDGER_ABSENT with its sequence, or a negated errno. */
static int look_up(const struct ledger_check *check, const struct releases_page *page,
                   uint64_t *ret_sequence) {
  for (unsigned i = 0; i < page->count; i++) {
    const struct release *release = &page->releases[i];
    int r = step_recorded(check->ledger, &release->merchant, release->key);
    if (r == LEDGER_ABSENT)
      *ret_sequence = release->sequence;
    if (r != 0 && r != -EBADMSG)
      return r;
  }
  return 0;
}

static void take_page(struct ledger_check *check, const struct releases_page *page) {
  uint64_t sequence;
  int r = look_up(check, page, &sequence);
  if (r == LEDGER_ABSENT) {
    is_behind(check, sequence);
  } else if (r < 0 || (page->more && page->through <= check->looked_up)) {
    log_error("the vault's releases cannot be looked up", r < 0 ? r : -EBADMSG);
    ask_later(check);
  } else if (page->more) {
    check->looked_up = page->through;
    ask_page(check);
  } else {
    is_whole(check);
  }
}

static void page_answered(struct vault_question *question, struct vault_reply *reply) {
  struct ledger_check *check = of_question(question);
  static struct releases_page page;
  check->asking = false;
  if (check->again) { /* that was of the line before */
    check->again = false;
    ask_page(check);
  } else if (reply->fate != VAULT_REPLIED || reply->status != STATUS_DONE ||
             read_releases_page(&reply->body, &page) != 0) {
    ask_later(check);
  } else {
    take_page(check, &page);
  }
}

void ledger_check_init(struct ledger_check *check, struct vault_link *vault, struct loop *loop,
                       struct ledger *ledger) {
  *check = (struct ledger_check){.vault = vault, .loop = loop, .ledger = ledger};
  check->question.answered = page_answered;
  check->retry.due = retry_due;
}

void ledger_check_begin(struct ledger_check *check, const struct audit_head *head) {
  loop_clear_timer(check->loop, &check->retry);
  check->head = *head;
  check->looked_up = ledger_head(check->ledger).sequence;
  check->accepted = false;
  if (check->asking)
    check->again = true;
  else
    ask_page(check);
}

int ledger_check_accept(struct ledger_check *check, struct reader *body) {
  struct audit_head head;
  read_audit_head(body, &head);
  if (reader_finish(body) != 0)
    return -EBADMSG;
  if (!check->behind || !vault_link_barred(check->vault))
    return 0;
  ledger_head_note(check->ledger, &head);
  check->accepted = true;
  return 0;
}

void ledger_check_committed(struct ledger_check *check, bool good) {
  if (!check->accepted)
    return;
  check->accepted = false;
  if (!good)
    return;
  log_warn_number("an operator has accepted the ledger as it is", "audit record",
                  (int64_t)ledger_head(check->ledger).sequence);
  check->behind = false;
  vault_link_begin(check->vault);
}

void ledger_check_end(struct ledger_check *check) {
  loop_clear_timer(check->loop, &check->retry);
}
