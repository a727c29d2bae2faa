/* One customer's payment, from the merchant's side and from the PSPs': what is asked for, what was told, what
 * is true. Scenarios of one universe share an engine, some a card, and nothing else. */
#pragma once

#include "books.h"
#include "engine.h"

enum { REQUESTS_MAX = 10, ACTS_MAX = 100, MOVES_MAX = REQUESTS_MAX - 1 };

enum act_type {
  ACT_ASK = 1,        /* a request is sent, or sent again */
  ACT_DELETE_TOKEN,   /* the card is forgotten while things go on */
  ACT_ERASE_CUSTOMER, /* and so is who the customer was (P9) */
  ACT_LOOK            /* a person looks what became of it */
};

struct act {
  enum act_type type;
  uint8_t request;
  bool other_body;
  uint8_t tries; /* how often it was put off */
};

/* What a merchant asks for under one idempotency key. The first of a scenario is the payment. */
struct asked {
  enum movement_type type; /* 0: the payment */
  int64_t amount;
  bool final;
  bool sent[2];     /* with the first body, with the other */
  uint8_t owner;    /* whose body made something: 1 the first, 2 the other; 0: nothing known */
  struct id object; /* what was made, once told */
  bool failed;      /* a movement that was told to have failed */
  bool succeeded;
};

struct scenario {
  struct chance chance;
  uint32_t number;
  bool there; /* takes part */

  /* ---- what the merchant wants ---- */
  struct id token, security_code;
  uint16_t card; /* customers with the same one share it */
  enum network network;
  int64_t amount;
  bool capture_manual, retry_none, late_void, personal;
  bool renewal; /* the merchant begins it, and nobody waits */
  uint32_t deadline_ms;
  uint8_t psps[4], psp_count; /* routing.connectors; 0: the policy decides */
  uint8_t asked_count, act_count, trigger_count;
  struct asked asked[REQUESTS_MAX];
  struct act acts[ACTS_MAX];
  struct {
    uint8_t dispatch, request; /* when that many dispatches have left, that is asked for */
  } triggers[4];
  uint8_t dispatches, looks;

  /* ---- how it fares ---- */
  unsigned faults; /* of a hundred messages */
  struct manners manners;
  bool token_deleted;
  bool cancelled;        /* its schedule was, and that was told */
  int64_t code_until_ms; /* the lease of the security code */

  /* ---- what is true, and what the journal says ---- */
  struct books books;
  struct payment *payment; /* rebuilt from the journal; NULL: none yet */
};
