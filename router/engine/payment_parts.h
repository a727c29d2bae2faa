/* Parts of a payment as bytes, shared by its record and by the journal's changes. */
#pragma once

#include "payment.h"
#include "short_id.h"

void write_cost(struct writer *writer, const struct choice_cost *cost);
/* Neither part is below zero. */
void read_cost(struct reader *reader, struct choice_cost *ret_cost);
/* A u8 count of at most limit; more makes the reader bad. */
uint8_t read_count(struct reader *reader, unsigned limit);
void write_attempt(struct writer *writer, const struct attempt *attempt);
void read_attempt(struct reader *reader, struct attempt *ret_attempt);
void write_movement(struct writer *writer, const struct movement *movement);
void read_movement(struct reader *reader, struct movement *ret_movement);
void write_decline(struct writer *writer, const struct decline *decline);
void read_decline(struct reader *reader, struct decline *ret_decline);
enum { DECISION_BYTES_MAX = 2048 };
void write_decision(struct writer *writer, const struct decision *decision);
/* Into a zeroed one. */
void read_decision(struct reader *reader, struct decision *ret_decision);
/* ---- round_bytes.c ---- */

void write_later_plan(struct writer *writer, const struct later_plan *plan);
/* Into a zeroed one. */
void read_later_plan(struct reader *reader, struct later_plan *ret_plan);
/* All but their names, which stand. */
void write_candidate_states(struct writer *writer, const struct candidate *candidates, unsigned count);
void read_candidate_states(struct reader *reader, struct candidate *candidates, unsigned count);
/* The latest round, and when the next is due; the decision stands. */
void write_round(struct writer *writer, const struct payment *payment);
void read_round(struct reader *reader, struct payment *payment);

/* Sets the attempt with that number: the next one, or one that is there. False when the number fits neither.
 */
bool payment_set_attempt(struct payment *payment, const struct attempt *attempt);
/* Likewise a movement, by its id. -ENOMEM, or -EBADMSG when there are too many. */
MUST_USE int payment_set_movement(struct payment *payment, const struct movement *movement);
/* Replaces the URL where the customer must act; NULL or "" for none. */
MUST_USE int payment_set_action(struct payment *payment, const char *url);
/* The record that a CHANGE_CREATED holds; reads exactly that and leaves what follows. */
MUST_USE int read_created_payment(struct reader *reader, struct payment **ret_payment);
