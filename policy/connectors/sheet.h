/* A connector sheet: what a PSP is, as data. Bytes become a struct sheet here,
 * checked against the schema and linted; a sheet that breaks a rule never becomes one. The router reads its
 * facts, egress renders requests and reads answers by it. README.md is the reference of the format. */
#pragma once

#include "operations.h"
#include "result.h"
#include "router_vault.h"
#include "webhook_scheme.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SHEET_BYTES_MAX = 131072, /* a sheet is at most so long */
  SHEET_CREDENTIALS_MAX = 8 /* named values that a connector brings: keys and accounts */
};

/* How one may ask later what became of a request. */
enum question {
  QUESTION_NONE,   /* not at all: a webhook or a person ends it */
  QUESTION_STATUS, /* by OPERATION_STATUS */
  QUESTION_REPLAY  /* by the same dispatch again, inside the key's lifetime (P2) */
};

/* What the router needs to know of a PSP. */
struct sheet_facts {
  char name[SHEET_NAME_CAPACITY];
  bool operations[OPERATION_COUNT]; /* which are offered */
  enum question question;           /* for authorize, charge, verify */
  enum question movement_question;  /* for capture, void, refund */
  bool absent_is_proof; /* an ANSWER_IS_ABSENT for an attempt proves, after settling_ms, that nothing was made
                         */
  bool movement_absent_is_proof; /* likewise for a movement */
  bool several_captures;         /* an authorization may be captured in several parts (final: false) */
  bool voids_rest;               /* after a part of it was captured so, a void releases what is left */
  bool received_is_asked;        /* the movement question also tells when what was `received` is final */
  uint32_t settling_ms;          /* how long after the dispatch a request may still come into being */
  uint32_t first_question_ms;    /* the first question comes so long after an outcome got lost, the next ones
                                    at doubled waits; 0: the router's own default, as below */
  uint32_t last_question_ms;     /* until they are so far apart */
  uint32_t key_lifetime_s;       /* how long the PSP keeps an idempotency key */
};

/* What is wrong with a sheet: a line of it (1 for the first) and a fixed text, never the sheet's own. */
struct sheet_error {
  unsigned line;
  const char *reason; /* static */
};

struct sheet;

/* Reads and lints length bytes of YAML. Returns 0 with *ret_sheet, which the caller frees with sheet_free();
 * -EINVAL with *ret_error (may be NULL) when it is no acceptable sheet; -ENOMEM. */
MUST_USE int sheet_parse(const void *bytes, size_t length, struct sheet **ret_sheet,
                         struct sheet_error *ret_error);
/* NULL is allowed. */
void sheet_free(struct sheet *sheet);
/* The sheet's own name ("stripe"). Borrowed. */
const char *sheet_name(const struct sheet *sheet);
/* The host that requests go to when no base URL is given. Borrowed. */
const char *sheet_host(const struct sheet *sheet);
/* The credentials that a connector with this sheet needs, by number from 0: the name, and whether it is
 * secret and required; NULL beyond the last. ret_* may be NULL. Borrowed. */
const char *sheet_credential(const struct sheet *sheet, size_t number, bool *ret_secret, bool *ret_required);
void sheet_facts(const struct sheet *sheet, struct sheet_facts *ret_facts);
/* How the PSP's webhooks are signed; WEBHOOK_UNSIGNED when the sheet describes none. */
void sheet_webhook_signing(const struct sheet *sheet, struct webhook_signing *ret_signing);
/* The hash by which a connector pins its sheet: BLAKE2b-256 of the file's bytes. */
void sheet_hash(const void *bytes, size_t length, uint8_t ret_hash[SHEET_HASH_BYTES]);
