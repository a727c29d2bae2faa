#include "readiness.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "merchant_api.h"

enum { LOOK_US = 100000, LOOK_MS = 5000 };

static bool says(const json_t *json, const char *name, const char *word) {
  const char *text = json_string_value(json_object_get(json, name));
  return text != NULL && strcmp(text, word) == 0;
}

static struct readiness read_answer(const struct api_answer *answer) {
  json_t *json = json_loadb(answer->body, answer->length, 0, NULL);
  struct readiness readiness = {.word = says(json, "ledger", "rolled_back")  ? ROUTER_HAS_OLD_LEDGER
                                        : says(json, "vault", "rolled_back") ? ROUTER_SEES_OLD_VAULT
                                        : says(json, "vault", "up")          ? ROUTER_AGREES
                                                                             : ROUTER_SILENT};
  json_int_t seen = json_integer_value(json_object_get(json, "audit_seen"));
  readiness.audit_seen = seen > 0 ? (uint64_t)seen : 0;
  json_decref(json);
  return readiness;
}

void readiness_ask(uint16_t port, const struct id *secret_key, unsigned looks,
                   struct readiness *ret_readiness) {
  static struct api_answer answer;
  *ret_readiness = (struct readiness){.word = ROUTER_SILENT};
  int result = 0;
  /* One that hangs will not be better in a moment. */
  for (unsigned i = 0; i < looks && ret_readiness->word == ROUTER_SILENT && result != -ETIMEDOUT; i++) {
    if (i > 0) {
      usleep(LOOK_US);
    }
    result = api_call_within(LOOK_MS, port, secret_key, "GET", "/readyz", NULL, &answer);
    if (result == 0) {
      *ret_readiness = read_answer(&answer);
    }
  }
}

void readiness_of(const char *directory, const char *command, unsigned looks,
                  struct readiness *ret_readiness) {
  static struct merchant_api api;
  *ret_readiness = (struct readiness){.word = ROUTER_SILENT};
  if (merchant_api_find(directory, command, &api) == 0) {
    readiness_ask(api.port, &api.secret_key, looks, ret_readiness);
  }
  merchant_api_forget(&api);
}
