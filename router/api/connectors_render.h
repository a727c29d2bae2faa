/* Connectors' health and drills as JSON. */
#pragma once

#include "connector_entry.h"
#include "json_out.h"

/* Members of an open object: how the gate stands at now_ms. */
void render_gate(struct json_out *out, const struct gate *gate, int64_t now_ms);
/* The drill object; name as in out_open(). report may be NULL; reader: the merchant that it is shown to. */
void render_drill(struct json_out *out, const char *name, const struct drill *drill,
                  const struct drill_report *report, const struct id *reader, bool livemode);
/* What an event of a connector tells. */
void render_connector_entry(struct json_out *out, const char *name, const struct connector_entry *entry,
                            int64_t at_ms, bool livemode);
