/* A policy's tree as JSON, in one line. README.md gives the shape. */
#include "policy_printer.h"
#include "policy_words.h"
#include <inttypes.h>
#include <string.h>

enum { THOUSAND = 1000, HUNDREDTHS_TO_THOUSANDTHS = 10 };

/* A comma before all but the first. */
static void print_comma(struct printer *printer, unsigned index) {
  print_word(printer, index == 0 ? "" : ",");
}

/* ---- Values ---- */

static void print_value(struct printer *printer, const struct value *value, bool thousandths) {
  char number[NUMBER_CAPACITY];
  switch (value->type) {
  case VALUE_WORD:
    print_format(printer, "\"%s\"", value->text);
    return;
  case VALUE_TEXT:
    print_word(printer, "{\"text\":");
    print_quoted(printer, value->text);
    print_word(printer, "}");
    return;
  case VALUE_AMOUNT:
    print_format(printer, "{\"amount\":%" PRId64 ",\"currency\":\"%s\"}", value->number, value->currency);
    return;
  case VALUE_BIN:
    print_format(printer, "%" PRId64, value->number);
    return;
  case VALUE_NUMBER:
    number_text(thousandths ? value->number : value->number * THOUSAND, number);
    print_word(printer, number);
  }
}

static void print_list(struct printer *printer, unsigned count, const struct member *members,
                       bool thousandths) {
  print_word(printer, "\"members\":[");
  for (unsigned i = 0; i < count; i++) {
    print_comma(printer, i);
    if (members[i].is_range)
      print_word(printer, "{\"from\":");
    print_value(printer, &members[i].low, thousandths);
    if (!members[i].is_range)
      continue;
    print_word(printer, ",\"to\":");
    print_value(printer, &members[i].high, thousandths);
    print_word(printer, "}");
  }
  print_word(printer, "]");
}

/* ---- Conditions ---- */

static void print_comparison(struct printer *printer, const struct node *node) {
  static const struct fact_form form = {
      {"{\"fact\":\"", "\""}, {",\"zone\":\"", "\""}, {",\"window\":\"", "\""}};
  bool thousandths = policy_fact_rule(node->fact.fact)->values == VALUES_ATTRIBUTE;
  print_fact(printer, &node->fact, &form);
  print_format(printer, ",\"compare\":\"%s\",", policy_comparison_sign(node->comparison));
  if (node->set != NULL) {
    print_format(printer, "\"set\":\"%s\"", node->set->name);
  } else if (node->comparison == COMPARE_IN) {
    print_list(printer, node->member_count, node->members, thousandths);
  } else {
    print_word(printer, "\"value\":");
    print_value(printer, &node->members[0].low, thousandths);
  }
  print_word(printer, "}");
}

static void print_node(struct printer *printer, const struct node *node) {
  if (node->type == NODE_COMPARISON) {
    print_comparison(printer, node);
  } else if (node->type == NODE_NOT) {
    print_word(printer, "{\"not\":");
    print_node(printer, node->children[0]);
    print_word(printer, "}");
  } else {
    print_word(printer, node->type == NODE_AND ? "{\"and\":[" : "{\"or\":[");
    for (unsigned i = 0; i < node->child_count; i++) {
      print_comma(printer, i);
      print_node(printer, node->children[i]);
    }
    print_word(printer, "]}");
  }
}

/* ---- Actions ---- */

static void print_candidates(struct printer *printer, const struct policy_action *action) {
  print_word(printer, ",\"connectors\":[");
  for (unsigned i = 0; i < action->candidate_count; i++) {
    print_comma(printer, i);
    if (action->type == POLICY_SPLIT)
      print_format(printer, "{\"name\":\"%s\",\"weight\":%u}", action->candidates[i], action->weights[i]);
    else
      print_format(printer, "\"%s\"", action->candidates[i]);
  }
  print_word(printer, "]");
}

