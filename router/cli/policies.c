#include "policies.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "merchant_api.h"
#include "paths.h"
#include "routing.h"

static const char usage[] = "usage: freeport policy check FILE --dir DIR\n"
                            "       freeport policy publish FILE --dir DIR\n"
                            "       freeport policy show --dir DIR\n"
                            "       freeport policy rollback --dir DIR\n"
                            "\n"
                            "A policy is a text such as `otherwise route adyen, stripe`: the connectors that "
                            "a payment is tried at, in order.\n"
                            "check parses FILE ('-': standard input) and says where it is wrong, also where "
                            "it names a connector that DIR's stack\n"
                            "does not have; publish puts it in force for every payment\n"
                            "that begins afterwards; show prints the one in force; rollback puts the one "
                            "before it back in one step.\n";

/* The next newest policy after the one named (NULL: the newest). One at a time: a page of long ones has no
 * limit that a client could set aside. Returns 0 with a new reference, or NULL after the last; or a negated
 * errno. */
static int policy_after(struct merchant_api *api, const char *id, json_t **ret_policy) {
  char path[128];
  json_t *list;
  int result = file_path(path, sizeof path, "/v1/policies?limit=1%s%s",
                         id == NULL ? "" : "&starting_after=", id == NULL ? "" : id);
  if (result == 0) {
    result = merchant_api_call(api, "GET", path, NULL, &list);
  }
  if (result == 0) {
    *ret_policy = json_incref(json_array_get(json_object_get(list, "data"), 0));
    json_decref(list);
  }
  return result;
}

/* The policy in force: a new reference, or NULL when there is none. */
static int published_policy(struct merchant_api *api, json_t **ret_policy) {
  json_t *policy;
  int result = policy_after(api, NULL, &policy);
  while (result == 0 && policy != NULL) {
    const char *status = json_string_value(json_object_get(policy, "status"));
    const char *id = json_string_value(json_object_get(policy, "id"));
    if (status != NULL && strcmp(status, "published") == 0) {
      break;
    }
    json_t *next;
    result = id == NULL ? -EBADMSG : policy_after(api, id, &next);
    json_decref(policy);
    policy = result == 0 ? next : NULL;
  }
  if (result == 0) {
    *ret_policy = policy;
  }
  return result;
}

static int publish(struct merchant_api *api, const char *text) {
  json_t *draft_request = json_pack("{s:s}", "text", text);
  char *body = draft_request == NULL ? NULL : json_dumps(draft_request, JSON_COMPACT);
  json_decref(draft_request);
  if (body == NULL) {
    return -ENOMEM;
  }
  json_t *draft, *published;
  int result = merchant_api_call(api, "POST", "/v1/policies", body, &draft);
  free(body);
  if (result < 0) {
    return result;
  }
  char path[128];
  const char *id = json_string_value(json_object_get(draft, "id"));
  result = id == NULL ? -EBADMSG : file_path(path, sizeof path, "/v1/policies/%s/publish", id);
  json_decref(draft);
  if (result == 0) {
    result = merchant_api_call(api, "POST", path, "{}", &published);
  }
  if (result == 0) {
    json_decref(published);
  }
  return result;
}

int policy_publish_first(uint16_t port, const struct id *secret_key, const char *text) {
  static struct merchant_api api;
  api.command = "policy";
  api.port = port;
  api.secret_key = *secret_key;
  json_t *policy;
  int result = published_policy(&api, &policy);
  if (result == 0 && policy == NULL) {
    result = publish(&api, text);
  }
  if (result == 0) {
    json_decref(policy);
  }
  merchant_api_forget(&api);
  return result;
}

static int wrong_policy(const struct policy_error *error) {
  bool suggests = error->suggestion[0] != '\0';
  fprintf(stderr, "freeport policy: line %u, column %u: expected %s%s%s%s\n", error->line, error->column,
          error->expected, suggests ? " (is it " : "", error->suggestion, suggests ? "?)" : "");
  return -EINVAL;
}

/* Holds the policy against the connectors that the stack has. Returns 0 or a negated errno. */
static int check_connectors(struct merchant_api *api, const struct policy *policy,
                            struct policy_findings *ret_findings) {
  json_t *list, *connector;
  size_t i;
  int result = merchant_api_call(api, "GET", "/v1/connectors", NULL, &list);
  if (result < 0) {
    return result;
  }
  const json_t *data = json_object_get(list, "data");
  size_t count = 0;
  struct policy_connector *connectors = calloc(json_array_size(data) + 1, sizeof *connectors);
  json_array_foreach(data, i, connector) {
    const char *name = json_string_value(json_object_get(connector, "name"));
    if (connectors != NULL && name != NULL) {
      connectors[count++].name = name;
    }
  }
  result = connectors == NULL ? -ENOMEM : policy_check(policy, connectors, count, ret_findings);
  free(connectors);
  json_decref(list);
  return result;
}

