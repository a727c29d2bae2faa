#include "policy_tables.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RATE_CAPACITY = 64, RUN_SHOWN = 3, HASH_SHOWN = 12 };

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text != NULL ? text : "-";
}

static long long number_of(const json_t *object, const char *name) {
  return (long long)json_integer_value(json_object_get(object, name));
}

/* ---- Findings ---- */

void print_findings(const char *label, const struct policy_findings *findings) {
  static const char *const severities[] = {
      [POLICY_NOTE] = "note", [POLICY_WARNING] = "warning", [POLICY_ERROR] = "error"};
  for (unsigned i = 0; i < findings->count; i++) {
    const struct policy_finding *finding = &findings->findings[i];
    fprintf(stderr, "freeport policy: %s: line %u, column %u: %s: %s\n", label, finding->line,
            finding->column, severities[finding->severity], finding->text);
  }
  if (findings->more) {
    fputs("freeport policy: there is more of that\n", stderr);
  }
}

void print_told_findings(const json_t *findings) {
  size_t i;
  json_t *finding;
  json_array_foreach(findings, i, finding) {
    fprintf(stderr, "  line %lld, column %lld: %s: %s\n", number_of(finding, "line"),
            number_of(finding, "column"), text_of(finding, "severity"), text_of(finding, "text"));
  }
}

/* ---- Differences ---- */

static bool is_same(const struct policy_difference *one) {
  return one->before != NULL && one->after != NULL && !one->changed && !one->moved;
}

/* How many from `first` on are in both as they are. */
static size_t run_of_same(const struct policy_diff *diff, size_t first) {
  size_t length = 0;
  while (first + length < diff->count && is_same(&diff->differences[first + length])) {
    length++;
  }
  return length;
}

static void print_run(const struct policy_diff *diff, size_t first, size_t length) {
  if (length > RUN_SHOWN) {
    printf("  ... %zu statements are the same\n", length);
    return;
  }
  for (size_t i = 0; i < length; i++) {
    printf("  %s\n", diff->differences[first + i].after);
  }
}

static void print_difference(const struct policy_difference *one) {
  if (one->before != NULL && (one->after == NULL || one->changed)) {
    printf("- %s\n", one->before);
  }
  if (one->after != NULL && (one->before == NULL || one->changed)) {
    printf("+ %s\n", one->after);
  }
  if (one->moved && !one->changed) {
    printf("> %s\n", one->after);
  }
  if (one->moved) {
    printf("  (moved: it was statement %u, and is statement %u)\n", one->before_number, one->after_number);
  }
}

/* A schedule stands by itself: this is which statements of the later policy it matters to. */
static void print_users(const struct policy_diff *diff, const struct policy_difference *schedule) {
  bool any = false;
  for (size_t i = 0; i < diff->count; i++) {
    const char *line = diff->differences[i].after;
    if (line == NULL || !policy_line_names_schedule(line, schedule->after)) {
      continue;
    }
    printf("%s %.*s", any ? "," : "  (it is the schedule of", (int)policy_line_name_length(line), line);
    any = true;
  }
  if (any) {
    printf(")\n");
  }
}

void print_diff(const char *before, const char *after, const struct policy_diff *diff) {
  printf("--- %s\n+++ %s\n", before, after);
  for (size_t i = 0; i < diff->count;) {
    size_t same = run_of_same(diff, i);
    if (same > 0) {
      print_run(diff, i, same);
      i += same;
    } else {
      const struct policy_difference *one = &diff->differences[i++];
      print_difference(one);
      if (one->after != NULL && one->changed) {
        print_users(diff, one);
      }
    }
  }
  printf("%u added, %u removed, %u changed, %u moved\n", diff->added, diff->removed, diff->changed,
         diff->moved);
}

/* ---- Replays ---- */

static void rate_text(const json_t *rate, char ret_text[RATE_CAPACITY]) {
  if (!json_is_object(rate)) {
    snprintf(ret_text, RATE_CAPACITY, "not known");
    return;
  }
  snprintf(ret_text, RATE_CAPACITY, "%.1f%% (%.1f to %.1f, of %lld)",
           100 * json_number_value(json_object_get(rate, "rate")),
           100 * json_number_value(json_object_get(rate, "low")),
           100 * json_number_value(json_object_get(rate, "high")), number_of(rate, "sample"));
}

static void print_move(const char *from, const char *to, long long payments, const json_t *approval) {
  char before[RATE_CAPACITY], after[RATE_CAPACITY];
  rate_text(json_object_get(approval, "before"), before);
  rate_text(json_object_get(approval, "after"), after);
  printf("%-20s %-20s %9lld  %-34s %s\n", from, to, payments, before, after);
}

