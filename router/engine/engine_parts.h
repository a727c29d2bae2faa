/* What the files of the engine share. Not for hosts.
 *
 * slot: a payment with something going on, with its waiting requests and its tasks. The payment itself is
 * loaded and dropped at will.
 *
 * task: an attempt or a movement whose end is not known: what is outstanding for it, or when it is asked
 * about. One that a webhook ended stays until the reply that is outstanding has come, or cannot come any
 * more.
 *
 * intake: a payment request whose token is being described, or that waits for its card's turn; nothing is
 * created yet.
 *
 * waiter: a request that waits for an answer, at a slot or at an intake.
 */
#pragma once

#include "budgets.h"
#include "change.h"
#include "connector_entry.h"
#include "engine.h"
#include "findings.h"
#include "health_cells.h"
#include "learned.h"
#include "map.h"
#include "policy_cache.h"
#include "routing.h"
#include "sheet.h"
#include "timers.h"

enum {
  DEFAULT_ANSWER_MS = 10000,
  TURN_MS =
      5000, /* a request waits so long for tries of its card to end, and is then decided as things stand */
  DEFAULT_ATTEMPT_MS = 10000,
  DEFAULT_DEADLINE_MS = 60000,
  DEFAULT_ACTION_MS = 30 * 60 * 1000,
  DEFAULT_ATTEMPTS = 5,
  DEFAULT_FIRST_QUESTION_MS = 500,
  DEFAULT_LAST_QUESTION_MS = 15 * 60 * 1000,
  DEFAULT_ATTENTION_MS = 24 * 60 * 60 * 1000,
  /* PSPs book most of what they receive within minutes, and tell of it again and again for days to whoever
   * was away (docs.adyen.com, "Troubleshoot webhooks"): a long weekend of the merchant's is no reason yet. */
  DEFAULT_RECEIVED_MS = 5 * 24 * 60 * 60 * 1000,
  DEFAULT_REQUESTS = 16384,
  DEFAULT_LOADED = 8192,
  DISPATCH_MIN_MS = 100,     /* the vault takes no shorter timeout */
  ANOTHER_MIN_MS = 2000,     /* left before the deadline, or no other attempt begins */
  FAULT_TIMEOUT_MS = 5000,   /* who had so long to answer, and did not, is at fault */
  DISPATCH_GRACE_MS = 1000,  /* egress ends a dispatch so long after its timeout at the latest */
  ACTION_QUESTION_MS = 5000, /* the first question while the customer acts */
  RETRY_ROUND_MS = 200,      /* after a failed commit */
  ATTENDED_QUESTION_MS = 24 * 60 * 60 * 1000, /* between questions about what a person was told of */
  WEBHOOK_GRACE_MS =
      15 * 60 * 1000, /* for a webhook to tell, after the settling time, what cannot be asked */
  UNKNOWN_SETTLING_MS = 2 * 60 * 1000, /* of a connector that is not registered any more */
  NO_VAULT_MS = 1000,                  /* between looks whether a question can be asked at all */
  MOVEMENT_ROOM = 1300,                /* bytes that one movement can grow to */
  PUBLISHED_MAX = 64,                  /* merchants whose published policy is remembered */
  CONNECTORS_MAX = 1024,
  SWEEP_EVERY = 8, /* payments between two sweeps of old idempotency keys */
  SWEEP_STEPS = 16 /* entries looked at: more than were added since */
};

struct slot;
struct intake;

struct waiter {
  struct map_node node; /* by ticket */
  struct waiter *next;
  struct slot *slot; /* one of the two */
  struct intake *intake;
  struct id movement; /* what it waits for; empty: the payment */
  int64_t deadline_ms;
  bool replayed;
};

/* What was found out, and by what. */
struct found {
  enum errand errand;
  enum finding finding;
  const struct dispatch_result *result; /* NULL: the vault refused */
  const char *lacks;   /* why it refused for good, wherever the payment goes: as an attempt's code; or NULL */
  int64_t at_ms;       /* when it was said: of a webhook by the PSP's clock, 0 when it gave no time */
  bool codes_unsigned; /* of a webhook: its signature does not cover the codes */
};

