/* freeport-hooks: what PSPs send goes on to the vault as it came; nothing but a status comes back. */
#pragma once

#include "front_line.h"
#include "hooks_options.h"
#include "hooks_vault.h"
#include "http.h"
#include "velocity.h"

struct hooks {
  const struct hooks_options *options;
  const struct clock *clock;
  struct velocity *velocity;
  struct vault_line line;
  uint8_t message[MESSAGE_MAX]; /* the one being handed on */
};

/* Ready to answer requests; asks the vault as soon as hooks->line is connected. options, loop and clock are
 * borrowed. Returns 0 or -ENOMEM; ended with hooks_close(). */
MUST_USE int hooks_open(struct hooks *hooks, const struct hooks_options *options, struct loop *loop,
                        const struct clock *clock);
/* After the HTTP server is closed. */
void hooks_close(struct hooks *hooks);
/* The handler for http_options: context is the struct hooks. */
void hooks_handle(void *context, struct http_request *request);
