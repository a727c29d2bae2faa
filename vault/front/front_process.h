/* What collect and hooks have in common as processes: the control line, over which the listening socket and
 * the line to the vault come, the HTTP server in front, the jail around. */
#pragma once

#include "front_line.h"
#include "http.h"
#include "jail.h"
#include "loop.h"
#include "result.h"

enum { FRONT_WRONG_USAGE = 64 };

struct front_settings {
  enum jail_role role;
  struct http_limits limits;
  struct vault_line *line; /* borrowed, as all of these */
  void (*handle)(void *context, struct http_request *request);
  void *context;
};

struct front {
  const struct front_settings *settings;
  struct loop *loop;
  struct http_server *server;
  struct watch control;
  char *certificate, *certificate_key;
  bool ready_sent;
  int result; /* what main() returns */
};

/* The libraries set up, PEM files read (paths, or both NULL), the loop made. To be called before the jail and
 * before anything that needs the loop. Returns 0, then front_end() follows; or a negated errno, and nothing
 * is left. */
MUST_USE int front_begin(struct front *front, const char *certificate, const char *certificate_key);
/* Serves until the control line closes or a SIGTERM. Enters the jail when the listening socket has come.
 * Returns 0, then front->result is what main() returns; or a negated errno. */
MUST_USE int front_run(struct front *front, const struct front_settings *settings);
/* Ends the server: kept requests are told to be gone. */
void front_stop(struct front *front);
/* Gives back the rest, and wipes the key of the certificate, if that has not been done: it is when the server
 * has it. Again it does nothing. */
void front_end(struct front *front);
