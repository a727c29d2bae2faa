/* One answer as the sheet looks at it: its headers, its body, and of a list the entry that is asked for. */
#pragma once

#include "answer.h"
#include "answer_json.h"

struct answer_view {
  const struct sheet *sheet;
  const struct answer_plan *plan;
  const struct http_answer *http;
  const char *key;          /* of a list: whose entry is asked for */
  enum operation operation; /* done, or asked about */
  const char *currency;     /* that amounts count in when the answer names none */
  const json_t *body;       /* NULL when it is no JSON */
  const json_t *item;       /* of a list: the entry, or NULL */
  bool is_list;             /* the answer is a list as the sheet describes it */
};

/* The value of a header, or NULL. Borrowed. */
const char *answer_header_value(const struct http_answer *http, const char *name);
/* Finds the entry of the dispatch's key; sets item and is_list. */
void answer_view_search(struct answer_view *view, const struct list_reading *list);
/* The first rule that fits, or NULL. */
const struct outcome_rule *answer_view_rule(const struct answer_view *view);
/* The text that a reading finds, its options applied; the length, or 0. */
size_t answer_view_read(const struct answer_view *view, const struct reading *reading,
                        char ret_text[JSON_SCALAR_CAPACITY]);
/* Every field of the plan that fits its rule. */
void answer_view_fields(const struct answer_view *view, struct answer_fields *fields);
