/* Policies that are written to be dear: each compiles or is refused, within the memory and the steps that a
 * policy may take; so does what is then asked of it. */
#include "check.h"
#include "compiled.h"
#include "hostile_policy.h"
#include "policy_builder.h"
#include "routing.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
  TEXT_MOST = 262144, /* that the API takes */
  QUESTION_MOST = 32768,
  MEMORY_MOST = 50 * 1024 * 1024,
  TIMEOUT_S = 200
};

/* ---- Memory ---- */

static size_t held, most_held;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

static void *count(void *memory) {
  held += malloc_usable_size(memory);
  most_held = held > most_held ? held : most_held;
  return memory;
}

static void drop(size_t size) {
  held -= size < held ? size : held; /* some of it is from before */
}

void *__wrap_malloc(size_t size) {
  return count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size) {
  return count(__real_calloc(number, size));
}

void *__wrap_realloc(void *old, size_t size) {
  size_t before = malloc_usable_size(old);
  void *memory = count(__real_realloc(old, size)); /* both for a moment */
  drop(before);
  return memory;
}

void *__wrap_reallocarray(void *old, size_t number, size_t size) {
  size_t before = malloc_usable_size(old);
  void *memory = count(__real_reallocarray(old, number, size));
  drop(before);
  return memory;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return count(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory) {
  drop(malloc_usable_size(memory));
  __real_free(memory);
}

/* ---- The policies ---- */

/* Those that are more than a policy may be, at the length that the API takes. */
static bool is_too_intricate(enum hostile_shape shape) {
  return shape == HOSTILE_CURRENCY_NOT || shape == HOSTILE_BIN_AND || shape == HOSTILE_COLLIDING ||
         shape == HOSTILE_MEMBERS;
}

/* NULL when it is refused. */
static struct policy *parse(enum hostile_shape shape, size_t length) {
  char *text = hostile_policy(shape, length);
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert(le(sz, strlen(text), length));
  cr_assert(gt(sz, strlen(text), length * 4 / 5), "%s is as long as it may be", hostile_name(shape));
  held = most_held = 0;
  int result = policy_parse(text, strlen(text), &policy, &error);
  free(text);
  cr_assert(lt(sz, most_held, MEMORY_MOST), "%s", hostile_name(shape));
  cr_assert(eq(int, result != 0, length == TEXT_MOST && is_too_intricate(shape)), "%s: %s",
            hostile_name(shape), error.expected);
  if (result != 0) {
    cr_expect(eq(int, result, POLICY_WRONG), "%s", hostile_name(shape));
    cr_expect(ne(ptr, strstr(error.expected, "too intricate"), NULL), "%s: %s", hostile_name(shape),
              error.expected);
    cr_expect(gt(u32, error.line, 0));
    cr_expect(gt(u32, error.line + error.column, 2), "%s: a place within the text", hostile_name(shape));
  }
  return policy;
}

Test(policy_hostile, each_compiles_or_is_refused, .timeout = TIMEOUT_S) {
  for (enum hostile_shape shape = 0; shape < HOSTILE_COUNT; shape++) {
    struct policy *policy = parse(shape, TEXT_MOST);
    if (policy != NULL)
      cr_expect(le(u64, policy->program->steps, STEPS_MAX), "%s", hostile_name(shape));
    policy_free(policy);
  }
}

/* Twice the text is about twice the work: what is not so runs out of steps in longer texts, and is refused.
 */
Test(policy_hostile, work_grows_with_the_text, .timeout = TIMEOUT_S) {
  for (enum hostile_shape shape = 0; shape < HOSTILE_COUNT; shape++) {
    struct policy *shorter = parse(shape, QUESTION_MOST), *longer = parse(shape, TEXT_MOST);
    uint64_t once = shorter->program->steps, more = longer == NULL ? 0 : longer->program->steps;
    cr_expect(lt(u64, once, STEPS_MAX / 4), "%s: a question has steps to spare", hostile_name(shape));
    cr_expect(lt(u64, more, TEXT_MOST / QUESTION_MOST * 3 * once), "%s: %llu, then %llu", hostile_name(shape),
              (unsigned long long)once, (unsigned long long)more);
    policy_free(shorter);
    policy_free(longer);
  }
}

Test(policy_hostile, a_set_that_thousands_of_rules_ask_about_is_in_the_index, .timeout = TIMEOUT_S) {
  struct policy *policy = parse(HOSTILE_BIN_RULES, TEXT_MOST);
  unsigned shown = 0;
  for (unsigned i = 0; i < policy->rule_count; i++)
    shown += policy->program->rules[i].shown;
  cr_expect(gt(uint, policy->rule_count, 5000));
  cr_expect(eq(uint, shown, policy->rule_count));
  policy_free(policy);
}

Test(policy_hostile, checking_keeps_within_memory, .timeout = TIMEOUT_S) {
  static struct policy_findings findings;
  for (enum hostile_shape shape = 0; shape < HOSTILE_COUNT; shape++) {
    struct policy *policy = parse(shape, TEXT_MOST);
    if (policy == NULL)
      continue;
    size_t before = held;
    most_held = held;
    cr_expect(eq(int, policy_check(policy, NULL, 0, NULL, &findings), 0), "%s", hostile_name(shape));
    cr_expect(lt(sz, most_held - before, MEMORY_MOST), "%s", hostile_name(shape));
    policy_free(policy);
  }
}
