#include "policy_builder.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
  THOUSAND = 1000,
  TEN = 10,
  PERCENT_WHOLE = 100,
  PERCENT_ALL = PERCENT_WHOLE * THOUSAND /* thousandths of a per cent */
};

/* ---- Connectors ---- */

static bool is_connector(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
      return false;
  return length > 0 && !policy_is_reserved(name, length);
}

/* One in capitals is meant in small letters. */
static int wrong_connector(struct tree_builder *builder, struct place place, const char *name,
                           size_t length) {
  struct guess guess = guess_for(name, length);
  char small[POLICY_NAME_CAPACITY] = "";
  for (size_t i = 0; i < length && length < sizeof small; i++)
    small[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
  if (is_connector(small, strlen(small)))
    guess_try(&guess, small);
  return tree_misspelt(builder, place, "the name of a connector, of a to z, 0 to 9 and _", &guess);
}

int tree_candidate(struct tree_builder *builder, struct rule *rule, struct place place, const char *name,
                   size_t length) {
  struct policy_action *action = &rule->action;
  if (!is_connector(name, length))
    return wrong_connector(builder, place, name, length);
  if (length >= POLICY_NAME_CAPACITY)
    return tree_wrong(builder, place, "the name of a connector, at most 32 characters");
  for (unsigned i = 0; i < action->candidate_count; i++)
    if (strlen(action->candidates[i]) == length && memcmp(action->candidates[i], name, length) == 0)
      return tree_wrong(builder, place, "a connector that the list does not hold yet");
  if (action->candidate_count == POLICY_CANDIDATES_MAX)
    return tree_wrong(builder, place, "at most 16 connectors");
  rule->candidate_places[action->candidate_count] = place;
  memcpy(action->candidates[action->candidate_count++], name, length);
  return 0;
}

int tree_weight(struct tree_builder *builder, struct rule *rule, struct place place, int64_t thousandths) {
  assert(rule->action.candidate_count > 0);
  if (thousandths < THOUSAND || thousandths > PERCENT_ALL || thousandths % THOUSAND != 0)
    return tree_wrong(builder, place, "a share in whole per cent, from 1% to 100%");
  rule->action.weights[rule->action.candidate_count - 1] = (uint8_t)(thousandths / THOUSAND);
  return 0;
}

int tree_floor(struct tree_builder *builder, struct rule *rule, struct place place, int64_t thousandths) {
  if (thousandths <= 0 || thousandths > PERCENT_ALL || thousandths % TEN != 0)
    return tree_wrong(builder, place, "an approval rate up to 100%, with at most two decimals");
  rule->action.floor = (uint16_t)(thousandths / TEN);
  return 0;
}

int tree_advice(struct tree_builder *builder, struct rule *rule, struct place place) {
  if (rule->when == NULL)
    return tree_wrong(builder, place, "an action that decides, for no rule comes after otherwise");
  rule->action.advice = true;
  return 0;
}

/* ---- Options ---- */

const char policy_expected_option[] = "an option: three_ds, exemption, retry, max_attempts or later";

static const char *const option_names[] = {"three_ds", "exemption", "retry", "max_attempts", "later", NULL};

static int take_choice(struct tree_builder *builder, const struct value *value, const char *const *choices,
                       const char *expected, char ret_word[POLICY_WORD_CAPACITY]) {
  struct guess guess = guess_for("", 0);
  if (value->type == VALUE_WORD) {
    for (const char *const *choice = choices; *choice != NULL; choice++) {
      if (strcmp(*choice, value->text) == 0) {
        memcpy(ret_word, value->text, strlen(value->text));
        return 0;
      }
    }
    guess = guess_for(value->text, strlen(value->text));
    guess_try_all(&guess, choices);
  }
  return tree_misspelt(builder, value->place, expected, &guess);
}

static int take_attempts(struct tree_builder *builder, const struct value *value, uint8_t *ret_attempts) {
  if (value->type != VALUE_NUMBER || value->number % THOUSAND != 0 || value->number < THOUSAND ||
      value->number > (int64_t)POLICY_ATTEMPTS_MAX * THOUSAND)
    return tree_wrong(builder, value->place, "a number of attempts from 1 to 8");
  *ret_attempts = (uint8_t)(value->number / THOUSAND);
  return 0;
}

static int take_retry(struct tree_builder *builder, const struct value *value, bool *ret_off) {
  if (value->type != VALUE_WORD || strcmp(value->text, "off") != 0)
    return tree_wrong(builder, value->place, "off");
  *ret_off = true;
  return 0;
}

static int take_later(struct tree_builder *builder, struct rule *rule, const struct value *value) {
  const char *name = value->text != NULL ? value->text : "";
  unsigned number;
  int result = value->type == VALUE_WORD
                   ? tree_schedule_named(builder, value->place, name, strlen(name), &number)
                   : tree_schedule_unknown(builder, value->place, name, strlen(name));
  if (result != 0)
    return result;
  builder->policy->schedules[number].used = true;
  rule->later_place = value->place;
  rule->action.options.later = (uint8_t)(number + 1);
  return 0;
}

static bool is_given(const struct policy_options *options, unsigned option) {
  const bool given[] = {options->three_ds[0] != '\0', options->exemption[0] != '\0', options->retry_off,
                        options->max_attempts != 0, options->later != 0};
  return given[option];
}

int tree_option(struct tree_builder *builder, const struct rule *rule, struct place place, const char *name,
                size_t length, unsigned *ret_option) {
  unsigned option = 0;
  while (option_names[option] != NULL &&
         (strlen(option_names[option]) != length || memcmp(option_names[option], name, length) != 0))
    option++;
  if (option_names[option] == NULL) {
    struct guess guess = guess_for(name, length);
    guess_try_all(&guess, option_names);
    return tree_misspelt(builder, place, policy_expected_option, &guess);
  }
  if (is_given(&rule->action.options, option))
    return tree_wrong(builder, place, "each option once");
  *ret_option = option;
  return 0;
}

int tree_option_value(struct tree_builder *builder, struct rule *rule, unsigned option,
                      const struct value *value) {
  struct policy_options *options = &rule->action.options;
  switch (option) {
  case 0:
    return take_choice(builder, value, policy_three_ds_choices, "auto, require or skip", options->three_ds);
  case 1:
    return take_choice(builder, value, policy_exemption_choices, "an exemption, as low_value",
                       options->exemption);
  case 2:
    return take_retry(builder, value, &options->retry_off);
  case 3:
    return take_attempts(builder, value, &options->max_attempts);
  default:
    return take_later(builder, rule, value);
  }
}

/* ---- The whole ---- */

static int wrong_shares(struct tree_builder *builder, struct place place, unsigned sum) {
  char expected[64];
  snprintf(expected, sizeof expected, "shares that are 100%% together, not %u%%", sum);
  return tree_wrong(builder, place, expected);
}

int tree_action_end(struct tree_builder *builder, struct rule *rule, struct place place) {
  const struct policy_action *action = &rule->action;
  unsigned sum = 0;
  if (action->type == POLICY_DECLINE)
    return 0;
  if (action->candidate_count == 0)
    return tree_wrong(builder, place, "the name of a connector");
  for (unsigned i = 0; i < action->candidate_count; i++)
    sum += action->weights[i];
  if (action->type == POLICY_SPLIT && sum != PERCENT_WHOLE)
    return wrong_shares(builder, place, sum);
  return 0;
}
