/* What no outcome table may allow. The rules are written here a second time, on purpose: what Visa and
 * Mastercard forbid must hold whatever a table says. */
#include "outcome_rows.h"
#include <stdio.h>
#include <string.h>

enum { FAULT_CAPACITY = 160 };

static char fault_text[FAULT_CAPACITY];

static const char *const never_at_visa[] = {"03", "04", "07", "12", "15", "41", "43",
                                            "57", "62", "78", "93", "R0", "R1", "R3"};
static const char *const stopping_advice[] = {"03", "21"};

static const char *fault(const char *table, const char *code, const char *what) {
  snprintf(fault_text, sizeof fault_text, "%s %s: %s", table, code, what);
  return fault_text;
}

static struct outcome decline(const struct outcome_tables *tables, const char *psp, const char *code,
                              const char *network_code, const char *advice, enum network network) {
  return outcome_classify_by(tables, psp, ANSWER_IS_DECLINED, PHASE_REPLY, code, network_code, advice,
                             network);
}

/* ---- The form ---- */

static bool is_word(const char *text) {
  return text != NULL && text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

static const char *lint_form(const char *name, const struct outcome_table *table) {
  for (size_t i = 0; i < table->count; i++) {
    const struct outcome_row *row = &table->rows[i];
    if (row->verdict < VERDICT_APPROVED || row->verdict >= VERDICT_COUNT)
      return fault(name, row->code, "no such verdict");
    if (!is_word(row->reason) || !is_word(row->category))
      return fault(name, row->code, "no reason or no category");
    if (outcome_row_find(table, row->code) != row)
      return fault(name, row->code, "stands twice");
  }
  return NULL;
}

/* ---- What an outcome may say ---- */

static const char *lint_outcome(const char *name, const char *code, struct outcome outcome) {
  bool soft = outcome.class == OUTCOME_SOFT;
  if (outcome.class == OUTCOME_AMBIGUOUS &&
      (outcome.may_go_elsewhere || outcome.retry != OUTCOME_RETRY_NEVER))
    return fault(name, code, "ambiguous, and may be tried again");
  if (outcome.class == OUTCOME_HARD &&
      (outcome.may_go_elsewhere || outcome.retry == OUTCOME_RETRY_ELSEWHERE ||
       outcome.retry == OUTCOME_RETRY_LATER))
    return fault(name, code, "hard, and may be tried again");
  if (outcome.may_go_elsewhere && !soft)
    return fault(name, code, "goes elsewhere, and is not soft");
  if (outcome.may_go_elsewhere != (outcome.retry == OUTCOME_RETRY_ELSEWHERE))
    return fault(name, code, "the engine and the merchant are told different things");
  return NULL;
}

/* Each row in the place that its table speaks of, for every network. */
static const char *lint_rows(const struct outcome_tables *tables, const char *name,
                             const struct outcome_table *table, bool by_psp) {
  const char *wrong = lint_form(name, table);
  for (size_t i = 0; wrong == NULL && i < table->count; i++)
    for (enum network network = 0; wrong == NULL && network < NETWORK_COUNT; network++) {
      const char *code = table->rows[i].code;
      wrong = lint_outcome(name, code,
                           decline(tables, name, by_psp ? code : NULL, by_psp ? NULL : code, NULL, network));
    }
  return wrong;
}

/* ---- What the networks forbid ---- */

static bool is_repeated(struct outcome outcome) {
  return outcome.may_go_elsewhere || outcome.retry == OUTCOME_RETRY_ELSEWHERE ||
         outcome.retry == OUTCOME_RETRY_LATER;
}

static const char *lint_visa(const struct outcome_tables *tables, const char *psp, const char *code) {
  static const enum network networks[] = {NETWORK_VISA, NETWORK_UNKNOWN};
  for (size_t i = 0; i < sizeof never_at_visa / sizeof *never_at_visa; i++)
    for (size_t j = 0; j < sizeof networks / sizeof *networks; j++)
      if (is_repeated(decline(tables, psp, code, never_at_visa[i], NULL, networks[j])))
        return fault("visa", never_at_visa[i], "category 1, and may be tried again");
  return NULL;
}

static const char *lint_advice(const struct outcome_tables *tables, const char *psp, const char *code,
                               const char *network_code) {
  static const enum network networks[] = {NETWORK_MASTERCARD, NETWORK_UNKNOWN};
  for (size_t i = 0; i < sizeof stopping_advice / sizeof *stopping_advice; i++)
    for (size_t j = 0; j < sizeof networks / sizeof *networks; j++)
      if (is_repeated(decline(tables, psp, code, network_code, stopping_advice[i], networks[j])))
        return fault("mastercard advice", stopping_advice[i], "forbids it, and it may be tried again");
  return NULL;
}

/* What a PSP's own code stands for is no milder for want of the issuer's. */
static const char *lint_stand_in(const struct outcome_tables *tables, const char *psp,
                                 const struct outcome_row *row) {
  bool forbidden = row->issuer_code != NULL && outcome_visa_category(row->issuer_code) == 1;
  if (forbidden && is_repeated(decline(tables, psp, row->code, NULL, NULL, NETWORK_VISA)))
    return fault(psp, row->code, "stands for Visa's category 1, and may be tried again");
  return NULL;
}

/* ---- What the PSP's word is worth beside the issuer's ---- */

static bool is_hard(const struct verdict_meaning *meaning) {
  return meaning->class != OUTCOME_SOFT && meaning->class != OUTCOME_CONFIG_ERROR &&
         meaning->class != OUTCOME_APPROVED;
}

static const char *lint_beside(const struct outcome_tables *tables, const char *psp,
                               const struct outcome_row *row, const char *network_code, const char *advice) {
  static const enum network networks[] = {NETWORK_VISA, NETWORK_MASTERCARD, NETWORK_UNKNOWN};
  const struct verdict_meaning *alone = &tables->meanings[row->verdict];
  for (size_t i = 0; is_hard(alone) && i < sizeof networks / sizeof *networks; i++) {
    struct outcome both = decline(tables, psp, row->code, network_code, advice, networks[i]);
    if (both.may_go_elsewhere || both.retry < alone->retry)
      return fault(psp, row->code, "milder beside a code of the issuer's");
  }
  return NULL;
}

/* A lifecycle code of the PSP's is what it made of the issuer's group, which the advice fills. */
static const char *lint_groups(const struct outcome_tables *tables, const char *psp,
                               const struct outcome_row *row) {
  const char *wrong = NULL;
  for (size_t i = 0; wrong == NULL && row->verdict > VERDICT_CONFIG && i < tables->mastercard->count; i++) {
    wrong = lint_beside(tables, psp, row, "79", tables->mastercard->rows[i].code);
    if (wrong == NULL)
      wrong = lint_beside(tables, psp, row, "82", tables->mastercard->rows[i].code);
  }
  return wrong;
}

static const char *lint_besides(const struct outcome_tables *tables, const char *psp,
                                const struct outcome_row *row) {
  const char *wrong = lint_groups(tables, psp, row);
  for (size_t i = 0; wrong == NULL && i < tables->iso8583->count; i++)
    wrong = lint_beside(tables, psp, row, tables->iso8583->rows[i].code, NULL);
  return wrong;
}

static const char *lint_psp(const struct outcome_tables *tables, const char *psp,
                            const struct outcome_table *table) {
  const char *wrong = lint_rows(tables, psp, table, true);
  for (size_t i = 0; wrong == NULL && i < table->count; i++) {
    const struct outcome_row *row = &table->rows[i];
    wrong = lint_visa(tables, psp, row->code);
    if (wrong == NULL)
      wrong = lint_advice(tables, psp, row->code, NULL);
    if (wrong == NULL)
      wrong = lint_stand_in(tables, psp, row);
    if (wrong == NULL)
      wrong = lint_besides(tables, psp, row);
  }
  return wrong;
}

static const char *lint_issuers(const struct outcome_tables *tables) {
  const char *wrong = lint_rows(tables, "iso8583", tables->iso8583, false);
  if (wrong == NULL)
    wrong = lint_rows(tables, "visa", tables->visa, false);
  if (wrong == NULL)
    wrong = lint_form("mastercard advice", tables->mastercard);
  for (size_t i = 0; wrong == NULL && i < tables->iso8583->count; i++)
    wrong = lint_advice(tables, "", NULL, tables->iso8583->rows[i].code);
  return wrong == NULL ? lint_visa(tables, "", NULL) : wrong;
}

const char *outcome_lint_tables(const struct outcome_tables *tables) {
  const char *wrong = lint_issuers(tables);
  for (size_t i = 0; wrong == NULL && i < OUTCOME_PSPS; i++)
    wrong = lint_psp(tables, tables->psps[i].psp, tables->psps[i].table);
  return wrong;
}

const char *outcome_lint(void) {
  return outcome_lint_tables(&outcome_tables);
}