struct task {
  struct map_node node; /* by correlation, while something is outstanding */
  struct task *next;
  struct slot *slot;
  uint8_t attempt;      /* its number; or 0 and then */
  uint8_t movement;     /* the movement's place plus one */
  enum errand errand;   /* of what is outstanding */
  uint64_t correlation; /* 0: nothing is */
  int64_t asked_ms;
  int64_t due_ms; /* when to look again, while nothing is outstanding */
  unsigned asks;
};

struct slot {
  struct map_node node; /* by the payment's id */
  struct timer timer;
  struct engine *engine;
  struct id merchant, id;
  struct payment *payment; /* NULL: not loaded */
  struct waiter *waiters;
  struct task *tasks;
  struct slot *touched_next;
  struct slot *newer, *older; /* of the loaded ones, by last use */
  int64_t undo_ms;            /* when an approval that came too late is next to be undone; 0: none */
  unsigned undos;
  int64_t retry_ms; /* by which time it stands in the table of scheduled payments; 0: it does not */
  uint32_t length;  /* of the record */
  bool touched;     /* in this round */
  bool open;        /* stands in the table of open work */
  bool stale;       /* tasks must be put right when it is loaded */
  bool inherited;   /* taken up at the start: its times were taken by an earlier process's clock */
};

struct intake {
  struct map_node node;  /* by idempotency key */
  struct map_node asked; /* by correlation, or among those that wait for their turn by card */
  struct timer timer;
  struct engine *engine;
  struct payment_request *request;
  struct waiter *waiters;
  int64_t turn_ms;                      /* until when it waits for its turn; 0: it does not */
  struct token_description description; /* while it does */
};

struct queued_effect {
  struct queued_effect *next;
  struct effect effect;
  struct dispatch *dispatch;
};

struct effect_queue {
  struct queued_effect *first, *last;
};

/* A vault's reply to a first dispatch, kept until what it taught is durable. */
struct kept_reply {
  struct kept_reply *next;
  struct id merchant, payment;
  uint8_t attempt, movement;
  uint64_t correlation;
  enum status status;
  bool has_result;
  struct dispatch_result result;
};

struct connector {
  struct connector_facts facts;
  const struct sheet_facts *sheet; /* NULL: none of that hash is known */
  struct health health;
  struct gate gate;
};

/* A change that merchants are to be told of, until that is durable. */
struct connector_news {
  struct connector_news *next;
  bool written; /* in the batch under way */
  int64_t at_ms;
  struct connector_entry entry;               /* without merchant and payments */
  struct gate_failed failed[GATE_FAILED_MAX]; /* of all merchants */
};

/* Health of the registered connectors, beyond what stands with each. */
struct gates {
  struct health_cells cells;
  struct timer timer;
  struct connector_news *news; /* oldest first */
  unsigned news_count;
  int64_t retry_ms;                /* when to write at the latest what a failed round undid; 0: nothing was */
  int64_t drills_ms;               /* none ends before: the round that ended one failed */
  struct drill drills[DRILLS_MAX]; /* under way */
  unsigned drill_count;
};

/* What the first attempts of this round teach. */
struct lessons {
  unsigned count, capacity;
  struct lesson *list;
};

/* Which policy a merchant has published. */
struct published_policy {
  struct id merchant, id;
  uint8_t hash[POLICY_LEDGER_HASH_BYTES];
  struct policy_key key; /* of its text in the cache */
};

struct engine {
  struct engine_options options;
  struct ledger *ledger;
  int64_t now_ms;     /* of the event being handled */
  int64_t started_ms; /* when it took up what was open */
  int round_error;
  bool vault_there;
  uint64_t next_correlation;

  struct map slots, waiters, tasks, intakes, asked, turns;
  struct timers timers;
  struct effect_queue staged, released;
  struct queued_effect *spare, *shown;
  unsigned spares;
  struct slot *touched;
  struct slot *newest, *oldest; /* loaded payments by last use */
  unsigned loaded;
  struct kept_reply *kept, *waiting; /* of this round; of failed ones */
  int64_t waiting_ms;                /* when to take the latter in again */

  struct learned *learned;
  struct lessons lessons;
  struct connector *connectors;
  size_t connector_count;
  struct gates gates;
  struct policy_cache *policies;
  struct published_policy published[PUBLISHED_MAX];
  unsigned published_count;

  struct timer awaited; /* when to look for movements whose webhook has not come */
  int64_t awaited_ms;   /* the same; INT64_MAX: never */

