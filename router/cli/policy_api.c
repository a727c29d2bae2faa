#include "policy_api.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "paths.h"
#include "policy_tables.h"

enum { PATH_CAPACITY = 128, HISTORY_PAGE = 100 };

int policy_api_find(const char *directory, struct policy_api *ret_api) {
  char url[128];
  ret_api->port = 0;
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

int policy_api_open(const char *directory, struct policy_api *ret_api) {
  int result = policy_api_find(directory, ret_api);
  if (result < 0) {
    fprintf(
        stderr,
        "freeport policy: no stack answers in %s (%s/env cannot be read); start one with `freeport up --dir "
        "%s`\n",
        directory, directory, directory);
  }
  return result;
}

void policy_api_close(struct policy_api *api) {
  sodium_memzero(&api->secret_key, sizeof api->secret_key);
}

/* Says what the router answered when it refused: its problem documents repeat nothing that was sent. */
static int refused(const struct api_answer *answer) {
  json_t *problem = json_loadb(answer->body, answer->length, 0, NULL);
  const char *title = json_string_value(json_object_get(problem, "title"));
  const char *detail = json_string_value(json_object_get(problem, "detail"));
  const json_t *findings = json_object_get(problem, "findings");
  fprintf(stderr, "freeport policy: the router refused (%d): %s%s%s\n", answer->status,
          title != NULL ? title : "", detail != NULL ? ": " : "", detail != NULL ? detail : "");
  print_told_findings(findings);
  json_decref(problem);
  return -EPROTO;
}

static int send(struct policy_api *api, const char *method, const char *path, const json_t *body) {
  char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
  if (body != NULL && text == NULL) {
    return -ENOMEM;
  }
  int result = api_call(api->port, &api->secret_key, method, path, text, &api->answer);
  free(text);
  if (result < 0) {
    fprintf(stderr, "freeport policy: the router does not answer: %s\n", strerror(-result));
    return result;
  }
  return api->answer.status >= 300 ? refused(&api->answer) : 0;
}

int policy_api_call(struct policy_api *api, const char *method, const char *path, json_t *body,
                    json_t **ret_json) {
  int result = send(api, method, path, body);
  json_decref(body);
  if (result < 0) {
    return result;
  }
  *ret_json = json_loadb(api->answer.body, api->answer.length, 0, NULL);
  if (*ret_json == NULL) {
    fputs("freeport policy: the router's answer cannot be read\n", stderr);
  }
  return *ret_json == NULL ? -EBADMSG : 0;
}

int policy_api_history(struct policy_api *api, unsigned count, json_t **ret_history) {
  char path[PATH_CAPACITY];
  json_t *page, *history = json_array(), *next = NULL;
  bool more = true;
  int result = history == NULL ? -ENOMEM : 0;
  while (result == 0 && more && json_array_size(history) < count) {
    size_t left = count - json_array_size(history);
    result = file_path(path, sizeof path, "/v1/policies/history?limit=%zu",
                       left < HISTORY_PAGE ? left : HISTORY_PAGE);
    if (result == 0 && next != NULL) {
      size_t length = strlen(path);
      result = file_path(path + length, sizeof path - length, "&starting_after=%lld",
                         (long long)json_integer_value(next));
    }
    if (result == 0) {
      result = policy_api_call(api, "GET", path, NULL, &page);
    }
    if (result == 0) {
      json_array_extend(history, json_object_get(page, "data"));
      json_decref(next);
      next = json_incref(json_object_get(page, "next"));
      more = json_is_integer(next);
      json_decref(page);
    }
  }
  json_decref(next);
  if (result == 0) {
    *ret_history = history;
  } else {
    json_decref(history);
  }
  return result;
}

static int get_by_id(struct policy_api *api, const char *id, json_t **ret_policy) {
  char path[PATH_CAPACITY];
  int result = file_path(path, sizeof path, "/v1/policies/%s", id);
  return result < 0 ? result : policy_api_call(api, "GET", path, NULL, ret_policy);
}

int policy_api_get(struct policy_api *api, const char *id, json_t **ret_policy) {
  json_t *history, *policy = NULL;
  if (id != NULL) {
    return get_by_id(api, id, ret_policy);
  }
  int result = policy_api_history(api, 1, &history);
  if (result < 0) {
    return result;
  }
  const char *latest = json_string_value(json_object_get(json_array_get(history, 0), "policy"));
  if (latest != NULL) {
    result = get_by_id(api, latest, &policy);
  }
  json_decref(history);
  if (result == 0) {
    *ret_policy = policy;
  }
  return result;
}

/* An object with those members that are not NULL, or NULL after saying what is wrong. */
static json_t *body_of(const char *first, const char *first_value, const char *reason) {
  json_t *body = json_pack("{s:s*,s:s*}", first, first_value, "reason", reason);
  if (body == NULL) {
    fputs("freeport policy: the text or the reason is no valid UTF-8\n", stderr);
  }
  return body;
}

int policy_api_draft(struct policy_api *api, const char *text, const char *reason, json_t **ret_policy) {
  json_t *body = body_of("text", text, reason);
  return body == NULL ? -EINVAL : policy_api_call(api, "POST", "/v1/policies", body, ret_policy);
}

int policy_api_publish(struct policy_api *api, const char *id, const char *hash, const char *reason) {
  char path[PATH_CAPACITY];
  json_t *published, *body = body_of("hash", hash, reason);
  int result = body == NULL ? -EINVAL : file_path(path, sizeof path, "/v1/policies/%s/publish", id);
  if (result < 0) {
    json_decref(body);
    return result;
  }
  result = policy_api_call(api, "POST", path, body, &published);
  if (result == 0) {
    json_decref(published);
  }
  return result;
}
