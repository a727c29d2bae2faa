#include "check.h"
#include "random_policy.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const card_only[] = {"card", NULL};
static const char eur_usd[][CURRENCY_CAPACITY] = {"EUR", "USD"};
static const struct policy_connector registered[] = {
    {.name = "a", .methods = card_only},
    {.name = "b", .currencies = eur_usd, .currency_count = 2, .networks = 1 << NETWORK_VISA},
    {.name = "c", .operations = 1 << OPERATION_REFUND},
    {.name = "adyen_eu"},
};
enum { REGISTERED = sizeof registered / sizeof registered[0] };

static struct policy *parse(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  int result = policy_parse(text, strlen(text), &policy, &error);
  cr_assert_eq(result, 0, "%s: %u:%u %s", text, error.line, error.column, error.expected);
  return policy;
}

/* Only these are known. */
static int zone_offset(const char *zone, int64_t at_ms, int32_t *ret_offset_s) {
  (void)at_ms;
  if (strcmp(zone, "UTC") != 0 && strcmp(zone, "Europe/Berlin") != 0 && strcmp(zone, "Asia/Tokyo") != 0)
    return -ENOENT;
  *ret_offset_s = 0;
  return 0;
}

static struct policy_findings *check(const struct policy *policy) {
  struct policy_findings *findings = malloc(sizeof *findings);
  cr_assert_eq(policy_check(policy, registered, REGISTERED, zone_offset, findings), 0);
  return findings;
}

/* The findings as "severity code line:column", one a line, without those about single connectors. */
static void describe(const struct policy_findings *findings, char *ret_text, size_t capacity) {
  static const char severities[] = {[POLICY_NOTE] = 'N', [POLICY_WARNING] = 'W', [POLICY_ERROR] = 'E'};
  size_t length = 0;
  ret_text[0] = '\0';
  for (unsigned i = 0; i < findings->count; i++) {
    const struct policy_finding *finding = &findings->findings[i];
    if (strcmp(finding->code, "single_connector") != 0)
      length +=
          (size_t)snprintf(ret_text + length, capacity - length, "%c %s %u:%u\n",
                           severities[finding->severity], finding->code, finding->line, finding->column);
  }
}

static void expect_found(const char *text, const char *expected) {
  char found[8192];
  struct policy *policy = parse(text);
  struct policy_findings *findings = check(policy);
  describe(findings, found, sizeof found);
  cr_expect_str_eq(found, expected, "%s\nfound: %s\nwanted: %s", text, found, expected);
  free(findings);
  policy_free(policy);
}

/* The last finding of that code says this; "" : there is none. */
static void expect_text(const char *text, const char *code, const char *words) {
  struct policy *policy = parse(text);
  struct policy_findings *findings = check(policy);
  const char *found = "";
  for (unsigned i = 0; i < findings->count; i++)
    if (strcmp(findings->findings[i].code, code) == 0)
      found = findings->findings[i].text;
  cr_expect(words[0] == '\0' ? found[0] == '\0' : strstr(found, words) != NULL, "%s: %s", text, found);
  free(findings);
  policy_free(policy);
}

/* A rule with this condition can never match; and the other way round that its opposite always does. */
static void expect_never(const char *condition) {
  char text[1024];
  snprintf(text, sizeof text, "rule r when %s decline\notherwise decline", condition);
  expect_found(text, "E never_matches 1:6\n");
  snprintf(text, sizeof text, "rule r when not (%s) decline\notherwise decline", condition);
  expect_found(text, "W always_matches 1:6\n");
}

static void expect_nothing(const char *condition) {
  char text[1024];
  snprintf(text, sizeof text, "rule r when %s decline\notherwise decline", condition);
  expect_found(text, "");
}

/* ---- Connectors ---- */

Test(policy_check, connectors_that_are_not_registered) {
  struct policy *policy = parse("otherwise route a,\n  adien_eu");
  struct policy_findings *findings = check(policy);
  cr_assert_eq(findings->count, 1);
  cr_expect_eq(findings->errors, 1);
  const struct policy_finding *finding = &findings->findings[0];
  cr_expect_str_eq(finding->code, "connector_unknown");
  cr_expect_eq(finding->line, 2);
  cr_expect_eq(finding->column, 3);
  cr_expect_eq(finding->rule, 0);
  cr_expect(strstr(finding->text, "Is it adyen_eu?") != NULL, "%s", finding->text);
  cr_assert_eq(policy_check(policy, NULL, 0, NULL, findings), 0);
  cr_expect_eq(findings->count, 0, "connectors are not looked up");
  cr_assert_eq(policy_check(policy, registered, 0, NULL, findings), 0);
  cr_expect_eq(findings->errors, 2, "none is registered");
  free(findings);
  policy_free(policy);
}

