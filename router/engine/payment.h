/* A payment as the router knows it: everything that the API shows and that the engine decides upon.
 *
 * A payment is the sum of its journal entries (change.h) and of nothing else. Personal data are not in it
 * (P9): it names the customer under whose key they lie. Texts are NUL-terminated, "" for none; ids are empty
 * for none; times are milliseconds since the Unix epoch, 0 for none; amounts are minor units of the payment's
 * currency. */
#pragma once

#include "bins.h"
#include "choice.h"
#include "fields.h"
#include "ids.h"
#include "later.h"
#include "ledger.h"
#include "money.h"
#include "outcome.h"
#include "router_vault.h"
#include "routing.h"
#include <stdbool.h>
#include <stdint.h>

/* The machine's clock is off by no more after a restart than before it. */
enum { CLOCK_ERROR_MS = 60 * 60 * 1000 };

enum {
  ATTEMPTS_MAX = 16, /* in all rounds: the first try and the most retries that a network allows */
  ROUND_ATTEMPTS_MAX = 8,
  CANDIDATES_MAX = 16,
  MOVEMENTS_MAX = 100,
  PSP_ID_CAPACITY = 129,
  CODE_CAPACITY = 65,
  AUTH_CODE_CAPACITY = 17,
  CHECK_CAPACITY = 13,
  ECI_CAPACITY = 3,
  REASON_CAPACITY = 81,
  ACTION_URL_CAPACITY = 2049,
  PAYMENT_BYTES_MAX = 60000 /* of one encoded payment */
};

enum payment_status {
  PAYMENT_PROCESSING = 1,
  PAYMENT_REQUIRES_ACTION,
  PAYMENT_AUTHORIZED,
  PAYMENT_PARTIALLY_CAPTURED,
  PAYMENT_CAPTURED,
  PAYMENT_VOIDED,
  PAYMENT_DECLINED,
  PAYMENT_FAILED,
  PAYMENT_UNRESOLVED,
  PAYMENT_SCHEDULED, /* declined, and tried again later by itself */
  PAYMENT_STATUS_COUNT
};

/* Of an attempt or a movement. */
enum step_status { STEP_PENDING = 1, STEP_SUCCEEDED, STEP_FAILED, STEP_UNRESOLVED, STEP_STATUS_COUNT };

enum movement_type { MOVEMENT_CAPTURE = 1, MOVEMENT_VOID, MOVEMENT_REFUND, MOVEMENT_TYPE_COUNT };

enum payment_kind {
  KIND_CUSTOMER = 1,
  KIND_RECURRING,
  KIND_INSTALLMENT,
  KIND_UNSCHEDULED,
  KIND_RESUBMISSION,
  KIND_MOTO,
  KIND_COUNT
};

enum store_usage { STORE_NONE, STORE_ON_SESSION, STORE_OFF_SESSION, STORE_COUNT };

/* Why a candidate of the list was passed over. */
enum skip_reason {
  SKIP_NONE,    /* not passed over: tried, or still to be tried */
  SKIP_UNKNOWN, /* no such connector is registered */
  SKIP_DISABLED,
  SKIP_DRAINING,
  SKIP_NO_OPERATION, /* its sheet lacks the operation, or no sheet of that hash is known */
  SKIP_UNHEALTHY,    /* it fails too often of late */
  SKIP_BUDGET,       /* the networks allow no further try of the card now (P7) */
  SKIP_DRILL,        /* it is out on purpose, for a while */
  SKIP_CURRENCY,     /* its account does not take the payment's currency */
  SKIP_NETWORK,      /* its account takes no cards of that network */
  SKIP_COUNT
};

