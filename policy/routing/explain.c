#include "explain.h"
#include "compiled.h"
#include "policy_printer.h"
#include "policy_words.h"
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct explanation {
  const struct policy *policy;
  const struct policy_facts *facts;
  const struct slot_values *values;
  char *text;
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct explanation *explanation, const char *format,
                                                      ...) {
  va_list arguments;
  size_t room = POLICY_EXPLANATION_CAPACITY - explanation->length;
  va_start(arguments, format);
  int length = vsnprintf(explanation->text + explanation->length, room, format, arguments);
  va_end(arguments);
  if (length > 0)
    explanation->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* ---- What the payment has ---- */

static const struct policy_attribute *attribute_of(const struct policy_facts *facts,
                                                   const struct fact_name *name) {
  for (unsigned i = 0; i < facts->attribute_count; i++)
    if (facts->attributes[i].metadata == (name->fact == FACT_METADATA) &&
        strcmp(facts->attributes[i].name, name->attribute) == 0)
      return &facts->attributes[i];
  return NULL;
}

static const char *text_of(const struct policy_facts *facts, const struct fact_name *name) {
  const struct policy_attribute *attribute;
  switch (name->fact) {
  case FACT_METHOD:
    return facts->method;
  case FACT_CARD_NETWORK:
    return facts->network != NETWORK_UNKNOWN ? network_name(facts->network) : NULL;
  case FACT_CARD_BIN:
    return facts->bin;
  case FACT_CARD_ISSUER:
    return facts->issuer;
  case FACT_CARD_COUNTRY:
    return facts->country;
  case FACT_CARD_FUNDING:
    return funding_name(facts->funding);
  case FACT_CARD_CATEGORY:
    return facts->category;
  case FACT_CURRENCY:
    return facts->amount.currency;
  case FACT_KIND:
    return facts->kind;
  case FACT_MERCHANT_CATEGORY:
    return facts->merchant_category;
  case FACT_THREE_DS:
    return facts->three_ds;
  case FACT_EXEMPTION:
    return facts->exemption;
  case FACT_CUSTOMER:
  case FACT_METADATA:
    attribute = attribute_of(facts, name);
    return attribute ? attribute->value : NULL;
  default:
    return NULL;
  }
}

static void say_money(struct explanation *explanation, int64_t minor) {
  struct value value = {.type = VALUE_AMOUNT, .number = minor};
  char text[AMOUNT_CAPACITY];
  memcpy(value.currency, explanation->facts->amount.currency, sizeof value.currency);
  amount_text(&value, text);
  say(explanation, "is %s", text);
}

/* Numbers that are counted, not written: what the slot holds. */
static void say_number(struct explanation *explanation, unsigned slot) {
  static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  const struct slots *slots = &explanation->policy->program->slots;
  int64_t number = explanation->values->numbers[slot];
  if (!explanation->values->present[slot])
    say(explanation, "is not known");
  else if (slots->items[slot].fact != FACT_WEEKDAY)
    say(explanation, "is %" PRId64, number);
  else if (number == 0)
    say(explanation, "is another day");
  else
    for (unsigned i = 0; i < sizeof weekdays / sizeof weekdays[0]; i++)
      if (slots->weekdays[i] == (uint64_t)number)
        say(explanation, "is %s", weekdays[i]);
}

static void say_had(struct explanation *explanation, const struct node *node,
                    const struct condition_node *comparison) {
  const struct policy_facts *facts = explanation->facts;
  const char *text = text_of(facts, &node->fact);
  char name[FACT_CAPACITY];
  fact_text(&node->fact, name);
  say(explanation, "%s ", name);
  if (text != NULL && text[0] != '\0')
    say(explanation, "is %s", text);
  else if (node->fact.fact == FACT_AMOUNT)
    say_money(explanation, facts->amount.minor);
  else if (node->fact.fact == FACT_CARD_SPEND && facts->spend[node->fact.window] >= 0)
    say_money(explanation, facts->spend[node->fact.window]);
  else
    say_number(explanation, comparison->tests->at[0].slot);
}

/* ---- Conditions ---- */

static void say_condition(struct explanation *explanation, const struct node *node) {
  struct printer printer = {.policy = explanation->policy};
  print_condition(&printer, node);
  say(explanation, "%.*s", printer.failed ? 0 : (int)printer.length, printer.text ? printer.text : "");
  free(printer.text);
}

static bool holds(const struct explanation *explanation, const struct condition_node *compiled) {
  return condition_node_holds(compiled, explanation->values);
}

static void explain(struct explanation *explanation, const struct node *node,
                    const struct condition_node *compiled);

/* Those of the children that make the condition what it is: one is enough, or it takes all. */
static void explain_children(struct explanation *explanation, const struct node *node,
                             const struct condition_node *compiled, bool held) {
  bool one_is_enough = held == (node->type == NODE_OR), first = true;
  const struct condition_node *child = compiled + 1;
  for (unsigned i = 0; i < node->child_count; i++, child += child->size) {
    if (explanation->length == POLICY_EXPLANATION_CAPACITY - 1)
      return; /* no more can be said */
    if (holds(explanation, child) != held)
      continue;
    say(explanation, "%s", first ? "" : "; ");
    explain(explanation, node->children[i], child);
    if (one_is_enough)
      return;
    first = false;
  }
}

/* The compiled nodes stand in the order of the tree. */
static void explain(struct explanation *explanation, const struct node *node,
                    const struct condition_node *compiled) {
  bool held = holds(explanation, compiled);
  if (node->type == NODE_NOT) {
    explain(explanation, node->children[0], compiled + 1);
    return;
  }
  if (node->type != NODE_COMPARISON) {
    explain_children(explanation, node, compiled, held);
    return;
  }
  say_condition(explanation, node);
  say(explanation, held ? " holds: " : " does not hold: ");
  say_had(explanation, node, compiled);
}

bool policy_explain(const struct policy *policy, const struct policy_facts *facts, unsigned rule,
                    char ret_text[POLICY_EXPLANATION_CAPACITY]) {
  struct slot_values values;
  struct explanation explanation = {policy, facts, &values, ret_text, 0};
  const struct condition *condition = &policy->program->rules[rule].condition;
  assert(rule < policy->rule_count);
  slots_read(&policy->program->slots, facts, &values);
  ret_text[0] = '\0';
  if (condition->count == 0) {
    say(&explanation, "always matches");
    return true;
  }
  explain(&explanation, policy->rules[rule].when, condition->nodes);
  return condition_holds(condition, &values);
}
