#include "policy_leaning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merchant_api.h"
#include "policy_api.h"
#include "policy_connectors.h"

enum { RULES_SHOWN = 10 };

struct leaning {
  const struct policy *policy;
  const struct policy_connectors *connectors;
  const char *connector;
};

static void print_rule(const struct leaning *leaning, unsigned rule, unsigned number) {
  bool last = rule + 1 == policy_rule_count(leaning->policy);
  if (number < RULES_SHOWN) {
    fprintf(stderr, "%s%s%s", number == 0 ? " " : ", ", last ? "" : "rule ",
            policy_rule_name(leaning->policy, rule));
  }
}

/* The rules that name it, or those of them that have nothing active left; before: what is said before the
 * first.
 */
static void print_rules(const struct leaning *leaning, bool lost_only, const char *before) {
  struct policy_lean lean;
  unsigned from = 0, number = 0;
  for (; policy_leans_on(leaning->policy, leaning->connectors->connectors, leaning->connectors->count,
                         leaning->connector, from, &lean);
       from = lean.rule + 1) {
    if (lost_only && lean.active > 0) {
      continue;
    }
    if (number == 0) {
      fprintf(stderr, "freeport connector: %s", before);
    }
    print_rule(leaning, lean.rule, number++);
  }
  if (number > RULES_SHOWN) {
    fprintf(stderr, " and %u more", number - RULES_SHOWN);
  }
  if (number > 0) {
    fputc('\n', stderr);
  }
}

/* The router may not have heard of the change yet. */
static void set_status(const struct policy_connectors *connectors, const char *name,
                       enum policy_connector_status status) {
  for (size_t i = 0; i < connectors->count; i++) {
    if (strcmp(connectors->connectors[i].name, name) == 0) {
      connectors->connectors[i].status = status;
    }
  }
}

static void say(const char *text, const struct policy_connectors *connectors, const char *connector) {
  struct leaning leaning = {.connectors = connectors, .connector = connector};
  struct policy_error error;
  struct policy *policy;
  if (policy_parse(text, strlen(text), &policy, &error) != 0) {
    return;
  }
  leaning.policy = policy;
  print_rules(&leaning, false, "the policy in force names it in");
  print_rules(&leaning, true, "no connector is active any more, and every payment is refused, in");
  policy_free(policy);
}

static void say_of(struct merchant_api *api, const json_t *policy, const char *connector,
                   enum policy_connector_status status) {
  const char *text = json_string_value(json_object_get(policy, "text"));
  struct policy_connectors connectors;
  json_t *list;
  if (text == NULL || policy_api_call(api, "GET", "/v1/connectors", NULL, &list) < 0) {
    return;
  }
  if (policy_connectors_read(json_object_get(list, "data"), &connectors) == 0) {
    set_status(&connectors, connector, status);
    say(text, &connectors, connector);
    policy_connectors_free(&connectors);
  }
  json_decref(list);
}

void say_what_leans(const char *directory, const char *connector, enum policy_connector_status status) {
  static struct merchant_api api;
  json_t *policy = NULL;
  if (merchant_api_find(directory, "connector", &api) == 0 && policy_api_get(&api, NULL, &policy) == 0 &&
      policy != NULL) {
    say_of(&api, policy, connector, status);
    json_decref(policy);
  }
  merchant_api_forget(&api);
}
