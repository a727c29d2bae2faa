#include "reference_policy.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum how { WORDS, TEXTS, NUMBERS, DECIMALS, AMOUNTS, BINS };

/* What is asked about, how, and with which values: few, so that they meet. */
struct fact_row {
  const char *name;
  enum how how;
  const char *values[8];
};

static const struct fact_row rows[] = {
    {"method", WORDS, {"card"}},
    {"card.network", WORDS, {"visa", "mastercard", "amex"}},
    {"card.country", WORDS, {"AT", "DE", "NO", "US"}},
    {"card.funding", WORDS, {"credit", "debit", "prepaid"}},
    {"currency", WORDS, {"EUR", "USD", "JPY"}},
    {"kind", WORDS, {"customer", "recurring", "moto"}},
    {"three_ds", WORDS, {"auto", "require", "skip"}},
    {"weekday(\"Europe/Vienna\")", WORDS, {"mon", "tue", "sat", "sun"}},
    {"card.issuer", TEXTS, {"Erste Bank", "Chase", "a \\\"b\\\\"}},
    {"card.category", TEXTS, {"CLASSIC", "PLATINUM"}},
    {"merchant_category", TEXTS, {"5411", "5812"}},
    {"customer.plan", TEXTS, {"free", "enterprise", "7"}},
    {"metadata.shop", TEXTS, {"a", "b", "7.5"}},
    {"metadata.shop", DECIMALS, {"7.5", "-1", "7.501", "100"}},
    {"customer.plan", DECIMALS, {"7", "6.999"}},
    {"risk", NUMBERS, {"0", "1", "50", "90", "100"}},
    {"hour(\"Europe/Vienna\")", NUMBERS, {"0", "8", "17", "23"}},
    {"hour(\"America/New_York\")", NUMBERS, {"0", "8", "17", "23"}},
    {"day(\"Europe/Vienna\")", NUMBERS, {"1", "15", "28", "31"}},
    {"card.attempts(24h)", NUMBERS, {"0", "1", "3"}},
    {"card.attempts(30m)", NUMBERS, {"0", "1", "3"}},
    {"amount", AMOUNTS, {"0.01", "10.00", "10.01", "5000.00"}},
    {"card.spend(7d)", AMOUNTS, {"10.00", "5000.00"}},
    {"card.bin", BINS, {"411111", "411112", "41111122", "4111113", "52000000"}},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], DEPTH_MAX = 4 };

unsigned drawn_below(uint64_t *state, unsigned limit) { /* SplitMix64 */
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (unsigned)((z ^ z >> 31) % limit);
}

static unsigned value_count(const struct fact_row *row) {
  unsigned count = 0;
  while (count < 8 && row->values[count] != NULL)
    count++;
  return count;
}

/* ---- Drawing a policy ---- */

static struct drawn_value draw_value(uint64_t *state, const struct fact_row *row) {
  static const char *const currencies[] = {"EUR", "USD"};
  struct drawn_value value = {.currency = NULL};
  snprintf(value.text, sizeof value.text, "%s", row->values[drawn_below(state, value_count(row))]);
  if (row->how == AMOUNTS)
    value.currency = currencies[drawn_below(state, 2)];
  return value;
}

static struct drawn_member draw_member(uint64_t *state, const struct fact_row *row) {
  struct drawn_member member = {.low = draw_value(state, row)};
  bool orders = row->how >= NUMBERS;
  member.high = member.low;
  if (orders && drawn_below(state, 3) == 0) {
    struct drawn_value other = draw_value(state, row);
    bool fits = row->how == BINS ? strlen(other.text) == strlen(member.low.text) &&
                                       strcmp(other.text, member.low.text) >= 0
                                 : strtod(other.text, NULL) >= strtod(member.low.text, NULL);
    if (fits) {
      other.currency = member.low.currency;
      member.is_range = true;
      member.high = other;
    }
  }
  return member;
}

