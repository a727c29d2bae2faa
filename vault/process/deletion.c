#include "deletion.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "index.h"
#include "log.h"
#include "tables.h"
#include "tokens.h"
#include "vault.h"

enum {
  FORMAT = 1,
  TIME_BYTES = 8,
  NOTE_KEY_BYTES = TIME_BYTES + TOKEN_HASH_BYTES,
  SALT_BYTES = 8,
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  SEALED_BYTES = INDEX_ENTRY_BYTES + RECORD_TAG_BYTES,
  NOTE_BYTES = 1 + 4 + SALT_BYTES + SEALED_BYTES
};

/* A note's key: when it is due, then whose it is. */
static void note_key(int64_t destroy_ms, const uint8_t *token_hash, uint8_t ret_key[NOTE_KEY_BYTES]) {
  for (size_t i = 0; i < TIME_BYTES; i++)
    ret_key[i] = (uint8_t)((uint64_t)destroy_ms >> (8 * (TIME_BYTES - 1 - i)));
  memcpy(ret_key + TIME_BYTES, token_hash, TOKEN_HASH_BYTES);
}

static int64_t due_of(const uint8_t key[NOTE_KEY_BYTES]) {
  uint64_t due = 0;
  for (size_t i = 0; i < TIME_BYTES; i++)
    due = due << 8 | key[i];
  return (int64_t)due;
}

/* Which index entry a token rests on is known only while the token is at hand, and must not be readable in
 * the database: it would tell which tokens are of one card. */
static void note_secret(const struct merchant *merchant, uint8_t ret_key[KEY_BYTES]) {
  static const uint8_t context[] = "freeport deletion note";
  crypto_generichash(ret_key, KEY_BYTES, context, sizeof context, merchant->keys->index, KEY_BYTES);
}

static void note_nonce(const uint8_t *token_hash, const uint8_t *salt, uint8_t ret_nonce[NONCE_BYTES]) {
  memcpy(ret_nonce, token_hash, TOKEN_HASH_BYTES);
  memcpy(ret_nonce + TOKEN_HASH_BYTES, salt, SALT_BYTES);
}

static int put_note(struct vault *vault, const struct found_token *found,
                    const uint8_t entry[INDEX_ENTRY_BYTES]) {
  uint8_t key[NOTE_KEY_BYTES], bytes[NOTE_BYTES], secret[KEY_BYTES], nonce[NONCE_BYTES], salt[SALT_BYTES];
  note_key(found->record.deleted_ms + DELETION_WAIT_MS, found->names.hash, key);
  randombytes_buf(salt, sizeof salt);
  note_secret(found->merchant, secret);
  note_nonce(found->names.hash, salt, nonce);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u8(&writer, FORMAT);
  write_u32(&writer, found->merchant->number);
  write_bytes(&writer, salt, sizeof salt);
  crypto_aead_xchacha20poly1305_ietf_encrypt(writer.at, NULL, entry, INDEX_ENTRY_BYTES, key, sizeof key, NULL,
                                             nonce, secret);
  sodium_memzero(secret, sizeof secret);
  return store_put(vault->store, TABLE_DELETIONS, key, sizeof key, bytes, sizeof bytes);
}

static int open_note(const struct merchant *merchant, const uint8_t key[NOTE_KEY_BYTES],
                     const uint8_t bytes[NOTE_BYTES], uint8_t ret_entry[INDEX_ENTRY_BYTES]) {
  uint8_t secret[KEY_BYTES], nonce[NONCE_BYTES];
  const uint8_t *salt = bytes + 1 + 4;
  note_secret(merchant, secret);
  note_nonce(key + TIME_BYTES, salt, nonce);
  int r = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_entry, NULL, NULL, salt + SALT_BYTES, SEALED_BYTES,
                                                     key, NOTE_KEY_BYTES, nonce, secret);
  sodium_memzero(secret, sizeof secret);
  return r == 0 ? 0 : -EBADMSG;
}

/* The index entry of a token that is at hand; zero without an index. */
static int entry_of(const struct found_token *found, uint8_t ret_entry[INDEX_ENTRY_BYTES]) {
  memset(ret_entry, 0, INDEX_ENTRY_BYTES);
  if (!found->merchant->index_enabled)
    return 0;
  struct card card;
  struct index_names names;
  struct record_binding binding = token_binding(found);
  int r = record_open_card(&found->record, &binding, found->names.inner_key, &card);
  if (r < 0)
    return r;
  index_names_of(found->merchant->keys->index, found->merchant->id, card.number, &names);
  memcpy(ret_entry, names.entry, INDEX_ENTRY_BYTES);
  card_wipe(&card);
  sodium_memzero(&names, sizeof names);
  return 0;
}

static int audit_change(struct vault *vault, enum audit_kind kind, const struct deletion_actor *actor,
                        const uint8_t *merchant_id, const uint8_t *token_hash) {
  struct audit_record record = {
      .at_ms = vault_now_ms(vault), .kind = kind, .actor = actor->actor, .uid = actor->uid};
  record.merchant = id_from_bytes("mer", merchant_id);
  memcpy(record.token, token_hash, sizeof record.token);
  return audit_append(&vault->audit, &record);
}

static void end_codes(struct vault *vault, const struct found_token *found) {
  struct lease_owner owner;
  memcpy(owner.merchant, found->merchant->id, sizeof owner.merchant);
  memcpy(owner.token, found->names.hash, sizeof owner.token);
  lease_end_token(vault->leases, &owner);
}

