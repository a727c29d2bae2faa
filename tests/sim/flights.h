/* Messages under way beyond the router: to the vault, through egress, to a PSP, and back. */
#pragma once

#include "books.h"
#include <stdint.h>

struct universe;
struct effect;

struct flight {
  uint32_t next;  /* while it is free */
  uint8_t events; /* still to come; free when there are none */
  bool describes; /* a question about a token */
  bool lost;      /* the router is told that no reply will come */
  uint32_t line;  /* the vault's line that it went by */
  uint32_t scenario;
  uint64_t correlation;
  bool arrives, taken, refused, loses_answer;
  bool code_sent;
  enum status status; /* of the vault's refusal */
  enum phase phase;   /* of a reply that is not the PSP's */
  struct arrival arrival;
  struct word word;
};

struct flights {
  struct flight *all;
  uint32_t count, capacity, free;
};

void flights_open(struct flights *flights);
void flights_close(struct flights *flights);
void flights_clear(struct flights *flights);

/* A dispatch leaves the router. */
void dispatch_leaves(struct universe *universe, const struct effect *effect);
/* A question about a token leaves it. */
void question_leaves(struct universe *universe, const struct effect *effect);
/* What comes due. */
void flight_arrives(struct universe *universe, uint32_t flight);
void flight_replies(struct universe *universe, uint32_t flight);
void flight_describes(struct universe *universe, uint32_t flight);
/* The line is gone: what was on it goes on, or is dropped before it left, and is answered to nobody. */
void flights_cut(struct universe *universe);