static void draw_comparison(uint64_t *state, struct drawn_node *node) {
  static const char *const signs[] = {"==", "!=", "in", "<", "<=", ">", ">="};
  node->type = DRAWN_COMPARISON;
  node->fact = drawn_below(state, ROW_COUNT);
  const struct fact_row *row = &rows[node->fact];
  bool orders = row->how == NUMBERS || row->how == DECIMALS || row->how == AMOUNTS;
  node->sign = signs[drawn_below(state, orders ? 7 : 3)];
  node->member_count = 1;
  if (strcmp(node->sign, "in") == 0)
    node->member_count = 1 + drawn_below(state, DRAWN_MEMBERS_MAX);
  for (unsigned i = 0; i < node->member_count; i++) {
    node->members[i] = draw_member(state, row);
    if (strcmp(node->sign, "in") != 0) {
      node->members[i].is_range = false;
      node->members[i].high = node->members[i].low;
    }
  }
}

static int draw_node(uint64_t *state, struct drawn_policy *policy, unsigned depth) {
  int number = (int)policy->node_count++;
  struct drawn_node *node = &policy->nodes[number];
  *node = (struct drawn_node){.first_child = -1, .next = -1};
  unsigned kind = drawn_below(state, 8);
  if (depth == DEPTH_MAX || kind < 3 || policy->node_count > DRAWN_NODES_MAX - 100) {
    draw_comparison(state, node);
    return number;
  }
  node->type = kind == 3 ? DRAWN_NOT : kind < 6 ? DRAWN_AND : DRAWN_OR;
  unsigned children = node->type == DRAWN_NOT ? 1 : 2 + drawn_below(state, 2);
  for (unsigned i = 0; i < children; i++) {
    int child = draw_node(state, policy, depth + 1);
    policy->nodes[child].next = node->first_child;
    node->first_child = child;
  }
  return number;
}

/* ---- Its text ---- */

__attribute__((format(printf, 2, 3))) static void say(struct drawn_policy *policy, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length =
      vsnprintf(policy->text + policy->length, sizeof policy->text - policy->length, format, arguments);
  va_end(arguments);
  assert(length >= 0 && policy->length + (size_t)length < sizeof policy->text);
  policy->length += (size_t)length;
}

static void say_value(struct drawn_policy *policy, const struct fact_row *row,
                      const struct drawn_value *value) {
  if (row->how == TEXTS)
    say(policy, "\"%s\"", value->text);
  else if (value->currency)
    say(policy, "%s %s", value->text, value->currency);
  else
    say(policy, "%s", value->text);
}

static void say_member(struct drawn_policy *policy, const struct fact_row *row,
                       const struct drawn_member *member) {
  if (!member->is_range) {
    say_value(policy, row, &member->low);
    return;
  }
  say_value(policy, row, &member->low);
  say(policy, "..");
  say_value(policy, row, &member->high);
}

static void say_comparison(struct drawn_policy *policy, const struct drawn_node *node) {
  const struct fact_row *row = &rows[node->fact];
  bool in = strcmp(node->sign, "in") == 0;
  say(policy, "%s %s ", row->name, node->sign);
  if (in)
    say(policy, "[");
  for (unsigned i = 0; i < node->member_count; i++) {
    say_member(policy, row, &node->members[i]);
    say(policy, i + 1 < node->member_count ? " " : "");
  }
  if (in)
    say(policy, "]");
}

static void say_node(struct drawn_policy *policy, const struct drawn_node *node) {
  if (node->type == DRAWN_COMPARISON) {
    say_comparison(policy, node);
    return;
  }
  say(policy, node->type == DRAWN_NOT ? "not (" : "(");
  for (int child = node->first_child; child >= 0; child = policy->nodes[child].next) {
    say_node(policy, &policy->nodes[child]);
    if (policy->nodes[child].next >= 0)
      say(policy, node->type == DRAWN_AND ? " and " : " or ");
  }
  say(policy, ")");
}

