#include "connectors_render.h"

/* ---- Health ---- */

static void render_figures(struct json_out *out, const struct gate_figures *figures) {
  out_integer(out, "requests", figures->requests);
  out_integer(out, "faults", figures->faults);
  out_share(out, "fault_bound", figures->bound);
  out_share(out, "threshold", figures->threshold);
}

void render_gate(struct json_out *out, const struct gate *gate, int64_t now_ms) {
  struct gate_figures figures = gate_read(gate, now_ms);
  out_text(out, "state", gate_state_name(gate->state));
  out_time(out, "state_since", gate->since_ms);
  out_time(out, "probing_at", gate->state == GATE_OUT ? gate->probe_ms : 0);
  if (figures.requests == 0)
    out_null(out, "fault_rate");
  else
    out_share(out, "fault_rate", (unsigned)((uint64_t)figures.faults * SHARE_WHOLE / figures.requests));
  out_share(out, "fault_bound", figures.bound);
  out_share(out, "threshold", figures.threshold);
}

static enum gate_state state_after(enum connector_change change) {
  return change == CONNECTOR_WENT_OUT ? GATE_OUT : change == CONNECTOR_PROBED ? GATE_PROBING : GATE_HEALTHY;
}

static void render_change(struct json_out *out, const char *name, const struct connector_entry *entry,
                          int64_t at_ms, bool livemode) {
  out_open(out, name);
  out_text(out, "id", entry->connector);
  out_text(out, "object", "connector_health");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", at_ms);
  out_text(out, "connector", entry->connector);
  out_text(out, "network", entry->network == NETWORK_UNKNOWN ? NULL : network_name(entry->network));
  out_text(out, "country", entry->country);
  out_text(out, "state", gate_state_name(state_after(entry->change)));
  render_figures(out, &entry->figures);
  if (entry->figures.window_s == 0)
    out_null(out, "window_s");
  else
    out_integer(out, "window_s", entry->figures.window_s);
  out_open_list(out, "payments");
  for (unsigned i = 0; i < entry->payment_count; i++)
    out_text(out, NULL, entry->payments[i].text);
  out_close_list(out);
  out_close(out);
}

/* ---- Drills ---- */

static void render_instead(struct json_out *out, const struct drill_instead *instead) {
  uint32_t payments = 0;
  out_open(out, NULL);
  out_text(out, "connector", instead->connector);
  out_open(out, "statuses");
  for (unsigned status = 1; status < PAYMENT_STATUS_COUNT; status++) {
    out_integer(out, payment_status_name((enum payment_status)status), instead->payments[status]);
    payments += instead->payments[status];
  }
  out_close(out);
  out_integer(out, "payments", payments);
  out_close(out);
}

static void render_report(struct json_out *out, const struct drill_report *report) {
  out_open(out, "report");
  out_integer(out, "payments", report->payments);
  out_integer(out, "untried", report->untried);
  out_flag(out, "more", report->more);
  out_open_list(out, "instead");
  for (unsigned i = 0; i < report->count; i++)
    render_instead(out, &report->instead[i]);
  out_close_list(out);
  out_close(out);
}

void render_drill(struct json_out *out, const char *name, const struct drill *drill,
                  const struct drill_report *report, const struct id *reader, bool livemode) {
  out_open(out, name);
  out_text(out, "id", drill->id.text);
  out_text(out, "object", "drill");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", drill->started_ms);
  out_text(out, "connector", drill->connector);
  out_text(out, "author", id_equal(&drill->merchant, reader) ? drill->actor.text : NULL);
  out_text(out, "status", drill->ended_ms == 0 ? "running" : "ended");
  out_time(out, "ends_at", drill->until_ms);
  out_time(out, "ended_at", drill->ended_ms);
  if (report == NULL)
    out_null(out, "report");
  else
    render_report(out, report);
  out_close(out);
}

void render_connector_entry(struct json_out *out, const char *name, const struct connector_entry *entry,
                            int64_t at_ms, bool livemode) {
  if (entry->change == CONNECTOR_DRILL_BEGAN || entry->change == CONNECTOR_DRILL_ENDED)
    render_drill(out, name, &entry->drill, entry->change == CONNECTOR_DRILL_ENDED ? &entry->report : NULL,
                 &entry->merchant, livemode);
  else
    render_change(out, name, entry, at_ms, livemode);
}
