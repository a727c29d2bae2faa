#include "cards.h"

#include <string.h>

#include "universe.h"

enum {
  SHARED_CARDS = 3, /* in a universe */
  SHARING = 25,     /* of a hundred payments */
  USUAL_AMOUNT = 1000,
  LETTERS = 0xaa,
  OFTEN = 70 /* of a hundred tries of a shared card are declined */
};

static const struct refusal any[] = {{"05"}, {"91"}, {"43"}, {"51"}, {"54"}, {"1A"}, {"96"}, {"14"}};
static const struct refusal mild[] = {{"05"}, {"91"}, {"96"}, {"51"}};
static const struct refusal advised[] = {{"05"},       {"91"},       {"51", "24"}, {"05", "03"}, {"96"},
                                         {"05", "21"}, {"91", "30"}, {"05", "01"}, {"91"},       {"96"}};

#define REFUSALS(list) (list), sizeof(list) / sizeof(list)[0]

/* Kinds of shared cards. */
static const struct {
  enum network network;
  const struct refusal *refusals;
  size_t refusal_count;
} kinds[] = {{NETWORK_VISA, REFUSALS(mild)},       {NETWORK_MASTERCARD, REFUSALS(mild)},
             {NETWORK_VISA, REFUSALS(any)},        {NETWORK_MASTERCARD, REFUSALS(advised)},
             {NETWORK_UNKNOWN, REFUSALS(advised)}, {NETWORK_AMEX, REFUSALS(mild)}};

enum { KINDS = sizeof kinds / sizeof *kinds };

bool card_is_shared(const struct scenario *scenario) {
  return scenario->card < SHARED_CARDS;
}

/* Each universe has some of the kinds. */
static unsigned kind_of(const struct universe *universe, unsigned card) {
  return (unsigned)((universe->genesis.number * SHARED_CARDS + card) % KINDS);
}

void card_draw(struct universe *universe, struct scenario *scenario) {
  struct chance *chance = &scenario->chance;
  scenario->card = (uint16_t)(SHARED_CARDS + scenario->number);
  scenario->network = NETWORK_VISA;
  scenario->manners.refusals = any;
  scenario->manners.refusal_count = sizeof any / sizeof *any;
  if (!chance_percent(chance, SHARING))
    return;
  scenario->card = (uint16_t)chance_below(chance, SHARED_CARDS);
  unsigned kind = kind_of(universe, scenario->card);
  scenario->network = kinds[kind].network;
  scenario->amount = USUAL_AMOUNT + !chance_percent(chance, 80);
  scenario->manners.refusals = kinds[kind].refusals;
  scenario->manners.refusal_count = (unsigned)kinds[kind].refusal_count;
  scenario->manners.declines = OFTEN;
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
