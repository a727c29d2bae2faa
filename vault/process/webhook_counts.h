/* How many webhooks each connector took and refused since the start, and why: so that an operator sees a
 * wrong signing secret. Nothing of a webhook's content. */
#pragma once

#include <stdint.h>

#include "connectors.h"

enum webhook_fate {
  WEBHOOK_TAKEN,
  WEBHOOK_WITHOUT_SECRET, /* the connector has none, or no webhooks in its sheet */
  WEBHOOK_WRONG_SIGNATURE,
  WEBHOOK_UNREADABLE, /* signed, but not what the sheet describes */
  WEBHOOK_FATES
};

enum { WEBHOOK_LOG_PAUSE_MS = 60000 };

struct webhook_counts {
  struct webhook_count {
    char connector[CONNECTOR_NAME_CAPACITY];
    uint32_t fates[WEBHOOK_FATES];
    int64_t next_log_ms[WEBHOOK_FATES];
  } all[REGISTERED_MAX];
  unsigned used;
};

/* Counts one of a registered connector; a refusal is logged once a minute at most. now_ms: Unix milliseconds.
 */
void webhook_count(struct webhook_counts *counts, const char *connector, enum webhook_fate fate,
                   int64_t now_ms);
/* The connector's numbers into a listing. */
void webhook_counts_show(const struct webhook_counts *counts, const char *connector,
                         struct connector_listing *listing);
