#include "policy_lexer.h"
#include <string.h>

struct lexer lexer_over(const char *text, size_t length) {
  return (struct lexer){.at = text, .end = text + length, .line = 1, .column = 1};
}

static bool is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         byte == '_' || byte == '-';
}

static void step(struct lexer *lexer) {
  if (*lexer->at++ == '\n') {
    lexer->line++;
    lexer->column = 1;
  } else {
    lexer->column++;
  }
}

static void skip_blank(struct lexer *lexer) {
  bool comment = false;
  for (; lexer->at < lexer->end; step(lexer)) {
    char byte = *lexer->at;
    if (byte == '#')
      comment = true;
    else if (byte == '\n')
      comment = false;
    else if (!comment && byte != ' ' && byte != '\t' && byte != '\r')
      return;
  }
}

static bool is_at(const struct lexer *lexer, size_t offset, char byte) {
  return offset < (size_t)(lexer->end - lexer->at) && lexer->at[offset] == byte;
}

/* A dot belongs to a word when another letter follows it: 411111..411199 is two words. */
static bool goes_on(const struct lexer *lexer) {
  if (lexer->at == lexer->end)
    return false;
  if (*lexer->at != '.')
    return is_word_byte(*lexer->at);
  return lexer->end - lexer->at > 1 && is_word_byte(lexer->at[1]);
}

static void take_word(struct lexer *lexer, struct lexeme *lexeme) {
  lexeme->kind = LEXEME_WORD;
  while (goes_on(lexer))
    step(lexer);
  lexeme->length = (size_t)(lexer->at - lexeme->text);
}

static void refuse(const struct lexer *lexer, struct lexeme *lexeme, const char *expected) {
  *lexeme = (struct lexeme){.kind = LEXEME_WRONG,
                            .text = lexer->at,
                            .expected = expected,
                            .line = lexer->line,
                            .column = lexer->column};
}

/* Whether an escape stands here that is none of the two. */
static bool is_wrong_escape(const struct lexer *lexer) {
  return *lexer->at == '\\' && !is_at(lexer, 1, '"') && !is_at(lexer, 1, '\\');
}

static void take_text(struct lexer *lexer, struct lexeme *lexeme) {
  lexeme->kind = LEXEME_TEXT;
  step(lexer);
  lexeme->text = lexer->at;
  while (lexer->at < lexer->end && *lexer->at != '"' && *lexer->at != '\n') {
    if (is_wrong_escape(lexer)) {
      refuse(lexer, lexeme, "\\\" or \\\\");
      return;
    }
    if (*lexer->at == '\\')
      step(lexer);
    step(lexer);
  }
  lexeme->length = (size_t)(lexer->at - lexeme->text);
  if (!is_at(lexer, 0, '"')) {
    refuse(lexer, lexeme, "the quotation mark that ends the text");
    return;
  }
  step(lexer);
}

static const struct sign {
  char first, second; /* second NUL: the sign is one byte */
  enum lexeme_kind kind;
} signs[] = {
    {'.', '.', LEXEME_RANGE},
    {'=', '=', LEXEME_EQ},
    {'!', '=', LEXEME_NE},
    {'<', '=', LEXEME_LE},
    {'>', '=', LEXEME_GE},
    {'=', '\0', LEXEME_IS},
    {'<', '\0', LEXEME_LT},
    {'>', '\0', LEXEME_GT},
    {',', '\0', LEXEME_COMMA},
    {'%', '\0', LEXEME_PERCENT},
    {'[', '\0', LEXEME_BRACKET_OPEN},
    {']', '\0', LEXEME_BRACKET_CLOSE},
    {'(', '\0', LEXEME_PAREN_OPEN},
    {')', '\0', LEXEME_PAREN_CLOSE},
};

/* Signs of other languages, and of word processors. */
static const struct foreign {
  const char *sign, *expected;
} foreign[] = {
    {"&", "and"},
    {"|", "or"},
    {"!", "not"},
    {"//", "# before a comment"},
    {"'", "straight double quotation marks around a text"},
    {"\xe2\x80\x98", "straight double quotation marks around a text"},
    {"\xe2\x80\x99", "straight double quotation marks around a text"},
    {"\xe2\x80\x9c", "straight double quotation marks around a text"},
    {"\xe2\x80\x9d", "straight double quotation marks around a text"},
    {"\xe2\x80\x9e", "straight double quotation marks around a text"},
    {"$", "a currency of ISO 4217 behind the amount, as 50.00 USD"},
    {"\xe2\x82\xac", "a currency of ISO 4217 behind the amount, as 50.00 EUR"},
    {"\xc2\xa3", "a currency of ISO 4217 behind the amount, as 50.00 GBP"},
    {"\xe2\x89\xa0", "!="},
    {"\xe2\x89\xa4", "<="},
    {"\xe2\x89\xa5", ">="},
};

static const char *expected_for(const struct lexer *lexer) {
  for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
    size_t length = strlen(foreign[i].sign);
    if (length <= (size_t)(lexer->end - lexer->at) && memcmp(lexer->at, foreign[i].sign, length) == 0)
      return foreign[i].expected;
  }
  return NULL;
}

static void take_sign(struct lexer *lexer, struct lexeme *lexeme) {
  lexeme->kind = LEXEME_WRONG;
  lexeme->expected = expected_for(lexer);
  lexeme->length = 1;
  for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
    const struct sign *sign = &signs[i];
    if (*lexer->at == sign->first && (sign->second == '\0' || is_at(lexer, 1, sign->second))) {
      lexeme->kind = sign->kind;
      lexeme->length = sign->second == '\0' ? 1 : 2;
      break;
    }
  }
  for (size_t i = 0; i < lexeme->length; i++)
    step(lexer);
}

struct lexeme lexer_next(struct lexer *lexer) {
  skip_blank(lexer);
  struct lexeme lexeme = {.text = lexer->at, .line = lexer->line, .column = lexer->column};
  if (lexer->at == lexer->end)
    return lexeme; /* LEXEME_END is zero */
  if (*lexer->at == '"')
    take_text(lexer, &lexeme);
  else if (is_word_byte(*lexer->at))
    take_word(lexer, &lexeme);
  else
    take_sign(lexer, &lexeme);
  return lexeme;
}

bool lexeme_is(const struct lexeme *lexeme, const char *word) {
  return lexeme->kind == LEXEME_WORD && lexeme->length == strlen(word) &&
         memcmp(lexeme->text, word, lexeme->length) == 0;
}

size_t lexeme_unescape(const struct lexeme *lexeme, char *ret_text) {
  size_t length = 0;
  for (size_t i = 0; i < lexeme->length; i++) {
    if (lexeme->text[i] == '\\')
      i++;
    ret_text[length++] = lexeme->text[i];
  }
  return length;
}
