/* Words, quoted texts and signs of a policy's text, each with its place. What a word means, a number or a
 * name, depends on where it stands: the parser's matter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lexeme_kind {
  LEXEME_END,
  LEXEME_WORD, /* letters, digits, _ and - , with single dots between: adyen_eu, card.bin, 5000.00, 24h, -1 */
  LEXEME_TEXT, /* in double quotes; within them \" and \\ */
  LEXEME_COMMA,
  LEXEME_PERCENT,
  LEXEME_RANGE, /* .. */
  LEXEME_IS,    /* = */
  LEXEME_EQ,    /* == */
  LEXEME_NE,
  LEXEME_LT,
  LEXEME_LE,
  LEXEME_GT,
  LEXEME_GE,
  LEXEME_BRACKET_OPEN, /* [ */
  LEXEME_BRACKET_CLOSE,
  LEXEME_PAREN_OPEN, /* ( */
  LEXEME_PAREN_CLOSE,
  LEXEME_WRONG
};

struct lexeme {
  enum lexeme_kind kind;
  const char *text; /* borrowed from the policy's text; of LEXEME_TEXT what stands between the quotes */
  size_t length;
  const char *expected; /* for LEXEME_WRONG: what would be right there, static; NULL: nothing special */
  uint32_t line, column;
};

struct lexer {
  const char *at, *end;
  uint32_t line, column;
};

struct lexer lexer_over(const char *text, size_t length);
/* The next lexeme; LEXEME_END again and again at the end. LEXEME_WRONG is what no policy holds: a byte, a
 * quoted text that does not end in its line or has another escape than those two. */
struct lexeme lexer_next(struct lexer *lexer);
/* Whether the lexeme is exactly that word. */
bool lexeme_is(const struct lexeme *lexeme, const char *word);
/* Copies a LEXEME_TEXT without its escapes to ret_text, which holds lexeme->length bytes. Returns how many.
 */
size_t lexeme_unescape(const struct lexeme *lexeme, char *ret_text);
