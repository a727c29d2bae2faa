#include "power_trial.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "seen.h"

/* LMDB commits seldom, the log of batches always: SYNC_WEIGHT times as many states for each of LMDB's. */
enum { SYNC_WEIGHT = 60, SECONDS_PER_STATE = 10, FOLDER_BYTES = 64 };

/* Shared with the process that tries: what it knew when it crashed. */
struct progress {
  struct trial_result result;
  size_t current; /* the number of the file being tried */
  struct moment moment;
};

struct walk {
  const struct trial *trial;
  struct progress *progress;
  size_t skip;  /* files before this number were tried by a process that crashed */
  size_t next;  /* the number of the next one */
  size_t quota; /* files for each moment with writes that are not synced */
  uint64_t random;
  struct disk disk;
  struct moment moment;
  struct seen states, tried; /* tried: a state together with what must hold of it */
  bool *kept;
  uint8_t *bytes;
  size_t kept_capacity, bytes_capacity;
  char path[FOLDER_BYTES + 64];
};

static uint64_t draw(struct walk *walk, uint64_t below) {
  walk->random ^= walk->random << 13;
  walk->random ^= walk->random >> 7;
  walk->random ^= walk->random << 17;
  return walk->random % below;
}

static void put_file(struct walk *walk, const char *suffix, const uint8_t *bytes, size_t size) {
  char path[sizeof walk->path + 16];
  snprintf(path, sizeof path, "%s%s", walk->path, suffix);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
    abort();
  close(fd);
}

static void remove_files(const struct walk *walk) {
  static const char *const suffixes[] = {"", "-log", "-lock", ".new", ".new-lock"};
  char path[sizeof walk->path + 16];
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    snprintf(path, sizeof path, "%s%s", walk->path, suffixes[i]);
    (void)unlink(path);
  }
}

/* LMDB never syncs its lock file, so that anything may stand in it. */
static void litter_lock_file(struct walk *walk, uint64_t chance) {
  if (chance % 4 != 0)
    return;
  put_file(walk, walk->disk.named ? "-lock" : ".new-lock", walk->bytes, chance / 4 % walk->disk.capacity);
}

static void note_bad(struct progress *progress, const struct moment *moment, const char *reason) {
  struct trial_result *result = &progress->result;
  if (result->bad++ == 0)
    snprintf(result->first_bad, sizeof result->first_bad,
             "file %zu, lost at event %zu, commit %zu of %zu: %s", progress->current, moment->event,
             moment->acknowledged, moment->newest, reason);
}

static void try_files(struct walk *walk, const size_t sizes[FILE_KINDS], uint64_t chance) {
  struct progress *progress = walk->progress;
  progress->current = walk->next;
  progress->moment = walk->moment;
  remove_files(walk);
  litter_lock_file(walk, chance);
  put_file(walk, walk->disk.named ? "" : ".new", walk->bytes + disk_place(FILE_DATABASE),
           sizes[FILE_DATABASE]);
  if (sizes[FILE_LOG])
    put_file(walk, "-log", walk->bytes + disk_place(FILE_LOG), sizes[FILE_LOG]);
  alarm(SECONDS_PER_STATE);
  const char *wrong = walk->trial->check(walk->trial->context, walk->path, &walk->moment);
  alarm(0);
  if (wrong)
    note_bad(progress, &walk->moment, wrong);
}

static uint64_t hash_file(const struct walk *walk, enum file_kind file, size_t size) {
  const uint8_t *bytes = walk->bytes + disk_place(file);
  uint64_t key = size, word;
  for (size_t i = 0; i + sizeof word <= size; i += sizeof word) {
    memcpy(&word, bytes + i, sizeof word);
    key = (key ^ word) * 0x9e3779b97f4a7c15ULL;
    key ^= key >> 29;
  }
  return key;
}

/* What tells states from each other: all of their bytes. */
static uint64_t state_key(const struct walk *walk, const size_t sizes[FILE_KINDS]) {
  uint64_t key = hash_file(walk, FILE_DATABASE, sizes[FILE_DATABASE]);
  return seen_mix(seen_mix(key, hash_file(walk, FILE_LOG, sizes[FILE_LOG])), walk->disk.named);
}

