#include "scripted_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_MS = 20, GATE_US = 1000, REQUEST_MAX = 65536 };

struct session {
  struct scripted_server *server;
  int fd;
  SSL *ssl;
  size_t length;
  char request[REQUEST_MAX + 1]; /* what has come of the next one */
};

static int listen_anywhere(uint16_t *ret_port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  cr_assert_geq(fd, 0);
  cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(listen(fd, SCRIPTED_CONNECTIONS_MAX), 0);
  cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
  *ret_port = ntohs(address.sin_port);
  return fd;
}

uint16_t unused_port(void) {
  uint16_t port;
  close(listen_anywhere(&port));
  return port;
}

/* Whether fd can be read before the server ends. */
static bool wait_readable(struct scripted_server *server, int fd) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  while (!server->ending)
    if (poll(&watched, 1, POLL_MS) > 0)
      return true;
  return false;
}

/* Reads once. Returns how many bytes came, or -1. */
static int session_read(struct session *session) {
  struct scripted_server *server = session->server;
  if (session->length == REQUEST_MAX) /* a test that sends more looks at none of it */
    session->length = 0;
  char *to = session->request + session->length;
  int room = (int)(REQUEST_MAX - session->length);
  if (!(session->ssl != NULL && SSL_pending(session->ssl) > 0) && !wait_readable(server, session->fd))
    return -1;
  int got =
      session->ssl != NULL ? SSL_read(session->ssl, to, room) : (int)recv(session->fd, to, (size_t)room, 0);
  if (got <= 0)
    return -1;
  session->length += (size_t)got;
  to[got] = '\0';
  size_t at = atomic_fetch_add(&server->seen_length, (size_t)got);
  if (at + (size_t)got <= SCRIPTED_SEEN_MAX)
    memcpy(server->seen + at, to, (size_t)got);
  return got;
}

/* Whether a whole request is there, head and body; takes it out. */
static bool take_request(struct session *session) {
  char *end = strstr(session->request, "\r\n\r\n");
  if (end == NULL)
    return false;
  char *length = strcasestr(session->request, "\r\ncontent-length:");
  size_t whole = (size_t)(end + 4 - session->request);
  if (length != NULL && length < end)
    whole += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
  if (session->length < whole)
    return false;
  session->length -= whole;
  memmove(session->request, session->request + whole, session->length + 1);
  return true;
}

static bool read_request(struct session *session) {
  while (!take_request(session))
    if (session_read(session) < 0)
      return false;
  session->server->requests++;
  return true;
}

static void session_write(struct session *session, const char *text, size_t length) {
  if (session->ssl != NULL) {
    if (SSL_write(session->ssl, text, (int)length) <= 0)
      return;
  } else if (send(session->fd, text, length, MSG_NOSIGNAL) < 0) {
    return;
  }
}

static void hang(struct session *session) {
  struct pollfd watched = {.fd = session->fd, .events = POLLRDHUP};
  session->server->hanging++;
  while (!session->server->ending && poll(&watched, 1, POLL_MS) <= 0) {
  }
}

/* Returns whether the script goes on. */
static bool act(struct session *session, const struct action *action) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  switch (action->kind) {
  case ACTION_READ_REQUEST:
    return read_request(session);
  case ACTION_READ_SOME:
    return session_read(session) > 0;
  case ACTION_WRITE:
    session_write(session, action->text, strlen(action->text));
    session->server->written++;
    return true;
  case ACTION_WRITE_SLOWLY:
    for (const char *at = action->text; *at != '\0'; at++) {
      session_write(session, at, 1);
      usleep(200);
    }
    return true;
  case ACTION_WAIT_MS:
    usleep((useconds_t)action->number * 1000);
    return true;
  case ACTION_AWAIT_GATE:
    while (!session->server->gate && !session->server->ending)
      usleep(GATE_US);
    return true;
  case ACTION_RESET:
    setsockopt(session->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return false;
  case ACTION_HANG:
    hang(session);
    return false;
  default:
    return false;
  }
}

struct job {
  struct session session;
  const struct script *script;
};

static void *serve_one(void *context) {
  struct job *job = context;
  struct scripted_server *server = job->session.server;
  bool open = true;
  if (server->tls != NULL) {
    job->session.ssl = SSL_new(server->tls);
    SSL_set_fd(job->session.ssl, job->session.fd);
    open = SSL_accept(job->session.ssl) == 1;
  }
  for (int i = 0; open && i < SCRIPTED_ACTIONS_MAX; i++) {
    if (job->script->actions[i].kind == ACTION_REPEAT)
      i = 0;
    open = act(&job->session, &job->script->actions[i]);
  }
  SSL_free(job->session.ssl);
  close(job->session.fd);
  server->closed++;
  free(job);
  return NULL;
}

static void *serve(void *context) {
  struct scripted_server *server = context;
  pthread_t threads[SCRIPTED_CONNECTIONS_MAX];
  unsigned count = 0;
  while (count < SCRIPTED_CONNECTIONS_MAX && wait_readable(server, server->listener)) {
    struct job *job = calloc(1, sizeof *job);
    job->session =
        (struct session){.server = server, .fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)};
    job->script = &server->scripts[count < server->script_count ? count : server->script_count - 1];
    server->accepted++;
    pthread_create(&threads[count++], NULL, serve_one, job);
  }
  for (unsigned i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
  return NULL;
}

void scripted_server_start(struct scripted_server *server, const struct script *scripts, unsigned count,
                           SSL_CTX *tls) {
  memset(server, 0, sizeof *server);
  server->listener = listen_anywhere(&server->port);
  server->scripts = scripts;
  server->script_count = count;
  server->tls = tls;
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, NULL, serve, server), 0);
  server->thread = (void *)thread;
}

void scripted_server_stop(struct scripted_server *server) {
  server->ending = true;
  pthread_join((pthread_t)server->thread, NULL);
  close(server->listener);
}
