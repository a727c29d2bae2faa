/* What PSPs say unasked: webhooks, which come late, twice, in the wrong order, and again until they are
 * taken. */
#pragma once

#include "books.h"

struct universe;
struct scenario;
struct webhook_taken;

/* One webhook, as its PSP wrote it. */
struct notice {
  uint32_t scenario;
  bool taken;
  bool by_attempt; /* names the charge and not the movement */
  bool bare;       /* bears no code */
  uint8_t key;     /* of what it is about */
  uint8_t signer;  /* the PSP whose secret signed it */
  uint8_t deliveries;
  enum operation about;
  struct word word;
  int64_t amount, at_ms; /* at_ms 0: it does not say when */
};

struct notices {
  struct notice *all;
  uint32_t count, capacity;
};

/* A PSP has made that charge (or movement: booking) and will tell of it, if it is of those that do. */
void notices_plan(struct universe *universe, struct scenario *scenario, bool booking, uint8_t place);
/* Something that was open at the PSP is decided: it writes its webhook. place: two times that of the charge,
 * or of the movement and one. */
void notice_written(struct universe *universe, uint32_t scenario, uint32_t place);
/* A webhook is delivered, or delivered again. */
void notice_delivered(struct universe *universe, uint32_t notice);
/* The router says what it made of one. */
void notice_is_taken(struct universe *universe, const struct webhook_taken *taken);
