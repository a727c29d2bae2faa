/* bench_replay FIGURES DIR: a draft of 1,000 rules on 50,000 payments that lie in LMDB, in a new file in DIR,
 * in turns as the router takes them; then the same with a last rule that chooses by cost and what is learned
 * along the way. The slowest turn is what a payment that comes meanwhile may wait. */
#include "replay.h"
#include "report.h"
#include "store_lmdb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYMENTS = 50000, A_COMMIT = 500, A_TURN = 100, RULES = 1000, TEXT_MAX = 256 * 1024 };

#define MAP_BYTES (1ULL << 30)

static const int64_t start_ms = 1767225600000;
static const char *const countries[] = {"AT", "DE", "FR", "IT", "NL", "US"};

static struct payment *payment_of(unsigned number, const struct id *merchant, const struct id *policy) {
  struct payment *payment = payment_new();
  if (!payment)
    give_up("out of memory");
  payment->created_ms = start_ms + number;
  payment->id = draw_id(&system_draws, "pay", payment->created_ms);
  payment->merchant = *merchant;
  payment->amount = 100 + number % 90000;
  strcpy(payment->currency, "EUR");
  strcpy(payment->card.bin, "42424242");
  payment->card.network = number % 3 ? NETWORK_VISA : NETWORK_MASTERCARD;
  payment->funding = number % 2 ? FUNDING_CREDIT : FUNDING_DEBIT;
  strcpy(payment->country, countries[number % (sizeof countries / sizeof *countries)]);
  payment->kind = KIND_CUSTOMER;
  payment->risk = (int16_t)(number % 100);
  payment->decision = (struct decision){.policy = *policy, .rule = "otherwise", .action = POLICY_ROUTE};
  payment->decision.candidate_count = 2;
  strcpy(payment->decision.candidates[0].connector, number % 4 ? "alpha" : "beta");
  strcpy(payment->decision.candidates[1].connector, "gamma");
  payment->attempt_count = 1;
  payment->attempts[0] = (struct attempt){.number = 1, .operation = OPERATION_CHARGE};
  payment->attempts[0].step.status = number % 10 ? STEP_SUCCEEDED : STEP_FAILED;
  payment->attempts[0].step.class = number % 10 ? OUTCOME_APPROVED : OUTCOME_ISSUER_FRAUD;
  payment->attempts[0].step.ended_ms = payment->created_ms + 500;
  strcpy(payment->attempts[0].connector, payment->decision.candidates[0].connector);
  return payment;
}

static void put(struct ledger *ledger, const struct payment *payment) {
  static uint8_t bytes[PAYMENT_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_payment(&writer, payment);
  if (writer_finish(&writer) != 0 ||
      ledger_payment_put(ledger, &payment->merchant, &payment->id, bytes, writer_length(&writer)) != 0)
    give_up("a payment cannot be written");
}

static void fill(struct ledger *ledger, const struct id *merchant) {
  struct id policy = draw_id(&system_draws, "pol", start_ms);
  for (unsigned i = 0; i < PAYMENTS; i++) {
    struct payment *payment = payment_of(i, merchant, &policy);
    put(ledger, payment);
    payment_free(payment);
    if (i % A_COMMIT == A_COMMIT - 1 && ledger_commit(ledger) != 0)
      give_up("a commit failed");
  }
}

static const struct choice_fees *fees_of(void *context, const char *connector) {
  static struct choice_fees tables[3];
  const unsigned table = connector[0] % 3;
  (void)context;
  tables[table] = (struct choice_fees){
      .pricing = CHOICE_BLENDED,
      .currency = "EUR",
      .country = "NL",
      .settlement_count = 1,
      .settlements = {"EUR"},
      .line_count = 2,
      .lines = {{.kind = CHOICE_FEE_BLENDED, .share = 10000 + 100 * table, .fixed = 25000000},
                {.kind = CHOICE_FEE_TRY, .fixed = 1000000}}};
  return &tables[table];
}

static const struct fee_source fees = {.find = fees_of};

static struct policy *draft(const char *otherwise) {
  static char text[TEXT_MAX];
  size_t length = 0;
  struct policy *policy;
  struct policy_error error;
  for (unsigned i = 0; i < RULES; i++)
    length += (size_t)snprintf(
        text + length, sizeof text - length,
        "rule r%u when amount > %u.00 EUR and card.country == %s and risk > %u route beta, alpha\n", i, 1 + i,
        countries[i % (sizeof countries / sizeof *countries)], i % 90);
  length += (size_t)snprintf(text + length, sizeof text - length, "otherwise %s\n", otherwise);
  if (policy_parse(text, length, &policy, &error) != 0)
    give_up("the policy does not parse");
  return policy;
}

/* names: of the two figures. */
static void measure(struct ledger *ledger, const struct id *merchant, const char *figures,
                    const char *otherwise, const char *const names[2]) {
  struct replay *replay;
  struct policy *policy = draft(otherwise);
  struct policy_cache *policies;
  if (policy_cache_new(&policies) != 0)
    give_up("no memory");
  const struct replay_options options = {
      .ledger = ledger, .merchant = *merchant, .policy = policy, .policies = policies, .fees = &fees};
  double slowest = 0, began = seconds_now();
  int r = replay_new(&options, &replay);
  while (r == 0 || r == REPLAY_MORE) {
    double turn = seconds_now();
    r = replay_step(replay, A_TURN);
    turn = seconds_now() - turn;
    slowest = turn > slowest ? turn : slowest;
    if (r == 0)
      break;
  }
  double took = seconds_now() - began;
  const struct replay_figures *found = replay_figures(replay);
  if (r != 0 || found->looked_at != PAYMENTS || found->first_differs == 0)
    give_up("the replay failed");
  report(figures, &(struct figure){.name = names[0],
                                   .value = PAYMENTS / took,
                                   .unit = "payments/s",
                                   .target = ">= 50000",
                                   .met = PAYMENTS / took >= 50000});
  report(figures, &(struct figure){.name = names[1],
                                   .value = slowest * 1000,
                                   .unit = "ms, the slowest",
                                   .target = "<= 10",
                                   .met = slowest <= 0.010});
  replay_free(replay);
  policy_free(policy);
  policy_cache_free(policies);
}

int main(int count, char **arguments) {
  static const uint8_t key[LEDGER_KEY_BYTES] = "a key for this measurement";
  char path[4096];
  struct store *store;
  struct ledger *ledger;
  if (count != 3 || snprintf(path, sizeof path, "%s/replay.mdb", arguments[2]) >= (int)sizeof path) {
    fprintf(stderr, "usage: bench_replay FIGURES DIR\n");
    return 64;
  }
  pin_to(0);
  struct id merchant = draw_id(&system_draws, "mer", start_ms);
  if (store_open_lmdb(path, ledger_tables, MAP_BYTES, &store) != 0 ||
      ledger_open(store, key, &system_draws, &ledger) != 0)
    give_up("the ledger cannot be opened");
  fill(ledger, &merchant);
  static const char *const plain[] = {"replay", "replay turn"};
  static const char *const choosing[] = {"replay choosing", "replay choosing turn"};
  measure(ledger, &merchant, arguments[1], "route alpha, gamma", plain);
  measure(ledger, &merchant, arguments[1], "cheapest of alpha, gamma where approval >= 50%", choosing);
  ledger_free(ledger);
  store_close(store);
  return 0;
}
