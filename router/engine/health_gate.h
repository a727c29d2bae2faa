/* Whether a connector is to be given new payments: a state machine without clock or I/O, fed with what came
 * of requests.
 *
 *   healthy  -> out      when, within one of the windows, so large a share of the requests are faults that by
 *                        its Wilson lower bound more than the threshold are to be expected; or, while too few
 *                        come for a window to say anything, when the last few were all faults
 *   out      -> probing  after a wait, which doubles as long as probing fails
 *   probing  -> healthy  after so many good answers in a row, all to requests sent since probing began
 *   probing  -> out      at the first fault among these
 *
 * Integers only, so that the same answers at the same times make the same states everywhere. Zeroed is
 * healthy, nothing seen. */
#pragma once

#include "health.h"
#include "health_limits.h"
#include "ids.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

/* Those with a counterpart in struct gate_limits are its defaults. */
enum {
  SHARE_WHOLE = 10000,         /* shares are ten-thousandths */
  GATE_THRESHOLD = 1000,       /* this share of the requests may be faults */
  GATE_SAMPLES_MIN = 20,       /* a window with fewer requests says nothing */
  GATE_ROW = 10,               /* then so many faults in a row say it */
  GATE_WINDOWS = 3,            /* how long each is, says gate_windows_s */
  GATE_GOOD_WANTED = 10,       /* good answers in a row, until it is healthy again */
  GATE_OUT_FIRST_MS = 5000,    /* how long it is out before it is probed; doubles ... */
  GATE_OUT_LAST_MS = 60000,    /* ... up to this */
  GATE_CANARY_SHARE = 500,     /* of the payments that would go there, while it is probed */
  GATE_CANARY_WAIT_MS = 10000, /* after so long without one the next is a canary in any case */
  GATE_CANARY_LOST_MS = 20000, /* then no answer to a canary is waited for any more */
  GATE_FAILED_MAX = 20         /* failed payments that are remembered */
};

/* The windows that are looked at, in seconds back from now: the long one finds what happens seldom, the
 * short ones find at once what begins to happen often. */
extern const uint8_t gate_windows_s[GATE_WINDOWS];

enum gate_state { GATE_HEALTHY, GATE_OUT, GATE_PROBING, GATE_STATE_COUNT };

/* What a change of state was based on. */
struct gate_figures {
  uint32_t requests, faults;
  uint16_t bound;     /* Wilson lower bound of faults to requests, ten-thousandths */
  uint16_t threshold; /* ten-thousandths */
  uint16_t
      window_s; /* the requests came within these; 0: they are those since probing began, or the last ones */
};

/* A payment that failed there. */
struct gate_failed {
  struct id merchant, payment;
  int64_t at_ms; /* 0: none stands here */
};

struct gate_second {
  int64_t second; /* since 1970, plus one; 0: never used */
  uint32_t requests, faults;
};

struct gate {
  struct gate_limits limits;
  enum gate_state state;
  int64_t since_ms;            /* when the state began; 0: it was never another */
  int64_t probe_ms;            /* while out: when probing begins */
  uint32_t out_ms;             /* how long it was out the last time; 0: it was healthy before */
  uint32_t good;               /* while probing: good answers so far */
  uint32_t canaries;           /* while probing: sent and not answered */
  int64_t canary_ms;           /* while probing: when the last was sent; 0: none was */
  uint32_t row;                /* faults since the last good answer */
  struct gate_figures figures; /* of the last change */
  struct gate_second seconds[HEALTH_WINDOW_S];
  uint8_t failed_next;
  struct gate_failed failed[GATE_FAILED_MAX];
};

/* What came of a request. */
struct gate_answer {
  int64_t sent_ms;
  bool fault; /* one that the PSP is answerable for */
  const struct id *merchant, *payment;
};

/* "healthy", "unhealthy", "probing"; static. */
const char *gate_state_name(enum gate_state state);
/* The lower bound of Wilson's score interval at three standard deviations, in ten-thousandths, rounded down,
 * at times by one more: (k + z^2/2 - z sqrt(k (n - k) / n + z^2/4)) / (n + z^2). Source: E. B. Wilson, JASA
 * 22 (1927). 0 of 0 is 0.
 */
uint16_t gate_bound(uint32_t faults, uint32_t requests);
/* Each returns whether the state changed; gate->figures then says upon what. */
bool gate_note(struct gate *gate, int64_t now_ms, const struct gate_answer *answer);
bool gate_pass_time(struct gate *gate, int64_t now_ms);
/* When gate_pass_time() changes something next; -1: never by itself. */
int64_t gate_due(const struct gate *gate);
/* Figures of the last minute, as they stand. */
struct gate_figures gate_read(const struct gate *gate, int64_t now_ms);
/* Whether, while it is probed, another payment may be sent there to try it: at first one at a time, and one
 * more at once with each good answer. */
bool gate_takes_canary(const struct gate *gate, int64_t now_ms);
/* Whether the last was so long ago that the next one is wanted in any case. */
bool gate_wants_canary(const struct gate *gate, int64_t now_ms);
/* A payment is sent there. */
void gate_sent(struct gate *gate, int64_t now_ms);
/* Forgets what was counted; the state stays. */
void gate_forget(struct gate *gate);
