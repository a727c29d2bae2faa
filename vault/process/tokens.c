#include "tokens.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "card_rules.h"
#include "deletion.h"
#include "emptied.h"
#include "index.h"
#include "log.h"
#include "tables.h"
#include "vault.h"

struct record_binding token_binding(const struct found_token *found) {
  return (struct record_binding){.merchant_id = found->merchant->id,
                                 .token_hash = found->names.hash,
                                 .outer_key = merchant_record_key(found->merchant, found->record.generation)};
}

void token_found_wipe(struct found_token *found) {
  sodium_memzero(found, sizeof *found);
}

static int open_found(struct vault *vault, struct found_token *found) {
  struct sealed_record sealed;
  struct view bytes;
  int r = store_get(vault->store, TABLE_TOKENS, found->names.hash, sizeof found->names.hash, &bytes);
  if (r != 0)
    return r < 0 ? r : STATUS_NOT_FOUND;
  if (record_take(bytes, &sealed, &found->record) < 0)
    return -EBADMSG;
  if (found->record.merchant != found->merchant->number)
    return STATUS_NOT_FOUND;
  struct record_binding binding = token_binding(found);
  if (!binding.outer_key || found->record.environment != vault->environment)
    return -EBADMSG;
  return record_open(&sealed, &binding, &found->record);
}

int token_find_of(struct vault *vault, const struct merchant *merchant, const struct id *token,
                  struct found_token *ret_found) {
  ret_found->merchant = merchant;
  token_names_of(token, &ret_found->names);
  int r = open_found(vault, ret_found);
  if (r != 0)
    token_found_wipe(ret_found);
  return r;
}

int token_find(struct vault *vault, const struct id *merchant, const struct id *token,
               struct found_token *ret_found) {
  const struct merchant *owner = merchant_by_id(&vault->merchants, merchant);
  return owner ? token_find_of(vault, owner, token, ret_found) : STATUS_NOT_FOUND;
}

static bool is_expired(const struct vault *vault, const struct record *record) {
  return card_expired(record->view.exp_month, record->view.exp_year, vault_now_ms(vault));
}

enum status token_hindrance(const struct vault *vault, const struct found_token *found) {
  if (found->record.status == TOKEN_DELETED)
    return STATUS_DELETED;
  return is_expired(vault, &found->record) ? STATUS_EXPIRED : STATUS_DONE;
}

void token_describe(const struct vault *vault, const struct found_token *found,
                    struct token_description *ret_description) {
  const struct record *record = &found->record;
  *ret_description = (struct token_description){
      .status = record->status, .card = record->view, .created_ms = record->created_ms};
  ret_description->card.fingerprint = id_from_bytes("fpr", record->fingerprint);
  if (record->status == TOKEN_DELETED)
    ret_description->destroy_ms = record->deleted_ms + DELETION_WAIT_MS;
  else if (is_expired(vault, record))
    ret_description->status = TOKEN_EXPIRED;
}

int token_put(struct vault *vault, const struct found_token *found) {
  uint8_t bytes[RECORD_MAX];
  struct record_binding binding = token_binding(found);
  size_t length = record_write(&found->record, &binding, bytes);
  return store_put(vault->store, TABLE_TOKENS, found->names.hash, sizeof found->names.hash, bytes, length);
}

static bool acceptable(const struct vault *vault, const struct card *card, const struct card_code *code) {
  return card_number_acceptable(card->number) &&
         (vault->environment != ENVIRONMENT_TEST || card_number_is_test(card->number)) &&
         !card_expired(card->exp_month, card->exp_year, vault_now_ms(vault)) &&
         card_code_acceptable(code, card_network(card->number));
}

/* B11's limit, for a number that is new to this merchant or known to it. */
static int pass_limit(struct vault *vault, const struct found_token *made, bool is_new) {
  const struct merchant *merchant = made->merchant;
  int r =
      (is_new ? similar_note : similar_known)(vault->store, merchant->keys->index, merchant->id,
                                              &made->record.view, vault->similar_limit, vault_now_ms(vault));
  if (r == STATUS_LIMITED)
    log_warn_id("alert: too many new card numbers with the same first and last digits", &merchant->text);
  return r;
}

static void draw_fingerprint(uint8_t ret_fingerprint[FINGERPRINT_BYTES]) {
  struct id id = id_new_random("fpr");
  if (id_parse("fpr", id.text, ret_fingerprint) < 0)
    memset(ret_fingerprint, 0, FINGERPRINT_BYTES); /* cannot be: it was just made */
}

/* Enters a number that no token rests on, and with an index its entry, under the fingerprint it has. */
static int enter_number(struct vault *vault, const struct found_token *made, const struct index_names *names,
                        const struct id *token) {
  int r = pass_limit(vault, made, true);
  if (r != 0 || !names)
    return r;
  struct index_content content;
  memcpy(content.fingerprint, made->record.fingerprint, FINGERPRINT_BYTES);
  r = id_parse("tok", token->text, content.first_token);
  if (r == 0)
    r = index_put(vault->store, names, &content);
  sodium_memzero(&content, sizeof content);
  return r;
}

/* A number whose tokens were all destroyed keeps its fingerprint for a while (emptied.h). To B11's limit it
 * is new: nobody shall learn that it was here. */
static int enter_indexed(struct vault *vault, struct found_token *made, const struct index_names *names,
                         const struct id *token) {
  struct index_content content;
  uint32_t forget_day;
  int r = index_find(vault->store, names, &content, &forget_day);
  if (r < 0)
    return r;
  if (r == STORE_ABSENT) {
    draw_fingerprint(made->record.fingerprint);
    return enter_number(vault, made, names, token);
  }
  memcpy(made->record.fingerprint, content.fingerprint, FINGERPRINT_BYTES);
  sodium_memzero(&content, sizeof content);
  if (forget_day != 0) {
    r = enter_number(vault, made, names, token);
    return r != 0 ? r : emptied_cancel(vault->store, names->entry, forget_day);
  }
  r = pass_limit(vault, made, false);
  return r != 0 ? r : index_add_token(vault->store, names);
}

