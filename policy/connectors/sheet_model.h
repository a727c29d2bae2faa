/* What a sheet is made of, once read: the form that egress renders and reads by. Everything lies in the
 * sheet's memory and never changes. README.md says what each part is called in YAML. */
#pragma once

#include "fields.h"
#include "money.h"
#include "sheet.h"
#include "sheet_memory.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SHEET_STEPS_MAX = 4,
  SHEET_PIECES_MAX = 8,
  SHEET_CARRIED_MAX = 4,
  SHEET_HEADERS_MAX = 12,
  SHEET_CURRENCIES_MAX = 48,
  SHEET_VALUES_MAX = 32, /* in one condition */
  SHEET_PATH_MAX = 12,   /* parts of a path into an answer */
  SHEET_LIST_PAGES_MAX = 50,
  SHEET_SIGNED_MAX = 8,  /* fields that a webhook's signature is over */
  CREDENTIAL_LIMIT = 512 /* CREDENTIAL_VALUE_CAPACITY of admin.h without its end */
};

/* What a placeholder stands for. */
enum place {
  PLACE_LITERAL,    /* no placeholder: a constant text */
  PLACE_FIELD,      /* a request field; index: enum request_field */
  PLACE_CREDENTIAL, /* a value that the connector brings; index: into credentials */
  PLACE_CARRIED,    /* a value that an earlier step read; index: into carried */
  PLACE_KEY,        /* the attempt's or movement's own key: what the PSP is given as its reference */
  PLACE_STEP_KEY,   /* that key, "_" and the step's number */
  PLACE_AMOUNT,     /* in the PSP's minor units */
  PLACE_CURRENCY,
  PLACE_CURRENCY_LOWER,
  PLACE_WINDOW_FROM, /* of a list by time: some minutes before started_at, Unix seconds */
  PLACE_WINDOW_TO,   /* and some after */
  PLACE_CURSOR,      /* of a list: where the next page begins; absent on the first */
  PLACE_FIRST_NAME,  /* customer_name without its last word; absent when it has but one */
  PLACE_LAST_NAME,   /* its last word */
  PLACE_OPERATION,   /* the operation's name; of a status question, the one asked about. In conditions only */
  PLACE_CARD_NUMBER, /* this and all below: of the card */
  PLACE_CARD_EXP_MONTH, /* 1 to 12 */
  PLACE_CARD_EXP_MONTH_PADDED,
  PLACE_CARD_EXP_YEAR, /* four digits */
  PLACE_CARD_EXP_YEAR_SHORT,
  PLACE_CARD_NAME,
  PLACE_CARD_CODE
};

struct place_ref {
  enum place place;
  uint16_t index;
};

/* One part of a text: a constant, or a placeholder. */
struct piece {
  struct place_ref ref;
  const char *literal; /* of PLACE_LITERAL */
};

struct text_template {
  uint8_t count;
  struct piece *pieces;
};

enum test { TEST_PRESENT, TEST_ABSENT, TEST_ONE_OF };

/* One condition on what the request holds; those of a list hold together. */
struct condition {
  struct place_ref subject;
  enum test test;
  uint8_t count;
  const char **values;
  const struct condition *next;
};

enum node_kind {
  NODE_OBJECT,
  NODE_LIST,
  NODE_TEXT,    /* text */
  NODE_NUMBER,  /* text, whose value is a decimal integer */
  NODE_BOOLEAN, /* text, whose value is true or false */
  NODE_LITERAL, /* text holds true, false or an integer as it stands */
  NODE_MAP,     /* the child named as the subject's value; "$otherwise" for any other, "$absent" for none */
  NODE_FIRST,   /* the first child that comes to something */
  NODE_METADATA /* in an object: the merchant's own entries */
};

/* A field of a request, or a group of them. What comes to nothing (a placeholder without a value, an object
 * without a member, a condition that does not hold) is left out. */
struct node {
  enum node_kind kind;
  unsigned line;
  const char *name; /* in an object or a map */
  const struct condition *when;
  struct text_template text;
  struct place_ref subject; /* of NODE_MAP */
  uint16_t limit;           /* of a text: bytes at most, cut at a character; 0: none */
  bool card;                /* an object declared for a card */
  struct node *child;
  struct node *next;
};

enum body_format { BODY_NONE, BODY_JSON, BODY_FORM };

/* A part of a path into a JSON answer. */
struct path_part {
  const char *key; /* a member by name; or, with value, an element whose member of that name has that value */
  const char *value;
  int32_t index; /* an element by number when key is NULL */
};

struct json_path {
  uint8_t count; /* 0: the whole */
  struct path_part *parts;
};

/* Where a value is read from in an answer. */
enum source { SOURCE_BODY, SOURCE_ITEM, SOURCE_HEADER };

/* One condition on an answer. */
struct answer_condition {
  enum source source;
  struct json_path path; /* of a body or an item */
  const char *header;    /* of a header */
  enum test test;
  uint8_t count;
  const char **values;
  const struct answer_condition *next;
};

enum { HTTP_STATUS_MIN = 100, HTTP_STATUS_MAX = 599 };

struct http_range {
  uint16_t from;
  uint16_t to;
};

