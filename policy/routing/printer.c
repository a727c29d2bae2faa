#include "policy_printer.h"
#include "policy_words.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 1024, FORMAT_CAPACITY = 128, HUNDREDTHS_TO_THOUSANDTHS = 10 };

static bool make_room(struct printer *printer, size_t length) {
  size_t capacity = printer->capacity == 0 ? CAPACITY_FIRST : printer->capacity;
  while (capacity - printer->length <= length)
    capacity *= 2;
  if (capacity == printer->capacity)
    return true;
  char *text = realloc(printer->text, capacity);
  if (text == NULL)
    return false;
  printer->text = text;
  printer->capacity = capacity;
  return true;
}

void print_bytes(struct printer *printer, const char *bytes, size_t length) {
  if (printer->hash != NULL) {
    crypto_generichash_update(printer->hash, (const unsigned char *)bytes, length);
    return;
  }
  if (printer->failed || !make_room(printer, length)) {
    printer->failed = true;
    return;
  }
  memcpy(printer->text + printer->length, bytes, length);
  printer->length += length;
  printer->text[printer->length] = '\0';
}

void print_word(struct printer *printer, const char *word) {
  print_bytes(printer, word, strlen(word));
}

void print_format(struct printer *printer, const char *format, ...) {
  char text[FORMAT_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  assert(length >= 0 && (size_t)length < sizeof text);
  print_bytes(printer, text, (size_t)length);
}

/* ---- Actions ---- */

static void print_options(struct printer *printer, const struct policy_options *options) {
  const char *before = " with ";
  if (options->three_ds[0] != '\0') {
    print_format(printer, "%sthree_ds %s", before, options->three_ds);
    before = ", ";
  }
  if (options->exemption[0] != '\0') {
    print_format(printer, "%sexemption %s", before, options->exemption);
    before = ", ";
  }
  if (options->retry_off) {
    print_format(printer, "%sretry off", before);
    before = ", ";
  }
  if (options->max_attempts != 0) {
    print_format(printer, "%smax_attempts %u", before, options->max_attempts);
    before = ", ";
  }
  if (options->later != 0)
    print_format(printer, "%slater %s", before, policy_schedule(printer->policy, options->later - 1u)->name);
}

static void print_candidates(struct printer *printer, const struct policy_action *action) {
  for (unsigned i = 0; i < action->candidate_count; i++) {
    print_format(printer, "%s%s", i == 0 ? " " : ", ", action->candidates[i]);
    if (action->type == POLICY_SPLIT)
      print_format(printer, " %u%%", action->weights[i]);
  }
}

static void print_action(struct printer *printer, const struct policy_action *action) {
  print_word(printer, policy_action_name(action->type));
  if (action->type == POLICY_CHEAPEST || action->type == POLICY_BEST)
    print_word(printer, " of");
  print_candidates(printer, action);
  if (action->type == POLICY_SPLIT && action->by_customer)
    print_word(printer, " by customer");
  if (action->floor != 0) {
    char number[NUMBER_CAPACITY];
    number_text((int64_t)action->floor * HUNDREDTHS_TO_THOUSANDTHS, number);
    print_format(printer, " where approval >= %s%%", number);
  }
  if (action->advice)
    print_word(printer, " as advice");
  print_options(printer, &action->options);
}

/* ---- Statements ---- */

static void print_set(struct printer *printer, const struct named_set *set) {
  print_format(printer, "set %s = ", set->name);
  print_members(printer, set->count, set->members);
  print_word(printer, "\n");
}

static void print_schedule(struct printer *printer, const struct policy_schedule *schedule) {
  char says[POLICY_SCHEDULE_CAPACITY];
  policy_schedule_text(schedule, says);
  print_format(printer, "schedule %s = ", schedule->name);
  print_word(printer, says);
  print_word(printer, "\n");
}

static void print_rule(struct printer *printer, const struct rule *rule) {
  if (rule->when != NULL) {
    print_format(printer, "rule %s when ", rule->name);
    print_condition(printer, rule->when);
  } else {
    print_word(printer, "otherwise");
  }
  print_word(printer, " ");
  print_action(printer, &rule->action);
  print_word(printer, "\n");
}

static void print_policy(struct printer *printer) {
  const struct policy *policy = printer->policy;
  for (unsigned i = 0; i < policy->set_count; i++)
    print_set(printer, &policy->sets[i]);
  for (unsigned i = 0; i < policy->schedule_count; i++)
    print_schedule(printer, &policy->schedules[i].is);
  for (unsigned i = 0; i < policy->rule_count; i++)
    print_rule(printer, &policy->rules[i]);
}

int printer_finish(struct printer *printer, char **ret_text) {
  if (printer->failed) {
    free(printer->text);
    return -ENOMEM;
  }
  *ret_text = printer->text;
  return 0;
}

int policy_print(const struct policy *policy, char **ret_text) {
  struct printer printer = {.policy = policy};
  print_policy(&printer);
  return printer_finish(&printer, ret_text);
}

void policy_hash(const struct policy *policy, uint8_t ret_hash[POLICY_HASH_BYTES]) {
  crypto_generichash_state hash;
  struct printer printer = {.policy = policy, .hash = &hash};
  crypto_generichash_init(&hash, NULL, 0, POLICY_HASH_BYTES);
  print_policy(&printer);
  crypto_generichash_final(&hash, ret_hash, POLICY_HASH_BYTES);
}

void policy_hash_text(const struct policy *policy, char ret_text[POLICY_HASH_CAPACITY]) {
  uint8_t hash[POLICY_HASH_BYTES];
  policy_hash(policy, hash);
  sodium_bin2hex(ret_text, POLICY_HASH_CAPACITY, hash, sizeof hash);
}