/* Names as the API has them; static, "" out of range. From names: 0 for no such name. */
const char *payment_status_name(enum payment_status status);
enum payment_status payment_status_from_name(const char *name);
const char *step_status_name(enum step_status status);
const char *movement_type_name(enum movement_type type);
const char *payment_kind_name(enum payment_kind kind);
enum payment_kind payment_kind_from_name(const char *name);
const char *store_usage_name(enum store_usage usage);
enum store_usage store_usage_from_name(const char *name);
const char *skip_reason_name(enum skip_reason reason);

/* Typed fields of a PSP's answer, as attempts and movements keep them. */
struct psp_answer {
  enum phase phase;   /* 0: nothing came back (yet) */
  enum answer answer; /* 0 likewise */
  uint16_t http_status;
  uint32_t latency_us; /* of an attempt's own reply, whole; 0: there was none, or another told */
  uint8_t scrubbed;    /* fields dropped by the scrub (B4) */
  char psp_id[PSP_ID_CAPACITY];
  char psp_capture_id[PSP_ID_CAPACITY];
  char code[CODE_CAPACITY];
  char network_code[CODE_CAPACITY];
  char advice_code[CODE_CAPACITY];
  char network_transaction_id[NETWORK_TRANSACTION_ID_CAPACITY];
  char auth_code[AUTH_CODE_CAPACITY];
  char avs_address[CHECK_CAPACITY];
  char avs_postal_code[CHECK_CAPACITY];
  char cvc_check[CHECK_CAPACITY];
  char eci[ECI_CAPACITY];
};

/* What an attempt and a movement have in common: one dispatch under one key, and what became of it. */
struct step {
  enum step_status status;
  int64_t amount;
  int64_t started_ms;    /* when its dispatch was recorded */
  int64_t dispatched_ms; /* when it, or its latest replay, was recorded */
  int64_t quiet_ms; /* from when on no byte of it can leave any more: settling counts from here; 0 while it is
                       under way */
  int64_t ended_ms; /* when its status became succeeded or failed */
  int64_t attention_ms; /* when it was put before a person; 0: not, or no longer */
  uint32_t timeout_ms;
  uint8_t replays;
  bool replay_over;         /* its replay was refused for good: never replayed again */
  bool security_code_sent;  /* a leased security code went with it, or for all that is known may have */
  bool absent;              /* failed because it was proved absent */
  bool by_person;           /* it ended by a person's word */
  enum outcome_class class; /* 0 while nothing is known */
  uint8_t sheet_hash[SHEET_HASH_BYTES]; /* that it was dispatched by */
  struct psp_answer answer;
};

/* One connector, one try to authorize or charge. Its key is the payment's id, an underscore and its number.
 */
struct attempt {
  struct step step;
  uint8_t number;           /* 1 for the first */
  uint16_t round;           /* that it belongs to: 0 for the request's own */
  enum operation operation; /* OPERATION_AUTHORIZE or OPERATION_CHARGE */
  char connector[CONNECTOR_NAME_CAPACITY];
  char sheet[SHEET_NAME_CAPACITY];
  char merchant_account[ACCOUNT_TEXT_CAPACITY];
  bool cost_known; /* what it would cost was known when it was begun, by its connector's fees of then */
  struct choice_cost cost; /* zero when not */
  bool captured;           /* it succeeded as a charge: nothing is left to capture */
  bool awaits_action;      /* the customer must act; its status is STEP_PENDING */
  bool accepted;           /* a person has seen what cannot be undone: it is tried no more */
  bool surplus; /* it had failed, and then the PSP said that it was approved: to be voided or refunded */
  bool told_declined; /* it is open: a webhook said that it was declined, and what says why is waited for */
};

/* A capture, a void or a refund. Its key is its id, an underscore and 1. */
struct movement {
  struct step step;
  struct id id; /* "mov" */
  enum movement_type type;
  bool received;    /* the PSP has taken it and settles it later; its status is STEP_PENDING */
  bool by_webhook;  /* received, and the PSP cannot be asked about it: its webhook ends it */
  bool final;       /* of a capture: nothing further is captured */
  bool own;         /* the engine's own, to undo an approval that came too late */
  uint8_t attempt;  /* number of the attempt that it moves the money of */
  int64_t event_ms; /* of the latest statement of the PSP that it was settled by; 0: none yet */
  struct id actor;  /* the API key that asked for it; empty for the engine's own */
  char reference[REASON_CAPACITY]; /* the merchant's own, or "" */
  char reason[REASON_CAPACITY];    /* of a refund or a void, as the merchant gave it, or "" */
};

