/* The router's end of the line to the vault: questions wait here for their replies.
 *
 * At most VAULT_CREDITS are outstanding at once, which is within what the vault allows a peer; more wait here
 * in order. A question is answered exactly once, and never from within vault_link_ask(): by the vault's
 * reply, or by the link when the line is lost or time is up. What was never handed to the line is told apart
 * from what was, because only the first proves that nothing happened. */
#pragma once

#include "channel.h"
#include "cursor.h"
#include "loop.h"
#include "router_vault.h"

enum { VAULT_CREDITS = 1000, VAULT_WAITING_MAX = 8192 };

/* What became of a question. */
enum vault_fate {
  VAULT_REPLIED,  /* status and body hold the reply */
  VAULT_NOT_SENT, /* it never left: no line, no room, or time was up before its turn came */
  VAULT_LOST      /* it left and no reply came: the line broke, or time was up */
};

struct vault_reply {
  enum vault_fate fate;
  enum status status; /* when replied; else STATUS_UNAVAILABLE or STATUS_BUSY */
  struct reader body; /* what follows the status */
};

/* A question; the asker embeds it and keeps it alive until `answered` was called. */
struct vault_question {
  void (*answered)(struct vault_question *question, struct vault_reply *reply);
  /* the link's own */
  struct vault_link *link;
  struct timer timer;
  struct vault_question *next;
  enum status refusal; /* of one that cannot be sent */
  uint8_t *body;       /* while it waits for its turn */
  uint32_t length;
  uint8_t type;
  uint16_t slot; /* plus one, once sent */
};

struct vault_link; /* opaque */

struct vault_link_host {
  void (*changed)(void *context);
  int (*told)(void *context, uint8_t type, struct reader *body);
  void (*head)(void *context, const struct audit_head *head);
  void *context;
};
/* changed: called when the line has become usable, or no longer is (then everything that was asked is
 * answered already). told: called for messages that nobody asked for; returns 0, or -EBADMSG for one that is
 * malformed, which ends the line. head: called with the audit head by which the vault answers a greeting;
 * then RV_RELEASES alone may be asked, until vault_link_begin() or vault_link_bar(). Returns 0 or -ENOMEM.
 * The caller frees it with vault_link_free(), which answers what is outstanding. */
MUST_USE int vault_link_new(struct loop *loop, const struct vault_link_host *host,
                            struct vault_link **ret_link);
void vault_link_free(struct vault_link *link);
/* A new line: takes over fd, fails what is outstanding on the old one, and greets the vault with the audit
 * head that the journal last saw (B9). The line is usable once the vault has accepted it and the host has
 * called vault_link_begin(). Returns 0 or a negated errno (fd is closed). */
MUST_USE int vault_link_connect(struct vault_link *link, int fd, const struct audit_head *head);
/* The ledger was compared with the releases of the vault that was greeted: the line is usable, or it is not
 * used because the ledger lacks some. Neither does anything on a line that was not greeted. */
void vault_link_begin(struct vault_link *link);
void vault_link_bar(struct vault_link *link);
/* Whether a greeted vault waits for that word. */
bool vault_link_greeted(const struct vault_link *link);
/* Whether the line is there and not used, by vault_link_bar(). */
bool vault_link_barred(const struct vault_link *link);
/* Whether the vault answers, and each of the two knows everything that the other knows. */
bool vault_link_up(const struct vault_link *link);
/* Whether the vault at the other end is older than the journal: it is not used. */
bool vault_link_rolled_back(const struct vault_link *link);
/* Asks; body is copied. timeout_ms is for all of it, waiting here included. */
void vault_link_ask(struct vault_link *link, struct vault_question *question, enum router_vault_type type,
                    const void *body, size_t length, uint32_t timeout_ms);
/* How many questions are outstanding or waiting. */
unsigned vault_link_pending(const struct vault_link *link);
