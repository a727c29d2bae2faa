/* A blocking client of the vault's admin socket. */
#pragma once

#include "channel.h"
#include "cursor.h"
#include "result.h"
#include <stdint.h>

enum { ADMIN_TIMEOUT_MS = 10000 };

struct admin_client {
  int fd;
  uint64_t correlation;
  uint8_t request[MESSAGE_MAX]; /* wiped after each call: it may have held credentials */
  uint8_t reply[MESSAGE_MAX];
};

/* Connects to DIR/run/admin.sock. Returns 0, or a negated errno: -ENOENT or -ECONNREFUSED when no stack runs
 * there. */
MUST_USE int admin_connect(const char *directory, struct admin_client *ret_client);
void admin_close(struct admin_client *client);
/* A writer for the body of the next call. */
struct writer admin_body(struct admin_client *client);
/* Sends type with what body holds and waits for the answer. Returns 0, with *ret_reply over what follows the
 * status; a positive enum status; or a negated errno. */
MUST_USE int admin_call(struct admin_client *client, uint8_t type, const struct writer *body,
                        struct reader *ret_reply);
/* What an enum status means to an operator; static. */
const char *admin_status_text(int status);
