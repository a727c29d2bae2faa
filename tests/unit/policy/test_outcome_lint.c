/* The lint refuses each table that would allow what none may. */
#include "outcome_rows.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 256 };

/* The real tables, with one of them in a copy that a test may spoil. */
struct spoiled {
  struct outcome_tables tables;
  struct outcome_table table;
  struct outcome_row rows[ROWS_MAX];
  struct verdict_meaning meanings[VERDICT_COUNT];
};

static struct spoiled spoiled;

static void copy(const struct outcome_table *table) {
  cr_assert_lt(table->count, ROWS_MAX);
  spoiled.tables = outcome_tables;
  memcpy(spoiled.rows, table->rows, table->count * sizeof *table->rows);
  spoiled.table = (struct outcome_table){spoiled.rows, table->count};
}

static struct outcome_row *row_of(const char *code) {
  size_t at = 0;
  while (at < spoiled.table.count && strcmp(spoiled.rows[at].code, code) != 0)
    at++;
  cr_assert_lt(at, spoiled.table.count, "no row %s", code);
  return &spoiled.rows[at];
}

static struct verdict_meaning *meaning_of(enum verdict verdict) {
  spoiled.tables = outcome_tables;
  memcpy(spoiled.meanings, outcome_tables.meanings, sizeof spoiled.meanings);
  spoiled.tables.meanings = spoiled.meanings;
  return &spoiled.meanings[verdict];
}

static void refused(const char *code, const char *why) {
  const char *wrong = outcome_lint_tables(&spoiled.tables);
  cr_assert_not_null(wrong, "%s: nothing is wrong", code);
  cr_expect(strstr(wrong, code) != NULL && strstr(wrong, why) != NULL, "%s, and not %s: %s", wrong, code,
            why);
}

Test(outcome_lint, the_tables_as_they_are) {
  const char *wrong = outcome_lint();
  cr_assert_null(wrong, "%s", wrong);
}

Test(outcome_lint, an_ambiguous_answer_is_never_tried_again) {
  meaning_of(VERDICT_AMBIGUOUS)->elsewhere = true;
  refused("checkout 20009", "ambiguous, and may be tried again");
  meaning_of(VERDICT_AMBIGUOUS)->retry = OUTCOME_RETRY_LATER;
  refused("checkout 20009", "ambiguous, and may be tried again");
}

Test(outcome_lint, a_hard_decline_is_never_tried_again) {
  meaning_of(VERDICT_NEVER)->elsewhere = true;
  refused("iso8583 03", "hard, and may be tried again");
  meaning_of(VERDICT_NEVER)->retry = OUTCOME_RETRY_LATER;
  refused("iso8583 03", "hard, and may be tried again");
  meaning_of(VERDICT_UPDATE_CARD)->elsewhere = true;
  refused("iso8583 82", "hard, and may be tried again");
}

Test(outcome_lint, only_what_is_soft_goes_elsewhere) {
  meaning_of(VERDICT_FRAUD)->elsewhere = true;
  refused("iso8583 34", "goes elsewhere, and is not soft");
  meaning_of(VERDICT_CONFIG)->elsewhere = true;
  refused("iso8583 13", "goes elsewhere, and is not soft");
  meaning_of(VERDICT_AUTHENTICATE)->elsewhere = true;
  refused("iso8583 1A", "goes elsewhere, and is not soft");
  meaning_of(VERDICT_LATER)->elsewhere = true;
  refused("iso8583 00", "told different things");
}

Test(outcome_lint, visa_category_one_is_never_tried_again) {
  static const char *const codes[] = {"03", "04", "07", "12", "15", "41", "43",
                                      "57", "62", "78", "93", "R0", "R1", "R3"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct outcome_row *iso = NULL;
    struct outcome_row rows[ROWS_MAX];
    struct outcome_table iso_table = {rows, iso8583_outcomes.count};
    copy(&visa_outcomes);
    spoiled.tables.visa = &spoiled.table;
    row_of(codes[i])->verdict = VERDICT_LATER;
    memcpy(rows, iso8583_outcomes.rows, iso8583_outcomes.count * sizeof *rows);
    for (size_t j = 0; j < iso8583_outcomes.count; j++)
      if (strcmp(rows[j].code, codes[i]) == 0)
        iso = &rows[j];
    cr_assert_not_null(iso);
    iso->verdict = VERDICT_ELSEWHERE;
    spoiled.tables.iso8583 = &iso_table;
    refused(codes[i], "category 1, and may be tried again");
  }
}

Test(outcome_lint, a_psp_cannot_hide_visa_category_one) {
  copy(&visa_outcomes);
  spoiled.tables.visa = &spoiled.table;
  row_of("57")->verdict = VERDICT_ELSEWHERE;
  refused("stripe not_permitted", "stands for Visa's category 1");
}

Test(outcome_lint, advice_3_and_21_is_never_tried_again) {
  static const char *const codes[] = {"03", "21"};
  static const enum verdict verdicts[] = {VERDICT_ELSEWHERE, VERDICT_LATER};
  for (size_t i = 0; i < 4; i++) {
    copy(&mastercard_advice);
    spoiled.tables.mastercard = &spoiled.table;
    row_of(codes[i / 2])->verdict = verdicts[i % 2];
    refused(codes[i / 2], "forbids it, and it may be tried again");
  }
  copy(&mastercard_advice);
  spoiled.tables.mastercard = &spoiled.table;
  row_of("21")->code = "2l";
  refused("21", "forbids it, and it may be tried again");
}

Test(outcome_lint, a_row_has_its_form) {
  copy(&stripe_outcomes);
  spoiled.tables.psps[0].table = &spoiled.table;
  row_of("do_not_honor")->category = "";
  refused("stripe do_not_honor", "no reason or no category");
  copy(&stripe_outcomes);
  spoiled.tables.psps[0].table = &spoiled.table;
  row_of("do_not_honor")->reason = "Do not honour";
  refused("stripe do_not_honor", "no reason or no category");
  copy(&stripe_outcomes);
  spoiled.tables.psps[0].table = &spoiled.table;
  row_of("do_not_honor")->code = "lost_card";
  refused("stripe lost_card", "stands twice");
  copy(&stripe_outcomes);
  spoiled.tables.psps[0].table = &spoiled.table;
  row_of("do_not_honor")->verdict = VERDICT_COUNT;
  refused("stripe do_not_honor", "no such verdict");
}