Test(policy_check, connectors_that_cannot_do_what_the_rule_asks) {
  expect_found("rule r when currency == PLN route a, b\notherwise decline", "E connector_currency 1:38\n");
  expect_found("rule r when amount > 5.00 PLN route b, a\notherwise decline", "E connector_currency 1:37\n");
  expect_found("rule r when currency in [PLN EUR] route b, a\notherwise decline",
               "W connector_currency 1:41\n");
  expect_found("rule r when currency in [USD EUR] route b, a\notherwise decline", "");
  expect_found("rule r when currency != EUR route b, a\notherwise decline", "");
  expect_found("rule r when currency == PLN or risk > 5 route b, a\notherwise decline", "");
  expect_found("rule r when card.network == amex route b, a\notherwise decline",
               "E connector_network 1:40\n");
  expect_found("rule r when card.network in [visa amex] route b, a\notherwise decline",
               "W connector_network 1:47\n");
  expect_found("rule r when method == sepa_debit route b, a\notherwise decline", "E connector_method 1:43\n");
  expect_found("rule r when risk > 5 route a, c\notherwise decline", "E connector_operation 1:31\n");
}

/* ---- Rules that never match ---- */

Test(policy_check, contradictions) {
  expect_never("card.country == AT and card.country == DE");
  expect_never("risk > 5 and not risk > 5");
  expect_never("risk in 1..5 and risk in 6..9");
  expect_never("risk < 0");
  expect_never("risk > 100 or risk < 0");
  expect_never("amount > 10.00 EUR and amount < 10.01 EUR");
  expect_never("amount > 10.00 EUR and currency == USD");
  expect_never("amount > 10.00 EUR and not currency == EUR");
  expect_never("amount > 10.00 EUR and amount > 10.00 USD");
  expect_never("card.bin in 411111..411199 and card.bin == 42000000");
  expect_never("card.bin == 411111 and not card.bin in 411100..411199");
  expect_never("card.bin == 41111101 and card.bin == 41111102");
  expect_never("card.issuer == \"a\" and card.issuer in [\"b\" \"c\"]");
  expect_never("metadata.x > 5 and metadata.x <= 5");
  expect_never("metadata.x == \"a\" and metadata.x == \"b\"");
  expect_never("weekday(\"UTC\") in sat..sun and weekday(\"UTC\") in mon..fri");
  expect_never("hour(\"UTC\") < 0");
  expect_never("card.attempts(24h) < 3 and card.attempts(1d) > 5");
  expect_never("not (card.network == visa or card.network != visa) and card.network in [visa amex]");
  expect_never("(card.country == AT or risk > 5) and card.country == DE and risk < 2");
}

Test(policy_check, what_only_looks_like_a_contradiction) {
  expect_nothing("not card.country == AT and not card.country != AT"); /* the country is not known */
  expect_nothing("not risk < 50 and not risk >= 50");
  expect_nothing("hour(\"UTC\") == 1 and hour(\"Asia/Tokyo\") == 10");
  expect_nothing("card.attempts(24h) < 3 and card.attempts(48h) > 5");
  expect_nothing("card.bin == 411111 and not card.bin == 41111100");
  expect_nothing("card.bin == 411111 and card.bin == 41111100");
  expect_nothing("not card.bin == 411111 and not card.bin != 411111");
  expect_nothing("metadata.x == \"5\" and metadata.x > 4");
  expect_nothing("metadata.x < -1");
  expect_nothing("metadata.x != 5 and metadata.x == -3");
  expect_nothing("metadata.x == \"3\" and metadata.x < 4");
  expect_nothing("metadata.x != \"5\" and metadata.x == 5"); /* 5.0 */
  expect_nothing("metadata.x == \"a\" and customer.x == \"b\"");
  expect_nothing("amount != 5.00 EUR and amount > 4.99 EUR");
  expect_nothing("not amount > 10.00 EUR and not amount <= 10.00 EUR"); /* dollars */
}

