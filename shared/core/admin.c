#include "admin.h"

#include <sodium.h>
#include <string.h>

#include "parts.h"

void write_vault_state(struct writer *writer, const struct vault_state *state) {
  write_bool(writer, state->sealed);
  write_u8(writer, state->environment);
  write_u64(writer, state->tokens);
  write_audit_head(writer, &state->head);
}

int read_vault_state(struct reader *reader, struct vault_state *ret_state) {
  struct vault_state state = {0};
  state.sealed = read_bool(reader);
  state.environment = read_enum(reader, ENVIRONMENT_LIVE + 1);
  state.tokens = read_u64(reader);
  read_audit_head(reader, &state.head);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_state = state;
  return r;
}

void write_merchant_add(struct writer *writer, const struct merchant_add *add) {
  write_id(writer, &add->merchant);
}

int read_merchant_add(struct reader *reader, struct merchant_add *ret_add) {
  struct merchant_add add = {0};
  read_id(reader, "mer", &add.merchant);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_add = add;
  return r;
}

void write_publishable_key_add(struct writer *writer, const struct publishable_key_add *add) {
  write_id(writer, &add->merchant);
  write_bytes(writer, add->hash, sizeof add->hash);
}

int read_publishable_key_add(struct reader *reader, struct publishable_key_add *ret_add) {
  struct publishable_key_add add = {0};
  read_id(reader, "mer", &add.merchant);
  read_bytes(reader, add.hash, sizeof add.hash);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_add = add;
  return r;
}

void write_credentials(struct writer *writer, const struct credential *credentials, uint8_t count) {
  write_u8(writer, count);
  for (size_t i = 0; i < count && i < CREDENTIALS_MAX; i++) {
    write_text(writer, credentials[i].name);
    write_text(writer, credentials[i].value);
  }
}

static void read_credential(struct reader *reader, struct credential *ret_credential) {
  read_name(reader, ret_credential->name, sizeof ret_credential->name);
  read_alphabet(reader, ALPHABET_PRINT, ret_credential->value, sizeof ret_credential->value);
  if (ret_credential->value[0] == '\0')
    reader->bad = true;
}

static bool named_twice(const struct credential *credentials, size_t count) {
  for (size_t i = 1; i < count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(credentials[i].name, credentials[j].name) == 0)
        return true;
    }
  }
  return false;
}

uint8_t read_credentials(struct reader *reader, struct credential ret_credentials[CREDENTIALS_MAX]) {
  uint8_t count = read_u8(reader);
  if (count > CREDENTIALS_MAX)
    reader->bad = true;
  for (size_t i = 0; !reader->bad && i < count; i++)
    read_credential(reader, &ret_credentials[i]);
  if (!reader->bad && named_twice(ret_credentials, count))
    reader->bad = true;
  return reader->bad ? 0 : count;
}

bool base_url_holds(const char *url) {
  size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
  if (!scheme || strnlen(url, BASE_URL_CAPACITY) >= BASE_URL_CAPACITY || !alphabet_holds(ALPHABET_REF, url))
    return false;
  const char *host = url + scheme;
  return *host != '\0' && *host != '/' && *host != ':' && strpbrk(host, "@?#\\\"<>") == NULL &&
         strstr(host, "/..") == NULL && url[strlen(url) - 1] != '/';
}

void write_connector_set(struct writer *writer, const struct connector_set *set) {
  write_connector_facts(writer, &set->facts);
  write_text(writer, set->base_url);
  write_u8(writer, (uint8_t)set->signing.scheme);
  write_u8(writer, set->signing.header);
  write_credentials(writer, set->credentials, set->credential_count);
}

static void read_signing(struct reader *reader, struct webhook_signing *ret_signing) {
  uint8_t scheme = read_u8(reader);
  ret_signing->scheme = (enum webhook_scheme)scheme;
  ret_signing->header = read_u8(reader);
  size_t headers = webhook_scheme_has_header(ret_signing->scheme) ? WEBHOOK_HEADERS : 1;
  if (scheme >= WEBHOOK_SCHEME_COUNT || ret_signing->header >= headers)
    reader->bad = true;
}

