/* policy    := "otherwise" verdict
 * verdict   := "route" connector { "," connector } */
#include "policy_lexer.h"
#include "policy_tree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
  struct lexer lexer;
  struct lexeme next;
  struct policy_error error;
};

static void advance(struct parser *parser) {
  parser->next = lexer_next(&parser->lexer);
}

static int wrong(struct parser *parser, const char *expected) {
  parser->error =
      (struct policy_error){.line = parser->next.line, .column = parser->next.column, .expected = expected};
  return POLICY_WRONG;
}

static int expect_word(struct parser *parser, const char *word, const char *expected) {
  if (!lexeme_is(&parser->next, word))
    return wrong(parser, expected);
  advance(parser);
  return 0;
}

static bool verdict_names(const struct policy_verdict *verdict, const struct lexeme *word) {
  for (unsigned i = 0; i < verdict->count; i++)
    if (lexeme_is(word, verdict->candidates[i].name))
      return true;
  return false;
}

static int parse_connector(struct parser *parser, struct policy_verdict *verdict) {
  const struct lexeme *word = &parser->next;
  if (word->kind != LEXEME_WORD || lexeme_is_reserved(word))
    return wrong(parser, "the name of a connector");
  if (word->length >= POLICY_NAME_CAPACITY)
    return wrong(parser, "the name of a connector, at most 32 characters");
  if (verdict_names(verdict, word))
    return wrong(parser, "a connector that the list does not hold yet");
  if (verdict->count == POLICY_CANDIDATES_MAX)
    return wrong(parser, "at most 16 connectors");
  struct policy_candidate *candidate = &verdict->candidates[verdict->count++];
  memcpy(candidate->name, word->text, word->length);
  candidate->line = word->line;
  candidate->column = word->column;
  advance(parser);
  return 0;
}

static int parse_route(struct parser *parser, struct policy_verdict *verdict) {
  int result = expect_word(parser, "route", "route");
  if (result != 0)
    return result;
  verdict->action = POLICY_ROUTE;
  for (;;) {
    result = parse_connector(parser, verdict);
    if (result != 0)
      return result;
    if (parser->next.kind != LEXEME_COMMA)
      return 0;
    advance(parser);
  }
}

static int parse_text(struct parser *parser, struct policy *policy) {
  advance(parser);
  int result = expect_word(parser, "otherwise", "otherwise");
  if (result == 0)
    result = parse_route(parser, &policy->otherwise);
  if (result == 0 && parser->next.kind != LEXEME_END)
    result = wrong(parser, "a comma or the end of the policy");
  return result;
}

int policy_parse(const char *text, size_t length, struct policy **ret_policy,
                 struct policy_error *ret_error) {
  struct parser parser = {.lexer = lexer_over(text, length), .next = {.line = 1, .column = 1}};
  if (length > POLICY_TEXT_MAX) {
    wrong(&parser, "at most 65536 bytes");
    *ret_error = parser.error;
    return POLICY_WRONG;
  }
  struct policy *policy = calloc(1, sizeof *policy);
  if (policy == NULL)
    return -ENOMEM;
  if (parse_text(&parser, policy) != 0) {
    *ret_error = parser.error;
    free(policy);
    return POLICY_WRONG;
  }
  *ret_policy = policy;
  return 0;
}

void policy_free(struct policy *policy) {
  free(policy);
}
