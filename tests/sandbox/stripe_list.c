/* What became of a request: lists by time, which are complete, and the search, which lags. */
#include "stripe.h"
#include <string.h>

enum { PAGE_DEFAULT = 10, PAGE_MAX = 100 };

struct page {
  int64_t limit, created_gte, created_lte; /* seconds */
  const char *starting_after;
};

static bool read_page(struct exchange *exchange, struct page *ret_page) {
  const struct form *form = &exchange->form;
  const char *limit = form_get(form, "limit"), *gte = form_get(form, "created[gte]");
  const char *lte = form_get(form, "created[lte]");
  *ret_page = (struct page){PAGE_DEFAULT, 0, INT64_MAX, form_get(form, "starting_after")};
  if ((limit == NULL || read_amount(limit, 1, PAGE_MAX, &ret_page->limit)) &&
      (gte == NULL || read_amount(gte, 0, INT64_MAX, &ret_page->created_gte)) &&
      (lte == NULL || read_amount(lte, 0, INT64_MAX, &ret_page->created_lte)))
    return true;
  stripe_invalid(exchange, "parameter_invalid_integer", NULL, "Invalid integer.");
  return false;
}

static void begin_list(struct exchange *exchange) {
  exchange->answer->status = 200;
  text_put(&exchange->answer->body, "{\"object\":\"list\",\"data\":[");
}

static void end_list(struct exchange *exchange, bool has_more, const char *url) {
  text_print(&exchange->answer->body, "],\"has_more\":%s,\"url\":\"%s\"}", has_more ? "true" : "false", url);
}

/* A payment intent, or a setup intent: both stand in the books in one order. */
static bool is_kind(const struct charge *charge, const char *prefix) {
  return strncmp(charge->id, prefix, strlen(prefix)) == 0;
}

/* Lists charges whose id begins with prefix, newest first. */
static void list_charges(struct exchange *exchange, const struct page *page, const char *prefix,
                         void (*print)(struct text *text, const struct charge *charge, bool expanded),
                         const char *url) {
  const struct book *book = exchange->book;
  bool begun = page->starting_after == NULL, has_more = false;
  bool expanded = stripe_expands(exchange, "data.latest_charge");
  int64_t listed = 0;
  begin_list(exchange);
  for (size_t i = book->charge_count; i-- > 0 && !has_more;) {
    const struct charge *charge = book->in_order[i];
    int64_t created = charge->created_ms / 1000;
    if (created < page->created_gte)
      break;
    if (begun && created <= page->created_lte && is_kind(charge, prefix)) {
      has_more = listed == page->limit;
      if (!has_more) {
        text_put(&exchange->answer->body, listed++ == 0 ? "" : ",");
        print(&exchange->answer->body, charge, expanded);
      }
    }
    begun = begun || strcmp(charge->id, page->starting_after) == 0;
  }
  end_list(exchange, has_more, url);
}

static const char *const list_parameters[] = {"created", "customer",       "ending_before",  "expand",
                                              "limit",   "payment_method", "starting_after", NULL};

static bool begins_somewhere(struct exchange *exchange, const struct page *page) {
  if (page->starting_after == NULL || map_get(&exchange->book->charges, page->starting_after) != NULL)
    return true;
  stripe_invalid(exchange, "resource_missing", "starting_after", "No such object.");
  return false;
}

void stripe_list_intents(struct exchange *exchange) {
  struct page page;
  if (stripe_knows_parameters(exchange, list_parameters) && read_page(exchange, &page) &&
      begins_somewhere(exchange, &page))
    list_charges(exchange, &page, "pi_", stripe_print_intent, "/v1/payment_intents");
}

void stripe_list_setups(struct exchange *exchange) {
  struct page page;
  if (stripe_knows_parameters(exchange, list_parameters) && read_page(exchange, &page) &&
      begins_somewhere(exchange, &page))
    list_charges(exchange, &page, "seti_", stripe_print_setup, "/v1/setup_intents");
}

/* The refund made last before the given one (NULL: of all), or NULL. */
static const struct movement *refund_before(const struct charge *charge, const struct movement *later) {
  const struct movement *found = NULL;
  for (const struct movement *movement = charge->first; movement != NULL && movement != later;
       movement = movement->next)
    if (movement->operation == OPERATION_REFUND)
      found = movement;
  return found;
}

/* Newest first. */
void stripe_list_refunds(struct exchange *exchange) {
  static const char *const allowed[] = {"payment_intent", "charge", "created",        "ending_before",
                                        "expand",         "limit",  "starting_after", NULL};
  struct page page;
  if (!stripe_knows_parameters(exchange, allowed) || !read_page(exchange, &page))
    return;
  const struct charge *charge = stripe_charge_to_refund(exchange);
  if (charge == NULL)
    return;
  const struct movement *after = NULL;
  if (page.starting_after != NULL) {
    after = map_get(&exchange->book->movements, page.starting_after);
    if (after == NULL || after->charge != charge) {
      stripe_invalid(exchange, "resource_missing", "starting_after", "No such refund.");
      return;
    }
  }
  const struct movement *refund = refund_before(charge, after);
  begin_list(exchange);
  for (int64_t listed = 0; refund != NULL && listed < page.limit; listed++) {
    text_put(&exchange->answer->body, listed == 0 ? "" : ",");
    stripe_print_refund(&exchange->answer->body, refund);
    refund = refund_before(charge, refund);
  }
  end_list(exchange, refund != NULL, "/v1/refunds");
}

/* query=metadata['reference']:'X', against an index that lags. */
void stripe_search_intents(struct exchange *exchange) {
  const char *query = form_get(&exchange->form, "query");
  static const char head[] = "metadata['reference']:'", head2[] = "metadata[\"reference\"]:\"";
  char reference[PSP_REFERENCE_CAPACITY] = "";
  if (query != NULL &&
      (strncmp(query, head, sizeof head - 1) == 0 || strncmp(query, head2, sizeof head2 - 1) == 0))
    copy_text(reference, sizeof reference, query + sizeof head - 1);
  size_t length = strcspn(reference, "'\"");
  if (reference[0] == '\0' || reference[length] == '\0' || reference[length + 1] != '\0') {
    stripe_invalid(exchange, NULL, "query", "We were unable to parse your search query.");
    return;
  }
  reference[length] = '\0';
  const char *comma = "";
  exchange->answer->status = 200;
  text_put(&exchange->answer->body, "{\"object\":\"search_result\",\"data\":[");
  for (const struct charge *charge = map_get(&exchange->book->references, reference); charge != NULL;
       charge = charge->earlier_same_reference)
    if (is_kind(charge, "pi_") &&
        exchange->now_ms - charge->created_ms >= exchange->book->behaviour.search_lag_ms) {
      text_put(&exchange->answer->body, comma);
      stripe_print_intent(&exchange->answer->body, charge, false);
      comma = ",";
    }
  text_put(&exchange->answer->body,
           "],\"has_more\":false,\"next_page\":null,\"url\":\"/v1/payment_intents/search\"}");
}