  struct timer scheduled; /* when the first later try is due */
  int64_t scheduled_ms;   /* the same; INT64_MAX: none is */

  struct slot *entry_slot; /* what `entry` is about; NULL: none begun */
  struct journal_head entry_head;
  const struct webhook *entry_webhook; /* that causes it, or NULL */
  struct entry entry;
  uint8_t record[PAYMENT_BYTES_MAX];
  struct request_fields inputs, personal; /* room to split and to join */
  uint8_t bytes[FIELDS_BYTES + 1024];
  struct card_in_hand card;
  struct payment *looked_at;
  struct engine_counts counts;
};

/* ---- engine.c ---- */

/* Every event begins here. */
void engine_begin(struct engine *engine, int64_t now_ms);
/* The store refused a write: the round will be undone. error: a negated errno; others are ignored. */
void engine_fail(struct engine *engine, int error);
int engine_set_timer(struct engine *engine, struct timer *timer, int64_t at_ms);

/* ---- slots.c ---- */

/* The slot of that payment, or NULL. */
struct slot *slot_find(struct engine *engine, const struct id *merchant, const struct id *payment);
/* The slot of that payment, made when there is none; its payment is loaded. Returns 0, LEDGER_ABSENT, or a
 * negated errno. */
MUST_USE int slot_open(struct engine *engine, const struct id *merchant, const struct id *payment,
                       struct slot **ret_slot);
/* A slot for a payment just made, which it takes over. NULL when there is no memory. */
struct slot *slot_for_new(struct engine *engine, struct payment *payment);
/* Loads the slot's payment when it is not. Returns 0 or a negated errno. */
MUST_USE int slot_load(struct slot *slot);
void slot_unload(struct slot *slot);
/* Marks it as having something uncommitted. */
void slot_touch(struct slot *slot);
/* Frees it with all that belongs to it. */
void slot_free(struct slot *slot);
/* Sets its timer by what it waits for. */
void slot_schedule(struct slot *slot);
/* Whether nothing more is to be done or waited for. */
bool slot_is_idle(const struct slot *slot);
/* Puts tasks right: one for each attempt and movement without an end, none else. */
void slot_reconcile(struct slot *slot);
/* Drops payments from memory while more than loaded_max are there and can be spared. */
void slots_trim(struct engine *engine);

struct task *task_for_attempt(struct slot *slot, unsigned number);
struct task *task_for_movement(struct slot *slot, unsigned place);
void task_free(struct task *task);
/* Its step has ended: frees it, unless a reply is outstanding. */
void task_over(struct task *task);
/* The attempt that it is about, or whose money its movement moves. */
const struct attempt *task_attempt(const struct task *task);
/* Whether its attempt or movement has no end yet. */
bool task_is_open(const struct task *task);
/* Something is outstanding for it under that correlation. */
void task_send(struct task *task, enum errand errand, uint64_t correlation);
/* Nothing is any more. */
void task_return(struct task *task);
struct task *task_find(struct engine *engine, uint64_t correlation);

/* ---- entries.c: changes of the payment in a slot ---- */

/* The entry that changes of slot go into; the first of an event begins it. */
struct entry *entry_of(struct slot *slot);
/* Who caused what is being changed; the engine itself when not said. */
void entry_actor(struct engine *engine, const struct id *actor, const struct id *request);
/* A webhook causes what is being changed; named in the entry, if one comes of it. Borrowed until entry_end().
 */
void entry_webhook(struct engine *engine, const struct webhook *webhook);
/* Appends the entry begun, if any, and stores the payment. Ends every event. */
void entry_end(struct engine *engine);

/* ---- effects.c ---- */

void stage_describe(struct engine *engine, const struct intake *intake, uint64_t correlation);
void stage_end_payment(struct slot *slot);
void stage_answer(struct engine *engine, const struct request_answer *answer);
/* Lost when there is no memory: the PSP then sends it again. */
void stage_taken(struct engine *engine, uint64_t number, enum status status);
/* An empty dispatch to fill in, staged. NULL when there is no memory. */
struct dispatch *stage_dispatch(struct engine *engine, uint64_t correlation);
/* Everything staged may leave. */
void effects_release(struct engine *engine);
/* The round is undone: questions stay, answers become REQUEST_STORAGE, dispatches are dropped and each handed
 * to dropped(). */
