#include "policy_lexer.h"
#include <string.h>

struct lexer lexer_over(const char *text, size_t length) {
  return (struct lexer){.at = text, .end = text + length, .line = 1, .column = 1};
}

static bool is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
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

struct lexeme lexer_next(struct lexer *lexer) {
  skip_blank(lexer);
  struct lexeme lexeme = {.text = lexer->at, .line = lexer->line, .column = lexer->column};
  if (lexer->at == lexer->end)
    return lexeme; /* LEXEME_END is zero */
  if (*lexer->at == ',') {
    lexeme.kind = LEXEME_COMMA;
    step(lexer);
  } else if (is_word_byte(*lexer->at)) {
    lexeme.kind = LEXEME_WORD;
    while (lexer->at < lexer->end && is_word_byte(*lexer->at))
      step(lexer);
  } else {
    lexeme.kind = LEXEME_WRONG;
    step(lexer);
  }
  lexeme.length = (size_t)(lexer->at - lexeme.text);
  return lexeme;
}

bool lexeme_is(const struct lexeme *lexeme, const char *word) {
  return lexeme->kind == LEXEME_WORD && lexeme->length == strlen(word) &&
         memcmp(lexeme->text, word, lexeme->length) == 0;
}

bool lexeme_is_reserved(const struct lexeme *lexeme) {
  static const char *const words[] = {"set",     "rule",  "when",  "and",       "or", "not",   "in",
                                      "route",   "split", "best",  "cheapest",  "of", "where", "approval",
                                      "decline", "true",  "false", "otherwise", NULL};
  for (const char *const *word = words; *word != NULL; word++)
    if (lexeme_is(lexeme, *word))
      return true;
  return false;
}
