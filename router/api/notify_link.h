/* The router's end of the line to freeport-notify: deliveries go out, how they ended comes back. What comes
 * from it is read as from a stranger: anything malformed ends the line. */
#pragma once

#include "channel.h"
#include "loop.h"
#include "notify_protocol.h"

struct notify_link_host {
  void (*changed)(void *context, bool there);
  /* attempt: NULL when notify was busy and made none. number: whatever the other side says. */
  void (*ended)(void *context, uint64_t number, const struct delivery_attempt *attempt);
  void *context;
};

struct notify_link {
  struct watch watch; /* first: the callback is given its address */
  struct loop *loop;
  struct notify_link_host host;
  struct channel channel;
  uint32_t events;
};

void notify_link_init(struct notify_link *link, struct loop *loop, const struct notify_link_host *host);
/* Closes without telling the host. */
void notify_link_close(struct notify_link *link);
/* A new line over fd, which is taken over, in the place of the one before. Returns 0 or a negated errno: then
 * fd is closed. */
MUST_USE int notify_link_connect(struct notify_link *link, int fd);
/* Hands a delivery over. Returns 0; or -EAGAIN when there is no line or no room, and then nothing left. */
MUST_USE int notify_link_send(struct notify_link *link, uint64_t number, const struct delivery_head *head,
                              const void *body);
