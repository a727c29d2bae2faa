/* What makes a PSP one: how it knows its merchant, keeps idempotency keys, and answers. */
#pragma once

#include "operations.h"
#include "sandbox_books.h"
#include "sandbox_form.h"
#include "sandbox_request.h"
#include "sandbox_text.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_ID_CAPACITY = 64 };

struct psp_answer {
  uint16_t status;
  struct text body;    /* JSON, or empty */
  struct text headers; /* further header lines, each with its line end */
};

/* One request on its way through a PSP. */
struct exchange {
  struct books *books;
  struct book *book;
  struct request *request;
  const char *path; /* without the connector's name */
  int64_t now_ms;
  struct psp_answer *answer;
  enum operation operation;  /* 0: none that a behaviour speaks of */
  char id[PATH_ID_CAPACITY]; /* what stands for * in the route's path */
  struct form form;          /* Stripe: the body, or the query of a GET */
  char *form_text;
  json_t *json;  /* Adyen, Checkout.com: the body; NULL when there is none */
  bool executed; /* it went beyond the checking of fields: Stripe keeps such an answer whatever it is */
  void (*handle)(struct exchange *exchange);
};

struct route {
  const char *method;
  const char *path;         /* * stands for one piece */
  enum operation operation; /* 0: none, or told by prepare() */
  void (*handle)(struct exchange *exchange);
};

struct psp {
  const char *name;
  int64_t key_lifetime_ms;
  bool compares_requests; /* a key with another request is an error; else the kept answer is given all the
                             same */
  const char *(*key)(const struct request *request);
  int (*exponent)(
      const char *currency); /* decimals of the PSP's minor unit; negative for an unknown currency */
  /* Each answers and returns false when it goes no further. */
  bool (*authenticate)(struct exchange *exchange);
  bool (*prepare)(struct exchange *exchange); /* finds the route, reads the body, tells the operation */
  void (*fail)(struct exchange *exchange, uint16_t status); /* 500, 403, 404 in the PSP's words */
  void (*key_conflict)(struct exchange *exchange);
  bool (*keeps)(const struct exchange *exchange);             /* whether this answer is kept under the key */
  void (*decorate)(struct exchange *exchange, bool replayed); /* headers of every answer */
};

extern const struct psp stripe_psp;
extern const struct psp adyen_psp;
extern const struct psp checkout_psp;

/* The PSP whose name the connector's begins with, or NULL. */
const struct psp *psp_of(const char *connector);

enum route_result { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* Finds the route of the exchange and sets its id, operation and handler. */
enum route_result route_find(const struct route *routes, size_t count, struct exchange *exchange);

/* A card as an authorization brings it, checked as every PSP checks it. */
enum card_fault {
  CARD_GOOD,
  CARD_NUMBER_WRONG,
  CARD_MONTH_WRONG,
  CARD_YEAR_WRONG,
  CARD_EXPIRED,
  CARD_CODE_WRONG
};

/* number and code are NUL-terminated; code may be NULL. The number itself is kept nowhere. */
enum card_fault card_check(const char *psp, const char *number, long exp_month, long exp_year,
                           const char *code, int64_t now_ms, struct card_facts *ret_facts);

/* The code with which this authorization, charge or verification is to be declined: on demand, or because of
 * the test card. NULL when it is to be approved. */
const char *decline_wanted(const struct exchange *exchange, const struct card_facts *card);
/* What the issuer says of the security code of a charge: a code that was given matches, unless that is why it
 * was declined (wrong_code: the PSP's decline code that says so). */
enum code_check code_check_of(const struct charge *charge, const char *wrong_code);
/* The issuer's code that goes with the decline, as the behaviour says, or usual. */
const char *network_code_wanted(const struct exchange *exchange, const char *usual);
const char *advice_code_wanted(const struct exchange *exchange);

/* Whether text is a decimal integer from low to high; then it goes to *ret_value. */
bool read_amount(const char *text, int64_t low, int64_t high, int64_t *ret_value);
/* Whether the amount, as this PSP counts, is a whole number of ISO 4217 minor units. */
bool amount_is_whole(const struct book *book, int64_t amount, const char *currency);
/* "2026-01-31T12:00:00Z" */
void print_time(struct text *text, int64_t unix_ms);
/* A string member of a JSON object, or NULL. */
const char *json_text(const json_t *object, const char *name);
/* The first member of object that is not in allowed (NULL-terminated), or NULL. */
const char *json_unknown_member(const json_t *object, const char *const *allowed);
bool is_listed(const char *const *list, const char *name);
/* The networks' identifier of a transaction: 15 digits and letters. */
void make_network_transaction_id(char ret_id[PSP_ID_CAPACITY]);
/* The issuer's approval code and the network's identifier, for a charge that was approved. */
void make_approval_codes(struct charge *charge);
