/* Registering connectors with the vault: a sheet plus an account. */
#pragma once

#include "account_options.h"
#include "admin.h"
#include "admin_client.h"
#include "result.h"

/* What an operator says of a connector. Texts are borrowed. */
struct connector_account {
  const char *name;
  const char *sheet;                     /* the sheet's name: the file NAME.yaml in sheets */
  const char *sheets;                    /* the directory */
  const char *base_url;                  /* NULL: the sheet's own */
  const char *merchant_account;          /* shown, not secret; NULL: none */
  uint32_t settling_ms;                  /* 0: the sheet's own */
  const struct account_options *options; /* NULL: none; what they do not say stays as it was */
  const struct credential *credentials;
  unsigned credential_count;
};

/* Reads and lints the sheet, pins its hash and registers the connector. Returns 0; a positive enum status; a
 * negated errno; of these, what is wrong has been said with -EINVAL (there is no such sheet, or it is wrong)
 * and -ECANCELED (the credentials are not those that the sheet asks for). */
MUST_USE int connector_register(struct admin_client *admin, const struct connector_account *account);
/* Whether name may be a connector's or a sheet's: a-z 0-9 _ , beginning with a letter, 1 to 32 of them. */
bool connector_name_valid(const char *name);
