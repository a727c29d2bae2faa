#include "sweeper.h"

#include <stddef.h>
#include <string.h>

#include "deletion.h"
#include "emptied.h"
#include "log.h"
#include "vault.h"

#define SOON_US INT64_C(100000)
#define LATER_US (INT64_C(600) * 1000000)

enum { BATCH = 128 };

static bool sweep_similar(struct vault *vault) {
  bool done = true;
  int r = similar_sweep(vault->store, vault->sweeper.similar_position, BATCH, vault_now_ms(vault), &done);
  if (r < 0)
    round_fail(vault, r);
  if (done)
    memset(vault->sweeper.similar_position, 0, sizeof vault->sweeper.similar_position);
  return r == 0 && !done;
}

static bool sweep_emptied(struct vault *vault) {
  int forgotten = emptied_sweep(vault->store, BATCH, vault_now_ms(vault));
  if (forgotten < 0)
    round_fail(vault, forgotten);
  else if (forgotten > 0)
    log_info_number("fingerprints of destroyed cards forgotten", "count", forgotten);
  return forgotten == BATCH;
}

bool sweeper_run(struct vault *vault) {
  int destroyed = deletion_sweep(vault, BATCH);
  if (destroyed < 0) {
    round_fail(vault, destroyed);
    return false;
  }
  if (destroyed > 0)
    log_info_number("deleted tokens destroyed", "count", destroyed);
  bool more = sweep_similar(vault);
  return sweep_emptied(vault) || more || destroyed == BATCH;
}

static void on_due(struct timer *timer) {
  struct sweeper *sweeper = (struct sweeper *)(void *)((char *)timer - offsetof(struct sweeper, timer));
  struct vault *vault = (struct vault *)(void *)((char *)sweeper - offsetof(struct vault, sweeper));
  bool more = !vault->sealed && sweeper_run(vault);
  if (loop_set_timer(vault->loop, timer, more ? SOON_US : LATER_US) < 0)
    log_warn("the sweeper has no timer until the next start");
}

int sweeper_begin(struct vault *vault) {
  vault->sweeper.timer.due = on_due;
  return loop_set_timer(vault->loop, &vault->sweeper.timer, 0);
}
