#include "collect_options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_PER_SECOND = 50, RATE_BURST = 500, RATE_MAX = 1000000 };

struct option {
  const char *name;
  const char *(*take)(struct collect_options *options, const char *value); /* returns a reason, or NULL */
};

static const char help[] =
    "usage: freeport-collect --environment test|live [options]\n"
    "\n"
    "Takes cards from browsers and apps and hands them to the vault. Started by `freeport up` or systemd "
    "with its\n"
    "control line on descriptor 3.\n"
    "\n"
    "  --environment E         test or live\n"
    "  --origin URL            a checkout's origin, as in https://shop.example: may call the API from a "
    "browser and embed\n"
    "                          the card form; may be given 32 times; https only when live\n"
    "  --certificate FILE      PEM certificate chain: serve HTTPS\n"
    "  --certificate-key FILE  its PEM key\n"
    "  --rate N                requests a second of one client address, default 50; 0: no limit (behind a "
    "proxy, where all\n"
    "                          clients have the proxy's address); loopback is exempt in the test "
    "environment\n"
    "  --burst N               how many may come at once before that, default 500\n"
    "  --help                  this text\n";

static bool host_character(char c) {
  return isalnum((unsigned char)c) || c == '-' || c == '.';
}

bool origin_valid(const char *text) {
  if (strnlen(text, ORIGIN_CAPACITY) == ORIGIN_CAPACITY)
    return false;
  const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                     : strncmp(text, "http://", 7) == 0 ? text + 7
                                                        : NULL;
  if (host == NULL)
    return false;
  size_t length = 0;
  if (host[0] == '[') {
    length = 1 + strspn(host + 1, "0123456789abcdef:.");
    if (length < 3 || host[length++] != ']')
      return false;
  } else {
    while (host_character(host[length]) && !isupper((unsigned char)host[length]))
      length++;
  }
  if (length == 0)
    return false;
  const char *rest = host + length;
  if (*rest == '\0')
    return true;
  size_t digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
  return digits >= 1 && digits <= 5 && rest[1 + digits] == '\0';
}

static const char *take_environment(struct collect_options *options, const char *value) {
  options->live = strcmp(value, "live") == 0;
  return options->live || strcmp(value, "test") == 0 ? NULL : "--environment is test or live";
}

static const char *take_origin(struct collect_options *options, const char *value) {
  if (options->origin_count == ORIGINS_MAX)
    return "too many --origin";
  if (!origin_valid(value))
    return "an --origin is scheme://host[:port] in lower case, without a path or a slash at its end";
  strcpy(options->origins[options->origin_count++], value);
  return NULL;
}

static const char *take_certificate(struct collect_options *options, const char *value) {
  options->certificate = value;
  return NULL;
}

static const char *take_certificate_key(struct collect_options *options, const char *value) {
  options->certificate_key = value;
  return NULL;
}

static bool number(const char *text, uint32_t *ret_value) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value > RATE_MAX)
    return false;
  *ret_value = (uint32_t)value;
  return true;
}

static const char *take_rate(struct collect_options *options, const char *value) {
  return number(value, &options->rate_per_second) ? NULL : "--rate is a number";
}

static const char *take_burst(struct collect_options *options, const char *value) {
  return number(value, &options->rate_burst) && options->rate_burst > 0 ? NULL
                                                                        : "--burst is a number above 0";
}

static const struct option table[] = {
    {"--environment", take_environment},
    {"--origin", take_origin},
    {"--certificate", take_certificate},
    {"--certificate-key", take_certificate_key},
    {"--rate", take_rate},
    {"--burst", take_burst},
};

static const char *check_together(const struct collect_options *options, bool environment_given) {
  if (!environment_given)
    return "--environment is missing";
  if ((options->certificate == NULL) != (options->certificate_key == NULL))
    return "--certificate and --certificate-key go together";
  for (unsigned i = 0; options->live && i < options->origin_count; i++)
    if (strncmp(options->origins[i], "https://", 8) != 0)
      return "an --origin in the live environment begins with https://";
  return NULL;
}

int options_read(int argc, char **argv, struct collect_options *ret_options, const char **ret_reason) {
  *ret_options = (struct collect_options){.rate_per_second = RATE_PER_SECOND, .rate_burst = RATE_BURST};
  bool environment_given = false;
  const char *reason = NULL;
  for (int i = 1; i < argc && reason == NULL; i += 2) {
    if (strcmp(argv[i], "--help") == 0)
      return OPTIONS_HELP;
    size_t which = 0;
    while (which < sizeof table / sizeof *table && strcmp(argv[i], table[which].name) != 0)
      which++;
    if (which == sizeof table / sizeof *table)
      reason = "unknown option";
    else if (i + 1 == argc)
      reason = "an option lacks its value";
    else
      reason = table[which].take(ret_options, argv[i + 1]);
    environment_given = environment_given || which == 0;
  }
  if (reason == NULL)
    reason = check_together(ret_options, environment_given);
  *ret_reason = reason;
  return reason == NULL ? 0 : OPTIONS_WRONG;
}

const char *options_help(void) {
  return help;
}