/* How a candidate did when the decision was taken, in the order in which the worse of two counts. */
enum candidate_health {
  CANDIDATE_HEALTHY,
  CANDIDATE_OVERDUE,  /* being probed, and the next payment is to find out */
  CANDIDATE_PROBED,   /* being probed: a share of the payments goes there, by the draw */
  CANDIDATE_OUT,      /* it fails too often, or is being probed by enough payments already */
  CANDIDATE_DRILL,    /* out on purpose */
  CANDIDATE_UNUSABLE, /* could not be tried anyway */
  CANDIDATE_HEALTH_COUNT
};

struct candidate {
  char connector[CONNECTOR_NAME_CAPACITY];
  enum skip_reason skipped;
  enum candidate_health health;
  bool canary; /* it is being probed, and may be tried by this payment to find out */
};

/* What a decision was based on that stands nowhere else: with the payment itself, all that it takes to decide
 * again bit for bit (P6). Absent where the policy asks for none. */
struct decision_basis {
  uint8_t zone_count, window_count;        /* as many as the policy names */
  int32_t zone_offset_s[POLICY_ZONES_MAX]; /* DECISION_UNKNOWN_ZONE: no such zone was known */
  int32_t attempts[POLICY_WINDOWS_MAX];    /* -1: not known */
  int64_t spend[POLICY_WINDOWS_MAX];       /* -1: not known */
};

enum { DECISION_UNKNOWN_ZONE = INT32_MIN };

/* What a rule that is only advice would have chosen, and what was believed of it then. */
struct decision_advice {
  uint16_t rule;
  char connector[CONNECTOR_NAME_CAPACITY];
  struct choice_estimate believed;
};

/* What was decided, and upon what. */
struct decision {
  struct id policy; /* "pol"; empty when the request named the connectors */
  uint8_t policy_hash[POLICY_LEDGER_HASH_BYTES];
  char rule[CONNECTOR_NAME_CAPACITY]; /* "otherwise", or "request" */
  uint16_t rule_number;               /* from 0; 0 for "request" */
  enum policy_action_type action;     /* POLICY_ROUTE for "request" */
  uint16_t share;                     /* of a split: 0 to 9999 */
  struct policy_options options;      /* what the rule wants besides; `later` is 0: */
  struct later_plan later;            /* what it stood for */
  uint8_t advice_count;               /* rules that are only advice and matched */
  struct decision_advice advice[POLICY_ADVICE_MAX];
  char bins_version[17]; /* "" when no table was there */
  uint64_t draw;
  struct decision_basis basis;
  struct choice_snapshot choice;               /* of POLICY_BEST and POLICY_CHEAPEST; count 0: none */
  uint8_t candidate_count;                     /* 0 when the rule declines */
  struct candidate candidates[CANDIDATES_MAX]; /* in the order of the cascade */
};

/* A round of tries: the request's own is the first, and each later try of a scheduled payment begins another,
 * in which the list that was decided is gone through from its beginning. */
struct round {
  uint16_t number;    /* 0: the request's own, of which the decision itself says who is passed over */
  uint8_t tries;      /* rounds after the first of which something was sent */
  int64_t started_ms; /* of a later round */
  /* The decision's candidates, as a later round found them. */
  struct candidate candidates[CANDIDATES_MAX];
};

struct decline {
  char reason[CODE_CAPACITY]; /* "" : none */
  char category[CODE_CAPACITY];
  enum outcome_retry retry;
  uint32_t retry_after_s; /* 0: no advice */
};

