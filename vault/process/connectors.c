#include "connectors.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "tables.h"

enum {
  FORMAT = 3,
  FORMAT_WITHOUT_ACCOUNT = 2, /* as earlier builds wrote it */
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  PLAIN_MAX = 8192,
  SEALED_MAX = 1 + NONCE_BYTES + PLAIN_MAX + TAG_BYTES,
  BOUND_MAX = 2 + CONNECTOR_NAME_CAPACITY
};

_Static_assert(sizeof(struct connector_set) + 64 < PLAIN_MAX, "a connector fits");

/* What binds an entry: its format, environment and name. */
static size_t bind(const struct connectors *connectors, uint8_t format, const char *name,
                   uint8_t ret_bound[BOUND_MAX]) {
  memset(ret_bound, 0, BOUND_MAX);
  ret_bound[0] = format;
  ret_bound[1] = connectors->environment;
  memcpy(ret_bound + 2, name, strlen(name));
  return BOUND_MAX;
}

static bool format_known(uint8_t format) {
  return format == FORMAT || format == FORMAT_WITHOUT_ACCOUNT;
}

/* Nothing was known of an account then: writes just that before the rest. Returns its length. */
static size_t facts_before(uint8_t format, uint8_t ret_plain[ACCOUNT_FACTS_BYTES_MAX]) {
  static const struct account_facts none;
  struct writer writer = writer_over(ret_plain, ACCOUNT_FACTS_BYTES_MAX);
  if (format == FORMAT_WITHOUT_ACCOUNT)
    write_account_facts(&writer, &none);
  return writer_length(&writer);
}

static int open_entry(struct connectors *connectors, const char *name, struct view bytes,
                      struct connector_set *ret_set) {
  uint8_t bound[BOUND_MAX], plain[ACCOUNT_FACTS_BYTES_MAX + PLAIN_MAX];
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes.length > SEALED_MAX ||
      !format_known(bytes.bytes[0]))
    return -EBADMSG;
  size_t sealed = bytes.length - 1 - NONCE_BYTES, before = facts_before(bytes.bytes[0], plain);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain + before, NULL, NULL, bytes.bytes + 1 + NONCE_BYTES,
                                                 sealed, bound, bind(connectors, bytes.bytes[0], name, bound),
                                                 bytes.bytes + 1, connectors->key) != 0)
    return -EBADMSG;
  struct reader reader = reader_over(plain, before + sealed - TAG_BYTES);
  int r = read_connector_set(&reader, ret_set);
  sodium_memzero(plain, before + sealed - TAG_BYTES);
  return r;
}

static size_t place_of(const struct connectors *connectors, const char *name) {
  size_t place = 0;
  while (place < connectors->count && strcmp(connectors->facts[place].name, name) < 0)
    place++;
  return place;
}

const struct connector_facts *connector_by_name(const struct connectors *connectors, const char *name) {
  size_t place = place_of(connectors, name);
  bool found = place < connectors->count && strcmp(connectors->facts[place].name, name) == 0;
  return found ? &connectors->facts[place] : NULL;
}

static int hold(struct connectors *connectors, const struct connector_facts *facts) {
  size_t place = place_of(connectors, facts->name);
  struct connector_facts *at = &connectors->facts[place];
  if (place < connectors->count && strcmp(at->name, facts->name) == 0) {
    *at = *facts;
    return 0;
  }
  if (connectors->count == REGISTERED_MAX)
    return STATUS_LIMITED;
  memmove(at + 1, at, (connectors->count - place) * sizeof *at);
  *at = *facts;
  connectors->count++;
  return 0;
}

static int load_entry(struct connectors *connectors, struct view key, struct view value,
                      char name[CONNECTOR_NAME_CAPACITY]) {
  if (key.length == 0 || key.length >= CONNECTOR_NAME_CAPACITY)
    return -EBADMSG;
  memset(name, 0, CONNECTOR_NAME_CAPACITY);
  memcpy(name, key.bytes, key.length);
  int r = open_entry(connectors, name, value, connectors->scratch);
  if (r == 0)
    r = strcmp(connectors->scratch->facts.name, name) == 0 ? hold(connectors, &connectors->scratch->facts)
                                                           : -EBADMSG;
  connector_close(connectors);
  return r > 0 ? -EBADMSG : r;
}

int connectors_reload(struct connectors *connectors) {
  char name[CONNECTOR_NAME_CAPACITY] = {0};
  connectors->count = 0;
  for (;;) {
    struct view key, value;
    int r = store_next(connectors->store, TABLE_CONNECTORS, name, strlen(name), false, &key, &value);
    if (r != 0)
      return r < 0 ? r : 0;
    if ((r = load_entry(connectors, key, value, name)) < 0)
      return r;
  }
}

