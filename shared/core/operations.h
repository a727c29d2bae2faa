/* The words in which router, vault, egress and sheets speak of what is done at a PSP. */
#pragma once

#include "network.h"
#include <stdbool.h>

/* What a connector can be asked to do. */
enum operation {
  OPERATION_AUTHORIZE = 1, /* reserve; captured later */
  OPERATION_CHARGE,        /* authorize and capture at once */
  OPERATION_CAPTURE,
  OPERATION_VOID,
  OPERATION_REFUND,
  OPERATION_STATUS,   /* what became of an authorize, a charge or a movement? Moves no money */
  OPERATION_VERIFY,   /* a zero-amount check of a card */
  OPERATION_CONTINUE, /* after the customer's action */
  OPERATION_COUNT
};

/* How far a request got. Only PHASE_NOT_SENT proves by itself that nothing was charged. */
enum phase {
  PHASE_NOT_SENT = 1,  /* no byte of a charging step left */
  PHASE_SENT_NO_REPLY, /* some of it left; no byte of an answer came */
  PHASE_PARTIAL_REPLY, /* an answer began and did not end, or cannot be read */
  PHASE_REPLY,         /* a whole answer */
  PHASE_COUNT
};

/* What a whole answer says by the sheet, before any table of codes. */
enum answer {
  ANSWER_IS_UNKNOWN = 1, /* none of the sheet's patterns: proves nothing (5xx, 409, 403, garbage) */
  ANSWER_IS_APPROVED,    /* authorized; for a movement: done; for a verify: good */
  ANSWER_IS_CAPTURED,    /* charged, or found captured */
  ANSWER_IS_RECEIVED,    /* accepted, final later (Adyen and Checkout.com movements) */
  ANSWER_IS_PENDING,     /* the PSP is still at it */
  ANSWER_IS_ACTION,      /* the customer must act (3DS) */
  ANSWER_IS_DECLINED,    /* the issuer or the PSP said no; nothing is charged */
  ANSWER_IS_REJECTED,    /* the request was refused as wrong (4xx by the sheet); nothing is charged */
  ANSWER_IS_VOIDED,      /* found voided */
  ANSWER_IS_REFUNDED,    /* found refunded */
  ANSWER_IS_ABSENT,      /* a status question found nothing, in an answer that the sheet calls proof */
  ANSWER_COUNT
};

/* Their names in sheets, journals and the API ("authorize", "not_sent", "declined", ...). Static; "" out of
 * range. */
const char *operation_name(enum operation operation);
const char *phase_name(enum phase phase);
const char *answer_name(enum answer answer);
/* Whether the card itself goes out with it. What goes on after a charge names the charge, not the card. */
bool operation_releases_card(enum operation operation);
/* Whether it is a capture, a void or a refund. */
bool operation_is_movement(enum operation operation);
/* By name; 0 for no such name. */
enum operation operation_from_name(const char *name);
enum answer answer_from_name(const char *name);
