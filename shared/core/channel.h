/* Messages between processes: one Unix SOCK_SEQPACKET socket, a bounded queue in front of it.
 *
 * A message is a fixed header of 16 bytes and a body:
 *   u8 version (1), u8 type, u16 zero, u32 body length, u64 correlation
 * The kernel keeps the borders; the length must match what arrived to the byte. A reply has the type of its
 * request with REPLY_BIT set, the same correlation, and a body that begins with a u16 status (0 is done; see
 * enum status); further fields follow only where the status is 0. An unasked message has correlation 0.
 * No send ever blocks.
 */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  MESSAGE_VERSION = 1,
  MESSAGE_HEADER = 16,
  MESSAGE_MAX = 32768, /* header included */
  REPLY_BIT = 0x80,
  CHANNEL_QUEUE = 1024 /* messages waiting on one socket */
};

/* What a reply begins with. */
enum status {
  STATUS_DONE = 0,
  STATUS_BUSY = 1,      /* over the peer's credits, or a queue is full; nothing was done */
  STATUS_REFUSED = 2,   /* this role may not ask that, or a limit of the reader was broken */
  STATUS_NOT_FOUND = 3, /* no such token (or another merchant's), connector, code */
  STATUS_EXPIRED = 4,
  STATUS_DELETED = 5,
  STATUS_INVALID = 6,      /* well-formed, but a field's value is not acceptable */
  STATUS_LIMITED = 7,      /* B11's limit on similar numbers, or B13's on deletions */
  STATUS_SEALED = 8,       /* the vault is not unlocked */
  STATUS_STORAGE = 9,      /* the store refused (disk full); nothing was done */
  STATUS_CONFLICT = 10,    /* exists already, or differs from what is pinned */
  STATUS_ROLLED_BACK = 11, /* the vault's file is older than what the router has seen (B9) */
  STATUS_UNAVAILABLE = 12, /* the process that would do it is not there; nothing was done */
  STATUS_NO_CODE = 13      /* the security code named is unknown, used or forgotten; nothing was done */
};

struct message {
  uint8_t type;
  uint64_t correlation;
  const uint8_t *body; /* borrowed from the channel until its next receive */
  size_t length;
};

struct channel {
  int fd;                      /* non-blocking; owned */
  struct queued *first, *last; /* waiting to be sent, in order */
  unsigned queued;
  uint8_t *buffer; /* MESSAGE_MAX bytes for what is received */
  size_t received; /* how much of it may hold something that was received */
};

/* Takes over fd (an open SEQPACKET socket), makes it non-blocking and enlarges its send buffer.
 * Returns 0; or -EPROTOTYPE or another negated errno, and then fd stays the caller's. */
MUST_USE int channel_open(struct channel *channel, int fd);
/* Closes the socket and wipes what is queued and received. Safe on a zeroed channel with fd -1. */
void channel_close(struct channel *channel);
/* Sends, or queues when the socket is full. Returns 0; -ENOBUFS when the queue is full (nothing was taken);
 * -EPIPE or another negated errno when the peer is gone. Queued bytes are wiped when sent. */
MUST_USE int channel_send(struct channel *channel, uint8_t type, uint64_t correlation, const void *body,
                          size_t length);
/* Sends what is queued, as far as the socket takes it. Returns 0 or a negated errno. */
MUST_USE int channel_flush(struct channel *channel);
/* Whether something waits to be sent (then watch for EPOLLOUT too). */
bool channel_waiting(const struct channel *channel);

enum { CHANNEL_NOTHING = 1 };

/* Receives one message. Returns 0 with *ret_message; CHANNEL_NOTHING when there is none now; -ECONNRESET when
 * the peer has gone; -EBADMSG for a malformed message, truncated ones and those with descriptors included:
 * the caller then closes the channel. */
MUST_USE int channel_receive(struct channel *channel, struct message *ret_message);
/* Wipes the receive buffer, for channels that carry cards. */
void channel_wipe(struct channel *channel);
