#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "exchange.h"

/* TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only. */
static const char tls_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-128-CBC:-AES-256-CBC:-SHA1";

enum { OPTIONS_MAX = 12, MILLISECOND_US = 1000 };

/* Sets the timer for what libmicrohttpd says it must do next: data still pending, or a connection timing out.
 */
static void arm(struct http_server *server) {
  MHD_UNSIGNED_LONG_LONG wait_ms = 0;
  if (!server->resumed && MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES) {
    loop_clear_timer(server->loop, &server->timer);
    return;
  }
  if (wait_ms > INT32_MAX)
    wait_ms = INT32_MAX;
  int error = loop_set_timer(server->loop, &server->timer, (int64_t)wait_ms * MILLISECOND_US);
  /* Without a timer, time-outs wait for the next event. */
  (void)error;
}

static unsigned connections(const struct http_server *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info != NULL ? info->num_connections : 0;
}

/* When descriptors or places run out, libmicrohttpd stops accepting; connections that have ended let it go
 * on, but only when it is run the next time, for which no event may ever come. */
static void run(struct http_server *server) {
  unsigned before = connections(server);
  server->resumed = false;
  (void)MHD_run(server->daemon);
  if (connections(server) < before)
    (void)MHD_run(server->daemon);
  arm(server);
}

void server_resume(struct http_server *server, struct MHD_Connection *connection) {
  MHD_resume_connection(connection);
  /* Without a thread of its own, libmicrohttpd does not wake itself. */
  if (!server->resumed && !server->closing) {
    server->resumed = true;
    arm(server);
  }
}

static void ready(struct watch *watch, uint32_t events) {
  (void)events;
  run((struct http_server *)((char *)watch - offsetof(struct http_server, watch)));
}

static void due(struct timer *timer) {
  run((struct http_server *)((char *)timer - offsetof(struct http_server, timer)));
}

static struct MHD_Daemon *start(struct http_server *server, const struct http_options *options) {
  struct MHD_OptionItem items[OPTIONS_MAX];
  size_t count = 0;
  unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
  items[count++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, options->listen_fd, NULL};
  items[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, options->limits.connections, NULL};
  items[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, options->limits.timeout_s, NULL};
  items[count++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_HEADER_BYTES, NULL};
  items[count++] = (struct MHD_OptionItem){MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL};
  items[count++] =
      (struct MHD_OptionItem){MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)(void *)exchange_begin, server};
  items[count++] =
      (struct MHD_OptionItem){MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)(void *)exchange_end, server};
  if (options->certificate != NULL) {
    flags |= MHD_USE_TLS;
    items[count++] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate};
    items[count++] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->certificate_key};
    items[count++] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities};
  }
  items[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
  return MHD_start_daemon(flags, 0, NULL, NULL, exchange_step, server, MHD_OPTION_ARRAY, items,
                          MHD_OPTION_END);
}

/* Closes what libmicrohttpd, on a failure, may have closed already; nothing else opens descriptors meanwhile.
 */
static void close_if_open(int fd) {
  if (fcntl(fd, F_GETFD) != -1)
    close(fd);
}

static int open_server(struct http_server *server, const struct http_options *options) {
  int flags = fcntl(options->listen_fd, F_GETFL);
  if (flags == -1 || fcntl(options->listen_fd, F_SETFL, flags | O_NONBLOCK) == -1)
    return -errno;
  signal(SIGPIPE, SIG_IGN);
  errno = 0;
  server->daemon = start(server, options);
  if (server->daemon == NULL)
    return options->certificate != NULL || errno == 0 ? -EINVAL : -errno;
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  assert(info != NULL);
  server->watch = (struct watch){ready, info->epoll_fd};
  int error = loop_watch(server->loop, &server->watch, EPOLLIN);
  if (error != 0) {
    MHD_stop_daemon(server->daemon);
    return error;
  }
  return 0;
}

int http_server_open(const struct http_options *options, struct http_server **ret_server) {
  assert((options->certificate == NULL) == (options->certificate_key == NULL));
  struct http_server *server = calloc(1, sizeof *server);
  int error = -ENOMEM;
  if (server != NULL) {
    server->loop = options->loop;
    server->clock = options->clock;
    server->limits = options->limits;
    server->headers = options->headers;
    server->handle = options->handle;
    server->context = options->context;
    server->timer.due = due;
    error = open_server(server, options);
  }
  if (error != 0) {
    close_if_open(options->listen_fd);
    free(server);
    return error;
  }
  arm(server);
  *ret_server = server;
  return 0;
}

void http_server_close(struct http_server *server) {
  if (server == NULL)
    return;
  server->closing = true;
  while (server->kept != NULL)
    exchange_abandon(server->kept);
  loop_forget(server->loop, &server->watch);
  loop_clear_timer(server->loop, &server->timer);
  MHD_stop_daemon(server->daemon);
  free(server);
}

void http_server_stop_accepting(struct http_server *server) {
  int fd = (int)MHD_quiesce_daemon(server->daemon);
  if (fd != MHD_INVALID_SOCKET)
    close(fd);
}

unsigned http_server_kept(const struct http_server *server) {
  return server->kept_count;
}