Test(policy_check, parts_that_never_match) {
  expect_found("rule r when risk > 5 or card.country == AT and card.country == DE decline\notherwise decline",
               "W part_never_matches 1:25\n");
  expect_found("rule q when risk > 5 decline\nrule r when card.country == AT or risk > 9 and currency == EUR "
               "decline\notherwise decline",
               "W part_shadowed 2:35\n");
}

Test(policy_check, shadowed_rules) {
  expect_found(
      "rule q when risk > 5 decline\nrule r when risk > 9 and currency == EUR route a, b\notherwise decline",
      "E shadowed 2:6\n");
  expect_found("rule q when risk > 5 best of a, b as advice\nrule r when risk > 9 decline\notherwise decline",
               "");
  expect_found("rule q when risk > 9 decline\nrule r when risk > 5 decline\notherwise decline",
               "N falls_to_otherwise 3:1\n");
  expect_found("rule q when card.country == AT decline\nrule p when card.country == DE or risk > 3 decline\n"
               "rule r when card.country in [AT DE] and currency == EUR decline\notherwise decline",
               "E shadowed 3:6\n");
  expect_found(
      "rule q when not card.country == AT decline\nrule r when card.country == DE decline\notherwise decline",
      "E shadowed 2:6\n");
  expect_found("rule q when card.bin == 411111 decline\nrule r when card.bin in 41111100..41111199 decline\n"
               "otherwise decline",
               "E shadowed 2:6\n");
  expect_found(
      "rule q when risk >= 0 or not risk >= 0 decline\nrule r when risk == 3 decline\notherwise decline",
      "W always_matches 1:6\nE shadowed 2:6\n");
}

Test(policy_check, says_which_rule_shadows) {
  expect_text("rule q when risk > 5 decline rule r when risk > 9 decline otherwise decline", "shadowed",
              "Rule 1 (line 1) comes first");
  expect_text(
      "rule q when risk > 5 decline rule r when risk < 5 decline\nrule s when risk == 7 and kind == moto or "
      "risk == 3 and currency == EUR decline "
      "otherwise decline",
      "shadowed", "together");
  expect_text("rule q when card.country == AT decline rule r when card.country == DE decline\n"
              "rule s when method == card decline otherwise decline",
              "method_after_country", "rule 1 is one");
}

/* ---- What falls to otherwise ---- */

static void expect_gap(const char *text, const char *words) {
  expect_text(text, "falls_to_otherwise", words);
}

Test(policy_check, what_falls_to_otherwise) {
  expect_gap(
      "rule q when risk < 30 decline rule r when risk >= 50 and currency == EUR decline otherwise decline",
      "risk; only otherwise takes: 30 to 49, or none.");
  expect_gap("rule q when card.funding == credit decline rule r when card.funding == debit decline otherwise "
             "decline",
             "card.funding; only otherwise takes: prepaid, or none.");
  expect_gap("rule q when amount < 10 EUR decline rule r when amount > 20 EUR decline otherwise decline",
             "the currency; only otherwise takes: 10.00 EUR to 20.00 EUR, or none.");
  expect_gap("rule q when amount < 10 EUR decline rule r when amount in 20 EUR..30 EUR decline "
             "rule s when amount < 5 JPY decline otherwise decline",
             "only otherwise takes: 10.00 EUR to 19.99 EUR, 30.01 EUR or more, 5 JPY or more, or none.");
  expect_gap("rule q when currency == EUR decline rule r when currency == USD decline otherwise decline",
             "other values than they name, or none");
  expect_gap("rule q when risk < 30 decline rule r when currency == EUR decline otherwise decline", "");
  expect_gap("rule q when risk < 30 decline otherwise decline", "");
  expect_gap("rule q when card.network == visa decline rule r when card.network == mastercard decline "
             "otherwise decline",
             "takes: amex, discover, diners, jcb, unionpay and more, or none.");
}

/* ---- Where it gives up ---- */

