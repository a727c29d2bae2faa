/* What the files that read a policy from JSON share. Each function returns 0, POLICY_WRONG or -ENOMEM, as the
 * tree's. Errors name the path, never a value. */
#pragma once

#include "policy_builder.h"
#include <jansson.h>

enum { JSON_PATH_CAPACITY = 512 };

struct json_reader {
  struct tree_builder tree;
  char path[JSON_PATH_CAPACITY]; /* of what is being read: rules[3].when.and[0] */
  size_t path_length;
  unsigned depth; /* of conditions within each other */
};

/* ---- json_reader.c ---- */

/* Goes on to a member of the object, or an element of the list, being read: the path grows. Returns what
 * json_leave() takes. What no longer fits the path is left off it. */
size_t json_enter(struct json_reader *reader, const char *member);
size_t json_enter_element(struct json_reader *reader, size_t index);
void json_leave(struct json_reader *reader, size_t before);
/* What is being read is wrong. */
MUST_USE int json_wrong(struct json_reader *reader, const char *expected);
/* It must be an object with members of these names only; NULL-terminated. */
MUST_USE int json_only(struct json_reader *reader, const json_t *object, const char *const *members);
/* The text of a member that must be there. */
MUST_USE int json_text_of(struct json_reader *reader, const json_t *object, const char *member,
                          const char **ret_text);
/* Calls read for each element of a list, which must be one, with context. */
MUST_USE int json_each(struct json_reader *reader, const json_t *object, const char *member,
                       int (*read)(struct json_reader *, const json_t *, void *), void *context);

/* ---- json_conditions.c ---- */

MUST_USE int json_read_number(struct json_reader *reader, const json_t *number, int64_t *ret_thousandths);
MUST_USE int json_read_value(struct json_reader *reader, const json_t *json, struct value *ret_value);
/* context: a struct member_list. */
MUST_USE int json_read_member(struct json_reader *reader, const json_t *json, void *context);
MUST_USE int json_read_condition(struct json_reader *reader, const json_t *json, struct node **ret_node);

/* ---- json_actions.c ---- */

MUST_USE int json_read_action(struct json_reader *reader, const json_t *json, struct rule *rule);

/* ---- json_schedules.c ---- */

extern const char *const json_schedule_members[]; /* NULL-terminated */
/* All of a schedule but its name. */
MUST_USE int json_read_schedule(struct json_reader *reader, const json_t *json,
                                struct policy_schedule *schedule);