static void show_findings(const struct policy_findings *findings) {
  static const char *const severities[] = {
      [POLICY_NOTE] = "note", [POLICY_WARNING] = "warning", [POLICY_ERROR] = "error"};
  for (unsigned i = 0; i < findings->count; i++) {
    const struct policy_finding *finding = &findings->findings[i];
    fprintf(stderr, "freeport policy: line %u, column %u: %s: %s\n", finding->line, finding->column,
            severities[finding->severity], finding->text);
  }
  if (findings->more) {
    fputs("freeport policy: there is more of that\n", stderr);
  }
}

/* api: where the connectors are looked up; NULL, or one that does not answer: they are not, which is said. */
static int check(struct merchant_api *api, const char *text) {
  struct policy *policy;
  struct policy_error error;
  int result = policy_parse(text, strlen(text), &policy, &error);
  if (result == POLICY_WRONG) {
    return wrong_policy(&error);
  }
  if (result < 0) {
    return result;
  }
  static struct policy_findings findings;
  int found = api == NULL ? -ENOENT : check_connectors(api, policy, &findings);
  if (found < 0) {
    fputs("freeport policy: without a stack that answers, its connectors were not looked up\n", stderr);
    result = policy_check(policy, NULL, 0, &findings);
  }
  if (result == 0) {
    show_findings(&findings);
    result = findings.errors > 0 ? -EINVAL : 0;
  }
  if (result == 0) {
    char hash[POLICY_HASH_CAPACITY];
    policy_hash_text(policy, hash);
    printf("the policy is well-formed; hash %s\n", hash);
  }
  policy_free(policy);
  return result;
}

static int check_command(const char *directory, const char *text) {
  static struct merchant_api api;
  bool found = merchant_api_find(directory, "policy", &api) == 0;
  int result = check(found ? &api : NULL, text);
  merchant_api_forget(&api);
  return result == 0 ? EXIT_GOOD : result == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
}

static int show(struct merchant_api *api) {
  json_t *policy;
  int result = published_policy(api, &policy);
  if (result < 0) {
    return result;
  }
  if (policy == NULL) {
    fputs("no policy is published\n", stderr);
    return -ENOENT;
  }
  const char *text = json_string_value(json_object_get(policy, "text"));
  fputs(text != NULL ? text : "", stdout);
  json_decref(policy);
  return 0;
}

static int rollback(struct merchant_api *api) {
  json_t *policy;
  int result = merchant_api_call(api, "POST", "/v1/policies/rollback", "{}", &policy);
  if (result == 0) {
    puts("rolled back");
    json_decref(policy);
  }
  return result;
}

static int act(const char *action, struct merchant_api *api, const char *text) {
  if (strcmp(action, "publish") == 0) {
    int result = check(api, text);
    if (result == 0) {
      result = publish(api, text);
    }
    if (result == 0) {
      puts("published");
    }
    return result;
  }
  return strcmp(action, "show") == 0 ? show(api) : rollback(api);
}

static int run_on_stack(const struct command_line *line, const char *text) {
  static struct merchant_api api;
  if (merchant_api_open(line->directory, "policy", &api) < 0) {
    return EXIT_NO_STACK;
  }
  int result = act(line->words[0], &api, text);
  merchant_api_forget(&api);
  return result == 0 ? EXIT_GOOD : result == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
}

int policy_command(int argc, char **argv) {
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  const char *action = line.word_count > 0 ? line.words[0] : "";
  bool with_file = strcmp(action, "check") == 0 || strcmp(action, "publish") == 0;
  bool known = with_file || strcmp(action, "show") == 0 || strcmp(action, "rollback") == 0;
  if (!known) {
    return command_wrong(line.command, usage, "%s",
                         line.word_count == 0
                             ? "what to do is missing: check, publish, show or rollback"
                             : "there is no such action; check, publish, show and rollback are");
  }
  if (line.word_count != (with_file ? 2 : 1)) {
    return command_wrong(line.command, usage, "%s %s", action,
                         with_file ? "takes one FILE, or - for standard input" : "takes no arguments");
  }
  char *text = NULL;
  size_t length;
  if (with_file) {
    const char *path = strcmp(line.words[1], "-") == 0 ? "/dev/stdin" : line.words[1];
    int result = read_file(path, POLICY_TEXT_MAX, &text, &length);
    if (result < 0) {
      fprintf(stderr, "freeport policy: cannot read %s: %s\n", path, strerror(-result));
      return EXIT_FAILED;
    }
  }
  status = strcmp(action, "check") == 0 ? check_command(line.directory, text) : run_on_stack(&line, text);
  free(text);
  return status;
}