Test(policy_check, says_where_it_gives_up) {
  char text[4096];
  size_t length = (size_t)snprintf(text, sizeof text, "rule r when risk < 0");
  for (int i = 0; i < 7; i++) /* 2 to the power of 7 alternatives */
    length += (size_t)snprintf(text + length, sizeof text - length,
                               " and (metadata.a%d > 1 or metadata.b%d > 1)", i, i);
  snprintf(text + length, sizeof text - length, " decline\notherwise decline");
  expect_found(text, "E never_matches 1:6\n"); /* seen before it becomes too much */
  text[strlen("rule r when risk ")] = '>';
  expect_found(text, "N check_bounded 2:1\n");
  length = (size_t)snprintf(text, sizeof text, "rule r when risk > 0");
  for (int i = 0; i < 90; i++) /* of one and the same fact, any number */
    length += (size_t)snprintf(text + length, sizeof text - length, " or card.bin == 4111%d", 10 + i);
  snprintf(text + length, sizeof text - length, " decline\notherwise decline");
  expect_found(text, "");
}

/* ---- Shape ---- */

Test(policy_check, shape) {
  expect_found(
      "rule q when card.country == AT decline\nrule r when method == card decline\notherwise decline",
      "E method_after_country 2:6\n");
  expect_found(
      "rule r when method == card and risk > 3 decline\nrule q when card.country == AT decline\notherwise "
      "decline",
      "");
  expect_found("set s = [AT]\nset t = [DE]\nrule q when card.country in t decline\notherwise decline",
               "W set_unused 1:5\n");
  struct policy *policy = parse("otherwise route a");
  struct policy_findings *findings = check(policy);
  cr_assert_eq(findings->count, 1);
  cr_expect_str_eq(findings->findings[0].code, "single_connector");
  cr_assert_eq(policy_check(policy, registered, 1, NULL, findings), 0);
  cr_expect_eq(findings->count, 0, "there is no other");
  free(findings);
  policy_free(policy);
}

Test(policy_check, a_hundred_findings_and_errors_first) {
  char text[16384];
  size_t length = 0;
  for (int i = 0; i < 90; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "set s%d = [AT]\n", i);
  for (int i = 0; i < 90; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "rule r%d when risk < 0 decline\n", i);
  snprintf(text + length, sizeof text - length, "otherwise decline");
  struct policy *policy = parse(text);
  struct policy_findings *findings = check(policy);
  cr_expect_eq(findings->count, POLICY_FINDINGS_MAX);
  cr_expect(findings->more);
  cr_expect_eq(findings->errors, 90);
  cr_expect_eq(findings->findings[9].severity, POLICY_WARNING);
  cr_expect_eq(findings->findings[10].severity, POLICY_ERROR);
  cr_expect_eq(findings->findings[99].line, 180);
  free(findings);
  policy_free(policy);
}

/* ---- Every claim against every payment ---- */

static const char *const countries[] = {"", "AT", "DE", "NO", "IN", "DO", "FR"};
static const char *const bins[] = {"",         "411109",   "411110",   "411111",   "411112",
                                   "411113",   "411114",   "4111100",  "41111000", "41111050",
                                   "41111051", "41111150", "41111250", "41111399"};
static const struct money amounts[] = {
    {0, ""},      {1, "GBP"},   {1, "JPY"},   {2, "JPY"},   {3, "JPY"},   {5, "JPY"},   {0, "EUR"},
    {99, "EUR"},  {100, "EUR"}, {104, "EUR"}, {105, "EUR"}, {106, "EUR"}, {150, "EUR"}, {199, "EUR"},
    {200, "EUR"}, {201, "EUR"}, {205, "EUR"}, {250, "EUR"}, {251, "EUR"}, {300, "EUR"}, {350, "EUR"},
    {450, "EUR"}, {451, "EUR"}, {0, "USD"},   {5, "USD"},   {50, "USD"},  {51, "USD"},  {100, "USD"},
    {101, "USD"}, {150, "USD"}, {199, "USD"}, {200, "USD"}, {205, "USD"}, {250, "USD"}, {350, "USD"},
    {450, "USD"}, {451, "USD"}};
static const char *const kinds[] = {
    "", "customer", "recurring", "installment", "unscheduled", "resubmission", "moto"};
static const char *const sizes[] = {"", "a", "b", "1", "1.0", "01", "1.5", "2", "3"};
enum {
  COUNTRIES = sizeof countries / sizeof countries[0],
  BINS = sizeof bins / sizeof bins[0],
  AMOUNTS = sizeof amounts / sizeof amounts[0],
  KINDS = sizeof kinds / sizeof kinds[0],
  KIND_FIRST_LATER = 2, /* of those that are tried later */
  KIND_LAST_LATER = 5,
  SIZES = 1 + sizeof sizes / sizeof sizes[0], /* and none */
  RISKS = 8,                                  /* from -1, absent, to 6 */
  RULES = 5
};