struct payment {
  struct id id, merchant, actor, request; /* actor: the API key that created it */
  bool livemode;
  int64_t created_ms, updated_ms;
  uint64_t sequence;          /* of its latest entry in the journal; 0 before the first */
  enum payment_status status; /* derived from what follows by payment_derive() */

  int64_t amount;
  char currency[CURRENCY_CAPACITY];
  int64_t amount_authorized; /* 0 until authorized; less what was released by a void */
  int64_t amount_captured;   /* captures that succeeded */
  int64_t
      amount_capturable;   /* authorized - captured - pending and unresolved captures; 0 after a final one */
  int64_t amount_refunded; /* refunds that succeeded */
  int64_t amount_refundable; /* captured + captures the PSP has received - refunded - pending, unresolved
                                refunds */

  struct id token, security_code, agreement, customer;
  struct card_view card;
  enum funding funding;
  char country[3]; /* of the issuer, or "" */
  char issuer[BIN_ISSUER_CAPACITY];
  char category[BIN_CATEGORY_CAPACITY];

  enum payment_kind kind;
  bool capture_manual;
  bool retry_none;
  bool late_void; /* on_late_success: void */
  bool personal;  /* personal data came with it: they lie under the customer's key */
  enum store_usage store;
  int16_t risk;        /* -1: none given */
  int64_t deadline_ms; /* of the round: no attempt but its first starts so near to it that it could not end */

  bool concluded;                 /* no further attempt: it ends as conclusion says */
  enum payment_status conclusion; /* PAYMENT_DECLINED or PAYMENT_FAILED */
  struct decline decline;         /* of a declined, failed or scheduled payment */
  int64_t retry_ms;               /* when the next round is due; 0: none is planned */
  struct id agreement_opened;     /* "agr" that this payment opened */
  char *action_url;               /* where the customer must act; NULL for none; owned */
  int64_t action_expires_ms;
  int64_t authorization_expires_ms; /* 0: not known */

  struct decision decision;
  struct round round; /* the latest */
  uint8_t attempt_count;
  uint16_t attempts_changed; /* by the entry in hand, a bit for each; not part of the record */
  uint8_t movement_count, movement_capacity;
  struct movement *movements; /* owned */
  uint8_t *inputs; /* the request's fields that are not personal, as write_request_fields(); owned */
  uint16_t inputs_length;
  struct attempt attempts[ATTEMPTS_MAX]; /* those beyond attempt_count are undefined; the last member */
};

/* A new, empty payment, or NULL when there is no memory. Freed with payment_free(), which allows NULL. */
struct payment *payment_new(void);
void payment_free(struct payment *payment);

/* The attempt that authorized or charged, or NULL. At most one (P4). */
const struct attempt *payment_live_attempt(const struct payment *payment);
/* The attempt whose fate decides now: the live one, else the last; NULL before the first. */
const struct attempt *payment_current_attempt(const struct payment *payment);
/* The movement of that id, or NULL. */
const struct movement *payment_movement(const struct payment *payment, const struct id *movement);
/* The decision's candidates as the latest round has them, as many as the decision's. */
const struct candidate *payment_candidates(const struct payment *payment);
/* How many attempts the latest round has begun. */
unsigned payment_round_attempts(const struct payment *payment);
/* Whether no attempt of it can have charged, and what was found charged against its word was given back. */
bool payment_is_uncharged(const struct payment *payment);
/* Whether its outcome is open: processing or unresolved (what the API answers 202 for). requires_action is
 * not: the next step is the customer's. */
bool payment_is_open(const struct payment *payment);
/* Whether that attempt's approval is still to be voided or refunded: one that came too late (on_late_success:
 * void), or one of an attempt that had failed. */
