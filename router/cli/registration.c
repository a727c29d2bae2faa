#include "registration.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector_listings.h"
#include "paths.h"
#include "sheet.h"

bool connector_name_valid(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return name[length] == '\0' && length >= 1 && length < CONNECTOR_NAME_CAPACITY && name[0] >= 'a';
}

static void list_sheets(const char *directory) {
  DIR *sheets = opendir(directory);
  const struct dirent *entry;
  if (sheets == NULL) {
    return;
  }
  fputs("freeport connector: the sheets are", stderr);
  while ((entry = readdir(sheets)) != NULL) {
    const char *end = strrchr(entry->d_name, '.');
    if (end != NULL && strcmp(end, ".yaml") == 0) {
      fprintf(stderr, " %.*s", (int)(end - entry->d_name), entry->d_name);
    }
  }
  fputc('\n', stderr);
  closedir(sheets);
}

/* Reads the sheet's bytes and lints them. Returns 0, or a negated errno; -EINVAL after saying what is wrong.
 */
static int load_sheet(const struct connector_account *account, struct sheet **ret_sheet,
                      uint8_t ret_hash[SHEET_HASH_BYTES]) {
  char path[PATH_MAX], *bytes;
  size_t length;
  int result = file_path(path, sizeof path, "%s/%s.yaml", account->sheets, account->sheet);
  if (result == 0) {
    result = read_file(path, SHEET_BYTES_MAX, &bytes, &length);
  }
  if (result == -ENOENT) {
    fprintf(stderr, "freeport connector: there is no sheet %s\n", account->sheet);
    list_sheets(account->sheets);
    return -EINVAL;
  }
  if (result < 0) {
    fprintf(stderr, "freeport connector: cannot read the sheet %s: %s\n", path, strerror(-result));
    return -EINVAL;
  }
  struct sheet_error error;
  result = sheet_parse(bytes, length, ret_sheet, &error);
  if (result == -EINVAL) {
    fprintf(stderr, "freeport connector: %s, line %u: %s\n", path, error.line, error.reason);
  }
  if (result == 0) {
    sheet_hash(bytes, length, ret_hash);
  }
  free(bytes);
  return result;
}

static bool has_credential(const struct connector_account *account, const char *name) {
  for (unsigned i = 0; i < account->credential_count; i++) {
    if (strcmp(account->credentials[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

/* A sheet that describes webhooks has their secrets without naming them: they are the vault's. */
static bool sheet_names(const struct sheet *sheet, const char *credential) {
  const char *name;
  struct webhook_signing signing;
  sheet_webhook_signing(sheet, &signing);
  if (webhook_secret_is(credential)) {
    return signing.scheme != WEBHOOK_UNSIGNED;
  }
  for (size_t i = 0; (name = sheet_credential(sheet, i, NULL, NULL)) != NULL; i++) {
    if (strcmp(name, credential) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether the secrets of webhooks are such as the PSP's scheme has. */
static int check_webhook_secrets(const struct sheet *sheet, const struct connector_account *account) {
  struct webhook_signing signing;
  sheet_webhook_signing(sheet, &signing);
  for (unsigned i = 0; i < account->credential_count; i++) {
    const struct credential *credential = &account->credentials[i];
    if (webhook_secret_is(credential->name) && !webhook_secret_fits(signing.scheme, credential->value)) {
      fprintf(stderr, "freeport connector: %s is no secret as the sheet %s has them%s\n", credential->name,
              account->sheet,
              signing.scheme == WEBHOOK_FIELD_HMAC ? ": 64 hexadecimal digits" : ": 8 characters at least");
      return -ECANCELED;
    }
  }
  return 0;
}

/* Whether the account brings just what the sheet asks for. */
static int check_credentials(const struct sheet *sheet, const struct connector_account *account) {
  const char *name;
  bool required;
  for (size_t i = 0; (name = sheet_credential(sheet, i, NULL, &required)) != NULL; i++) {
    if (required && !has_credential(account, name)) {
      fprintf(stderr, "freeport connector: the sheet %s needs the credential %s\n", account->sheet, name);
      return -ECANCELED;
    }
  }
  for (unsigned i = 0; i < account->credential_count; i++) {
    if (!sheet_names(sheet, account->credentials[i].name)) {
      fprintf(stderr, "freeport connector: the sheet %s has no credential of the name given\n",
              account->sheet);
      return -ECANCELED;
    }
  }
  return check_webhook_secrets(sheet, account);
}

static int copy_text(char *ret_text, size_t capacity, const char *text) {
  return text == NULL ? 0 : file_path(ret_text, capacity, "%s", text);
}

/* What is known of the account by now, and what is said of it. Returns 0, a positive enum status, or a
 * negated errno. */
static int find_account_facts(struct admin_client *admin, const struct connector_account *account,
                              struct account_facts *ret_facts) {
  struct connector_listing present;
  int result = connector_find(admin, account->name, &present);
  if (result != 0 && result != STATUS_NOT_FOUND) {
    return result;
  }
  struct account_facts facts = result == 0 ? present.facts.account : (struct account_facts){0};
  result = account->options == NULL ? 0 : account_options_apply(account->options, &facts);
  if (result == 0) {
    *ret_facts = facts;
  }
  return result;
}

static int send_connector(struct admin_client *admin, const struct connector_account *account,
                          const struct webhook_signing *signing, const uint8_t hash[SHEET_HASH_BYTES]) {
  static struct connector_set set;
  memset(&set, 0, sizeof set);
  set.signing = *signing;
  memcpy(set.facts.sheet_hash, hash, SHEET_HASH_BYTES);
  set.facts.status = CONNECTOR_ACTIVE;
  set.facts.settling_ms = account->settling_ms;
  set.credential_count = (uint8_t)account->credential_count;
  memcpy(set.credentials, account->credentials, account->credential_count * sizeof set.credentials[0]);
  int result = find_account_facts(admin, account, &set.facts.account);
  if (result == 0) {
    result = copy_text(set.facts.name, sizeof set.facts.name, account->name);
  }
  if (result == 0) {
    result = copy_text(set.facts.sheet, sizeof set.facts.sheet, account->sheet);
  }
  if (result == 0) {
    result =
        copy_text(set.facts.merchant_account, sizeof set.facts.merchant_account, account->merchant_account);
  }
  if (result == 0) {
    result = copy_text(set.base_url, sizeof set.base_url, account->base_url);
  }
  if (result == 0) {
    struct writer body = admin_body(admin);
    struct reader reply;
    write_connector_set(&body, &set);
    result = admin_call(admin, ADMIN_CONNECTOR_SET, &body, &reply);
  }
  sodium_memzero(&set, sizeof set);
  return result;
}

int connector_register(struct admin_client *admin, const struct connector_account *account) {
  struct sheet *sheet;
  uint8_t hash[SHEET_HASH_BYTES];
  int result = load_sheet(account, &sheet, hash);
  if (result < 0) {
    return result;
  }
  struct webhook_signing signing;
  sheet_webhook_signing(sheet, &signing);
  result = check_credentials(sheet, account);
  sheet_free(sheet);
  return result < 0 ? result : send_connector(admin, account, &signing, hash);
}
