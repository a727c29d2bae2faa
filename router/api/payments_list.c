#include "pages.h"
#include "payments_render.h"
#include "query_args.h"
#include "resources.h"
#include <string.h>

static void render_one(void *context, const struct payment *payment) {
  render_payment(context, NULL, payment, NULL);
}

/* The query was found good when the request came; it is read again here, after the commit. */
static void list_now(struct call *call, bool committed) {
  struct payments_query query;
  struct fault fault;
  struct json_out out = {0};
  bool more;
  struct id last = {""};
  (void)committed;
  if (parse_payments_query(call->http->query, &query, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  struct payment_filter filter = {
      .reference = query.reference[0] != '\0' ? query.reference : NULL,
      .status = query.status,
      .customer = query.customer.text[0] != '\0' ? &query.customer : NULL,
      .connector = query.connector[0] != '\0' ? query.connector : NULL,
      .metadata_key = query.metadata_key[0] != '\0' ? query.metadata_key : NULL,
      .metadata_value = query.metadata_key[0] != '\0' ? query.metadata_value : NULL,
      .created_from_ms = query.created_from_ms,
      .created_to_ms = query.created_to_ms,
  };
  page_open(&out);
  int result = payment_list(call->api->options.ledger, &call->from.merchant, &filter, &query.page.after,
                            query.page.limit, render_one, &out, &more, &last);
  if (result == 0)
    page_close(&out, more ? last.text : NULL);
  page_answer(call, result, &out);
}

void payments_list(struct call *call, const char *segment) {
  struct payments_query query;
  struct fault fault;
  (void)segment;
  if (parse_payments_query(call->http->query, &query, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, list_now);
}