bool payment_undoes(const struct payment *payment, const struct attempt *attempt);
/* Whether some attempt's is. */
bool payment_wants_undo(const struct payment *payment);
/* Whether it was tried to void or refund it as often as it is tried, in vain. */
bool payment_undo_failed(const struct payment *payment, const struct attempt *attempt);
/* Whether something about it is unresolved, or waits for a person: its outcome, a movement, an approval that
 * cannot be undone. */
bool payment_is_unresolved(const struct payment *payment);
/* Whether only its webhook can end that movement, and it has not been put before a person. */
bool movement_is_awaited(const struct movement *movement);
/* Whether the payment's sums would hold (P5) if that movement of it were as given. */
bool payment_allows(struct payment *payment, const struct movement *movement);
/* Whether the engine or a person still has something to do for it: an attempt or a movement whose end must be
 * found out, or an approval to undo. */
bool payment_has_work(const struct payment *payment);
/* The key of a step, as the PSP gets it: an attempt's is its payment's id and its number ("pay_..._2"), a
 * movement's its own and 1 ("mov_..._1"). number: at most 255. */
void step_key(const struct id *object, unsigned number, char ret_key[STEP_KEY_CAPACITY]);
/* Enough of a payment's id to tell it from others, evenly drawn; 0 of what is none. */
uint64_t payment_short(const struct id *payment);
/* Parts such a key: an id of that prefix and a number from 1, of one digit or two. Returns whether it is one;
 * else *ret_id and *ret_number are untouched. */
bool step_key_split(const char *key, const char *prefix, struct id *ret_id, unsigned *ret_number);
/* Whether the ledger holds the attempt or movement of that key as the merchant's. Returns 0; LEDGER_ABSENT;
 * or a negated errno (-EBADMSG: its payment is damaged). */
MUST_USE int step_recorded(struct ledger *ledger, const struct id *merchant, const char *key);
/* The request's fields that are not personal: reference, descriptor, metadata, return_url, ... Returns 0 or
 * -EBADMSG. */
MUST_USE int payment_inputs(const struct payment *payment, struct request_fields *ret_fields);
/* Sets status and the derived amounts from attempts, movements and conclusion. Returns 0; or -EBADMSG when
 * they do not make a payment: more captured than authorized, more refunded than captured (P5), a movement
 * without its attempt. */
MUST_USE int payment_derive(struct payment *payment);

/* As stored: write gives the same bytes for the same payment, always. */
void write_payment(struct writer *writer, const struct payment *payment);
/* Returns 0 with a payment that the caller frees; -EBADMSG; or -ENOMEM. */
MUST_USE int read_payment(const void *bytes, size_t length, struct payment **ret_payment);

/* Reads one of the merchant's payments from the ledger. Returns 0 with a payment that the caller frees;
 * LEDGER_ABSENT; or a negated errno. */
MUST_USE int payment_load(struct ledger *ledger, const struct id *merchant, const struct id *id,
                          struct payment **ret_payment);

/* What a list of payments is narrowed by; zeroed members narrow nothing. */
struct payment_filter {
  const char *reference;
  enum payment_status status; /* PAYMENT_UNRESOLVED: whatever payment_is_unresolved() */
  const struct id *customer;
  const char *connector; /* of any attempt */
  const char *metadata_key, *metadata_value;
  int64_t created_from_ms; /* greater than or equal */
  int64_t created_to_ms;   /* less than or equal; 0: no bound */
};

enum { PAYMENT_SCAN_MAX = 20000 };

/* Newest first from before (NULL or empty: the newest) on; at most limit payments, each handed to found() and
 * freed after it. Looks at no more than PAYMENT_SCAN_MAX records; *ret_more says whether others may follow,
 * *ret_last is the last payment looked at, from which the next page starts. */
MUST_USE int payment_list(struct ledger *ledger, const struct id *merchant,
                          const struct payment_filter *filter, const struct id *before, unsigned limit,
                          void (*found)(void *context, const struct payment *payment), void *context,
                          bool *ret_more, struct id *ret_last);
