/* What the files of the text's parser share. Each function returns 0, POLICY_WRONG or -ENOMEM, as the tree's.
 */
#pragma once

#include "policy_builder.h"
#include "policy_lexer.h"

struct parser {
  struct lexer lexer;
  struct lexeme next;
  struct place last; /* of the lexeme before */
  unsigned depth;    /* of parentheses and `not` around */
  struct tree_builder tree;
};

/* ---- parser.c ---- */

void parser_advance(struct parser *parser);
/* The lexeme after the next one. */
struct lexeme parser_peek(const struct parser *parser);
struct place parser_place(const struct parser *parser);
/* Something else is expected than what comes next. */
MUST_USE int parser_wrong(struct parser *parser, const char *expected);
/* Likewise, where these words were possible; NULL-terminated. */
MUST_USE int parser_misspelt(struct parser *parser, const char *expected, const char *const *words);
MUST_USE int parser_expect_word(struct parser *parser, const char *word);
MUST_USE int parser_expect(struct parser *parser, enum lexeme_kind kind, const char *expected);

/* ---- parser_conditions.c ---- */

MUST_USE int parse_condition(struct parser *parser, struct node **ret_node);
/* "[" members "]" */
MUST_USE int parse_members(struct parser *parser, struct member_list *list);
/* A word, a quoted text, a number, or an amount when a currency follows. */
MUST_USE int parse_value(struct parser *parser, struct value *ret_value);

/* A quoted text. */
MUST_USE int parse_text(struct parser *parser, struct value *ret_value);

/* ---- parser_schedules.c ---- */

MUST_USE int parse_schedule(struct parser *parser);

/* ---- parser_actions.c ---- */

MUST_USE int parse_action(struct parser *parser, struct rule *rule);
