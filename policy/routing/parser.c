/* A policy's statements; conditions and actions have files of their own. The grammar stands in policy_tree.h.
 */
#include "policy_parser.h"
#include <string.h>

void parser_advance(struct parser *parser) {
  parser->last = parser_place(parser);
  parser->next = lexer_next(&parser->lexer);
}

struct lexeme parser_peek(const struct parser *parser) {
  struct lexer lexer = parser->lexer;
  return lexer_next(&lexer);
}

struct place parser_place(const struct parser *parser) {
  return (struct place){parser->next.line, parser->next.column};
}

int parser_wrong(struct parser *parser, const char *expected) {
  bool lexical = parser->next.kind == LEXEME_WRONG && parser->next.expected != NULL;
  return tree_wrong(&parser->tree, parser_place(parser), lexical ? parser->next.expected : expected);
}

int parser_misspelt(struct parser *parser, const char *expected, const char *const *words) {
  if (parser->next.kind != LEXEME_WORD)
    return parser_wrong(parser, expected);
  struct guess guess = guess_for(parser->next.text, parser->next.length);
  guess_try_all(&guess, words);
  return tree_misspelt(&parser->tree, parser_place(parser), expected, &guess);
}

int parser_expect_word(struct parser *parser, const char *word) {
  const char *const words[] = {word, NULL};
  if (!lexeme_is(&parser->next, word))
    return parser_misspelt(parser, word, words);
  parser_advance(parser);
  return 0;
}

int parser_expect(struct parser *parser, enum lexeme_kind kind, const char *expected) {
  if (parser->next.kind != kind)
    return parser_wrong(parser, expected);
  parser_advance(parser);
  return 0;
}

static int parse_set(struct parser *parser) {
  static const char expected_name[] = "a name for the set";
  struct member_list members = {0};
  parser_advance(parser);
  if (parser->next.kind != LEXEME_WORD)
    return parser_wrong(parser, expected_name);
  int result = tree_set(&parser->tree, parser_place(parser), parser->next.text, parser->next.length);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parser_expect(parser, LEXEME_IS, "=");
  if (result == 0)
    result = parse_members(parser, &members);
  return result != 0 ? result : tree_set_end(&parser->tree, parser->last, &members);
}

static int parse_rule(struct parser *parser) {
  struct rule *rule;
  parser_advance(parser);
  if (parser->next.kind != LEXEME_WORD)
    return parser_wrong(parser, "a name for the rule");
  int result = tree_rule(&parser->tree, parser_place(parser), parser->next.text, parser->next.length, &rule);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parser_expect_word(parser, "when");
  if (result == 0)
    result = parse_condition(parser, &rule->when);
  return result != 0 ? result : parse_action(parser, rule);
}

static bool is_definition(const struct parser *parser) {
  return lexeme_is(&parser->next, "set") || lexeme_is(&parser->next, "schedule");
}

static bool is_semicolon(const struct parser *parser) {
  const struct lexeme *next = &parser->next;
  return next->kind == LEXEME_WRONG && next->length == 1 && next->text[0] == ';';
}

/* What may come behind an action besides another statement. */
static const char *expected_after(const struct rule *rule, const char *plain, const char *with,
                                  const char *decline) {
  if (rule->action.type == POLICY_DECLINE)
    return decline;
  return policy_has_options(&rule->action.options) ? with : plain;
}

static int wrong_end(struct parser *parser, const struct rule *rule) {
  static const char *const words[] = {"with", NULL};
  if (is_semicolon(parser) || lexeme_is(&parser->next, "rule") || is_definition(parser))
    return parser_wrong(parser, "the end of the policy, for otherwise is its last statement");
  return parser_misspelt(parser,
                         expected_after(rule, "a comma, with or the end of the policy",
                                        "a comma and another option or the end of the policy",
                                        "the end of the policy"),
                         words);
}

static int parse_otherwise(struct parser *parser) {
  struct rule *rule;
  int result = tree_otherwise(&parser->tree, parser_place(parser), &rule);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parse_action(parser, rule);
  if (result == 0 && parser->next.kind != LEXEME_END)
    result = wrong_end(parser, rule);
  return result;
}

static int parse_definitions(struct parser *parser) {
  int result = 0;
  while (result == 0 && is_definition(parser))
    result = lexeme_is(&parser->next, "set") ? parse_set(parser) : parse_schedule(parser);
  return result;
}

/* What stands where a statement begins is none, or none that may stand here. */
static int wrong_statement(struct parser *parser) {
  static const char *const words[] = {"rule", "otherwise", "set", "schedule", NULL};
  static const char *const words_later[] = {"rule", "otherwise", "with", NULL};
  const struct policy *policy = parser->tree.policy;
  if (policy->rule_count == 0)
    return parser_misspelt(parser, "a set, a schedule, a rule or otherwise", words);
  if (is_definition(parser))
    return parser_wrong(parser, "a rule or otherwise, for sets and schedules come before the rules");
  if (parser->next.kind == LEXEME_END)
    return parser_wrong(parser, "otherwise and what to do with payments that no rule matches");
  if (is_semicolon(parser))
    return parser_wrong(parser, "no semicolon: a statement ends where the next begins");
  return parser_misspelt(
      parser,
      expected_after(&policy->rules[policy->rule_count - 1], "a comma, with, a rule or otherwise",
                     "a comma and another option, a rule or otherwise", "a rule or otherwise"),
      words_later);
}

static int parse_statements(struct parser *parser) {
  int result = parse_definitions(parser);
  while (result == 0 && lexeme_is(&parser->next, "rule"))
    result = parse_rule(parser);
  if (result != 0)
    return result;
  return lexeme_is(&parser->next, "otherwise") ? parse_otherwise(parser) : wrong_statement(parser);
}

int policy_parse(const char *text, size_t length, struct policy **ret_policy,
                 struct policy_error *ret_error) {
  struct parser parser = {.lexer = lexer_over(text, length), .next = {.line = 1, .column = 1}};
  int result = tree_begin(length, &parser.tree);
  if (result != 0)
    return result;
  if (length > POLICY_TEXT_MAX) {
    result = parser_wrong(&parser, "at most 2097152 bytes");
  } else {
    parser_advance(&parser);
    result = parse_statements(&parser);
  }
  parser.tree.reached = parser_place(&parser);
  return tree_end(&parser.tree, result, ret_policy, ret_error);
}
