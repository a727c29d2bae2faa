/* PSPs with books, as the random driver of test_faults.c needs them: they honour keys, settle late, and never
 * lie in what they call proof. */
#pragma once

#include "router_vault.h"
#include <stdbool.h>
#include <stdint.h>

enum book_status { BOOK_AUTHORIZED = 1, BOOK_CAPTURED, BOOK_VOIDED, BOOK_DECLINED, BOOK_ACTION };

/* A charge or an authorization. */
struct book {
  char key[STEP_KEY_CAPACITY];
  char payment[ID_CAPACITY];
  char connector[CONNECTOR_NAME_CAPACITY];
  enum book_status status;
  char code[4]; /* of a decline */
  bool manual;
  int64_t amount, captured, refunded;
  int64_t visible_ms; /* status questions see it from here on */
  int64_t decides_ms; /* when the customer acts; 0: never */
};

struct booked_movement {
  char key[STEP_KEY_CAPACITY];
  char connector[CONNECTOR_NAME_CAPACITY];
  enum operation operation;
  int64_t amount;
  bool received, refused;
  int64_t visible_ms, done_ms;
};

enum { BOOKS_MAX = 4096, BOOKED_MOVEMENTS_MAX = 8192 };

struct fake_psp {
  struct book books[BOOKS_MAX];
  unsigned book_count;
  struct booked_movement movements[BOOKED_MOVEMENTS_MAX];
  unsigned movement_count;
  uint64_t (*random)(void *context, uint64_t below);
  void *context;
  bool faultless;      /* approve everything new from here on */
  unsigned violations; /* of what a merchant may ask: more captured than authorized, and the like */
};

/* A request arrives; its answer goes to ret_result. lag_ms: how long until questions see what it made. */
void psp_take(struct fake_psp *psp, int64_t now_ms, int64_t lag_ms, const struct dispatch *dispatch,
              struct dispatch_result *ret_result);
/* What the PSP tells unasked of some charge or movement of its books, as it stands now; pick says which.
 * False when there is none. */
bool psp_webhook(const struct fake_psp *psp, int64_t now_ms, uint64_t pick, struct webhook *ret_webhook);
/* Customers act. */
void psp_pass_time(struct fake_psp *psp, int64_t now_ms);
/* Whether that key was declined: it stays so, however often it comes. */
bool psp_declined(const struct fake_psp *psp, const char *key);
/* How many charges of that payment are live, or may become so. */
unsigned psp_live(const struct fake_psp *psp, const char *payment);
/* The live one of that payment, or NULL. */
const struct book *psp_live_book(const struct fake_psp *psp, const char *payment);
/* Whether some charge of that payment waits for its customer for ever. */
bool psp_abandoned(const struct fake_psp *psp, const char *payment);
