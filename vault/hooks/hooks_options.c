#include "hooks_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_PER_SECOND = 500, RATE_BURST = 5000, RATE_MAX = 1000000 };

struct option {
  const char *name;
  bool (*take)(struct hooks_options *options, const char *value);
  const char *wrong;
};

static const char help[] =
    "usage: freeport-hooks --environment test|live [options]\n"
    "\n"
    "Takes webhooks from PSPs (POST /v1/hooks/CONNECTOR) and hands them to the vault, which checks their\n"
    "signatures. Started by `freeport up` or systemd with its control line on descriptor 3.\n"
    "\n"
    "  --environment E         test or live\n"
    "  --certificate FILE      PEM certificate chain: serve HTTPS\n"
    "  --certificate-key FILE  its PEM key\n"
    "  --rate N                requests a second of one client address, default 500; 0: no limit (behind a\n"
    "                          proxy, where all clients have the proxy's address); loopback is exempt in "
    "the\n"
    "                          test environment\n"
    "  --burst N               how many may come at once before that, default 5000\n"
    "  --help                  this text\n";

static bool take_environment(struct hooks_options *options, const char *value) {
  options->live = strcmp(value, "live") == 0;
  return options->live || strcmp(value, "test") == 0;
}

static bool take_certificate(struct hooks_options *options, const char *value) {
  options->certificate = value;
  return value[0] != '\0';
}

static bool take_certificate_key(struct hooks_options *options, const char *value) {
  options->certificate_key = value;
  return value[0] != '\0';
}

static bool number(const char *text, uint32_t least, uint32_t *ret_value) {
  size_t digits = strspn(text, "0123456789");
  unsigned long value = strtoul(text, NULL, 10);
  *ret_value = (uint32_t)value;
  return digits >= 1 && digits <= 7 && text[digits] == '\0' && value >= least && value <= RATE_MAX;
}

static bool take_rate(struct hooks_options *options, const char *value) {
  return number(value, 0, &options->rate_per_second);
}

static bool take_burst(struct hooks_options *options, const char *value) {
  return number(value, 1, &options->rate_burst);
}

static const struct option table[] = {
    {"--environment", take_environment, "--environment is test or live"},
    {"--certificate", take_certificate, "--certificate wants a file"},
    {"--certificate-key", take_certificate_key, "--certificate-key wants a file"},
    {"--rate", take_rate, "--rate is a number"},
    {"--burst", take_burst, "--burst is a number above 0"},
};

enum { TABLE_COUNT = sizeof table / sizeof table[0] };

static const struct option *find(const char *name) {
  for (size_t i = 0; i < TABLE_COUNT; i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

static const char *take(struct hooks_options *options, const char *name, const char *value) {
  const struct option *option = find(name);
  if (option == NULL)
    return "unknown option";
  if (value == NULL)
    return "an option lacks its value";
  return option->take(options, value) ? NULL : option->wrong;
}

int hooks_options_read(int argc, char **argv, struct hooks_options *ret_options, const char **ret_reason) {
  *ret_options = (struct hooks_options){.rate_per_second = RATE_PER_SECOND, .rate_burst = RATE_BURST};
  bool environment_given = false;
  const char *reason = NULL;
  for (int i = 1; i < argc && reason == NULL; i += 2) {
    if (strcmp(argv[i], "--help") == 0)
      return OPTIONS_HELP;
    reason = take(ret_options, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    environment_given = environment_given || strcmp(argv[i], "--environment") == 0;
  }
  if (reason == NULL && !environment_given)
    reason = "--environment is missing";
  if (reason == NULL && (ret_options->certificate == NULL) != (ret_options->certificate_key == NULL))
    reason = "--certificate and --certificate-key go together";
  *ret_reason = reason;
  return reason == NULL ? 0 : OPTIONS_WRONG;
}

const char *hooks_options_help(void) {
  return help;
}
