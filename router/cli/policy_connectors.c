#include "policy_connectors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Each text of a list goes to take(); a list that is null or not there says nothing. Returns 0 or -EBADMSG.
 */
static int each_text(const json_t *object, const char *member, int (*take)(void *context, const char *text),
                     void *context) {
  const json_t *list = json_object_get(object, member), *element;
  size_t i;
  json_array_foreach(list, i, element) {
    const char *text = json_string_value(element);
    if (text == NULL || take(context, text) != 0) {
      return -EBADMSG;
    }
  }
  return 0;
}

struct currencies {
  unsigned count;
  char (*texts)[CURRENCY_CAPACITY];
};

static int take_currency(void *context, const char *text) {
  struct currencies *currencies = context;
  if (!currency_known(text) || currencies->count == ACCOUNT_CURRENCIES_MAX) {
    return -EBADMSG;
  }
  memcpy(currencies->texts[currencies->count++], text, CURRENCY_CAPACITY);
  return 0;
}

static int take_network(void *context, const char *text) {
  uint32_t *networks = context;
  *networks |= UINT32_C(1) << network_from_name(text);
  return 0;
}

static int take_operation(void *context, const char *text) {
  uint32_t *operations = context;
  *operations |= UINT32_C(1) << operation_from_name(text);
  return 0;
}

/* A status that is not known is that of one which takes payments: the router has the last word. */
static enum policy_connector_status status_of(const json_t *object) {
  const char *status = json_string_value(json_object_get(object, "status"));
  return status == NULL                    ? POLICY_CONNECTOR_ACTIVE
         : strcmp(status, "draining") == 0 ? POLICY_CONNECTOR_DRAINING
         : strcmp(status, "disabled") == 0 ? POLICY_CONNECTOR_DISABLED
                                           : POLICY_CONNECTOR_ACTIVE;
}

static int read_one(const json_t *object, char (*texts)[CURRENCY_CAPACITY],
                    struct policy_connector *ret_one) {
  static const char *const methods[] = {"card", NULL};
  struct currencies currencies = {.texts = texts};
  struct policy_connector one = {.name = json_string_value(json_object_get(object, "name")),
                                 .status = status_of(object),
                                 .feeless = json_is_null(json_object_get(object, "fees")),
                                 .methods = methods,
                                 .currencies = (const char(*)[CURRENCY_CAPACITY])texts};
  if (one.name == NULL || each_text(object, "currencies", take_currency, &currencies) != 0 ||
      each_text(object, "networks", take_network, &one.networks) != 0 ||
      each_text(object, "operations", take_operation, &one.operations) != 0) {
    return -EBADMSG;
  }
  one.currency_count = currencies.count;
  *ret_one = one;
  return 0;
}

int policy_connectors_read(const json_t *list, struct policy_connectors *ret_connectors) {
  struct policy_connectors read = {.count = json_array_size(list)};
  read.connectors = calloc(read.count + 1, sizeof *read.connectors);
  read.currencies = calloc(read.count + 1, sizeof *read.currencies);
  int result = read.connectors == NULL || read.currencies == NULL ? -ENOMEM : 0;
  for (size_t i = 0; result == 0 && i < read.count; i++) {
    result = read_one(json_array_get(list, i), read.currencies[i], &read.connectors[i]);
  }
  if (result == 0) {
    *ret_connectors = read;
  } else {
    policy_connectors_free(&read);
  }
  return result;
}

void policy_connectors_free(struct policy_connectors *connectors) {
  free(connectors->connectors);
  free(connectors->currencies);
}