void effects_undo(struct engine *engine, void (*dropped)(struct engine *engine, uint64_t correlation));
/* Takes out every dispatch that has not left, and hands its correlation to each(). */
void effects_recall(struct engine *engine, void (*each)(struct engine *engine, uint64_t correlation));
void effects_free(struct engine *engine);

/* ---- requests.c ---- */

/* A waiting request; NULL when there are too many or no memory (and then it is answered already). */
struct waiter *waiter_new(struct engine *engine, uint64_t ticket);
/* The same of one about a payment that there is: with its slot, loaded, and what is known of its key
 * (*ret_known when *ret_is_known). NULL when it is answered already. */
struct waiter *waiter_at_payment(struct engine *engine, uint64_t ticket, const struct requester *from,
                                 const struct id *payment, const char *path, struct slot **ret_slot,
                                 struct idempotent *ret_known, bool *ret_is_known);
void waiter_free(struct engine *engine, struct waiter **list, struct waiter *waiter);
/* Answers a request that does not wait. */
void answer_refused(struct engine *engine, uint64_t ticket, enum request_outcome outcome);
/* Lets a request wait at slot, or answers it at once when what it asks for is there. */
void wait_at_slot(struct slot *slot, struct waiter *waiter, const struct id *movement, bool replayed);
/* Answers whoever need wait no longer; payment is loaded. */
void answer_waiters(struct slot *slot);
/* Answers all that wait at it with that refusal. */
void refuse_waiters(struct engine *engine, struct waiter **list, enum request_outcome outcome);

/* ---- intake.c ---- */

void intake_free(struct intake *intake);
void intakes_refuse(struct engine *engine, enum request_outcome outcome);
struct intake *intake_asked(struct engine *engine, uint64_t correlation);
void intake_refuse(struct intake *intake, enum request_outcome outcome);

/* ---- turns.c ---- */

/* Whether the request must wait, because the networks' limits are used up by tries of its card that are under
 * way (P7): then it waits from now on, TURN_MS at most. */
bool turn_awaited(struct intake *intake, const struct token_description *description);
/* Its timer rings while it waits. */
void turn_ring(struct intake *intake);
/* A try of that merchant's card may have ended: who has waited longest for it looks again. */
void turns_wake(struct engine *engine, const struct id *merchant, const struct id *fingerprint);

/* ---- creation.c ---- */

/* Takes over what a request says, all but its fields. */
void take_request(struct engine *engine, struct payment *payment, const struct payment_request *request);
/* Splits the request's fields into engine->inputs and, what is personal, engine->personal. */
MUST_USE int split_fields(struct engine *engine, const struct payment_request *request);
/* Copies engine->inputs into the payment. */
MUST_USE int keep_inputs(struct engine *engine, struct payment *payment);

/* Makes the payment that an intake asked for, and its first attempt; answers or moves on its waiters. */
void create_payment(struct intake *intake, const struct token_description *description);

/* ---- registry.c ---- */

struct connector *connector_named(const struct engine *engine, const char *name);
/* Why that connector cannot do operation for that new payment; SKIP_NONE when it can. */
enum skip_reason connector_skip(const struct connector *connector, const struct payment *payment,
                                enum operation operation);

/* ---- gates.c: who is given new payments ---- */

MUST_USE int gates_open(struct engine *engine);
void gates_close(struct engine *engine);
/* How that connector does, for a payment like this. */
enum candidate_health gates_look(const struct engine *engine, const struct payment *payment,
                                 const char *connector, enum operation operation);
/* An attempt of the payment is sent there. */
void gates_sent(struct engine *engine, const struct payment *payment, const char *connector);
/* What came of the first dispatch of an attempt. */
void gates_note(struct engine *engine, const struct payment *payment, const struct attempt *attempt,
                const struct dispatch_result *result);
/* Sets the timer by what is due next. */
void gates_schedule(struct engine *engine);
/* The round's commit is done, or all of the round is undone. */
void gates_committed(struct engine *engine);
void gates_undone(struct engine *engine);

/* ---- gate_list.c ---- */

/* Drops the unhealthy from a decision's list, and lets canaries through, by what it records: the candidates'
 * health and the draw. When none would be left that is healthy, the list is used as it stands. */
