/* What the PSPs did for one scenario, whatever the router was told: the truth that it is held to. */
#pragma once

#include "chance.h"
#include "psps.h"
#include "router_vault.h"

enum { KEYS_MAX = 64, CHARGES_MAX = 48, BOOKINGS_MAX = 64, NO_CHARGE = 0xff };

enum charge_status {
  CHARGE_AUTHORIZED = 1,
  CHARGE_CAPTURED,
  CHARGE_VOIDED,
  CHARGE_DECLINED,
  CHARGE_ACTION, /* the customer must act, and perhaps will */
  CHARGE_PENDING /* the PSP is still at it */
};

/* A charge or an authorization. */
struct charge {
  uint8_t key; /* its place among the keys */
  uint8_t psp;
  enum charge_status status;
  bool manual;
  bool rest_released;        /* by a void, after a part of it was captured */
  bool approves;             /* how it is decided in the end */
  const char *code, *advice; /* of a decline, the network's; advice: or NULL */
  int64_t amount, captured, refunded;
  int64_t made_ms;
  int64_t visible_ms; /* questions see it from here on */
  int64_t decides_ms; /* when it is decided; INT64_MAX: never */
};

enum booking_status { BOOKING_RECEIVED = 1, BOOKING_DONE, BOOKING_REFUSED };

/* A capture, a void or a refund. */
struct booking {
  uint8_t key, psp, charge;
  enum operation operation;
  enum booking_status status;
  bool fails;  /* of one received: it will not be done */
  bool turns;  /* it will be done, and be taken back later */
  bool silent; /* its PSP cannot be asked about it, and never tells of it */
  int64_t amount;
  int64_t visible_ms, done_ms;
};

/* What a PSP says. */
struct word {
  enum answer answer;
  uint16_t http_status;
  const char *code, *advice; /* the network's, or NULL */
  uint8_t charge;            /* whose id it bears, or NO_CHARGE */
  bool action;               /* says where the customer acts */
  bool transient;
  bool another; /* is about somebody else's */
};

/* A key that was dispatched: how, and what its PSP remembers of it. */
struct sent_key {
  char text[STEP_KEY_CAPACITY];
  uint64_t print;   /* of the first dispatch, to the byte */
  bool sent;        /* it left; a router that was killed just before may ask about it all the same */
  int64_t known_ms; /* when its PSP first took it in; 0: never */
  uint8_t psp;
  enum operation operation;
  int64_t amount;
  uint16_t coming; /* copies on their way to the PSP */
  bool kept;       /* the PSP answers the same again, while it keeps the key */
  bool muddled;    /* a word under the key was an error that comes again */
  bool why_told;   /* a reply told the router why it was declined, and that is durable there */
  struct word word;
};

struct books {
  struct sent_key keys[KEYS_MAX];
  struct charge charges[CHARGES_MAX];
  struct booking bookings[BOOKINGS_MAX];
  uint8_t key_count, charge_count, booking_count;
  uint8_t overdrawn; /* a PSP was asked to move more than there was */
  bool strayed;      /* a movement named no charge of theirs */
  bool gave_back;    /* a capture that was received failed later: what was refundable may be so no more */
};

/* A request as it comes to a PSP. */
struct arrival {
  int64_t at_ms;
  uint8_t key, psp;
  enum operation operation, asked_about;
  uint8_t charge; /* that a movement names, or NO_CHARGE */
  int64_t amount, lag_ms;
};

/* What an issuer says when it declines. */
struct refusal {
  const char *code, *advice; /* advice: Mastercard's, or NULL */
};

/* How often PSPs fail: hundredths of requests. */
struct manners {
  unsigned errors;                /* 5xx, 409, 4xx */
  unsigned declines;              /* refusals of charges and movements */
  const struct refusal *refusals; /* one of these for a charge */
  unsigned refusal_count;
};

void books_clear(struct books *books);
/* The key of an attempt (its payment's id and its number) or of a movement (its id and 1), as PSPs are to get
 * it. */
void key_of_step(const struct id *object, unsigned number, char ret_key[STEP_KEY_CAPACITY]);
/* The place of that key, or KEYS_MAX. */
unsigned books_key(const struct books *books, const char *key);
/* The same, made when it is not there. */
unsigned books_key_made(struct books *books, const char *key, unsigned psp);
/* A PSP takes a request in and says something. */
struct word books_take(struct books *books, struct chance *chance, const struct manners *manners,
                       const struct arrival *arrival);
/* What was to be decided or done by now is. */
void books_pass_time(struct books *books, int64_t now_ms);
/* What it would say of that charge or movement now. */
struct word books_word_of_charge(const struct books *books, unsigned charge);
struct word books_word_of_booking(const struct books *books, unsigned booking);
/* Whether nothing but the PSP's console tells what became of the movement of that key. */
bool books_silent(const struct books *books, unsigned key);
/* When its state changes next; INT64_MAX: it stays. */
int64_t books_done_ms(const struct booking *booking);
/* Whether money is held, moved, or may yet be. */
bool charge_is_live(const struct charge *charge);
/* How many charges are live. */
unsigned books_live(const struct books *books);
/* The live one, or NULL. */
const struct charge *books_live_charge(const struct books *books);
