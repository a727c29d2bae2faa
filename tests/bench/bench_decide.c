/* bench_decide FIGURES: one decision among 1,000 rules, and among 10,000.
 *
 * The rules are such as a payments team writes, and then some: sets of countries, networks, BIN ranges,
 * amounts in three currencies, issuers, plans, shops, risk, hours, with `or` and `not` among them. Each
 * payment is decided once and timed alone, so that the slowest hundredth shows; the clock's own cost is in
 * the figure. */
#include "report.h"
#include "routing.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, DECISIONS = 50000, PAYMENTS = 4096, RULES = 1000, LARGE = 10, TEXT_MAX = 4 * 1024 * 1024 };

static const double limit_us = 2, limit_growth = 3;

static const char *const countries[] = {"AT", "BE", "BG", "CH", "CZ", "DE", "DK", "ES", "FI", "FR",
                                        "GB", "GR", "HU", "IE", "IT", "LT", "LU", "NL", "NO", "PL",
                                        "PT", "RO", "SE", "US", "BR", "MX", "JP", "IN", "AU", "CA"};
static const char *const networks[] = {"visa", "mastercard", "amex", "discover"};
static const char *const fundings[] = {"credit", "debit", "prepaid"};
static const char *const currencies[] = {"EUR", "USD", "GBP"};
static const char *const kinds[] = {"customer", "recurring", "unscheduled", "moto"};
static const char *const plans[] = {"free", "basic", "team", "enterprise"};

enum { COUNTRIES = sizeof countries / sizeof countries[0] };

struct text {
  size_t length;
  char *bytes;
};

struct payment {
  struct policy_facts facts;
  char bin[9], shop[16], issuer[24], id[16];
};

static uint64_t state = 20261127;

static unsigned below(unsigned limit) { /* SplitMix64 */
  uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (unsigned)((z ^ z >> 31) % limit);
}

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  text->length += (size_t)vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
  va_end(arguments);
}

static void say_countries(struct text *text) {
  unsigned count = 1 + below(6);
  say(text, "card.country in [");
  for (unsigned i = 0; i < count; i++)
    say(text, "%s%s", i ? " " : "", countries[below(COUNTRIES)]);
  say(text, "]");
}

/* One condition; narrow ones are common, so that most payments pass many rules before one matches. */
static void say_condition(struct text *text) {
  switch (below(12)) {
  case 0:
    say_countries(text);
    break;
  case 1:
    say(text, "card.bin in %u..%u", 400000 + below(90000), 490000 + below(9999));
    break;
  case 2:
    say(text, "card.bin == %u", 40000000 + below(20000000));
    break;
  case 3:
    say(text, "amount > %u.00 %s", 100 + below(5000), currencies[below(3)]);
    break;
  case 4:
    say(text, "card.funding == %s", fundings[below(3)]);
    break;
  case 5:
    say(text, "metadata.shop == \"shop_%u\"", below(400));
    break;
  case 6:
    say(text, "card.issuer == \"Bank %u\"", below(300));
    break;
  case 7:
    say(text, "risk >= %u", 60 + below(40));
    break;
  case 8:
    say(text, "hour(\"Europe/Berlin\") in %u..%u", below(12), 12 + below(12));
    break;
  case 9:
    say(text, "(customer.plan == \"%s\" or kind == %s)", plans[below(4)], kinds[below(4)]);
    break;
  case 10:
    say(text, "not card.network in [%s %s]", networks[below(4)], networks[below(4)]);
    break;
  default:
    say(text, "currency == %s and kind != %s", currencies[below(3)], kinds[below(4)]);
  }
}

/* Three conditions and a narrow one each: about one rule in a thousand matches a payment. */
static void say_rule(struct text *text, unsigned number) {
  say(text, "rule r%u when ", number);
  say(text, below(2) ? "metadata.shop == \"shop_%u\"" : "card.issuer == \"Bank %u\"", below(400));
  for (unsigned i = 0; i < 3; i++) {
    say(text, " and ");
    say_condition(text);
  }
  say(text, " route adyen, checkout\n");
}

