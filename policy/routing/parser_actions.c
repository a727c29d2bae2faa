#include "policy_parser.h"

/* A number with a per cent sign, as thousandths of a per cent. */
static int parse_percent(struct parser *parser, const char *expected, int64_t *ret_thousandths) {
  int64_t thousandths;
  if (parser->next.kind != LEXEME_WORD ||
      !policy_read_number(parser->next.text, parser->next.length, &thousandths) ||
      parser_peek(parser).kind != LEXEME_PERCENT)
    return parser_wrong(parser, expected);
  *ret_thousandths = thousandths;
  return 0;
}

static int parse_weight(struct parser *parser, struct rule *rule) {
  int64_t thousandths;
  if (parser->next.kind == LEXEME_PERCENT)
    return tree_wrong(&parser->tree, parser->last, "the name of a connector before its share, as adyen 90%");
  int result = parse_percent(parser, "a share in per cent, as 90%", &thousandths);
  if (result == 0)
    result = tree_weight(&parser->tree, rule, parser_place(parser), thousandths);
  if (result != 0)
    return result;
  parser_advance(parser);
  parser_advance(parser);
  return 0;
}

static int parse_connectors(struct parser *parser, struct rule *rule) {
  for (;;) {
    if (parser->next.kind != LEXEME_WORD)
      return parser_wrong(parser, "the name of a connector");
    int result =
        tree_candidate(&parser->tree, rule, parser_place(parser), parser->next.text, parser->next.length);
    if (result != 0)
      return result;
    parser_advance(parser);
    if (rule->action.type == POLICY_SPLIT)
      result = parse_weight(parser, rule);
    if (result != 0)
      return result;
    if (parser->next.kind != LEXEME_COMMA)
      return 0;
    parser_advance(parser);
  }
}

/* by customer | by payment */
static int parse_by(struct parser *parser, struct rule *rule) {
  static const char *const words[] = {"customer", "payment", NULL};
  if (!lexeme_is(&parser->next, "by"))
    return 0;
  parser_advance(parser);
  rule->action.by_customer = lexeme_is(&parser->next, words[0]);
  if (!rule->action.by_customer && !lexeme_is(&parser->next, words[1]))
    return parser_misspelt(parser, "customer or payment", words);
  parser_advance(parser);
  return 0;
}

/* where approval >= 85% */
static int parse_where(struct parser *parser, struct rule *rule) {
  int64_t thousandths;
  if (!lexeme_is(&parser->next, "where"))
    return 0;
  parser_advance(parser);
  int result = parser_expect_word(parser, "approval");
  if (result == 0)
    result = parser_expect(parser, LEXEME_GE, ">=");
  if (result == 0)
    result = parse_percent(parser, "an approval rate in per cent, as 85%", &thousandths);
  if (result == 0)
    result = tree_floor(&parser->tree, rule, parser_place(parser), thousandths);
  if (result != 0)
    return result;
  parser_advance(parser);
  parser_advance(parser);
  return 0;
}

/* as advice */
static int parse_advice(struct parser *parser, struct rule *rule) {
  if (!lexeme_is(&parser->next, "as"))
    return 0;
  struct place place = parser_place(parser);
  parser_advance(parser);
  int result = parser_expect_word(parser, "advice");
  return result != 0 ? result : tree_advice(&parser->tree, rule, place);
}

static int parse_option(struct parser *parser, struct rule *rule) {
  struct lexeme name = parser->next;
  struct place place = parser_place(parser);
  struct value value;
  unsigned option;
  if (name.kind != LEXEME_WORD)
    return parser_wrong(parser, policy_expected_option);
  int result = tree_option(&parser->tree, rule, place, name.text, name.length, &option);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parse_value(parser, &value);
  return result != 0 ? result : tree_option_value(&parser->tree, rule, option, &value);
}

static int parse_with(struct parser *parser, struct rule *rule) {
  int result = 0;
  if (!lexeme_is(&parser->next, "with"))
    return 0;
  do {
    parser_advance(parser);
    result = parse_option(parser, rule);
  } while (result == 0 && parser->next.kind == LEXEME_COMMA);
  return result;
}

static int parse_action_word(struct parser *parser, struct rule *rule) {
  static const char *const words[] = {"route", "split", "cheapest", "best", "decline", "and", "or", NULL};
  static const char *const words_otherwise[] = {"route", "split", "cheapest", "best", "decline", NULL};
  enum policy_action_type type =
      parser->next.kind == LEXEME_WORD ? policy_action_named(parser->next.text, parser->next.length) : 0;
  if (type == 0)
    return parser_misspelt(parser,
                           rule->when == NULL ? "route, split, cheapest, best or decline"
                                              : "and, or, route, split, cheapest, best or decline",
                           rule->when == NULL ? words_otherwise : words);
  rule->action.type = type;
  parser_advance(parser);
  if (type == POLICY_CHEAPEST || type == POLICY_BEST)
    return parser_expect_word(parser, "of");
  return 0;
}

int parse_action(struct parser *parser, struct rule *rule) {
  int result = parse_action_word(parser, rule);
  if (result == 0 && rule->action.type == POLICY_DECLINE && lexeme_is(&parser->next, "with"))
    result = parser_wrong(
        parser, "no option, for decline tries no connector, now or later: another rule or otherwise");
  if (result != 0 || rule->action.type == POLICY_DECLINE)
    return result;
  result = parse_connectors(parser, rule);
  struct place place = parser->last;
  if (result == 0 && rule->action.type == POLICY_SPLIT)
    result = parse_by(parser, rule);
  if (result == 0 && rule->action.type == POLICY_CHEAPEST)
    result = parse_where(parser, rule);
  if (result == 0 && rule->action.type == POLICY_BEST)
    result = parse_advice(parser, rule);
  if (result == 0)
    result = tree_action_end(&parser->tree, rule, place);
  return result != 0 ? result : parse_with(parser, rule);
}