void gate_list(struct decision *decision);

/* ---- connector_news.c ---- */

/* Writes the entry for each merchant that has a key; fill() puts in what is the merchant's own. */
void tell_merchants(struct engine *engine, const struct journal_head *head, struct connector_entry *entry,
                    void (*fill)(void *context, struct engine *engine, struct connector_entry *entry),
                    void *context);
/* A gate has changed; segment is NULL for a whole connector's. */
void news_add(struct engine *engine, const char *connector, const struct health_segment *segment,
              const struct gate *gate);
/* Writes again what a failed round undid, before anything else that is decided by it. */
void news_retry(struct engine *engine);
void news_free(struct engine *engine, bool written_only);

/* ---- drills.c ---- */

/* Ends those whose time is over. */
void drills_pass_time(struct engine *engine);
/* When the first one is over; -1: none is under way. */
int64_t drills_due(const struct engine *engine);
/* Reads those under way from the ledger. Returns 0 or a negated errno. */
MUST_USE int drills_load(struct engine *engine);

/* ---- decide.c ---- */

struct named_connectors { /* by the request itself; none: the policy decides */
  unsigned count;
  const char (*names)[CONNECTOR_NAME_CAPACITY];
};

/* Decides for a payment whose request and card stand, inputs being its fields: the list of connectors and the
 * rule, in payment->decision. Returns how a request ends that finds none. */
enum request_outcome decide(struct engine *engine, const struct named_connectors *named,
                            const struct request_fields *inputs, struct payment *payment);
/* Likewise by that policy, not yet published. */
enum request_outcome decide_by(struct engine *engine, const struct policy *policy,
                               const struct request_fields *inputs, struct payment *payment);
/* What a payment's attempts are to do. */
enum operation payment_operation(const struct payment *payment);
void policies_forget(struct engine *engine);

/* ---- lessons.c ---- */

/* An attempt has ended: when it is a first one that tells about its connector, that is learned with the
 * commit. */
void lesson_note(struct engine *engine, const struct payment *payment, const struct attempt *attempt);
/* The round is durable, or undone. */
void lessons_committed(struct engine *engine);
void lessons_undone(struct engine *engine);
void lessons_free(struct engine *engine);

/* ---- attempts.c ---- */

/* Starts the next attempt, or concludes the payment. may_go_on: what came before allows another connector. */
void attempt_next(struct slot *slot, bool may_go_on);
/* Takes in what was found out about an attempt. */
void attempt_found(struct slot *slot, struct task *task, const struct found *found);
/* A person says how it ended; nothing holds against that. */
void attempt_resolved(struct slot *slot, unsigned number, const struct resolution *resolution);
/* No reply to its dispatch can come any more. */
void attempt_lost(struct slot *slot, struct task *task);

/* No question was answered that says why it was declined, and none will be: the webhook's word stands. */
void attempt_declined_as_told(struct slot *slot, struct task *task);

/* ---- reasons.c: declines of which a webhook did not say why (attempt.told_declined) ---- */

/* Whether that, which was found of an open attempt, is a decline whose reason is still to come. It is noted
 * then, and nothing else done. */
bool reason_awaited(struct slot *slot, struct task *task, const struct found *found);
/* Whether something is outstanding, or can be asked, that may say why. */
bool reason_may_come(const struct task *task);
/* What a reply or an answer comes to for an attempt that a webhook said was declined. */
enum finding reason_finding(const struct task *task, const struct found *found);

/* No round is to follow: the payment ends as it is told, without another word of a PSP's. */
void schedule_end(struct slot *slot);

/* ---- scheduled.c: payments that are tried again later; none of them is in memory ---- */

void scheduled_open(struct engine *engine);
/* Looks whether a later try is due, at at_ms or before. */
void scheduled_look_at(struct engine *engine, int64_t at_ms);
/* Puts the payment's row right, by its entry. Returns 0 or a negated errno. */
MUST_USE int scheduled_follow(struct slot *slot);
/* Plans another round after the one that ended so. Returns whether there is to be one. */
bool schedule_round(struct slot *slot, const struct decline *decline, const struct budget *budget);

/* ---- dispatches.c ---- */

/* Stages the dispatch of an errand. Returns 0; -ENODATA when its inputs are not what they were (a replay must
 * then not be sent); or another negated errno. */
