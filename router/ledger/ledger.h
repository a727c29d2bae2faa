/* The ledger: the router's own records over shared/store, in one file of tables.
 *
 * The journal is append-only and is what counts; `payments` is derived from it and can be rebuilt byte for
 * byte. Nothing here is durable before ledger_commit(). Personal data stand in `customers` alone, sealed
 * under a key per customer (P9); `customer_keys` holds those keys, wrapped by the ledger's key.
 *
 * Every function returns 0; LEDGER_ABSENT where it says so; or a negated errno (-EBADMSG: a record is
 * damaged, -ENOSPC: the store is full). After an error of a function that writes, the batch must be
 * abandoned. */
#pragma once

#include "card_uses.h"
#include "draws.h"
#include "ids.h"
#include "result.h"
#include "router_vault.h"
#include "store.h"
#include <stdbool.h>
#include <stdint.h>

enum ledger_table {
  LEDGER_META,
  LEDGER_JOURNAL,       /* sequence -> entry */
  LEDGER_PAYMENTS,      /* merchant, payment -> state (derived) */
  LEDGER_IDEMPOTENCY,   /* merchant, hash of path and key -> body hash, object, time */
  LEDGER_REFERENCES,    /* merchant, hash of the merchant's reference, payment -> nothing */
  LEDGER_OPEN,          /* merchant, payment -> nothing: payments with something still to do */
  LEDGER_API_KEYS,      /* SHA-256 of the key's text -> whose it is */
  LEDGER_POLICIES,      /* texts, and what was published when */
  LEDGER_CUSTOMERS,     /* merchant, customer, payment -> sealed personal data */
  LEDGER_CUSTOMER_KEYS, /* merchant, customer -> wrapped key */
  LEDGER_AGREEMENTS,    /* merchant, agreement -> network transaction id and what belongs to it */
  LEDGER_DRILLS,        /* drill -> connector, when, by whom */
  LEDGER_MOVEMENTS,     /* movement -> merchant, payment (derived) */
  LEDGER_ENDPOINTS,     /* merchant, endpoint -> where webhooks go, with sealed secrets */
  LEDGER_DELIVERIES,    /* merchant, endpoint -> how far it is; what waits for another try; dead letters */
  LEDGER_AWAITED,       /* time, movement -> nothing: those that only a webhook ends (derived) */
  LEDGER_CARD_USES,     /* merchant, fingerprint -> the latest tries of the card (derived) */
  LEDGER_SCHEDULED,     /* time, merchant, payment -> nothing: those that are tried again then (derived) */
  LEDGER_TABLE_COUNT
};

enum {
  LEDGER_ABSENT = 1,
  LEDGER_KEY_BYTES = 32,
  LEDGER_SCHEMA = 4,
  IDEMPOTENCY_KEY_MAX = 255,
  BODY_HASH_BYTES = 32,
  POLICY_LEDGER_TEXT_MAX = 256 * 1024,
  POLICY_LEDGER_HASH_BYTES = 32,
  POLICY_REASON_CAPACITY = 201
};

#define IDEMPOTENCY_LIFETIME_MS (30LL * 24 * 3600 * 1000)

/* The names of the tables in that order, NULL-terminated: what the store is opened with. */
extern const char *const ledger_tables[];

struct ledger;

/* Looks at the file path before it is opened as a store, and writes nothing to it. Returns 0, also when there
 * is none yet; -EPROTONOSUPPORT when it is of another schema, which has been logged with what to do; or
 * another negated errno. */
MUST_USE int ledger_file_check(const char *path);
/* A ledger over store (borrowed; opened with ledger_tables). key wraps the customers' keys and is copied;
 * draws are copied. Returns 0; -EPROTONOSUPPORT as ledger_file_check(); -EBADMSG; or another negated errno.
 * The caller frees it with ledger_free(), before it closes the store. */
MUST_USE int ledger_open(struct store *store, const uint8_t key[LEDGER_KEY_BYTES], const struct draws *draws,
                         struct ledger **ret_ledger);
