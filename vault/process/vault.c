#include "vault.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store_lmdb.h"
#include "sweeper.h"
#include "tables.h"

enum {
  FORMAT = 1,
  WRAPPED_COUNT = 2, /* the connectors' key, the escrow key */
  META_BYTES = 2 + WRAPPED_COUNT * (KEY_LABEL_BYTES + WRAPPED_KEY_BYTES)
};

static const char META_KEY[] = "vault";

int64_t vault_now_ms(const struct vault *vault) {
  return vault->clock->now_ms(vault->clock->context);
}

int64_t vault_now_us(const struct vault *vault) {
  return vault->clock->monotonic_us(vault->clock->context);
}

_Static_assert(FORMAT == 1, "the message names it");

/* A file of another format is not read by guessing. */
static bool format_fits(uint8_t format) {
  if (format != FORMAT)
    log_warn_number(
        "vault.mdb is of another format than this build reads, which is 1; nothing was changed: "
        "start it with the build of Freeport that wrote it, or restore a backup made with this one",
        "format", format);
  return format == FORMAT;
}

int vault_file_check(const char *path) {
  uint8_t format;
  size_t length;
  struct view key = {(const uint8_t *)META_KEY, strlen(META_KEY)};
  int r = store_lmdb_peek(path, vault_tables[TABLE_META], key, &format, sizeof format, &length);
  if (r != 0)
    return r < 0 ? r : 0;
  if (length == 0)
    return -EBADMSG;
  return format_fits(format) ? 0 : -EPROTONOSUPPORT;
}

static int read_meta(struct store *store, struct view *ret_value) {
  return store_get(store, TABLE_META, META_KEY, strlen(META_KEY), ret_value);
}

int vault_is_new(struct store *store, bool *ret_new) {
  struct view value;
  int r = read_meta(store, &value);
  if (r < 0)
    return r;
  *ret_new = r == STORE_ABSENT;
  return 0;
}

static int write_wrapped(struct vault *vault, enum key_purpose purpose, const uint8_t key[KEY_BYTES],
                         struct writer *writer) {
  struct key_label label = {.purpose = purpose,
                            .environment = vault->environment,
                            .generation = 1,
                            .created_ms = vault_now_ms(vault)};
  uint8_t bytes[KEY_LABEL_BYTES], wrapped[WRAPPED_KEY_BYTES];
  int r = vault->provider.wrap(vault->provider.context, &label, key, wrapped);
  key_label_write(&label, bytes);
  write_bytes(writer, bytes, sizeof bytes);
  write_bytes(writer, wrapped, sizeof wrapped);
  return r;
}

static int read_wrapped(const struct vault *vault, enum key_purpose purpose, struct reader *reader,
                        uint8_t *ret_key) {
  struct key_label label;
  const uint8_t *bytes = read_view(reader, KEY_LABEL_BYTES);
  const uint8_t *wrapped = read_view(reader, WRAPPED_KEY_BYTES);
  if (!bytes || !wrapped || key_label_read(bytes, &label) < 0)
    return -EBADMSG;
  if (label.purpose != purpose || label.environment != vault->environment)
    return -EKEYREJECTED;
  int r = vault->provider.unwrap(vault->provider.context, &label, wrapped, ret_key);
  return r == -EBADMSG ? -EKEYREJECTED : r;
}

