/* Deliveries: what the journal tells goes to the endpoints that want it, at least once, in order per payment.
 *
 * Without I/O, like the engine: its host tells it the time and how attempts ended, takes what it sends, and
 * commits. It reads the journal behind the last commit and never ahead of it. What it must not forget stands
 * in the ledger: how far each endpoint is, and every event that did not go through at the first attempt;
 * written in batches of its own making, so that no payment waits for it. After a crash some events are sent
 * again, none is left out.
 *
 * A host does, round by round: any of pump_on_*(), pump_run() when pump_due() says so; pump_put() before its
 * commit when pump_wants_commit(); pump_committed() after every commit. */
#pragma once

#include "events.h"
#include "notify_protocol.h"
#include "retry_schedule.h"

enum {
  ENDPOINTS_MAX = 1024, /* of all merchants */
  ENDPOINTS_PER_MERCHANT = 16,
  ENDPOINT_OUTSTANDING_MAX = 16, /* attempts at once; fewer when others have many */
  ENDPOINT_HELD_MAX = 1024,      /* events that wait for one endpoint; beyond, they wait in the journal */
  ENDPOINT_HELD_ALWAYS = 16,     /* so many, however many others have */
  PUMP_HELD_MAX = 65536,         /* of all endpoints */
  PUMP_READS = 64,               /* entries of the journal in one run */
  PUMP_SENDS = 16,               /* attempts that one run begins */
  PUMP_FLUSH_MS = 500,           /* what is to be remembered is written so long after at the latest */
  PUMP_SCHEDULE_MAX = RETRY_WAITS_MAX,
  ATTEMPT_MS = 15000,
  ATTEMPT_SLACK_MS = 5000, /* beyond that notify is taken to have lost it */
  FAILING_AFTER = 3,       /* failures in a row: then one attempt at once */
  DOWN_AFTER = 8           /* then one each first wait of the schedule */
};

#define DISABLE_AFTER_MS                                                                                     \
  (5LL * 24 * 3600 * 1000)                     /* an endpoint that took nothing for so long is disabled      \
                                                */
#define SECRET_OVERLAP_MS (24LL * 3600 * 1000) /* a secret signs for so long after it was replaced */

struct pump;

struct pump_options {
  struct ledger *ledger; /* borrowed; outlives the pump */
  struct draws draws;
  /* Hands a delivery to notify under a number, for pump_on_attempt(). Returns 0; or a negated errno when it
   * cannot be taken now, and then nothing left. */
  int (*send)(void *context, uint64_t number, const struct delivery_head *head, const void *body);
  /* The event's body as text, which the pump frees. Returns 0 or a negated errno. */
  int (*body)(void *context, const struct entry_events *events, unsigned index, char **ret_text,
              size_t *ret_length);
  void *context;
  /* After how many ms a failed delivery is tried again, one number a failure; then it is a dead letter. None:
   * that of Standard Webhooks: 5 s, 5 and 30 min, 2, 5, 10, 14, 20 and 24 h. */
  unsigned schedule_count;
  uint32_t schedule_ms[PUMP_SCHEDULE_MAX];
};

/* Takes up what the ledger holds. Returns 0 or a negated errno; freed with pump_free(), which allows NULL. */
MUST_USE int pump_new(const struct pump_options *options, int64_t now_ms, struct pump **ret_pump);
void pump_free(struct pump *pump);

/* The line to notify is there, or is lost: what is under way on it will be sent again. */
void pump_on_line(struct pump *pump, int64_t now_ms, bool there);
/* How the delivery of that number ended; NULL: notify was busy and made no attempt. A number that is not
 * under way is ignored. */
void pump_on_attempt(struct pump *pump, int64_t now_ms, uint64_t number,
                     const struct delivery_attempt *attempt);
/* An endpoint was made, changed or deleted in the batch that is under way: it is read again. Returns 0 or a
 * negated errno, and then the batch must be abandoned. */
MUST_USE int pump_on_endpoint(struct pump *pump, int64_t now_ms, const struct id *merchant,
                              const struct id *endpoint);
/* Takes dead letters up again, in the batch that is under way: that event's alone, or (place NULL) as many as
 * there is room for. *ret_more: others are left. Returns 0 or a negated errno, and then the batch must be
 * abandoned. */
MUST_USE int pump_redeliver(struct pump *pump, int64_t now_ms, const struct id *merchant,
                            const struct id *endpoint, const struct event_place *place, unsigned *ret_count,
                            bool *ret_more);
/* Reads on in the journal, sends, lets waits end. */
void pump_run(struct pump *pump, int64_t now_ms);
/* When pump_run() or a commit is wanted. 0: at once; -1: not at all. */
int64_t pump_due(const struct pump *pump, int64_t now_ms);

/* The host is ending: what is to be remembered is written with the next commit. */
void pump_flush(struct pump *pump, int64_t now_ms);
/* Whether something has waited long enough to be written down. */
bool pump_wants_commit(const struct pump *pump, int64_t now_ms);
/* Puts it into the ledger's batch. Returns 0 or a negated errno, and then the batch must be abandoned. */
MUST_USE int pump_put(struct pump *pump, int64_t now_ms);
/* The round's commit is done, or failed. */
void pump_committed(struct pump *pump, int64_t now_ms, bool done);

struct pump_counts {
  uint64_t taken, failed, dead, disabled, unreadable; /* since the start */
  uint32_t endpoints, held, outstanding;              /* now */
};
struct pump_counts pump_counts(const struct pump *pump);

/* How an endpoint does, by what is in memory: nothing is read for it. */
struct endpoint_health {
  int64_t last_success_ms; /* since the router's start; 0: none */
  uint32_t failures;       /* in a row */
  uint32_t waiting;        /* events that wait or are under way */
  bool behind;             /* more wait in the journal */
};
/* Returns whether the pump has that endpoint. */
bool pump_endpoint_health(const struct pump *pump, const struct id *merchant, const struct id *endpoint,
                          struct endpoint_health *ret_health);