MUST_USE int dispatch_attempt(struct slot *slot, struct task *task, enum errand errand);
MUST_USE int dispatch_movement(struct slot *slot, struct task *task, enum errand errand);

/* ---- answers.c ---- */

/* Adds what result says to what is known; its fields stand where it has any. */
void take_answer(struct psp_answer *answer, const struct dispatch_result *result);
/* The same of an attempt's, with the latency of its own reply. Codes that a webhook's signature does not
 * cover count, then and when the reply comes, only where they make the outcome no milder. */
void take_attempt_answer(const struct payment *payment, struct attempt *attempt, const struct found *found);
/* Adds the texts that are not known yet. Returns whether there were any. */
bool complete_answer(struct psp_answer *answer, const struct dispatch_result *result);
struct outcome classify(const struct payment *payment, const char *sheet, const struct psp_answer *answer);
/* What result itself says, by the outcome tables. */
enum outcome_class class_of(const struct payment *payment, const struct attempt *attempt,
                            const struct dispatch_result *result);

/* ---- questions.c ---- */

/* A task is due: asks, or looks again later. */
void task_due(struct task *task);
/* After a question that taught nothing, and when doubt begins. */
void task_ask_later(struct task *task);
/* How long after it went quiet a dispatch of that attempt's may still come into being, by its connector. */
uint32_t attempt_settling(const struct engine *engine, const struct attempt *attempt);
/* Whether it can be asked about, now or later, as far as is known. */
bool task_can_be_asked(const struct task *task);
const struct step *task_step(const struct task *task);
/* From when on no byte of it could leave any more, as far as this process can know. */
int64_t quiet_of(const struct slot *slot, const struct step *step);
/* From when on absence is proof, by the sheet; INT64_MAX when it never is. */
int64_t task_settled_ms(struct task *task);

/* ---- attention.c: what is put before a person, and journalled so once ---- */

/* What has been unresolved for too long, or can be learned by asking no longer. */
void attention_check(struct task *task);
/* An approval that cannot be voided or refunded. */
void attention_to_attempt(struct slot *slot, unsigned number);

void attention_to_movement(struct slot *slot, unsigned place);

/* ---- awaited.c: movements that only their webhook can end; none of them is in memory ---- */

void awaited_open(struct engine *engine);
/* Looks whether a webhook has been awaited too long, at at_ms or before. */
void awaited_look_at(struct engine *engine, int64_t at_ms);
/* That movement's webhook is awaited, or is no more. */
void awaited_set(struct engine *engine, const struct movement *movement, bool awaited);

/* ---- movements.c ---- */

/* Journals a change of a movement, as it is from then on. */
void movement_record(struct slot *slot, enum change_type type, const struct movement *movement);
void movement_found(struct slot *slot, struct task *task, const struct found *found);
void movement_resolved(struct slot *slot, unsigned place, const struct resolution *resolution);
void movement_lost(struct slot *slot, struct task *task);
enum operation movement_operation(enum movement_type type);
/* The place of the movement of that id, or -1. */
int movement_place(const struct payment *payment, const struct id *movement);
/* Begins a movement of the engine's own. Returns how a request for it would be refused. */
enum request_outcome movement_of_own(struct slot *slot, const struct attempt *attempt,
                                     enum movement_type type, const char *reason);

/* ---- undo.c ---- */

/* Voids or refunds, when it is time, what was approved too late or after it had failed. */
void undo_unwanted(struct slot *slot);
/* After a movement has ended: sets when the next try is due, or puts before a person what was tried in vain.
 */
void undo_plan(struct slot *slot);

/* ---- contrary.c: what is said of a step that has ended ---- */

void attempt_said_again(struct slot *slot, unsigned number, const struct found *found);
/* When what was found counts as having happened, for statements that contradict it. */
int64_t movement_event_ms(const struct movement *movement, const struct found *found);
void movement_said_again(struct slot *slot, unsigned place, const struct found *found);
/* A reply that was outstanding when a webhook ended its step. */
void reply_after_end(struct slot *slot, struct task *task, const struct found *found);

/* ---- results.c ---- */

void take_lost(struct task *task);
/* Takes in again what failed rounds had kept. */
void take_kept(struct engine *engine);
void kept_free(struct kept_reply **list);
