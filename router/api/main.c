/* freeport-router: takes merchants' requests over HTTP, decides which acquirer to charge through, and keeps
 * the ledger.
 *
 * SECURITY: it talks to merchants (HTTP, a listening socket given to it), to the vault and to notify
 * (connected sockets given to it), and trusts none: requests are parsed strictly and bound to their key's
 * merchant, replies are read by checked cursors. It never sees a card number, a security code or a PSP's
 * credential: no message to it has a field for one. It opens no socket itself, reaches no file but its
 * ledger, and executes nothing. Who takes it over can charge and refund through the registered connectors,
 * and read the ledger. */
#include "api.h"
#include "control.h"
#include "fees.h"
#include "jail.h"
#include "log.h"
#include "outcome.h"
#include "sheets.h"
#include "store_lmdb.h"
#include "time_zone.h"
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
  EXIT_USAGE = 64,
  PATH_CAPACITY = 4096,
  DRAIN_MS = 5000,
  DRAIN_ROUND_MS = 20,
  LAST_ROUNDS = 5 /* in which the last answers leave */
};

#define LEDGER_MAP_BYTES (64ULL << 30) /* what the ledger may grow to; costs address space only */

struct settings {
  const char *data, *environment, *sheets, *bins, *webhook_retries, *health, *fees;
};

static const struct {
  const char *name, *value, *help;
  size_t offset;
  bool optional;
} options[] = {
    {"--data", "DIR", "where ledger.mdb and ledger.key lie", offsetof(struct settings, data), false},
    {"--environment", "test|live", "which keys and connectors are served",
     offsetof(struct settings, environment), false},
    {"--sheets", "DIR", "connector sheets (*.yaml)", offsetof(struct settings, sheets), false},
    {"--bins", "FILE", "compiled BIN table", offsetof(struct settings, bins), false},
    {"--webhook-retries", "S,S,...", "waits in seconds before a webhook is tried again",
     offsetof(struct settings, webhook_retries), true},
    {"--health", "NAME=N,...", "when a connector counts as failing", offsetof(struct settings, health), true},
    {"--fees", "FILE", "what connectors charge (policy/fees)", offsetof(struct settings, fees), true},
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static void print_help(FILE *out) {
  fprintf(out, "usage: freeport-router");
  for (size_t i = 0; i < OPTION_COUNT; i++)
    fprintf(out, " %s %s", options[i].name, options[i].value);
  fprintf(out, "\n\nStarted by `freeport up`, with its control line as descriptor %d.\n\n", CONTROL_FD);
  for (size_t i = 0; i < OPTION_COUNT; i++)
    fprintf(out, "  %-17s %-10s %s\n", options[i].name, options[i].value, options[i].help);
}

/* Returns whether all options are there, once each. */
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
  for (size_t k = 0; k < OPTION_COUNT; k++)
    if (!options[k].optional && *(const char **)(void *)((char *)ret_settings + options[k].offset) == NULL)
      return false;
  return strcmp(ret_settings->environment, "test") == 0 || strcmp(ret_settings->environment, "live") == 0;
}

struct router {
  struct loop *loop;
  struct store *store;
  struct ledger *ledger;
  struct bin_table *bins;
  struct sheets sheets;
  struct fee_book *fee_book; /* NULL: no fees are known */
  struct fee_source fees;
  struct api *api;
  struct watch control;
};

/* ---- The control line ---- */

static void take_http(struct router *router, int fd) {
  int result = api_listen(router->api, fd);
  if (result == 0)
    result = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  if (result != 0)
    log_error("the listening socket cannot be served", result);
}

static void take_vault(struct router *router, int fd) {
  int result = api_connect_vault(router->api, fd);
  if (result != 0)
    log_error("the vault's line cannot be used", result);
}

static void take_notify(struct router *router, int fd) {
  int result = api_connect_notify(router->api, fd);
  if (result != 0)
    log_error("notify's line cannot be used", result);
}

static void use_fees(struct router *router, struct fee_book *book) {
  fee_book_free(router->fee_book);
  router->fee_book = book;
  router->fees = (struct fee_source){.find = fee_book_find,
                                     .name = fee_book_connector,
                                     .context = book,
                                     .exchange = fee_book_exchange(book)};
  if (router->api != NULL)
    api_fees_changed(router->api);
}

/* A file that is wrong leaves the fees what they were. */
static void take_fees(struct router *router, int fd) {
  struct fee_book *book = NULL;
  int result = fees_read(fd, &book);
  close(fd);
  if (result == 0)
    use_fees(router, book);
  else
    log_error("fees were not taken", result);
}

static void take_control(struct router *router, const struct control_message *message) {
  if (strcmp(message->name, "http") == 0 && message->fd >= 0) {
    take_http(router, message->fd);
  } else if (strcmp(message->name, "vault") == 0 && message->fd >= 0) {
    take_vault(router, message->fd);
  } else if (strcmp(message->name, "notify") == 0 && message->fd >= 0) {
    take_notify(router, message->fd);
  } else if (strcmp(message->name, "fees") == 0 && message->fd >= 0) {
    take_fees(router, message->fd);
  } else if (strcmp(message->name, "api_key") == 0 && message->fd < 0) {
    int result = api_add_key(router->api, message->payload, message->length);
    if (result != 0)
      log_error("a key was not taken", result);
  } else {
    log_warn("unknown control message");
    if (message->fd >= 0)
      close(message->fd);
  }
}

