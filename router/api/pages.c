#include "pages.h"

void page_open(struct json_out *out) {
  out_open(out, NULL);
  out_open_list(out, "data");
}

void page_close(struct json_out *out, const char *next) {
  out_close_list(out);
  out_flag(out, "has_more", next != NULL && next[0] != '\0');
  out_text(out, "next", next);
  out_close(out);
}

void page_close_number(struct json_out *out, uint64_t next) {
  out_close_list(out);
  out_flag(out, "has_more", next != 0);
  if (next != 0)
    out_integer(out, "next", (int64_t)next);
  else
    out_null(out, "next");
  out_close(out);
}

void page_answer(struct call *call, int result, struct json_out *out) {
  if (result == 0) {
    call_answer(call, 200, out);
    return;
  }
  out_drop(out);
  call_refuse(call, &fault_storage);
}

void page_ask(struct call *call, const struct page_kind *kind,
              void (*then)(struct call *call, bool committed)) {
  struct page_query page;
  struct fault fault;
  if (kind->parse(call->http->query, &page, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, then);
}

/* The query was found good when the request came; it is read again here. */
void page_render(struct call *call, const struct page_kind *kind) {
  struct page_query page;
  struct fault fault;
  struct json_out out = {0};
  if (kind->parse(call->http->query, &page, &fault) != 0)
    call_refuse(call, &fault);
  else
    page_answer(call, kind->render(&out, call, &page), &out);
}
