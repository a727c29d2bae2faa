#include "policy_parser.h"
#include <string.h>

/* ---- Values ---- */

static bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

static bool is_number(const struct lexeme *lexeme) {
  return lexeme->kind == LEXEME_WORD && (is_digit(lexeme->text[0]) || lexeme->text[0] == '-');
}

/* Three letters in upper case: after a number, a currency. AND is none, and no word of the language either.
 */
static bool is_currency(const struct lexeme *lexeme) {
  enum { CODE_LENGTH = 3 };
  if (lexeme->kind != LEXEME_WORD || lexeme->length != CODE_LENGTH || lexeme_is(lexeme, "AND"))
    return false;
  for (size_t i = 0; i < CODE_LENGTH; i++)
    if (lexeme->text[i] < 'A' || lexeme->text[i] > 'Z')
      return false;
  return true;
}

int parse_text(struct parser *parser, struct value *ret_value) {
  char text[2 * POLICY_VALUE_MAX]; /* half of what stands there may be escapes */
  if (parser->next.length > sizeof text)
    return parser_wrong(parser, "a text of at most 500 bytes");
  size_t length = lexeme_unescape(&parser->next, text);
  return tree_text(&parser->tree, parser_place(parser), text, length, ret_value);
}

static int parse_word(struct parser *parser, struct value *ret_value) {
  struct lexeme word = parser->next, after = parser_peek(parser);
  struct place place = parser_place(parser);
  if (!is_number(&word) || !is_currency(&after))
    return tree_word(&parser->tree, place, word.text, word.length, ret_value);
  parser_advance(parser);
  return tree_amount(&parser->tree, place, word.text, word.length, after.text, after.length, ret_value);
}

int parse_value(struct parser *parser, struct value *ret_value) {
  int result;
  if (parser->next.kind == LEXEME_TEXT)
    result = parse_text(parser, ret_value);
  else if (parser->next.kind == LEXEME_WORD)
    result = parse_word(parser, ret_value);
  else
    return parser_wrong(parser, "a value");
  if (result == 0)
    parser_advance(parser);
  return result;
}

static int parse_member(struct parser *parser, struct member_list *list) {
  struct value low, high;
  int result = parse_value(parser, &low);
  if (result != 0 || parser->next.kind != LEXEME_RANGE)
    return result != 0 ? result : tree_add_member(&parser->tree, list, &low, NULL);
  parser_advance(parser);
  result = parse_value(parser, &high);
  return result != 0 ? result : tree_add_member(&parser->tree, list, &low, &high);
}

/* A range without brackets around it. */
static int parse_range(struct parser *parser, struct place place, const char *expected,
                       struct member_list *list) {
  int result = parse_member(parser, list);
  if (result == 0 && !list->members[0].is_range)
    result = tree_wrong(&parser->tree, place, expected);
  return result;
}

int parse_members(struct parser *parser, struct member_list *list) {
  int result = parser_expect(parser, LEXEME_BRACKET_OPEN, "[ and members, as [AT DE]");
  while (result == 0) {
    result = parse_member(parser, list);
    if (result != 0 || parser->next.kind == LEXEME_BRACKET_CLOSE)
      break;
    if (parser->next.kind == LEXEME_COMMA)
      parser_advance(parser);
    else if (parser->next.kind != LEXEME_WORD && parser->next.kind != LEXEME_TEXT)
      result = parser_wrong(parser, "another member or ]");
  }
  if (result == 0)
    parser_advance(parser);
  return result;
}

/* ---- Comparisons ---- */

static int parse_argument(struct parser *parser, struct fact_name *fact) {
  enum fact_argument argument = policy_fact_rule(fact->fact)->argument;
  struct value zone;
  if (argument != ARGUMENT_ZONE && argument != ARGUMENT_WINDOW)
    return 0;
  bool window = argument == ARGUMENT_WINDOW;
  int result =
      parser_expect(parser, LEXEME_PAREN_OPEN,
                    window ? "( and a window, as (24h)" : "( and a time zone, as (\"Europe/Berlin\")");
  struct place place = parser_place(parser);
  if (result == 0 && parser->next.kind != (window ? LEXEME_WORD : LEXEME_TEXT))
    result =
        parser_wrong(parser, window ? "a window, as 24h" : "a time zone in quotes, as \"Europe/Berlin\"");
  if (result == 0 && window)
    result = tree_window(&parser->tree, place, parser->next.text, parser->next.length, fact);
  if (result == 0 && !window)
    result = parse_text(parser, &zone);
  if (result == 0 && !window)
    result = tree_zone(&parser->tree, place, zone.text, strlen(zone.text), fact);
  if (result != 0)
    return result;
  parser_advance(parser);
  return parser_expect(parser, LEXEME_PAREN_CLOSE, ")");
}

static enum comparison sign_of(const struct lexeme *lexeme) {
  switch (lexeme->kind) {
  case LEXEME_EQ:
    return COMPARE_EQ;
  case LEXEME_NE:
    return COMPARE_NE;
  case LEXEME_LT:
    return COMPARE_LT;
  case LEXEME_LE:
    return COMPARE_LE;
  case LEXEME_GT:
    return COMPARE_GT;
  case LEXEME_GE:
    return COMPARE_GE;
  default:
    return lexeme_is(lexeme, "in") ? COMPARE_IN : 0;
  }
}

