#include "events_render.h"
#include "pages.h"
#include "query_args.h"
#include "resources.h"
#include <errno.h>
#include <string.h>

static struct event_renderer renderer_of(const struct call *call) {
  return (struct event_renderer){.ledger = call->api->options.ledger,
                                 .key = event_key_of(call->api->options.ledger),
                                 .livemode = call->from.livemode};
}

struct page {
  struct event_renderer renderer;
  struct json_out out;
  int result;
};

static void render_one(void *context, const struct entry_events *events, unsigned index) {
  struct page *page = context;
  if (page->result == 0)
    page->result = render_event(&page->renderer, &page->out, events, index);
}

static const struct fault fault_after = {.status = 422,
                                         .code = "invalid_field",
                                         .detail = "There is no such event to start after.",
                                         .param = "starting_after"};

/* Where the page begins. An event of another merchant's is none. Returns whether there is such a place. */
static bool find_start(const struct page *page, const struct call *call, const struct id *after,
                       struct event_place *ret_place) {
  struct entry_events events;
  struct event_place place = {0};
  int64_t at_ms;
  if (after->text[0] == '\0') {
    *ret_place = place;
    return true;
  }
  if (event_id_read(&page->renderer.key, after, &place, &at_ms) != 0)
    return false;
  *ret_place = place;
  if (place.type == EVENT_NONE)
    return true;
  if (events_at(page->renderer.ledger, place.sequence, &events, NULL) != 0)
    return false;
  bool found = id_equal(&events.merchant, &call->from.merchant) && events.at_ms == at_ms &&
               events_find(&events, place.type, place.subject) >= 0;
  events_free(&events);
  return found;
}

static int render_page(struct page *page, const struct call *call, const struct events_query *query,
                       const struct event_place *start) {
  struct event_filter filter = {.types = query->types,
                                .created_from_ms = query->created_from_ms,
                                .created_to_ms = query->created_to_ms};
  struct event_place next;
  int64_t next_ms;
  bool more;
  page_open(&page->out);
  int result = events_list(page->renderer.ledger, &call->from.merchant, &filter, start, query->page.limit,
                           render_one, page, &more, &next, &next_ms);
  if (result != 0 || page->result != 0)
    return result != 0 ? result : page->result;
  struct id id = more ? event_id_of(&page->renderer.key, &next, next_ms) : (struct id){0};
  page_close(&page->out, id.text);
  return 0;
}

/* The query was found good when the request came; it is read again here, after the commit. */
static void list_now(struct call *call, bool committed) {
  struct page page = {.renderer = renderer_of(call)};
  struct events_query query;
  struct event_place start;
  struct fault fault;
  (void)committed;
  if (parse_events_query(call->http->query, &query, &fault) != 0) {
    call_refuse(call, &fault);
  } else if (!find_start(&page, call, &query.page.after, &start)) {
    call_refuse(call, &fault_after);
  } else {
    page_answer(call, render_page(&page, call, &query, &start), &page.out);
  }
}

void events_list_read(struct call *call, const char *segment) {
  struct events_query query;
  struct fault fault;
  (void)segment;
  if (parse_events_query(call->http->query, &query, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, list_now);
}

/* Returns 0 with the event written; LEDGER_ABSENT; or a negated errno. */
static int render_single(struct page *page, const struct call *call) {
  struct entry_events events;
  struct event_place place;
  int64_t at_ms;
  if (event_id_read(&page->renderer.key, &call->object, &place, &at_ms) != 0)
    return LEDGER_ABSENT;
  int result = events_at(page->renderer.ledger, place.sequence, &events, NULL);
  if (result != 0)
    return result;
  int index = events_find(&events, place.type, place.subject);
  if (index < 0 || events.at_ms != at_ms || !id_equal(&events.merchant, &call->from.merchant))
    result = LEDGER_ABSENT;
  else
    result = render_event(&page->renderer, &page->out, &events, (unsigned)index);
  events_free(&events);
  return result;
}

static void read_now(struct call *call, bool committed) {
  struct page page = {.renderer = renderer_of(call)};
  (void)committed;
  int result = render_single(&page, call);
  if (result == 0) {
    call_answer(call, 200, &page.out);
    return;
  }
  out_drop(&page.out);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    call_refuse(call, &fault_storage);
}

void events_read(struct call *call, const char *segment) {
  if (id_parse("evt", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  strcpy(call->object.text, segment);
  call_wait_round(call, read_now);
}
