#include "outcome.h"
#include "outcome_rows.h"
#include <string.h>

static const struct outcome_row unknown_row = {"", VERDICT_LATER, "unknown", "unknown_decline"};
static const struct outcome_row rejected_row = {"", VERDICT_CONFIG, "request", "request_rejected"};

static bool is_given(const char *code) {
  return code != NULL && code[0] != '\0';
}

const struct outcome_row *outcome_row_find(const struct outcome_table *table, const char *code) {
  if (!is_given(code))
    return NULL;
  for (size_t i = 0; i < table->count; i++)
    if (strcmp(table->rows[i].code, code) == 0)
      return &table->rows[i];
  return NULL;
}

const struct outcome_table *outcome_table_of(const char *psp) {
  static const struct {
    const char *name;
    const struct outcome_table *table;
  } tables[] = {{"stripe", &stripe_outcomes}, {"adyen", &adyen_outcomes}, {"checkout", &checkout_outcomes}};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (strcmp(tables[i].name, psp) == 0)
      return tables[i].table;
  return NULL;
}

/* A row that approves cannot explain a decline: it counts as unknown. */
static const struct outcome_row *find_decline(const struct outcome_table *table, const char *code) {
  const struct outcome_row *row = table == NULL ? NULL : outcome_row_find(table, code);
  return row != NULL && row->verdict == VERDICT_APPROVED ? NULL : row;
}

static const struct outcome_row *stricter(const struct outcome_row *left, const struct outcome_row *right) {
  if (left == NULL || right == NULL)
    return left == NULL ? right : left;
  return right->verdict > left->verdict ? right : left;
}

/* The issuer's answer in the light of the card's network. */
static const struct outcome_row *network_row(const char *network_code, enum network network) {
  const struct outcome_row *row = find_decline(&iso8583_outcomes, network_code);
  if (network == NETWORK_VISA || network == NETWORK_UNKNOWN)
    row = stricter(row, find_decline(&visa_outcomes, network_code));
  return row;
}

static const struct outcome_row *advice_row(const char *advice_code, enum network network) {
  bool applies = network == NETWORK_MASTERCARD || network == NETWORK_UNKNOWN;
  return applies ? find_decline(&mastercard_advice, advice_code) : NULL;
}

/* Mastercard's groups 79 and 82 leave the meaning to the advice code. */
static bool leaves_it_to_advice(const char *network_code, enum network network) {
  return network == NETWORK_MASTERCARD && is_given(network_code) &&
         (strcmp(network_code, "79") == 0 || strcmp(network_code, "82") == 0);
}

static const struct outcome_row *decline_row(const char *psp, const char *code, const char *network_code,
                                             const char *advice_code, enum network network) {
  const struct outcome_row *by_psp = find_decline(outcome_table_of(psp), code);
  const struct outcome_row *row = network_row(network_code, network);
  const struct outcome_row *advice = advice_row(advice_code, network);
  if (row == NULL)
    row = by_psp;
  /* Issuers say "authenticate first" with 05 and 65 too, and only the PSP saw which it was; and a PSP that
   * says that something is still under way knows better than any code. */
  else if (by_psp != NULL &&
           (by_psp->verdict == VERDICT_AUTHENTICATE || by_psp->verdict == VERDICT_AMBIGUOUS))
    row = stricter(row, by_psp);
  if (row == NULL)
    row = &unknown_row;
  if (advice != NULL && leaves_it_to_advice(network_code, network) && row->verdict != VERDICT_AMBIGUOUS)
    return advice;
  return stricter(row, advice);
}

static const struct {
  enum outcome_class class;
  enum outcome_retry retry;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_APPROVED] = {OUTCOME_APPROVED, OUTCOME_RETRY_NEVER},
    [VERDICT_ELSEWHERE] = {OUTCOME_SOFT, OUTCOME_RETRY_ELSEWHERE},
    [VERDICT_LATER] = {OUTCOME_SOFT, OUTCOME_RETRY_LATER},
    [VERDICT_AUTHENTICATE] = {OUTCOME_AUTH_REQUIRED, OUTCOME_RETRY_LATER},
    [VERDICT_UPDATE_CARD] = {OUTCOME_HARD, OUTCOME_RETRY_UPDATE_CARD},
    [VERDICT_CONFIG] = {OUTCOME_CONFIG_ERROR, OUTCOME_RETRY_NEVER},
    [VERDICT_FRAUD] = {OUTCOME_ISSUER_FRAUD, OUTCOME_RETRY_NEVER},
    [VERDICT_NEVER] = {OUTCOME_HARD, OUTCOME_RETRY_NEVER},
    [VERDICT_AMBIGUOUS] = {OUTCOME_AMBIGUOUS, OUTCOME_RETRY_NEVER},
};

static struct outcome outcome_of(const struct outcome_row *row) {
  return (struct outcome){.class = verdicts[row->verdict].class,
                          .may_go_elsewhere = row->verdict == VERDICT_ELSEWHERE,
                          .retry = verdicts[row->verdict].retry,
                          .retry_after_s = row->retry_after_s,
                          .reason = row->reason,
                          .category = row->category};
}

static struct outcome ambiguous(const char *reason) {
  return (struct outcome){
      .class = OUTCOME_AMBIGUOUS, .retry = OUTCOME_RETRY_NEVER, .reason = reason, .category = "unknown"};
}

/* A refused request is wrong wherever it goes, unless the PSP blames the card's details. */
static struct outcome rejected(const char *psp, const char *code) {
  const struct outcome_row *row = find_decline(outcome_table_of(psp), code);
  return outcome_of(row != NULL && row->verdict == VERDICT_UPDATE_CARD ? row : &rejected_row);
}

struct outcome outcome_classify(const char *psp, enum answer answer, enum phase phase, const char *code,
                                const char *network_code, const char *advice_code, enum network network) {
  if (phase == PHASE_NOT_SENT)
    return (struct outcome){OUTCOME_NOT_SENT, true, OUTCOME_RETRY_ELSEWHERE, 0, "not_sent", "technical"};
  if (phase == PHASE_SENT_NO_REPLY)
    return ambiguous("no_reply");
  if (phase != PHASE_REPLY)
    return ambiguous("unreadable_reply");
  switch (answer) {
  case ANSWER_IS_APPROVED:
  case ANSWER_IS_CAPTURED:
  case ANSWER_IS_RECEIVED:
  case ANSWER_IS_VOIDED:
  case ANSWER_IS_REFUNDED:
    return (struct outcome){OUTCOME_APPROVED, false, OUTCOME_RETRY_NEVER, 0, "approved", "approved"};
  case ANSWER_IS_ACTION:
    return (struct outcome){OUTCOME_AUTH_REQUIRED, false,           OUTCOME_RETRY_LATER, 0,
                            "action_required",     "authentication"};
  case ANSWER_IS_DECLINED:
    return outcome_of(decline_row(psp, code, network_code, advice_code, network));
  case ANSWER_IS_REJECTED:
    return rejected(psp, code);
  case ANSWER_IS_PENDING:
    return ambiguous("pending");
  case ANSWER_IS_ABSENT:
    return ambiguous("absent");
  case ANSWER_IS_UNKNOWN:
  case ANSWER_COUNT:
    break;
  }
  return ambiguous("unknown_answer");
}
