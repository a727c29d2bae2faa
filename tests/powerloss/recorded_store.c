#include "recorded_store.h"

#include <stdlib.h>

#include "after_loss.h"
#include "store_lmdb.h"

enum { ENOUGH_BAD = 150 };

static uint64_t state;

uint64_t recorded_draw(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

void recorded_store_begin(const struct recorded_store *subject) {
  state = 88172645463325252ULL;
  recorder_begin(subject->name);
  commits_begin(subject->table_count);
}

void recorded_store_end(struct recorded_store *subject) {
  subject->recording = recorder_end();
  subject->commits = commits_end(&subject->commit_count);
}

void recorded_store_free(struct recorded_store *subject) {
  recording_free(&subject->recording);
  free(subject->commits);
}

static const char *check(void *context, const char *path, const struct moment *moment) {
  const struct recorded_store *subject = context;
  struct store *store;
  size_t commit;
  if (store_open_lmdb(path, subject->tables, subject->map_bytes, &store) < 0)
    return "the file does not open";
  const char *wrong = check_contents(store, subject->table_count, subject->commits, moment, &commit);
  if (!wrong)
    wrong = subject->look_through(store, commit, moment);
  if (!wrong)
    wrong = check_goes_on(&store, path, subject->tables, subject->map_bytes);
  if (store)
    store_close(store);
  return wrong;
}

struct trial_result recorded_store_try(const struct recorded_store *subject, enum disk_kind disk,
                                       size_t states, const char *what) {
  struct trial trial = {.recording = &subject->recording,
                        .name = subject->name,
                        .disk = disk,
                        .states = states,
                        .enough = disk == DISK_HONEST ? 0 : ENOUGH_BAD,
                        .seed = 1,
                        .check = check,
                        .context = (void *)(uintptr_t)subject};
  struct trial_result result = trial_run(&trial);
  trial_print(what, &result);
  return result;
}
