#include "connector_list.h"
#include "log.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { QUESTION_TIMEOUT_MS = 5000, RETRY_US = 1000000 };

static struct connector_list *of_question(struct vault_question *question) {
  return (struct connector_list *)((char *)question - offsetof(struct connector_list, question));
}

static void ask_page(struct connector_list *connectors) {
  struct connectors_question question = {0};
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  if (connectors->count > 0)
    strcpy(question.after, connectors->facts[connectors->count - 1].name);
  write_connectors_question(&writer, &question);
  assert(writer_finish(&writer) == 0);
  vault_link_ask(connectors->vault, &connectors->question, RV_CONNECTORS, bytes, writer_length(&writer),
                 QUESTION_TIMEOUT_MS);
}

static void begin(struct connector_list *connectors) {
  connectors->reading = true;
  connectors->again = false;
  connectors->count = 0;
  ask_page(connectors);
}

static void end(struct connector_list *connectors) {
  connectors->reading = false;
  connectors->known = true;
  connectors->doubted = false;
  connectors->loaded(connectors->context, connectors->facts, connectors->count);
  if (connectors->again)
    begin(connectors);
  else
    connectors->ended(connectors->context, true);
}

/* Tries again later; when the line is lost, its coming back does. */
static void give_up(struct connector_list *connectors) {
  connectors->reading = false;
  if (vault_link_up(connectors->vault) && loop_set_timer(connectors->loop, &connectors->retry, RETRY_US) != 0)
    log_warn("the connectors are not read again");
  connectors->ended(connectors->context, false);
}

static void page_answered(struct vault_question *question, struct vault_reply *reply) {
  struct connector_list *connectors = of_question(question);
  struct connectors_page page;
  if (reply->fate != VAULT_REPLIED || reply->status != STATUS_DONE ||
      read_connectors_page(&reply->body, &page) != 0) {
    give_up(connectors);
    return;
  }
  for (uint8_t i = 0; i < page.count && connectors->count < CONNECTORS_MAX; i++)
    connectors->facts[connectors->count++] = page.facts[i];
  if (page.more && page.count > 0 && connectors->count < CONNECTORS_MAX)
    ask_page(connectors);
  else
    end(connectors);
}

static void retry_due(struct timer *timer) {
  connector_list_read((struct connector_list *)((char *)timer - offsetof(struct connector_list, retry)));
}

void connector_list_init(struct connector_list *connectors, struct vault_link *vault, struct loop *loop,
                         void (*loaded)(void *context, const struct connector_facts *facts, size_t count),
                         void (*ended)(void *context, bool good), void *context) {
  *connectors = (struct connector_list){
      .vault = vault, .loop = loop, .loaded = loaded, .ended = ended, .context = context};
  connectors->question.answered = page_answered;
  connectors->retry.due = retry_due;
}

void connector_list_doubt(struct connector_list *connectors) {
  connectors->doubted = true;
}

void connector_list_read(struct connector_list *connectors) {
  if (connectors->reading)
    connectors->again = true;
  else
    begin(connectors);
}
