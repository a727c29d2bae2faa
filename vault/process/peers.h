/* Whoever speaks with the vault. The descriptor is the role: each came over the control line under its name,
 * and the admin socket's clients are checked by their user. */
#pragma once

#include <stdbool.h>

#include "channel.h"
#include "loop.h"

enum role { ROLE_COLLECT, ROLE_ROUTER, ROLE_EGRESS, ROLE_HOOKS, ROLE_ADMIN, ROLE_COUNT };

enum {
  ADMIN_PEERS = 8,
  PEERS = ROLE_ADMIN + ADMIN_PEERS,          /* the first four at the place of their role */
  PEER_CREDITS = 1024,                       /* requests of one peer that wait for their reply */
  PEER_TURN = 256,                           /* messages taken from one peer before the others' turn */
  PEER_PAUSE = CHANNEL_QUEUE - 2 * PEER_TURN /* replies it has not fetched: it is not read before it does */
};

struct vault;

struct peer {
  struct watch watch;
  struct vault *vault;
  struct channel channel;
  enum role role;
  bool open;
  bool failing;    /* its socket broke: closed at the end of the round */
  uint32_t number; /* of this connection: a later one at the same place has another */
  uint32_t uid;    /* of an admin client */
  unsigned outstanding;
  uint32_t events;
};

struct peers {
  struct peer all[PEERS];
  struct watch listener; /* the admin socket; fd -1: none */
  uint32_t number;
};

/* Where a reply goes, also when the peer has changed meanwhile: then it goes nowhere. */
struct return_address {
  struct peer *peer;
  uint32_t number;
  uint8_t type; /* of the request */
  uint64_t correlation;
};

void peers_begin(struct vault *vault);
/* Closes everything. */
void peers_end(struct vault *vault);
/* Takes over fd as the peer of that role; an earlier one is closed. Returns 0 or a negated errno, and then fd
 * is closed. Operators come through peers_listen(). */
MUST_USE int peer_connect(struct vault *vault, enum role role, int fd);
/* Takes over the admin socket, which listens. Returns 0 or a negated errno, and then fd is closed. */
MUST_USE int peers_listen(struct vault *vault, int fd);
/* Reads everything that waits at any peer, up to each one's turn. Returns how many messages came. */
unsigned peers_read(struct vault *vault);
/* At the end of a round: closes broken peers, and watches for what each waits for. */
void peers_settle(struct vault *vault);
/* The peer of that role when it is connected; else NULL. */
struct peer *peer_of(struct vault *vault, enum role role);
/* Sends a message; a peer that cannot be sent to is closed at the end of the round. Returns 0 or a negated
 * errno. */
int peer_send(struct peer *peer, uint8_t type, uint64_t correlation, const void *body, size_t length);
/* Sends a reply of a status and, when that is STATUS_DONE, a body; counts the request as answered. */
void peer_reply(const struct return_address *to, enum status status, const void *body, size_t length);