static void consider(struct walk *walk, enum size_kept size_kept) {
  size_t sizes[FILE_KINDS];
  disk_after_loss(&walk->disk, walk->kept, size_kept, walk->bytes, sizes);
  uint64_t state = state_key(walk, sizes);
  uint64_t key = seen_mix(seen_mix(seen_mix(state, walk->moment.acknowledged), walk->moment.newest),
                          walk->moment.promises);
  if (!seen_add(&walk->tried, key))
    return;
  bool is_new = seen_add(&walk->states, state);
  if (walk->next >= walk->skip) {
    walk->progress->result.states += is_new;
    try_files(walk, sizes, state);
  }
  walk->next++;
}

static void keep_all(struct walk *walk, bool kept) {
  memset(walk->kept, kept, walk->disk.pending_count);
}

static void keep_all_and_none(struct walk *walk) {
  keep_all(walk, false);
  consider(walk, SIZE_REACHES);
  consider(walk, SIZE_WHOLE);
  keep_all(walk, true);
  consider(walk, SIZE_REACHES);
  consider(walk, SIZE_DURABLE);
}

/* Each write alone, and all but it. */
static void keep_by_write(struct walk *walk, bool kept) {
  const struct disk *disk = &walk->disk;
  for (size_t i = 0; i < disk->pending_count;) {
    size_t event = disk->pending[i].event, end = i;
    keep_all(walk, !kept);
    while (end < disk->pending_count && disk->pending[end].event == event)
      walk->kept[end++] = kept;
    consider(walk, SIZE_REACHES);
    i = end;
  }
}

/* Each sector alone, all but it, and all up to it: every step-th one. */
static void keep_by_sector(struct walk *walk, size_t step) {
  for (size_t i = draw(walk, step); i < walk->disk.pending_count; i += step) {
    for (int kept = 0; kept <= 1; kept++) {
      keep_all(walk, !kept);
      walk->kept[i] = kept;
      consider(walk, SIZE_REACHES);
    }
    keep_all(walk, false);
    memset(walk->kept, true, i);
    consider(walk, SIZE_REACHES);
  }
}

static void keep_at_random(struct walk *walk) {
  uint64_t share = 1 + draw(walk, 99);
  for (size_t i = 0; i < walk->disk.pending_count; i++)
    walk->kept[i] = draw(walk, 100) < share;
  consider(walk, (enum size_kept)draw(walk, SIZE_KINDS));
}

/* The writes of a commit are all there now, and none is durable. */
static void lose_power_before_sync(struct walk *walk, size_t quota) {
  size_t end = walk->next + quota;
  size_t sectors = walk->disk.pending_count;
  keep_all_and_none(walk);
  if (sectors == 0)
    return;
  keep_by_write(walk, true);
  keep_by_write(walk, false);
  size_t room = end > walk->next ? (end - walk->next) / 2 : 1;
  keep_by_sector(walk, 1 + 3 * sectors / (room + 1));
  for (size_t i = 0; i < quota && walk->next < end; i++)
    keep_at_random(walk);
}

/* In the middle of them: the last one torn. */
static void lose_power_while_writing(struct walk *walk, size_t index) {
  const struct disk *disk = &walk->disk;
  size_t first = disk->pending_count;
  while (first > 0 && disk->pending[first - 1].event == index)
    first--;
  keep_all(walk, true);
  consider(walk, SIZE_REACHES);
  for (size_t i = first + draw(walk, disk->pending_count - first + 1); i < disk->pending_count; i++)
    walk->kept[i] = false;
  consider(walk, (enum size_kept)draw(walk, SIZE_KINDS));
}

static void make_room(struct walk *walk) {
  if (walk->disk.pending_capacity > walk->kept_capacity) {
    walk->kept_capacity = walk->disk.pending_capacity;
    walk->kept = realloc(walk->kept, walk->kept_capacity * sizeof *walk->kept);
  }
  if (walk->disk.capacity > walk->bytes_capacity) {
    walk->bytes_capacity = walk->disk.capacity;
    walk->bytes = realloc(walk->bytes, walk->bytes_capacity);
  }
  if ((walk->kept_capacity && !walk->kept) || (walk->bytes_capacity && !walk->bytes))
    abort();
}

