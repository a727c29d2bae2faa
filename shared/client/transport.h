/* One outgoing stream, plain or TLS, that never blocks and knows how many bytes left. Internal to
 * shared/client. */
#pragma once

#include "net_address.h"
#include "tls.h"
#include <stddef.h>
#include <stdint.h>

enum { TRANSPORT_WAIT_READ = 1, TRANSPORT_WAIT_WRITE, TRANSPORT_CLOSED };

struct transport {
  int fd;   /* -1 when closed */
  SSL *ssl; /* NULL for plain */
};

/* Whom a stream is to be opened to. */
struct transport_peer {
  struct net_address address;
  struct tls *tls;  /* NULL for plain */
  bool tls13;       /* TLS 1.3 at least */
  const char *host; /* whom the certificate must name */
};

/* Begins to connect. Returns 0 or a negated errno, and then nothing is open. */
MUST_USE int transport_open(struct transport *transport, const struct transport_peer *peer);
/* Goes on connecting, then shaking hands. Returns 0 when bytes can be sent; TRANSPORT_WAIT_READ or _WRITE; a
 * negated errno of connect(2); -EPROTO when the handshake failed; -EKEYREJECTED for a certificate that is not
 * accepted. */
MUST_USE int transport_establish(struct transport *transport);
/* Sends a part of bytes. *ret_left: how many bytes the kernel took, never counted too low (under TLS they are
 * those of records). Set whatever is returned. Returns 0 with *ret_sent; TRANSPORT_WAIT_READ or _WRITE, then
 * to be called again with the same bytes; or a negated errno. */
MUST_USE int transport_send(struct transport *transport, const uint8_t *bytes, size_t length,
                            size_t *ret_sent, size_t *ret_left);
/* Receives into buffer. Returns 0 with *ret_received > 0; TRANSPORT_WAIT_READ or _WRITE; TRANSPORT_CLOSED for
 * an orderly end; a negated errno (under TLS, -ECONNRESET for an end without close_notify). */
MUST_USE int transport_receive(struct transport *transport, uint8_t *buffer, size_t capacity,
                               size_t *ret_received);
/* Whether an idle stream may be used: nothing has come in and it was not closed. Post-handshake messages of
 * TLS are taken in. */
bool transport_is_quiet(struct transport *transport);
/* Whether received bytes lie in TLS's own buffer, of which epoll knows nothing. */
bool transport_has_pending(const struct transport *transport);
/* Closes; polite: says goodbye in TLS first, for a stream that is idle. */
void transport_close(struct transport *transport, bool polite);
