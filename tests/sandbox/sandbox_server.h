/* The listeners and connections of the sandbox, down to the socket: what a PSP's answer cannot do (refuse,
 * reset, hang, garbage) is done here. */
#pragma once

#include "clock.h"
#include "loop.h"
#include "result.h"
#include "sandbox_books.h"

struct server;

/* A server on that loop and those books. Returns 0 or a negated errno; the caller frees it with
 * server_free(). */
MUST_USE int server_new(struct loop *loop, const struct clock *clock, struct books *books,
                        struct server **ret_server);
void server_free(struct server *server);
/* Takes over a bound TCP socket, listening or not; a later one of the same name replaces the earlier. On a
 * listener named "http" every path begins with /NAME; on any other a path without it is that name's. Returns
 * 0 or a negated errno, and then fd stays the caller's. */
MUST_USE int server_add_listener(struct server *server, const char *name, int fd);