/* Finds or makes the fingerprint of the card's number. */
static int take_fingerprint(struct vault *vault, struct found_token *made, const struct card *card,
                            const struct id *token) {
  if (!made->merchant->index_enabled) {
    draw_fingerprint(made->record.fingerprint);
    return enter_number(vault, made, NULL, token);
  }
  struct index_names names;
  index_names_of(made->merchant->keys->index, made->merchant->id, card->number, &names);
  int r = enter_indexed(vault, made, &names, token);
  sodium_memzero(&names, sizeof names);
  return r;
}

static struct lease_owner owner_of(const struct found_token *found) {
  struct lease_owner owner;
  memcpy(owner.merchant, found->merchant->id, sizeof owner.merchant);
  memcpy(owner.token, found->names.hash, sizeof owner.token);
  return owner;
}

static int seal_and_put(struct vault *vault, struct found_token *made, const struct tokenize *tokenize,
                        const struct id *token) {
  struct record_binding binding = token_binding(made);
  record_seal_card(&made->record, &binding, made->names.inner_key, &tokenize->card);
  int r = take_fingerprint(vault, made, &tokenize->card, token);
  if (r == 0)
    r = escrow_commit_use(&vault->escrow);
  if (r != 0)
    return r;
  made->record.escrow_commit = vault->escrow.number;
  record_escrow(&made->record, &binding, made->names.inner_key, vault->escrow.key);
  return token_put(vault, made);
}

static int make(struct vault *vault, struct merchant *merchant, const struct tokenize *tokenize,
                struct found_token *made, struct tokenized *ret_tokenized) {
  struct id token = id_new_random("tok");
  *made = (struct found_token){.merchant = merchant,
                               .record = {.type = RECORD_TYPE_CARD,
                                          .environment = vault->environment,
                                          .generation = merchant->generation,
                                          .status = TOKEN_ACTIVE,
                                          .merchant = merchant->number,
                                          .created_ms = vault_now_ms(vault)}};
  token_names_of(&token, &made->names);
  int r = seal_and_put(vault, made, tokenize, &token);
  if (r != 0)
    return r;
  merchant_count_token(merchant, 1);
  if (tokenize->code.digits[0] != '\0') {
    struct lease_owner owner = owner_of(made);
    r = lease_with_card(vault->leases, &owner, &tokenize->code, vault_now_us(vault));
  }
  ret_tokenized->token = token;
  ret_tokenized->card = made->record.view;
  return r == 0 ? 0 : -EAGAIN; /* there was room before: cannot be */
}

int token_make(struct vault *vault, const struct tokenize *tokenize, struct tokenized *ret_tokenized) {
  struct merchant *merchant = merchant_by_publishable_key(&vault->merchants, tokenize->key_hash);
  if (!merchant)
    return STATUS_REFUSED;
  if (!acceptable(vault, &tokenize->card, &tokenize->code))
    return STATUS_INVALID;
  if (tokenize->code.digits[0] != '\0' && !leases_have_room(vault->leases, vault_now_us(vault)))
    return STATUS_BUSY;
  struct found_token made;
  int r = make(vault, merchant, tokenize, &made, ret_tokenized);
  token_found_wipe(&made);
  return r;
}

static int lease_code_of(struct vault *vault, const struct found_token *found, const struct card_code *code,
                         struct code_leased *ret_leased) {
  enum status hindrance = token_hindrance(vault, found);
  if (hindrance != STATUS_DONE)
    return hindrance;
  if (!card_code_acceptable(code, found->record.view.network))
    return STATUS_INVALID;
  uint8_t bytes[ID_RANDOM_BYTES];
  struct id id = id_new_random("cvc");
  struct lease_owner owner = owner_of(found);
  if (id_parse("cvc", id.text, bytes) < 0 ||
      lease_with_id(vault->leases, &owner, bytes, code, vault_now_us(vault)) == LEASES_FULL)
    return STATUS_BUSY;
  ret_leased->security_code = id;
  ret_leased->expires_ms = vault_now_ms(vault) + LEASE_SECONDS * INT64_C(1000);
  return 0;
}

int token_lease_code(struct vault *vault, const struct code_typed *typed, struct code_leased *ret_leased) {
  const struct merchant *merchant = merchant_by_publishable_key(&vault->merchants, typed->key_hash);
  if (!merchant)
    return STATUS_REFUSED;
  struct found_token found;
  int r = token_find_of(vault, merchant, &typed->token, &found);
  if (r != 0)
    return r;
  r = lease_code_of(vault, &found, &typed->code, ret_leased);
  token_found_wipe(&found);
  return r;
}

static int update_found(struct vault *vault, struct found_token *found, const struct token_update *update) {
  if (found->record.status == TOKEN_DELETED)
    return STATUS_DELETED;
  if (card_expired(update->exp_month, update->exp_year, vault_now_ms(vault)))
    return STATUS_INVALID;
  found->record.view.exp_month = update->exp_month;
  found->record.view.exp_year = update->exp_year;
  return token_put(vault, found);
}

int token_update(struct vault *vault, const struct token_update *update,
                 struct token_description *ret_description) {
  struct found_token found;
  int r = token_find(vault, &update->merchant, &update->token, &found);
  if (r != 0)
    return r;
  r = update_found(vault, &found, update);
  if (r == 0)
    token_describe(vault, &found, ret_description);
  token_found_wipe(&found);
  return r;
}
