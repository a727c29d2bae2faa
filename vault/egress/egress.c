#include "egress.h"

#include "control.h"
#include "jail.h"
#include "log.h"
#include "vault_line.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct egress {
  struct watch control; /* first: the callback is given its address */
  struct loop *loop;
  struct client_pool *pool;
  struct sheet_shelf *shelf;
  struct dispatcher *dispatcher;
  struct vault_line line;
};

static void take_control(struct egress *egress, const struct control_message *message) {
  if (message->fd < 0)
    return;
  if (strcmp(message->name, "vault") != 0) {
    close(message->fd);
    return;
  }
  int error = vault_line_open(&egress->line, message->fd);
  if (error < 0)
    log_error("the line to the vault cannot be opened", error);
}

static void on_control(struct watch *watch, uint32_t events) {
  struct egress *egress = (struct egress *)watch;
  struct control_message message;
  int outcome;
  (void)events;
  while ((outcome = control_receive(CONTROL_FD, &message)) == 0)
    take_control(egress, &message);
  if (outcome == CONTROL_NOTHING)
    return;
  log_info("the control line has closed");
  loop_stop(egress->loop);
}

static int open_shelf(struct egress *egress, const struct egress_options *options) {
  struct shelf_error error;
  int outcome = sheet_shelf_open(options->sheets, &egress->shelf, &error);
  if (outcome == -EINVAL && error.sheet.line > 0)
    fprintf(stderr, "freeport-egress: %s:%u: %s\n", error.path, error.sheet.line, error.sheet.reason);
  else if (outcome == -EINVAL)
    fprintf(stderr, "freeport-egress: %s: %s\n", error.path, error.sheet.reason);
  else if (outcome < 0)
    fprintf(stderr, "freeport-egress: %s: %s\n", error.path, strerror(-outcome));
  return outcome;
}

static int open_pool(struct egress *egress, const struct egress_options *options) {
  struct client_settings settings = {.trust_file = options->trust_file,
                                     .crl_file = options->crl_file,
                                     .public_only = options->environment == ENVIRONMENT_LIVE};
  int error = client_pool_new(egress->loop, &system_clock, &settings, &egress->pool);
  if (error < 0) {
    fprintf(stderr, "freeport-egress: the trust store or the revocation lists: %s\n", strerror(-error));
    return error;
  }
  if (client_pool_trusted(egress->pool) == 0)
    log_warn("no certificate is trusted: no https server will be");
  return 0;
}

static int open_dispatcher(struct egress *egress, const struct egress_options *options) {
  struct dispatcher_settings settings = {.loop = egress->loop,
                                         .clock = &system_clock,
                                         .pool = egress->pool,
                                         .shelf = egress->shelf,
                                         .environment = options->environment,
                                         .ended = vault_line_reply,
                                         .owner = &egress->line};
  return dispatcher_new(&settings, &egress->dispatcher);
}

static int open_all(struct egress *egress, const struct egress_options *options) {
  int error = open_shelf(egress, options);
  if (error == 0)
    error = loop_new(&system_clock, &egress->loop);
  if (error == 0)
    error = open_pool(egress, options);
  if (error == 0)
    error = open_dispatcher(egress, options);
  vault_line_init(&egress->line, egress->loop, egress->shelf, options->environment);
  egress->line.dispatcher = egress->dispatcher;
  return error;
}

static void close_all(struct egress *egress) {
  vault_line_close(&egress->line);
  if (egress->dispatcher != NULL)
    dispatcher_free(egress->dispatcher);
  if (egress->pool != NULL)
    client_pool_free(egress->pool);
  if (egress->loop != NULL)
    loop_free(egress->loop);
  if (egress->shelf != NULL)
    sheet_shelf_free(egress->shelf);
}

static int serve(struct egress *egress) {
  egress->control = (struct watch){.ready = on_control, .fd = CONTROL_FD};
  int error = loop_watch(egress->loop, &egress->control, EPOLLIN);
  if (error == 0)
    error = jail_enter(JAIL_EGRESS, NULL, NULL);
  if (error == 0)
    error = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  if (error < 0) {
    log_error("it cannot start", error);
    return error;
  }
  log_info_number("ready", "sheets", sheet_shelf_count(egress->shelf));
  return loop_run(egress->loop);
}

int egress_run(const struct egress_options *options) {
  struct egress egress = {.line.channel.fd = -1};
  int error = open_all(&egress, options);
  bool opened = error == 0;
  if (opened)
    error = serve(&egress);
  else if (error != -EINVAL)
    log_error("it cannot start", error);
  close_all(&egress);
  if (error == 0)
    return 0;
  return opened ? 1 : EXIT_SHEETS;
}
