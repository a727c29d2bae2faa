#include "hostile_policy.h"
#include "money.h"
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MOST = 4096, PIECE_MOST = 8192, END_ROOM = 64, ATTRIBUTES = 250, SPENT_CURRENCIES = 30 };

struct text {
  char *bytes;
  size_t length, most;
  unsigned count; /* of pieces so far */
};

__attribute__((format(printf, 2, 3))) static bool say(struct text *text, const char *format, ...) {
  char piece[PIECE_MOST];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(piece, sizeof piece, format, arguments);
  va_end(arguments);
  assert(length >= 0 && (size_t)length < sizeof piece);
  if (text->length + (size_t)length + END_ROOM > text->most)
    return false;
  memcpy(text->bytes + text->length, piece, (size_t)length + 1);
  text->length += (size_t)length;
  text->count++;
  return true;
}

/* ---- Sets ---- */

/* The amount 1 in each currency that there is. */
static void say_currencies(struct text *text, const char *name, unsigned most) {
  unsigned count = 0;
  say(text, "set %s = [", name);
  for (unsigned i = 0; i < 26 * 26 * 26 && count < most; i++) {
    char code[] = {(char)('A' + i / 676), (char)('A' + i / 26 % 26), (char)('A' + i % 26), '\0'};
    if (currency_exponent(code) >= 0)
      count += say(text, " 1 %s", code);
  }
  say(text, "]\n");
}

static void say_bins(struct text *text, const char *name, unsigned count, bool wide) {
  static const unsigned firsts[] = {400000, 4000000, 40000000};
  say(text, "set %s = [", name);
  for (unsigned i = 0; i < count && text->length + 2048 < text->most; i++)
    say(text, " %u", firsts[wide ? i % 3 : 0] + 2 * i);
  say(text, "]\n");
}

/* ---- Conditions ---- */

typedef bool say_piece(struct text *text, unsigned number);

static bool all_currencies(struct text *text, unsigned number) {
  (void)number;
  return say(text, "amount in s");
}

static bool some_set(struct text *text, unsigned number) {
  return say(text, "amount in s%u", number % 64);
}

static bool windows(struct text *text, unsigned number) {
  return say(text, "card.spend(%uh) in s", 1 + number % 8);
}

static bool all_bins(struct text *text, unsigned number) {
  (void)number;
  return say(text, "card.bin in s");
}

static bool less_bins(struct text *text, unsigned number) {
  return say(text, "card.bin in s and card.bin != %u", 400000 + number % 8000);
}

static bool one_bin(struct text *text, unsigned number) {
  return say(text, "card.bin == %u", 400000 + 2 * number);
}

static bool no_bin(struct text *text, unsigned number) {
  return say(text, "card.bin != %u", 400000 + 2 * number);
}

static bool attribute(struct text *text, unsigned number) {
  return say(text, "metadata.a%u == \"%u\"", number % ATTRIBUTES, number);
}

static bool attribute_in(struct text *text, unsigned number) {
  return say(text, "metadata.a%u in s", number % ATTRIBUTES);
}

static bool long_text(struct text *text, unsigned number) {
  return say(text, "metadata.a%u == \"%0480u\"", number % 100, number);
}

/* The next text whose FNV-1a hash ends in twelve zeros. */
static bool colliding(struct text *text, unsigned number) {
  static uint64_t tried;
  char letters[20];
  uint64_t hash;
  if (number == 0)
    tried = 0;
  do {
    snprintf(letters, sizeof letters, "%llx", (unsigned long long)tried++);
    hash = UINT64_C(14695981039346656037);
    for (const char *at = letters; *at != '\0'; at++)
      hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    hash ^= hash >> 32;
  } while (hash % 4096 != 0);
  return say(text, "metadata.a == \"%s\"", letters);
}

static bool risk(struct text *text, unsigned number) {
  return say(text, "risk>%u", number % 100);
}

static bool set_of_numbers(struct text *text, unsigned number) {
  static const char *const facts[] = {"risk", "hour(\"Europe/Rome\")", "day(\"Europe/Rome\")",
                                      "card.attempts(1h)", "customer.n"};
  return say(text, "%s in s%u", facts[number % 5], number / 5 % 20);
}