struct reached {
  bool rules[RULES];   /* that any payment came to */
  bool later[RULES];   /* that any came to which may be tried later */
  bool by_risk[RISKS]; /* a rule before `otherwise` decided on some payment of that risk */
};

/* Takes one of count possibilities off the number. */
static unsigned take(unsigned *number, unsigned count) {
  unsigned taken = *number % count;
  *number /= count;
  return taken;
}

/* What comes of every payment. Facts that the policy does not name stay absent. */
static void reach(const struct policy *policy, const char *text, struct reached *ret_reached) {
  unsigned countries_tried = strstr(text, "card.country") != NULL ? COUNTRIES : 1;
  unsigned bins_tried = strstr(text, "card.bin") != NULL ? BINS : 1;
  unsigned risks_tried = strstr(text, "risk") != NULL ? RISKS : 1;
  unsigned sizes_tried = strstr(text, "metadata.size") != NULL ? SIZES : 1;
  unsigned amounts_tried = strstr(text, "amount") != NULL || strstr(text, "currency") != NULL ? AMOUNTS : 1;
  unsigned kinds_tried = strstr(text, "kind") != NULL ? KINDS : 1;
  *ret_reached = (struct reached){0};
  for (unsigned i = 0;
       i < countries_tried * bins_tried * risks_tried * sizes_tried * amounts_tried * kinds_tried; i++) {
    struct policy_facts facts = {.method = "card", .split_payment = "p"};
    struct policy_decision decision;
    unsigned number = i;
    facts.amount = amounts[take(&number, amounts_tried)];
    facts.country = countries[take(&number, countries_tried)];
    facts.bin = bins[take(&number, bins_tried)];
    facts.risk = (int16_t)((int)take(&number, risks_tried) - 1);
    unsigned size = take(&number, sizes_tried), kind = take(&number, kinds_tried);
    kind = kinds_tried == 1 ? KIND_FIRST_LATER : kind;
    facts.kind = kinds[kind];
    facts.attribute_count = size > 0;
    if (size > 0)
      facts.attributes[0] = (struct policy_attribute){true, "size", sizes[size - 1]};
    policy_evaluate(policy, &facts, &decision);
    ret_reached->rules[decision.rule] = true;
    if (kind >= KIND_FIRST_LATER && kind <= KIND_LAST_LATER)
      ret_reached->later[decision.rule] = true;
    for (unsigned j = 0; j < decision.advice_count; j++)
      ret_reached->rules[decision.advice[j]] = true;
    if (decision.rule + 1 < policy_rule_count(policy))
      ret_reached->by_risk[facts.risk + 1] = true;
  }
}

/* What it claims of a rule. */
static bool claims(const struct policy_findings *findings, unsigned rule, const char *code) {
  for (unsigned i = 0; i < findings->count; i++)
    if (findings->findings[i].rule == rule && strcmp(findings->findings[i].code, code) == 0)
      return true;
  return false;
}

/* The risks that, as it says, only `otherwise` takes: no rule may have decided on one. */
static unsigned check_gap(const struct policy_findings *findings, const struct reached *reached,
                          const char *text) {
  static const char words[] = "risk; only otherwise takes: ";
  const char *gap = NULL;
  unsigned checked = 0;
  for (unsigned i = 0; i < findings->count && gap == NULL; i++)
    gap = strstr(findings->findings[i].text, words);
  for (const char *at = gap == NULL ? "" : gap + strlen(words); *at >= '0' && *at <= '9'; checked++) {
    char *end;
    long low = strtol(at, &end, 10), high = low;
    if (strncmp(end, " to ", 4) == 0)
      high = strtol(end + 4, &end, 10);
    for (long risk = low; risk <= high && risk + 1 < RISKS; risk++)
      cr_assert_not(reached->by_risk[risk + 1], "risk %ld\n%s", risk, text);
    at = strncmp(end, ", ", 2) == 0 ? end + 2 : "";
  }
  cr_assert_not(gap != NULL && strstr(gap, "or none") != NULL && reached->by_risk[0], "no risk\n%s", text);
  return checked;
}

struct tally {
  unsigned dead, found, contradictions, gaps;
  unsigned later, for_nothing, found_for_nothing; /* rules that try later; to no avail; and found to */
};

