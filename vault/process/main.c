/* freeport-vault.
 *
 * SECURITY: this process holds every key and every card. It speaks on the sockets that its supervisor hands
 * it and on no other, opens no network socket, executes nothing, and reads and writes its own data directory
 * alone (seccomp and Landlock, jail.h). What each peer may ask is one table (surface.c). It trusts the
 * supervisor for which descriptor is whose, egress not to keep cards in flight, the router for nothing but
 * that it may charge, and collect for nothing. All input is parsed by vault/protocol and shared/core into
 * structs of fixed size; malformed input ends the connection that it came on. */
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "control.h"
#include "entropy.h"
#include "escrow.h"
#include "jail.h"
#include "log.h"
#include "options.h"
#include "provider_file.h"
#include "store_lmdb.h"
#include "tables.h"
#include "vault.h"

enum { EXIT_WRONG_USAGE = 64, PATH_BYTES = 4096 };

/* Address space, not memory or disk: ten million cards take a tenth of it. */
#define MAP_BYTES ((size_t)64 << 30)

struct process {
  struct vault_settings settings;
  struct arena *arena;
  struct store *store;
  struct loop *loop;
  struct vault *vault;
  struct watch control;
  int result; /* what main() returns */
  bool said;  /* why it ends */
};

static int open_store(struct process *process) {
  char path[PATH_BYTES];
  int length = snprintf(path, sizeof path, "%s/vault.mdb", process->settings.data);
  if (length < 0 || (size_t)length >= sizeof path)
    return -ENAMETOOLONG;
  int r = vault_file_check(path);
  return r < 0 ? r : store_open_lmdb(path, vault_tables, MAP_BYTES, &process->store);
}

/* Keys are made together with a new store and never for one that exists: that would be to lose its own. */
static int open_keys(struct process *process, struct vault_options *options) {
  const struct vault_settings *settings = &process->settings;
  int64_t now = system_clock.now_ms(system_clock.context);
  bool is_new;
  int r = vault_is_new(process->store, &is_new);
  if (r == 0)
    r = provider_file_open(settings->data, settings->environment, is_new, now, process->arena,
                           &options->provider);
  if (r == 0)
    r = escrow_open(settings->data, settings->environment, is_new, now, options->escrow_public);
  return r;
}

/* The last line of the log is what `freeport up` shows. Returns whether there was something to say. */
static bool say_why_closed(const struct process *process, int error) {
  switch (error) {
  case -ENOENT:
    if (!process->store) /* the directory */
      return false;
    log_warn("vault.mdb exists, but root.key or escrow.pub is missing; they are not made anew");
    return true;
  case -EKEYREJECTED:
    log_warn("the keys and vault.mdb do not belong together, or are of another environment");
    return true;
  case -EBADMSG:
    log_warn("vault.mdb, its log or a key file was damaged, changed or lost; nothing is served");
    return true;
  case -EPROTONOSUPPORT: /* vault_file_check() has */
    return true;
  default:
    return false;
  }
}

static int open_vault(struct process *process) {
  struct vault_options options = {.loop = process->loop,
                                  .clock = &system_clock,
                                  .arena = process->arena,
                                  .environment = process->settings.environment,
                                  .similar_limit = process->settings.similar_limit};
  int r = open_store(process);
  options.store = process->store;
  if (r == 0)
    r = open_keys(process, &options);
  if (r == 0)
    r = vault_new(&options, &process->vault);
  process->said = r < 0 && say_why_closed(process, r);
  return r;
}

static int start(struct process *process) {
  int r = arena_new(VAULT_ARENA_BYTES, &process->arena);
  if (r < 0)
    log_warn("no locked memory; raise RLIMIT_MEMLOCK to 8 MiB");
  if (r == 0)
    r = entropy_begin(process->arena);
  if (r == 0 && sodium_init() < 0)
    r = -EIO;
  if (r == 0)
    r = loop_new(&system_clock, &process->loop);
  if (r == 0)
    r = open_vault(process);
  return r;
}

static void end(struct process *process, int result) {
  process->result = result;
  loop_stop(process->loop);
}

/* The descriptor is the role. */
static int connect_peer(struct process *process, const struct control_message *message) {
  static const struct {
    const char *name;
    enum role role;
  } NAMES[] = {
      {"collect", ROLE_COLLECT}, {"router", ROLE_ROUTER}, {"egress", ROLE_EGRESS}, {"hooks", ROLE_HOOKS}};
  if (strcmp(message->name, "admin") == 0)
    return peers_listen(process->vault, message->fd);
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    if (strcmp(message->name, NAMES[i].name) == 0)
      return peer_connect(process->vault, NAMES[i].role, message->fd);
  }
  close(message->fd);
  return -EINVAL;
}

static void on_control(struct watch *watch, uint32_t events) {
  (void)events;
  struct process *process = (struct process *)(void *)((char *)watch - offsetof(struct process, control));
  struct control_message message;
  int r;
  while ((r = control_receive(CONTROL_FD, &message)) == 0) {
    int refused = message.fd >= 0 ? connect_peer(process, &message) : 0;
    if (refused < 0)
      log_error("a descriptor of the supervisor was refused", refused);
  }
  if (r < 0) {
    if (r != -ECONNRESET)
      log_error("control line", r);
    end(process, r == -ECONNRESET ? EXIT_SUCCESS : EXIT_FAILURE);
  }
}

static int serve(struct process *process) {
  process->control = (struct watch){.ready = on_control, .fd = CONTROL_FD};
  int r = loop_watch(process->loop, &process->control, EPOLLIN);
  if (r == 0)
    r = jail_enter(JAIL_VAULT, process->settings.data, NULL);
  if (r == 0)
    r = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  return r < 0 ? r : loop_run(process->loop);
}

static void stop(struct process *process) {
  if (process->vault)
    vault_free(process->vault);
  if (process->store)
    store_close(process->store);
  loop_free(process->loop);
  /* The arena stays: it is libsodium's randomness until the end, and the kernel clears it then. */
}

int main(int argc, char **argv) {
  static struct process process;
  const char *reason;
  int r = jail_begin();
  log_open("freeport-vault");
  switch (vault_options_read(argc, argv, &process.settings, &reason)) {
  case OPTIONS_HELP:
    fputs(vault_options_help(), stdout);
    return EXIT_SUCCESS;
  case OPTIONS_WRONG:
    fprintf(stderr, "freeport-vault: %s; see --help\n", reason);
    return EXIT_WRONG_USAGE;
  }
  if (r == 0 && process.settings.environment == ENVIRONMENT_LIVE) {
    fputs("freeport-vault: a live environment needs a root key of custodians or of an HSM; this build has "
          "the file "
          "provider alone, which serves --environment test\n",
          stderr);
    return EXIT_FAILURE;
  }
  if (r == 0)
    r = start(&process);
  if (r == 0)
    r = serve(&process);
  if (r < 0 && !process.said)
    log_error("freeport-vault cannot go on", r);
  stop(&process);
  return r < 0 ? EXIT_FAILURE : process.result;
}
