/* The books: what each connector's PSP holds, in memory and, change by change, in the log. */
#pragma once

#include "network.h"
#include "operations.h"
#include "result.h"
#include "sandbox_behaviour.h"
#include "sandbox_map.h"
#include "sandbox_state_log.h"
#include "sandbox_text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  BOOK_NAME_CAPACITY = 33,
  PSP_ID_CAPACITY = 40,
  PSP_REFERENCE_CAPACITY = 129,
  KEPT_KEY_CAPACITY = 256,
  BODY_HASH_BYTES = 16
};

/* What became of the security code: which it was is never kept. */
enum code_check { CODE_NOT_GIVEN, CODE_MATCHES, CODE_WRONG, CODE_CHECK_COUNT };

/* What a PSP remembers of a card: never the number. */
struct card_facts {
  enum network network;
  char bin[7], last4[5];
  uint8_t exp_month;
  uint16_t exp_year;
  enum code_check code;
  char decline[DECLINE_CAPACITY]; /* a test card that is always declined with this code of the PSP's, or "" */
};

/* Stripe's payment method. */
struct method {
  char id[PSP_ID_CAPACITY];
  int64_t created_ms;
  struct card_facts card;
};

enum charge_status {
  CHARGE_AUTHORIZED = 1,
  CHARGE_CAPTURED,
  CHARGE_VOIDED,
  CHARGE_DECLINED,
  CHARGE_VERIFIED
};

struct charge {
  char id[PSP_ID_CAPACITY];
  char reference[PSP_REFERENCE_CAPACITY]; /* of the attempt, or "" */
  enum charge_status status;
  int64_t amount, captured, refunded; /* minor units as the PSP counts them */
  char currency[4];
  int64_t created_ms;
  bool capture_at_once, final_captured;
  struct card_facts card;
  char method[PSP_ID_CAPACITY];
  char auth_code[8], network_transaction_id[PSP_ID_CAPACITY];
  char decline[DECLINE_CAPACITY], network_code[NETWORK_CODE_CAPACITY], advice_code[NETWORK_CODE_CAPACITY];
  char *metadata;                /* JSON object text, or NULL */
  struct movement *first, *last; /* in the order of their making */
  struct charge *earlier_same_reference;
};

struct movement {
  char id[PSP_ID_CAPACITY];
  enum operation operation; /* capture, void or refund */
  struct charge *charge;
  int64_t amount;
  char reference[PSP_REFERENCE_CAPACITY];
  char reason[33];
  int64_t created_ms;
  char *metadata;
  struct movement *next;
};

/* An answer kept under an idempotency key. */
struct kept {
  char key[KEPT_KEY_CAPACITY];
  char *endpoint;
  uint8_t body_hash[BODY_HASH_BYTES];
  int64_t created_ms;
  uint16_t status;
  char *body;
};

struct book {
  char name[BOOK_NAME_CAPACITY];
  const struct psp *psp;
  struct behaviour behaviour;
  bool tells; /* its webhooks are sent, as soon as it is known where to */
  struct map methods, charges, references, movements, kept;
  struct charge **in_order; /* by creation */
  size_t charge_count, charge_capacity;
  struct book *next;
};

/* A webhook that was written and not taken yet, as the log has it. */
struct unsent {
  struct unsent *next;
  const struct book *book;
  uint64_t number;
  char *body; /* owned */
};

struct books {
  struct book *first;
  struct state_log log;
  struct unsent *unsent; /* in the order of their numbers */
  uint64_t last_webhook; /* the number of the latest */
  /* Called when a charge (movement NULL) or a movement was booked; NULL: nobody. */
  void (*on_booked)(void *context, const struct book *book, const struct charge *charge,
                    const struct movement *movement);
  void *on_booked_context;
};

/* Opens the books in directory, which is made if need be. Returns 0 or a negated errno. */
MUST_USE int books_open(struct books *books, const char *directory, uint64_t log_limit);
void books_close(struct books *books);
/* The book of a connector, made when it is asked for first. NULL when the name is none of a known PSP's. */
struct book *books_find(struct books *books, const char *name);

/* A new id: prefix and count characters of alphabet. */
void make_psp_id(char ret_id[PSP_ID_CAPACITY], const char *prefix, const char *alphabet, unsigned count);

/* Each adds a zeroed thing under its id; the caller fills in the rest and calls books_note_...() before it
 * answers. */
struct method *book_add_method(struct book *book, const char *id);
struct charge *book_add_charge(struct book *book, const char *id, const char *reference);
struct movement *book_add_movement(struct book *book, const char *id, struct charge *charge);
/* Keeps an answer; one under the same key is replaced. */
struct kept *book_keep(struct book *book, const char *key, const char *endpoint,
                       const uint8_t hash[BODY_HASH_BYTES], int64_t now_ms, uint16_t status,
                       const char *body);

/* Write the present state of a thing to the log. */
void books_note_method(struct books *books, const struct book *book, const struct method *method);
void books_note_charge(struct books *books, const struct book *book, const struct charge *charge);
void books_note_movement(struct books *books, const struct book *book, const struct movement *movement);
void books_note_kept(struct books *books, const struct book *book, const struct kept *kept);
void books_note_behaviour(struct books *books, const struct book *book);
/* A webhook is to be sent until it is taken; returns its number. */
uint64_t books_note_webhook(struct books *books, const struct book *book, const char *body);
/* It was taken, or given up. */
void books_note_webhook_over(struct books *books, const struct book *book, uint64_t number);
/* The connector's webhooks are sent from now on. */
void books_note_tells(struct books *books, const struct book *book);
/* Keeps one for when it is known where to. */
void books_keep_unsent(struct books *books, const struct book *book, uint64_t number, const char *body);
/* The first that is kept, or that an earlier process left, for that connector, which is the caller's from
 * here on; NULL: none.
 */
struct unsent *books_take_unsent(struct books *books, const char *name);
void unsent_free(struct unsent *unsent);

/* GET /_sandbox/NAME/charges. */
void book_print_charges(const struct book *book, struct text *text);
/* GET /_sandbox/NAME/errors: the keys whose kept answer is an error, in no order. */
void book_print_errors(const struct book *book, struct text *text);