void ledger_free(struct ledger *ledger);
/* Reads the ledger's key file (32 bytes, this user's, mode 0600, no symbolic link), or makes it from draws
 * when it is absent. The caller wipes ret_key. */
MUST_USE int ledger_key_file(const char *path, const struct draws *draws, uint8_t ret_key[LEDGER_KEY_BYTES]);
/* Makes everything since the last commit durable; on failure nothing of it happened, or, after
 * -EIO, nobody knows (store.h). */
MUST_USE int ledger_commit(struct ledger *ledger);
/* A writing function failed half-way: the next commit fails with error (a negated errno) and abandons. */
void ledger_spoil(struct ledger *ledger, int error);
/* Forgets everything since the last commit. */
void ledger_abandon(struct ledger *ledger);
/* Whether something waits for a commit. */
bool ledger_pending(const struct ledger *ledger);
/* The sequence of the latest entry of the journal that is durable; 0 for none. */
uint64_t ledger_durable(const struct ledger *ledger);
/* A key for that purpose, derived from the ledger's; the caller wipes ret_key. */
void ledger_derive_key(const struct ledger *ledger, const char *purpose, uint8_t ret_key[LEDGER_KEY_BYTES]);
/* The store beneath, for tables that the host fills itself. */
struct store *ledger_store(struct ledger *ledger);

/* ---- The journal ---- */

/* Who caused an entry and when; stands at the head of every entry. */
struct journal_head {
  int64_t at_ms;
  struct id actor;   /* API key "key", or empty for the engine itself */
  struct id request; /* "req", or empty */
};

enum journal_type {
  JOURNAL_PAYMENT = 1, /* changes of one payment: router/engine/change.h */
  JOURNAL_POLICY,      /* a policy drafted, published or rolled back */
  JOURNAL_ENDPOINT,    /* an endpoint made, changed, given another secret, disabled or deleted */
  JOURNAL_CONNECTOR,   /* a connector's health, or a drill: router/engine/connector_entry.h */
  JOURNAL_RATE_ALERT   /* a merchant's approval rate has fallen */
};

struct journal_entry { /* borrowed from the store */
  uint64_t sequence;
  enum journal_type type;
  struct journal_head head;
  const uint8_t *body;
  size_t length;
};

/* Appends an entry; sequences count from 1 without a gap. */
MUST_USE int ledger_append(struct ledger *ledger, enum journal_type type, const struct journal_head *head,
                           const void *body, size_t length, uint64_t *ret_sequence);
/* The first entry with a sequence of at least from. LEDGER_ABSENT at the end. */
MUST_USE int ledger_entry(struct ledger *ledger, uint64_t from, struct journal_entry *ret_entry);
/* Whose it is: each entry's body begins with its merchant. Returns 0 or -EBADMSG. */
MUST_USE int ledger_entry_merchant(const struct journal_entry *entry, struct id *ret_merchant);

/* ---- Payments and open work: bytes whose meaning router/engine knows ---- */

MUST_USE int ledger_payment_put(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                                const void *bytes, size_t length);
/* LEDGER_ABSENT when that merchant has no such payment. */
MUST_USE int ledger_payment_get(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                                struct view *ret_bytes);
/* The newest payment of the merchant that is older than before (NULL or empty: the newest of all). */
MUST_USE int ledger_payment_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                                   struct id *ret_payment, struct view *ret_bytes);
/* The oldest payment of the merchant that is newer than after, or that is after itself where or_equal. */
MUST_USE int ledger_payment_after(struct ledger *ledger, const struct id *merchant, const struct id *after,
                                  bool or_equal, struct id *ret_payment, struct view *ret_bytes);
/* Its id alone: of one whose record is damaged as well. */
MUST_USE int ledger_payment_id_after(struct ledger *ledger, const struct id *merchant, const struct id *after,
                                     bool or_equal, struct id *ret_payment);
/* Steps from before (as above) to older payments of the merchant, over at most `steps` of them and none that
 * was created before from_ms by its id; their ids alone are looked at. *ret_payment is the last one reached,
 * and *ret_steps how many steps that took: fewer than asked for when there are no more. Returns 0;
 * LEDGER_ABSENT for no step at all; or a negated errno. */
