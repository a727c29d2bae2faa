/* A world for the engine: store_memory below it, a vault above it that answers what the test says. */
#pragma once

#include "engine.h"
#include "ledger.h"
#include "sheet.h"
#include "store_memory.h"

enum { SENT_MAX = 4096, ANSWERS_MAX = 4096 };

struct sent {
  uint64_t correlation; /* 0: answered */
  struct dispatch dispatch;
};

struct world {
  struct store *store;
  struct ledger *ledger;
  struct engine *engine;
  struct engine_options options;
  struct draws draws;
  uint64_t random;
  int64_t now_ms;
  uint64_t next_ticket;
  unsigned next_key;
  bool describe_by_itself; /* EFFECT_DESCRIBE is answered at once */
  enum token_status token_status;
  struct id merchant, actor, token;
  struct id fingerprint; /* of the card; empty: another card each time */
  enum network network;
  uint64_t asked;     /* correlation of the last EFFECT_DESCRIBE not answered */
  unsigned described; /* EFFECT_DESCRIBE seen */
  unsigned ended;     /* EFFECT_END_PAYMENT seen */
  struct sent *sent;
  unsigned sent_count;
  struct request_answer answers[ANSWERS_MAX];
  unsigned answer_count;
  struct passed_over passed_over; /* of the last answer that had one */
  struct webhook_taken taken; /* the last one */
  unsigned taken_count;
};

/* Three connectors: `alpha` and `gamma` are asked by status (absence is proof after 2 s), `beta` by replay
 * only. */
extern struct sheet_facts world_sheets[3];

/* The key of every world's ledger. */
extern const uint8_t world_ledger_key[LEDGER_KEY_BYTES];

void world_open(struct world *world, uint64_t seed);
/* The same over a store, which is the world's from here on. */
void world_open_over(struct world *world, uint64_t seed, struct store *store);
void world_close(struct world *world);
/* Of a store in memory: what a SIGKILL leaves, and a start from it. The line to the vault is new and there.
 */
void world_restart(struct world *world);
/* Publishes a policy and tells the engine. */
void world_publish(struct world *world, const char *text);
/* Commits and takes the effects. Returns what engine_commit() returned. */
int world_round(struct world *world);
/* Lets time pass, ringing whenever the engine wants. */
void world_advance(struct world *world, int64_t ms);

/* A request for 10.00 EUR with a new idempotency key. */
struct payment_request world_request(struct world *world);
/* Hands it in and makes a round; the ticket. */
uint64_t world_pay(struct world *world, const struct payment_request *request);
struct movement_request world_movement(struct world *world, const struct id *payment, enum movement_type type,
                                       int64_t amount);
uint64_t world_move(struct world *world, const struct movement_request *request);
/* The answer to a ticket, or NULL. */
const struct request_answer *world_answer(const struct world *world, uint64_t ticket);
/* The payment, as it stands. */
const struct payment *world_payment(struct world *world, const struct id *payment);
/* The newest payment of the merchant. */
struct id world_newest(struct world *world);

/* The dispatch sent last that is not answered yet, or NULL. */
struct sent *world_outstanding(struct world *world);
struct dispatch_result world_result(enum phase phase, enum answer answer);
/* Answers it and makes a round. */
void world_reply(struct world *world, struct sent *sent, const struct dispatch_result *result);
/* Answers what is outstanding with a whole answer that bears a PSP id. */
void world_approve(struct world *world, enum answer answer);
void world_decline(struct world *world, const char *code);
void world_fault(struct world *world, enum phase phase);
void world_refuse(struct world *world, enum status status);

/* What that connector's PSP says unasked about the key of the dispatch; at_ms is its own clock. */
struct webhook world_webhook(const struct dispatch *dispatch, enum operation about, enum answer answer,
                             int64_t at_ms);
/* Hands it in and makes a round. Returns what it was answered. */
enum status world_tell(struct world *world, const struct webhook *webhook);

/* Whether two ledgers' tables that the journal rebuilds are the same. */
bool world_payments_agree(struct store *left, struct store *right);
/* Whether the tables of payments and what hangs on them equal what the journal rebuilds. */
bool world_journal_agrees(struct world *world);
