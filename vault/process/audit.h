/* The audit chain: every release of a card, and everything that operators and deletions change, in one chain
 * that is durable before what it tells of happens (B8). */
#pragma once

#include "admin.h"
#include "audit_record.h"
#include "store.h"

/* What else audit_code_sent() may find. */
enum { AUDIT_NEVER_RELEASED = 1, AUDIT_OUT_OF_SIGHT };

struct audit {
  struct store *store;
  struct audit_head head;      /* the batch included */
  struct audit_head committed; /* what travels with replies */
};

/* Finds the head and checks it against the newest record. Returns 0; -EBADMSG when the two differ: the file
 * was changed or damaged; or another negated errno. */
MUST_USE int audit_load(struct audit *audit, struct store *store);
/* Adds record to the batch; sequence and hash are set here. Returns 0 or a negated errno. */
MUST_USE int audit_append(struct audit *audit, struct audit_record *record);
/* Writes the new head to the batch when there is one. Returns 0 or a negated errno. */
MUST_USE int audit_write_head(struct audit *audit);
void audit_keep(struct audit *audit);
void audit_take_back(struct audit *audit);
/* Whether the committed chain holds that head (sequence 0 is always held). Returns 0; STATUS_ROLLED_BACK; or
 * a negated errno. */
MUST_USE int audit_holds(const struct audit *audit, const struct audit_head *seen);
/* Looks among the newest records for the first release under that dispatch key. Returns 0 with whether a
 * security code went along; AUDIT_NEVER_RELEASED when the whole chain has none; AUDIT_OUT_OF_SIGHT when it is
 * not among them, and the chain is longer; or a negated errno. */
MUST_USE int audit_code_sent(const struct audit *audit, const char *key, bool *ret_code_sent);
/* Records from a sequence on, as many as fit a page. Returns 0 or a negated errno. */
MUST_USE int audit_read_page(const struct audit *audit, uint64_t from, struct audit_page *ret_page);
/* Releases after a sequence, as many as fit a page; looks at a few thousand records at most. Returns 0 or a
 * negated errno. */
MUST_USE int audit_releases(const struct audit *audit, uint64_t after, struct releases_page *ret_page);