enum found { FOUND_EITHER, FOUND_YES, FOUND_NO };

/* A pattern and what it means; the first that fits decides. */
struct outcome_rule {
  unsigned line;
  uint8_t range_count;
  struct http_range *ranges; /* none: any status */
  uint32_t operations;       /* bit per enum operation; 0: any */
  enum found found;          /* of a list: whether the entry asked for is on it */
  const struct answer_condition *conditions;
  bool goes_on;       /* to the next step */
  enum answer answer; /* otherwise */
  bool transient;
  const struct outcome_rule *next;
};

struct value_pair {
  const char *from;
  const char *to;
};

/* A place that a field may be read from; the first that has a value counts. */
struct reading_source {
  enum source source;
  struct json_path path;
  const char *header;
  const struct reading_source *next;
};

struct reading {
  unsigned line;
  enum answer_field field; /* 0: carried to the next step instead */
  uint8_t carried;         /* index */
  bool first_word;         /* only what stands before the first space or colon */
  uint8_t pair_count;
  const struct value_pair *pairs; /* value map; what is not in it stays */
  const struct reading_source *sources;
  const struct reading *next;
};

/* How an answer that is a list is searched for the one entry that is asked for. */
struct list_reading {
  struct json_path items;
  struct json_path match; /* inside an entry: what must equal the dispatch's key */
  bool paged;
  struct json_path more;   /* in the body: true while there are further pages */
  struct json_path cursor; /* inside the last entry: what the next page begins after */
  uint8_t pages;           /* at most; a longer list is not searched to its end and proves nothing */
};

struct answer_plan {
  unsigned line;
  const char *name;
  const struct list_reading *list; /* or NULL */
  const struct outcome_rule *outcomes;
  const struct reading *readings;
  const struct answer_plan *next;
};

struct step {
  unsigned line;
  uint8_t number; /* 1 for the first */
  bool charging;
  const struct condition *when;
  const char *method;
  struct text_template path; /* placeholders are encoded as path segments */
  const struct node *query;  /* an object, or NULL */
  enum body_format format;
  const struct node *body; /* an object, or NULL */
  const struct answer_plan *answer;
  const struct step *next;
};

/* The steps of an operation, or of a question about one. */
struct operation_plan {
  unsigned line;
  const struct step *steps;
};

/* What one event of a webhook says; the first whose name and outcome fit decides. */
struct webhook_rule {
  unsigned line;
  uint8_t name_count;
  const char **names;
  enum operation about;
  struct answer_plan plan; /* outcomes and readings, over the entry */
  const struct webhook_rule *next;
};

/* How webhooks are signed and read. Paths lead into an entry, but for items. */
struct webhook_plan {
  unsigned line;
  struct webhook_signing signing;
  struct json_path signature; /* of WEBHOOK_FIELD_HMAC, as the next two */
  uint8_t signed_count;
  struct json_path signed_paths[SHEET_SIGNED_MAX];
  bool listed;            /* entries lie in a list; else the body is the one entry */
  struct json_path items; /* the list */
  struct json_path item;  /* where in an element of it the entry lies */
  struct json_path event; /* the event's name */
  struct json_path key;   /* the reference that the PSP was given */
  bool timed;
  struct json_path time; /* Unix seconds, or RFC 3339 */
  const struct webhook_rule *rules;
};

struct credential_rule {
  const char *name;
  bool secret;
  bool required;
  enum alphabet alphabet;
  uint16_t limit;
};

struct header_rule {
  const char *name;
  struct text_template value;
};

/* Where a PSP counts a currency otherwise than ISO 4217, or not at all. */
struct currency_rule {
  char code[CURRENCY_CAPACITY];
  int8_t exponent;   /* -1: as ISO 4217 */
  uint16_t multiple; /* the PSP's amount must be one of it; 0: any */
  bool refused;
};

struct sheet {
  struct sheet_memory memory;
  struct sheet_facts facts;
  const char *host;
  const char *base_path; /* "" or "/v71" */
  bool tls13;            /* TLS 1.3 at least; else 1.2 */
  size_t credential_count;
  struct credential_rule credentials[SHEET_CREDENTIALS_MAX];
  size_t header_count;
  struct header_rule headers[SHEET_HEADERS_MAX];
  const char *key_header; /* of the idempotency key, or NULL when it stands in the body */
  size_t currency_count;
  struct currency_rule currencies[SHEET_CURRENCIES_MAX];
  size_t carried_count;
  const char *carried[SHEET_CARRIED_MAX];
  const struct answer_plan *answers;
  struct operation_plan operations[OPERATION_COUNT]; /* steps NULL: not offered */
  struct operation_plan questions[OPERATION_COUNT];  /* by the operation asked about */
  const struct webhook_plan *webhooks;               /* or NULL */
};

/* The rule of a currency, or NULL when it is as ISO 4217 has it. */
const struct currency_rule *sheet_currency(const struct sheet *sheet, const char *code);
/* How many decimals the PSP counts an ISO 4217 currency with; -EINVAL for an unknown or refused one. */
MUST_USE int sheet_exponent(const struct sheet *sheet, const char *code);
/* Whether a placeholder stands for something of the card. */
bool place_is_card(enum place place);