MUST_USE int ledger_payments_back(struct ledger *ledger, const struct id *merchant, const struct id *before,
                                  int64_t from_ms, unsigned steps, struct id *ret_payment,
                                  unsigned *ret_steps);
/* Whose payment that is, for who has its id alone: at most two looks a merchant that has payments.
 * LEDGER_ABSENT when it is nobody's. */
MUST_USE int ledger_payment_owner(struct ledger *ledger, const struct id *payment, struct id *ret_merchant);
/* Remembers which payment a movement belongs to. */
MUST_USE int ledger_movement_put(struct ledger *ledger, const struct id *movement, const struct id *merchant,
                                 const struct id *payment);
/* LEDGER_ABSENT when there is no such movement. */
MUST_USE int ledger_movement_get(struct ledger *ledger, const struct id *movement, struct id *ret_merchant,
                                 struct id *ret_payment);
MUST_USE int ledger_open_set(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                             bool open);
/* The open payment after (merchant, payment); both empty for the first. LEDGER_ABSENT at the end. */
MUST_USE int ledger_open_next(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                              struct id *ret_merchant, struct id *ret_payment);
/* The newest open payment of the merchant that is older than before (NULL or empty: the newest of all). */
MUST_USE int ledger_open_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                                struct id *ret_payment);
/* Whether a webhook is awaited for the movement since since_ms (0 or more; the same when that ends). */
MUST_USE int ledger_awaited_set(struct ledger *ledger, int64_t since_ms, const struct id *movement,
                                bool awaited);
/* The one that has been awaited the longest, if its payment agrees: the row's seal is not looked at.
 * LEDGER_ABSENT when there is none; -EBADMSG when the first row is none. */
MUST_USE int ledger_awaited_first(struct ledger *ledger, int64_t *ret_since_ms, struct id *ret_movement);
/* Whether the payment is tried again at at_ms (1 or more). */
MUST_USE int ledger_scheduled_set(struct ledger *ledger, int64_t at_ms, const struct id *merchant,
                                  const struct id *payment, bool scheduled);
/* The one that is due first, if its payment agrees: the row's seal is not looked at. LEDGER_ABSENT when there
 * is none; -EBADMSG when the first row is none. */
MUST_USE int ledger_scheduled_first(struct ledger *ledger, int64_t *ret_at_ms, struct id *ret_merchant,
                                    struct id *ret_payment);
/* Deletes them all: before they are built again. */
MUST_USE int ledger_scheduled_clear(struct ledger *ledger);
/* Remembers that payment bears the merchant's reference. */
MUST_USE int ledger_reference_put(struct ledger *ledger, const struct id *merchant, const char *reference,
                                  const struct id *payment);
/* The newest payment with that reference that is older than before (NULL or empty: the newest).
 * LEDGER_ABSENT. */
MUST_USE int ledger_reference_before(struct ledger *ledger, const struct id *merchant, const char *reference,
                                     const struct id *before, struct id *ret_payment);

/* ---- Tries of a card (P7) ---- */

/* Stores them; none are no record. */
MUST_USE int ledger_card_uses_put(struct ledger *ledger, const struct id *merchant,
                                  const struct id *fingerprint, const struct card_uses *uses);
/* None when that merchant has no such card. */
MUST_USE int ledger_card_uses_get(struct ledger *ledger, const struct id *merchant,
                                  const struct id *fingerprint, struct card_uses *ret_uses);
/* Deletes them all, of every card: before they are built again. */
MUST_USE int ledger_card_uses_clear(struct ledger *ledger);

/* ---- Idempotency keys (P3) ---- */

struct idempotent {
  uint8_t body_hash[BODY_HASH_BYTES];
  struct id object; /* what was created: "pay", "mov", "pol" */
  int64_t created_ms;
};

/* What was created under key at path; LEDGER_ABSENT when nothing, or when it is older than 30 days at now_ms.
 */
