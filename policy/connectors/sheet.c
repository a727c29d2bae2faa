#include "sheet.h"
#include "sheet_builder.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int sheet_parse(const void *bytes, size_t length, struct sheet **ret_sheet, struct sheet_error *ret_error) {
  struct sheet_error error_here = {0};
  struct sheet *sheet = calloc(1, sizeof *sheet);
  if (sheet == NULL)
    return -ENOMEM;
  sheet->base_path = "";
  struct builder builder = {.sheet = sheet, .error = &error_here};
  struct yaml_node *root = NULL;
  int error = yaml_tree_read(bytes, length, &sheet->memory, &root, &error_here);
  if (error == 0)
    error = build_sections(&builder, root);
  if (error == 0)
    error = lint(&builder);
  if (error != 0) {
    sheet_free(sheet);
    if (ret_error != NULL)
      *ret_error = error_here;
    return error;
  }
  *ret_sheet = sheet;
  return 0;
}

void sheet_free(struct sheet *sheet) {
  if (sheet == NULL)
    return;
  sheet_memory_free(&sheet->memory);
  free(sheet);
}

const char *sheet_name(const struct sheet *sheet) {
  return sheet->facts.name;
}

const char *sheet_host(const struct sheet *sheet) {
  return sheet->host;
}

const char *sheet_credential(const struct sheet *sheet, size_t number, bool *ret_secret, bool *ret_required) {
  if (number >= sheet->credential_count)
    return NULL;
  if (ret_secret != NULL)
    *ret_secret = sheet->credentials[number].secret;
  if (ret_required != NULL)
    *ret_required = sheet->credentials[number].required;
  return sheet->credentials[number].name;
}

void sheet_facts(const struct sheet *sheet, struct sheet_facts *ret_facts) {
  *ret_facts = sheet->facts;
}

void sheet_webhook_signing(const struct sheet *sheet, struct webhook_signing *ret_signing) {
  *ret_signing = (struct webhook_signing){.scheme = WEBHOOK_UNSIGNED};
  if (sheet->webhooks != NULL)
    *ret_signing = sheet->webhooks->signing;
}

void sheet_hash(const void *bytes, size_t length, uint8_t ret_hash[SHEET_HASH_BYTES]) {
  int result = crypto_generichash(ret_hash, SHEET_HASH_BYTES, bytes, length, NULL, 0);
  assert(result == 0);
  (void)result;
}

const struct currency_rule *sheet_currency(const struct sheet *sheet, const char *code) {
  for (size_t i = 0; i < sheet->currency_count; i++)
    if (strcmp(sheet->currencies[i].code, code) == 0)
      return &sheet->currencies[i];
  return NULL;
}

int sheet_exponent(const struct sheet *sheet, const char *code) {
  const struct currency_rule *rule = sheet_currency(sheet, code);
  if (rule != NULL && rule->refused)
    return -EINVAL;
  return rule != NULL && rule->exponent >= 0 ? rule->exponent : currency_exponent(code);
}
