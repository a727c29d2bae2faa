#include "merchant_api.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "exit_status.h"
#include "identity.h"

int merchant_api_find(const char *directory, const char *command, struct merchant_api *ret_api) {
  char url[128];
  ret_api->command = command;
  int result = env_read(directory, "env", "FREEPORT_API_URL", url, sizeof url);
  if (result == 0) {
    result = env_read(directory, "env", "FREEPORT_SECRET_KEY", ret_api->secret_key.text,
                      sizeof ret_api->secret_key.text);
  }
  if (result == 0 && sscanf(url, "http://127.0.0.1:%hu", &ret_api->port) != 1) {
    result = -EINVAL;
  }
  return result;
}

int merchant_api_open(const char *directory, const char *command, struct merchant_api *ret_api) {
  int result = merchant_api_find(directory, command, ret_api);
  if (result < 0) {
    fprintf(stderr, "freeport %s: no stack answers in %s (%s/env cannot be read)\n", command, directory,
            directory);
  }
  return result;
}

int merchant_api_status(int result) {
  return result == 0 ? EXIT_GOOD : result == -ECONNREFUSED ? EXIT_NO_STACK : EXIT_FAILED;
}

void merchant_api_forget(struct merchant_api *api) {
  sodium_memzero(&api->secret_key, sizeof api->secret_key);
}

/* Says what the router answered when it refused: its problem documents repeat nothing that was sent. */
static int refused(const struct merchant_api *api) {
  json_t *problem = json_loadb(api->answer.body, api->answer.length, 0, NULL);
  const char *title = json_string_value(json_object_get(problem, "title"));
  const char *detail = json_string_value(json_object_get(problem, "detail"));
  fprintf(stderr, "freeport %s: the router refused (%d): %s%s%s\n", api->command, api->answer.status,
          title != NULL ? title : "", detail != NULL ? ": " : "", detail != NULL ? detail : "");
  json_decref(problem);
  return -EPROTO;
}

int merchant_api_call(struct merchant_api *api, const char *method, const char *path, const char *body,
                      json_t **ret_json) {
  int result = api_call(api->port, &api->secret_key, method, path, body, &api->answer);
  if (result < 0) {
    fprintf(stderr, "freeport %s: the router does not answer: %s\n", api->command, strerror(-result));
    return result;
  }
  if (api->answer.status >= 300) {
    return refused(api);
  }
  *ret_json = json_loadb(api->answer.body, api->answer.length, 0, NULL);
  return *ret_json == NULL ? -EBADMSG : 0;
}