/* Whether a range without brackets comes: a number, or a word with .. behind it. */
static bool range_follows(const struct parser *parser) {
  struct lexeme after = parser_peek(parser);
  return is_number(&parser->next) || after.kind == LEXEME_RANGE;
}

static int parse_in(struct parser *parser, struct place place, const struct fact_name *fact,
                    struct place sign_place, struct node **ret_node) {
  static const char expected[] = "a list in [ ], the name of a set or a range";
  struct member_list members = {0};
  struct place after = parser_place(parser);
  int result;
  if (parser->next.kind == LEXEME_WORD && !range_follows(parser)) {
    struct lexeme set = parser->next;
    result = tree_in_set(&parser->tree, place, fact, parser_place(parser), set.text, set.length, ret_node);
    if (result == 0)
      parser_advance(parser);
    return result;
  }
  if (parser->next.kind == LEXEME_BRACKET_OPEN)
    result = parse_members(parser, &members);
  else if (parser->next.kind == LEXEME_WORD)
    result = parse_range(parser, after, expected, &members);
  else
    return parser_wrong(parser, expected);
  return result != 0
             ? result
             : tree_comparison(&parser->tree, place, fact, COMPARE_IN, sign_place, &members, ret_node);
}

static int wrong_sign(struct parser *parser) {
  static const char expected[] = "== , != , < , <= , > , >= or in";
  static const char *const words[] = {"in", NULL};
  struct guess equal = {.best = "=="};
  if (parser->next.kind == LEXEME_IS)
    return tree_misspelt(&parser->tree, parser_place(parser), expected, &equal);
  if (lexeme_is(&parser->next, "not"))
    return parser_wrong(parser, "not before the fact, as in not card.country in eea");
  return parser_misspelt(parser, expected, words);
}

/* A whole number of a card, or more of it than is compared: how much of it is wanted. */
static int wrong_value(struct parser *parser, const struct fact_name *fact, int result) {
  const struct lexeme *next = &parser->next;
  size_t digits = 0;
  while (result == POLICY_WRONG && digits < next->length && is_digit(next->text[digits]))
    digits++;
  bool too_long = digits > BIN_DIGITS_MAX && digits == next->length;
  return too_long && fact->fact == FACT_CARD_BIN
             ? parser_wrong(parser, policy_fact_rule(fact->fact)->expected)
             : result;
}

static int parse_comparison(struct parser *parser, struct node **ret_node) {
  struct member_list members = {0};
  struct fact_name fact;
  struct value value;
  struct place place = parser_place(parser), sign_place;
  if (parser->next.kind != LEXEME_WORD)
    return parser_wrong(parser, "a fact, not or (");
  int result = tree_fact(&parser->tree, place, parser->next.text, parser->next.length, &fact);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parse_argument(parser, &fact);
  if (result != 0)
    return result;
  sign_place = parser_place(parser);
  enum comparison comparison = sign_of(&parser->next);
  if (comparison == 0)
    return wrong_sign(parser);
  parser_advance(parser);
  if (comparison == COMPARE_IN)
    return wrong_value(parser, &fact, parse_in(parser, place, &fact, sign_place, ret_node));
  result = wrong_value(parser, &fact, parse_value(parser, &value));
  if (result == 0)
    result = tree_add_member(&parser->tree, &members, &value, NULL);
  return result != 0
             ? result
             : tree_comparison(&parser->tree, place, &fact, comparison, sign_place, &members, ret_node);
}

/* ---- Conditions ---- */

static int parse_not(struct parser *parser, struct node **ret_node);

static int parse_nested(struct parser *parser, struct node **ret_node) {
  struct place place = parser_place(parser);
  bool negated = lexeme_is(&parser->next, "not");
  struct node *child;
  if (parser->depth == POLICY_DEPTH_MAX)
    return parser_wrong(parser, "a condition nested at most 32 deep");
  parser->depth++;
  parser_advance(parser);
  int result = negated ? parse_not(parser, &child) : parse_condition(parser, &child);
  if (result == 0 && !negated)
    result = parser_expect(parser, LEXEME_PAREN_CLOSE, "and, or, or )");
  parser->depth--;
  if (result != 0)
    return result;
  if (negated)
    return tree_not(&parser->tree, place, child, ret_node);
  *ret_node = child;
  return 0;
}

static int parse_not(struct parser *parser, struct node **ret_node) {
  if (lexeme_is(&parser->next, "not") || parser->next.kind == LEXEME_PAREN_OPEN)
    return parse_nested(parser, ret_node);
  return parse_comparison(parser, ret_node);
}

/* Operands with a word between them. */
static int parse_junction(struct parser *parser, enum node_type type, const char *word,
                          int (*parse_operand)(struct parser *, struct node **), struct node **ret_node) {
  struct node_list operands = {0};
  int result;
  for (;;) {
    struct node *operand;
    result = parse_operand(parser, &operand);
    if (result == 0)
      result = tree_add_node(&parser->tree, &operands, operand);
    if (result != 0 || !lexeme_is(&parser->next, word))
      break;
    parser_advance(parser);
  }
  return result != 0 ? result : tree_junction(&parser->tree, type, &operands, ret_node);
}

static int parse_and(struct parser *parser, struct node **ret_node) {
  return parse_junction(parser, NODE_AND, "and", parse_not, ret_node);
}

int parse_condition(struct parser *parser, struct node **ret_node) {
  return parse_junction(parser, NODE_OR, "or", parse_and, ret_node);
}