/* Never all hours: that would be no hours at all. */
static void draw_schedule(uint64_t *state, struct drawn_schedule *ret_schedule) {
  *ret_schedule = (struct drawn_schedule){
      .tries = 1 + drawn_below(state, 15), .within_days = 1 + drawn_below(state, 30), .hour_to = 23};
  if (drawn_below(state, 2) == 0) {
    ret_schedule->hour_from = drawn_below(state, 24);
    ret_schedule->hour_to = (ret_schedule->hour_from + drawn_below(state, 23)) % 24;
  }
  for (unsigned i = drawn_below(state, 4); i > 0; i--)
    ret_schedule->days |= 1u << (1 + drawn_below(state, 31));
}

static void say_schedule(struct drawn_policy *policy, unsigned number) {
  const struct drawn_schedule *schedule = &policy->schedules[number];
  bool hours = (schedule->hour_to + 1) % 24 != schedule->hour_from;
  say(policy, "schedule s%u = %u tries within %u days", number, schedule->tries, schedule->within_days);
  for (unsigned day = 31, first = 1; day > 0; day--) { /* from the last: their order is no matter */
    if ((schedule->days >> day & 1) == 0)
      continue;
    say(policy, "%s%u", first ? " on [" : " ", day);
    first = 0;
  }
  if (schedule->days != 0)
    say(policy, "]");
  if (hours)
    say(policy, " at %u..%u", schedule->hour_from, schedule->hour_to);
  if (hours || schedule->days != 0)
    say(policy, " in \"Europe/Vienna\"");
  say(policy, "\n");
}

static void draw_later(uint64_t *state, struct drawn_policy *policy, unsigned rule) {
  policy->later[rule] = drawn_below(state, DRAWN_SCHEDULES + 2) % (DRAWN_SCHEDULES + 1);
  if (policy->later[rule] != 0)
    say(policy, " with later s%u", policy->later[rule] - 1);
  say(policy, "\n");
}

void draw_policy(uint64_t *state, struct drawn_policy *ret_policy) {
  ret_policy->length = 0;
  for (unsigned i = 0; i < DRAWN_SCHEDULES; i++) {
    draw_schedule(state, &ret_policy->schedules[i]);
    say_schedule(ret_policy, i);
  }
  ret_policy->node_count = 0;
  ret_policy->rule_count = drawn_below(state, DRAWN_RULES_MAX + 1);
  for (unsigned i = 0; i < ret_policy->rule_count; i++) {
    if (ret_policy->node_count > DRAWN_NODES_MAX - 200) {
      ret_policy->rule_count = i;
      break;
    }
    ret_policy->conditions[i] = draw_node(state, ret_policy, 0);
    ret_policy->advice[i] = drawn_below(state, 6) == 0;
    say(ret_policy, "rule r%u when ", i);
    say_node(ret_policy, &ret_policy->nodes[ret_policy->conditions[i]]);
    say(ret_policy, ret_policy->advice[i] ? " best of a, b as advice" : " route a, b");
    draw_later(state, ret_policy, i);
  }
  say(ret_policy, "otherwise route a");
  draw_later(state, ret_policy, ret_policy->rule_count);
}

/* ---- Drawing a payment ---- */

static const char *draw_text(uint64_t *state, unsigned row) {
  unsigned count = value_count(&rows[row]), at = drawn_below(state, count + 2);
  return at < count ? rows[row].values[at] : at == count ? NULL : "elsewhere";
}

static unsigned row_named(const char *name) {
  for (unsigned i = 0; i < ROW_COUNT; i++)
    if (strcmp(rows[i].name, name) == 0)
      return i;
  abort();
}

static const char *draw_named(uint64_t *state, const char *name) {
  return draw_text(state, row_named(name));
}

static void draw_bin(uint64_t *state, struct drawn_facts *drawn) {
  static const char *const bins[] = {"411111",   "41111122", "41111222", "4111113",
                                     "41111130", "52000000", "30000000"};
  if (drawn_below(state, 6) == 0)
    return;
  snprintf(drawn->bin, sizeof drawn->bin, "%s", bins[drawn_below(state, 7)]);
  drawn->facts.bin = drawn->bin;
}

