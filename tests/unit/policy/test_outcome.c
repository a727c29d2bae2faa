#include "outcome_rows.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  const struct outcome_table *table;
} tables[] = {{"stripe", &stripe_outcomes},     {"adyen", &adyen_outcomes},
              {"checkout", &checkout_outcomes}, {"iso8583", &iso8583_outcomes},
              {"visa", &visa_outcomes},         {"mastercard_mac", &mastercard_advice}};

static struct outcome decline(const char *psp, const char *code, const char *network_code, const char *advice,
                              enum network network) {
  return outcome_classify(psp, ANSWER_IS_DECLINED, PHASE_REPLY, code, network_code, advice, network);
}

/* Asks for row in the place that its table speaks of. */
static struct outcome ask_row(unsigned table, const struct outcome_row *row) {
  if (table < 3)
    return decline(tables[table].name, row->code, NULL, NULL, NETWORK_AMEX);
  if (table < 5)
    return decline("stripe", NULL, row->code, NULL, table == 3 ? NETWORK_AMEX : NETWORK_VISA);
  return decline("stripe", "do_not_honor", NULL, row->code, NETWORK_MASTERCARD);
}

static bool is_word(const char *text) {
  return text != NULL && text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

static bool is_category(const char *text) {
  static const char *const known[] = {"approved",       "funds",         "card",      "issuer",  "fraud",
                                      "authentication", "configuration", "technical", "request", "unknown"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i], text) == 0)
      return true;
  return false;
}

Test(outcome, every_row_gives_what_it_says) {
  for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++)
    for (size_t i = 0; i < tables[t].table->count; i++) {
      const struct outcome_row *row = &tables[t].table->rows[i];
      cr_expect(is_word(row->reason) && is_category(row->category), "%s %s", tables[t].name, row->code);
      cr_expect_eq(outcome_row_find(tables[t].table, row->code), row, "%s %s stands twice", tables[t].name,
                   row->code);
      if (row->verdict == VERDICT_APPROVED)
        continue;
      struct outcome outcome = ask_row(t, row);
      bool milder_advice = t == 5 && row->verdict == VERDICT_ELSEWHERE;
      cr_expect_str_eq(outcome.reason, milder_advice ? "do_not_honor" : row->reason, "%s %s: %s",
                       tables[t].name, row->code, outcome.reason);
      cr_expect_eq(outcome.retry_after_s, row->retry_after_s);
    }
}

/* The lint: what is hard, suspected, wrong or uncertain is never tried again; only soft rows go elsewhere. */
static void lint(const char *name, const char *code, struct outcome outcome) {
  if (outcome.may_go_elsewhere)
    cr_expect(outcome.class == OUTCOME_SOFT && outcome.retry == OUTCOME_RETRY_ELSEWHERE, "%s %s", name, code);
  if (outcome.class == OUTCOME_HARD)
    cr_expect(outcome.retry == OUTCOME_RETRY_UPDATE_CARD || outcome.retry == OUTCOME_RETRY_NEVER, "%s %s",
              name, code);
  if (outcome.class == OUTCOME_AMBIGUOUS || outcome.class == OUTCOME_CONFIG_ERROR ||
      outcome.class == OUTCOME_ISSUER_FRAUD || outcome.class == OUTCOME_APPROVED)
    cr_expect_eq(outcome.retry, OUTCOME_RETRY_NEVER, "%s %s", name, code);
}

Test(outcome, no_hard_or_ambiguous_row_may_be_retried) {
  for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++)
    for (size_t i = 0; i < tables[t].table->count; i++) {
      const struct outcome_row *row = &tables[t].table->rows[i];
      lint(tables[t].name, row->code, ask_row(t, row));
      for (enum network network = 0; network < NETWORK_COUNT; network++)
        lint("mixed", row->code, decline("checkout", row->code, row->code, row->code, network));
    }
}

Test(outcome, visa_category_one_and_advice_3_and_21_are_never_retried) {
  static const char *const codes[] = {"03", "04", "07", "12", "15", "41", "43",
                                      "57", "62", "78", "93", "R0", "R1", "R3"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    cr_expect_eq(outcome_visa_category(codes[i]), 1);
    for (enum network network = NETWORK_UNKNOWN; network <= NETWORK_VISA; network++)
      cr_expect_eq(decline("stripe", "do_not_honor", codes[i], NULL, network).retry, OUTCOME_RETRY_NEVER,
                   "%s", codes[i]);
  }
  static const char *const advice[] = {"03", "21"};
  for (size_t i = 0; i < 2; i++) {
    struct outcome outcome = decline("adyen", "2", "05", advice[i], NETWORK_MASTERCARD);
    cr_expect_eq(outcome.retry, OUTCOME_RETRY_NEVER);
    cr_expect(!outcome.may_go_elsewhere);
    cr_expect_eq(decline("adyen", "2", "79", advice[i], NETWORK_MASTERCARD).retry, OUTCOME_RETRY_NEVER);
  }
  cr_expect_eq(outcome_visa_category("51"), 2);
  cr_expect_eq(outcome_visa_category("54"), 3);
  cr_expect_eq(outcome_visa_category("05"), 4);
}