int connectors_load(struct connectors *connectors, struct arena *arena) {
  connectors->scratch = arena_take(arena, sizeof *connectors->scratch);
  return connectors->scratch ? connectors_reload(connectors) : -ENOMEM;
}

int connector_open(struct connectors *connectors, const char *name, struct connector_set **ret_set) {
  struct view value;
  int r = store_get(connectors->store, TABLE_CONNECTORS, name, strlen(name), &value);
  if (r == STORE_ABSENT)
    return STATUS_NOT_FOUND;
  if (r == 0)
    r = open_entry(connectors, name, value, connectors->scratch);
  if (r == 0)
    *ret_set = connectors->scratch;
  return r;
}

void connector_close(struct connectors *connectors) {
  sodium_memzero(connectors->scratch, sizeof *connectors->scratch);
}

static int put_entry(struct connectors *connectors, const struct connector_set *set) {
  uint8_t bytes[SEALED_MAX], bound[BOUND_MAX], plain[PLAIN_MAX];
  struct writer writer = writer_over(plain, sizeof plain);
  write_connector_set(&writer, set);
  int r = writer_finish(&writer);
  if (r < 0)
    return r;
  size_t length = writer_length(&writer);
  bytes[0] = FORMAT;
  randombytes_buf(bytes + 1, NONCE_BYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + 1 + NONCE_BYTES, NULL, plain, length, bound,
                                             bind(connectors, FORMAT, set->facts.name, bound), NULL,
                                             bytes + 1, connectors->key);
  sodium_memzero(plain, length);
  return store_put(connectors->store, TABLE_CONNECTORS, set->facts.name, strlen(set->facts.name), bytes,
                   1 + NONCE_BYTES + length + TAG_BYTES);
}

/* Keeps the connector in the scratch, and closes it. */
static int put_opened(struct connectors *connectors, const struct connector_set *set) {
  int r = hold(connectors, &set->facts);
  if (r == 0)
    r = put_entry(connectors, set);
  connector_close(connectors);
  return r;
}

int connector_put(struct connectors *connectors, const struct connector_set *set) {
  bool live = connectors->environment == ENVIRONMENT_LIVE;
  if (live && (set->base_url[0] != '\0' || set->facts.settling_ms != 0))
    return STATUS_INVALID;
  const struct connector_facts *present = connector_by_name(connectors, set->facts.name);
  struct connector_set *changed = connectors->scratch;
  *changed = *set;
  if (present)
    changed->facts.status = present->status;
  return put_opened(connectors, changed);
}

int connector_set_status(struct connectors *connectors, const char *name, enum connector_status status) {
  struct connector_set *set;
  int r = connector_open(connectors, name, &set);
  if (r != 0)
    return r;
  set->facts.status = status;
  return put_opened(connectors, set);
}

int connector_set_account(struct connectors *connectors, const char *name,
                          const struct account_facts *account) {
  struct connector_set *set;
  int r = connector_open(connectors, name, &set);
  if (r != 0)
    return r;
  set->facts.account = *account;
  return put_opened(connectors, set);
}

static size_t place_after(const struct connectors *connectors, const char *name) {
  size_t place = place_of(connectors, name);
  bool there = place < connectors->count && strcmp(connectors->facts[place].name, name) == 0;
  return there ? place + 1 : place;
}

int connector_next(struct connectors *connectors, const char *after, struct connector_listing *ret_listing) {
  size_t place = place_after(connectors, after);
  struct connector_set *set;
  if (place == connectors->count)
    return STATUS_NOT_FOUND;
  int r = connector_open(connectors, connectors->facts[place].name, &set);
  if (r != 0)
    return r;
  *ret_listing = (struct connector_listing){.facts = set->facts};
  memcpy(ret_listing->base_url, set->base_url, sizeof ret_listing->base_url);
  connector_close(connectors);
  return 0;
}

void connectors_page_after(const struct connectors *connectors, const char *after,
                           struct connectors_page *ret_page) {
  size_t place = place_after(connectors, after);
  size_t left = connectors->count - place;
  ret_page->count = (uint8_t)(left < CONNECTORS_PER_PAGE ? left : CONNECTORS_PER_PAGE);
  ret_page->more = left > CONNECTORS_PER_PAGE;
  memcpy(ret_page->facts, &connectors->facts[place], ret_page->count * sizeof ret_page->facts[0]);
}
