/* schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin" */
#include "policy_parser.h"
#include <string.h>

static int parse_number(struct parser *parser, const char *expected, int64_t *ret_thousandths) {
  if (parser->next.kind != LEXEME_WORD ||
      !policy_read_number(parser->next.text, parser->next.length, ret_thousandths))
    return parser_wrong(parser, expected);
  return 0;
}

/* A word that may stand in the singular. */
static int expect_noun(struct parser *parser, const char *plural, const char *singular) {
  const char *const words[] = {plural, singular, NULL};
  if (!lexeme_is(&parser->next, plural) && !lexeme_is(&parser->next, singular))
    return parser_misspelt(parser, plural, words);
  parser_advance(parser);
  return 0;
}

/* 4 tries */
static int parse_tries(struct parser *parser, struct policy_schedule *schedule) {
  int64_t thousandths;
  int result = parse_number(parser, "a number of later tries, as in 4 tries within 21 days", &thousandths);
  if (result == 0)
    result = tree_schedule_tries(&parser->tree, schedule, parser_place(parser), thousandths);
  if (result != 0)
    return result;
  parser_advance(parser);
  return expect_noun(parser, "tries", "try");
}

/* within 21 days */
static int parse_within(struct parser *parser, struct policy_schedule *schedule) {
  int64_t thousandths;
  int result = parser_expect_word(parser, "within");
  if (result == 0)
    result = parse_number(parser, "a number of days, as in within 21 days", &thousandths);
  if (result == 0)
    result = tree_schedule_within(&parser->tree, schedule, parser_place(parser), thousandths);
  if (result != 0)
    return result;
  parser_advance(parser);
  return expect_noun(parser, "days", "day");
}

static int parse_day(struct parser *parser, uint8_t *ret_day) {
  int64_t thousandths;
  int result = parse_number(parser, policy_expected_day, &thousandths);
  if (result == 0)
    result = tree_schedule_day(&parser->tree, parser_place(parser), thousandths, ret_day);
  if (result == 0)
    parser_advance(parser);
  return result;
}

/* 15, or 1..5 */
static int parse_day_range(struct parser *parser, struct policy_schedule *schedule) {
  uint8_t first = 0, last;
  int result = parse_day(parser, &first);
  last = first;
  struct place place = parser->last;
  if (result == 0 && parser->next.kind == LEXEME_RANGE) {
    parser_advance(parser);
    place = parser_place(parser);
    result = parse_day(parser, &last);
  }
  return result != 0 ? result : tree_schedule_days(&parser->tree, schedule, place, first, last);
}

/* on [1 15 28] */
static int parse_days(struct parser *parser, struct policy_schedule *schedule) {
  parser_advance(parser);
  int result = parser_expect(parser, LEXEME_BRACKET_OPEN, "[ and days of the month, as [1 15 28]");
  while (result == 0) {
    result = parse_day_range(parser, schedule);
    if (result != 0 || parser->next.kind == LEXEME_BRACKET_CLOSE)
      break;
    if (parser->next.kind == LEXEME_COMMA)
      parser_advance(parser);
    else if (parser->next.kind != LEXEME_WORD)
      result = parser_wrong(parser, "another day or ]");
  }
  if (result == 0)
    parser_advance(parser);
  return result;
}

static int parse_hour(struct parser *parser, uint8_t *ret_hour) {
  int64_t thousandths;
  int result =
      parse_number(parser, "whole hours of the day with two dots between them, as 6..9", &thousandths);
  if (result == 0)
    result = tree_schedule_hour(&parser->tree, parser_place(parser), thousandths, ret_hour);
  if (result == 0)
    parser_advance(parser);
  return result;
}

/* at 6..9 */
static int parse_hours(struct parser *parser, struct policy_schedule *schedule) {
  parser_advance(parser);
  int result = parse_hour(parser, &schedule->hour_from);
  if (result == 0)
    result = parser_expect(parser, LEXEME_RANGE, "two dots and the last hour, as in 6..9");
  return result != 0 ? result : parse_hour(parser, &schedule->hour_to);
}

/* in "Europe/Berlin" */
static int parse_zone(struct parser *parser, struct policy_schedule *schedule) {
  struct value zone;
  parser_advance(parser);
  struct place place = parser_place(parser);
  if (parser->next.kind != LEXEME_TEXT)
    return parser_wrong(parser, "a time zone in quotes, as \"Europe/Berlin\"");
  int result = parse_text(parser, &zone);
  if (result == 0)
    result = tree_schedule_zone(&parser->tree, schedule, place, zone.text, strlen(zone.text));
  if (result == 0)
    parser_advance(parser);
  return result;
}

static int parse_times(struct parser *parser, struct policy_schedule *schedule) {
  bool days = lexeme_is(&parser->next, "on");
  int result = days ? parse_days(parser, schedule) : 0;
  bool hours = result == 0 && lexeme_is(&parser->next, "at");
  if (hours)
    result = parse_hours(parser, schedule);
  if (result == 0 && hours && lexeme_is(&parser->next, "on"))
    result = parser_wrong(parser, "the days before the hours, as on [1 15] at 6..9");
  struct place place = parser_place(parser);
  if (result == 0 && lexeme_is(&parser->next, "in"))
    result = parse_zone(parser, schedule);
  return result != 0 ? result : tree_schedule_end(&parser->tree, schedule, place, days || hours);
}

int parse_schedule(struct parser *parser) {
  struct policy_schedule *schedule;
  parser_advance(parser);
  if (parser->next.kind != LEXEME_WORD)
    return parser_wrong(parser, "a name for the schedule");
  int result =
      tree_schedule(&parser->tree, parser_place(parser), parser->next.text, parser->next.length, &schedule);
  if (result != 0)
    return result;
  parser_advance(parser);
  result = parser_expect(parser, LEXEME_IS, "=");
  if (result == 0)
    result = parse_tries(parser, schedule);
  if (result == 0)
    result = parse_within(parser, schedule);
  return result != 0 ? result : parse_times(parser, schedule);
}