static int delete_found(struct vault *vault, struct found_token *found, const struct deletion_actor *actor) {
  if (found->record.status == TOKEN_DELETED)
    return 0;
  uint8_t entry[INDEX_ENTRY_BYTES];
  int r = entry_of(found, entry);
  if (r < 0)
    return r;
  struct merchant *merchant = merchant_by_number(&vault->merchants, found->merchant->number);
  int64_t now = vault_now_ms(vault);
  if (!merchant_count_deletion(merchant, actor->actor == AUDIT_BY_OPERATOR, now)) {
    log_warn_id("alert: a merchant deletes more than its share of tokens", &merchant->text);
    return STATUS_LIMITED;
  }
  found->record.status = TOKEN_DELETED;
  found->record.deleted_ms = now;
  r = put_note(vault, found, entry);
  if (r == 0)
    r = token_put(vault, found);
  if (r == 0)
    r = audit_change(vault, AUDIT_TOKEN_DELETE, actor, found->merchant->id, found->names.hash);
  if (r == 0)
    end_codes(vault, found);
  return r;
}

int token_delete(struct vault *vault, const struct token_question *question,
                 const struct deletion_actor *actor, struct token_description *ret_description) {
  struct found_token found;
  int r = token_find(vault, &question->merchant, &question->token, &found);
  if (r != 0)
    return r;
  r = delete_found(vault, &found, actor);
  if (r == 0)
    token_describe(vault, &found, ret_description);
  token_found_wipe(&found);
  return r;
}

static int restore_found(struct vault *vault, struct found_token *found, const struct deletion_actor *actor) {
  if (found->record.status != TOKEN_DELETED)
    return 0;
  int64_t due = found->record.deleted_ms + DELETION_WAIT_MS;
  if (vault_now_ms(vault) >= due)
    return STATUS_NOT_FOUND;
  uint8_t key[NOTE_KEY_BYTES];
  note_key(due, found->names.hash, key);
  found->record.status = TOKEN_ACTIVE;
  found->record.deleted_ms = 0;
  int r = store_delete(vault->store, TABLE_DELETIONS, key, sizeof key);
  if (r == 0)
    r = token_put(vault, found);
  return r < 0 ? r : audit_change(vault, AUDIT_TOKEN_RESTORE, actor, found->merchant->id, found->names.hash);
}

int token_restore(struct vault *vault, const struct token_question *question,
                  const struct deletion_actor *actor, struct token_description *ret_description) {
  struct found_token found;
  int r = token_find(vault, &question->merchant, &question->token, &found);
  if (r != 0)
    return r;
  r = restore_found(vault, &found, actor);
  if (r == 0)
    token_describe(vault, &found, ret_description);
  token_found_wipe(&found);
  return r;
}

/* A note that does not open (someone changed it) loses its index entry's count, never the destruction. */
static int drop_from_index(struct vault *vault, const struct merchant *merchant,
                           const uint8_t key[NOTE_KEY_BYTES], const uint8_t bytes[NOTE_BYTES]) {
  uint8_t entry[INDEX_ENTRY_BYTES];
  if (open_note(merchant, key, bytes, entry) < 0) {
    log_warn("a deletion note does not open; the index keeps its entry");
    return 0;
  }
  int r =
      sodium_is_zero(entry, sizeof entry) ? 0 : index_drop_token(vault->store, entry, vault_now_ms(vault));
  sodium_memzero(entry, sizeof entry);
  return r == -EBADMSG ? 0 : r;
}

static int destroy(struct vault *vault, const uint8_t key[NOTE_KEY_BYTES], const uint8_t bytes[NOTE_BYTES]) {
  static const struct deletion_actor by_vault = {.actor = AUDIT_BY_VAULT};
  struct reader reader = reader_over(bytes + 1, sizeof(uint32_t));
  struct merchant *merchant = merchant_by_number(&vault->merchants, read_u32(&reader));
  const uint8_t *token_hash = key + TIME_BYTES;
  int r = store_delete(vault->store, TABLE_TOKENS, token_hash, TOKEN_HASH_BYTES);
  if (r == 0)
    r = store_delete(vault->store, TABLE_DELETIONS, key, NOTE_KEY_BYTES);
  if (r == 0 && merchant) {
    r = drop_from_index(vault, merchant, key, bytes);
    if (r == 0)
      r = audit_change(vault, AUDIT_TOKEN_DESTROY, &by_vault, merchant->id, token_hash);
    merchant_count_token(merchant, -1);
  }
  return r;
}

/* A row that is no note would keep all behind it from being destroyed. */
static int drop_damaged(struct vault *vault, struct view found) {
  uint8_t key[STORE_KEY_MAX];
  size_t length = found.length < sizeof key ? found.length : sizeof key;
  memcpy(key, found.bytes, length);
  log_warn("a damaged deletion note was dropped");
  return store_delete(vault->store, TABLE_DELETIONS, key, length);
}

int deletion_sweep(struct vault *vault, unsigned batch) {
  int64_t now = vault_now_ms(vault);
  for (unsigned i = 0; i < batch; i++) {
    struct view found_key, value;
    uint8_t key[NOTE_KEY_BYTES], bytes[NOTE_BYTES];
    int r = store_next(vault->store, TABLE_DELETIONS, NULL, 0, true, &found_key, &value);
    if (r < 0)
      return r;
    if (r == STORE_ABSENT)
      return (int)i;
    if (found_key.length != sizeof key || value.length != sizeof bytes) {
      if ((r = drop_damaged(vault, found_key)) < 0)
        return r;
      continue;
    }
    memcpy(key, found_key.bytes, sizeof key);
    memcpy(bytes, value.bytes, sizeof bytes);
    if (due_of(key) > now)
      return (int)i;
    if ((r = destroy(vault, key, bytes)) < 0)
      return r;
  }
  return (int)batch;
}
