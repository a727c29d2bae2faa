#include "payment_facts.h"

#include <assert.h>
#include <string.h>

_Static_assert((unsigned)METADATA_MAX + ATTRIBUTES_MAX <= (unsigned)POLICY_ATTRIBUTES_MAX, "all have room");

/* "key=value" becomes two texts. */
static void add_attribute(struct policy_facts *facts, char *entry, bool metadata) {
  char *equals = strchr(entry, '=');
  assert(equals != NULL); /* the fields' own rule */
  *equals = '\0';
  facts->attributes[facts->attribute_count++] =
      (struct policy_attribute){.metadata = metadata, .name = entry, .value = equals + 1};
}

static void add_attributes(struct policy_facts *facts, struct request_fields *inputs) {
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_FINAL; i++)
    if (inputs->offset[i] != 0)
      add_attribute(facts, inputs->bytes + inputs->offset[i], i < REQUEST_ATTRIBUTE_FIRST);
}

static void add_basis(struct policy_facts *facts, const struct decision_basis *basis) {
  for (unsigned i = 0; i < POLICY_ZONES_MAX; i++) {
    facts->zone_known[i] = i < basis->zone_count && basis->zone_offset_s[i] != DECISION_UNKNOWN_ZONE;
    facts->zone_offset_s[i] = facts->zone_known[i] ? basis->zone_offset_s[i] : 0;
  }
  for (unsigned i = 0; i < POLICY_WINDOWS_MAX; i++) {
    facts->attempts[i] = i < basis->window_count ? basis->attempts[i] : -1;
    facts->spend[i] = i < basis->window_count ? basis->spend[i] : -1;
  }
}

void payment_facts(const struct payment *payment, const struct request_fields *inputs,
                   const struct decision_basis *basis, struct fact_texts *ret_texts,
                   struct policy_facts *ret_facts) {
  struct request_fields *own = &ret_texts->inputs;
  memcpy(own->offset, inputs->offset, sizeof own->offset);
  memcpy(own->bytes, inputs->bytes, inputs->used);
  own->used = inputs->used;
  *ret_facts = (struct policy_facts){.method = "card",
                                     .network = payment->card.network,
                                     .bin = payment->card.bin,
                                     .issuer = payment->issuer,
                                     .country = payment->country,
                                     .category = payment->category,
                                     .funding = payment->funding,
                                     .amount.minor = payment->amount,
                                     .kind = payment_kind_name(payment->kind),
                                     .merchant_category = request_fields_get(own, REQUEST_MERCHANT_CATEGORY),
                                     .risk = payment->risk,
                                     .three_ds = request_fields_get(own, REQUEST_THREE_DS_MODE),
                                     .exemption = request_fields_get(own, REQUEST_THREE_DS_EXEMPTION),
                                     .at_ms = payment->created_ms,
                                     .split_payment = payment->id.text};
  memcpy(ret_facts->amount.currency, payment->currency, sizeof ret_facts->amount.currency);
  if (payment->customer.text[0] != '\0')
    ret_facts->split_customer = payment->customer.text;
  add_attributes(ret_facts, own);
  add_basis(ret_facts, basis);
}

bool find_zones(int (*zone_offset)(const char *zone, int64_t at_ms, int32_t *ret_offset_s),
                const struct policy *policy, int64_t at_ms, struct decision_basis *basis) {
  bool all = true;
  const char *zone;
  for (; (zone = policy_zone(policy, basis->zone_count)) != NULL; basis->zone_count++) {
    int32_t *offset_s = &basis->zone_offset_s[basis->zone_count];
    if (zone_offset && zone_offset(zone, at_ms, offset_s) == 0)
      continue;
    *offset_s = DECISION_UNKNOWN_ZONE;
    all = false;
  }
  return all;
}