static void print_options(struct printer *printer, const struct policy_options *options) {
  unsigned count = 0;
  if (!policy_has_options(options))
    return;
  print_word(printer, ",\"with\":{");
  if (options->three_ds[0] != '\0') {
    print_comma(printer, count++);
    print_format(printer, "\"three_ds\":\"%s\"", options->three_ds);
  }
  if (options->exemption[0] != '\0') {
    print_comma(printer, count++);
    print_format(printer, "\"exemption\":\"%s\"", options->exemption);
  }
  if (options->retry_off) {
    print_comma(printer, count++);
    print_word(printer, "\"retry\":\"off\"");
  }
  if (options->max_attempts != 0) {
    print_comma(printer, count++);
    print_format(printer, "\"max_attempts\":%u", options->max_attempts);
  }
  if (options->later != 0) {
    print_comma(printer, count);
    print_format(printer, "\"later\":\"%s\"", policy_schedule(printer->policy, options->later - 1u)->name);
  }
  print_word(printer, "}");
}

static void print_action(struct printer *printer, const struct policy_action *action) {
  char number[NUMBER_CAPACITY];
  print_format(printer, "{\"type\":\"%s\"", policy_action_name(action->type));
  if (action->type != POLICY_DECLINE)
    print_candidates(printer, action);
  if (action->by_customer)
    print_word(printer, ",\"by\":\"customer\"");
  if (action->floor != 0) {
    number_text((int64_t)action->floor * HUNDREDTHS_TO_THOUSANDTHS, number);
    print_format(printer, ",\"approval\":%s", number);
  }
  if (action->advice)
    print_word(printer, ",\"advice\":true");
  print_options(printer, &action->options);
  print_word(printer, "}");
}

/* ---- Statements ---- */

static void print_set(struct printer *printer, const struct named_set *set) {
  print_format(printer, "{\"name\":\"%s\",", set->name);
  print_list(printer, set->count, set->members, true);
  print_word(printer, "}");
}

static void print_days(struct printer *printer, uint32_t days) {
  unsigned count = 0;
  print_word(printer, ",\"days\":[");
  for (unsigned day = 1; day <= POLICY_DAY_LAST; day++) {
    if ((days >> day & 1) == 0)
      continue;
    print_comma(printer, count++);
    print_format(printer, "%u", day);
  }
  print_word(printer, "]");
}

static void print_schedule(struct printer *printer, const struct policy_schedule *schedule) {
  print_format(printer, "{\"name\":\"%s\",\"tries\":%u,\"within_days\":%u", schedule->name, schedule->tries,
               schedule->within_days);
  if (schedule->days != 0)
    print_days(printer, schedule->days);
  if (policy_schedule_has_hours(schedule))
    print_format(printer, ",\"hours\":{\"from\":%u,\"to\":%u}", schedule->hour_from, schedule->hour_to);
  if (schedule->zone[0] != '\0')
    print_format(printer, ",\"zone\":\"%s\"", schedule->zone);
  print_word(printer, "}");
}

static void print_rule(struct printer *printer, const struct rule *rule) {
  print_format(printer, "{\"name\":\"%s\",\"when\":", rule->name);
  print_node(printer, rule->when);
  print_word(printer, ",\"action\":");
  print_action(printer, &rule->action);
  print_word(printer, "}");
}

static void print_policy(struct printer *printer) {
  const struct policy *policy = printer->policy;
  unsigned last = policy->rule_count - 1;
  print_word(printer, "{\"sets\":[");
  for (unsigned i = 0; i < policy->set_count; i++) {
    print_comma(printer, i);
    print_set(printer, &policy->sets[i]);
  }
  if (policy->schedule_count > 0)
    print_word(printer, "],\"schedules\":[");
  for (unsigned i = 0; i < policy->schedule_count; i++) {
    print_comma(printer, i);
    print_schedule(printer, &policy->schedules[i].is);
  }
  print_word(printer, "],\"rules\":[");
  for (unsigned i = 0; i < last; i++) {
    print_comma(printer, i);
    print_rule(printer, &policy->rules[i]);
  }
  print_word(printer, "],\"otherwise\":");
  print_action(printer, &policy->rules[last].action);
  print_word(printer, "}");
}

int policy_print_json(const struct policy *policy, char **ret_text) {
  struct printer printer = {.policy = policy};
  print_policy(&printer);
  return printer_finish(&printer, ret_text);
}
