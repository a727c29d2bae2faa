/* How a connector's PSP misbehaves on demand. */
#pragma once

#include "operations.h"
#include "sandbox_text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
  FAULT_NONE,
  FAULT_REFUSE,       /* the port is closed */
  FAULT_RESET_BEFORE, /* the connection is reset, nothing is booked */
  FAULT_RESET_AFTER,  /* it is booked, then the connection is reset */
  FAULT_HANG_BEFORE,
  FAULT_HANG_AFTER,
  FAULT_HTTP_500_BEFORE,
  FAULT_HTTP_500_AFTER,
  FAULT_GARBAGE_AFTER, /* it is booked, the answer cannot be read */
  FAULT_STATUS_403,    /* status questions only */
  FAULT_STATUS_404,
  FAULT_COUNT
};

enum webhooks_sent {
  WEBHOOKS_ON,
  WEBHOOKS_OFF,
  WEBHOOKS_DUPLICATE, /* each is sent again after it was taken */
  WEBHOOKS_REORDER,   /* a random while later, so that later ones come before */
  WEBHOOKS_SENT_COUNT
};

enum { DECLINE_CAPACITY = 65, NETWORK_CODE_CAPACITY = 9, SEARCH_LAG_DEFAULT_MS = 3600 * 1000 };

struct behaviour {
  enum fault fault;
  double rate;                              /* share of the matching requests that the fault meets */
  uint32_t latency_ms;                      /* of the answers to matching requests */
  char decline[DECLINE_CAPACITY];           /* the PSP's code, or "" */
  char network_code[NETWORK_CODE_CAPACITY]; /* goes with it, where the PSP shows one; "": what usually goes
                                               with it */
  char advice_code[NETWORK_CODE_CAPACITY];  /* Mastercard's merchant advice code, likewise */
  uint32_t operations;                      /* bits 1 << enum operation */
  bool transient;        /* a 500 of Adyen's carries Transient-Error: true, and is not kept under the key */
  int64_t search_lag_ms; /* how old a payment must be for Stripe's search to know it */
  enum webhooks_sent webhooks;
  uint32_t webhook_delay_ms; /* after it was booked */
  uint64_t seed, drawn;      /* the n-th draw depends on these alone */
};

struct behaviour behaviour_default(void);
/* Reads a body. Returns NULL with *ret_behaviour, or what is wrong with it (static). */
const char *behaviour_parse(const char *body, size_t length, struct behaviour *ret_behaviour);
void behaviour_print(const struct behaviour *behaviour, struct text *text);
/* Whether the behaviour speaks of that operation. */
bool behaviour_matches(const struct behaviour *behaviour, enum operation operation);
/* The fault that meets this request. Draws, so once a request. */
enum fault behaviour_draw(struct behaviour *behaviour, enum operation operation);
