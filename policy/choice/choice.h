/* The order of the candidates for `best of A, B, C` and `cheapest of A, B, C where approval >= 85%`.
 *
 * Pure: no clock, no random source. What a decision rests upon is gathered in a snapshot of whole numbers,
 * and choice_decide() makes the order from the snapshot and, for `best of`, one random draw alone: journal
 * both, and the decision can be made again, on any machine (P6). */
#pragma once

#include "choice_cells.h"
#include "choice_fees.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  CHOICE_CANDIDATES_MAX = 16,
  CHOICE_MILLION = 1000000, /* rates are in millionths: 850000 is 85 % */
  /* Names the way of deciding: another number whenever the same snapshot and draw may give another order. */
  CHOICE_METHOD = 2,
  CHOICE_METHOD_KEPT = 1, /* still decided again: what is below the floor stood last, and was not left out */
  /* A floor holds a connector to its rate once so many outcomes stand behind the estimate. */
  CHOICE_FLOOR_OUTCOMES = 20
};

enum choice_kind { CHOICE_BEST = 1, CHOICE_CHEAPEST, CHOICE_KIND_COUNT };

/* One that may be chosen. */
struct choice_candidate {
  uint16_t connector;             /* as in choice_record() */
  const struct choice_fees *fees; /* for CHOICE_CHEAPEST; NULL when nothing is known; borrowed */
};

/* All that a decision rests upon, the draw apart. */
struct choice_snapshot {
  uint8_t method; /* CHOICE_METHOD when it was taken */
  enum choice_kind kind;
  uint32_t floor; /* CHOICE_CHEAPEST: millionths */
  uint8_t count;  /* 1 to CHOICE_CANDIDATES_MAX, in the order of the rule's list */
  struct choice_premise {
    uint32_t approved, declined; /* choice_estimate() */
    uint32_t seen; /* choice_seen(): for the explanation alone; 0 in a snapshot of CHOICE_METHOD_KEPT */
    bool cost_known;
    uint8_t gap;             /* CHOICE_CHEAPEST: why not, an enum choice_cost_gap; likewise */
    struct choice_cost cost; /* CHOICE_CHEAPEST, where known */
  } premises[CHOICE_CANDIDATES_MAX];
};

/* Why a candidate stands where it does. */
enum choice_standing {
  CHOICE_MEETS = 1,    /* best of: always; cheapest of: approval meets the floor */
  CHOICE_TOO_FEW,      /* too few outcomes for the floor: let pass */
  CHOICE_BELOW_FLOOR,  /* its approval does not meet the floor: left out, and after all that do */
  CHOICE_COST_UNKNOWN, /* it meets the floor, but what it costs is not known: after those where it is */
  CHOICE_STANDING_COUNT
};

/* For the explanation of one candidate. */
struct choice_figures {
  enum choice_standing standing;
  uint32_t sampled; /* CHOICE_BEST: the rate that the draw gave it, in millionths */
  uint32_t mean;    /* the rate as estimated, in millionths */
  uint32_t weight;  /* how many outcomes stand behind the mean, cells around it included */
  bool cost_known;
  int64_t cost; /* per approved payment: millionths of a minor unit of the payment's currency */
};

struct choice_order {
  uint8_t count;
  uint8_t
      places[CHOICE_CANDIDATES_MAX]; /* indices into the rule's list: the choice first, then the cascade */
  bool floor_unmet; /* CHOICE_CHEAPEST: none met the floor, so the highest rate stands first */
  bool floor_holds; /* CHOICE_CHEAPEST: what is below the floor is left out, where one that meets it can be
                       used */
  struct choice_figures figures[CHOICE_CANDIDATES_MAX]; /* by index into the rule's list */
};

/* `best of`: gathers the snapshot and decides. Discounted Thompson sampling: each candidate's rate is drawn
 * from what is believed of it and the highest stands first; the others follow by their means. candidates
 * count of them, 1 to CHOICE_CANDIDATES_MAX (asserted); fees are not looked at draw        64 random bits, to
 * be journaled with *ret_snapshot No allocation. */
void choice_order_best(const struct choice_cells *cells, const struct choice_candidate *candidates,
                       unsigned count, const struct choice_payment *payment, int64_t now_ms, uint64_t draw,
                       struct choice_snapshot *ret_snapshot, struct choice_order *ret_order);
/* `cheapest of ... where approval >= floor` (millionths, at most CHOICE_MILLION, asserted; 0: no floor): the
 * least expected cost per approved payment among those whose mean meets the floor. README.md has the rules
 * for what is not known. amount is the payment's; exchange may be NULL: then a fee in another currency is
 * unknown. */
void choice_order_cheapest(const struct choice_cells *cells, const struct choice_candidate *candidates,
                           unsigned count, const struct choice_payment *payment, const struct money *amount,
                           const struct choice_exchange *exchange, uint32_t floor, int64_t now_ms,
                           struct choice_snapshot *ret_snapshot, struct choice_order *ret_order);
/* The same decision from what was journaled. Returns 0; -ENOTSUP for a snapshot of a method that is no longer
 * known; or -EBADMSG for one that none of the above makes. */
MUST_USE int choice_decide(const struct choice_snapshot *snapshot, uint64_t draw,
                           struct choice_order *ret_order);
