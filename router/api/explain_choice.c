#include "explain_choice.h"
#include "fee_book.h"
#include <stdarg.h>
#include <stdio.h>

enum { PER_TEN_THOUSAND = 10000, HUNDRED = 100, MILLION = 1000000, LINE_CAPACITY = 512, GAP_CAPACITY = 160 };

/* Millionths as a percentage with two decimals. */
#define PER_CENT(millionths) (millionths) / PER_TEN_THOUSAND, (millionths) % PER_TEN_THOUSAND / HUNDRED

struct line {
  char text[LINE_CAPACITY];
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *line, const char *format, ...) {
  va_list arguments;
  size_t room = sizeof line->text - line->length;
  va_start(arguments, format);
  int length = vsnprintf(line->text + line->length, room, format, arguments);
  va_end(arguments);
  if (length > 0)
    line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static const char *known_or(const char *text, const char *otherwise) {
  return text != NULL && text[0] != '\0' ? text : otherwise;
}

/* Why it is not known what the payment costs. */
static void gap_text(const struct payment *payment, uint8_t gap, char ret_text[GAP_CAPACITY]) {
  if (gap == CHOICE_NO_TABLE)
    snprintf(ret_text, GAP_CAPACITY, "there is no fee table for it");
  else if (gap == CHOICE_NO_RATE)
    snprintf(ret_text, GAP_CAPACITY, "there is no rate of exchange between the currency of its fees and %s",
             payment->currency);
  else if (gap > CHOICE_NO_LINE && gap < CHOICE_GAP_COUNT)
    snprintf(ret_text, GAP_CAPACITY, "its fee table has no line of %s for %s, %s, issued in %s, paid in %s",
             fee_kind_name((enum choice_fee_kind)(gap - CHOICE_NO_LINE)),
             known_or(network_name(payment->card.network), "an unknown network"),
             known_or(funding_name(payment->funding), "unknown funding"),
             known_or(payment->country, "an unknown country"), payment->currency);
  else
    snprintf(ret_text, GAP_CAPACITY, "it was not recorded why, or it is out of range");
}

static void say_cost(struct line *line, const struct payment *payment, const struct choice_premise *premise,
                     const struct choice_figures *figures) {
  char gap[GAP_CAPACITY];
  if (figures->cost_known)
    say(line, "; %lld.%02lld minor units of %s for each approval", (long long)(figures->cost / MILLION),
        (long long)(figures->cost % MILLION / PER_TEN_THOUSAND), payment->currency);
  else {
    gap_text(payment, premise->gap, gap);
    say(line, "; what it costs is not known: %s", gap);
  }
}

static void say_standing(struct line *line, const struct choice_snapshot *choice,
                         const struct choice_figures *figures) {
  bool few = figures->weight < CHOICE_FLOOR_OUTCOMES;
  if (choice->floor == 0)
    return;
  if (figures->standing == CHOICE_BELOW_FLOOR)
    say(line, "; below the floor of %u.%02u %%", PER_CENT(choice->floor));
  else if (few)
    say(line, "; too little is known of it to hold it to the floor of %u.%02u %%", PER_CENT(choice->floor));
  else
    say(line, "; it meets the floor of %u.%02u %%", PER_CENT(choice->floor));
}

/* The mean rests on what is known of the others as well: only what was seen of the connector itself is
 * counted. */
static void say_approval(struct line *line, const struct choice_snapshot *choice,
                         const struct choice_premise *premise, const struct choice_figures *figures) {
  say(line, "approval of %u.%02u %% of the outcomes that tell is expected", PER_CENT(figures->mean));
  if (choice->method == CHOICE_METHOD_KEPT)
    return;
  if (premise->seen == 0)
    say(line, ", though it has had none of late");
  else
    say(line, ", by its last %u and those of the others", premise->seen);
}

static void explain_one(struct json_out *out, const struct payment *payment, const struct choice_order *order,
                        unsigned place) {
  const struct choice_snapshot *choice = &payment->decision.choice;
  const struct choice_figures *figures = &order->figures[order->places[place]];
  const struct choice_premise *premise = &choice->premises[order->places[place]];
  struct line line = {.length = 0};
  say(&line, "%s: ", payment->decision.candidates[place].connector);
  say_approval(&line, choice, premise, figures);
  if (choice->kind == CHOICE_BEST)
    say(&line, "; drawn %u.%02u %%", PER_CENT(figures->sampled));
  else {
    say_cost(&line, payment, premise, figures);
    say_standing(&line, choice, figures);
  }
  say(&line, ".");
  out_text(out, NULL, line.text);
}

void explain_choice(struct json_out *out, const struct payment *payment) {
  const struct decision *decision = &payment->decision;
  struct choice_order order;
  if (decision->choice.count != decision->candidate_count ||
      choice_decide(&decision->choice, decision->draw, &order) != 0)
    return;
  for (unsigned i = 0; i < order.count; i++)
    explain_one(out, payment, &order, i);
  if (order.floor_unmet)
    out_text(out, NULL, "No connector meets the floor: all can be tried, the one that approves most first.");
}

void explain_advice(struct json_out *out, const struct payment *payment, const struct policy *policy) {
  for (unsigned i = 0; i < payment->decision.advice_count; i++) {
    const struct decision_advice *advice = &payment->decision.advice[i];
    uint64_t sum = (uint64_t)advice->believed.approved + advice->believed.declined;
    struct line line = {.length = 0};
    say(&line, "Rule %s would have chosen %s", policy_rule_name(policy, advice->rule), advice->connector);
    if (sum > 0) {
      unsigned mean = (unsigned)((uint64_t)advice->believed.approved * MILLION / sum);
      say(&line, ": approval of %u.%02u %% of the outcomes that tell was expected there", PER_CENT(mean));
    }
    say(&line, ".");
    out_text(out, NULL, line.text);
  }
}
