/* Known-wrong routers, to show that the simulator finds what is wrong. Each is made by standing between two
 * parts of the real one when the simulator is linked; nothing in the product knows of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wrong {
  WRONG_NOTHING,
  WRONG_NO_DISPATCH_RECORD,
  WRONG_RETRY_ON_TIMEOUT,
  WRONG_ABSENT_AT_ONCE,
  WRONG_KEY_FORGOTTEN_AT_RESTART,
  WRONG_CAPTURE_NOT_IDEMPOTENT,
  WRONG_HEALTH_IGNORED,
  WRONG_NEVER_BACK,
  WRONG_WEBHOOK_AWAITED_FOR_EVER,
  WRONG_BUDGET_IGNORED,
  WRONG_FIRST_TRIES_FREE,
  WRONG_MONTH_FORGOTTEN,
  WRONG_HARD_TRIED_ELSEWHERE,
  WRONG_HALF_PUBLISHED,
  WRONG_REASON_NOT_AWAITED,
  WRONG_LATER_IGNORES_ADVICE,
  WRONG_LATER_FORGETS_BUDGET,
  WRONG_LATER_FORGOTTEN,
  WRONG_LATER_AT_ANY_HOUR,
  WRONG_LATER_AFTER_HARD,
  WRONG_COUNT
};

/* What the command line calls it, and what is wrong with it. Static. */
const char *wrong_name(enum wrong wrong);
const char *wrong_about(enum wrong wrong);
/* The one of that name, or WRONG_COUNT. */
enum wrong wrong_named(const char *name);
/* From here on the router is wrong in that way. */
void wrong_choose(enum wrong wrong);
/* The router's process begins, by its own time; first: of a universe. */
void wrong_restarted(int64_t now_ms, bool first);
