#include "cards.h"

#include <string.h>

#include "universe.h"

enum {
  SHARED_CARDS = 3, /* in a universe */
  SHARING = 25,     /* of a hundred payments */
  USUAL_AMOUNT = 1000,
  LETTERS = 0xaa,
  OFTEN = 70,  /* of a hundred tries of a shared card are declined */
  CROWDED = 70 /* of a hundred payments with a shared card are with the one of an unusual pace */
};

static const int64_t hour_ms = 3600 * 1000, rush_ms = 50, wear_ms = 14LL * 24 * 3600 * 1000;

/* When a shared card is paid with. */
enum pace {
  PACE_USUAL, /* as other cards, and at times once more about a day later */
  PACE_RUSH,  /* all at the same moment: many tries are under way before any is answered */
  PACE_WORN   /* through two weeks */
};

static const struct refusal any[] = {{"05"}, {"91"}, {"43"}, {"51"}, {"54"}, {"1A"}, {"96"}, {"14"}};
static const struct refusal mild[] = {{"05"}, {"91"}, {"96"}, {"51"}};
static const struct refusal advised[] = {{"05"},       {"91"},       {"51", "24"}, {"05", "03"}, {"96"},
                                         {"05", "21"}, {"91", "30"}, {"05", "01"}, {"91"},       {"96"}};

#define REFUSALS(list) (list), sizeof(list) / sizeof(list)[0]

/* Kinds of shared cards. */
static const struct {
  enum network network;
  enum pace pace;
  const struct refusal *refusals;
  size_t refusal_count;
} kinds[] = {
    {NETWORK_VISA, PACE_USUAL, REFUSALS(mild)},          {NETWORK_MASTERCARD, PACE_USUAL, REFUSALS(mild)},
    {NETWORK_VISA, PACE_USUAL, REFUSALS(any)},           {NETWORK_MASTERCARD, PACE_RUSH, REFUSALS(mild)},
    {NETWORK_MASTERCARD, PACE_USUAL, REFUSALS(advised)}, {NETWORK_UNKNOWN, PACE_USUAL, REFUSALS(advised)},
    {NETWORK_AMEX, PACE_USUAL, REFUSALS(mild)},          {NETWORK_MASTERCARD, PACE_WORN, REFUSALS(mild)}};

enum { KINDS = sizeof kinds / sizeof *kinds };

bool card_is_shared(const struct scenario *scenario) {
  return scenario->card < SHARED_CARDS;
}

/* Each universe has some of the kinds. */
static unsigned kind_of(const struct universe *universe, unsigned card) {
  return (unsigned)((universe->genesis.number * SHARED_CARDS + card) % KINDS);
}

/* What is rare with few payments of a card needs many. */
static unsigned draw_shared(const struct universe *universe, struct chance *chance) {
  bool crowds = chance_percent(chance, CROWDED);
  unsigned drawn = (unsigned)chance_below(chance, SHARED_CARDS);
  for (unsigned card = 0; crowds && card < SHARED_CARDS; card++) {
    if (kinds[kind_of(universe, card)].pace != PACE_USUAL)
      return card;
  }
  return drawn;
}

void card_draw(struct universe *universe, struct scenario *scenario) {
  struct chance *chance = &scenario->chance;
  scenario->card = (uint16_t)(SHARED_CARDS + scenario->number);
  scenario->network = NETWORK_VISA;
  scenario->manners.refusals = any;
  scenario->manners.refusal_count = sizeof any / sizeof *any;
  if (!chance_percent(chance, SHARING))
    return;
  scenario->card = (uint16_t)draw_shared(universe, chance);
  unsigned kind = kind_of(universe, scenario->card);
  scenario->network = kinds[kind].network;
  scenario->amount = USUAL_AMOUNT + !chance_percent(chance, 80);
  scenario->manners.refusals = kinds[kind].refusals;
  scenario->manners.refusal_count = (unsigned)kinds[kind].refusal_count;
  scenario->manners.declines = OFTEN;
}

int64_t card_moment(struct universe *universe, struct scenario *scenario, int64_t from_ms, int64_t usual_ms) {
  struct chance *chance = &scenario->chance;
  if (!card_is_shared(scenario))
    return usual_ms;
  switch (kinds[kind_of(universe, scenario->card)].pace) {
  case PACE_USUAL:
    break;
  case PACE_RUSH:
    return from_ms + chance_up_to(chance, rush_ms);
  case PACE_WORN:
    return usual_ms + chance_up_to(chance, wear_ms);
  }
  return chance_percent(chance, 15) ? usual_ms + 22 * hour_ms + chance_up_to(chance, 6 * hour_ms) : usual_ms;
}

struct card_view card_described(const struct scenario *scenario) {
  static const char *const bins[NETWORK_COUNT] = {[NETWORK_UNKNOWN] = "400000",
                                                  [NETWORK_VISA] = "424242",
                                                  [NETWORK_MASTERCARD] = "555555",
                                                  [NETWORK_AMEX] = "378282"};
  struct card_view card = {.network = scenario->network, .exp_month = 12, .exp_year = 2030};
  uint8_t bytes[ID_RANDOM_BYTES];
  memset(bytes, LETTERS, sizeof bytes); /* no id is a long run of digits */
  bytes[ID_RANDOM_BYTES - 2] = (uint8_t)(scenario->card >> 8);
  bytes[ID_RANDOM_BYTES - 1] = (uint8_t)scenario->card;
  strcpy(card.bin, bins[scenario->network]);
  strcpy(card.last4, "4242");
  card.fingerprint = id_from_bytes("fpr", bytes);
  return card;
}
