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

static const struct outcome_table *table_of(const struct outcome_tables *tables, const char *psp) {
  for (size_t i = 0; i < OUTCOME_PSPS; i++)
    if (strcmp(tables->psps[i].psp, psp) == 0)
      return tables->psps[i].table;
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

static bool follows_visa(enum network network) {
  return network == NETWORK_VISA || network == NETWORK_UNKNOWN;
}

/* The issuer's answer in the light of the card's network. */
static const struct outcome_row *network_row(const struct outcome_tables *tables, const char *network_code,
                                             enum network network) {
  const struct outcome_row *row = find_decline(tables->iso8583, network_code);
  return follows_visa(network) ? stricter(row, find_decline(tables->visa, network_code)) : row;
}

/* The PSP's word alone. What Visa forbids to repeat it may have named in its own way. */
static const struct outcome_row *psp_row(const struct outcome_tables *tables,
                                         const struct outcome_row *by_psp, enum network network) {
  bool stands_for = by_psp != NULL && by_psp->issuer_code != NULL && follows_visa(network);
  return stands_for ? stricter(by_psp, find_decline(tables->visa, by_psp->issuer_code)) : by_psp;
}

static const struct outcome_row *advice_row(const struct outcome_tables *tables, const char *advice_code,
                                            enum network network) {
  bool applies = network == NETWORK_MASTERCARD || network == NETWORK_UNKNOWN;
  return applies ? find_decline(tables->mastercard, advice_code) : NULL;
}

/* Mastercard's groups 79 and 82 leave the meaning to the advice code. */
static bool leaves_it_to_advice(const char *network_code, enum network network) {
  return network == NETWORK_MASTERCARD && is_given(network_code) &&
         (strcmp(network_code, "79") == 0 || strcmp(network_code, "82") == 0);
}

/* Whether the PSP's word stands beside the issuer's, where that is milder. Issuers say 05 of all things, also
 * of what only the PSP knows: that the customer must authenticate (05 and 65), that this is the twin of a
 * payment, that a rule of the merchant's or the PSP's forbids it, that the card is stolen or its details are
 * wrong, that something is still under way. Of what is soft, and of a request that an issuer answered after
 * all, the issuer knows best. */
static bool stands_beside(const struct outcome_row *by_psp) {
  return by_psp != NULL && by_psp->verdict >= VERDICT_AUTHENTICATE && by_psp->verdict != VERDICT_CONFIG;
}

static const struct outcome_row *issuer_row(const struct outcome_tables *tables,
                                            const struct outcome_row *by_psp, const char *network_code,
                                            enum network network) {
  const struct outcome_row *row = network_row(tables, network_code, network);
  if (row == NULL)
    row = psp_row(tables, by_psp, network);
  else if (stands_beside(by_psp))
    row = stricter(row, by_psp);
  return row != NULL ? row : &unknown_row;
}

/* What a PSP calls wrong details may be no more than its word for the group that the advice fills. */
static const struct outcome_row *fill_group(const struct outcome_row *by_psp,
                                            const struct outcome_row *advice) {
  bool stands = stands_beside(by_psp) && by_psp->verdict != VERDICT_UPDATE_CARD;
  return stands ? stricter(by_psp, advice) : advice;
}

static const struct verdict_meaning meanings[VERDICT_COUNT] = {
    [VERDICT_APPROVED] = {OUTCOME_APPROVED, OUTCOME_RETRY_NEVER},
    [VERDICT_ELSEWHERE] = {OUTCOME_SOFT, OUTCOME_RETRY_ELSEWHERE, .elsewhere = true},
    [VERDICT_LATER] = {OUTCOME_SOFT, OUTCOME_RETRY_LATER},
    [VERDICT_AUTHENTICATE] = {OUTCOME_AUTH_REQUIRED, OUTCOME_RETRY_LATER},
    [VERDICT_UPDATE_CARD] = {OUTCOME_HARD, OUTCOME_RETRY_UPDATE_CARD},
    [VERDICT_CONFIG] = {OUTCOME_CONFIG_ERROR, OUTCOME_RETRY_NEVER},
    [VERDICT_FRAUD] = {OUTCOME_ISSUER_FRAUD, OUTCOME_RETRY_NEVER},
    [VERDICT_NEVER] = {OUTCOME_HARD, OUTCOME_RETRY_NEVER},
    [VERDICT_AMBIGUOUS] = {OUTCOME_AMBIGUOUS, OUTCOME_RETRY_NEVER},
};

const struct outcome_tables outcome_tables = {
    .psps = {{"stripe", &stripe_outcomes}, {"adyen", &adyen_outcomes}, {"checkout", &checkout_outcomes}},
    .iso8583 = &iso8583_outcomes,
    .visa = &visa_outcomes,
    .mastercard = &mastercard_advice,
    .meanings = meanings};

static struct outcome outcome_of(const struct outcome_tables *tables, const struct outcome_row *row) {
  const struct verdict_meaning *meaning = &tables->meanings[row->verdict];
  return (struct outcome){.class = meaning->class,
                          .may_go_elsewhere = meaning->elsewhere,
                          .retry = meaning->retry,
                          .retry_after_s = row->retry_after_s,
                          .reason = row->reason,
                          .category = row->category};
}

static struct outcome declined(const struct outcome_tables *tables, const struct outcome_row *by_psp,
                               const char *network_code, const char *advice_code, enum network network) {
  const struct outcome_row *row = issuer_row(tables, by_psp, network_code, network);
  const struct outcome_row *advice = advice_row(tables, advice_code, network);
  if (advice != NULL && leaves_it_to_advice(network_code, network))
    return outcome_of(tables, fill_group(by_psp, advice));
  struct outcome outcome = outcome_of(tables, stricter(row, advice));
  /* The reason is the issuer's, the time to wait the advice's: 51 with advice 24 is want of money and an
   * hour.
   */
  if (advice != NULL && outcome.retry == OUTCOME_RETRY_LATER && advice->retry_after_s > outcome.retry_after_s)
    outcome.retry_after_s = advice->retry_after_s;
  return outcome;
}

static struct outcome ambiguous(const char *reason) {
  return (struct outcome){
      .class = OUTCOME_AMBIGUOUS, .retry = OUTCOME_RETRY_NEVER, .reason = reason, .category = "unknown"};
}

/* A refused request is wrong wherever it goes, unless the PSP blames the card's details. */
static struct outcome rejected(const struct outcome_tables *tables, const struct outcome_row *by_psp) {
  return outcome_of(tables,
                    by_psp != NULL && by_psp->verdict == VERDICT_UPDATE_CARD ? by_psp : &rejected_row);
}

struct outcome outcome_classify_by(const struct outcome_tables *tables, const char *psp, enum answer answer,
                                   enum phase phase, const char *code, const char *network_code,
                                   const char *advice_code, enum network network) {
  const struct outcome_row *by_psp = find_decline(table_of(tables, psp), code);
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
    return declined(tables, by_psp, network_code, advice_code, network);
  case ANSWER_IS_REJECTED:
    return rejected(tables, by_psp);
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

struct outcome outcome_classify(const char *psp, enum answer answer, enum phase phase, const char *code,
                                const char *network_code, const char *advice_code, enum network network) {
  return outcome_classify_by(&outcome_tables, psp, answer, phase, code, network_code, advice_code, network);
}

unsigned outcome_decline_category(const char *psp, const char *code, const char *network_code) {
  const struct outcome_row *by_psp = find_decline(table_of(&outcome_tables, psp), code);
  bool by_issuer = find_decline(outcome_tables.iso8583, network_code) != NULL && !stands_beside(by_psp);
  if (!by_issuer && by_psp != NULL && by_psp->issuer_code != NULL &&
      outcome_visa_category(by_psp->issuer_code) == 1)
    return 1;
  return outcome_visa_category(is_given(network_code) ? network_code : "");
}