static void note_mark(struct walk *walk, enum event_type type) {
  if (type == EVENT_COMMIT)
    walk->moment.newest++;
  else if (type == EVENT_COMMITTED)
    walk->moment.acknowledged++;
  else if (type == EVENT_PROMISE)
    walk->moment.promises++;
}

static bool has_enough(const struct walk *walk) {
  return walk->trial->enough && walk->progress->result.bad >= walk->trial->enough;
}

static void pass_event(struct walk *walk, size_t index) {
  const struct event *event = &walk->trial->recording->events[index];
  walk->moment.event = index;
  disk_begin(&walk->disk, event, index);
  make_room(walk);
  note_mark(walk, event->type);
  if (walk->disk.capacity == 0)
    return;
  if (event->type == EVENT_SYNC)
    lose_power_before_sync(walk, SYNC_WEIGHT * walk->quota);
  else if (event->type == EVENT_WRITE && event->durable)
    lose_power_before_sync(walk, walk->quota);
  else if (event->type == EVENT_WRITE)
    lose_power_while_writing(walk, index);
  disk_finish(&walk->disk, event, index);
  keep_all_and_none(walk);
}

/* How often the process waited for the disk. */
static size_t syncs_of(const struct recording *recording) {
  size_t syncs = 0;
  for (size_t i = 0; i < recording->count; i++)
    syncs += recording->events[i].type == EVENT_SYNC || recording->events[i].durable;
  return syncs;
}

static bool is_renamed(const struct recording *recording) {
  bool renamed = false;
  for (size_t i = 0; i < recording->count; i++)
    renamed |= recording->events[i].type == EVENT_NAMED;
  return renamed;
}

static void walk_through(struct walk *walk) {
  const struct recording *recording = walk->trial->recording;
  walk->disk.named = !is_renamed(recording);
  for (size_t i = 0; i < recording->count && !has_enough(walk); i++)
    pass_event(walk, i);
  walk->progress->result.moments = recording->count;
}

/* What a bad disk leaves makes LMDB fail in every way there is, and say so. */
static void prepare_to_crash(const struct trial *trial) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
  struct rlimit none = {0};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
    (void)signal(deadly[i], SIG_DFL);
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (trial->disk != DISK_HONEST && !freopen("/dev/null", "w", stderr))
    abort();
}

static void walk_in_child(struct walk *walk) {
  prepare_to_crash(walk->trial);
  recorder_skip_syncs();
  walk_through(walk);
  remove_files(walk);
  _exit(EXIT_SUCCESS);
}

/* Whether the process came to the end; else the file that it crashed on is counted. */
static bool walk_on(struct walk *walk) {
  struct progress *progress = walk->progress;
  size_t before = progress->current;
  int status;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0)
    walk_in_child(walk);
  if (pid < 0 || waitpid(pid, &status, 0) != pid)
    abort();
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
    return true;
  if (walk->skip > 0 && progress->current == before)
    abort(); /* it crashed without trying anything */
  note_bad(progress, &progress->moment, "the process crashed");
  progress->result.crashed++;
  walk->skip = progress->current + 1;
  return has_enough(walk);
}

struct trial_result trial_run(const struct trial *trial) {
  char folder[FOLDER_BYTES];
  struct progress *progress =
      mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (progress == MAP_FAILED)
    abort();
  folder_make(folder, sizeof folder);
  size_t syncs = syncs_of(trial->recording);
  struct walk walk = {.trial = trial,
                      .progress = progress,
                      .quota = trial->states / (syncs ? syncs : 1),
                      .random = trial->seed * 0x9e3779b97f4a7c15ULL + 1,
                      .disk = disk_new(trial->disk)};
  snprintf(walk.path, sizeof walk.path, "%s/%s", folder, trial->name);
  while (!walk_on(&walk))
    continue;
  struct trial_result result = progress->result;
  munmap(progress, sizeof *progress);
  folder_remove(folder);
  return result;
}

void trial_print(const char *what, const struct trial_result *result) {
  printf("power loss, %s: %zu moments, %zu states, bad: %zu (crashed: %zu)%s%s\n", what, result->moments,
         result->states, result->bad, result->crashed, result->bad ? "; the first: " : "", result->first_bad);
  fflush(stdout);
}

size_t trial_states(size_t usual) {
  const char *given = getenv("POWERLOSS_STATES");
  return given ? strtoul(given, NULL, 10) : usual;
}