MUST_USE int ledger_idempotency_get(struct ledger *ledger, const struct id *merchant, const char *path,
                                    const char *key, int64_t now_ms, struct idempotent *ret_entry);
MUST_USE int ledger_idempotency_put(struct ledger *ledger, const struct id *merchant, const char *path,
                                    const char *key, const struct idempotent *entry);
/* Looks at the next `steps` entries after the place where the last call ended and deletes what is too old. */
MUST_USE int ledger_idempotency_sweep(struct ledger *ledger, int64_t now_ms, unsigned steps);

/* ---- API keys ---- */

struct api_key {
  struct id id;       /* "key": what the journal names as actor */
  struct id merchant; /* "mer" */
  bool livemode;
  bool revoked;
  int64_t created_ms;
};

/* Stores, or leaves as it is when the same hash is there for the same merchant. key->id may be empty: it is
 * drawn. */
MUST_USE int ledger_api_key_add(struct ledger *ledger, const uint8_t hash[32], const struct api_key *key);
MUST_USE int ledger_api_key_get(struct ledger *ledger, const uint8_t hash[32], struct api_key *ret_key);
/* The API key with the smallest hash greater than after (NULL: the first). LEDGER_ABSENT at the end. */
MUST_USE int ledger_api_key_next(struct ledger *ledger, const uint8_t *after, uint8_t ret_hash[32],
                                 struct api_key *ret_key);

/* ---- Policies ---- */

struct policy_record {
  struct id id; /* "pol" */
  struct id merchant;
  struct id author; /* API key */
  int64_t created_ms;
  uint8_t hash[POLICY_LEDGER_HASH_BYTES];
  char reason[POLICY_REASON_CAPACITY]; /* why it was drafted, as its author says, or "" */
  /* NUL-terminated on get, and borrowed until a policy is got again. On put it need not be. */
  const char *text;
  size_t text_length;
};

struct policy_publication {
  uint64_t number; /* 1 for the merchant's first */
  struct id policy;
  uint8_t hash[POLICY_LEDGER_HASH_BYTES]; /* of that policy */
  struct id author;                       /* API key: who published it or rolled back */
  int64_t published_ms;
  bool rollback;                       /* it brought back an earlier one */
  char reason[POLICY_REASON_CAPACITY]; /* as the author says, or "" */
};

MUST_USE int ledger_policy_put(struct ledger *ledger, const struct policy_record *record);
MUST_USE int ledger_policy_get(struct ledger *ledger, const struct id *merchant, const struct id *policy,
                               struct policy_record *ret_record);
/* The newest policy of the merchant that is older than before (NULL or empty: the newest). */
MUST_USE int ledger_policy_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                                  struct policy_record *ret_record);
/* Publishes a policy that exists (LEDGER_ABSENT when not), with the reason that head's actor gives ("":
 * none). The one in force already stays so, and nothing is written. */
MUST_USE int ledger_policy_publish(struct ledger *ledger, const struct journal_head *head,
                                   const struct id *merchant, const struct id *policy, const char *reason);
/* Publishes again what stood before the current one and says something else (by its hash); a second call goes
 * one further back. LEDGER_ABSENT when nothing stood before. */
MUST_USE int ledger_policy_rollback(struct ledger *ledger, const struct journal_head *head,
                                    const struct id *merchant, const char *reason, struct id *ret_policy);
/* What is published now; LEDGER_ABSENT when nothing is. */
MUST_USE int ledger_policy_published(struct ledger *ledger, const struct id *merchant,
                                     struct policy_publication *ret_publication);
/* The publication with the greatest number of at most `number`; LEDGER_ABSENT when there is none. */
MUST_USE int ledger_policy_history(struct ledger *ledger, const struct id *merchant, uint64_t number,
                                   struct policy_publication *ret_publication);

/* What an entry of JOURNAL_POLICY says; the publication's number is not in it and is 0. Returns 0 or
 * -EBADMSG. */
MUST_USE int ledger_policy_entry(const struct journal_entry *entry,
                                 struct policy_publication *ret_publication);

/* ---- Personal data (P9) ---- */

