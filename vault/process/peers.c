#include "peers.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dispatch.h"
#include "log.h"
#include "surface.h"
#include "vault.h"

/* How deep a handler may have written to the stack: readers of messages hold whole structs there. */
enum { STACK_WIPED = 32768 };

static void close_peer(struct peer *peer) {
  if (!peer->open)
    return;
  if (peer->role == ROLE_EGRESS)
    dispatch_egress_lost(peer->vault, peer->channel.queued);
  webhooks_peer_lost(peer->vault, peer->role);
  loop_forget(peer->vault->loop, &peer->watch);
  channel_close(&peer->channel);
  peer->open = false;
}

/* What collect sends holds cards, what an operator sends credentials, what egress and hooks send what a PSP
 * said. */
static bool carries_secrets(const struct peer *peer) {
  return peer->role != ROLE_ROUTER;
}

/* One message. Returns whether there was one. */
static bool read_one(struct peer *peer) {
  struct message message;
  int r = channel_receive(&peer->channel, &message);
  if (r == CHANNEL_NOTHING)
    return false;
  if (r == 0)
    r = surface_take(peer->vault, peer, &message);
  if (carries_secrets(peer)) {
    channel_wipe(&peer->channel);
    if (peer->role != ROLE_COLLECT) /* its readers wipe after themselves */
      sodium_stackzero(STACK_WIPED);
  }
  if (r == -EBADMSG || r == -EPROTO)
    log_warn_number("malformed message; connection closed", "role", peer->role);
  if (r < 0)
    peer->failing = true;
  return true;
}

static unsigned read_turn(struct peer *peer) {
  unsigned count = 0;
  while (count < PEER_TURN && peer->open && !peer->failing && peer->channel.queued < PEER_PAUSE &&
         read_one(peer))
    count++;
  return count;
}

static void on_ready(struct watch *watch, uint32_t events) {
  struct peer *peer = (struct peer *)(void *)((char *)watch - offsetof(struct peer, watch));
  if ((events & EPOLLOUT) && channel_flush(&peer->channel) < 0)
    peer->failing = true;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    read_turn(peer);
}

static int open_peer(struct vault *vault, struct peer *peer, enum role role, int fd) {
  struct channel channel;
  int r = channel_open(&channel, fd);
  if (r < 0) {
    close(fd);
    return r;
  }
  *peer = (struct peer){.watch = {.ready = on_ready, .fd = fd},
                        .vault = vault,
                        .channel = channel,
                        .role = role,
                        .number = ++vault->peers.number,
                        .events = EPOLLIN};
  r = loop_watch(vault->loop, &peer->watch, peer->events);
  if (r < 0) {
    channel_close(&peer->channel);
    return r;
  }
  peer->open = true;
  return 0;
}

int peer_connect(struct vault *vault, enum role role, int fd) {
  struct peer *peer = &vault->peers.all[role];
  close_peer(peer);
  return open_peer(vault, peer, role, fd);
}

/* A check that fails, or that cannot be made, means no. */
static bool is_operator(int fd, uint32_t *ret_uid) {
  struct ucred who = {.uid = (uid_t)-1};
  socklen_t size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || size != sizeof who)
    return false;
  *ret_uid = who.uid;
  return who.uid == geteuid() || who.uid == 0;
}

static void accept_admin(struct vault *vault, int fd) {
  uint32_t uid = 0;
  if (!is_operator(fd, &uid)) {
    log_warn_number("admin connection refused", "uid", uid);
    close(fd);
    return;
  }
  for (size_t i = ROLE_ADMIN; i < PEERS; i++) {
    struct peer *peer = &vault->peers.all[i];
    if (peer->open)
      continue;
    int r = open_peer(vault, peer, ROLE_ADMIN, fd);
    if (r < 0)
      log_error("admin connection", r);
    peer->uid = uid;
    return;
  }
  log_warn("too many admin connections");
  close(fd);
}

static void on_admin(struct watch *watch, uint32_t events) {
  (void)events;
  struct peers *peers = (struct peers *)(void *)((char *)watch - offsetof(struct peers, listener));
  struct vault *vault = (struct vault *)(void *)((char *)peers - offsetof(struct vault, peers));
  int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0)
    accept_admin(vault, fd);
}

static void close_listener(struct vault *vault) {
  if (vault->peers.listener.fd < 0)
    return;
  loop_forget(vault->loop, &vault->peers.listener);
  close(vault->peers.listener.fd);
  vault->peers.listener.fd = -1;
}

int peers_listen(struct vault *vault, int fd) {
  close_listener(vault);
  vault->peers.listener = (struct watch){.ready = on_admin, .fd = fd};
  int r = loop_watch(vault->loop, &vault->peers.listener, EPOLLIN);
  if (r < 0) {
    close(fd);
    vault->peers.listener.fd = -1;
  }
  return r;
}

void peers_begin(struct vault *vault) {
  vault->peers.listener.fd = -1;
}

void peers_end(struct vault *vault) {
  for (size_t i = 0; i < PEERS; i++)
    close_peer(&vault->peers.all[i]);
  close_listener(vault);
}

unsigned peers_read(struct vault *vault) {
  unsigned count = 0;
  for (size_t i = 0; i < PEERS; i++)
    count += vault->peers.all[i].open ? read_turn(&vault->peers.all[i]) : 0;
  return count;
}

static void settle(struct peer *peer) {
  if (peer->failing) {
    close_peer(peer);
    return;
  }
  uint32_t events =
      (peer->channel.queued < PEER_PAUSE ? EPOLLIN : 0u) | (channel_waiting(&peer->channel) ? EPOLLOUT : 0u);
  if (events == peer->events)
    return;
  peer->events = events;
  if (loop_change(peer->vault->loop, &peer->watch, events) < 0)
    close_peer(peer);
}

void peers_settle(struct vault *vault) {
  for (size_t i = 0; i < PEERS; i++) {
    if (vault->peers.all[i].open)
      settle(&vault->peers.all[i]);
  }
}

struct peer *peer_of(struct vault *vault, enum role role) {
  struct peer *peer = &vault->peers.all[role];
  return peer->open && !peer->failing ? peer : NULL;
}

int peer_send(struct peer *peer, uint8_t type, uint64_t correlation, const void *body, size_t length) {
  int r = channel_send(&peer->channel, type, correlation, body, length);
  if (r < 0 && r != -ENOBUFS)
    peer->failing = true;
  return r;
}

void peer_reply(const struct return_address *to, enum status status, const void *body, size_t length) {
  struct peer *peer = to->peer;
  if (!peer->open || peer->number != to->number)
    return;
  peer->outstanding -= peer->outstanding > 0 ? 1 : 0;
  uint8_t *reply = peer->vault->reply;
  struct writer writer = writer_over(reply, MESSAGE_MAX - MESSAGE_HEADER);
  write_u16(&writer, (uint16_t)status);
  if (status == STATUS_DONE)
    write_bytes(&writer, body, length);
  if (writer_finish(&writer) < 0 ||
      peer_send(peer, to->type | REPLY_BIT, to->correlation, reply, writer_length(&writer)) < 0)
    peer->failing = true; /* it does not fetch its replies: better gone than answered in part */
}
