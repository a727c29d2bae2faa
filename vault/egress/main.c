/* freeport-egress: HTTPS out, to the PSPs on its list and nowhere else. */
#include "egress.h"
#include "jail.h"
#include "log.h"
#include "wiping_memory.h"
#include <jansson.h>
#include <sodium.h>

int main(int argc, char **argv) {
  struct egress_options options;
  log_open("freeport-egress");
  int error = jail_begin();
  if (error < 0) {
    log_error("it cannot start", error);
    return 1;
  }
  int outcome = egress_options_parse(argc, argv, &options);
  if (outcome != 0)
    return outcome == OPTIONS_HELP ? 0 : EXIT_USAGE;
  if (wiping_memory_install() < 0 || sodium_init() < 0) {
    log_warn("the libraries cannot be set up");
    return 1;
  }
  json_object_seed(randombytes_random()); /* by itself it would open /dev/urandom in the jail, and guess */
  return egress_run(&options);
}