static int make_meta(struct vault *vault, const uint8_t escrow_public[KEY_BYTES], uint8_t *connectors_key) {
  uint8_t bytes[META_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u8(&writer, FORMAT);
  write_u8(&writer, vault->environment);
  randombytes_buf(connectors_key, KEY_BYTES);
  int r = write_wrapped(vault, KEY_CONNECTORS, connectors_key, &writer);
  if (r == 0)
    r = write_wrapped(vault, KEY_ESCROW_PUBLIC, escrow_public, &writer);
  if (r == 0)
    r = store_put(vault->store, TABLE_META, META_KEY, strlen(META_KEY), bytes, sizeof bytes);
  return r < 0 ? r : store_commit(vault->store);
}

/* An escrow key put in the place of the custodians' would read every card from then on: the one that the
 * vault began with is remembered under the root key. */
static int check_meta(struct vault *vault, struct view meta, const uint8_t escrow_public[KEY_BYTES],
                      uint8_t *connectors_key) {
  struct reader reader = reader_over(meta.bytes, meta.length);
  uint8_t format = read_u8(&reader);
  uint8_t environment = read_u8(&reader);
  if (!format_fits(format))
    return -EPROTONOSUPPORT;
  if (environment != vault->environment)
    return -EKEYREJECTED;
  uint8_t remembered[KEY_BYTES];
  int r = read_wrapped(vault, KEY_CONNECTORS, &reader, connectors_key);
  if (r == 0)
    r = read_wrapped(vault, KEY_ESCROW_PUBLIC, &reader, remembered);
  if (r == 0 && sodium_memcmp(remembered, escrow_public, KEY_BYTES) != 0)
    r = -EKEYREJECTED;
  return r;
}

static int load_meta(struct vault *vault, const struct vault_options *options) {
  uint8_t *connectors_key = arena_take(options->arena, KEY_BYTES);
  if (!connectors_key)
    return -ENOMEM;
  vault->connectors.key = connectors_key;
  struct view meta;
  int r = read_meta(vault->store, &meta);
  if (r < 0)
    return r;
  return r == STORE_ABSENT ? make_meta(vault, options->escrow_public, connectors_key)
                           : check_meta(vault, meta, options->escrow_public, connectors_key);
}

static int load_parts(struct vault *vault, const struct vault_options *options) {
  vault->merchants.store = vault->connectors.store = vault->store;
  vault->merchants.environment = vault->connectors.environment = vault->environment;
  vault->merchants.provider = &vault->provider;
  int r = load_meta(vault, options);
  if (r == 0)
    r = merchants_load(&vault->merchants, options->arena);
  if (r == 0)
    r = connectors_load(&vault->connectors, options->arena);
  if (r == 0)
    r = audit_load(&vault->audit, vault->store);
  if (r == 0)
    r = escrow_commit_load(&vault->escrow, vault->store, options->arena, options->escrow_public);
  if (r == 0)
    r = escrow_commit_prepare(&vault->escrow);
  if (r == 0)
    r = leases_new(options->arena, LEASES_MAX, &vault->leases);
  if (r == 0)
    r = dispatches_new(&vault->dispatches, vault, options->arena);
  if (r == 0)
    r = sweeper_begin(vault);
  return r;
}

static void on_lease_due(struct timer *timer) {
  struct vault *vault = (struct vault *)(void *)((char *)timer - offsetof(struct vault, lease_timer));
  vault_set_lease_timer(vault);
}

void vault_set_lease_timer(struct vault *vault) {
  int64_t now = vault_now_us(vault);
  int64_t next = leases_expire(vault->leases, now);
  if (next < 0 || vault->lease_timer.index != 0)
    return;
  vault->lease_timer.due = on_lease_due;
  if (loop_set_timer(vault->loop, &vault->lease_timer, next - now) < 0)
    log_warn("no timer for security codes; they die at the next request");
}

int vault_new(const struct vault_options *options, struct vault **ret_vault) {
  if (options->environment != ENVIRONMENT_TEST && (!options->provider.live || options->similar_limit == 0))
    return -EPERM;
  struct vault *vault = calloc(1, sizeof *vault);
  if (!vault)
    return -ENOMEM;
  vault->store = options->store;
  vault->loop = options->loop;
  vault->clock = options->clock;
  vault->provider = options->provider;
  vault->environment = options->environment;
  vault->similar_limit = options->similar_limit;
  peers_begin(vault);
  webhooks_begin(&vault->webhooks, vault);
  int r = load_parts(vault, options);
  if (r < 0) {
    vault_free(vault);
    return r;
  }
  loop_on_round_end(vault->loop, round_end, vault);
  *ret_vault = vault;
  return 0;
}

void vault_free(struct vault *vault) {
  peers_end(vault);
  loop_on_round_end(vault->loop, NULL, NULL);
  webhooks_end(&vault->webhooks, vault);
  loop_clear_timer(vault->loop, &vault->sweeper.timer);
  loop_clear_timer(vault->loop, &vault->lease_timer);
  store_abandon(vault->store);
  dispatches_free(&vault->dispatches);
  leases_free(vault->leases);
  sodium_memzero(vault, sizeof *vault);
  free(vault);
}
