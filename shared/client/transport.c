#include "transport.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <unistd.h>

int transport_open(struct transport *transport, const struct transport_peer *peer) {
  int fd = socket(peer->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0)
    return -errno;
  int on = 1;
  SSL *ssl = NULL;
  int error = 0;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
    error = -errno;
  if (error == 0 && peer->tls != NULL)
    error = tls_connection_new(peer->tls, fd, peer->host, peer->tls13, &ssl);
  if (error == 0 && connect(fd, &peer->address.any, peer->address.length) < 0 && errno != EINPROGRESS)
    error = -errno;
  if (error < 0) {
    SSL_free(ssl);
    close(fd);
    return error;
  }
  *transport = (struct transport){.fd = fd, .ssl = ssl};
  return 0;
}

/* What OpenSSL's result means for the stream; failure: what to call an error in the protocol. */
static int tls_outcome(struct transport *transport, int result, int failure) {
  int system = errno;
  int outcome = failure;
  switch (SSL_get_error(transport->ssl, result)) {
  case SSL_ERROR_WANT_READ:
    outcome = TRANSPORT_WAIT_READ;
    break;
  case SSL_ERROR_WANT_WRITE:
    outcome = TRANSPORT_WAIT_WRITE;
    break;
  case SSL_ERROR_ZERO_RETURN:
    outcome = TRANSPORT_CLOSED;
    break;
  case SSL_ERROR_SYSCALL:
    outcome = system > 0 ? -system : -ECONNRESET;
    break;
  default:
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
      outcome = -ECONNRESET;
  }
  ERR_clear_error();
  return outcome;
}

static int connected(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
    return -errno;
  if (error != 0)
    return -error;
  struct net_address peer;
  length = sizeof peer.v6;
  if (getpeername(fd, &peer.any, &length) < 0)
    return errno == ENOTCONN ? TRANSPORT_WAIT_WRITE : -errno;
  return 0;
}

int transport_establish(struct transport *transport) {
  int outcome = connected(transport->fd);
  if (outcome != 0 || transport->ssl == NULL)
    return outcome;
  errno = 0;
  int result = SSL_do_handshake(transport->ssl);
  if (result == 1)
    return 0;
  outcome = tls_outcome(transport, result, -EPROTO);
  if (outcome == TRANSPORT_CLOSED)
    return -ECONNRESET;
  if (outcome == -EPROTO && SSL_get_verify_result(transport->ssl) != X509_V_OK)
    return -EKEYREJECTED;
  return outcome;
}

static int plain_send(int fd, const uint8_t *bytes, size_t length, size_t *ret_sent, size_t *ret_left) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  *ret_left = sent > 0 ? (size_t)sent : 0;
  if (sent < 0)
    return errno == EAGAIN || errno == EINTR ? TRANSPORT_WAIT_WRITE : -errno;
  *ret_sent = (size_t)sent;
  return 0;
}

int transport_send(struct transport *transport, const uint8_t *bytes, size_t length, size_t *ret_sent,
                   size_t *ret_left) {
  if (transport->ssl == NULL)
    return plain_send(transport->fd, bytes, length, ret_sent, ret_left);
  uint64_t before = BIO_number_written(SSL_get_wbio(transport->ssl));
  errno = 0;
  int result = SSL_write_ex(transport->ssl, bytes, length, ret_sent);
  int outcome = result == 1 ? 0 : tls_outcome(transport, result, -EPROTO);
  *ret_left = (size_t)(BIO_number_written(SSL_get_wbio(transport->ssl)) - before);
  return outcome == TRANSPORT_CLOSED ? -ECONNRESET : outcome;
}

int transport_receive(struct transport *transport, uint8_t *buffer, size_t capacity, size_t *ret_received) {
  errno = 0;
  if (transport->ssl != NULL) {
    int result = SSL_read_ex(transport->ssl, buffer, capacity, ret_received);
    return result == 1 ? 0 : tls_outcome(transport, result, -EPROTO);
  }
  ssize_t received = recv(transport->fd, buffer, capacity, 0);
  if (received < 0)
    return errno == EAGAIN || errno == EINTR ? TRANSPORT_WAIT_READ : -errno;
  if (received == 0)
    return TRANSPORT_CLOSED;
  *ret_received = (size_t)received;
  return 0;
}

bool transport_is_quiet(struct transport *transport) {
  uint8_t byte;
  ssize_t peeked = recv(transport->fd, &byte, 1, MSG_PEEK);
  if (peeked < 0)
    return errno == EAGAIN;
  if (peeked == 0 || transport->ssl == NULL)
    return false;
  size_t received;
  return transport_receive(transport, &byte, 1, &received) == TRANSPORT_WAIT_READ;
}

bool transport_has_pending(const struct transport *transport) {
  return transport->ssl != NULL && SSL_has_pending(transport->ssl) == 1;
}

void transport_close(struct transport *transport, bool polite) {
  if (transport->fd < 0)
    return;
  if (transport->ssl != NULL) {
    if (polite)
      SSL_shutdown(transport->ssl);
    ERR_clear_error();
    SSL_free(transport->ssl);
  }
  close(transport->fd);
  *transport = (struct transport){.fd = -1};
}
