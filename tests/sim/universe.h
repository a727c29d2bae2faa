/* One simulated universe: an engine on a ledger in memory, a vault's line, PSPs, merchants, and time. */
#pragma once

#include "agenda.h"
#include "clock.h"
#include "faults.h"
#include "flights.h"
#include "notices.h"
#include "reasons.h"
#include "scenario.h"
#include "store_memory.h"

static const int64_t universe_start_ms = 1767225600000; /* where time begins */

enum { SCENARIOS_MAX = 256, FAILURE_CAPACITY = 256, PAID_SLOTS = 1024, NOBODY = UINT32_MAX };

/* Which universe: everything in it follows from this. */
struct genesis {
  uint64_t seed, number;
  uint32_t scenarios;
  /* What is left out, to find what a failure needs; NULL: nothing. */
  const bool *left_out;
  uint64_t faults_left_out; /* one bit a fault */
  bool no_faults;           /* none of the universe's own */
  uint64_t crash_points[2]; /* crashes at these points; 0: none */
  int64_t down_ms;          /* and how long the router stays down then */
  bool trace;
};

/* A request that waits for its answer. */
struct ticket {
  uint32_t scenario;
  uint8_t request, tries;
  bool other_body, over;
  bool person;      /* it is a person's word */
  bool forgotten;   /* an answer that is on its way already still comes */
  int64_t asked_ms; /* by the router's clock */
};

/* A PSP takes nothing in until then: it refuses connections, or answers none. */
struct outage {
  int64_t until_ms;
  bool hangs;
};

struct universe {
  struct genesis genesis;
  struct chance chance, draws_chance;
  int64_t now_ms;            /* true time */
  int64_t skew_ms;           /* how far the machine's clock is from it */
  struct steady_time steady; /* the router's own time, since its process began */
  int64_t calm_ms;           /* no faults from here on */
  int64_t again_ms;          /* but again from then on, for a while, when later tries are made; 0: never */
  struct events events;
  struct flights flights;
  struct faults faults;
  struct notices notices;
  struct reasons reasons;
  struct outage outages[PSP_COUNT];
  struct scenario *scenarios;
  struct ticket *tickets;
  uint64_t ticket_count, ticket_capacity;

  /* ---- the router ---- */
  struct store *store;
  struct ledger *ledger;
  struct engine *engine;
  struct engine_options options;
  struct id merchant, actor;
  bool ready;           /* it was set up; from here on it may crash */
  bool up;              /* its process runs */
  bool line_up;         /* it has a line to the vault */
  unsigned store_fails; /* so many reasons why commits may fail now */
  uint32_t line;
  uint32_t pinned[PSP_COUNT]; /* versions of the sheets that the vault holds */
  enum connector_status statuses[PSP_COUNT];
  uint64_t points;                 /* where it could have crashed, so far */
  uint64_t crash_at;               /* the point where it will; 0: none */
  int64_t down_ms;                 /* how long it stays down then */
  int64_t asleep_ms;               /* it gets no time until then */
  uint64_t next_entry;             /* of the journal, not read yet */
  enum gate_state told[PSP_COUNT]; /* how connectors do, by what the journal told since the process began */
  int64_t told_ms[PSP_COUNT];      /* when, by the router's clock */
  bool drilled[PSP_COUNT];         /* which are out on purpose, by the journal */
  uint16_t paid[PAID_SLOTS];       /* scenarios by their payment's id, one more than their number; 0: none */

  /* ---- what came of it ---- */
  bool failed;
  uint32_t failed_scenario;
  char failure[FAILURE_CAPACITY];
  const char *failure_kind; /* the words of it that are always the same */
  uint64_t steps, digest, crashes, entries, webhooks, words;
};

/* A universe to use again and again; closed with universe_close(). */
void universe_open(struct universe *universe);
void universe_close(struct universe *universe);
/* Runs one universe from its beginning until all is quiet, or something is wrong. */
void universe_run(struct universe *universe, const struct genesis *genesis);

/* ---- For the parts of it ---- */

/* The router's time. */
int64_t router_ms(const struct universe *universe);
/* Whether faults may still come. */
bool universe_is_rough(const struct universe *universe);
/* Something is wrong; the first time counts. scenario: whose, or NOBODY. */
void violation(struct universe *universe, uint32_t scenario, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What becomes of a batch that is being written when the router is killed. */
enum fate { FATE_LOST, FATE_TORN, FATE_KEPT, FATE_COUNT };

/* The router's process is killed, and started again after down_ms. */
void crash(struct universe *universe, enum fate fate);
/* A place where the router may crash. True when it does so here. */
bool crash_point(struct universe *universe);
/* Registers what the vault has, as the host does. */
void register_connectors(struct universe *universe);
/* Publishes one of the policies, within the round. */
void publish_policy(struct universe *universe, unsigned number);
