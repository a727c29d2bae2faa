#include "payments_render.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void render_card(struct json_out *out, const struct card_view *card, const struct bin_facts *facts) {
  out_open(out, "card");
  out_text(out, "bin", card->bin);
  out_text(out, "last4", card->last4);
  out_text(out, "network", network_name(card->network));
  out_integer(out, "exp_month", card->exp_month);
  out_integer(out, "exp_year", card->exp_year);
  out_text(out, "funding", funding_name(facts->funding));
  out_text(out, "country", facts->country);
  out_text(out, "issuer", facts->issuer);
  out_text(out, "fingerprint", card->fingerprint.text);
}

static void render_answer_codes(struct json_out *out, const struct psp_answer *answer) {
  out_text(out, "phase", phase_name(answer->phase));
  out_text(out, "code", answer->code);
  out_text(out, "network_code", answer->network_code);
  out_text(out, "advice_code", answer->advice_code);
  out_text(out, "psp_id", answer->psp_id);
}

static void render_end(struct json_out *out, const struct step *step) {
  out_flag(out, "by_person", step->by_person);
  out_time(out, "attention_since", step->attention_ms);
}

/* null: the PSP said nothing of an address. */
static void render_avs(struct json_out *out, const struct psp_answer *answer) {
  if (answer->avs_address[0] == '\0' && answer->avs_postal_code[0] == '\0') {
    out_null(out, "avs");
    return;
  }
  out_open(out, "avs");
  out_text(out, "address", answer->avs_address);
  out_text(out, "postal_code", answer->avs_postal_code);
  out_close(out);
}

static void render_attempt(struct json_out *out, const struct payment *payment,
                           const struct attempt *attempt) {
  char key[STEP_KEY_CAPACITY];
  step_key(&payment->id, attempt->number, key);
  out_open(out, NULL);
  out_text(out, "id", key);
  out_integer(out, "round", attempt->round + 1);
  out_text(out, "operation", operation_name(attempt->operation));
  out_text(out, "connector", attempt->connector);
  out_text(out, "merchant_account", attempt->merchant_account);
  out_text(out, "status", step_status_name(attempt->step.status));
  out_text(out, "class", outcome_class_name(attempt->step.class));
  render_answer_codes(out, &attempt->step.answer);
  render_end(out, &attempt->step);
  out_flag(out, "surplus", attempt->surplus);
  out_text(out, "network_transaction_id", attempt->step.answer.network_transaction_id);
  out_text(out, "auth_code", attempt->step.answer.auth_code);
  render_avs(out, &attempt->step.answer);
  out_text(out, "cvc_check", attempt->step.answer.cvc_check);
  out_text(out, "eci", attempt->step.answer.eci);
  out_text(out, "sheet", attempt->sheet);
  out_hex(out, "sheet_hash", attempt->step.sheet_hash, sizeof attempt->step.sheet_hash);
  out_integer(out, "amount", attempt->step.amount);
  out_time(out, "started_at", attempt->step.started_ms);
  if (attempt->step.answer.latency_us > 0)
    out_thousandths(out, "latency_ms", attempt->step.answer.latency_us);
  else
    out_null(out, "latency_ms");
  out_close(out);
}

static void render_movement(struct json_out *out, const struct movement *movement) {
  out_open(out, NULL);
  out_text(out, "id", movement->id.text);
  out_text(out, "type", movement_type_name(movement->type));
  out_text(out, "status", step_status_name(movement->step.status));
  out_integer(out, "amount", movement->step.amount);
  out_flag(out, "final", movement->type == MOVEMENT_CAPTURE && movement->final);
  out_flag(out, "received", movement->received);
  out_text(out, "reference", movement->reference);
  out_text(out, "reason", movement->reason);
  render_answer_codes(out, &movement->step.answer);
  render_end(out, &movement->step);
  out_time(out, "created_at", movement->step.started_ms);
  out_close(out);
}

static void render_decline(struct json_out *out, const struct payment *payment) {
  const struct decline *decline = &payment->decline;
  if (decline->reason[0] == '\0') {
    out_null(out, "decline");
    return;
  }
  out_open(out, "decline");
  out_text(out, "reason", decline->reason);
  out_text(out, "category", decline->category);
  out_text(out, "retry", outcome_retry_name(decline->retry));
  if (decline->retry_after_s > 0)
    out_integer(out, "retry_after", decline->retry_after_s);
  else
    out_null(out, "retry_after");
  out_time(out, "retry_at", payment->retry_ms);
  out_close(out);
}

static void render_next_action(struct json_out *out, const struct payment *payment) {
  if (payment->action_url == NULL || payment->status != PAYMENT_REQUIRES_ACTION) {
    out_null(out, "next_action");
    return;
  }
  out_open(out, "next_action");
  out_text(out, "type", "redirect");
  out_text(out, "url", payment->action_url);
  out_open(out, "fields");
  out_close(out);
  out_time(out, "expires_at", payment->action_expires_ms);
  out_close(out);
}

void render_skipped(struct json_out *out, const char *name, const struct candidate *candidates,
                    unsigned count) {
  out_open_list(out, name);
  for (unsigned i = 0; i < count; i++) {
    if (candidates[i].skipped == SKIP_NONE)
      continue;
    out_open(out, NULL);
    out_text(out, "connector", candidates[i].connector);
    out_text(out, "reason", skip_reason_name(candidates[i].skipped));
    out_close(out);
  }
  out_close_list(out);
}

/* Whom the latest round left out, and let through to find out. */
static void render_gating(struct json_out *out, const struct candidate *candidates, unsigned count) {
  out_open_list(out, "canaries");
  for (unsigned i = 0; i < count; i++)
    if (candidates[i].canary)
      out_text(out, NULL, candidates[i].connector);
  out_close_list(out);
  render_skipped(out, "skipped", candidates, count);
}

