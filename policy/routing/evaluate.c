/* Deciding, rule by rule. */
#include "policy_tree.h"
#include "policy_words.h"
#include "program.h"
#include <string.h>

int policy_compile(struct policy *policy) {
  (void)policy;
  return 0;
}

void program_free(struct program *program) {
  (void)program;
}

struct known { /* a fact's value; type 0: absent */
  enum value_type type;
  const char *text, *currency;
  int64_t number;
};

static struct known known_text(const char *text, enum value_type type) {
  return (struct known){.type = text != NULL && text[0] != '\0' ? type : 0, .text = text};
}

static struct known known_number(int64_t number, bool is_known) {
  return (struct known){.type = is_known ? VALUE_NUMBER : 0, .number = number};
}

static struct known attribute(const struct policy_facts *facts, const struct fact_name *fact) {
  for (unsigned i = 0; i < facts->attribute_count; i++)
    if (facts->attributes[i].metadata == (fact->fact == FACT_METADATA) &&
        strcmp(facts->attributes[i].name, fact->attribute) == 0)
      return (struct known){.type = VALUE_TEXT, .text = facts->attributes[i].value};
  return (struct known){0};
}

static struct known local_time(const struct policy_facts *facts, const struct fact_name *fact) {
  static const char *const days[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
  int64_t at = facts->at_ms / 1000 + facts->zone_offset_s[fact->zone], day = at / 86400;
  if (!facts->zone_known[fact->zone])
    return (struct known){0};
  if (fact->fact == FACT_HOUR)
    return known_number(at % 86400 / 3600, true);
  if (fact->fact == FACT_WEEKDAY)
    return known_text(days[day % 7], VALUE_WORD);
  int64_t era_day = (day + 719468) % 146097;
  int64_t year_of_era = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
  int64_t year_day = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * year_day + 2) / 153;
  return known_number(year_day - (153 * month + 2) / 5 + 1, true);
}

static struct known find(const struct policy_facts *facts, const struct fact_name *fact) {
  switch (fact->fact) {
  case FACT_METHOD:
    return known_text(facts->method, VALUE_WORD);
  case FACT_CARD_NETWORK:
    return known_text(facts->network == NETWORK_UNKNOWN ? "" : network_name(facts->network), VALUE_WORD);
  case FACT_CARD_BIN:
    return known_text(facts->bin, VALUE_BIN);
  case FACT_CARD_ISSUER:
    return known_text(facts->issuer, VALUE_TEXT);
  case FACT_CARD_COUNTRY:
    return known_text(facts->country, VALUE_WORD);
  case FACT_CARD_FUNDING:
    return known_text(funding_name(facts->funding), VALUE_WORD);
  case FACT_CARD_CATEGORY:
    return known_text(facts->category, VALUE_TEXT);
  case FACT_AMOUNT:
    return (struct known){facts->amount.currency[0] != '\0' ? VALUE_AMOUNT : 0,
                          .currency = facts->amount.currency, .number = facts->amount.minor};
  case FACT_CURRENCY:
    return known_text(facts->amount.currency, VALUE_WORD);
  case FACT_KIND:
    return known_text(facts->kind, VALUE_WORD);
  case FACT_MERCHANT_CATEGORY:
    return known_text(facts->merchant_category, VALUE_TEXT);
  case FACT_RISK:
    return known_number(facts->risk, facts->risk >= 0);
  case FACT_THREE_DS:
    return known_text(facts->three_ds, VALUE_WORD);
  case FACT_EXEMPTION:
    return known_text(facts->exemption, VALUE_WORD);
  case FACT_CARD_ATTEMPTS:
    return known_number(facts->attempts[fact->window], facts->attempts[fact->window] >= 0);
  case FACT_CARD_SPEND:
    return (struct known){facts->spend[fact->window] >= 0 && facts->amount.currency[0] != '\0' ? VALUE_AMOUNT
                                                                                               : 0,
                          .currency = facts->amount.currency, .number = facts->spend[fact->window]};
  case FACT_CUSTOMER:
  case FACT_METADATA:
    return attribute(facts, fact);
  default:
    return local_time(facts, fact);
  }
}

