/* A server that does what a script says, to the byte, on 127.0.0.1: in a thread, blocking, plain or TLS. */
#pragma once

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRIPTED_CONNECTIONS_MAX = 256, SCRIPTED_ACTIONS_MAX = 8, SCRIPTED_SEEN_MAX = 65536 };

enum action_kind {
  ACTION_END,          /* of the script: closes */
  ACTION_READ_REQUEST, /* a whole one, by its Content-Length */
  ACTION_READ_SOME,    /* once */
  ACTION_WRITE,        /* text */
  ACTION_WRITE_SLOWLY, /* text, a byte at a time */
  ACTION_WAIT_MS,      /* number */
  ACTION_AWAIT_GATE,   /* until the test has opened the gate */
  ACTION_REPEAT,       /* the script from its beginning */
  ACTION_RESET,        /* closes with RST */
  ACTION_HANG          /* until the other side closes, reading nothing */
};

struct action {
  enum action_kind kind;
  const char *text;
  int number;
};

struct script {
  struct action actions[SCRIPTED_ACTIONS_MAX];
};

struct scripted_server {
  uint16_t port;
  int listener;
  SSL_CTX *tls;                 /* NULL for plain */
  const struct script *scripts; /* one a connection; the last is used for all that follow */
  unsigned script_count;
  atomic_uint accepted, closed; /* connections */
  atomic_uint requests;         /* whole ones read */
  atomic_uint written;          /* texts */
  atomic_uint hanging;          /* connections at their ACTION_HANG, once or still */
  atomic_bool gate;             /* open */
  atomic_size_t seen_length;    /* application bytes, all connections together */
  char seen[SCRIPTED_SEEN_MAX + 1];
  atomic_bool ending;
  void *thread;
};

/* Starts; ends the test on failure. */
void scripted_server_start(struct scripted_server *server, const struct script *scripts, unsigned count,
                           SSL_CTX *tls);
void scripted_server_stop(struct scripted_server *server);
/* A port on 127.0.0.1 on which nothing listens. */
uint16_t unused_port(void);
