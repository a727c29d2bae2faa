#include "random_policy.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SplitMix64. */
static uint64_t draw(struct random_text *random) {
  uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

unsigned random_below(struct random_text *random, unsigned below) {
  return (unsigned)(draw(random) % below);
}

__attribute__((format(printf, 2, 3))) static void add(struct random_text *random, const char *format, ...) {
  va_list arguments;
  if (random->capacity - random->length < 256) {
    random->capacity = random->capacity * 2 + 1024;
    random->text = realloc(random->text, random->capacity);
  }
  va_start(arguments, format);
  random->length +=
      (size_t)vsnprintf(random->text + random->length, random->capacity - random->length, format, arguments);
  va_end(arguments);
}

#define PICK(random, list) ((list)[random_below((random), sizeof(list) / sizeof(list)[0])])

/* ---- Facts, each with values that it may have ---- */

enum { SMALL_WORDS = 3 }; /* a small policy asks about no others than the first */

static const char *const words[][10] = {
    {"card.country", "AT", "DE", "NO", "IN", "DO", NULL},
    {"currency", "EUR", "USD", "JPY", NULL},
    {"kind", "customer", "recurring", "installment", "unscheduled", "resubmission", "moto", NULL},
    {"method", "card", "sepa_debit", NULL},
    {"card.network", "visa", "mastercard", "amex", NULL},
    {"card.funding", "credit", "debit", "prepaid", NULL},
    {"three_ds", "auto", "external", NULL},
    {"exemption", "low_value", "secure_corporate", NULL},
    {"weekday(\"Europe/Berlin\")", "mon", "tue", "sun", NULL},
};
static const char *const texts[] = {"card.issuer", "card.category", "customer.plan", "metadata.Some-thing"};
static const char *const values[] = {
    "\"a\"",  "\"\"",      "\"with \\\"marks\\\" and \\\\\"", "\"\xc3\xa4\xe2\x82\xac # no comment\"",
    "\"in\"", "\"[1..2]\""};
static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};

static void add_word_comparison(struct random_text *random) {
  const char *const *fact =
      words[random_below(random, random->small ? SMALL_WORDS : sizeof words / sizeof words[0])];
  unsigned count = 0;
  while (fact[count + 1] != NULL)
    count++;
  switch (random_below(random, 3)) {
  case 0:
    add(random, "%s == %s", fact[0], fact[1 + random_below(random, count)]);
    return;
  case 1:
    add(random, "%s != %s", fact[0], fact[1 + random_below(random, count)]);
    return;
  default:
    add(random, "%s in [%s, %s]", fact[0], fact[1 + random_below(random, count)],
        fact[1 + random_below(random, count)]);
  }
}

static void add_text_comparison(struct random_text *random) {
  const char *fact = PICK(random, texts);
  if (random_below(random, 2) == 0)
    add(random, "%s %s %s", fact, orders[random_below(random, 2)], PICK(random, values));
  else
    add(random, "%s in [%s %s]", fact, PICK(random, values), PICK(random, values));
}

static void add_number_comparison(struct random_text *random) {
  static const char *const facts[] = {"risk", "hour(\"UTC\")", "day(\"Asia/Tokyo\")", "card.attempts(24h)",
                                      "card.attempts(90m)"};
  const char *fact = random->small ? facts[0] : PICK(random, facts);
  unsigned most = random->small ? 3 : 10;
  unsigned low = 1 + random_below(random, most), high = low + random_below(random, most);
  if (random_below(random, 2) == 0)
    add(random, "%s %s %u", fact, PICK(random, orders), low);
  else
    add(random, "%s in %u..%u", fact, low, high);
}

/* Of an attribute that may be a number or a text, and is compared with both. */
static void add_either_comparison(struct random_text *random) {
  static const char *const eithers[] = {
      "metadata.size == \"1\"",          "metadata.size != \"1\"", "metadata.size > 1",
      "metadata.size in [\"a\" 1..1.5]", "metadata.size != 1",     "metadata.size in 1..2",
      "metadata.size in [\"1\" \"a\"]"};
  add(random, "%s", PICK(random, eithers));
}

static void add_attribute_comparison(struct random_text *random) {
  static const char *const numbers[] = {"0", "-1.5", "0.125", "17.10", "999999999999.999"};
  add(random, "metadata.size %s %s", PICK(random, orders), PICK(random, numbers));
}

static void add_amount_comparison(struct random_text *random) {
  static const char *const facts[] = {"amount", "card.spend(7d)"};
  static const char *const currencies[] = {"EUR", "USD"};
  const char *fact = random->small ? facts[0] : PICK(random, facts), *currency = PICK(random, currencies);
  unsigned most = random->small ? 3 : 10;
  unsigned low = random_below(random, most), high = low + random_below(random, most);
  switch (random_below(random, 4)) {
  case 0:
    add(random, "%s in %u %s..%u.50 %s", fact, low, currency, high, currency);
    return;
  case 1:
    add(random, "%s in [%u.05 %s %u JPY]", fact, low, currency, high);
    return;
  default:
    add(random, "%s %s %u %s", fact, PICK(random, orders), low, currency);
  }
}