static void draw_amount(uint64_t *state, struct policy_facts *facts) {
  static const int64_t minors[] = {1, 2, 999, 1000, 1001, 500000, 500001};
  static const char *const currencies[] = {"EUR", "USD", "JPY"};
  facts->amount.minor = minors[drawn_below(state, 7)];
  strcpy(facts->amount.currency, currencies[drawn_below(state, 3)]);
}

static void add_attribute(struct policy_facts *facts, bool metadata, const char *name, const char *value) {
  if (value != NULL)
    facts->attributes[facts->attribute_count++] = (struct policy_attribute){metadata, name, value};
}

static const char *const attribute_values[] = {"a",   "b",     "7.5",        "7.50", "7", "-1",
                                               "100", "7.501", "enterprise", "x",    ""};

static const char *draw_attribute(uint64_t *state) {
  unsigned at = drawn_below(state, 14);
  return at < 11 ? attribute_values[at] : NULL;
}

static void draw_windows(uint64_t *state, const struct policy *policy, struct policy_facts *facts) {
  static const int64_t spends[] = {-1, 0, 1000, 1001, 500000};
  for (unsigned i = 0; i < POLICY_WINDOWS_MAX; i++) {
    facts->attempts[i] = policy_window(policy, i) ? (int32_t)drawn_below(state, 6) - 1 : -1;
    facts->spend[i] = policy_window(policy, i) ? spends[drawn_below(state, 5)] : -1;
  }
}

static void draw_time(uint64_t *state, const struct policy *policy, struct policy_facts *facts) {
  static const int32_t offsets[] = {0, 3600, -18000, 20700};
  facts->at_ms = (int64_t)drawn_below(state, 2000000000) * 1000 - INT64_C(500000000000);
  for (unsigned i = 0; i < POLICY_ZONES_MAX && policy_zone(policy, i) != NULL; i++) {
    facts->zone_known[i] = drawn_below(state, 5) != 0;
    facts->zone_offset_s[i] = offsets[drawn_below(state, 4)];
  }
}

void draw_facts(uint64_t *state, const struct policy *policy, struct drawn_facts *ret_facts) {
  struct policy_facts *facts = &ret_facts->facts;
  *ret_facts = (struct drawn_facts){.facts = {.split_payment = "pay"}};
  facts->method = drawn_below(state, 8) ? "card" : NULL;
  facts->network = (enum network)drawn_below(state, 5);
  facts->issuer = drawn_below(state, 3) ? draw_named(state, "card.issuer") : "a \"b\\";
  facts->country = draw_named(state, "card.country");
  facts->category = draw_named(state, "card.category");
  facts->funding = (enum funding)drawn_below(state, 4);
  facts->kind = draw_named(state, "kind");
  facts->merchant_category = draw_named(state, "merchant_category");
  facts->risk = (int16_t)((int)drawn_below(state, 102) - 1);
  facts->three_ds = draw_named(state, "three_ds");
  draw_bin(state, ret_facts);
  draw_amount(state, facts);
  add_attribute(facts, true, "shop", draw_attribute(state));
  add_attribute(facts, true, "plan", draw_attribute(state)); /* another's name under metadata */
  add_attribute(facts, false, "plan", draw_attribute(state));
  draw_windows(state, policy, facts);
  draw_time(state, policy, facts);
}

/* ---- The reference ---- */

/* What a payment has for a fact: a text, or a number counted in thousandths; or nothing. */
struct had {
  bool present;
  const char *text;
  int64_t thousandths;
};

static struct had had_text(const char *text) {
  return (struct had){text != NULL && text[0] != '\0', text, 0};
}

static struct had had_number(int64_t number) {
  return (struct had){number >= 0, NULL, 1000 * number};
}

