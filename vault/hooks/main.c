/* freeport-hooks.
 *
 * SECURITY: anybody on the network may speak to this process. It holds no secret, no key and nothing on disk;
 * it looks at a body's form, hands it to the vault and passes on the vault's yes or no. It trusts its
 * supervisor for its sockets and nobody else; whoever takes it over can offer the vault webhooks that it then
 * refuses for their signature. */
#include <stdio.h>
#include <stdlib.h>

#include "front_process.h"
#include "hooks.h"
#include "json_guard.h"
#include "log.h"

enum { CONNECTIONS_MAX = 4096, CONNECTION_TIMEOUT_S = 20 };

static int serve(struct front *front, struct hooks *hooks) {
  const struct front_settings settings = {
      .role = JAIL_HOOKS,
      .limits = {HOOK_BODY_MAX, CONNECTIONS_MAX, LINE_QUESTIONS_MAX, CONNECTION_TIMEOUT_S},
      .line = &hooks->line,
      .handle = hooks_handle,
      .context = hooks};
  int error = front_run(front, &settings);
  front_stop(front);
  return error;
}

static int run(struct front *front, const struct hooks_options *options) {
  static struct hooks hooks;
  int error = front_begin(front, options->certificate, options->certificate_key);
  if (error != 0)
    return error;
  error = hooks_open(&hooks, options, front->loop, &system_clock);
  if (error == 0) {
    error = serve(front, &hooks);
    hooks_close(&hooks);
  }
  front_end(front);
  return error;
}

int main(int argc, char **argv) {
  static struct front front;
  static struct hooks_options options;
  const char *reason;
  int error = jail_begin();
  log_open("freeport-hooks");
  json_wipe_freed();
  switch (hooks_options_read(argc, argv, &options, &reason)) {
  case OPTIONS_HELP:
    fputs(hooks_options_help(), stdout);
    return EXIT_SUCCESS;
  case OPTIONS_WRONG:
    fprintf(stderr, "freeport-hooks: %s; see --help\n", reason);
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
