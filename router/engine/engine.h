/* The payment engine: a state machine without I/O. Events in (a request, a reply of the vault, the time),
 * effects out (ask the vault, answer a request). It reads no clock: the time is in the event. It draws from a
 * generator given to it. All it knows stands in the ledger, so that it can be dropped at any point and
 * started again.
 *
 * A host does, round by round:
 *   1. any number of events: engine_pay(), engine_move(), engine_on_*(). They append to the ledger's batch
 * and queue effects; they never fail towards the caller, a failing store is kept for step 2.
 *   2. engine_commit(): one durable commit. When it fails, everything of the round is undone: waiting
 * requests of the round are answered REQUEST_STORAGE, its webhooks STATUS_STORAGE; replies of the vault are
 * kept and taken in again later.
 *   3. engine_next_effect() until there is none: only now does anything leave (P1, asserted).
 *   4. engine_due() says when engine_on_time() is wanted. */
#pragma once

#include "bins.h"
#include "change.h"
#include "connector_entry.h"
#include "draws.h"
#include "health.h"
#include "ledger.h"
#include "payment.h"
#include "router_vault.h"
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct policy_cache; /* policy_cache.h */
struct sheet_facts;  /* policy/connectors/sheet.h */
struct fee_source;   /* fee_source.h */

struct engine_options {
  struct ledger *ledger;        /* borrowed; outlives the engine */
  const struct bin_table *bins; /* borrowed, or NULL: nothing is known of a card but its view */
  struct draws draws;
  /* Facts of the sheet with that name and hash, or NULL when there is none. Borrowed until
   * engine_on_connectors(). */
  const struct sheet_facts *(*sheet)(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]);
  void *sheet_context;
  /* Seconds by which that time zone is ahead of UTC then. Returns 0, or -ENOENT. NULL: no zone is known. */
  int (*zone_offset)(const char *zone, int64_t at_ms, int32_t *ret_offset_s);
  const struct fee_source *fees; /* borrowed, or NULL: no fees are known */
  /* 0 in any of these means the default in brackets. */
  uint32_t learned_cells;     /* of what is learned [16,384] */
  uint32_t answer_ms;         /* a request is answered no later than this [10,000] */
  uint32_t attempt_ms;        /* for one dispatch [10,000] */
  uint32_t deadline_ms;       /* of a payment that names none [60,000] */
  uint32_t action_ms;         /* for the customer to act [1,800,000] */
  uint32_t attempts_max;      /* of a round [5], at most ROUND_ATTEMPTS_MAX */
  uint32_t first_question_ms; /* after an outcome got lost [500]; doubles from there; sheets may say
                               otherwise */
  uint32_t last_question_ms;  /* no wait between questions is longer [900,000]; sheets may say otherwise */
  uint32_t attention_ms;      /* after its dispatch, what is unresolved is put before a person [86,400,000] */
  uint32_t received_ms;       /* the same of a movement that the PSP has only received [432,000,000] */
  struct gate_limits health;  /* what takes a connector out [10 % of 20 requests or more] */
  uint32_t requests_max;      /* waiting at once; beyond: REQUEST_BUSY [16,384] */
  uint32_t loaded_max;        /* payments held in memory while nothing goes on with them [8,192] */
};

/* Who asks. */
struct requester {
  struct id merchant; /* "mer" */
  struct id actor;    /* the API key, "key" */
  struct id request;  /* "req", what Freeport-Request-Id shows */
  bool livemode;
  char idempotency_key[IDEMPOTENCY_KEY_MAX + 1]; /* 1 to 255 bytes */
  uint8_t body_hash[BODY_HASH_BYTES];            /* of the request's body */
};

struct payment_request {
  struct requester from;
  struct money amount; /* 1 or more */
  struct id token;
  struct id security_code; /* "cvc", or empty */
  struct id agreement;     /* "agr", or empty */
  struct id customer;      /* "cus" that exists, or empty: one is made when there are personal fields */
  enum payment_kind kind;  /* 0: KIND_CUSTOMER */
  enum store_usage store;
  bool capture_manual, retry_none, late_void;
  int16_t risk;            /* -1: none */
  uint32_t deadline_ms;    /* 0: the default */
  uint8_t connector_count; /* routing.connectors; 0: the published policy decides */
  char connectors[CANDIDATES_MAX][CONNECTOR_NAME_CAPACITY];
  /* Everything else, personal fields included. The engine itself sets kind, store, customer_id and
   * previous_network_transaction_id; here they are absent. */
  struct request_fields fields;
};