static unsigned zone_named(const struct policy *policy, const char *fact) {
  const char *from = strchr(fact, '"') + 1;
  for (unsigned i = 0; i < POLICY_ZONES_MAX && policy_zone(policy, i) != NULL; i++)
    if (strncmp(policy_zone(policy, i), from, strlen(policy_zone(policy, i))) == 0)
      return i;
  abort();
}

static unsigned window_named(const struct policy *policy, const char *fact) {
  uint32_t seconds = strstr(fact, "24h") ? 86400 : strstr(fact, "30m") ? 1800 : 7 * 86400;
  for (unsigned i = 0; i < POLICY_WINDOWS_MAX; i++)
    if (policy_window(policy, i) == seconds)
      return i;
  abort();
}

/* By the C library, which the evaluator does not ask. */
static struct had had_time(const struct policy *policy, const struct policy_facts *facts, const char *fact) {
  static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  unsigned zone = zone_named(policy, fact);
  time_t local = (time_t)(facts->at_ms / 1000 + facts->zone_offset_s[zone]);
  struct tm parts;
  if (!facts->zone_known[zone])
    return (struct had){0};
  gmtime_r(&local, &parts);
  if (strncmp(fact, "hour", 4) == 0)
    return had_number(parts.tm_hour);
  return strncmp(fact, "day", 3) == 0 ? had_number(parts.tm_mday) : had_text(names[parts.tm_wday]);
}

static const char *attribute_of(const struct policy_facts *facts, bool metadata, const char *name) {
  for (unsigned i = 0; i < facts->attribute_count; i++)
    if (facts->attributes[i].metadata == metadata && strcmp(facts->attributes[i].name, name) == 0)
      return facts->attributes[i].value;
  return NULL;
}

static struct had had_attribute(const struct policy_facts *facts, const struct fact_row *row) {
  bool metadata = row->name[0] == 'm';
  const char *text = attribute_of(facts, metadata, strchr(row->name, '.') + 1);
  if (row->how == TEXTS)
    return had_text(text);
  static const char digits[] = "0123456789";
  if (text == NULL || text[0] == '\0' || strpbrk(text, digits) == NULL)
    return (struct had){0};
  return (struct had){true, NULL, (int64_t)(strtod(text, NULL) * 1000 + (text[0] == '-' ? -0.5 : 0.5))};
}

static struct had had_money(const struct policy *policy, const struct policy_facts *facts,
                            const struct fact_row *row, const char *currency) {
  if (strcmp(currency, facts->amount.currency) != 0)
    return (struct had){0};
  if (strcmp(row->name, "amount") == 0)
    return had_number(facts->amount.minor);
  return had_number(facts->spend[window_named(policy, row->name)]);
}

static struct had had(const struct policy *policy, const struct policy_facts *facts,
                      const struct fact_row *row, const char *currency) {
  const char *name = row->name;
  if (row->how == AMOUNTS)
    return had_money(policy, facts, row, currency);
  if (strncmp(name, "customer.", 9) == 0 || strncmp(name, "metadata.", 9) == 0)
    return had_attribute(facts, row);
  if (strchr(name, '"') != NULL)
    return had_time(policy, facts, name);
  if (strncmp(name, "card.attempts", 13) == 0)
    return had_number(facts->attempts[window_named(policy, name)]);
  const struct {
    const char *name;
    struct had had;
  } plain[] = {
      {"method", had_text(facts->method)},
      {"card.network", had_text(facts->network == NETWORK_UNKNOWN ? NULL : network_name(facts->network))},
      {"card.country", had_text(facts->country)},
      {"card.funding", had_text(funding_name(facts->funding))},
      {"currency", had_text(facts->amount.currency)},
      {"kind", had_text(facts->kind)},
      {"three_ds", had_text(facts->three_ds)},
      {"card.issuer", had_text(facts->issuer)},
      {"card.category", had_text(facts->category)},
      {"merchant_category", had_text(facts->merchant_category)},
      {"risk", had_number(facts->risk)},
  };
  for (unsigned i = 0; i < sizeof plain / sizeof plain[0]; i++)
    if (strcmp(plain[i].name, name) == 0)
      return plain[i].had;
  abort();
}

