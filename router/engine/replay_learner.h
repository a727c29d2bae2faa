/* What would have been known at each moment that a replay comes by: the outcomes of the payments that it
 * reads, learned as they came. */
#pragma once

#include "learned.h"

/* Outcomes held back until their time has come; beyond, the earliest is learned before it. */
enum { LEARNER_WAITING_MAX = 4096 };

struct replay_learner {
  struct learned *learned;
  unsigned waiting;
  struct lesson *lessons; /* a heap: the earliest first */
};

/* Returns 0 or -ENOMEM; ended with learner_close(), which allows a zeroed one. */
MUST_USE int learner_open(struct replay_learner *learner);
void learner_close(struct replay_learner *learner);
/* What the payment's first attempt teaches, if anything, is to be known from when it ended. */
void learner_note(struct replay_learner *learner, const struct payment *payment);
/* It is that time now: what ended until then is known. */
void learner_pass_time(struct replay_learner *learner, int64_t now_ms);
