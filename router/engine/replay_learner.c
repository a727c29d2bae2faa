#include "replay_learner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int learner_open(struct replay_learner *learner) {
  *learner = (struct replay_learner){.lessons = calloc(LEARNER_WAITING_MAX, sizeof *learner->lessons)};
  int r = learner->lessons ? learned_new(CHOICE_CELLS_DEFAULT, &learner->learned) : -ENOMEM;
  if (r < 0)
    learner_close(learner);
  return r;
}

void learner_close(struct replay_learner *learner) {
  learned_free(learner->learned);
  free(learner->lessons);
  *learner = (struct replay_learner){0};
}

static void swap(struct lesson *left, struct lesson *right) {
  struct lesson kept = *left;
  *left = *right;
  *right = kept;
}

static void add(struct replay_learner *learner, const struct lesson *lesson) {
  struct lesson *lessons = learner->lessons;
  unsigned at = learner->waiting++;
  lessons[at] = *lesson;
  for (; at > 0 && lessons[at].at_ms < lessons[(at - 1) / 2].at_ms; at = (at - 1) / 2)
    swap(&lessons[at], &lessons[(at - 1) / 2]);
}

/* Of a place and the two below it, the one whose time comes first. */
static unsigned earliest_of(const struct replay_learner *learner, unsigned at) {
  unsigned least = at;
  for (unsigned below = 2 * at + 1; below <= 2 * at + 2 && below < learner->waiting; below++)
    if (learner->lessons[below].at_ms < learner->lessons[least].at_ms)
      least = below;
  return least;
}

static void learn_earliest(struct replay_learner *learner) {
  const struct lesson lesson = learner->lessons[0];
  learner->lessons[0] = learner->lessons[--learner->waiting];
  for (unsigned at = 0, least; (least = earliest_of(learner, at)) != at; at = least)
    swap(&learner->lessons[at], &learner->lessons[least]);
  learned_add(learner->learned, lesson.connector, &lesson.traits, lesson.approved, lesson.at_ms);
}

void learner_note(struct replay_learner *learner, const struct payment *payment) {
  const struct attempt *first = &payment->attempts[0];
  struct lesson lesson = {.traits = payment_traits(payment)};
  if (payment->attempt_count == 0 || !attempt_tells(payment, first, &lesson.approved))
    return;
  memcpy(lesson.connector, first->connector, sizeof lesson.connector);
  lesson.at_ms = first->step.ended_ms;
  if (learner->waiting == LEARNER_WAITING_MAX)
    learn_earliest(learner);
  add(learner, &lesson);
}

void learner_pass_time(struct replay_learner *learner, int64_t now_ms) {
  while (learner->waiting > 0 && learner->lessons[0].at_ms <= now_ms)
    learn_earliest(learner);
}
