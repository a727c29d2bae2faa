/* What the merchant remembers: each request that it made, under which key, and what it was told. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stack_http.h"
#include "stack_processes.h"

enum {
  TOKENS_MAX = 4096,
  ORDERS_MAX = 60000,
  MOVEMENTS_MAX = 4,
  ID_TEXT = 40,
  KEY_TEXT = 40,
  BODY_TEXT = 320,
  STATUS_TEXT = 24
};

/* One request, which may be repeated under its key. */
struct note {
  char key[KEY_TEXT]; /* the Idempotency-Key, and the reference */
  char path[80];
  char body[BODY_TEXT];
  char id[ID_TEXT];         /* of the payment or movement, once a 2xx told it */
  char told[STATUS_TEXT];   /* the payment's status, when a 2xx told it last */
  bool refused;             /* a 4xx said last that it was not done */
  unsigned asked, answered; /* how often it was sent, and answered with a 2xx */
};

struct order {
  struct note payment;
  struct note movements[MOVEMENTS_MAX];
  unsigned movement_count;
  bool has_code;         /* with a security code, which lives in the vault's memory alone */
  unsigned vault_deaths; /* how often the vault had been killed before the code was asked for */
};

struct shop {
  struct stack_urls urls;
  const char *directory;
  pid_t supervisor;
  struct stack_processes expected;
  uint64_t seed;
  pthread_mutex_t lock; /* around everything below */
  char tokens[TOKENS_MAX][ID_TEXT];
  unsigned token_count;
  struct order *orders;
  unsigned order_count;
  unsigned vault_deaths; /* how often it was killed, or is about to be */
  unsigned violations;
  unsigned requests, hang_ups;
};

/* Says what is wrong; the run fails in the end. Any thread may call it. */
void shop_complain(struct shop *shop, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes a token of one of the published test cards. Returns whether one came to be. */
bool shop_tokenize(struct shop *shop, unsigned card);

/* Sends the note's request (again), hanging up after wait_ms (0: not before the answer), and notes what is
 * told. The lock is not held. Returns the status, or 0. */
long shop_send(struct shop *shop, struct note *note, long wait_ms);

/* Switches the behaviour of a connector on the sandbox. Returns whether it did. */
bool shop_behave(const struct shop *shop, const char *connector, const char *behaviour);
