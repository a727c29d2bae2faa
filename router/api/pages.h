/* Lists, page by page: `{"data":[...],"has_more","next"}`, as the ledger stands after the round's commit. */
#pragma once

#include "call.h"
#include "json_out.h"
#include "query_args.h"

/* Begins a list; what is written then is its items. */
void page_open(struct json_out *out);
/* Ends it. next: what the next page starts after; NULL or "": this is the last one. */
void page_close(struct json_out *out, const char *next);
/* The same of a list whose items have numbers; 0: this is the last one. */
void page_close_number(struct json_out *out, uint64_t next);
/* Answers with what was written, or refuses when result is a negated errno. */
void page_answer(struct call *call, int result, struct json_out *out);

/* One kind of list that takes nothing but limit and starting_after. */
struct page_kind {
  int (*parse)(const char *query, struct page_query *ret_page, struct fault *ret_fault);
  /* Writes all of it. Returns 0 or a negated errno. */
  int (*render)(struct json_out *out, const struct call *call, const struct page_query *page);
};

/* A request for it: refused, or answered by then(), which calls page_render(), after the commit. */
void page_ask(struct call *call, const struct page_kind *kind,
              void (*then)(struct call *call, bool committed));
void page_render(struct call *call, const struct page_kind *kind);