Test(outcome, sources_decide_in_their_order) {
  /* The issuer before the PSP, both ways. */
  cr_expect_str_eq(decline("stripe", "do_not_honor", "51", NULL, NETWORK_VISA).reason, "insufficient_funds");
  cr_expect(decline("stripe", "insufficient_funds", "05", NULL, NETWORK_VISA).may_go_elsewhere);
  /* The PSP where the issuer's code is none that we know. */
  cr_expect_str_eq(decline("stripe", "lost_card", "Q9", NULL, NETWORK_VISA).reason, "lost_card");
  /* Only the PSP saw that it was about authentication. */
  cr_expect_eq(decline("stripe", "authentication_required", "65", NULL, NETWORK_MASTERCARD).class,
               OUTCOME_AUTH_REQUIRED);
  cr_expect_eq(decline("checkout", "20118", "05", NULL, NETWORK_VISA).class, OUTCOME_AMBIGUOUS);
  /* Advice: stricter only, of Mastercard only; it fills 79 and 82. */
  cr_expect_eq(decline("stripe", "do_not_honor", "05", "24", NETWORK_MASTERCARD).retry, OUTCOME_RETRY_LATER);
  cr_expect_eq(decline("stripe", "do_not_honor", "05", "24", NETWORK_MASTERCARD).retry_after_s, 3600);
  cr_expect(decline("stripe", "do_not_honor", "05", "24", NETWORK_VISA).may_go_elsewhere);
  cr_expect_eq(decline("stripe", "lost_card", "41", "24", NETWORK_MASTERCARD).retry, OUTCOME_RETRY_NEVER);
  cr_expect_eq(decline("stripe", NULL, "79", "26", NETWORK_MASTERCARD).retry, OUTCOME_RETRY_LATER);
  cr_expect_eq(decline("stripe", NULL, "79", NULL, NETWORK_MASTERCARD).retry, OUTCOME_RETRY_UPDATE_CARD);
  cr_expect_eq(decline("stripe", NULL, "82", NULL, NETWORK_VISA).retry, OUTCOME_RETRY_UPDATE_CARD);
  cr_expect_eq(decline("checkout", "20118", "79", "26", NETWORK_MASTERCARD).class, OUTCOME_AMBIGUOUS);
}

/* The issuer's "do not honour" says nothing against what the PSP knows: that it is a twin, that the
 * merchant's own rules or the PSP's forbid it, that the card is gone or its details are wrong. */
Test(outcome, a_soft_code_of_the_issuers_hides_no_hard_one_of_the_psps) {
  static const struct {
    const char *psp, *code, *network_code, *reason;
    enum network network;
    enum outcome_retry retry;
  } cases[] = {
      {"checkout", "20094", "05", "duplicate_transaction", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"checkout", "20109", "91", "already_reversed", NETWORK_MASTERCARD, OUTCOME_RETRY_NEVER},
      {"checkout", "20111", "91", "already_reversed", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"checkout", "41101", "05", "blocked_by_rule", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"checkout", "20014", "05", "invalid_number", NETWORK_VISA, OUTCOME_RETRY_UPDATE_CARD},
      {"stripe", "duplicate_transaction", "05", "duplicate_transaction", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"stripe", "duplicate_transaction", "51", "duplicate_transaction", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"stripe", "stolen_card", "05", "stolen_card", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"stripe", "lost_card", "05", "lost_card", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"stripe", "fraudulent", "05", "suspected_fraud", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"stripe", "merchant_blacklist", "05", "blocked_by_rule", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"adyen", "20", "05", "blocked_by_rule", NETWORK_VISA, OUTCOME_RETRY_NEVER},
      {"adyen", "22", "82", "blocked_by_rule", NETWORK_MASTERCARD, OUTCOME_RETRY_NEVER},
      /* The issuer's, where it is the stricter. */
      {"adyen", "24", "43", "stolen_card", NETWORK_AMEX, OUTCOME_RETRY_NEVER},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct outcome outcome =
        decline(cases[i].psp, cases[i].code, cases[i].network_code, NULL, cases[i].network);
    cr_expect_str_eq(outcome.reason, cases[i].reason, "%s: %s", cases[i].code, outcome.reason);
    cr_expect_eq(outcome.retry, cases[i].retry, "%s", cases[i].code);
    cr_expect_not(outcome.may_go_elsewhere, "%s", cases[i].code);
  }
  /* The advice fills the networks' groups, and says no more against the PSP's word. */
  cr_expect_eq(decline("stripe", "stolen_card", "82", "24", NETWORK_MASTERCARD).retry, OUTCOME_RETRY_NEVER);
  cr_expect_eq(decline("checkout", "20179", "79", "24", NETWORK_MASTERCARD).retry, OUTCOME_RETRY_LATER);
  /* And the networks' limits count by it. */
  cr_expect_eq(outcome_decline_category("stripe", "stolen_card", "05"), 1);
  cr_expect_eq(outcome_decline_category("stripe", "duplicate_transaction", "05"), 4);
}

