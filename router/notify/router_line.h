/* The line to the router: what it pushes becomes deliveries, how they end goes back. Bytes become structs
 * here. Notify sends nothing but replies: there is no request that it could make. */
#pragma once

#include "channel.h"
#include "deliverer.h"
#include "loop.h"

struct router_line {
  struct watch watch; /* first: the callback is given its address */
  struct loop *loop;
  struct deliverer *deliverer;
  struct channel channel;
  uint64_t number; /* which line this is: what an earlier one pushed is answered to nobody */
  bool writing;    /* EPOLLOUT is watched for */
  void (*lost)(struct router_line *line); /* it has closed, and nobody is on it now */
  /* The delivery whose pieces are coming in; none while `length` is 0. */
  struct delivery_head head;
  uint64_t correlation;
  size_t length;
  uint8_t *body; /* DELIVERY_BODY_MAX bytes */
};

/* A line on which nobody is yet; lost is set by the caller before it is opened. Returns 0 or -ENOMEM; ended
 * with router_line_end(). */
MUST_USE int router_line_init(struct router_line *line, struct loop *loop, struct deliverer *deliverer);
void router_line_end(struct router_line *line);
/* Puts the socket fd, which it takes over, in the place of the one before, whose deliveries run to their end
 * unheard. Returns 0 or a negated errno: then fd is closed. */
MUST_USE int router_line_open(struct router_line *line, int fd);
/* The deliverer's ended(): replies. owner: the line. */
void router_line_reply(void *owner, uint64_t number, uint64_t correlation,
                       const struct delivery_attempt *attempt);
