#include "diff.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = -1 };

/* A line of one of the policies. */
struct statement {
  const char *line;
  size_t name_length; /* "rule NAME", "set NAME", "otherwise" */
  long other;         /* the statement of that name in the other policy, or NOBODY */
  bool stays;         /* in the same order as the others that stay; of the later policy */
};

struct statements {
  size_t count;
  struct statement *all;
};

size_t policy_line_name_length(const char *line) {
  size_t word = strcspn(line, " ");
  return strncmp(line, "otherwise ", 10) == 0 ? word : word + 1 + strcspn(line + word + 1, " ");
}

/* Parts text, which is changed, into its lines. */
static int part(char *text, struct statements *ret_statements) {
  size_t count = 0;
  for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
    count++;
  struct statement *all = calloc(count + 1, sizeof *all);
  if (all == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    char *end = strchr(text, '\n');
    *end = '\0';
    all[i] = (struct statement){.line = text, .name_length = policy_line_name_length(text), .other = NOBODY};
    text = end + 1;
  }
  *ret_statements = (struct statements){count, all};
  return 0;
}

static int by_name(const void *left, const void *right) {
  const struct statement *a = *(const struct statement *const *)left;
  const struct statement *b = *(const struct statement *const *)right;
  size_t shorter = a->name_length < b->name_length ? a->name_length : b->name_length;
  int order = strncmp(a->line, b->line, shorter);
  return order != 0 ? order : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

/* Finds for each statement the one of the same name. */
static int match(const struct statements *before, const struct statements *after) {
  const struct statement **sorted = calloc(before->count + 1, sizeof *sorted);
  if (sorted == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < before->count; i++)
    sorted[i] = &before->all[i];
  qsort(sorted, before->count, sizeof *sorted, by_name);
  for (size_t i = 0; i < after->count; i++) {
    const struct statement *wanted = &after->all[i];
    const struct statement **found = bsearch(&wanted, sorted, before->count, sizeof *sorted, by_name);
    if (found == NULL)
      continue;
    after->all[i].other = *found - before->all;
    before->all[after->all[i].other].other = (long)i;
  }
  free(sorted);
  return 0;
}

/* How many of the ends, ascending by where their statements stood before, stand before `place`. */
static size_t ends_below(const struct statements *after, const size_t *ends, size_t count, long place) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (after->all[ends[middle]].other < place)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Marks a longest sequence that stands in the same order in both. ends[n] is where the best sequence of n + 1
 * statements ends, previous[] what stands before each in its sequence. */
static void mark_longest(struct statements *after, size_t *ends, size_t *previous) {
  size_t length = 0;
  for (size_t i = 0; i < after->count; i++) {
    if (after->all[i].other == NOBODY)
      continue;
    size_t at = ends_below(after, ends, length, after->all[i].other);
    previous[i] = at > 0 ? ends[at - 1] : SIZE_MAX;
    ends[at] = i;
    length += at == length;
  }
  for (size_t i = length > 0 ? ends[length - 1] : SIZE_MAX; i != SIZE_MAX; i = previous[i])
    after->all[i].stays = true;
}

static int mark_staying(struct statements *after) {
  size_t *numbers = calloc(2 * after->count + 1, sizeof *numbers);
  if (numbers == NULL)
    return -ENOMEM;
  mark_longest(after, numbers, numbers + after->count);
  free(numbers);
  return 0;
}

static struct policy_difference *add(struct policy_diff *diff) {
  return &diff->differences[diff->count++];
}

/* What is gone and stood before `place`, from *next on. */
static void add_removed(struct policy_diff *diff, const struct statements *before, size_t *next,
                        size_t place) {
  for (; *next < place; (*next)++) {
    const struct statement *statement = &before->all[*next];
    if (statement->other != NOBODY)
      continue;
    *add(diff) = (struct policy_difference){.before = statement->line, .before_number = (unsigned)*next + 1};
    diff->removed++;
  }
}

static void add_after(struct policy_diff *diff, const struct statements *before,
                      const struct statements *after, size_t number) {
  const struct statement *statement = &after->all[number];
  struct policy_difference *difference = add(diff);
  *difference = (struct policy_difference){.after = statement->line, .after_number = (unsigned)number + 1};
  if (statement->other == NOBODY) {
    diff->added++;
    return;
  }
  difference->before = before->all[statement->other].line;
  difference->before_number = (unsigned)statement->other + 1;
  difference->changed = strcmp(difference->before, difference->after) != 0;
  difference->moved = !statement->stays;
  diff->changed += difference->changed;
  diff->moved += difference->moved;
}

/* Where the next statement that stays, from number on, stood before. */
static size_t next_staying(const struct statements *before, const struct statements *after, size_t number) {
  while (number < after->count && !after->all[number].stays)
    number++;
  return number < after->count ? (size_t)after->all[number].other : before->count;
}

/* What is gone follows what it stood behind. */
static void merge(struct policy_diff *diff, const struct statements *before, const struct statements *after) {
  size_t next = 0;
  add_removed(diff, before, &next, next_staying(before, after, 0));
  for (size_t i = 0; i < after->count; i++) {
    add_after(diff, before, after, i);
    if (after->all[i].stays)
      add_removed(diff, before, &next, next_staying(before, after, i + 1));
  }
}

static int compare(struct policy_diff *diff, struct statements *before, struct statements *after) {
  int result = part(diff->texts[0], before);
  if (result == 0)
    result = part(diff->texts[1], after);
  if (result == 0)
    result = match(before, after);
  if (result == 0)
    result = mark_staying(after);
  if (result == 0)
    diff->differences = calloc(before->count + after->count + 1, sizeof *diff->differences);
  if (result == 0 && diff->differences == NULL)
    result = -ENOMEM;
  if (result == 0)
    merge(diff, before, after);
  return result;
}

int policy_diff(const char *before, const char *after, struct policy_diff *ret_diff) {
  struct policy_diff diff = {.texts = {strdup(before), strdup(after)}};
  struct statements statements[2] = {0};
  int result = diff.texts[0] == NULL || diff.texts[1] == NULL
                   ? -ENOMEM
                   : compare(&diff, &statements[0], &statements[1]);
  free(statements[0].all);
  free(statements[1].all);
  if (result == 0)
    *ret_diff = diff;
  else
    policy_diff_free(&diff);
  return result;
}

/* The option stands last in its line, and no list of connectors reads like it. */
bool policy_line_names_schedule(const char *rule, const char *schedule) {
  static const char word[] = "schedule ", option[] = " later ";
  const size_t word_length = sizeof word - 1, option_length = sizeof option - 1, length = strlen(rule);
  if (strncmp(schedule, word, word_length) != 0 || strncmp(rule, "set ", 4) == 0)
    return false;
  const char *name = schedule + word_length;
  size_t name_length = strcspn(name, " ");
  if (length < option_length + name_length)
    return false;
  const char *end = rule + length - name_length;
  return strncmp(end, name, name_length) == 0 && strncmp(end - option_length, option, option_length) == 0;
}

void policy_diff_free(struct policy_diff *diff) {
  free(diff->differences);
  free(diff->texts[0]);
  free(diff->texts[1]);
  *diff = (struct policy_diff){0};
}