static int64_t thousandths_of(enum how how, const char *text) {
  double scale = how == AMOUNTS ? 100000 : 1000; /* amounts of the vocabulary have two decimals */
  double number = strtod(text, NULL) * scale;
  return (int64_t)(number + (number < 0 ? -0.5 : 0.5));
}

static int sign_of(int64_t difference) {
  return (difference > 0) - (difference < 0);
}

/* Plain text with \" and \\ as the policy writes them. */
static bool equals_quoted(const char *quoted, const char *text) {
  for (; *quoted != '\0'; quoted++, text++) {
    if (*quoted == '\\')
      quoted++;
    if (*quoted != *text)
      return false;
  }
  return *text == '\0';
}

/* Compares a BIN's leading digits with a bound. Returns whether there are enough of them. */
static bool compare_bin(const char *bin, const char *bound, int *ret_order) {
  if (bin == NULL || strlen(bin) < strlen(bound))
    return false;
  *ret_order = strncmp(bin, bound, strlen(bound));
  return true;
}

/* How what the payment has stands to a value. Returns whether both can be compared. */
static bool compare(const struct policy *policy, const struct policy_facts *facts, const struct fact_row *row,
                    const struct drawn_value *value, int *ret_order) {
  if (row->how == BINS)
    return compare_bin(facts->bin, value->text, ret_order);
  struct had has = had(policy, facts, row, value->currency);
  if (!has.present)
    return false;
  if (row->how == WORDS)
    *ret_order = strcmp(has.text, value->text);
  else if (row->how == TEXTS)
    *ret_order = equals_quoted(value->text, has.text) ? 0 : 1;
  else
    *ret_order = sign_of(has.thousandths - thousandths_of(row->how, value->text));
  return true;
}

static bool holds_member(const struct policy *policy, const struct policy_facts *facts,
                         const struct fact_row *row, const struct drawn_member *member) {
  int low, high;
  return compare(policy, facts, row, &member->low, &low) &&
         compare(policy, facts, row, &member->high, &high) &&
         (member->is_range ? low >= 0 && high <= 0 : low == 0);
}

static bool holds_comparison(const struct policy *policy, const struct policy_facts *facts,
                             const struct drawn_node *node) {
  const struct fact_row *row = &rows[node->fact];
  int order;
  if (strcmp(node->sign, "in") == 0) {
    for (unsigned i = 0; i < node->member_count; i++)
      if (holds_member(policy, facts, row, &node->members[i]))
        return true;
    return false;
  }
  if (!compare(policy, facts, row, &node->members[0].low, &order))
    return false;
  switch (node->sign[0]) {
  case '=':
    return order == 0;
  case '!':
    return order != 0;
  case '<':
    return node->sign[1] == '=' ? order <= 0 : order < 0;
  default:
    return node->sign[1] == '=' ? order >= 0 : order > 0;
  }
}

static bool holds(const struct drawn_policy *drawn, const struct policy *policy,
                  const struct policy_facts *facts, const struct drawn_node *node) {
  if (node->type == DRAWN_COMPARISON)
    return holds_comparison(policy, facts, node);
  bool all = true, any = false;
  for (int child = node->first_child; child >= 0; child = drawn->nodes[child].next) {
    bool one = holds(drawn, policy, facts, &drawn->nodes[child]);
    all = all && one;
    any = any || one;
  }
  return node->type == DRAWN_AND ? all : node->type == DRAWN_OR ? any : !any;
}

unsigned reference_decide(const struct drawn_policy *policy, const struct policy *parsed,
                          const struct policy_facts *facts, unsigned *ret_advice_count) {
  *ret_advice_count = 0;
  for (unsigned i = 0; i < policy->rule_count; i++) {
    if (!holds(policy, parsed, facts, &policy->nodes[policy->conditions[i]]))
      continue;
    if (!policy->advice[i])
      return i;
    ++*ret_advice_count;
  }
  return policy->rule_count;
}
