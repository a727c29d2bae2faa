/* Names to addresses in threads of their own, because getaddrinfo(3) blocks and the loop must not: as many
 * names at once as there are threads, so that one whose name server is silent need not keep the others
 * waiting. A thread starts with a question that no other is free for: after a jail, because Landlock binds
 * only the thread that asks for it and those that it starts later. */
#pragma once

#include "loop.h"
#include "net_address.h"

enum { HOST_NAME_CAPACITY = 254, RESOLVED_MAX = 8, RESOLVER_THREADS_MAX = 64 };

struct resolver; /* opaque */

/* One question. The owner embeds it and keeps it until answered() was called or resolver_free() has returned.
 */
struct resolver_question {
  char host[HOST_NAME_CAPACITY];
  uint16_t port;
  void (*answered)(struct resolver_question *question); /* in the loop's thread */
  int error;                                            /* 0, -ENOENT or -EAGAIN: no address */
  unsigned count;
  struct net_address addresses[RESOLVED_MAX];
  struct resolver_question *next; /* the resolver's own */
};

/* Loads what look-ups need of the system: before a jail. threads: 1 to RESOLVER_THREADS_MAX. Returns 0 or a
 * negated errno; the caller frees it with resolver_free(). */
MUST_USE int resolver_new(struct loop *loop, unsigned threads, struct resolver **ret_resolver);
/* Ends without waiting for a name server: threads still asking one clean up after themselves. */
void resolver_free(struct resolver *resolver);
/* Asks; question->answered is called in a later round. */
void resolver_ask(struct resolver *resolver, struct resolver_question *question);
