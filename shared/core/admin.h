/* The messages of the vault's admin socket: what an operator's command line may ask (B12). */
#pragma once

#include "audit_record.h"
#include "channel.h"
#include "cursor.h"
#include "ids.h"
#include "router_vault.h"
#include "webhook_scheme.h"
#include <stdint.h>

enum admin_type {
  ADMIN_STATUS = 1,          /* -> sealed?, environment, counts, audit head */
  ADMIN_MERCHANT_ADD,        /* a merchant and its key of the first generation; done again is no error */
  ADMIN_PUBLISHABLE_KEY_ADD, /* the SHA-256 of a publishable key and its merchant; done again is no error */
  ADMIN_CONNECTOR_SET,       /* adds a connector, or changes one as a whole */
  ADMIN_CONNECTOR_STATUS,    /* active, draining, disabled */
  ADMIN_TOKEN_RESTORE,       /* undoes a deletion within its seven days */
  ADMIN_TOKEN_DELETE,        /* a deletion beyond the share that a merchant may delete alone */
  ADMIN_AUDIT_PAGE,          /* audit records from a sequence on, for `freeport audit verify` */
  ADMIN_CONNECTOR_NEXT, /* the connector after a name, credentials apart; STATUS_NOT_FOUND after the last */
  ADMIN_CONNECTOR_ACCOUNT, /* other account facts of a connector, all of them */
  ADMIN_LEDGER_ACCEPT      /* the router's ledger, older than the chain, is taken as it is */
};

enum {
  CREDENTIALS_MAX = 8,
  CREDENTIAL_NAME_CAPACITY = 33,
  CREDENTIAL_VALUE_CAPACITY = 513,
  BASE_URL_CAPACITY = 201,
  ENVIRONMENT_TEST = 1,
  ENVIRONMENT_LIVE = 2,
  AUDIT_PAGE_BYTES = 24576
};

struct vault_state { /* reply to ADMIN_STATUS */
  bool sealed;
  uint8_t environment;
  uint64_t tokens;
  struct audit_head head;
};

struct merchant_add {
  struct id merchant;
};

struct publishable_key_add {
  struct id merchant;
  uint8_t hash[32]; /* SHA-256 of the whole key text */
};

struct credential {
  char name[CREDENTIAL_NAME_CAPACITY]; /* as the sheet names it: api_key, merchant_account,
                                          processing_channel_id */
  char value[CREDENTIAL_VALUE_CAPACITY];
};

struct connector_set {
  struct connector_facts facts;     /* facts.sheet_hash is pinned; facts.status is ignored on a change */
  char base_url[BASE_URL_CAPACITY]; /* "": the sheet's own; else scheme://host[:port][/prefix], test
                                       environment only */
  struct webhook_signing signing;   /* how the sheet says that its webhooks are signed */
  uint8_t credential_count;
  struct credential credentials[CREDENTIALS_MAX];
};

struct connector_status_set {
  char name[CONNECTOR_NAME_CAPACITY];
  enum connector_status status;
};

struct connector_account_set {
  char name[CONNECTOR_NAME_CAPACITY];
  struct account_facts account;
};

/* Not a place for a card number: a reason with as many digits as the shortest has is refused. */
struct ledger_accept {
  char reason[AUDIT_REASON_CAPACITY]; /* printable, 1 to 100 characters, REASON_DIGITS_MAX of them digits */
};

enum { REASON_DIGITS_MAX = 12 };

struct connector_listing { /* reply to ADMIN_CONNECTOR_NEXT, which is asked by a connectors_question */
  struct connector_facts facts;
  char base_url[BASE_URL_CAPACITY]; /* "": the sheet's own */
  /* Since the vault's start: webhooks that the router took, and those refused, by reason. */
  uint32_t webhooks_taken, webhooks_without_secret, webhooks_wrongly_signed, webhooks_unreadable;
};

struct audit_question {
  uint64_t from; /* the first sequence wanted, 1 for the beginning */
};

struct audit_page {
  uint16_t count;
  bool more;
  uint32_t length; /* of bytes: for each record u16 length and the record of audit_record.h */
  uint8_t bytes[AUDIT_PAGE_BYTES];
};

void write_vault_state(struct writer *writer, const struct vault_state *state);
MUST_USE int read_vault_state(struct reader *reader, struct vault_state *ret_state);
void write_merchant_add(struct writer *writer, const struct merchant_add *add);
MUST_USE int read_merchant_add(struct reader *reader, struct merchant_add *ret_add);
void write_publishable_key_add(struct writer *writer, const struct publishable_key_add *add);
MUST_USE int read_publishable_key_add(struct reader *reader, struct publishable_key_add *ret_add);
/* Credentials as they stand in connector_set and in egress's messages: u8 count, then name and value of each.
 */
void write_credentials(struct writer *writer, const struct credential *credentials, uint8_t count);
/* Returns how many; 0 and a bad reader when there are too many, a name comes twice or a value is empty. */
uint8_t read_credentials(struct reader *reader, struct credential ret_credentials[CREDENTIALS_MAX]);
/* Whether url is scheme://host[:port][/prefix] with http or https, without user, query or a "/" at its end.
 */
bool base_url_holds(const char *url);
void write_connector_set(struct writer *writer, const struct connector_set *set);
MUST_USE int read_connector_set(struct reader *reader, struct connector_set *ret_set);
void write_connector_status_set(struct writer *writer, const struct connector_status_set *set);
MUST_USE int read_connector_status_set(struct reader *reader, struct connector_status_set *ret_set);
void write_connector_account_set(struct writer *writer, const struct connector_account_set *set);
MUST_USE int read_connector_account_set(struct reader *reader, struct connector_account_set *ret_set);
/* Whether text is such a reason. */
bool accept_reason_holds(const char *text);
void write_ledger_accept(struct writer *writer, const struct ledger_accept *accept);
MUST_USE int read_ledger_accept(struct reader *reader, struct ledger_accept *ret_accept);
void write_connector_listing(struct writer *writer, const struct connector_listing *listing);
MUST_USE int read_connector_listing(struct reader *reader, struct connector_listing *ret_listing);
void write_audit_question(struct writer *writer, const struct audit_question *question);
MUST_USE int read_audit_question(struct reader *reader, struct audit_question *ret_question);
void write_audit_page(struct writer *writer, const struct audit_page *page);
MUST_USE int read_audit_page(struct reader *reader, struct audit_page *ret_page);
