#include "alphabet.h"
#include "money.h"
#include "policy_arena.h"
#include "policy_builder.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
  THOUSAND = 1000,
  TEN = 10,
  AMOUNT_WHOLE_MAX = 1000000000, /* amounts are less than a thousand times that, in whole units */
  BIN_DIGITS_MIN = 6,
  BIN_LOWEST = 100000,
  BIN_HIGHEST = 99999999
};

static const char expected_number[] =
    "a number: at most twelve digits, three of them decimals besides, and no leading zero";

/* ---- Values as they are written ---- */

static bool looks_like_number(const char *text, size_t length) {
  size_t digits = 0;
  for (size_t i = 0; i < length; i++) {
    if ((text[i] < '0' || text[i] > '9') && text[i] != '.' && text[i] != '-')
      return false;
    digits += text[i] >= '0' && text[i] <= '9';
  }
  return digits > 0;
}

static bool is_plain_word(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == '.' || text[i] == '-' || text[i] == ':')
      return false;
  return length > 0 && length < POLICY_WORD_CAPACITY && alphabet_holds_bytes(ALPHABET_TOKEN, text, length);
}

int tree_word(struct tree_builder *builder, struct place place, const char *text, size_t length,
              struct value *ret_value) {
  int64_t thousandths;
  if (looks_like_number(text, length)) {
    if (memchr(text + 1, '-', length - 1) != NULL)
      return tree_wrong(builder, place, "a number, or a range with two dots, as 411111..411199");
    if (!policy_read_number(text, length, &thousandths))
      return tree_wrong(builder, place, expected_number);
    return tree_number(builder, place, thousandths, ret_value);
  }
  if (!is_plain_word(text, length))
    return tree_wrong(builder, place, "a value");
  const char *word = tree_intern(builder, text, length);
  if (word == NULL)
    return -ENOMEM;
  *ret_value = (struct value){.type = VALUE_WORD, .place = place, .text = word};
  return 0;
}

int tree_text(struct tree_builder *builder, struct place place, const char *text, size_t length,
              struct value *ret_value) {
  if (length > POLICY_VALUE_MAX)
    return tree_wrong(builder, place, "a text of at most 500 bytes");
  if (!alphabet_holds_bytes(ALPHABET_TEXT, text, length))
    return tree_wrong(builder, place, "a text in UTF-8 without control characters");
  const char *copy = tree_intern(builder, text, length);
  if (copy == NULL)
    return -ENOMEM;
  *ret_value = (struct value){.type = VALUE_TEXT, .place = place, .text = copy};
  return 0;
}

int tree_number(struct tree_builder *builder, struct place place, int64_t thousandths,
                struct value *ret_value) {
  int64_t bound = (int64_t)AMOUNT_WHOLE_MAX * THOUSAND * THOUSAND;
  if (thousandths <= -bound || thousandths >= bound)
    return tree_wrong(builder, place, expected_number);
  *ret_value = (struct value){.type = VALUE_NUMBER, .place = place, .number = thousandths};
  return 0;
}

/* Ten to the power of the currency's decimals, or 0 for an unknown currency. */
static int64_t scale_of(const char *currency, size_t length, char ret_code[CURRENCY_CAPACITY]) {
  int64_t scale = 1;
  char code[CURRENCY_CAPACITY] = "";
  if (length == CURRENCY_CAPACITY - 1)
    memcpy(code, currency, length);
  int exponent = currency_exponent(code);
  if (exponent < 0)
    return 0;
  for (; exponent > 0; exponent--)
    scale *= TEN;
  memcpy(ret_code, code, sizeof code);
  return scale;
}

static int wrong_currency(struct tree_builder *builder, struct place place) {
  return tree_wrong(builder, place, "an amount's currency, of ISO 4217, as USD");
}

int tree_amount_minor(struct tree_builder *builder, struct place place, int64_t minor, const char *currency,
                      size_t currency_length, struct value *ret_value) {
  struct value value = {.type = VALUE_AMOUNT, .place = place, .number = minor};
  int64_t scale = scale_of(currency, currency_length, value.currency);
  if (scale == 0)
    return wrong_currency(builder, place);
  if (minor < 0 || minor / scale >= (int64_t)AMOUNT_WHOLE_MAX * THOUSAND)
    return tree_wrong(builder, place, "an amount of zero or more, with at most twelve digits");
  *ret_value = value;
  return 0;
}

