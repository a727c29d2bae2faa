/* What the routing policy is told of a payment. By the same code when the payment is decided, when the
 * decision is taken again (P6), and when another policy is tried on it. */
#pragma once

#include "payment.h"

/* Room for the texts that facts point to. */
struct fact_texts {
  struct request_fields inputs;
};

/* Facts of a payment, of the request's fields that are not personal, and of what the decision was based on.
 * They point into payment and into ret_texts, which must outlive them. */
void payment_facts(const struct payment *payment, const struct request_fields *inputs,
                   const struct decision_basis *basis, struct fact_texts *ret_texts,
                   struct policy_facts *ret_facts);

/* How far the zones that the policy names are from UTC at at_ms, into an empty basis. zone_offset: as in
 * engine_options, or NULL. Returns whether all are known. */
bool find_zones(int (*zone_offset)(const char *zone, int64_t at_ms, int32_t *ret_offset_s),
                const struct policy *policy, int64_t at_ms, struct decision_basis *basis);
