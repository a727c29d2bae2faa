#include "engine_parts.h"

#include <string.h>

/* Field and place of every text that an answer keeps. */
static const struct {
  enum answer_field field;
  size_t offset, capacity;
} kept_texts[] = {
#define KEPT(field, member)                                                                                  \
  { field, offsetof(struct psp_answer, member), sizeof((struct psp_answer *)0)->member }
    KEPT(ANSWER_PSP_ID, psp_id),
    KEPT(ANSWER_PSP_CAPTURE_ID, psp_capture_id),
    KEPT(ANSWER_CODE, code),
    KEPT(ANSWER_NETWORK_CODE, network_code),
    KEPT(ANSWER_ADVICE_CODE, advice_code),
    KEPT(ANSWER_NETWORK_TRANSACTION_ID, network_transaction_id),
    KEPT(ANSWER_AUTH_CODE, auth_code),
    KEPT(ANSWER_AVS_ADDRESS, avs_address),
    KEPT(ANSWER_AVS_POSTAL_CODE, avs_postal_code),
    KEPT(ANSWER_CVC_CHECK, cvc_check),
    KEPT(ANSWER_ECI, eci),
#undef KEPT
};

/* PSPs pass a network's code on in small letters, or as the number that it is not: tables and limits have two
 * characters, of digits and capitals. */
static void spell_code(char *code) {
  if (code[0] >= '0' && code[0] <= '9' && code[1] == '\0') {
    code[1] = code[0];
    code[0] = '0';
    code[2] = '\0';
  }
  for (; *code != '\0'; code++) {
    if (*code >= 'a' && *code <= 'z')
      *code = (char)(*code - 'a' + 'A');
  }
}

/* Keeps the field's text where it fits. Returns whether it has one that does. */
static bool keep_text(struct psp_answer *answer, const struct dispatch_result *result, size_t i) {
  const char *value = answer_fields_get(&result->fields, kept_texts[i].field);
  char *text = (char *)answer + kept_texts[i].offset;
  size_t length = value ? strlen(value) : 0;
  if (length == 0 || length >= kept_texts[i].capacity)
    return false;
  memcpy(text, value, length + 1);
  if (kept_texts[i].field == ANSWER_NETWORK_CODE || kept_texts[i].field == ANSWER_ADVICE_CODE)
    spell_code(text);
  return true;
}

void take_answer(struct psp_answer *answer, const struct dispatch_result *result) {
  answer->phase = result->phase;
  answer->answer = result->answer;
  answer->http_status = result->http_status;
  answer->scrubbed = result->scrubbed;
  for (size_t i = 0; i < sizeof kept_texts / sizeof *kept_texts; i++)
    (void)keep_text(answer, result, i);
}

static bool is_milder(const struct outcome *left, const struct outcome *right) {
  return left->retry < right->retry;
}

_Static_assert(OUTCOME_RETRY_ELSEWHERE < OUTCOME_RETRY_LATER &&
                   OUTCOME_RETRY_LATER < OUTCOME_RETRY_UPDATE_CARD &&
                   OUTCOME_RETRY_UPDATE_CARD < OUTCOME_RETRY_NEVER,
               "the later, the stricter");

static void set_codes(struct psp_answer *answer, const struct psp_answer *from) {
  memcpy(answer->code, from->code, sizeof answer->code);
  memcpy(answer->network_code, from->network_code, sizeof answer->network_code);
  memcpy(answer->advice_code, from->advice_code, sizeof answer->advice_code);
}

/* Takes the answer with the doubtful codes, unless that is the milder one. */
static void take_stricter(const struct payment *payment, const char *sheet, const struct psp_answer *with,
                          const struct psp_answer *without, struct psp_answer *answer) {
  struct outcome outcome_with = classify(payment, sheet, with);
  struct outcome outcome_without = classify(payment, sheet, without);
  *answer = is_milder(&outcome_with, &outcome_without) ? *without : *with;
}

/* Without the codes that a webhook's signature does not cover: those of this one, or those of the one that
 * the attempt has waited since. */
static struct psp_answer leave_unsigned(const struct psp_answer *before, const struct found *found) {
  static const struct psp_answer none;
  struct psp_answer without = *before;
  if (found->errand != ERRAND_WEBHOOK)
    set_codes(&without, &none);
  take_answer(&without, found->result);
  if (found->errand == ERRAND_WEBHOOK)
    set_codes(&without, before);
  return without;
}

void take_attempt_answer(const struct payment *payment, struct attempt *attempt, const struct found *found) {
  struct psp_answer with = attempt->step.answer;
  bool is_doubtful = found->errand == ERRAND_WEBHOOK ? found->codes_unsigned : attempt->told_declined;
  take_answer(&with, found->result);
  struct psp_answer without = is_doubtful ? leave_unsigned(&attempt->step.answer, found) : with;
  take_stricter(payment, attempt->sheet, &with, &without, &attempt->step.answer);
  if (found->errand == ERRAND_FIRST && found->result->phase == PHASE_REPLY)
    attempt->step.answer.latency_us = found->result->latency_us;
}

bool complete_answer(struct psp_answer *answer, const struct dispatch_result *result) {
  bool completed = false;
  for (size_t i = 0; i < sizeof kept_texts / sizeof *kept_texts; i++) {
    const char *text = (const char *)answer + kept_texts[i].offset;
    completed |= text[0] == '\0' && keep_text(answer, result, i);
  }
  if (completed && answer->phase == 0)
    answer->phase = result->phase;
  return completed;
}

struct outcome classify(const struct payment *payment, const char *sheet, const struct psp_answer *answer) {
  return outcome_classify(sheet, answer->answer, answer->phase, answer->code, answer->network_code,
                          answer->advice_code, payment->card.network);
}

enum outcome_class class_of(const struct payment *payment, const struct attempt *attempt,
                            const struct dispatch_result *result) {
  struct psp_answer answer = {0};
  take_answer(&answer, result);
  return classify(payment, attempt->sheet, &answer).class;
}