static struct policy *make_policy(unsigned rules) {
  struct text text = {.bytes = malloc(TEXT_MAX)};
  struct policy *policy;
  struct policy_error error;
  if (text.bytes == NULL)
    give_up("no memory");
  for (unsigned i = 0; i + 1 < rules; i++)
    say_rule(&text, i);
  say(&text, "otherwise route stripe, adyen\n");
  if (policy_parse(text.bytes, text.length, &policy, &error) != 0) {
    fprintf(stderr, "bench: line %u, column %u: %s\n", error.line, error.column, error.expected);
    exit(1);
  }
  free(text.bytes);
  return policy;
}

static void make_payment(struct payment *payment) {
  struct policy_facts *facts = &payment->facts;
  *payment = (struct payment){.facts = {.method = "card", .risk = (int16_t)below(101)}};
  snprintf(payment->bin, sizeof payment->bin, "%u", 40000000 + below(20000000));
  snprintf(payment->shop, sizeof payment->shop, "shop_%u", below(400));
  snprintf(payment->issuer, sizeof payment->issuer, "Bank %u", below(300));
  snprintf(payment->id, sizeof payment->id, "pay_%u", below(1000000));
  facts->network = (enum network)(NETWORK_VISA + below(4));
  facts->bin = payment->bin;
  facts->issuer = payment->issuer;
  facts->country = countries[below(COUNTRIES)];
  facts->category = "CLASSIC";
  facts->funding = (enum funding)(FUNDING_CREDIT + below(3));
  facts->amount.minor = 100 + below(1000000);
  strcpy(facts->amount.currency, currencies[below(3)]);
  facts->kind = kinds[below(4)];
  facts->at_ms = INT64_C(1795000000000) + below(1000000000);
  facts->zone_known[0] = true;
  facts->zone_offset_s[0] = 3600;
  facts->attributes[0] = (struct policy_attribute){true, "shop", payment->shop};
  facts->attributes[1] = (struct policy_attribute){false, "plan", plans[below(4)]};
  facts->attribute_count = 2;
  facts->split_payment = payment->id;
}

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct round {
  double p50, p99;
  double depth; /* how many rules stand before the one that matched, on average */
};

static struct round decide_round(const struct policy *policy, const struct payment *payments) {
  static double took[DECISIONS];
  struct policy_decision decision;
  struct round round = {0};
  for (unsigned i = 0; i < DECISIONS; i++) {
    const struct payment *payment = &payments[below(PAYMENTS)];
    double began = now_us();
    policy_evaluate(policy, &payment->facts, &decision);
    took[i] = now_us() - began;
    round.depth += decision.rule;
  }
  round.depth /= DECISIONS;
  round.p50 = percentile(took, DECISIONS, 0.5);
  round.p99 = percentile(took, DECISIONS, 0.99);
  return round;
}

int main(int argc, char **argv) {
  static struct payment payments[PAYMENTS];
  double p99[ROUNDS], large_p99[ROUNDS], p50[ROUNDS], large_p50[ROUNDS];
  struct round round, large;
  if (argc != 2) {
    fputs("usage: bench_decide FIGURES\n", stderr);
    return 64;
  }
  pin_to(0);
  struct policy *policy = make_policy(RULES), *larger = make_policy(LARGE * RULES);
  for (unsigned i = 0; i < PAYMENTS; i++)
    make_payment(&payments[i]);
  for (unsigned i = 0; i < ROUNDS; i++) {
    round = decide_round(policy, payments);
    large = decide_round(larger, payments);
    p50[i] = round.p50, p99[i] = round.p99, large_p50[i] = large.p50, large_p99[i] = large.p99;
  }
  printf("decide: of %u rules %.0f stand before the one that matches, p50 %.2f us; of %u %.0f, p50 %.2f us\n",
         RULES, round.depth, median(p50, ROUNDS), LARGE * RULES, large.depth, median(large_p50, ROUNDS));
  double figure = median(p99, ROUNDS), grown = median(large_p99, ROUNDS);
  report(argv[1], &(struct figure){.name = "decide",
                                   .value = figure,
                                   .unit = "us p99",
                                   .limit = limit_us,
                                   .ratio = figure / limit_us,
                                   .target = "ratio <= 1",
                                   .met = figure <= limit_us});
  report(argv[1], &(struct figure){.name = "decide10",
                                   .value = grown,
                                   .unit = "us p99",
                                   .limit = figure,
                                   .ratio = grown / figure,
                                   .target = "ratio <= 3",
                                   .met = grown <= limit_growth * figure});
  policy_free(policy);
  policy_free(larger);
  return 0;
}