static void add_bin_comparison(struct random_text *random) {
  unsigned low = 411110 + random_below(random, 4), high = low + random_below(random, 4);
  switch (random_below(random, 4)) {
  case 0:
    add(random, "card.bin == %u", low);
    return;
  case 1:
    add(random, "card.bin != %u%02u", low, random_below(random, 100));
    return;
  case 2:
    add(random, "card.bin in [%u %u..%u]", low, low, high);
    return;
  default:
    add(random, "card.bin in %u00..%u50", low, high);
  }
}

static void add_comparison(struct random_text *random) {
  /* A small policy asks about three of its facts at most, which its seed chooses. */
  unsigned fact = random_below(random, random->small ? 3 : 9);
  if (random->small)
    fact = (fact + random->first) % 7;
  switch (fact) {
  case 0:
  case 1:
    add_word_comparison(random);
    return;
  case 2:
    add_number_comparison(random);
    return;
  case 3:
    add_amount_comparison(random);
    return;
  case 4:
    add_bin_comparison(random);
    return;
  case 5:
    add(random, "card.country %s", random_below(random, 2) == 0 ? "in north" : "in south");
    return;
  case 6:
    if (random->small)
      add_either_comparison(random);
    else
      add_text_comparison(random);
    return;
  case 7:
    add_attribute_comparison(random);
    return;
  default:
    add(random, "customer.plan in plans");
  }
}

static void add_condition(struct random_text *random, unsigned depth) {
  unsigned shape = random_below(random, depth == 0 ? 2 : 6);
  if (shape < 2) {
    add_comparison(random);
    return;
  }
  if (shape == 2) {
    add(random, "not (");
    add_condition(random, depth - 1);
    add(random, ")");
    return;
  }
  add(random, "(");
  for (unsigned i = 0, count = 2 + random_below(random, 2); i < count; i++) {
    add(random, "%s", i == 0 ? "" : shape == 3 ? " or " : " and ");
    add_condition(random, depth - 1);
  }
  add(random, ")");
}

/* ---- Actions ---- */

static void add_options(struct random_text *random) {
  static const char *const options[] = {"",
                                        "",
                                        " with three_ds skip",
                                        " with max_attempts 2, retry off",
                                        " with exemption low_value, three_ds require",
                                        " with later s0",
                                        " with later s1, max_attempts 3"};
  add(random, "%s\n", PICK(random, options));
}

static void add_action(struct random_text *random, bool otherwise) {
  static const char *const lists[] = {"a, b", "c", "b, c, a"};
  static const char *const shares[] = {"a 50%, b 50%", "a 1%, b 9%, c 90%"};
  switch (random_below(random, 6)) {
  case 0:
    add(random, "decline\n");
    return;
  case 1:
    add(random, "split %s%s", PICK(random, shares), random_below(random, 2) == 0 ? "" : " by customer");
    break;
  case 2:
    add(random, "cheapest of %s%s", PICK(random, lists),
        random_below(random, 2) == 0 ? "" : " where approval >= 87.25%");
    break;
  case 3:
    add(random, "best of %s%s", PICK(random, lists),
        otherwise || random_below(random, 2) == 0 ? "" : " as advice");
    break;
  default:
    add(random, "route %s", PICK(random, lists));
  }
  add_options(random);
}

static void add_days(struct random_text *random) {
  add(random, " on [%u", 1 + random_below(random, 31));
  for (unsigned i = random_below(random, 4); i > 0; i--)
    add(random, " %u", 1 + random_below(random, 31));
  add(random, "]");
}

static void add_schedule(struct random_text *random, unsigned number) {
  static const char *const zones[] = {"UTC", "Europe/Berlin", "Asia/Tokyo"};
  bool days = random_below(random, 2) == 0, hours = random_below(random, 2) == 0;
  add(random, "schedule s%u = %u tries within %u days", number, 1 + random_below(random, 15),
      1 + random_below(random, 30));
  if (days)
    add_days(random);
  if (hours)
    add(random, " at %u..%u", random_below(random, 24), random_below(random, 24));
  if (days || hours)
    add(random, " in \"%s\"", PICK(random, zones));
  add(random, "\n");
}

char *random_policy(uint64_t seed, bool small, unsigned rules_most) {
  struct random_text random = {.state = seed, .small = small, .first = (unsigned)(seed % 7)};
  add(&random, "set north = [NO DE]\nset south = [AT, IN]\nset plans = [\"gold\" 5 1.5..2]\n");
  add_schedule(&random, 0);
  add_schedule(&random, 1);
  for (unsigned i = 0, count = 1 + random_below(&random, rules_most); i < count; i++) {
    add(&random, "rule r%u when ", i);
    add_condition(&random, small ? 2 : 4);
    add(&random, " ");
    add_action(&random, false);
  }
  add(&random, "otherwise ");
  add_action(&random, true);
  return random.text;
}
