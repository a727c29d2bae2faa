/* Whether the ledger is as new as the vault: the mirror of B9. Every release of a card is an audit record
 * with its attempt's key (B8), and so is every capture, void and refund; and each was durable in the ledger
 * before (P1). So one that the ledger does not know of proves that the ledger was lost, or put back to an
 * earlier state; and who went on with such a one would charge a second time what it has forgotten.
 *
 * The releases after the audit head that the journal knows are looked up, page by page, on each new line to
 * the vault before it is used. After a crash there are a few, all of them known. */
#pragma once

#include "ledger.h"
#include "loop.h"
#include "vault_link.h"

struct ledger_check {
  struct vault_link *vault;
  struct loop *loop;
  struct ledger *ledger;
  struct vault_question question;
  struct timer retry;
  struct audit_head head; /* the vault's, when it was greeted */
  uint64_t looked_up;     /* up to this sequence every release is known */
  bool asking, again;
  bool behind;   /* a release is not in the ledger; stands until a check says otherwise, or an operator */
  bool accepted; /* an operator has said so: in force with the next commit */
};

/* All three are borrowed. */
void ledger_check_init(struct ledger_check *check, struct vault_link *vault, struct loop *loop,
                       struct ledger *ledger);
/* The vault was greeted and has answered with that head: looks its releases up, and ends with
 * vault_link_begin() (the journal then notes the head) or vault_link_bar(). */
void ledger_check_begin(struct ledger_check *check, const struct audit_head *head);
/* RV_LEDGER_ACCEPTED: an operator takes the ledger as it is. Nothing happens when it is not behind. Returns 0
 * or -EBADMSG. */
MUST_USE int ledger_check_accept(struct ledger_check *check, struct reader *body);
/* After each commit of the ledger; good: it is durable. */
void ledger_check_committed(struct ledger_check *check, bool good);
/* Forgets its timer. */
void ledger_check_end(struct ledger_check *check);