static void render_reproduction(struct json_out *out, enum reproduction reproduction) {
  if (reproduction == REPRODUCTION_NOT_TRIED)
    out_null(out, "reproduced");
  else
    out_flag(out, "reproduced", reproduction == REPRODUCTION_SAME);
}

/* reproduction: NULL where it is not told. */
static void render_decision(struct json_out *out, const struct payment *payment,
                            const enum reproduction *reproduction) {
  const struct decision *decision = &payment->decision;
  out_open(out, "decision");
  out_text(out, "policy", decision->policy.text);
  if (decision->policy.text[0] != '\0')
    out_hex(out, "policy_hash", decision->policy_hash, sizeof decision->policy_hash);
  else
    out_null(out, "policy_hash");
  out_text(out, "rule", decision->rule);
  out_text(out, "action", policy_action_name(decision->action));
  out_text(out, "bins_version", decision->bins_version);
  if (reproduction != NULL)
    render_reproduction(out, *reproduction);
  out_open_list(out, "candidates");
  for (uint8_t i = 0; i < decision->candidate_count; i++)
    out_text(out, NULL, decision->candidates[i].connector);
  out_close_list(out);
  render_gating(out, payment_candidates(payment), decision->candidate_count);
  out_close(out);
}

static void render_metadata(struct json_out *out, const struct request_fields *fields) {
  out_open(out, "metadata");
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_ATTRIBUTE_FIRST; i++) {
    const char *entry = request_fields_get(fields, (enum request_field)i);
    const char *equals = entry != NULL ? strchr(entry, '=') : NULL;
    char key[64];
    if (equals == NULL || (size_t)(equals - entry) >= sizeof key)
      continue;
    snprintf(key, sizeof key, "%.*s", (int)(equals - entry), entry);
    out_text_always(out, key, equals + 1);
  }
  out_close(out);
}

/* What the merchant gave, personal data aside. */
static void render_inputs(struct json_out *out, const struct payment *payment) {
  static const struct request_fields none;
  struct request_fields fields;
  if (payment_inputs(payment, &fields) != 0)
    fields = none;
  out_text(out, "reference", request_fields_get(&fields, REQUEST_REFERENCE));
  out_text(out, "statement_descriptor", request_fields_get(&fields, REQUEST_DESCRIPTOR));
  out_text(out, "merchant_category", request_fields_get(&fields, REQUEST_MERCHANT_CATEGORY));
  out_text(out, "return_url", request_fields_get(&fields, REQUEST_RETURN_URL));
  render_metadata(out, &fields);
}

static void render_amounts(struct json_out *out, const struct payment *payment) {
  out_integer(out, "amount", payment->amount);
  out_integer(out, "amount_authorized", payment->amount_authorized);
  out_integer(out, "amount_capturable", payment->amount_capturable);
  out_integer(out, "amount_captured", payment->amount_captured);
  out_integer(out, "amount_refundable", payment->amount_refundable);
  out_integer(out, "amount_refunded", payment->amount_refunded);
  out_text(out, "currency", payment->currency);
}

static void render_terms(struct json_out *out, const struct payment *payment) {
  const struct attempt *current = payment_current_attempt(payment);
  const struct id *agreement =
      payment->agreement.text[0] != '\0' ? &payment->agreement : &payment->agreement_opened;
  out_text(out, "method", "card");
  out_text(out, "capture", payment->capture_manual ? "manual" : "automatic");
  out_text(out, "kind", payment_kind_name(payment->kind));
  out_text(out, "store", store_usage_name(payment->store));
  out_text(out, "agreement", agreement->text);
  out_text(out, "customer", payment->customer.text);
  if (payment->risk >= 0)
    out_integer(out, "risk", payment->risk);
  else
    out_null(out, "risk");
  out_text(out, "connector", current != NULL ? current->connector : NULL);
}

static void render_members(struct json_out *out, const struct payment *payment, const struct id *movement,
                           const enum reproduction *reproduction) {
  struct bin_facts facts = {.funding = payment->funding};
  memcpy(facts.country, payment->country, sizeof facts.country);
  memcpy(facts.issuer, payment->issuer, sizeof facts.issuer);
  out_text(out, "id", payment->id.text);
  out_text(out, "object", "payment");
  out_flag(out, "livemode", payment->livemode);
  out_time(out, "created_at", payment->created_ms);
  out_time(out, "updated_at", payment->updated_ms);
  out_text(out, "status", payment_status_name(payment->status));
  render_amounts(out, payment);
  out_text(out, "token", payment->token.text);
  render_card(out, &payment->card, &facts);
  out_close(out);
  render_terms(out, payment);
  render_inputs(out, payment);
  out_open_list(out, "attempts");
  for (uint8_t i = 0; i < payment->attempt_count; i++)
    render_attempt(out, payment, &payment->attempts[i]);
  out_close_list(out);
  out_open_list(out, "movements");
  for (uint8_t i = 0; i < payment->movement_count; i++)
    render_movement(out, &payment->movements[i]);
  out_close_list(out);
  if (movement != NULL && movement->text[0] != '\0')
    out_text(out, "movement", movement->text);
  render_decline(out, payment);
  render_next_action(out, payment);
  render_decision(out, payment, reproduction);
  out_time(out, "authorization_expires_at", payment->authorization_expires_ms);
}

void render_payment(struct json_out *out, const char *name, const struct payment *payment,
                    const struct id *movement) {
  out_open(out, name);
  render_members(out, payment, movement, NULL);
  out_close(out);
}

void render_payment_members(struct json_out *out, const struct payment *payment,
                            enum reproduction reproduction) {
  render_members(out, payment, NULL, &reproduction);
}
