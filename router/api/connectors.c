#include "connector_account.h"
#include "connectors_render.h"
#include "fee_book.h"
#include "pages.h"
#include "resources.h"
#include "sheet.h"

static const char *status_name(enum connector_status status) {
  static const char *const names[] = {
      [CONNECTOR_ACTIVE] = "active", [CONNECTOR_DRAINING] = "draining", [CONNECTOR_DISABLED] = "disabled"};
  return names[status];
}

static void render_operations(struct json_out *out, const struct sheet_facts *sheet) {
  out_open_list(out, "operations");
  for (unsigned i = 1; sheet != NULL && i < OPERATION_COUNT; i++)
    if (sheet->operations[i])
      out_text(out, NULL, operation_name((enum operation)i));
  out_close_list(out);
}

/* Whether what it charges is known, and in which form. */
static void render_fees(struct json_out *out, const struct api_options *options, const char *name) {
  const struct choice_fees *fees = fee_source_table(options->fees, name);
  out_text(out, "fees", fees != NULL ? fee_pricing_name(fees->pricing) : NULL);
}

static void render_latency(struct json_out *out, const char *name, uint32_t microseconds) {
  if (microseconds == 0)
    out_null(out, name);
  else
    out_thousandths(out, name, microseconds);
}

/* Those that are not healthy. */
static void render_segments(struct json_out *out, const struct call *call, const char *name) {
  const struct health_cell *cell;
  unsigned place = 0;
  out_open_list(out, "segments");
  while ((cell = engine_connector_segment(call->api->engine, name, place, &place)) != NULL) {
    out_open(out, NULL);
    out_text(out, "network", network_name(cell->segment.network));
    out_text(out, "country", cell->segment.country);
    render_gate(out, &cell->gate, api_now_ms(call->api));
    out_close(out);
  }
  out_close_list(out);
}

static void render_health(struct json_out *out, const struct call *call, const char *name) {
  struct health_figures figures;
  engine_connector_health(call->api->engine, name, api_now_ms(call->api), &figures);
  uint32_t approved = figures.events[HEALTH_APPROVED], decided = approved + figures.events[HEALTH_DECLINED];
  out_open(out, "health");
  out_integer(out, "window_s", HEALTH_WINDOW_S);
  out_integer(out, "requests", figures.requests);
  out_integer(out, "approved", approved);
  out_integer(out, "declined", figures.events[HEALTH_DECLINED]);
  out_integer(out, "faults", figures.events[HEALTH_FAULT]);
  if (decided == 0)
    out_null(out, "approval_rate");
  else
    out_thousandths(out, "approval_rate", (int64_t)approved * 1000 / decided);
  out_open(out, "latency_ms");
  render_latency(out, "p50", figures.latency_p50_us);
  render_latency(out, "p99", figures.latency_p99_us);
  out_close(out);
  render_gate(out, engine_connector_gate(call->api->engine, name), api_now_ms(call->api));
  out_flag(out, "drill", engine_drill_runs(call->api->engine, name));
  render_segments(out, call, name);
  out_close(out);
}

static void render_connector(struct json_out *out, const struct call *call,
                             const struct connector_facts *facts) {
  const struct api_options *options = &call->api->options;
  const struct sheet_facts *sheet = options->sheet(options->sheet_context, facts->sheet, facts->sheet_hash);
  out_open(out, NULL);
  out_text(out, "id", facts->name);
  out_text(out, "object", "connector");
  out_flag(out, "livemode", call->from.livemode);
  out_text(out, "name", facts->name);
  out_text(out, "sheet", facts->sheet);
  out_hex(out, "sheet_hash", facts->sheet_hash, sizeof facts->sheet_hash);
  out_flag(out, "sheet_known", sheet != NULL);
  out_text(out, "merchant_account", facts->merchant_account);
  out_text(out, "status", status_name(facts->status));
  render_account(out, &facts->account);
  render_operations(out, sheet);
  render_fees(out, options, facts->name);
  render_health(out, call, facts->name);
  out_close(out);
}

void connectors_list(struct call *call, const char *segment) {
  struct json_out out = {0};
  (void)segment;
  if (!call->api->connectors.known) {
    call_refuse_vault(call);
    return;
  }
  page_open(&out);
  for (size_t i = 0; i < engine_connector_count(call->api->engine); i++)
    render_connector(&out, call, engine_connector_at(call->api->engine, i));
  page_close(&out, NULL);
  call_answer(call, 200, &out);
}
