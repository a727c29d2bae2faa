#include "provision.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "control.h"
#include "registration.h"

enum { SANDBOX_SETTLING_MS = 2000 };

/* A call whose answer is a bare status. */
static int call(struct admin_client *admin, uint8_t type, const struct writer *body, const char *what) {
  struct reader reply;
  int result = admin_call(admin, type, body, &reply);
  if (result > 0) {
    fprintf(stderr, "freeport: %s: %s\n", what, admin_status_text(result));
    return -EPROTO;
  }
  return result;
}

int provision_merchant(struct admin_client *admin, const struct identity *identity) {
  struct writer body = admin_body(admin);
  write_merchant_add(&body, &(struct merchant_add){.merchant = identity->merchant});
  int result = call(admin, ADMIN_MERCHANT_ADD, &body, "adding the merchant");
  if (result < 0) {
    return result;
  }
  struct publishable_key_add add = {.merchant = identity->merchant};
  key_hash(&identity->publishable_key, add.hash);
  body = admin_body(admin);
  write_publishable_key_add(&body, &add);
  return call(admin, ADMIN_PUBLISHABLE_KEY_ADD, &body, "adding the publishable key");
}

int provision_secret_key(struct supervisor *supervisor, const struct identity *identity, bool live) {
  uint8_t payload[KEY_HASH_BYTES + ID_CAPACITY + 1];
  key_hash(&identity->secret_key, payload);
  memset(payload + KEY_HASH_BYTES, 0, ID_CAPACITY);
  memcpy(payload + KEY_HASH_BYTES, identity->merchant.text, strlen(identity->merchant.text));
  payload[sizeof payload - 1] = live;
  return supervisor_tell(supervisor, PROCESS_ROUTER, "api_key", payload, sizeof payload);
}

/* The accounts on the sandbox: it takes any credential of the right shape, so these are no secrets. */
static const struct {
  const char *name;
  enum listener_name listener;
  const char *merchant_account;
  unsigned credential_count;
  struct credential credentials[3]; /* the last signs webhooks */
} sandbox_accounts[] = {
    {"adyen",
     LISTENER_SANDBOX_ADYEN,
     "SandboxMerchant",
     3,
     {{"api_key", "AQEsandbox"},
      {"merchant_account", "SandboxMerchant"},
      {"webhook_secret", "5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E"}}},
    {"checkout",
     LISTENER_SANDBOX_CHECKOUT,
     "pc_sandbox",
     3,
     {{"api_key", "sk_sbox_sandbox"},
      {"processing_channel_id", "pc_sandbox"},
      {"webhook_secret", "sandbox-webhooks"}}},
    {"stripe",
     LISTENER_SANDBOX_STRIPE,
     "acct_sandbox",
     2,
     {{"api_key", "sk_test_sandbox"}, {"webhook_secret", "whsec_sandbox"}}},
};

enum { SANDBOX_ACCOUNTS = sizeof sandbox_accounts / sizeof sandbox_accounts[0] };

/* The ports that the connectors were registered with, as one line. */
static void ports_line(const struct listener *listeners, char ret_line[32]) {
  snprintf(ret_line, 32, "%u %u %u\n", listeners[LISTENER_SANDBOX_ADYEN].port,
           listeners[LISTENER_SANDBOX_CHECKOUT].port, listeners[LISTENER_SANDBOX_STRIPE].port);
}

static bool registered_already(const char *path, const char *line) {
  char before[32] = "";
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return false;
  }
  bool same = fgets(before, sizeof before, file) != NULL && strcmp(before, line) == 0;
  fclose(file);
  return same;
}

static int register_account(struct admin_client *admin, unsigned i, const char *sheets, uint16_t port) {
  char base_url[BASE_URL_CAPACITY];
  snprintf(base_url, sizeof base_url, "http://127.0.0.1:%u/%s", port, sandbox_accounts[i].name);
  struct connector_account account = {.name = sandbox_accounts[i].name,
                                      .sheet = sandbox_accounts[i].name,
                                      .sheets = sheets,
                                      .base_url = base_url,
                                      .merchant_account = sandbox_accounts[i].merchant_account,
                                      .settling_ms = SANDBOX_SETTLING_MS,
                                      .credentials = sandbox_accounts[i].credentials,
                                      .credential_count = sandbox_accounts[i].credential_count};
  int result = connector_register(admin, &account);
  return result > 0 ? -EPROTO : result;
}

int provision_sandbox_webhooks(struct supervisor *supervisor, uint16_t port) {
  int result = 0;
  for (unsigned i = 0; result == 0 && i < SANDBOX_ACCOUNTS; i++) {
    const struct credential *secret =
        &sandbox_accounts[i].credentials[sandbox_accounts[i].credential_count - 1];
    char text[CONTROL_PAYLOAD];
    int length = snprintf(text, sizeof text, "%s %u %s", sandbox_accounts[i].name, port, secret->value);
    result = supervisor_tell(supervisor, PROCESS_SANDBOX, "webhooks", text, (size_t)length);
  }
  return result;
}

int provision_sandbox(struct admin_client *admin, const char *directory, const char *sheets,
                      const struct listener listeners[LISTENER_COUNT]) {
  char path[PATH_MAX], line[32];
  snprintf(path, sizeof path, "%s/run/sandbox", directory);
  ports_line(listeners, line);
  if (registered_already(path, line)) {
    return 0;
  }
  for (unsigned i = 0; i < SANDBOX_ACCOUNTS; i++) {
    int result = register_account(admin, i, sheets, listeners[sandbox_accounts[i].listener].port);
    if (result < 0) {
      return result;
    }
  }
  FILE *file = fopen(path, "we");
  if (file == NULL) {
    return -errno;
  }
  fputs(line, file);
  return fclose(file) == 0 ? 0 : -EIO;
}