Test(outcome, visa_holds_though_the_psp_gave_no_issuers_code) {
  static const struct {
    const char *psp, *code;
  } codes[] = {{"stripe", "not_permitted"},
               {"stripe", "service_not_allowed"},
               {"stripe", "transaction_not_allowed"},
               {"adyen", "23"},
               {"checkout", "20003"},
               {"checkout", "20012"},
               {"checkout", "20057"}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct outcome outcome = decline(codes[i].psp, codes[i].code, NULL, NULL, NETWORK_VISA);
    cr_expect(outcome.class == OUTCOME_HARD && outcome.retry == OUTCOME_RETRY_NEVER, "%s", codes[i].code);
    cr_expect_eq(outcome_decline_category(codes[i].psp, codes[i].code, NULL), 1, "%s", codes[i].code);
    cr_expect_eq(outcome_decline_category(codes[i].psp, codes[i].code, "05"), 4, "%s", codes[i].code);
    cr_expect(decline(codes[i].psp, codes[i].code, "05", NULL, NETWORK_VISA).may_go_elsewhere);
  }
  cr_expect(decline("adyen", "23", NULL, NULL, NETWORK_MASTERCARD).may_go_elsewhere, "Visa's rule");
  cr_expect_eq(outcome_decline_category("stripe", "lost_card", "Q9"), 1, "a code that nobody knows");
  cr_expect_eq(outcome_decline_category("stripe", "do_not_honor", NULL), 4);
}

/* The issuer's reason, and the time that the advice names. */
Test(outcome, advice_says_when) {
  struct outcome outcome = decline("stripe", "insufficient_funds", "51", "25", NETWORK_MASTERCARD);
  cr_expect_str_eq(outcome.reason, "insufficient_funds");
  cr_expect_eq(outcome.retry_after_s, 86400);
  cr_expect_eq(decline("stripe", NULL, "51", NULL, NETWORK_MASTERCARD).retry_after_s, 0);
  cr_expect_eq(decline("stripe", NULL, "51", "25", NETWORK_VISA).retry_after_s, 0);
  cr_expect_eq(decline("stripe", NULL, "41", "25", NETWORK_MASTERCARD).retry_after_s, 0, "never is never");
}

Test(outcome, unknown_declines_stay_where_they_are) {
  static const char *const codes[] = {NULL, "", "never_heard_of", "0"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct outcome outcome = decline("adyen", codes[i], codes[i], codes[i], NETWORK_UNKNOWN);
    cr_expect_eq(outcome.class, OUTCOME_SOFT);
    cr_expect(!outcome.may_go_elsewhere);
    cr_expect_eq(outcome.retry, OUTCOME_RETRY_LATER);
    cr_expect_str_eq(outcome.reason, "unknown_decline");
  }
  cr_expect_str_eq(decline("no_such_psp", "do_not_honor", NULL, NULL, NETWORK_VISA).reason,
                   "unknown_decline");
}

Test(outcome, phase_comes_first) {
  for (enum answer answer = 0; answer < ANSWER_COUNT; answer++) {
    struct outcome outcome =
        outcome_classify("stripe", answer, PHASE_NOT_SENT, "lost_card", "41", "03", NETWORK_VISA);
    cr_expect(outcome.class == OUTCOME_NOT_SENT && outcome.may_go_elsewhere);
    for (enum phase phase = PHASE_SENT_NO_REPLY; phase <= PHASE_PARTIAL_REPLY; phase++) {
      outcome = outcome_classify("stripe", answer, phase, "do_not_honor", "05", NULL, NETWORK_VISA);
      cr_expect(outcome.class == OUTCOME_AMBIGUOUS && !outcome.may_go_elsewhere);
      cr_expect_str_eq(outcome.reason, phase == PHASE_SENT_NO_REPLY ? "no_reply" : "unreadable_reply");
    }
  }
}

