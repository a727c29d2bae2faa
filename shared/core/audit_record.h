/* A record of the vault's audit chain, and the check that a chain is whole.
 *
 * Every record ends with the BLAKE2b-256 hash of the hash before it and its own content; the first follows 32
 * zero bytes. So whoever holds the newest head (sequence and hash; the router's journal keeps the last one it
 * saw) can tell that nothing before it was changed, dropped, put in another order or cut off. No secret
 * stands in a record: a token is named by the hash under which the vault stores it. */
#pragma once

#include "router_vault.h"

enum audit_kind {
  AUDIT_RELEASE = 1,   /* a card left for egress (B8) */
  AUDIT_TOKEN_DELETE,  /* disabled; to be destroyed (B13) */
  AUDIT_TOKEN_RESTORE, /* a deletion undone */
  AUDIT_TOKEN_DESTROY, /* by the sweeper */
  AUDIT_MERCHANT_ADD,
  AUDIT_PUBLISHABLE_KEY_ADD,
  AUDIT_CONNECTOR_SET,
  AUDIT_CONNECTOR_STATUS,
  AUDIT_CONNECTOR_ACCOUNT,
  AUDIT_LEDGER_ACCEPT, /* the router's ledger taken as it is, though it lacks releases before this */
  AUDIT_MOVEMENT,      /* a capture, a void or a refund left for egress */
  AUDIT_KIND_COUNT
};

enum audit_actor { AUDIT_BY_ROUTER = 1, AUDIT_BY_OPERATOR, AUDIT_BY_VAULT, AUDIT_ACTOR_COUNT };

enum { AUDIT_HASH_BYTES = 32, AUDIT_TOKEN_BYTES = 16, AUDIT_RECORD_MAX = 320, AUDIT_REASON_CAPACITY = 101 };

struct audit_record {
  uint64_t sequence; /* 1 for the first, then one more each time */
  int64_t at_ms;     /* Unix milliseconds */
  enum audit_kind kind;
  enum audit_actor actor;
  uint32_t uid;                            /* of an operator; else 0 */
  struct id merchant;                      /* or empty */
  uint8_t token[AUDIT_TOKEN_BYTES];        /* hash of the token, or zero */
  char connector[CONNECTOR_NAME_CAPACITY]; /* or "" */
  enum operation operation;                /* of a release or a movement; else 0 */
  char key[STEP_KEY_CAPACITY];             /* the attempt, of a release; the movement's own; else "" */
  struct id payment;                       /* of a movement; else empty */
  uint8_t sheet_hash[SHEET_HASH_BYTES];    /* of a release, a movement or a connector's change; else zero */
  bool security_code;                      /* a release: the card's code went along */
  char reason[AUDIT_REASON_CAPACITY];      /* an operator's, for a ledger that is accepted; else "" */
  uint8_t hash[AUDIT_HASH_BYTES];          /* the chain's, this record included */
};

/* What is wrong with a chain; the record at fault is the one that was being looked at. */
enum audit_fault {
  AUDIT_MALFORMED = 1, /* no record of this format */
  AUDIT_DROPPED,       /* its sequence is too high: records before it are missing */
  AUDIT_OUT_OF_ORDER,  /* its sequence was there already */
  AUDIT_CHANGED,       /* its content, or that of one before it, is not what was chained */
  AUDIT_TRUNCATED      /* the chain ends before the head that was seen */
};

/* Whether a record is of what the router sent to a PSP to charge or to move money: what its ledger must know.
 */
bool audit_is_dispatch(const struct audit_record *record);
/* Writes record as it follows previous, with its hash, to ret_bytes. record->hash is set. Returns the length.
 */
size_t audit_record_write(struct audit_record *record, const uint8_t previous[AUDIT_HASH_BYTES],
                          uint8_t ret_bytes[AUDIT_RECORD_MAX]);
/* Returns 0, or -EBADMSG. Does not look at the chain. */
MUST_USE int audit_record_read(const void *bytes, size_t length, struct audit_record *ret_record);
/* Checks that the record in bytes follows head (all zero before the first), and moves head on to it. Returns
 * 0, or an enum audit_fault and then head stays. */
MUST_USE int audit_verify_next(struct audit_head *head, const void *bytes, size_t length);
/* Checks that a chain that ended at head reaches the newest head that anyone saw. Returns 0, AUDIT_TRUNCATED,
 * or AUDIT_CHANGED when the two differ at the same sequence. A chain that has grown since was checked on its
 * way: then call this when head->sequence equals seen->sequence. */
MUST_USE int audit_verify_end(const struct audit_head *head, const struct audit_head *seen);
/* The next record of a page (ADMIN_AUDIT_PAGE: u16 length, then the record, one after another); NULL at the
 * end or when the page is malformed, and then reader_finish() says which. */
const uint8_t *audit_page_next(struct reader *page, size_t *ret_length);
/* "release", "token_delete", ...; "whole", "changed", ...; static, "" out of range. */
const char *audit_kind_name(enum audit_kind kind);
const char *audit_fault_name(int fault);
