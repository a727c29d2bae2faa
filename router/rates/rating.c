#include "rating.h"

#include <string.h>

/* Declined by the PSP, the network or our own account's limits: no issuer was asked, or none answered. */
static bool is_issuers(const char *category) {
  static const char *const others[] = {"technical", "configuration", "request"};
  for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(category, others[i]) == 0)
      return false;
  return true;
}

enum attempt_rating attempt_rating(const struct payment *payment, const struct attempt *attempt) {
  const struct psp_answer *answer = &attempt->step.answer;
  if (attempt->step.status == STEP_SUCCEEDED)
    return RATING_APPROVED;
  if (attempt->step.status != STEP_FAILED)
    return RATING_OPEN;
  if (answer->answer != ANSWER_IS_DECLINED || attempt->step.absent || attempt->step.by_person ||
      attempt->step.class == OUTCOME_NOT_SENT)
    return RATING_UNREACHED;
  struct outcome outcome = outcome_classify(attempt->sheet, answer->answer, answer->phase, answer->code,
                                            answer->network_code, answer->advice_code, payment->card.network);
  return is_issuers(outcome.category) ? RATING_DECLINED : RATING_UNREACHED;
}