struct movement_request {
  struct requester from;
  struct id payment;
  enum movement_type type;
  int64_t amount;    /* 0: all there is (captures and refunds); ignored for a void */
  bool amount_given; /* so that a given zero is refused */
  bool final;        /* of a capture */
  char reference[REASON_CAPACITY], reason[REASON_CAPACITY]; /* "" for none */
};

/* A person says what became of a step. */
struct resolution_request {
  struct requester from;
  struct id payment;
  struct resolution resolution;
};

/* How a request ended. */
enum request_outcome {
  REQUEST_DONE = 0,           /* the payment or movement exists: 201, or 202 while open */
  REQUEST_STORAGE,            /* the store refused; nothing was done: 503 */
  REQUEST_BUSY,               /* too many at once; nothing was done: 503 */
  REQUEST_VAULT_AWAY,         /* the vault did not answer about the token; nothing was done: 503 */
  REQUEST_KEY_REUSED,         /* idempotency key with another body: 422 */
  REQUEST_TOKEN_UNKNOWN,      /* 422, token */
  REQUEST_TOKEN_DELETED,      /* 422, token */
  REQUEST_TOKEN_EXPIRED,      /* 422, token */
  REQUEST_AGREEMENT_UNKNOWN,  /* 422, agreement */
  REQUEST_CUSTOMER_UNKNOWN,   /* 422, customer */
  REQUEST_CONNECTOR_UNKNOWN,  /* 422, routing.connectors: a name that is not registered */
  REQUEST_NO_POLICY,          /* 409: none is published and the request names no connectors */
  REQUEST_NO_CONNECTOR,       /* 409: every candidate is passed over */
  REQUEST_PAYMENT_UNKNOWN,    /* 404 */
  REQUEST_INVALID_STATE,      /* 409: not possible in the payment's state */
  REQUEST_AMOUNT_INVALID,     /* 422, amount: zero or negative */
  REQUEST_AMOUNT_TOO_LARGE,   /* 422, amount: more than is capturable or refundable */
  REQUEST_CONNECTOR_AWAY,     /* 409: the payment's connector is not registered or cannot do this */
  REQUEST_TOO_MANY_MOVEMENTS, /* 409 */
  REQUEST_MOVEMENT_UNKNOWN,   /* 404: no such attempt or movement */
  REQUEST_NOT_SETTLED,        /* 409: too early for anybody to know */
  REQUEST_PSP_ID_WANTED,      /* 422, psp_id: without it nothing could be captured or refunded */
  REQUEST_FINAL_ONLY,         /* 422, final: the payment's connector takes one capture, which is the last */
  REQUEST_REST_NOT_VOIDED,    /* 409: after a capture, the connector releases the rest by itself alone */
  REQUEST_FIELDS_TOO_LARGE,   /* 413: the request's fields together are more than fit */
  REQUEST_OUTCOME_COUNT
};

enum effect_type {
  EFFECT_DESCRIBE = 1, /* send RV_DESCRIBE */
  EFFECT_DISPATCH,     /* send RV_DISPATCH */
  EFFECT_END_PAYMENT,  /* send RV_END_PAYMENT; its reply is of no interest */
  EFFECT_ANSWER,       /* answer a waiting request */
  EFFECT_WEBHOOK_TAKEN /* send RV_WEBHOOK_TAKEN; its reply is of no interest */
};

struct request_answer {
  uint64_t ticket;
  enum request_outcome outcome;
  int64_t settled_ms;                    /* with REQUEST_NOT_SETTLED: from when on it is not too early */
  struct id merchant, payment, movement; /* with REQUEST_DONE; movement is empty for a payment's request */
  bool open;                             /* the outcome is still open: 202 */
  bool replayed; /* the key had been seen: this request created nothing (Idempotent-Replayed) */
};

struct effect { /* what it points to is borrowed until the next call of the engine */
  enum effect_type type;
  uint64_t correlation; /* of the message; its reply is handed in with the same one */
  struct token_question describe;
  const struct dispatch *dispatch;
  struct end_payment end;
  struct request_answer answer;
  struct webhook_taken taken;
};

