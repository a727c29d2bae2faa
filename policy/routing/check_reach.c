#include "policy_checker.h"

/* The first rule before this one that catches all of the term by itself; this one's number when none does. */
static unsigned covering_rule(struct checker *checker, unsigned number, const struct term *term) {
  for (unsigned i = 0; i < number; i++) {
    const struct term_list *earlier = checker->conditions[i];
    if (!earlier->known || !checker_decides(checker, i))
      continue;
    if (!effort_take(&checker->terms.effort, 1 + earlier->count))
      return number;
    for (unsigned j = 0; j < earlier->count; j++)
      if (term_within(&checker->terms, term, earlier->at[j]))
        return i;
  }
  return number;
}

/* Whether the rules before this one catch all of the term together. Those that ask about nothing else than
 * the term does are enough to find what people write. */
static bool covered_together(struct checker *checker, unsigned number, const struct term *term) {
  struct term_list rest = {.known = true, .count = 1, .at = {term}};
  for (unsigned i = 0; i < number; i++) {
    const struct term_list *earlier = checker->conditions[i];
    if (!earlier->known || !checker_decides(checker, i))
      continue;
    if (!effort_take(&checker->terms.effort, 1 + earlier->count))
      return false;
    for (unsigned j = 0; j < earlier->count; j++) {
      if ((earlier->at[j]->mask & ~term->mask) != 0)
        continue;
      if (!terms_subtract(&checker->terms, &rest, earlier->at[j]))
        return false;
      if (rest.count == 0)
        return true;
    }
  }
  return false;
}

/* How the rules before this one catch all of its terms. */
enum cover { COVER_NONE, COVER_BY_ONE, COVER_TOGETHER };

static enum cover cover_of(struct checker *checker, unsigned number, const struct term_list *terms,
                           unsigned *ret_rule) {
  enum cover cover = COVER_BY_ONE;
  *ret_rule = number;
  if (!terms->known || terms->count == 0)
    return COVER_NONE;
  for (unsigned i = 0; i < terms->count; i++) {
    unsigned rule = covering_rule(checker, number, terms->at[i]);
    if (rule == number && !covered_together(checker, number, terms->at[i]))
      return COVER_NONE;
    if (rule == number || (i > 0 && rule != *ret_rule))
      cover = COVER_TOGETHER;
    *ret_rule = rule;
  }
  return cover;
}

bool checker_covered(struct checker *checker, unsigned number, const struct term_list *terms) {
  unsigned rule;
  return cover_of(checker, number, terms, &rule) != COVER_NONE;
}

/* Alternatives that are for nothing while others are not. */
static void check_alternatives(struct checker *checker, unsigned number) {
  const struct node *when = checker->policy->rules[number].when;
  for (unsigned i = 0; when->type == NODE_OR && i < when->child_count; i++) {
    const struct node *child = when->children[i];
    struct term_list terms;
    unsigned rule;
    terms_of(&checker->terms, child, false, &terms);
    if (terms.known && terms.count == 0)
      checker_find(checker, POLICY_WARNING, number, child->place, "part_never_matches",
                   "This part of the condition contradicts itself: it can never hold.");
    else if (cover_of(checker, number, &terms, &rule) != COVER_NONE)
      checker_find(checker, POLICY_WARNING, number, child->place, "part_shadowed",
                   "Rules before this one catch whatever this part of the condition would.");
  }
}

static bool is_always(const struct term_list *terms) {
  return terms->known && terms->count == 1 && terms->at[0]->count == 0;
}

static void check_rule(struct checker *checker, unsigned number) {
  const struct term_list *terms = checker->conditions[number];
  const struct rule *rule = &checker->policy->rules[number];
  unsigned by;
  if (terms->known && terms->count == 0) {
    checker->dead[number] = true;
    checker_find(checker, POLICY_ERROR, number, rule->place, "never_matches",
                 "The condition contradicts itself: no payment can ever fulfil it.");
    return;
  }
  enum cover cover = cover_of(checker, number, terms, &by);
  checker->dead[number] = cover != COVER_NONE;
  if (cover == COVER_BY_ONE)
    checker_find(checker, POLICY_ERROR, number, rule->place, "shadowed",
                 "Rule %u (line %u) comes first and catches whatever this rule would.", by + 1,
                 checker->policy->rules[by].place.line);
  else if (cover == COVER_TOGETHER)
    checker_find(checker, POLICY_ERROR, number, rule->place, "shadowed",
                 "The rules before this one together catch whatever it would.");
  else
    check_alternatives(checker, number);
  if (cover == COVER_NONE && is_always(terms) && checker_decides(checker, number))
    checker_find(checker, POLICY_WARNING, number, rule->place, "always_matches",
                 "The condition holds for every payment: nothing comes to the rules after it.");
}

void check_reach(struct checker *checker) {
  for (unsigned i = 0; i + 1 < checker->policy->rule_count; i++)
    check_rule(checker, i);
}
