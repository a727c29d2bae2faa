#include <stdio.h>
#include <stdlib.h>

#include "card_body.h"
#include "collect.h"
#include "front_process.h"
#include "json_guard.h"
#include "log.h"

enum { CONNECTIONS_MAX = 8192, CONNECTION_TIMEOUT_S = 20 };

static int serve(struct front *front, struct collect *collect) {
  const struct front_settings settings = {
      .role = JAIL_COLLECT,
      .limits = {CARD_BODY_MAX, CONNECTIONS_MAX, LINE_QUESTIONS_MAX, CONNECTION_TIMEOUT_S},
      .line = &collect->line,
      .handle = collect_handle,
      .context = collect};
  int error = front_run(front, &settings);
  front_stop(front);
  return error;
}

static int run(struct front *front, const struct collect_options *options) {
  static struct collect collect;
  int error = front_begin(front, options->certificate, options->certificate_key);
  if (error != 0)
    return error;
  error = collect_open(&collect, options, front->loop, &system_clock);
  if (error == 0) {
    error = serve(front, &collect);
    collect_close(&collect);
  }
  front_end(front);
  return error;
}

int main(int argc, char **argv) {
  static struct front front;
  static struct collect_options options;
  const char *reason;
  int error = jail_begin();
  log_open("freeport-collect");
  json_wipe_freed();
  switch (options_read(argc, argv, &options, &reason)) {
  case OPTIONS_HELP:
    fputs(options_help(), stdout);
    return EXIT_SUCCESS;
  case OPTIONS_WRONG:
    fprintf(stderr, "freeport-collect: %s; see --help\n", reason);
    return FRONT_WRONG_USAGE;
  default:
    break;
  }
  if (error == 0)
    error = run(&front, &options);
  if (error == 0)
    return front.result;
  log_error("ended", error);
  return EXIT_FAILURE;
}
