/* freeport-collect: cards come in here and go to the vault; none comes back. */
#pragma once

#include "front_line.h"
#include "collect_options.h"
#include "http.h"
#include "velocity.h"

struct collect {
  const struct collect_options *options;
  const struct clock *clock;
  struct velocity *velocity;
  struct vault_line line;
};

/* Ready to answer requests; asks the vault as soon as collect->line is connected. options, loop and clock are
 * borrowed. Returns 0 or -ENOMEM; ended with collect_close(). */
MUST_USE int collect_open(struct collect *collect, const struct collect_options *options, struct loop *loop,
                          const struct clock *clock);
/* After the HTTP server is closed. */
void collect_close(struct collect *collect);
/* The handler for http_options: context is the struct collect. */
void collect_handle(void *context, struct http_request *request);
