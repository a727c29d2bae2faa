#include "many_rules.h"
#include "reference_policy.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 50, RULES_LEAST = 600, CURRENCIES = 4, ATTRIBUTES_AT_ONCE = POLICY_ATTRIBUTES_MAX };

static const char *const currencies[CURRENCIES] = {"EUR", "USD", "GBP", "CHF"};

/* ---- Drawing a policy ---- */

__attribute__((format(printf, 2, 3))) static void say(struct many_policy *policy, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length =
      vsnprintf(policy->text + policy->length, sizeof policy->text - policy->length, format, arguments);
  va_end(arguments);
  assert(length >= 0 && policy->length + (size_t)length < sizeof policy->text);
  policy->length += (size_t)length;
}

static void draw_sets(uint64_t *state, struct many_policy *policy) {
  for (unsigned set = 0; set < MANY_SETS; set++) {
    say(policy, "set s%u = [", set);
    for (unsigned i = 0; i < MANY_SET_MEMBERS; i++) {
      unsigned bin =
          drawn_below(state, 3) ? 400000 + drawn_below(state, 500) : 40000000 + drawn_below(state, 50000);
      snprintf(policy->bins[set][i], sizeof policy->bins[set][i], "%u", bin);
      say(policy, " %u", bin);
    }
    say(policy, "]\n");
  }
}

/* Narrow ones, so that most rules match few payments. */
static struct clause draw_clause(uint64_t *state) {
  struct clause clause = {.type = CLAUSE_ATTRIBUTE,
                          .negated = drawn_below(state, 8) == 0,
                          .number = drawn_below(state, MANY_ATTRIBUTES),
                          .low = drawn_below(state, VALUES)};
  clause.high = clause.low + drawn_below(state, 3);
  switch (drawn_below(state, 8)) {
  case 0:
    clause.type = CLAUSE_AMOUNT;
    clause.number = drawn_below(state, CURRENCIES);
    break;
  case 1:
    clause.type = CLAUSE_BIN;
    clause.number = drawn_below(state, MANY_SETS);
    break;
  case 2:
    clause.type = CLAUSE_RISK;
    break;
  default:
    break;
  }
  return clause;
}

static void draw_rule(uint64_t *state, struct many_rule *rule) {
  *rule = (struct many_rule){.count = 2 + drawn_below(state, MANY_CLAUSES_MAX - 1),
                             .either = drawn_below(state, 4) == 0,
                             .advice = drawn_below(state, 20) == 0};
  for (unsigned i = 0; i < rule->count; i++)
    rule->at[i] = draw_clause(state);
  rule->at[rule->count - 1].negated = false; /* rare, whatever the others are */
  if (rule->count == 2)
    rule->either = false;
}

static void say_clause(struct many_policy *policy, const struct clause *clause) {
  say(policy, clause->negated ? "not " : "");
  switch (clause->type) {
  case CLAUSE_ATTRIBUTE:
    say(policy, "metadata.a%u in %u..%u", clause->number, clause->low, clause->high);
    break;
  case CLAUSE_AMOUNT:
    say(policy, "amount >= %u.00 %s", clause->low, currencies[clause->number]);
    break;
  case CLAUSE_BIN:
    say(policy, "card.bin in s%u", clause->number);
    break;
  case CLAUSE_RISK:
    say(policy, "risk in %u..%u", clause->low, clause->high);
    break;
  }
}

static void say_rule(struct many_policy *policy, unsigned number) {
  const struct many_rule *rule = &policy->rules[number];
  say(policy, "rule r%u when %s", number, rule->either ? "(" : "");
  for (unsigned i = 0; i < rule->count; i++) {
    say(policy, "%s", i == 0 ? "" : rule->either && i == 1 ? " or " : " and ");
    say_clause(policy, &rule->at[i]);
    say(policy, rule->either && i == 1 ? ")" : "");
  }
  say(policy, rule->advice ? " best of a, b as advice\n" : " route a, b\n");
}

void many_draw_policy(uint64_t *state, struct many_policy *ret_policy) {
  ret_policy->length = 0;
  ret_policy->rule_count = RULES_LEAST + drawn_below(state, MANY_RULES_MAX - RULES_LEAST + 1);
  draw_sets(state, ret_policy);
  for (unsigned i = 0; i < ret_policy->rule_count; i++) {
    draw_rule(state, &ret_policy->rules[i]);
    say_rule(ret_policy, i);
  }
  say(ret_policy, "otherwise route a\n");
}

/* ---- Drawing a payment ---- */

static void set_attribute(struct many_payment *payment, unsigned number, unsigned value) {
  struct policy_facts *facts = &payment->facts;
  unsigned at = 0;
  snprintf(payment->values[number], sizeof payment->values[number], "%u", value);
  if (payment->names[number][0] != '\0' || facts->attribute_count == ATTRIBUTES_AT_ONCE)
    return;
  snprintf(payment->names[number], sizeof payment->names[number], "a%u", number);
  at = facts->attribute_count++;
  facts->attributes[at] = (struct policy_attribute){true, payment->names[number], payment->values[number]};
}

