/* Stands in for the daemons in test_supervisor.c: which one, its name says. It answers at once; as the vault
 * it then lets go of its control line, as one does that is dying. */
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

/* Reads the control line until a descriptor of that name came. */
static bool wait_for(const char *name) {
  struct pollfd line = {.fd = CONTROL_FD, .events = POLLIN};
  struct control_message message;
  while (poll(&line, 1, -1) > 0) {
    int r = control_receive(CONTROL_FD, &message);
    if (r < 0)
      return false;
    if (r == 0 && strcmp(message.name, name) == 0)
      return true;
  }
  return false;
}

int main(int argc, char **argv) {
  (void)argc;
  bool vault = strcmp(basename(argv[0]), "freeport-vault") == 0;
  bool notify = strcmp(basename(argv[0]), "freeport-notify") == 0; /* it speaks to the router alone */
  if (!wait_for(vault || notify ? "router" : "vault") || control_send(CONTROL_FD, "ready", -1, NULL, 0) < 0)
    return 1;
  if (vault)
    close(CONTROL_FD);
  pause();
  return 0;
}
