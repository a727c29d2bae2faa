/* Strict reading of JSON bodies by tables: what a body may hold is a list of rules, and everything else is a
 * fault with the path of the field, never its value. */
#pragma once

#include "fault.h"
#include "fields.h"
#include "json_guard.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  BODY_MAX = 65536,            /* bytes of a request's body */
  BODY_DEPTH_MAX = 8,          /* objects and arrays within each other */
  LONG_BODY_MAX = 1024 * 1024, /* of a body that holds a policy */
  LONG_BODY_DEPTH_MAX = 80
};

struct json_intake;
struct json_rule;

/* Takes one value into target by its rule; on a fault calls json_refuse(). */
typedef void json_taker(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                        void *target);

/* One member of an object. Only what its taker reads need be set. */
struct json_rule {
  const char *name; /* NULL ends a table */
  json_taker *take;
  bool required;
  size_t offset;              /* of what it fills in within the target */
  int64_t low, high;          /* of an integer; high is also the most bytes of a text, or entries of a list */
  const char *prefix;         /* of an id */
  const char *const *choices; /* of a word, NULL-terminated: its place in the list is stored as an int */
  enum alphabet alphabet;     /* of a text */
  enum request_field field;   /* of a request field */
  const struct json_rule *members; /* of an object */
};

struct json_intake {
  struct fault fault;        /* the first one found */
  char path[PARAM_CAPACITY]; /* of what is being read */
  bool ranges_only;          /* numbers were read as reals, to find the one that is out of range */
};

/* Parses length bytes (may be none when empty_allowed: then as "{}") and takes the object by rules into
 * target. Returns 0; or 1 with *ret_fault: 400 invalid_json (no JSON, a key twice, too deep, not an object),
 * 413, or 422 invalid_field, missing_field, unknown_field with param. target is then in no defined state. */
MUST_USE int json_take_body(const void *bytes, size_t length, bool empty_allowed,
                            const struct json_rule *rules, void *target, struct fault *ret_fault);
/* The same for a body of LONG_BODY_MAX bytes and LONG_BODY_DEPTH_MAX. */
MUST_USE int json_take_long_body(const void *bytes, size_t length, const struct json_rule *rules,
                                 void *target, struct fault *ret_fault);

/* Notes a fault at the intake's present path, if it is the first. */
void json_refuse(struct json_intake *intake, const char *code, const char *detail);
/* The same at a member of the object being read. */
void json_refuse_member(struct json_intake *intake, const char *name, const char *code, const char *detail);
/* Takes every member of an object by rules. */
void json_take_members(struct json_intake *intake, const json_t *value, const struct json_rule *rules,
                       void *target);

/* Whether a text of the merchant's holds no card number; refuses it when it does. */
bool json_no_card(struct json_intake *intake, const char *text);

/* Takers. At rule->offset stands: int64_t; bool; an int (place in choices); struct id; a char array of high +
 * 1; struct request_fields. */
json_taker json_take_integer;
json_taker json_take_bool;
json_taker json_take_word;
json_taker json_take_id;
json_taker json_take_text;
/* An object whose members go into the same target. */
json_taker json_take_object;
/* A text, an integer (rule->low to rule->high) or a boolean into the request field, in its textual form. */
json_taker json_take_field_text;
json_taker json_take_field_integer;
json_taker json_take_field_bool;
/* One of rule->choices into the request field. */
json_taker json_take_field_word;
