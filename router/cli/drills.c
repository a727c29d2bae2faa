/* `freeport drill`: takes a connector out on purpose, and says where its payments went. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "merchant_api.h"
#include "paths.h"
#include "registration.h"

enum {
  SECONDS_MAX = 3600,
  SECONDS_PER_MINUTE = 60,
  PATH_CAPACITY = 128,
  SETTLING_S_MAX = 15 /* a payment's outcome is there, or said to be open, within ten */
};

static const char usage[] =
    "usage: freeport drill CONNECTOR --for DURATION --dir DIR\n"
    "\n"
    "Takes a connector out for DURATION (`60s` or `5m`, an hour at most) as if it had failed, and says at "
    "the "
    "end how many\n"
    "payments would have gone there, where they went instead and how they ended. Ctrl-C ends the drill.\n"
    "\n"
    "Exit status: 0 done, 1 the router refused, or it went away, 64 wrong usage, 69 no stack answers in "
    "DIR.\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

/* Seconds of "60s" or "5m"; 0 when it is no such duration. */
static unsigned duration_of(const char *text) {
  char *end;
  if (text == NULL || text[0] < '0' || text[0] > '9') {
    return 0;
  }
  unsigned long number = strtoul(text, &end, 10);
  if (number > SECONDS_MAX) {
    return 0;
  }
  unsigned long seconds = strcmp(end, "m") == 0 ? number * SECONDS_PER_MINUTE : number;
  return (strcmp(end, "s") == 0 || strcmp(end, "m") == 0) && seconds <= SECONDS_MAX ? (unsigned)seconds : 0;
}

static bool has_ended(const json_t *drill) {
  const char *status = json_string_value(json_object_get(drill, "status"));
  return status != NULL && strcmp(status, "ended") == 0;
}

/* Waits until it is over, or ends it when interrupted. Returns 0 with the drill, which has ended. */
static int await_end(struct merchant_api *api, const char *path, json_t **ret_drill) {
  json_t *drill;
  int result;
  while ((result = merchant_api_call(api, "GET", path, NULL, &drill)) == 0 && !has_ended(drill)) {
    json_decref(drill);
    if (interrupted != 0) {
      return merchant_api_call(api, "DELETE", path, NULL, ret_drill);
    }
    sleep(1);
  }
  if (result == 0) {
    *ret_drill = drill;
  }
  return result;
}

/* Whether a payment of the drill's is still on its way. */
static bool is_under_way(const json_t *drill) {
  size_t i;
  json_t *entry;
  json_array_foreach(json_object_get(json_object_get(drill, "report"), "instead"), i, entry) {
    if (json_integer_value(json_object_get(json_object_get(entry, "statuses"), "processing")) > 0) {
      return true;
    }
  }
  return false;
}

/* Waits a little, unless interrupted, for the payments that began last, so that the report says how they
 * ended. Returns 0 with the drill read again. */
static int await_payments(struct merchant_api *api, const char *path, json_t **drill) {
  for (unsigned waited = 0; interrupted == 0 && is_under_way(*drill) && waited < SETTLING_S_MAX; waited++) {
    json_t *again;
    sleep(1);
    int result = merchant_api_call(api, "GET", path, NULL, &again);
    if (result != 0) {
      return result;
    }
    json_decref(*drill);
    *drill = again;
  }
  return 0;
}

static void print_statuses(json_t *statuses) {
  const char *status, *between = " (";
  json_t *count;
  json_object_foreach(statuses, status, count) {
    if (json_integer_value(count) > 0) {
      printf("%s%lld %s", between, (long long)json_integer_value(count), status);
      between = ", ";
    }
  }
  puts(between[0] == ',' ? ")" : "");
}

static void print_report(const char *connector, const json_t *drill) {
  const json_t *report = json_object_get(drill, "report"), *instead = json_object_get(report, "instead");
  size_t i;
  json_t *entry;
  printf("the drill is over; payments that would have begun at %s: %lld\n", connector,
         (long long)json_integer_value(json_object_get(report, "payments")));
  json_array_foreach(instead, i, entry) {
    const char *name = json_string_value(json_object_get(entry, "connector"));
    printf("  begun at %s: %lld", name != NULL ? name : "",
           (long long)json_integer_value(json_object_get(entry, "payments")));
    print_statuses(json_object_get(entry, "statuses"));
  }
  long long untried = json_integer_value(json_object_get(report, "untried"));
  if (untried > 0) {
    printf("  tried nowhere: %lld\n", untried);
  }
  if (json_is_true(json_object_get(report, "more"))) {
    puts("  there were more, which are not counted");
  }
}

static int run(struct merchant_api *api, const char *connector, unsigned seconds) {
  char path[PATH_CAPACITY], body[PATH_CAPACITY];
  json_t *drill;
  int result = file_path(path, sizeof path, "/v1/connectors/%s/drill", connector);
  snprintf(body, sizeof body, "{\"seconds\":%u}", seconds);
  if (result == 0) {
    result = merchant_api_call(api, "POST", path, body, &drill);
  }
  if (result < 0) {
    return result;
  }
  const char *author = json_string_value(json_object_get(drill, "author"));
  printf("%s is out for %u seconds, by %s\n", connector, seconds,
         author != NULL ? author : "another merchant");
  json_decref(drill);
  fflush(stdout);
  result = await_end(api, path, &drill);
  if (result != 0) {
    return result;
  }
  result = await_payments(api, path, &drill);
  if (result == 0) {
    print_report(connector, drill);
  }
  json_decref(drill);
  return result;
}

int drill_command(int argc, char **argv) {
  static struct merchant_api api;
  struct sigaction action = {.sa_handler = on_signal};
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  unsigned seconds = duration_of(line.duration);
  if (line.word_count != 1 || !connector_name_valid(line.words[0])) {
    return command_wrong(line.command, usage, "it takes the name of one CONNECTOR");
  }
  if (seconds == 0) {
    return command_wrong(line.command, usage,
                         "--for DURATION is missing or wrong: 60s or 5m, at most an hour");
  }
  if (merchant_api_open(line.directory, line.command, &api) < 0) {
    return EXIT_NO_STACK;
  }
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  int result = run(&api, line.words[0], seconds);
  merchant_api_forget(&api);
  return merchant_api_status(result);
}
