#include "scrub.h"
#include "card_rules.h"
#include "scrub_views.h"
#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum {
  LUHN_RUN_MIN = 13,
  LUHN_RUN_MAX = 19,
  DEPTH_MAX = 3 /* disguises inside one another */
};

/* What stands before a digit. */
enum before { NOTHING, A_SEPARATOR, A_BREAK };

/* The digits of a text, and what stands before each. */
struct digits {
  size_t count;
  char digit[SCRUB_TEXT_MAX];
  uint8_t before[SCRUB_TEXT_MAX]; /* enum before */
};

static bool is_alphanumeric(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void collect_digits(const struct scrub_text *text, struct digits *digits) {
  enum before before = A_BREAK;
  digits->count = 0;
  for (size_t i = 0; i < text->length;) {
    char digit = 0;
    size_t length = scrub_digit(text->bytes + i, text->length - i, &digit);
    if (length == 0) {
      before = before == A_BREAK || is_alphanumeric(text->bytes[i]) ? A_BREAK : A_SEPARATOR;
      i++;
      continue;
    }
    digits->digit[digits->count] = digit;
    digits->before[digits->count++] = (uint8_t)before;
    before = NOTHING;
    i += length;
  }
}

/* Whatever stands between its digits. */
static bool holds_number(const struct digits *digits, const char *number) {
  size_t length = strlen(number);
  return memmem(digits->digit, digits->count, number, length) != NULL;
}

static bool holds_fitting_run(const struct digits *digits, const char *bin, const char *last4) {
  size_t head = strlen(bin), tail = strlen(last4);
  for (size_t start = 0; start + LUHN_RUN_MIN <= digits->count; start++) {
    if (memcmp(digits->digit + start, bin, head) != 0)
      continue;
    for (size_t length = LUHN_RUN_MIN; length <= LUHN_RUN_MAX && start + length <= digits->count; length++)
      if (memcmp(digits->digit + start + length - tail, last4, tail) == 0 &&
          card_number_valid(digits->digit + start, length))
        return true;
  }
  return false;
}

static bool is_issued(const char *digits, size_t length) {
  char number[LUHN_RUN_MAX + 1];
  memcpy(number, digits, length);
  number[length] = '\0';
  bool issued = card_network(number) != NETWORK_UNKNOWN && card_number_acceptable(number);
  sodium_memzero(number, sizeof number);
  return issued;
}

static enum before before(const struct digits *digits, size_t place) {
  return place < digits->count ? (enum before)digits->before[place] : A_BREAK;
}

static bool is_number(const struct digits *digits, size_t start, size_t end, bool issued_only) {
  const char *first = digits->digit + start;
  return end - start >= LUHN_RUN_MIN && card_number_valid(first, end - start) &&
         (!issued_only || is_issued(first, end - start));
}

/* Whether a run that begins there is a number: to the next break, or to a separator before it. A date or a
 * code may stand beside a number, so that a part of what lies between two breaks counts if a network could
 * have issued it. */
static bool holds_run_from(const struct digits *digits, size_t start, bool issued_only) {
  for (size_t end = start + 1; end <= digits->count && end - start <= LUHN_RUN_MAX; end++) {
    bool whole = before(digits, start) == A_BREAK && before(digits, end) == A_BREAK;
    if (before(digits, end) != NOTHING && is_number(digits, start, end, issued_only || !whole))
      return true;
    if (before(digits, end) == A_BREAK)
      return false;
  }
  return false;
}

static bool holds_any_run(const struct digits *digits, bool issued_only) {
  for (size_t start = 0; start < digits->count; start++)
    if (before(digits, start) != NOTHING && holds_run_from(digits, start, issued_only))
      return true;
  return false;
}

static bool holds_code(const struct scrub_text *text, const char *code) {
  size_t length = strlen(code);
  for (size_t i = 0; i + length <= text->length; i++) {
    bool begins = i == 0 || !is_alphanumeric(text->bytes[i - 1]);
    bool ends = i + length == text->length || !is_alphanumeric(text->bytes[i + length]);
    if (begins && ends && memcmp(text->bytes + i, code, length) == 0)
      return true;
  }
  return false;
}

static bool text_hits(const struct scrub *scrub, const struct scrub_text *text, bool free_text) {
  struct digits digits;
  collect_digits(text, &digits);
  bool hit = false;
  if (scrub->number[0] != '\0')
    hit = holds_number(&digits, scrub->number);
  else if (scrub->bin[0] != '\0' && scrub->last4[0] != '\0')
    hit = holds_fitting_run(&digits, scrub->bin, scrub->last4);
  else
    hit = (free_text || scrub->everywhere) && holds_any_run(&digits, !free_text);
  if (free_text && scrub->code[0] != '\0')
    hit |= holds_code(text, scrub->code);
  sodium_memzero(&digits,
                 digits.count < sizeof digits.digit ? sizeof digits.count + digits.count : sizeof digits);
  return hit;
}

/* Looks at the text, then under each disguise that it may wear. */
static bool view_hits(const struct scrub *scrub, const struct scrub_text *text, bool free_text,
                      unsigned depth) {
  if (text_hits(scrub, text, free_text))
    return true;
  if (depth == DEPTH_MAX)
    return false;
  struct scrub_text under = {0};
  bool hit = scrub_unescape(text, &under) && view_hits(scrub, &under, free_text, depth + 1);
  struct scrub_cursor cursor = {0};
  while (!hit && scrub_next_base64(text, &cursor, &under))
    hit = view_hits(scrub, &under, free_text, depth + 1);
  sodium_memzero(under.bytes, under.length);
  return hit;
}

bool scrub_hits(const struct scrub *scrub, const char *text, bool free_text) {
  struct scrub_text view = {0};
  size_t length = strlen(text);
  if (length > sizeof view.bytes)
    return true; /* no field is so long */
  memcpy(view.bytes, text, length);
  view.length = length;
  bool hit = view_hits(scrub, &view, free_text, 0);
  sodium_memzero(view.bytes, view.length);
  return hit;
}

unsigned scrub_answer(const struct scrub *scrub, struct answer_fields *fields) {
  unsigned dropped = 0;
  for (unsigned i = 1; i < ANSWER_FIELD_COUNT; i++) {
    enum answer_field field = (enum answer_field)i;
    const char *text = answer_fields_get(fields, field);
    if (text == NULL || !scrub_hits(scrub, text, answer_field_rule(field)->free_text))
      continue;
    answer_fields_drop(fields, field);
    dropped++;
  }
  return dropped;
}

void scrub_wipe(struct scrub *scrub) {
  sodium_memzero(scrub, sizeof *scrub);
}