static void read_base_url(struct reader *reader, char ret_url[BASE_URL_CAPACITY]) {
  read_text(reader, ret_url, BASE_URL_CAPACITY);
  if (ret_url[0] != '\0' && !base_url_holds(ret_url))
    reader->bad = true;
}

int read_connector_set(struct reader *reader, struct connector_set *ret_set) {
  struct connector_set set = {0};
  read_connector_facts(reader, &set.facts);
  read_base_url(reader, set.base_url);
  read_signing(reader, &set.signing);
  set.credential_count = read_credentials(reader, set.credentials);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_set = set;
  sodium_memzero(&set, sizeof set);
  return r;
}

void write_connector_status_set(struct writer *writer, const struct connector_status_set *set) {
  write_text(writer, set->name);
  write_u8(writer, (uint8_t)set->status);
}

int read_connector_status_set(struct reader *reader, struct connector_status_set *ret_set) {
  struct connector_status_set set = {0};
  read_name(reader, set.name, sizeof set.name);
  set.status = (enum connector_status)read_enum(reader, CONNECTOR_DISABLED + 1);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_set = set;
  return r;
}

void write_connector_account_set(struct writer *writer, const struct connector_account_set *set) {
  write_text(writer, set->name);
  write_account_facts(writer, &set->account);
}

int read_connector_account_set(struct reader *reader, struct connector_account_set *ret_set) {
  struct connector_account_set set = {0};
  read_name(reader, set.name, sizeof set.name);
  read_account_facts(reader, &set.account);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_set = set;
  return r;
}

void write_connector_listing(struct writer *writer, const struct connector_listing *listing) {
  write_connector_facts(writer, &listing->facts);
  write_text(writer, listing->base_url);
  write_u32(writer, listing->webhooks_taken);
  write_u32(writer, listing->webhooks_without_secret);
  write_u32(writer, listing->webhooks_wrongly_signed);
  write_u32(writer, listing->webhooks_unreadable);
}

int read_connector_listing(struct reader *reader, struct connector_listing *ret_listing) {
  struct connector_listing listing = {0};
  read_connector_facts(reader, &listing.facts);
  read_base_url(reader, listing.base_url);
  listing.webhooks_taken = read_u32(reader);
  listing.webhooks_without_secret = read_u32(reader);
  listing.webhooks_wrongly_signed = read_u32(reader);
  listing.webhooks_unreadable = read_u32(reader);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_listing = listing;
  return r;
}

bool accept_reason_holds(const char *text) {
  size_t length = strlen(text), digits = 0;
  for (size_t i = 0; i < length; i++)
    digits += text[i] >= '0' && text[i] <= '9';
  return length > 0 && length < AUDIT_REASON_CAPACITY && digits <= REASON_DIGITS_MAX &&
         alphabet_holds(ALPHABET_PRINT, text);
}

void write_ledger_accept(struct writer *writer, const struct ledger_accept *accept) {
  write_text(writer, accept->reason);
}

int read_ledger_accept(struct reader *reader, struct ledger_accept *ret_accept) {
  struct ledger_accept accept = {0};
  read_alphabet(reader, ALPHABET_PRINT, accept.reason, sizeof accept.reason);
  if (!accept_reason_holds(accept.reason))
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_accept = accept;
  return r;
}

void write_audit_question(struct writer *writer, const struct audit_question *question) {
  write_u64(writer, question->from);
}

int read_audit_question(struct reader *reader, struct audit_question *ret_question) {
  struct audit_question question = {.from = read_u64(reader)};
  if (question.from == 0)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_question = question;
  return r;
}

void write_audit_page(struct writer *writer, const struct audit_page *page) {
  write_u16(writer, page->count);
  write_bool(writer, page->more);
  write_u32(writer, page->length);
  write_bytes(writer, page->bytes, page->length);
}

int read_audit_page(struct reader *reader, struct audit_page *ret_page) {
  uint16_t count = read_u16(reader);
  bool more = read_bool(reader);
  uint32_t length = read_u32(reader);
  const uint8_t *bytes = read_view(reader, length);
  if (length > AUDIT_PAGE_BYTES)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r < 0)
    return r;
  *ret_page = (struct audit_page){.count = count, .more = more, .length = length};
  if (length)
    memcpy(ret_page->bytes, bytes, length);
  return 0;
}