static bool deep(struct text *text, unsigned number) {
  char piece[1024] = "";
  size_t length = 0;
  for (unsigned i = 0; i < 9; i++)
    length += (size_t)snprintf(piece + length, sizeof piece - length, "(risk<%u and not (card.bin!=%u or ",
                               (number + i) % 100, 400000 + 7 * (number + i) % 90000);
  length += (size_t)snprintf(piece + length, sizeof piece - length, "card.bin==%u", 500000 + number % 90000);
  for (unsigned i = 0; i < 9; i++)
    length += (size_t)snprintf(piece + length, sizeof piece - length, "))");
  return say(text, "%s", piece);
}

static bool alternatives(struct text *text, unsigned number) {
  char piece[1024] = "";
  size_t length = 0;
  for (unsigned i = 0; i < 6; i++)
    length += (size_t)snprintf(piece + length, sizeof piece - length, "%s(metadata.a%u==\"%u\" or risk==%u)",
                               i == 0 ? "" : " and ", (number + i) % 200, number, (number + 7 * i) % 100);
  return say(text, "%s", piece);
}

/* ---- Rules ---- */

/* One condition of as many pieces as fit. */
static void say_junction(struct text *text, const char *word, say_piece *say_one) {
  say(text, "rule r when ");
  for (unsigned i = 0;; i++) {
    size_t before = text->length;
    if ((i > 0 && !say(text, " %s ", word)) || !say_one(text, i)) {
      text->length = before;
      break;
    }
  }
  text->most += END_ROOM;
  say(text, " route a, b\n");
}

/* As many rules as fit. */
static void say_rules(struct text *text, const char *before, say_piece *say_one, const char *action) {
  for (unsigned i = 0;; i++) {
    size_t length = text->length;
    if (!say(text, "rule r%u when %s", i, before) || !say_one(text, i) || !say(text, " %s\n", action)) {
      text->length = length;
      return;
    }
  }
}

static void say_large_rules(struct text *text) {
  for (unsigned rule = 0;; rule++) {
    size_t length = text->length;
    bool fits = say(text, "rule r%u when ", rule);
    for (unsigned i = 0; fits && i < 200; i++)
      fits = say(text, "%snot metadata.a%u == \"%u\"", i == 0 ? "" : " and ", i, rule);
    if (!fits || !say(text, " route a, b\n")) {
      text->length = length;
      return;
    }
  }
}

static void say_number_sets(struct text *text) {
  for (unsigned i = 0; i < 20; i++) {
    say(text, "set s%u = [", i);
    for (unsigned j = 0; j < MEMBERS_MOST && (text->length < text->most * (i + 1) / 21); j++)
      say(text, " %u", 1 + j % 9);
    say(text, "]\n");
  }
}

static void say_texts(struct text *text) {
  say(text, "set s = [");
  for (unsigned i = 0; i < MEMBERS_MOST && text->length < text->most / 2; i++)
    say(text, " \"%u\"", i);
  say(text, "]\n");
}

static void say_currency_sets(struct text *text) {
  for (unsigned i = 0; i < 64; i++) {
    char name[8];
    snprintf(name, sizeof name, "s%u", i);
    say_currencies(text, name, (unsigned)(text->most / 64 / 16));
  }
}

const char *hostile_name(enum hostile_shape shape) {
  static const char *const names[HOSTILE_COUNT] = {
      [HOSTILE_CURRENCY_OR] = "currencies, one condition",
      [HOSTILE_CURRENCY_RULES] = "currencies, many rules",
      [HOSTILE_CURRENCY_NOT] = "currencies, none of them",
      [HOSTILE_CURRENCY_SETS] = "currencies, many sets",
      [HOSTILE_SPEND] = "currencies by windows",
      [HOSTILE_BIN_OR] = "BINs, one condition",
      [HOSTILE_BIN_RULES] = "BINs, many rules",
      [HOSTILE_BIN_NOT] = "BINs, none of them",
      [HOSTILE_BIN_AND] = "BINs, a little less",
      [HOSTILE_BIN_WIDE] = "BINs of three widths",
      [HOSTILE_LONG_OR] = "a long or",
      [HOSTILE_LONG_AND] = "a long and",
      [HOSTILE_SLOTS] = "attributes",
      [HOSTILE_SLOTS_IN] = "attributes in a set",
      [HOSTILE_SLOTS_LARGE] = "attributes in every rule",
      [HOSTILE_TEXTS] = "long texts",
      [HOSTILE_COLLIDING] = "texts that collide",
      [HOSTILE_RULES] = "many rules",
      [HOSTILE_CANDIDATES] = "many connectors",
      [HOSTILE_MEMBERS] = "many members",
      [HOSTILE_DEEP] = "deep conditions",
      [HOSTILE_ALTERNATIVES] = "alternatives",
      [HOSTILE_ADVICE] = "much advice",
  };
  return names[shape];
}