/* An engine; freed with engine_free(). Returns 0 or -ENOMEM. */
MUST_USE int engine_new(const struct engine_options *options, struct engine **ret_engine);
void engine_free(struct engine *engine);
/* Takes up the open payments of the ledger: what was dispatched and has no outcome recorded is unresolved and
 * will be asked about, never sent as new. To be committed like any round. Returns 0 or a negated errno. */
MUST_USE int engine_start(struct engine *engine, int64_t now_ms);

/* ---- Events ---- */

/* A merchant wants a payment. ticket: the host's name for the waiting request, not 0 and not in use; it is
 * answered with exactly one EFFECT_ANSWER, in this round or later. */
void engine_pay(struct engine *engine, int64_t now_ms, uint64_t ticket,
                const struct payment_request *request);
/* A merchant wants a capture, a void or a refund. Likewise. */
void engine_move(struct engine *engine, int64_t now_ms, uint64_t ticket,
                 const struct movement_request *request);
/* A person has found out what became of an attempt or a movement. Likewise, and answered in this round: what
 * is still open then is another attempt. */
void engine_resolve(struct engine *engine, int64_t now_ms, uint64_t ticket,
                    const struct resolution_request *request);
/* The client of a waiting request has gone: its ticket is not answered any more. What was begun goes on. */
void engine_forget(struct engine *engine, uint64_t ticket);
/* The vault answered EFFECT_DESCRIBE. description is read when status is STATUS_DONE. */
void engine_on_description(struct engine *engine, int64_t now_ms, uint64_t correlation, enum status status,
                           const struct token_description *description);
/* The vault answered EFFECT_DISPATCH. result is read when status is STATUS_DONE. */
void engine_on_result(struct engine *engine, int64_t now_ms, uint64_t correlation, enum status status,
                      const struct dispatch_result *result);
/* The host could not hand an effect to the vault (queue full, line down): nothing left. */
void engine_on_refused(struct engine *engine, int64_t now_ms, uint64_t correlation);
/* It left, and no reply to it will come (the host gave up waiting, or the line broke): of unknown fate. */
void engine_on_lost(struct engine *engine, int64_t now_ms, uint64_t correlation);
/* A PSP's webhook came. It is answered with one EFFECT_WEBHOOK_TAKEN: STATUS_DONE once what it taught, if
 * anything, is durable (also when its reference is nobody's); STATUS_STORAGE when that could not be written,
 * and then it must come again. */
void engine_on_webhook(struct engine *engine, int64_t now_ms, const struct webhook *webhook);
/* The vault's line is there, or is lost: what is outstanding on it is then of unknown fate. */
void engine_on_vault(struct engine *engine, int64_t now_ms, bool there);
/* The registered connectors, all of them; replaces those known before. Copied. */
void engine_on_connectors(struct engine *engine, int64_t now_ms, const struct connector_facts *facts,
                          size_t count);
/* A first attempt that ended before this start, as the journal has it, when it ended: what it taught is known
 * again. In the order of the journal; each once. */
void engine_recall(struct engine *engine, const struct payment *payment, const struct attempt *attempt,
                   int64_t at_ms);
/* Another BIN table (or NULL) from now on. */
void engine_set_bins(struct engine *engine, const struct bin_table *bins);
/* The merchant's published policy has changed: read it again. */
void engine_on_policy(struct engine *engine);
/* The policies that it keeps compiled, for whoever needs one; borrowed. */
struct policy_cache *engine_policies(struct engine *engine);
/* Time passes. */
void engine_on_time(struct engine *engine, int64_t now_ms);
/* When the next round is wanted: engine_on_time() and engine_commit(). 0: at once, something waits for a
 * commit; -1: not at all. */
int64_t engine_due(const struct engine *engine);

/* ---- The end of a round ---- */

/* Commits the ledger's batch, the host's own writes included. Returns 0; or a negated errno, and then nothing
 * of the round happened (the host answers its own requests of the round 503). Effects are to be taken in
 * either case. */
MUST_USE int engine_commit(struct engine *engine, int64_t now_ms);
/* The next effect, or false. Only after engine_commit(). */
bool engine_next_effect(struct engine *engine, struct effect *ret_effect);

/* ---- Looking ---- */

/* One of the merchant's payments in its current state, borrowed until the next call of the engine. To be
 * shown only after engine_commit(). Returns 0, LEDGER_ABSENT, or a negated errno. */
MUST_USE int engine_payment(struct engine *engine, const struct id *merchant, const struct id *id,
                            const struct payment **ret_payment);