int tree_amount(struct tree_builder *builder, struct place place, const char *number, size_t number_length,
                const char *currency, size_t currency_length, struct value *ret_value) {
  char code[CURRENCY_CAPACITY];
  int64_t thousandths, scale = scale_of(currency, currency_length, code);
  if (scale == 0)
    return wrong_currency(builder, place);
  if (!policy_read_number(number, number_length, &thousandths) || thousandths < 0)
    return tree_wrong(builder, place, expected_number);
  const char *point = memchr(number, '.', number_length);
  size_t decimals = point == NULL ? 0 : number_length - (size_t)(point - number) - 1;
  int64_t written = 1;
  for (size_t i = 0; i < decimals; i++)
    written *= TEN;
  if (decimals > 0 && written != scale)
    return tree_wrong(builder, place, "an amount with as many decimals as its currency has, or none");
  assert(THOUSAND % scale == 0);
  return tree_amount_minor(builder, place, thousandths / (THOUSAND / scale), currency, currency_length,
                           ret_value);
}

/* ---- Members ---- */

static int weekday_of(const char *word) {
  const char *const *days = policy_fact_rule(FACT_WEEKDAY)->words;
  for (int i = 0; days[i] != NULL; i++)
    if (strcmp(days[i], word) == 0)
      return i;
  return -1;
}

/* What is wrong with a range, or NULL. */
static const char *fault_of_range(const struct value *low, const struct value *high) {
  static const char order[] =
      "a bound that is not below the first; what goes around is two ranges, as [22..23 0..5]";
  if ((low->type == VALUE_AMOUNT && high->type == VALUE_NUMBER) ||
      (low->type == VALUE_NUMBER && high->type == VALUE_AMOUNT))
    return "a range that says its currency twice, as 10 EUR..20 EUR";
  if (low->type != high->type || low->type == VALUE_TEXT)
    return "a range of two numbers, two amounts, two BINs or two weekdays";
  if (low->type == VALUE_AMOUNT && strcmp(low->currency, high->currency) != 0)
    return "a range whose bounds have the same currency";
  if (low->type != VALUE_WORD)
    return low->number > high->number ? order : NULL;
  if (weekday_of(low->text) < 0 || weekday_of(high->text) < 0)
    return "a range of two numbers, two amounts, two BINs or two weekdays";
  return weekday_of(low->text) > weekday_of(high->text) ? order : NULL;
}

/* Words, amounts, or numbers and texts: no fact has values of other mixtures, and a number before a word
 * could be read as an amount. */
static bool are_akin(enum value_type left, enum value_type right) {
  bool loose = left == VALUE_NUMBER || left == VALUE_TEXT;
  return left == right || (loose && (right == VALUE_NUMBER || right == VALUE_TEXT));
}

static int append(struct tree_builder *builder, struct member_list *list, const struct member *member) {
  if (list->count == POLICY_MEMBERS_MAX)
    return tree_wrong(builder, member->low.place, "at most 4096 members");
  void *members = list->members;
  int result = tree_grow(builder, &members, list->count, &list->capacity, sizeof *list->members);
  if (result != 0)
    return result;
  list->members = members;
  list->members[list->count++] = *member;
  return 0;
}

int tree_add_member(struct tree_builder *builder, struct member_list *list, const struct value *low,
                    const struct value *high) {
  struct member member = {.is_range = high != NULL, .low = *low, .high = high != NULL ? *high : *low};
  const char *fault = high != NULL ? fault_of_range(low, high) : NULL;
  if (fault != NULL)
    return tree_wrong(builder, high->place, fault);
  if (list->count > 0 && !are_akin(list->members[0].low.type, low->type))
    return tree_wrong(builder, low->place, "a member of the same kind as the first");
  return append(builder, list, &member);
}

/* ---- Values of a fact ---- */

static bool word_fits(const struct fact_rule *rule, const char *text) {
  if (rule->words == NULL)
    return rule->known(text);
  const char *const *word = rule->words;
  while (*word != NULL && strcmp(*word, text) != 0)
    word++;
  return *word != NULL;
}

/* The nearest word; of countries and currencies only the same in upper case. */
static int misspelt(struct tree_builder *builder, const struct fact_rule *rule, const struct value *value) {
  char upper[POLICY_WORD_CAPACITY] = "";
  size_t length = value->text != NULL ? strlen(value->text) : 0;
  struct guess guess = guess_for(value->text, length);
  if (length == 0 || length >= sizeof upper)
    return tree_wrong(builder, value->place, rule->expected);
  if (rule->words != NULL) {
    guess_try_all(&guess, rule->words);
  } else {
    for (size_t i = 0; i < length; i++)
      upper[i] = (char)(value->text[i] >= 'a' && value->text[i] <= 'z' ? value->text[i] - 'a' + 'A'
                                                                       : value->text[i]);
    const char *meant = guess_synonym(value->text, length);
    if (rule->known(upper))
      guess_try(&guess, upper);
    else if (meant != NULL && rule->known(meant))
      guess_try(&guess, meant);
  }
  return tree_misspelt(builder, value->place, rule->expected, &guess);
}