static bool within(const struct known *known, const struct member *member) {
  return known->number >= member->low.number && known->number <= member->high.number;
}

/* Whether the two can be compared at all; makes numbers of digits and numeric texts. */
static bool comparable(struct known *known, const struct member *member) {
  const struct value *low = &member->low;
  if (known->type == VALUE_BIN) {
    known->number = 0;
    if (strlen(known->text) < low->digits)
      return false;
    for (unsigned i = 0; i < low->digits; i++)
      known->number = known->number * 10 + (known->text[i] - '0');
    return true;
  }
  if (known->type == VALUE_TEXT && low->type == VALUE_NUMBER) {
    if (!policy_read_number(known->text, strlen(known->text), &known->number))
      return false;
    known->type = VALUE_NUMBER;
  }
  return known->type == low->type &&
         (known->type != VALUE_AMOUNT || strcmp(known->currency, low->currency) == 0);
}

static bool is_text(const struct known *known) {
  return known->type == VALUE_WORD || known->type == VALUE_TEXT;
}

static bool compare(struct known known, enum comparison comparison, const struct member *member) {
  if (known.type == 0 || !comparable(&known, member))
    return false;
  bool equal = is_text(&known) ? strcmp(known.text, member->low.text) == 0 : within(&known, member);
  switch (comparison) {
  case COMPARE_LT:
    return known.number < member->low.number;
  case COMPARE_LE:
    return known.number <= member->low.number;
  case COMPARE_GT:
    return known.number > member->low.number;
  case COMPARE_GE:
    return known.number >= member->low.number;
  case COMPARE_NE:
    return !equal;
  default:
    return equal;
  }
}

static bool holds(const struct node *node, const struct policy_facts *facts) {
  bool any = false, all = true;
  if (node->type == NODE_COMPARISON) {
    for (unsigned i = 0; i < node->member_count && !any; i++)
      any = compare(find(facts, &node->fact), node->comparison, &node->members[i]);
    return any;
  }
  for (unsigned i = 0; i < node->child_count; i++) {
    bool one = holds(node->children[i], facts);
    any = any || one;
    all = all && one;
  }
  return node->type == NODE_NOT ? !any : node->type == NODE_OR ? any : all;
}

void policy_evaluate(const struct policy *policy, const struct policy_facts *facts,
                     struct policy_decision *ret_decision) {
  struct policy_decision decision = {0};
  unsigned number = 0;
  for (;; number++) {
    const struct rule *rule = &policy->rules[number];
    if (rule->when != NULL && !holds(rule->when, facts))
      continue;
    if (!rule->action.advice)
      break;
    if (decision.advice_count < POLICY_ADVICE_MAX)
      decision.advice[decision.advice_count++] = number;
  }
  decision.rule = number;
  decision.name = policy->rules[number].name;
  decision.action = &policy->rules[number].action;
  decision.order_count = decision.action->candidate_count;
  for (unsigned i = 0; i < decision.order_count; i++)
    decision.order[i] = (uint8_t)i;
  *ret_decision = decision;
}

unsigned policy_rule_count(const struct policy *policy) {
  return policy->rule_count;
}

const char *policy_rule_name(const struct policy *policy, unsigned rule) {
  return rule < policy->rule_count ? policy->rules[rule].name : NULL;
}

const struct policy_action *policy_rule_action(const struct policy *policy, unsigned rule) {
  return rule < policy->rule_count ? &policy->rules[rule].action : NULL;
}

const char *policy_zone(const struct policy *policy, unsigned number) {
  return number < policy->zone_count ? policy->zones[number] : NULL;
}

uint32_t policy_window(const struct policy *policy, unsigned number) {
  return number < policy->window_count ? policy->window_s[number] : 0;
}