/* The facts of a registered connector, or NULL; borrowed. */
const struct connector_facts *engine_connector(const struct engine *engine, const char *name);
/* How that connector has done in the last minute, as this router saw it; zero for an unknown name. */
void engine_connector_health(const struct engine *engine, const char *name, int64_t now_ms,
                             struct health_figures *ret_figures);
/* Whether that connector is given new payments; a zeroed gate for an unknown name. Borrowed. */
const struct gate *engine_connector_gate(const struct engine *engine, const char *name);
/* The connector's segments that are not healthy, one by one: the first after place `after` (0: from the
 * start), or NULL. *ret_place is what to go on from. Borrowed. */
const struct health_cell *engine_connector_segment(const struct engine *engine, const char *name,
                                                   unsigned after, unsigned *ret_place);
size_t engine_connector_count(const struct engine *engine);
const struct connector_facts *engine_connector_at(const struct engine *engine, size_t index);
/* The facts of the sheet of that one, or NULL when none of its hash is known; borrowed. */
const struct sheet_facts *engine_connector_sheet_at(const struct engine *engine, size_t index);

struct engine_counts {
  uint64_t created;                        /* payments, since the start */
  uint64_t ended[PAYMENT_STATUS_COUNT];    /* attempts' phases over: how payments became, by status */
  uint64_t later_rounds;                   /* later tries begun, since the start */
  uint64_t dispatched, questions, replays; /* since the start */
  uint64_t movements[MOVEMENT_TYPE_COUNT]; /* since the start */
  uint64_t commits_failed;
  uint32_t open, waiting, loaded, outstanding; /* now */
};
struct engine_counts engine_counts(const struct engine *engine);

/* ---- Drills: a connector is taken out on purpose ---- */

enum drill_outcome {
  DRILL_DONE,
  DRILL_CONNECTOR_UNKNOWN,
  DRILL_UNDER_WAY,     /* one is, at that connector */
  DRILL_NOT_UNDER_WAY, /* none is, at that connector */
  DRILL_TOO_MANY       /* DRILLS_MAX are under way */
};

/* Takes the connector out for duration_ms (1 to DRILL_MS_MAX), or ends that. To be committed like any round;
 * a store that fails is seen there. */
enum drill_outcome engine_drill(struct engine *engine, int64_t now_ms, const struct requester *from,
                                const char *connector, uint32_t duration_ms, struct id *ret_drill);
enum drill_outcome engine_drill_end(struct engine *engine, int64_t now_ms, const struct requester *from,
                                    const char *connector);
/* A drill by its id, or the connector's latest one. To be shown only after engine_commit(). Return 0,
 * LEDGER_ABSENT, or a negated errno. */
MUST_USE int engine_drill_get(struct engine *engine, const struct id *id, struct drill *ret_drill);
MUST_USE int engine_drill_latest(struct engine *engine, const char *connector, struct drill *ret_drill);
/* Whether one is under way at that connector. */
bool engine_drill_runs(const struct engine *engine, const char *connector);
/* What it did to that merchant's payments, so far. Likewise. */
MUST_USE int engine_drill_report(struct engine *engine, const struct id *merchant, const struct drill *drill,
                                 struct drill_report *ret_report);

/* ---- Deciding without charging: POST /v1/route ---- */

/* A card by what is known of it. */
struct route_card {
  struct card_view view; /* of a token; or network and leading digits alone */
  struct bin_facts facts;
};

struct route_question {
  const struct payment_request *request; /* its token and its Idempotency-Key are not looked at */
  struct route_card card;
  int64_t at_ms;               /* as if it were then; 0: now */
  const struct policy *policy; /* NULL: the published one */
};

/* Decides as engine_pay() would, and keeps nothing. *ret_payment, from payment_new() and freed by the caller,
 * becomes the payment as it would be created; its decision says for each candidate what would keep it from
 * being tried now. Returns REQUEST_DONE or how the request would end. */
enum request_outcome engine_route(struct engine *engine, int64_t now_ms,
                                  const struct route_question *question, struct payment *ret_payment);
/* What the BIN table knows of a card; all unknown when there is none. */
struct bin_facts engine_bin_facts(const struct engine *engine, const char *bin);
/* The same decision again, upon what it was based on then (P6): fills all of *decision but policy, hash,
 * draw, BIN version and basis, which stand. */
void decide_again(const struct policy *policy, const struct payment *payment,
                  const struct request_fields *inputs, struct decision *decision);
