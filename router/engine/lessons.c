/* What the round's first attempts teach: learned once it is durable, so that a round that is undone and done
 * again teaches once, and the journal teaches a later start the same. */
#include "engine_parts.h"

#include <stdlib.h>

/* There is no room for another: then nothing is learned of it, which is advice only. */
static bool grow(struct lessons *lessons) {
  unsigned capacity = lessons->capacity ? 2 * lessons->capacity : 64;
  if (lessons->count < lessons->capacity)
    return true;
  struct lesson *list = reallocarray(lessons->list, capacity, sizeof *list);
  if (!list)
    return false;
  lessons->list = list;
  lessons->capacity = capacity;
  return true;
}

void lesson_note(struct engine *engine, const struct payment *payment, const struct attempt *attempt) {
  struct lesson lesson = {.traits = payment_traits(payment), .at_ms = engine->now_ms};
  if (!attempt_tells(payment, attempt, &lesson.approved) || !grow(&engine->lessons))
    return;
  memcpy(lesson.connector, attempt->connector, sizeof lesson.connector);
  engine->lessons.list[engine->lessons.count++] = lesson;
}

void lessons_committed(struct engine *engine) {
  for (unsigned i = 0; i < engine->lessons.count; i++) {
    const struct lesson *lesson = &engine->lessons.list[i];
    learned_add(engine->learned, lesson->connector, &lesson->traits, lesson->approved, lesson->at_ms);
  }
  engine->lessons.count = 0;
}

void lessons_undone(struct engine *engine) {
  engine->lessons.count = 0;
}

void lessons_free(struct engine *engine) {
  free(engine->lessons.list);
}

void engine_recall(struct engine *engine, const struct payment *payment, const struct attempt *attempt,
                   int64_t at_ms) {
  const struct choice_payment traits = payment_traits(payment);
  bool approved;
  if (at_ms > engine->now_ms) /* a clock was ahead */
    at_ms = engine->now_ms;
  if (attempt_tells(payment, attempt, &approved))
    learned_recall(engine->learned, attempt->connector, &traits, approved, at_ms);
}
