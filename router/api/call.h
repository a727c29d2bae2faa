/* One request on its way to its answer. Inside this room only. */
#pragma once

#include "api.h"
#include "connector_list.h"
#include "fault.h"
#include "http.h"
#include "json_out.h"
#include "ledger_check.h"
#include "metrics.h"
#include "notify_link.h"
#include "pump.h"
#include "rates.h"
#include "routes.h"
#include "trials.h"
#include "vault_link.h"

struct call;

/* What a route's handler is to find done. */
enum route_needs {
  NEEDS_NOTHING = 0,
  NEEDS_KEY = 1,         /* a secret key */
  NEEDS_JSON = 2,        /* a body, where there is one, that is declared to be JSON */
  NEEDS_IDEMPOTENCY = 4, /* an Idempotency-Key */
  NEEDS_LEDGER = 8       /* a ledger that is not older than the vault: what changes anything */
};

struct api_route {
  enum http_method method;
  const char *pattern;
  unsigned needs;
  /* Answers, or calls one of call_wait_*(). segment: what stood for the {id}, or "". */
  void (*handle)(struct call *call, const char *segment);
};

extern const struct api_route api_routes[];
extern const size_t api_route_count;

/* Who holds a call. */
enum call_state {
  CALL_HANDLED, /* its handler */
  CALL_ENGINE,  /* the engine, under its ticket */
  CALL_VAULT,   /* the vault link, by its question */
  CALL_ROUND    /* the end of the round or of a reading of the connectors, or its next turn */
};

struct call {
  struct api *api;
  struct http_request *http; /* NULL once the client has gone */
  enum call_state state;
  size_t route;
  int64_t started_us;
  struct requester from;
  struct id object; /* of the path or made by the request: a payment, token, policy */
  uint64_t ticket;  /* while the engine has it */
  struct vault_question question;
  void (*described)(struct call *call, struct vault_reply *reply);
  void (*finish)(struct call *call, bool committed); /* after the round's commit */
  struct call *next;                                 /* of those that wait for it */
  unsigned status;                                   /* of the answer prepared for after the commit */
  bool replayed;
  bool refreshed; /* it has waited for the connectors already */
  char *body;
  size_t length;
  struct policy_trial *trial; /* of a replay; owned */
};

enum { TICKET_SLOTS = 2 * API_REQUESTS_MAX, REFUSED_MAX = 256 };

struct api {
  struct api_options options;
  struct engine *engine;
  struct vault_link *vault;
  struct pump *pump;
  struct rates *rates;
  struct notify_link notify;
  struct ledger_check check;
  struct connector_list connectors;
  struct http_server *server;
  struct http_route matches[METRICS_ROUTES_MAX];
  struct metrics metrics;
  struct timer engine_timer;
  struct call *after_commit;     /* newest first */
  struct call *after_connectors; /* likewise */
  struct call *next_turn;        /* likewise */
  struct timer turn_timer;       /* for their turn, once the loop has been round */
  struct trials trials;          /* replays that are under way */
  unsigned waiting;
  bool draining;
  bool storage_failed;    /* the last commit failed */
  unsigned refused_count; /* errands that could not be sent, by correlation; told to the engine in the next
                             round */
  uint64_t refused[REFUSED_MAX];
  uint64_t tickets; /* given out so far */
  struct call *by_ticket[TICKET_SLOTS];
};

int64_t api_now_ms(const struct api *api);

/* Answers; the call must not be touched afterwards. out is taken over. A client that has gone is told
 * nothing. */
void call_answer(struct call *call, unsigned status, struct json_out *out);
void call_answer_bytes(struct call *call, unsigned status, const char *type, const void *body, size_t length);
void call_refuse(struct call *call, const struct fault *fault);
void call_not_found(struct call *call);
/* The vault is needed and is not there, or not used. */
void call_refuse_vault(struct call *call);

/* ---- Instead of answering now ---- */

/* Hands the call to the engine: the ticket to give it. 0 when there are too many (then it was answered). */
MUST_USE uint64_t call_wait_engine(struct call *call);
/* The call that waits under the ticket, which is free from then on; NULL when its client has gone. */
struct call *call_of_ticket(struct api *api, uint64_t ticket);
/* Asks the vault; described() is called with its reply, unless the client has gone by then. */
void call_wait_vault(struct call *call, enum router_vault_type type, const struct writer *body,
                     void (*described)(struct call *call, struct vault_reply *reply));
/* finish() is called once the round is committed, or has failed, unless the client has gone by then. */
void call_wait_round(struct call *call, void (*finish)(struct call *call, bool committed));
/* Has the connectors read again; finish() is called after that, `committed` telling whether they could be. */
void call_wait_connectors(struct call *call, void (*finish)(struct call *call, bool committed));
/* finish() is called in the loop's next round, after whatever else came in: so long work is done in parts.
 * `committed` tells whether it may go on; when not, the process ends. */
void call_wait_turn(struct call *call, void (*finish)(struct call *call, bool committed));
/* Answers with what is in out (taken over) once the round is committed; 503 when that fails. */
void call_answer_committed(struct call *call, unsigned status, bool replayed, struct json_out *out);
/* A write to the ledger failed (a negated errno): the round is given up as a whole, and the call answered
 * 503. */
void call_write_failed(struct call *call, int error);

/* What api.c does with those that wait for the same thing. */
void call_finish_all(struct call **list, bool good);

extern const struct fault fault_storage; /* 503 storage_unavailable */
/* The vault is not used now: 503 vault_rolled_back when it is older than the ledger, else vault_unavailable.
 */
struct fault fault_of_vault(const struct api *api);
/* What a reply of the vault that is not STATUS_DONE means for who asked about a token. */
struct fault fault_of_reply(const struct api *api, const struct vault_reply *reply);
