/* The line to the vault: questions sent, and what each answer is for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "cursor.h"
#include "loop.h"

enum {
  LINE_QUESTIONS_MAX = 1000,       /* outstanding; the vault allows each peer 1,024 */
  LINE_ANSWER_WITHIN_US = 10000000 /* after which a question counts as unanswered */
};

/* Called once for each question. status: as the vault says, or STATUS_UNAVAILABLE when the line was lost or
 * the vault did not answer in time (then it may have acted all the same). reply: the fields after the status;
 * empty unless status is STATUS_DONE. asker is NULL when line_abandon() was called for it meanwhile. */
typedef void line_answered(void *asker, enum status status, struct reader *reply);

struct question {
  line_answered *answered;
  void *asker;
  int64_t asked_us;
  uint32_t turn; /* tells a late answer to an earlier question of the same place */
  bool open;
};

struct vault_line {
  struct loop *loop;
  const struct clock *clock;
  struct channel channel;
  struct watch watch;
  struct timer timer;
  unsigned open_count;
  unsigned next;
  struct question questions[LINE_QUESTIONS_MAX];
};

/* A line that is not there yet: every question is refused. */
void line_init(struct vault_line *line, struct loop *loop, const struct clock *clock);
/* Puts fd (a SEQPACKET socket, taken over) in place of the line there was, whose questions are answered
 * STATUS_UNAVAILABLE. Returns 0 or a negated errno; then there is no line. */
MUST_USE int line_connect(struct vault_line *line, int fd);
/* Whether there is one. */
bool line_up(const struct vault_line *line);
/* Asks. Returns 0, with a handle for line_abandon() in *ret_handle; -EBUSY when too many questions are open;
 * -ENOTCONN. */
MUST_USE int line_ask(struct vault_line *line, uint8_t type, const void *body, size_t length,
                      line_answered *answered, void *asker, unsigned *ret_handle);
/* The asker has gone; the answer will be dropped. */
void line_abandon(struct vault_line *line, unsigned handle);
/* Ends the line; open questions are answered STATUS_UNAVAILABLE. */
void line_close(struct vault_line *line);