static int fit_word(struct tree_builder *builder, const struct fact_rule *rule, const struct value *value) {
  if (value->type == VALUE_WORD && word_fits(rule, value->text))
    return 0;
  return misspelt(builder, rule, value);
}

static int fit_text(struct tree_builder *builder, const struct fact_rule *rule, const struct value *value) {
  bool fits = value->type == VALUE_TEXT && (rule->known == NULL || rule->known(value->text));
  return fits ? 0 : tree_wrong(builder, value->place, rule->expected);
}

static int fit_number(struct tree_builder *builder, const struct fact_rule *rule, struct value *value) {
  if (value->type != VALUE_NUMBER || value->number % THOUSAND != 0)
    return tree_wrong(builder, value->place, rule->expected);
  value->number /= THOUSAND;
  bool fits = value->number >= rule->low && value->number <= rule->high;
  return fits ? 0 : tree_wrong(builder, value->place, rule->expected);
}

static int fit_bin(struct tree_builder *builder, const struct fact_rule *rule, struct value *value) {
  int64_t bin = value->number / THOUSAND;
  if (value->type != VALUE_NUMBER || value->number % THOUSAND != 0 || bin < BIN_LOWEST || bin > BIN_HIGHEST)
    return tree_wrong(builder, value->place, rule->expected);
  value->type = VALUE_BIN;
  value->number = bin;
  value->digits = BIN_DIGITS_MIN;
  for (int64_t bound = (int64_t)BIN_LOWEST * TEN; bin >= bound; bound *= TEN)
    value->digits++;
  return 0;
}

static int fit_value(struct tree_builder *builder, const struct fact_rule *rule, struct value *value) {
  switch (rule->values) {
  case VALUES_WORD:
    return fit_word(builder, rule, value);
  case VALUES_TEXT:
    return fit_text(builder, rule, value);
  case VALUES_NUMBER:
    return fit_number(builder, rule, value);
  case VALUES_BIN:
    return fit_bin(builder, rule, value);
  case VALUES_AMOUNT:
    return value->type == VALUE_AMOUNT ? 0 : tree_wrong(builder, value->place, rule->expected);
  case VALUES_ATTRIBUTE:
    return value->type == VALUE_TEXT || value->type == VALUE_NUMBER
               ? 0
               : tree_wrong(builder, value->place, rule->expected);
  }
  return -EINVAL;
}

/* From Monday to Friday is five days: a range of words is what it stands for. */
static int fit_weekdays(struct tree_builder *builder, const struct member *range, struct member_list *list) {
  const char *const *days = policy_fact_rule(FACT_WEEKDAY)->words;
  for (int i = weekday_of(range->low.text); i <= weekday_of(range->high.text); i++) {
    struct value day = {.type = VALUE_WORD, .place = range->low.place};
    day.text = tree_intern(builder, days[i], strlen(days[i]));
    if (day.text == NULL)
      return -ENOMEM;
    struct member member = {.low = day, .high = day};
    int result = append(builder, list, &member);
    if (result != 0)
      return result;
  }
  return 0;
}

static int fit_member(struct tree_builder *builder, const struct fact_rule *rule, struct member member,
                      struct member_list *list) {
  int result = fit_value(builder, rule, &member.low);
  if (result == 0)
    result = fit_value(builder, rule, &member.high);
  if (result != 0)
    return result;
  if (member.is_range && member.low.type == VALUE_WORD)
    return fit_weekdays(builder, &member, list);
  if (member.low.digits != member.high.digits)
    return tree_wrong(builder, member.high.place, "a range whose bounds have as many digits");
  return append(builder, list, &member);
}

int tree_fit(struct tree_builder *builder, enum policy_fact fact, unsigned count,
             const struct member *members, struct member_list *ret_list) {
  *ret_list = (struct member_list){.capacity = count};
  ret_list->members = policy_arena_take(builder->policy->arena, count * sizeof *ret_list->members);
  int result = ret_list->members == NULL ? -ENOMEM : 0;
  for (unsigned i = 0; result == 0 && i < count; i++)
    result = fit_member(builder, policy_fact_rule(fact), members[i], ret_list);
  return result;
}
