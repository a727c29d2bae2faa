/* Connectors that do not exist. */
#include "policy_checker.h"
#include "policy_words.h"
#include <string.h>

static const struct policy_connector *find_connector(const struct checker *checker, const char *name) {
  for (size_t i = 0; i < checker->connector_count; i++)
    if (strcmp(checker->connectors[i].name, name) == 0)
      return &checker->connectors[i];
  return NULL;
}

static void unknown_connector(struct checker *checker, unsigned number, unsigned candidate) {
  const struct rule *rule = &checker->policy->rules[number];
  const char *name = rule->action.candidates[candidate];
  struct guess guess = guess_for(name, strlen(name));
  for (size_t i = 0; i < checker->connector_count; i++)
    guess_try(&guess, checker->connectors[i].name);
  checker_find(checker, POLICY_ERROR, number, rule->candidate_places[candidate], "connector_unknown",
               "No connector of that name is registered.%s%s%s", guess.best[0] == '\0' ? "" : " Is it ",
               guess.best, guess.best[0] == '\0' ? "" : "?");
}

void check_connectors(struct checker *checker) {
  for (unsigned i = 0; i < checker->policy->rule_count; i++) {
    const struct policy_action *action = &checker->policy->rules[i].action;
    for (unsigned j = 0; j < action->candidate_count; j++)
      if (find_connector(checker, action->candidates[j]) == NULL)
        unknown_connector(checker, i, j);
  }
}
