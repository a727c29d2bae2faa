/* The supervisor's line to each process: how a process gets its sockets.
 *
 * Every process is started with descriptor CONTROL_FD: a SEQPACKET socket to the supervisor. Over it come, by
 * name, the sockets that make up its role, at the start and whenever the process at the other end was
 * restarted (a later descriptor of the same name replaces the earlier one), and small settings. So the
 * descriptor is the role, and no daemon makes a Unix socket itself. When the line closes, the supervisor is
 * gone and the process ends. */
#pragma once

#include "result.h"
#include <stddef.h>
#include <stdint.h>

enum { CONTROL_FD = 3, CONTROL_NAME = 24, CONTROL_PAYLOAD = 1024 };

struct control_message {
  char name[CONTROL_NAME]; /* peers: "vault", "collect", "hooks", "router", "egress"; listeners: "http",
                              "admin"; "ready" (to the supervisor: this process answers now); settings by
                              their names */
  int fd;                  /* -1 when none came; else the receiver's, close-on-exec */
  uint8_t payload[CONTROL_PAYLOAD];
  size_t length;
};

/* Sends name with an optional descriptor (-1: none; stays the caller's) and payload. Returns 0 or a negated
 * errno. */
MUST_USE int control_send(int control, const char *name, int fd, const void *payload, size_t length);

enum { CONTROL_NOTHING = 1 };

/* Receives one, without blocking. Returns 0; CONTROL_NOTHING; -ECONNRESET when the other side is gone;
 * -EBADMSG. */
MUST_USE int control_receive(int control, struct control_message *ret_message);