static void control_ready(struct watch *watch, uint32_t events) {
  struct router *router = (struct router *)((char *)watch - offsetof(struct router, control));
  struct control_message message;
  int result;
  (void)events;
  while ((result = control_receive(CONTROL_FD, &message)) == 0)
    take_control(router, &message);
  sodium_memzero(&message, sizeof message);
  if (result == CONTROL_NOTHING)
    return;
  loop_forget(router->loop, watch);
  loop_stop(router->loop);
}

/* ---- Start and end ---- */

static int open_ledger(struct router *router, const char *data) {
  char path[PATH_CAPACITY];
  uint8_t key[LEDGER_KEY_BYTES];
  if (snprintf(path, sizeof path, "%s/ledger.key", data) >= (int)sizeof path)
    return -ENAMETOOLONG;
  int result = ledger_key_file(path, &system_draws, key);
  if (result != 0)
    return result;
  snprintf(path, sizeof path, "%s/ledger.mdb", data);
  result = ledger_file_check(path);
  if (result == 0)
    result = store_open_lmdb(path, ledger_tables, LEDGER_MAP_BYTES, &router->store);
  if (result == 0)
    result = ledger_open(router->store, key, &system_draws, &router->ledger);
  sodium_memzero(key, sizeof key);
  return result;
}

/* Without a table nothing is known of a card but its view; that is no reason to charge none. */
static void open_bins(struct router *router, const char *path) {
  int result = bin_table_open(path, &router->bins);
  if (result != 0) {
    router->bins = NULL;
    log_error("no BIN table", result);
  }
}

static int open_fees(struct router *router, const char *path) {
  struct fee_book *book = NULL;
  int result = fees_load(path, &book);
  if (result == 0)
    use_fees(router, book);
  return result;
}

static void round_end(void *context) {
  struct router *router = context;
  api_round_end(router->api);
}

static int open_api(struct router *router, const struct settings *settings) {
  struct api_options api = {.loop = router->loop,
                            .clock = &steady_clock,
                            .ledger = router->ledger,
                            .bins = router->bins,
                            .sheet = sheets_find,
                            .sheet_context = &router->sheets,
                            .fees = &router->fees,
                            .zone_offset = time_zone_offset,
                            .live = strcmp(settings->environment, "live") == 0};
  int result = 0;
  if (settings->webhook_retries != NULL)
    result = retry_schedule_read(settings->webhook_retries, &api.webhook_retries);
  char reason[HEALTH_REASON_CAPACITY]; /* `freeport up` has read the same text before, and said it */
  if (result == 0 && settings->health != NULL)
    result = health_limits_read(settings->health, &api.health, reason);
  if (result == 0)
    result = api_new(&api, &router->api);
  if (result != 0)
    return result;
  loop_on_round_end(router->loop, round_end, router);
  router->control = (struct watch){control_ready, CONTROL_FD};
  return loop_watch(router->loop, &router->control, EPOLLIN);
}

static const char *const readonly_paths[] = {TIME_ZONE_FOLDER, NULL};

static int start(struct router *router, const struct settings *settings) {
  json_object_seed(randombytes_random());
  int result = sheets_load(settings->sheets, &router->sheets);
  if (result == 0 && settings->fees != NULL)
    result = open_fees(router, settings->fees);
  if (result == 0)
    result = loop_new(&system_clock, &router->loop);
  if (result == 0)
    result = open_ledger(router, settings->data);
  if (result != 0)
    return result;
  open_bins(router, settings->bins);
  result = open_api(router, settings);
  return result == 0 ? jail_enter(JAIL_ROUTER, settings->data, readonly_paths) : result;
}

/* Finishes what is at hand, for at most DRAIN_MS. */
static int drain(struct router *router) {
  const struct clock *clock = &system_clock;
  int64_t end_us = clock->monotonic_us(clock->context) + DRAIN_MS * 1000LL;
  int result = 0, last = LAST_ROUNDS;
  api_drain(router->api);
  while (result == 0 && last > 0 && clock->monotonic_us(clock->context) < end_us) {
    if (api_waiting(router->api) == 0)
      last--;
    result = loop_round(router->loop, DRAIN_ROUND_MS);
  }
  return result;
}

static void end(struct router *router) {
  api_free(router->api);
  ledger_free(router->ledger);
  if (router->store != NULL)
    store_close(router->store);
  fee_book_free(router->fee_book);
  if (router->bins != NULL)
    bin_table_close(router->bins);
  if (router->loop != NULL)
    loop_free(router->loop);
}

int main(int count, char **arguments) {
  static struct router router;
  struct settings settings;
  if (count == 2 && strcmp(arguments[1], "--help") == 0) {
    print_help(stdout);
    return 0;
  }
  if (!read_options(count, arguments, &settings)) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  log_open("freeport-router");
  assert(outcome_lint() == NULL); /* no router that may try again what it must not */
  int result = jail_begin();
  if (result == 0 && sodium_init() < 0)
    result = -EIO;
  if (result == 0)
    result = start(&router, &settings);
  if (result == -EBADMSG)
    log_warn("ledger.mdb, its log or ledger.key was damaged, changed or lost; nothing is served");
  else if (result != 0 && result != -EPROTONOSUPPORT) /* that has been said */
    log_error("cannot start", result);
  if (result == 0)
    result = loop_run(router.loop);
  if (result == 0)
    result = drain(&router);
  end(&router);
  return result == 0 ? 0 : 1;
}
