#include "options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "similar.h"

static bool take_data(struct vault_settings *settings, const char *value) {
  settings->data = value;
  return value[0] != '\0';
}

static bool take_environment(struct vault_settings *settings, const char *value) {
  settings->environment = strcmp(value, "test") == 0   ? ENVIRONMENT_TEST
                          : strcmp(value, "live") == 0 ? ENVIRONMENT_LIVE
                                                       : 0;
  return settings->environment != 0;
}

static bool take_similar_limit(struct vault_settings *settings, const char *value) {
  char *end;
  unsigned long limit = strtoul(value, &end, 10);
  settings->similar_limit = (unsigned)limit;
  return value[0] >= '0' && value[0] <= '9' && *end == '\0' && limit <= SIMILAR_LIMIT_MAX;
}

static const struct option {
  const char *name;
  bool (*take)(struct vault_settings *settings, const char *value);
  const char *wrong;
} OPTIONS[] = {
    {"--data", take_data, "--data wants a directory"},
    {"--environment", take_environment, "--environment is test or live"},
    {"--similar-limit", take_similar_limit, "--similar-limit is a number from 0 to 100"},
};

const char *vault_options_help(void) {
  return "freeport-vault --data DIR --environment test|live [--similar-limit N]\n"
         "\n"
         "Keeps cards. Started by `freeport up` or systemd with a control line as descriptor 3, over which "
         "it\n"
         "gets the sockets of collect, hooks, router and egress and the admin socket. Opens no socket "
         "itself.\n"
         "\n"
         "  --data DIR             holds vault.mdb and, in the test environment, root.key, escrow.pub, "
         "escrow.key\n"
         "  --environment test     test card numbers only; keys in files\n"
         "  --environment live     needs a root key of custodians or of an HSM\n"
         "  --similar-limit N      new numbers with the same first and last digits that a merchant may see "
         "within\n"
         "                         24 hours, 5 by default; 0 (test only): no limit\n"
         "  --help                 this text\n";
}

static const struct option *find(const char *name) {
  for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
    if (strcmp(OPTIONS[i].name, name) == 0)
      return &OPTIONS[i];
  }
  return NULL;
}

int vault_options_read(int argc, char **argv, struct vault_settings *ret_settings, const char **ret_reason) {
  *ret_settings = (struct vault_settings){.similar_limit = SIMILAR_LIMIT_DEFAULT};
  for (int i = 1; i < argc; i += 2) {
    if (strcmp(argv[i], "--help") == 0)
      return OPTIONS_HELP;
    const struct option *option = find(argv[i]);
    *ret_reason = option ? option->wrong : "unknown option";
    if (!option || i + 1 == argc || !option->take(ret_settings, argv[i + 1]))
      return OPTIONS_WRONG;
  }
  *ret_reason = !ret_settings->data              ? "--data is missing"
                : ret_settings->environment == 0 ? "--environment is missing"
                                                 : NULL;
  if (ret_settings->environment == ENVIRONMENT_LIVE && ret_settings->similar_limit == 0)
    *ret_reason = "a live environment needs a --similar-limit";
  return *ret_reason ? OPTIONS_WRONG : 0;
}
