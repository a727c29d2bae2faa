#include "money.h"
#include "policy_printer.h"
#include "policy_words.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
  THOUSAND = 1000,
  TEN = 10,
  EXPONENT_MAX = 4,
  MINUTE_S = 60,
  HOUR_S = 60 * MINUTE_S,
  DAY_S = 24 * HOUR_S
};

/* ---- Values ---- */

void number_text(int64_t thousandths, char ret_text[NUMBER_CAPACITY]) {
  int64_t size = thousandths < 0 ? -thousandths : thousandths;
  const char *sign = thousandths < 0 ? "-" : "";
  if (size % THOUSAND == 0) {
    snprintf(ret_text, NUMBER_CAPACITY, "%s%" PRId64, sign, size / THOUSAND);
    return;
  }
  snprintf(ret_text, NUMBER_CAPACITY, "%s%" PRId64 ".%03" PRId64, sign, size / THOUSAND, size % THOUSAND);
  for (size_t length = strlen(ret_text); ret_text[length - 1] == '0'; length--)
    ret_text[length - 1] = '\0';
}

void window_text(uint32_t seconds, char ret_text[WINDOW_CAPACITY]) {
  uint32_t unit = seconds % DAY_S == 0 ? DAY_S : seconds % HOUR_S == 0 ? HOUR_S : MINUTE_S;
  char letter = unit == DAY_S ? 'd' : unit == HOUR_S ? 'h' : 'm';
  snprintf(ret_text, WINDOW_CAPACITY, "%" PRIu32 "%c", seconds / unit, letter);
}

void amount_text(const struct value *value, char ret_text[AMOUNT_CAPACITY]) {
  int exponent = currency_exponent(value->currency);
  int64_t scale = 1;
  assert(exponent >= 0 && exponent <= EXPONENT_MAX);
  for (int i = 0; i < exponent; i++)
    scale *= TEN;
  if (exponent > 0)
    snprintf(ret_text, AMOUNT_CAPACITY, "%" PRId64 ".%0*" PRId64 " %s", value->number / scale, exponent,
             value->number % scale, value->currency);
  else
    snprintf(ret_text, AMOUNT_CAPACITY, "%" PRId64 " %s", value->number, value->currency);
}

static void print_amount(struct printer *printer, const struct value *value) {
  char text[AMOUNT_CAPACITY];
  amount_text(value, text);
  print_word(printer, text);
}

void print_quoted(struct printer *printer, const char *text) {
  print_word(printer, "\"");
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '"' || *at == '\\')
      print_word(printer, "\\");
    print_bytes(printer, at, 1);
  }
  print_word(printer, "\"");
}

/* thousandths: whether a number stands in a named set or is compared with an attribute. */
static void print_value(struct printer *printer, const struct value *value, bool thousandths) {
  char number[NUMBER_CAPACITY];
  switch (value->type) {
  case VALUE_WORD:
    print_word(printer, value->text);
    return;
  case VALUE_TEXT:
    print_quoted(printer, value->text);
    return;
  case VALUE_AMOUNT:
    print_amount(printer, value);
    return;
  case VALUE_BIN:
    print_format(printer, "%" PRId64, value->number);
    return;
  case VALUE_NUMBER:
    number_text(thousandths ? value->number : value->number * THOUSAND, number);
    print_word(printer, number);
  }
}

static void print_member(struct printer *printer, const struct member *member, bool thousandths) {
  print_value(printer, &member->low, thousandths);
  if (member->is_range) {
    print_word(printer, "..");
    print_value(printer, &member->high, thousandths);
  }
}

static void print_list(struct printer *printer, unsigned count, const struct member *members,
                       bool thousandths) {
  print_word(printer, "[");
  for (unsigned i = 0; i < count; i++) {
    print_word(printer, i == 0 ? "" : " ");
    print_member(printer, &members[i], thousandths);
  }
  print_word(printer, "]");
}

void print_members(struct printer *printer, unsigned count, const struct member *members) {
  print_list(printer, count, members, true);
}

/* ---- Comparisons ---- */

void fact_text(const struct fact_name *fact, char ret_text[FACT_CAPACITY]) {
  const char *name = policy_fact_rule(fact->fact)->name;
  if (fact->attribute != NULL)
    snprintf(ret_text, FACT_CAPACITY, "%s.%s", name, fact->attribute);
  else
    snprintf(ret_text, FACT_CAPACITY, "%s", name);
}

void print_fact(struct printer *printer, const struct fact_name *fact, const struct fact_form *form) {
  enum fact_argument argument = policy_fact_rule(fact->fact)->argument;
  char name[FACT_CAPACITY], window[WINDOW_CAPACITY];
  fact_text(fact, name);
  print_format(printer, "%s%s%s", form->name[0], name, form->name[1]);
  if (argument == ARGUMENT_ZONE)
    print_format(printer, "%s%s%s", form->zone[0], printer->policy->zones[fact->zone], form->zone[1]);
  if (argument == ARGUMENT_WINDOW) {
    window_text(printer->policy->window_s[fact->window], window);
    print_format(printer, "%s%s%s", form->window[0], window, form->window[1]);
  }
}

static void print_comparison(struct printer *printer, const struct node *node) {
  static const struct fact_form form = {{"", ""}, {"(\"", "\")"}, {"(", ")"}};
  bool thousandths = policy_fact_rule(node->fact.fact)->values == VALUES_ATTRIBUTE;
  print_fact(printer, &node->fact, &form);
  print_format(printer, " %s ", policy_comparison_sign(node->comparison));
  if (node->set != NULL)
    print_word(printer, node->set->name);
  else if (node->comparison != COMPARE_IN || (node->member_count == 1 && node->members[0].is_range))
    print_member(printer, &node->members[0], thousandths);
  else
    print_list(printer, node->member_count, node->members, thousandths);
}

/* ---- Conditions ---- */

/* How tightly a condition holds together: what holds less needs parentheses within what holds more. */
static unsigned tightness(enum node_type type) {
  static const unsigned by_type[] = {[NODE_OR] = 1, [NODE_AND] = 2, [NODE_NOT] = 3, [NODE_COMPARISON] = 4};
  return by_type[type];
}

static void print_child(struct printer *printer, const struct node *child, enum node_type parent) {
  bool parentheses = tightness(child->type) < tightness(parent);
  print_word(printer, parentheses ? "(" : "");
  print_condition(printer, child);
  print_word(printer, parentheses ? ")" : "");
}

void print_condition(struct printer *printer, const struct node *node) {
  if (node->type == NODE_COMPARISON) {
    print_comparison(printer, node);
    return;
  }
  if (node->type == NODE_NOT) {
    print_word(printer, "not ");
    print_child(printer, node->children[0], NODE_NOT);
    return;
  }
  for (unsigned i = 0; i < node->child_count; i++) {
    print_word(printer, i == 0 ? "" : node->type == NODE_AND ? " and " : " or ");
    print_child(printer, node->children[i], node->type);
  }
}
