#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store_lmdb.h"

const char *const ledger_tables[] = {
    [LEDGER_META] = "meta",
    [LEDGER_JOURNAL] = "journal",
    [LEDGER_PAYMENTS] = "payments",
    [LEDGER_IDEMPOTENCY] = "idempotency",
    [LEDGER_REFERENCES] = "references",
    [LEDGER_OPEN] = "open",
    [LEDGER_API_KEYS] = "api_keys",
    [LEDGER_POLICIES] = "policies",
    [LEDGER_CUSTOMERS] = "customers",
    [LEDGER_CUSTOMER_KEYS] = "customer_keys",
    [LEDGER_AGREEMENTS] = "agreements",
    [LEDGER_DRILLS] = "drills",
    [LEDGER_MOVEMENTS] = "movements",
    [LEDGER_ENDPOINTS] = "endpoints",
    [LEDGER_DELIVERIES] = "deliveries",
    [LEDGER_AWAITED] = "awaited",
    [LEDGER_CARD_USES] = "card_uses",
    [LEDGER_SCHEDULED] = "scheduled",
    [LEDGER_TABLE_COUNT] = NULL,
};

_Static_assert((int)LEDGER_TABLE_COUNT <= (int)STORE_TABLES_MAX, "the store has room for every table");

static const struct view head_key = {(const uint8_t *)"head", 4};
static const char schema_name[] = "schema";
enum { SCHEMA_BYTES = 2 };

_Static_assert(LEDGER_SCHEMA == 4, "the message names it");

/* A file of another schema is not read by guessing. */
static int schema_fits(struct view value) {
  struct reader reader = reader_over(value.bytes, value.length);
  uint16_t schema = read_u16(&reader);
  if (reader_finish(&reader) < 0)
    return -EBADMSG;
  if (schema == LEDGER_SCHEMA)
    return 0;
  log_warn_number("ledger.mdb is of another schema than this build reads, which is 4; nothing was changed: "
                  "start it with the build of Freeport that wrote it, or restore a backup made with this one",
                  "schema", schema);
  return -EPROTONOSUPPORT;
}

int ledger_file_check(const char *path) {
  uint8_t bytes[SCHEMA_BYTES];
  size_t length;
  struct view key = {(const uint8_t *)schema_name, sizeof schema_name - 1};
  int r = store_lmdb_peek(path, ledger_tables[LEDGER_META], key, bytes, sizeof bytes, &length);
  if (r != 0)
    return r < 0 ? r : 0;
  return length == sizeof bytes ? schema_fits((struct view){bytes, length}) : -EBADMSG;
}

static int check_schema(struct ledger *ledger) {
  struct view value;
  uint8_t bytes[SCHEMA_BYTES];
  int r = store_get(ledger->store, LEDGER_META, schema_name, sizeof schema_name - 1, &value);
  if (r < 0)
    return r;
  if (r == 0)
    return schema_fits(value);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  r = store_put(ledger->store, LEDGER_META, schema_name, sizeof schema_name - 1, bytes, sizeof bytes);
  return r < 0 ? r : store_commit(ledger->store);
}

static int load_head(struct ledger *ledger) {
  struct view value;
  int r = sealed_get(ledger, LEDGER_META, head_key, &value);
  if (r != 0)
    return r < 0 ? r : 0;
  struct reader reader = reader_over(value.bytes, value.length);
  struct audit_head head = {0};
  if (read_schema(&reader))
    read_audit_head(&reader, &head);
  r = reader_finish(&reader);
  if (r == 0)
    ledger->head = ledger->durable_head = head;
  return r;
}

static int load_sequence(struct ledger *ledger) {
  struct view key, value;
  int r = store_last(ledger->store, LEDGER_JOURNAL, NULL, 0, &key, &value);
  if (r < 0)
    return r;
  if (r == 0 && key.length != 8)
    return -EBADMSG;
  ledger->next_sequence = r == 0 ? row_number(key, 0) + 1 : 1;
  ledger->durable_sequence = ledger->next_sequence;
  return 0;
}

int ledger_open(struct store *store, const uint8_t key[LEDGER_KEY_BYTES], const struct draws *draws,
                struct ledger **ret_ledger) {
  struct ledger *ledger = calloc(1, sizeof *ledger);
  if (!ledger)
    return -ENOMEM;
  ledger->store = store;
  ledger->draws = *draws;
  memcpy(ledger->key, key, sizeof ledger->key);
  seals_open(ledger);
  int r = check_schema(ledger);
  if (r == 0)
    r = load_head(ledger);
  if (r == 0)
    r = load_sequence(ledger);
  if (r < 0) {
    ledger_free(ledger);
    return r;
  }
  *ret_ledger = ledger;
  return 0;
}

void ledger_free(struct ledger *ledger) {
  if (!ledger)
    return;
  sodium_memzero(ledger->key, sizeof ledger->key);
  sodium_memzero(ledger->seal_key, sizeof ledger->seal_key);
  sodium_memzero(ledger->sealing, sizeof ledger->sealing);
  free(ledger->policy_text);
  free(ledger);
}

struct store *ledger_store(struct ledger *ledger) {
  return ledger->store;
}

uint64_t ledger_durable(const struct ledger *ledger) {
  return ledger->durable_sequence - 1;
}

bool ledger_pending(const struct ledger *ledger) {
  return store_pending(ledger->store);
}

static bool head_moved(const struct ledger *ledger) {
  return ledger->head.sequence != ledger->durable_head.sequence;
}

static int put_head(struct ledger *ledger) {
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_audit_head(&writer, &ledger->head);
  int r = writer_finish(&writer);
  if (r < 0)
    return r;
  return sealed_put(ledger, LEDGER_META, head_key, bytes, writer_length(&writer));
}

void ledger_spoil(struct ledger *ledger, int error) {
  ledger->spoiled = error;
}

int ledger_commit(struct ledger *ledger) {
  int r = ledger->spoiled;
  if (r == 0 && head_moved(ledger))
    r = put_head(ledger);
  if (r == 0)
    r = store_commit(ledger->store);
  if (r < 0) {
    ledger_abandon(ledger);
    return r;
  }
  ledger->durable_sequence = ledger->next_sequence;
  ledger->durable_head = ledger->head;
  return 0;
}

/* The head is kept: the vault's chain is there whether we could write it down or not. */
void ledger_abandon(struct ledger *ledger) {
  store_abandon(ledger->store);
  ledger->spoiled = 0;
  ledger->next_sequence = ledger->durable_sequence;
}

void ledger_head_note(struct ledger *ledger, const struct audit_head *head) {
  if (head->sequence > ledger->head.sequence)
    ledger->head = *head;
}

struct audit_head ledger_head(const struct ledger *ledger) {
  return ledger->durable_head;
}