/* Whether the customer exists: 0 or LEDGER_ABSENT. */
MUST_USE int ledger_customer_find(struct ledger *ledger, const struct id *merchant,
                                  const struct id *customer);
/* Makes the customer's key when the customer is new and seals bytes as what was given with that payment. */
MUST_USE int ledger_personal_put(struct ledger *ledger, const struct id *merchant, const struct id *customer,
                                 const struct id *payment, const void *bytes, size_t length);
/* Opens it into ret_bytes of capacity bytes, which the caller wipes. LEDGER_ABSENT when nothing was given, or
 * when the customer was erased. */
MUST_USE int ledger_personal_get(struct ledger *ledger, const struct id *merchant, const struct id *customer,
                                 const struct id *payment, void *ret_bytes, size_t capacity,
                                 size_t *ret_length);
/* Erases a customer: the key and every record under it. LEDGER_ABSENT when there is none. */
MUST_USE int ledger_customer_erase(struct ledger *ledger, const struct id *merchant,
                                   const struct id *customer);

/* ---- Agreements (P8) ---- */

enum { NETWORK_TRANSACTION_ID_CAPACITY = 65 };

struct agreement {
  struct id id; /* "agr" */
  struct id merchant;
  struct id payment; /* that opened it */
  struct id token;
  char connector[CONNECTOR_NAME_CAPACITY]; /* where it was opened */
  char network_transaction_id[NETWORK_TRANSACTION_ID_CAPACITY];
  bool ended;
  int64_t created_ms;
};

MUST_USE int ledger_agreement_put(struct ledger *ledger, const struct agreement *agreement);
MUST_USE int ledger_agreement_get(struct ledger *ledger, const struct id *merchant,
                                  const struct id *agreement, struct agreement *ret_agreement);

/* ---- Webhook endpoints ---- */

enum {
  ENDPOINT_URL_CAPACITY = 513,
  ENDPOINT_DESCRIPTION_CAPACITY = 129,
  ENDPOINT_SECRET_BYTES = 24 /* 24 to 64 in Standard Webhooks */
};

enum endpoint_status {
  ENDPOINT_ENABLED,
  ENDPOINT_DISABLED, /* by the merchant */
  ENDPOINT_FAILING,  /* disabled: it took nothing for days */
  ENDPOINT_GONE,     /* disabled: it answered 410 */
  ENDPOINT_STATUS_COUNT
};

struct endpoint_record {
  struct id id; /* "whk" */
  struct id merchant;
  int64_t created_ms;
  char url[ENDPOINT_URL_CAPACITY];
  char description[ENDPOINT_DESCRIPTION_CAPACITY]; /* "" for none */
  uint64_t types;                                  /* the set that it wants: router/events/event_types.h */
  enum endpoint_status status;
  int64_t secret_before_until_ms; /* until when the secret before signs too; 0: there is none */
  /* Sealed in the table, and not in the journal. */
  uint8_t secret[ENDPOINT_SECRET_BYTES], secret_before[ENDPOINT_SECRET_BYTES];
};

enum endpoint_change {
  ENDPOINT_MADE = 1,
  ENDPOINT_CHANGED,
  ENDPOINT_SECRET_ROTATED,
  ENDPOINT_STOPPED, /* by the router: status says why */
  ENDPOINT_DELETED,
  ENDPOINT_CHANGE_COUNT
};

/* Stores it as it is after that change and says so in the journal, whose entry's sequence is *ret_sequence;
 * deleted it is taken out, with all that stood in deliveries for it. */
MUST_USE int ledger_endpoint_put(struct ledger *ledger, const struct journal_head *head,
                                 enum endpoint_change change, const struct endpoint_record *record,
                                 uint64_t *ret_sequence);
/* LEDGER_ABSENT when that merchant has no such endpoint. The caller wipes ret_record. */
MUST_USE int ledger_endpoint_get(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                 struct endpoint_record *ret_record);
/* The newest endpoint of the merchant that is older than before (NULL or empty: the newest). */
MUST_USE int ledger_endpoint_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                                    struct endpoint_record *ret_record);
/* The endpoint after (merchant, endpoint) of all merchants; both empty for the first. LEDGER_ABSENT at the
 * end.
 */