static void print_examples(const json_t *examples) {
  size_t i;
  json_t *example;
  if (json_array_size(examples) > 0) {
    printf("  such as");
  }
  json_array_foreach(examples, i, example) {
    printf(" %s", json_string_value(example));
  }
  if (json_array_size(examples) > 0) {
    printf("\n");
  }
}

static void print_counts(const json_t *replay) {
  printf("%s: %lld payments from %s to %s were looked at%s\n", text_of(replay, "policy"),
         number_of(replay, "looked_at"),
         text_of(replay, json_is_true(json_object_get(replay, "cut_off")) ? "oldest" : "from"),
         text_of(replay, "to"),
         json_is_true(json_object_get(replay, "cut_off")) ? ", and there are more" : "");
  printf("%lld named their connectors themselves; of the other %lld\n", number_of(replay, "by_request"),
         number_of(replay, "compared"));
  printf("%9lld would go elsewhere first\n%9lld would have another list (those included)\n\n",
         number_of(replay, "first_differs"), number_of(replay, "list_differs"));
}

static void print_advised(const json_t *advised) {
  const json_t *gain = json_object_get(advised, "gain");
  printf("advice of %s: %lld payments, %lld of them elsewhere; ", text_of(advised, "rule"),
         number_of(advised, "payments"), number_of(advised, "differing"));
  if (!json_is_object(gain)) {
    printf("too few to say what it would have gained\n");
    return;
  }
  printf("it would have gained %.1f points of approval (%.1f to %.1f)\n",
         100 * json_number_value(json_object_get(gain, "gain")),
         100 * json_number_value(json_object_get(gain, "low")),
         100 * json_number_value(json_object_get(gain, "high")));
}

/* An amount and its bounds; the higher one may be missing. */
static void print_figure(const json_t *figure) {
  const json_t *high = json_object_get(figure, "high");
  printf(" %.2f (%.2f ", json_number_value(json_object_get(figure, "amount")),
         json_number_value(json_object_get(figure, "low")));
  if (json_is_null(high))
    printf("or more)");
  else
    printf("to %.2f)", json_number_value(high));
}

static void print_cost_side(const char *side, const json_t *cost) {
  if (!json_is_object(cost)) {
    printf("%s none approved", side);
    return;
  }
  printf("%s", side);
  print_figure(json_object_get(cost, "per_approved"));
  printf(" for each approval,");
  print_figure(json_object_get(cost, "total"));
  printf(" in all");
}

/* Of the first attempts. */
static void print_cost(const json_t *cost) {
  printf("cost of %lld payments in minor units of %s:", number_of(cost, "payments"),
         text_of(cost, "currency"));
  print_cost_side("\n  as they went:", json_object_get(cost, "before"));
  print_cost_side("\n  as they would:", json_object_get(cost, "after"));
  printf("\n");
}

static void print_costs(const json_t *replay) {
  size_t i;
  json_t *cost;
  long long without = number_of(replay, "without_fees");
  json_array_foreach(json_object_get(replay, "cost"), i, cost) {
    print_cost(cost);
  }
  if (without > 0)
    printf("of %lld payments what they cost is not known on both sides\n", without);
  printf("\n");
}

void print_replay(const json_t *replay) {
  size_t i;
  json_t *move, *note, *advised;
  print_counts(replay);
  printf("%-20s %-20s %9s  %-34s %s\n", "from", "to", "payments", "first attempts approved",
         "comparable ones there");
  json_array_foreach(json_object_get(replay, "moves"), i, move) {
    print_move(text_of(move, "from"), text_of(move, "to"), number_of(move, "payments"),
               json_object_get(move, "approval"));
    print_examples(json_object_get(move, "examples"));
  }
  print_move("all", "", number_of(replay, "compared"), json_object_get(replay, "approval"));
  printf("\n");
  print_costs(replay);
  json_array_foreach(json_object_get(replay, "advice"), i, advised) {
    print_advised(advised);
  }
  json_array_foreach(json_object_get(replay, "notes"), i, note) {
    printf("note: %s\n", json_string_value(note));
  }
}

/* ---- The log ---- */

void print_log(const json_t *history) {
  size_t i;
  json_t *one;
  json_array_foreach(history, i, one) {
    bool back = strcmp(text_of(one, "action"), "rolled_back") == 0;
    printf("%5lld  %-24s  %-11s  %s  %.*s  %s  %s\n", number_of(one, "number"), text_of(one, "created_at"),
           back ? "rolled back" : "published", text_of(one, "policy"), HASH_SHOWN, text_of(one, "hash"),
           text_of(one, "author"), text_of(one, "reason"));
  }
}
