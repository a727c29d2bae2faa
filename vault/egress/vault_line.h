/* The line to the vault: what it pushes becomes dispatches or is read as webhooks, what came of it goes back.
 * Bytes become structs here. Egress sends nothing but replies: there is no request that it could make. */
#pragma once

#include "channel.h"
#include "dispatcher.h"

struct vault_line {
  struct watch watch; /* first: the callback is given its address */
  struct loop *loop;
  struct dispatcher *dispatcher;
  const struct sheet_shelf *shelf; /* webhooks are read by it */
  uint8_t environment;
  struct channel channel;
  uint64_t number; /* which line this is: what an earlier one pushed is answered to nobody */
  bool writing;    /* EPOLLOUT is watched for */
};

/* A line on which nobody is yet; dispatcher is set before the first vault_line_open(). shelf is borrowed. */
void vault_line_init(struct vault_line *line, struct loop *loop, const struct sheet_shelf *shelf,
                     uint8_t environment);
/* Puts the socket fd, which it takes over, in the place of the one before, whose dispatches run to their end
 * unheard. Returns 0 or a negated errno: then fd is closed. */
MUST_USE int vault_line_open(struct vault_line *line, int fd);
void vault_line_close(struct vault_line *line);
/* The dispatcher's ended(): replies. owner: the line. */
void vault_line_reply(void *owner, uint64_t number, uint64_t correlation,
                      const struct dispatch_result *result);
