/* `GET /v1/metrics/authorization`. */
#include "authorization_render.h"
#include "query_args.h"
#include "resources.h"

/* The query was found good when the request came; it is read again here, after the commit, so that what this
 * round decided is counted. */
static void answer_now(struct call *call, bool committed) {
  struct api *api = call->api;
  struct authorization_query query;
  struct rates_answer answer;
  struct json_out out = {0};
  struct fault fault;
  (void)committed;
  if (parse_authorization_query(call->http->query, &query, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  query.rates.merchant = call->from.merchant;
  if (rates_ask(api->rates, api_now_ms(api), &query.rates, &answer) != 0) {
    fault = fault_passing("busy", "Out of memory.");
    call_refuse(call, &fault);
    return;
  }
  render_authorization(&out, api->rates, &query.rates, &answer, call->from.livemode);
  rates_answer_free(&answer);
  call_answer(call, 200, &out);
}

void authorization_read(struct call *call, const char *segment) {
  struct authorization_query query;
  struct fault fault;
  (void)segment;
  if (parse_authorization_query(call->http->query, &query, &fault) != 0)
    call_refuse(call, &fault);
  else
    call_wait_round(call, answer_now);
}
