/* `best of` and `cheapest of`, by what is known at some moment: of a router's own now, or along a replay. */
#pragma once

#include "fee_source.h"
#include "learned.h"
#include "routing.h"

/* What is known, and when; borrowed. */
struct known {
  const struct learned *learned;
  const struct fee_source *fees; /* NULL: none are known */
  int64_t now_ms;
};

/* Gathers what the rule's choice rests upon, into the decision. */
void choose_gather(const struct known *known, const struct policy_decision *verdict,
                   const struct payment *payment, struct decision *decision);
/* And what its advice rules would choose. */
void choose_advise(const struct known *known, const struct policy *policy,
                   const struct policy_decision *verdict, const struct payment *payment,
                   struct decision *decision);
/* Puts the candidates, which stand in the rule's order, into the order that the decision's snapshot gives. */
void choose_order(struct decision *decision);
/* How each candidate, in the order of the cascade, stands to the rule's floor. Returns whether what is below
 * it is to be left out; else ret_standings is untouched. */
bool choose_standings(const struct decision *decision, enum choice_standing ret_standings[CANDIDATES_MAX]);
/* decide.c: decides as decide_again() does, but for choices: these rest on what is known, and on the draw of
 * then. */
void decide_knowing(const struct policy *policy, const struct payment *payment,
                    const struct request_fields *inputs, const struct known *known,
                    struct decision *decision);
