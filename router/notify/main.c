/* freeport-notify: signed events out to merchants' endpoints.
 *
 * SECURITY: it talks to the router (a connected socket given to it), which alone says what goes where, and to
 * endpoints that merchants chose, which it trusts in nothing: their answers are a status and are dropped. It
 * holds nothing on disk, has no key (the router signs), no line to the vault and none to the ledger. It
 * connects to public addresses only, in the test environment to this machine too, and always to the very
 * address that it checked. Who takes it over sees the events under way and can keep them from arriving, and
 * say that they did: what was missed stands in the router's list of events. */
#include "control.h"
#include "jail.h"
#include "log.h"
#include "router_line.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, ALONE_US = 5000000 };

struct settings {
  const char *environment, *trust;
};

static const struct {
  const char *name, *value, *help;
  size_t offset;
} options[] = {
    {"--environment", "test|live", "where endpoints may lie; http and this machine are for test alone",
     offsetof(struct settings, environment)},
    {"--trust", "FILE", "PEM certificates to trust (default: the system's)",
     offsetof(struct settings, trust)},
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static void print_help(FILE *out) {
  fprintf(out, "usage: freeport-notify --environment test|live [--trust FILE]\n\n"
               "Started by `freeport up`, with its control line as descriptor 3.\n\n");
  for (size_t i = 0; i < OPTION_COUNT; i++)
    fprintf(out, "  %-14s %-10s %s\n", options[i].name, options[i].value, options[i].help);
}

/* Returns whether they are good. */
static bool read_options(int count, char **arguments, struct settings *ret_settings) {
  *ret_settings = (struct settings){0};
  for (int i = 1; i < count; i += 2) {
    const char **place = NULL;
    for (size_t k = 0; k < OPTION_COUNT; k++)
      if (strcmp(arguments[i], options[k].name) == 0)
        place = (const char **)(void *)((char *)ret_settings + options[k].offset);
    if (place == NULL || *place != NULL || i + 1 >= count)
      return false;
    *place = arguments[i + 1];
  }
  const char *environment = ret_settings->environment;
  return environment != NULL && (strcmp(environment, "test") == 0 || strcmp(environment, "live") == 0);
}

struct notify {
  struct watch control; /* first: the callback is given its address */
  struct loop *loop;
  struct client_pool *pool;
  struct deliverer deliverer;
  struct router_line line;
  struct timer alone;
  bool left_alone;
};

static void take_control(struct notify *notify, const struct control_message *message) {
  if (message->fd < 0)
    return;
  if (strcmp(message->name, "router") != 0) {
    close(message->fd);
    return;
  }
  loop_clear_timer(notify->loop, &notify->alone);
  int error = router_line_open(&notify->line, message->fd);
  if (error < 0)
    log_error("the line to the router cannot be opened", error);
}

static void on_control(struct watch *watch, uint32_t events) {
  struct notify *notify = (struct notify *)watch;
  struct control_message message;
  int outcome;
  (void)events;
  while ((outcome = control_receive(CONTROL_FD, &message)) == 0)
    take_control(notify, &message);
  if (outcome == CONTROL_NOTHING)
    return;
  log_info("the control line has closed");
  loop_stop(notify->loop);
}

/* A router that was started again brings a new line. One that goes on but has closed its end will not: then
 * this process ends, and is started again with a line of its own. */
static void on_lost(struct router_line *line) {
  struct notify *notify = (struct notify *)((char *)line - offsetof(struct notify, line));
  if (loop_set_timer(notify->loop, &notify->alone, ALONE_US) < 0)
    loop_stop(notify->loop);
}

static void on_alone(struct timer *timer) {
  struct notify *notify = (struct notify *)((char *)timer - offsetof(struct notify, alone));
  log_warn("no router has come");
  notify->left_alone = true;
  loop_stop(notify->loop);
}

static int open_all(struct notify *notify, const struct settings *settings) {
  struct client_settings client = {.trust_file = settings->trust,
                                   .public_only = true,
                                   .loopback_too = strcmp(settings->environment, "test") == 0,
                                   .hosts_max = NOTIFY_HOSTS_MAX,
                                   .resolvers = NOTIFY_RESOLVERS};
  int error = loop_new(&system_clock, &notify->loop);
  if (error == 0)
    error = client_pool_new(notify->loop, &system_clock, &client, &notify->pool);
  if (error < 0)
    return error;
  if (client_pool_trusted(notify->pool) == 0)
    log_warn("no certificate is trusted: no https endpoint will be");
  notify->deliverer = (struct deliverer){
      .pool = notify->pool, .live = !client.loopback_too, .ended = router_line_reply, .owner = &notify->line};
  notify->alone.due = on_alone;
  error = router_line_init(&notify->line, notify->loop, &notify->deliverer);
  notify->line.lost = on_lost;
  return error;
}

static void close_all(struct notify *notify) {
  if (notify->line.body != NULL)
    router_line_end(&notify->line);
  if (notify->pool != NULL)
    client_pool_free(notify->pool);
  deliverer_end(&notify->deliverer);
  if (notify->loop != NULL)
    loop_free(notify->loop);
}

static int serve(struct notify *notify) {
  notify->control = (struct watch){.ready = on_control, .fd = CONTROL_FD};
  int error = loop_watch(notify->loop, &notify->control, EPOLLIN);
  if (error == 0)
    error = jail_enter(JAIL_NOTIFY, NULL, NULL);
  if (error == 0)
    error = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  return error < 0 ? error : loop_run(notify->loop);
}

int main(int count, char **arguments) {
  static struct notify notify;
  struct settings settings;
  if (count == 2 && strcmp(arguments[1], "--help") == 0) {
    print_help(stdout);
    return 0;
  }
  if (!read_options(count, arguments, &settings)) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  log_open("freeport-notify");
  int error = jail_begin();
  if (error == 0 && sodium_init() < 0)
    error = -EIO;
  if (error == 0)
    error = open_all(&notify, &settings);
  if (error == 0)
    error = serve(&notify);
  if (error < 0)
    log_error("it cannot start or go on", error);
  close_all(&notify);
  return error == 0 && !notify.left_alone ? 0 : 1;
}
