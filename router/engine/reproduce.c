#include "reproduce.h"
#include "engine_parts.h"
#include "payment_parts.h"

#include <string.h>

/* What follows from the rest, so that it is not what it was only because it stood there. */
static void forget_gating(struct decision *decision) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    struct candidate *candidate = &decision->candidates[i];
    candidate->canary = false;
    if (candidate->skipped == SKIP_UNHEALTHY || candidate->skipped == SKIP_DRILL)
      candidate->skipped = SKIP_NONE;
  }
}

static bool same_bytes(const struct decision *left, const struct decision *right) {
  uint8_t before[DECISION_BYTES_MAX], after[DECISION_BYTES_MAX];
  struct writer first = writer_over(before, sizeof before), second = writer_over(after, sizeof after);
  write_decision(&first, left);
  write_decision(&second, right);
  return writer_finish(&first) == 0 && writer_finish(&second) == 0 &&
         writer_length(&first) == writer_length(&second) && memcmp(before, after, writer_length(&first)) == 0;
}

static bool comes_out(const struct policy *policy, const struct payment *payment) {
  struct decision again = payment->decision;
  struct request_fields inputs;
  if (payment_inputs(payment, &inputs) != 0)
    return false;
  forget_gating(&again);
  decide_again(policy, payment, &inputs, &again);
  return same_bytes(&payment->decision, &again);
}

enum reproduction decision_reproduce(struct ledger *ledger, struct policy_cache *policies,
                                     const struct payment *payment) {
  const struct decision *decision = &payment->decision;
  uint8_t hash[POLICY_HASH_BYTES];
  struct policy_record record;
  struct policy_error error;
  const struct policy *policy;
  if (decision->policy.text[0] == '\0' ||
      ledger_policy_get(ledger, &payment->merchant, &decision->policy, &record) != 0 ||
      policy_cache_take(policies, record.text, record.text_length, &policy, NULL, &error) != 0)
    return REPRODUCTION_NOT_TRIED;
  policy_hash(policy, hash);
  bool same = memcmp(hash, decision->policy_hash, sizeof hash) == 0 && comes_out(policy, payment);
  policy_cache_return(policies, policy);
  return same ? REPRODUCTION_SAME : REPRODUCTION_DIFFERS;
}
