#include "policy_api.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "policy_tables.h"

enum { PATH_CAPACITY = 128, HISTORY_PAGE = 100 };

/* What the checker found, where that is why the router refused. */
static void say_findings(const struct api_answer *answer) {
  json_t *problem = json_loadb(answer->body, answer->length, 0, NULL);
  print_told_findings(json_object_get(problem, "findings"));
  json_decref(problem);
}

int policy_api_call(struct merchant_api *api, const char *method, const char *path, json_t *body,
                    json_t **ret_json) {
  char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
  bool failed = body != NULL && text == NULL;
  json_decref(body);
  if (failed) {
    return -ENOMEM;
  }
  int result = merchant_api_call(api, method, path, text, ret_json);
  free(text);
  if (result == -EPROTO) {
    say_findings(&api->answer);
  }
  return result;
}

int policy_api_history(struct merchant_api *api, unsigned count, json_t **ret_history) {
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

static int get_by_id(struct merchant_api *api, const char *id, json_t **ret_policy) {
  char path[PATH_CAPACITY];
  int result = file_path(path, sizeof path, "/v1/policies/%s", id);
  return result < 0 ? result : policy_api_call(api, "GET", path, NULL, ret_policy);
}

int policy_api_get(struct merchant_api *api, const char *id, json_t **ret_policy) {
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

int policy_api_find(struct merchant_api *api, const char *text, json_t **ret_policy) {
  json_t *page, *policy, *found = NULL;
  size_t i;
  int result = policy_api_call(api, "GET", "/v1/policies", NULL, &page);
  if (result < 0) {
    return result;
  }
  json_array_foreach(json_object_get(page, "data"), i, policy) {
    const char *known = json_string_value(json_object_get(policy, "text"));
    if (found == NULL && known != NULL && strcmp(known, text) == 0) {
      found = json_incref(policy);
    }
  }
  json_decref(page);
  *ret_policy = found;
  return 0;
}

int policy_api_draft(struct merchant_api *api, const char *text, const char *reason, json_t **ret_policy) {
  json_t *body = body_of("text", text, reason);
  return body == NULL ? -EINVAL : policy_api_call(api, "POST", "/v1/policies", body, ret_policy);
}

int policy_api_publish(struct merchant_api *api, const char *id, const char *hash, const char *reason) {
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
