#include "shares.h"
#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { SHARES = 10000, SHARES_PER_WEIGHT = SHARES / 100 };

/* 0 to SHARES - 1, evenly: of 2^64 draws none falls short by more than one in 10^15. */
static uint16_t draw_of(const struct policy_decision *decision, const struct policy_facts *facts) {
  bool by_customer = decision->action->by_customer && facts->split_customer != NULL;
  const char *whose = by_customer ? facts->split_customer : facts->split_payment;
  crypto_generichash_state state;
  uint8_t hash[16];
  uint64_t draw = 0;
  assert(whose != NULL);
  crypto_generichash_init(&state, NULL, 0, sizeof hash);
  crypto_generichash_update(&state, (const uint8_t *)decision->name, strlen(decision->name) + 1);
  crypto_generichash_update(&state, (const uint8_t *)whose, strlen(whose));
  crypto_generichash_final(&state, hash, sizeof hash);
  for (unsigned i = 0; i < sizeof draw; i++)
    draw = draw << 8 | hash[i];
  return (uint16_t)(draw % SHARES);
}

/* The one whose stretch of shares the draw falls into. */
static unsigned winner_of(const struct policy_action *action, unsigned share) {
  unsigned end = 0;
  for (unsigned i = 0; i < action->candidate_count; i++) {
    end += action->weights[i] * SHARES_PER_WEIGHT;
    if (share < end)
      return i;
  }
  assert(false); /* weights come to 100 */
  return 0;
}

/* The others by descending weight; of equal ones in the order of the text. */
static void add_others(struct policy_decision *decision, unsigned winner) {
  const struct policy_action *action = decision->action;
  for (unsigned weight = 100; weight > 0; weight--)
    for (unsigned i = 0; i < action->candidate_count; i++)
      if (i != winner && action->weights[i] == weight)
        decision->order[decision->order_count++] = (uint8_t)i;
}

static void order_split(struct policy_decision *decision, const struct policy_facts *facts) {
  decision->share = draw_of(decision, facts);
  unsigned winner = winner_of(decision->action, decision->share);
  decision->order[decision->order_count++] = (uint8_t)winner;
  add_others(decision, winner);
}

void order_candidates(struct policy_decision *decision, const struct policy_facts *facts) {
  if (decision->action->type == POLICY_SPLIT) {
    order_split(decision, facts);
    return;
  }
  for (unsigned i = 0; i < decision->action->candidate_count; i++)
    decision->order[decision->order_count++] = (uint8_t)i;
}