/* Whatever it says of later tries: no payment that may be tried later came to the rule. */
static void check_later_claim(const struct policy *policy, const struct policy_findings *findings,
                              const struct reached *reached, unsigned rule, const char *text,
                              struct tally *tally) {
  const struct policy_action *action = policy_rule_action(policy, rule);
  bool claimed = claims(findings, rule, "later_never");
  bool for_nothing =
      action->options.later != 0 && !action->advice && reached->rules[rule] && !reached->later[rule];
  cr_assert_not(claimed && reached->later[rule], "rule %u\n%s", rule, text);
  cr_assert_not(claimed && action->options.later == 0, "rule %u\n%s", rule, text);
  tally->later += action->options.later != 0;
  tally->for_nothing += for_nothing;
  tally->found_for_nothing += for_nothing && claimed;
}

/* Counts rules that no payment came to, and how many of them were found. */
static void check_claims(uint64_t seed, struct tally *tally) {
  char *text = random_policy(seed, true, RULES - 1);
  struct policy *policy = parse(text);
  struct policy_findings *findings = check(policy);
  struct reached reached;
  bool always = false;
  reach(policy, text, &reached);
  for (unsigned i = 0; i + 1 < policy_rule_count(policy); i++) {
    bool never = claims(findings, i, "never_matches") || claims(findings, i, "shadowed");
    cr_assert_not(never && reached.rules[i], "seed %llu, rule %u\n%s", (unsigned long long)seed, i, text);
    cr_assert_not(always && reached.rules[i], "seed %llu, rule %u\n%s", (unsigned long long)seed, i, text);
    always = always || claims(findings, i, "always_matches");
    tally->dead += !reached.rules[i];
    tally->found += !reached.rules[i] && never;
  }
  cr_assert_not(always && reached.rules[policy_rule_count(policy) - 1], "%s", text);
  for (unsigned i = 0; i < policy_rule_count(policy); i++)
    check_later_claim(policy, findings, &reached, i, text, tally);
  tally->gaps += check_gap(findings, &reached, text);
  free(findings);
  free(text);
  policy_free(policy);
}

/* Each rule by itself: what contradicts itself matches nothing, whatever stands before it. */
static void check_contradictions(uint64_t seed, struct tally *tally) {
  char *text = random_policy(seed, true, RULES - 1), *state = NULL, sets[1024] = "";
  for (char *line = strtok_r(text, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
    char alone[4096];
    struct reached reached;
    if (strncmp(line, "set", 3) == 0 || strncmp(line, "schedule", 8) == 0)
      strcat(strcat(sets, line), "\n");
    if (strncmp(line, "rule", 4) != 0)
      continue;
    snprintf(alone, sizeof alone, "%s%s\notherwise decline", sets, line);
    struct policy *policy = parse(alone);
    struct policy_findings *findings = check(policy);
    reach(policy, alone, &reached);
    cr_assert_not(claims(findings, 0, "never_matches") && reached.rules[0], "%s", alone);
    cr_assert_not(claims(findings, 0, "always_matches") && reached.rules[1], "%s", alone);
    tally->contradictions += claims(findings, 0, "never_matches");
    free(findings);
    policy_free(policy);
  }
  free(text);
}

Test(policy_check, what_it_says_never_matches_never_does) {
  struct tally tally = {0};
  for (uint64_t seed = 0; seed < 1500; seed++) {
    check_claims(seed, &tally);
    check_contradictions(seed, &tally);
  }
  cr_log_info(
      "%u rules were not come to, %u of them found; %u contradictions, %u gaps; %u rules try later, %u "
      "for nothing, %u of them found",
      tally.dead, tally.found, tally.contradictions, tally.gaps, tally.later, tally.for_nothing,
      tally.found_for_nothing);
  cr_expect(tally.found > 100 && tally.contradictions > 50 && tally.gaps > 20, "%u, %u, %u", tally.found,
            tally.contradictions, tally.gaps);
  cr_expect(tally.found * 10 >= tally.dead * 8, "only %u of %u were found", tally.found, tally.dead);
  cr_expect(tally.found_for_nothing > 10, "%u", tally.found_for_nothing);
  cr_expect(tally.found_for_nothing * 10 >= tally.for_nothing * 8, "only %u of %u", tally.found_for_nothing,
            tally.for_nothing);
}
