#include "outcome.h"
#include <string.h>

static const char *const classes[OUTCOME_CLASS_COUNT] = {
    "", "approved", "soft", "hard", "auth_required", "config_error", "issuer_fraud", "not_sent", "ambiguous"};
static const char *const retries[OUTCOME_RETRY_COUNT] = {"", "elsewhere", "later", "update_card", "never"};

static unsigned find(const char *const *names, unsigned count, const char *name) {
  for (unsigned i = 1; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return 0;
}

const char *outcome_class_name(enum outcome_class class) {
  return class < OUTCOME_CLASS_COUNT ? classes[class] : "";
}

const char *outcome_retry_name(enum outcome_retry retry) {
  return retry < OUTCOME_RETRY_COUNT ? retries[retry] : "";
}

enum outcome_class outcome_class_from_name(const char *name) {
  return (enum outcome_class)find(classes, OUTCOME_CLASS_COUNT, name);
}

enum outcome_retry outcome_retry_from_name(const char *name) {
  return (enum outcome_retry)find(retries, OUTCOME_RETRY_COUNT, name);
}