static void say_shape(struct text *text, enum hostile_shape shape) {
  static const char routed[] = "route a, b";
  switch (shape) {
  case HOSTILE_CURRENCY_OR:
    say_currencies(text, "s", UINT32_MAX);
    say_junction(text, "or", all_currencies);
    break;
  case HOSTILE_CURRENCY_RULES:
    say_currencies(text, "s", UINT32_MAX);
    say_rules(text, "", all_currencies, routed);
    break;
  case HOSTILE_CURRENCY_NOT:
    say_currencies(text, "s", UINT32_MAX);
    say_rules(text, "not ", all_currencies, routed);
    break;
  case HOSTILE_CURRENCY_SETS:
    say_currency_sets(text);
    say_rules(text, "", some_set, routed);
    break;
  case HOSTILE_SPEND:
    say_currencies(text, "s", SPENT_CURRENCIES);
    say_rules(text, "not ", windows, routed);
    break;
  case HOSTILE_BIN_OR:
    say_bins(text, "s", MEMBERS_MOST, false);
    say_junction(text, "or", all_bins);
    break;
  case HOSTILE_BIN_RULES:
    say_bins(text, "s", MEMBERS_MOST, false);
    say_rules(text, "", all_bins, routed);
    break;
  case HOSTILE_BIN_NOT:
    say_bins(text, "s", MEMBERS_MOST, false);
    say_rules(text, "not ", all_bins, routed);
    break;
  case HOSTILE_BIN_AND:
    say_bins(text, "s", MEMBERS_MOST, false);
    say_rules(text, "", less_bins, routed);
    break;
  case HOSTILE_BIN_WIDE:
    say_bins(text, "s", MEMBERS_MOST, true);
    say_rules(text, "", all_bins, routed);
    break;
  case HOSTILE_LONG_OR:
    say_junction(text, "or", one_bin);
    break;
  case HOSTILE_LONG_AND:
    say_junction(text, "and", no_bin);
    break;
  case HOSTILE_SLOTS:
    say_rules(text, "", attribute, routed);
    break;
  case HOSTILE_SLOTS_IN:
    say_texts(text);
    say_rules(text, "", attribute_in, routed);
    break;
  case HOSTILE_SLOTS_LARGE:
    say_large_rules(text);
    break;
  case HOSTILE_TEXTS:
    say_rules(text, "", long_text, routed);
    break;
  case HOSTILE_COLLIDING:
    say_junction(text, "or", colliding);
    break;
  case HOSTILE_RULES:
    say_rules(text, "", risk, "decline");
    break;
  case HOSTILE_CANDIDATES:
    say_rules(text, "", risk, "route a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p");
    break;
  case HOSTILE_MEMBERS:
    say_number_sets(text);
    say_rules(text, "", set_of_numbers, routed);
    break;
  case HOSTILE_DEEP:
    say_rules(text, "", deep, routed);
    break;
  case HOSTILE_ALTERNATIVES:
    say_rules(text, "", alternatives, routed);
    break;
  case HOSTILE_ADVICE:
    say_rules(text, "", risk, "best of a as advice");
    break;
  case HOSTILE_COUNT:
    break;
  }
}

char *hostile_policy(enum hostile_shape shape, size_t bytes) {
  static const char otherwise[] = "otherwise route a, b\n";
  struct text text = {.bytes = malloc(bytes + 1), .most = bytes - sizeof otherwise - END_ROOM};
  assert(text.bytes != NULL);
  say_shape(&text, shape);
  memcpy(text.bytes + text.length, otherwise, sizeof otherwise);
  return text.bytes;
}