static void fulfil(uint64_t *state, const struct many_policy *policy, const struct clause *clause,
                   struct many_payment *payment) {
  const char *bin;
  if (clause->negated)
    return;
  switch (clause->type) {
  case CLAUSE_ATTRIBUTE:
    set_attribute(payment, clause->number, clause->low + drawn_below(state, clause->high - clause->low + 1));
    break;
  case CLAUSE_AMOUNT:
    strcpy(payment->facts.amount.currency, currencies[clause->number]);
    payment->facts.amount.minor = 100 * (int64_t)clause->low + drawn_below(state, 2);
    break;
  case CLAUSE_BIN:
    bin = policy->bins[clause->number][drawn_below(state, MANY_SET_MEMBERS)];
    snprintf(payment->bin, sizeof payment->bin, "%s", bin);
    break;
  case CLAUSE_RISK:
    payment->facts.risk = (int16_t)(clause->low + drawn_below(state, clause->high - clause->low + 1));
    break;
  }
}

void many_draw_payment(uint64_t *state, const struct many_policy *policy, struct many_payment *ret_payment) {
  struct many_payment *payment = ret_payment;
  struct policy_facts *facts = &payment->facts;
  *payment = (struct many_payment){.facts = {.split_payment = "pay"}};
  facts->risk = (int16_t)((int)drawn_below(state, 102) - 1);
  strcpy(facts->amount.currency, currencies[drawn_below(state, CURRENCIES)]);
  facts->amount.minor = drawn_below(state, 100); /* below what most rules ask */
  if (drawn_below(state, 4) != 0)
    snprintf(payment->bin, sizeof payment->bin, "%u", 40000000 + drawn_below(state, 60000));
  const struct many_rule *rule = &policy->rules[drawn_below(state, policy->rule_count)];
  for (unsigned i = rule->either; i < rule->count; i++)
    fulfil(state, policy, &rule->at[i], payment);
  for (unsigned i = drawn_below(state, 6); i > 0; i--)
    set_attribute(payment, drawn_below(state, MANY_ATTRIBUTES), drawn_below(state, VALUES));
  facts->bin = payment->bin[0] != '\0' ? payment->bin : NULL;
}

/* ---- The reference ---- */

static bool has_attribute(const struct many_payment *payment, unsigned number, unsigned *ret_value) {
  char name[8];
  snprintf(name, sizeof name, "a%u", number);
  for (unsigned i = 0; i < payment->facts.attribute_count; i++)
    if (strcmp(payment->facts.attributes[i].name, name) == 0) {
      *ret_value = (unsigned)strtoul(payment->facts.attributes[i].value, NULL, 10);
      return true;
    }
  return false;
}

static bool is_in_set(const struct many_policy *policy, unsigned set, const char *bin) {
  for (unsigned i = 0; i < MANY_SET_MEMBERS; i++)
    if (strncmp(policy->bins[set][i], bin, strlen(policy->bins[set][i])) == 0)
      return true;
  return false;
}

static bool asks(const struct many_policy *policy, const struct many_payment *payment,
                 const struct clause *clause) {
  const struct policy_facts *facts = &payment->facts;
  unsigned value;
  switch (clause->type) {
  case CLAUSE_ATTRIBUTE:
    return has_attribute(payment, clause->number, &value) && value >= clause->low && value <= clause->high;
  case CLAUSE_AMOUNT:
    return strcmp(facts->amount.currency, currencies[clause->number]) == 0 &&
           facts->amount.minor >= 100 * (int64_t)clause->low;
  case CLAUSE_BIN:
    return facts->bin != NULL && is_in_set(policy, clause->number, facts->bin);
  case CLAUSE_RISK:
    return facts->risk >= 0 && facts->risk >= (int)clause->low && facts->risk <= (int)clause->high;
  }
  abort();
}

static bool matches(const struct many_policy *policy, const struct many_payment *payment,
                    const struct many_rule *rule) {
  unsigned failed = 0;
  for (unsigned i = 0; i < rule->count; i++) {
    bool held = asks(policy, payment, &rule->at[i]) != rule->at[i].negated;
    if (!held && !(rule->either && i < 2))
      return false;
    failed += !held;
  }
  return failed < 2;
}

unsigned many_decide(const struct many_policy *policy, const struct many_payment *payment,
                     unsigned *ret_advice) {
  *ret_advice = 0;
  for (unsigned i = 0; i < policy->rule_count; i++) {
    if (!matches(policy, payment, &policy->rules[i]))
      continue;
    if (!policy->rules[i].advice)
      return i;
    ++*ret_advice;
  }
  return policy->rule_count;
}