MUST_USE int ledger_endpoint_next(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                  struct endpoint_record *ret_record);
/* What an entry of JOURNAL_ENDPOINT says; the secrets are zero. Returns 0 or -EBADMSG. */
MUST_USE int ledger_endpoint_entry(const struct journal_entry *entry, enum endpoint_change *ret_change,
                                   struct endpoint_record *ret_record);

/* ---- Deliveries to endpoints ---- */

/* How far an endpoint is. */
struct delivery_progress {
  uint64_t sequence;        /* every entry up to this one is delivered, or stands among those below */
  int64_t failing_since_ms; /* since when nothing was taken; 0: the last one was */
};

enum delivery_kind { DELIVERY_WAITING = 1, DELIVERY_DEAD, DELIVERY_KIND_COUNT };

/* An event that waits for another try, or was given up. */
struct delivery_row {
  uint64_t sequence; /* which event: entry, type, subject */
  uint8_t type, subject;
  uint8_t attempts;
  uint8_t outcome; /* of the last attempt: enum delivery_outcome of the notify protocol; 0: none was made */
  uint16_t http_status; /* of the last attempt; 0: none came */
  int64_t tried_ms;     /* when the last attempt ended */
  int64_t due_ms;       /* when it is tried next; 0 when it is dead */
};

MUST_USE int ledger_progress_put(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                 const struct delivery_progress *progress);
MUST_USE int ledger_progress_get(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                 struct delivery_progress *ret_progress);
MUST_USE int ledger_delivery_put(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                 enum delivery_kind kind, const struct delivery_row *row);
/* An absent one is no error. */
MUST_USE int ledger_delivery_delete(struct ledger *ledger, const struct id *merchant,
                                    const struct id *endpoint, enum delivery_kind kind,
                                    const struct delivery_row *row);
/* The first of that kind after that event (NULL: the first). LEDGER_ABSENT at the end. */
MUST_USE int ledger_delivery_next(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                                  enum delivery_kind kind, const struct delivery_row *after,
                                  struct delivery_row *ret_row);

/* ---- Drills: bytes whose meaning router/engine knows ---- */

MUST_USE int ledger_drill_put(struct ledger *ledger, const struct id *drill, const void *bytes,
                              size_t length);
MUST_USE int ledger_drill_get(struct ledger *ledger, const struct id *drill, struct view *ret_bytes);
/* The newest drill that is older than before (empty: the newest). LEDGER_ABSENT at the end. */
MUST_USE int ledger_drill_before(struct ledger *ledger, const struct id *before, struct id *ret_drill,
                                 struct view *ret_bytes);
/* ---- Approval rates that have fallen: in the journal alone ---- */

enum { RATE_ALERT_CONFIDENCE = 9980 /* hundredths of a per cent */ };

/* Which rate: approved payments of those that reached an issuer, or of all that were tried. */
enum rate_basis { RATE_OF_REACHED, RATE_OF_TRIED, RATE_BASIS_COUNT };

struct rate_sample {
  uint64_t approved, total;
};

struct rate_alert {
  struct id merchant;
  uint8_t window_hours; /* of now */
  enum rate_basis basis;
  struct rate_sample now, before; /* before: in the 30 days until then */
};

MUST_USE int ledger_rate_alert_put(struct ledger *ledger, const struct journal_head *head,
                                   const struct rate_alert *alert);
/* What an entry of JOURNAL_RATE_ALERT says. Returns 0 or -EBADMSG. */
MUST_USE int ledger_rate_alert_entry(const struct journal_entry *entry, struct rate_alert *ret_alert);

/* ---- The vault's audit head (B9) ---- */

/* Remembers the head when it is later than the one known; written with the next commit. */
void ledger_head_note(struct ledger *ledger, const struct audit_head *head);
/* The latest durable one; all zero when none was seen. */
struct audit_head ledger_head(const struct ledger *ledger);
