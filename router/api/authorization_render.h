/* Approval rates as JSON. Inside this room only. */
#pragma once

#include "json_out.h"
#include "rates.h"

/* The whole answer of `GET /v1/metrics/authorization`. */
void render_authorization(struct json_out *out, const struct rates *rates, const struct rates_query *query,
                          const struct rates_answer *answer, bool livemode);
/* An alert that an approval rate has fallen. */
void render_rate_alert(struct json_out *out, const char *name, const struct rate_alert *alert, bool livemode,
                       int64_t at_ms);
