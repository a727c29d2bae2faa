/* Words and signs of a policy's text, each with its place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lexeme_kind { LEXEME_END, LEXEME_WORD, LEXEME_COMMA, LEXEME_WRONG };

struct lexeme {
  enum lexeme_kind kind;
  const char *text; /* borrowed from the policy's text */
  size_t length;
  uint32_t line, column;
};

struct lexer {
  const char *at, *end;
  uint32_t line, column;
};

struct lexer lexer_over(const char *text, size_t length);
/* The next lexeme; LEXEME_END again and again at the end. LEXEME_WRONG is a byte that no policy holds. */
struct lexeme lexer_next(struct lexer *lexer);
/* Whether the lexeme is exactly that word. */
bool lexeme_is(const struct lexeme *lexeme, const char *word);
/* Whether the lexeme is a word of the language itself, now or when the rest of it comes. */
bool lexeme_is_reserved(const struct lexeme *lexeme);