Test(outcome, answers_have_their_class) {
  static const enum outcome_class expected[ANSWER_COUNT] = {
      [0] = OUTCOME_AMBIGUOUS,
      [ANSWER_IS_UNKNOWN] = OUTCOME_AMBIGUOUS,
      [ANSWER_IS_APPROVED] = OUTCOME_APPROVED,
      [ANSWER_IS_CAPTURED] = OUTCOME_APPROVED,
      [ANSWER_IS_RECEIVED] = OUTCOME_APPROVED,
      [ANSWER_IS_PENDING] = OUTCOME_AMBIGUOUS,
      [ANSWER_IS_ACTION] = OUTCOME_AUTH_REQUIRED,
      [ANSWER_IS_DECLINED] = OUTCOME_SOFT,
      [ANSWER_IS_REJECTED] = OUTCOME_CONFIG_ERROR,
      [ANSWER_IS_VOIDED] = OUTCOME_APPROVED,
      [ANSWER_IS_REFUNDED] = OUTCOME_APPROVED,
      [ANSWER_IS_ABSENT] = OUTCOME_AMBIGUOUS,
  };
  for (enum answer answer = 0; answer < ANSWER_COUNT; answer++)
    cr_expect_eq(outcome_classify("stripe", answer, PHASE_REPLY, NULL, NULL, NULL, NETWORK_VISA).class,
                 expected[answer], "answer %d", (int)answer);
  struct outcome typo =
      outcome_classify("stripe", ANSWER_IS_REJECTED, PHASE_REPLY, "invalid_number", NULL, NULL, NETWORK_VISA);
  cr_expect_eq(typo.retry, OUTCOME_RETRY_UPDATE_CARD);
  struct outcome other =
      outcome_classify("stripe", ANSWER_IS_REJECTED, PHASE_REPLY, "do_not_honor", NULL, NULL, NETWORK_VISA);
  cr_expect_eq(other.class, OUTCOME_CONFIG_ERROR, "a request that is refused is no decline");
}

Test(outcome, names_go_both_ways) {
  static const char *const retries[] = {"", "elsewhere", "later", "update_card", "never"};
  static const enum outcome_retry of[] = {0, OUTCOME_RETRY_ELSEWHERE, OUTCOME_RETRY_LATER,
                                          OUTCOME_RETRY_UPDATE_CARD, OUTCOME_RETRY_NEVER};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++)
    cr_expect_str_eq(outcome_retry_name(of[i]), retries[i], "as the API says it");
  cr_expect_str_eq(outcome_class_name(OUTCOME_SOFT), "soft");
  cr_expect_str_eq(outcome_class_name(OUTCOME_AMBIGUOUS), "ambiguous");
  for (enum outcome_class class = 1; class < OUTCOME_CLASS_COUNT; class ++)
    cr_expect_eq(outcome_class_from_name(outcome_class_name(class)), class);
  for (enum outcome_retry retry = 1; retry < OUTCOME_RETRY_COUNT; retry++)
    cr_expect_eq(outcome_retry_from_name(outcome_retry_name(retry)), retry);
  cr_expect_eq(outcome_class_from_name("sometimes"), 0);
  cr_expect_str_empty(outcome_class_name(OUTCOME_CLASS_COUNT));
}

/* The code is the second column of the published lists. */
static void covers_list(const char *file, const struct outcome_table *table,
                        const struct outcome_table *second) {
  char path[512], line[2048];
  snprintf(path, sizeof path, "%s/psp/outcomes/%s.csv", FREEPORT_SHARED, file);
  FILE *list = fopen(path, "re");
  if (list == NULL) {
    fprintf(stderr, "skipped: %s is not there\n", path);
    return;
  }
  unsigned seen = 0;
  for (bool header = true; fgets(line, sizeof line, list) != NULL; header = false) {
    char *rest = line;
    (void)strsep(&rest, ",");
    const char *code = strsep(&rest, ",");
    if (header || code == NULL || strcmp(code, "*") == 0)
      continue;
    seen++;
    bool found =
        outcome_row_find(table, code) != NULL || (second != NULL && outcome_row_find(second, code) != NULL);
    cr_expect(found, "%s: %s has no row", file, code);
  }
  fclose(list);
  cr_expect_gt(seen, 10);
}

Test(outcome, published_codes_have_rows) {
  covers_list("stripe", &stripe_outcomes, NULL);
  covers_list("adyen", &adyen_outcomes, NULL);
  covers_list("checkout", &checkout_outcomes, NULL);
  covers_list("iso8583", &iso8583_outcomes, NULL);
  covers_list("visa_categories", &visa_outcomes, &iso8583_outcomes);
  covers_list("mastercard_mac", &mastercard_advice, NULL);
}
