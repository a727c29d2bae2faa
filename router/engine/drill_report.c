/* What a drill did, by the decisions of the payments that were created while it ran. */
#include "connector_entry.h"

#include <string.h>

struct tally {
  const char *connector;
  struct drill_report *report;
};

/* Whether it would have begun there: nothing that could be tried stood before it in the list. */
static bool would_begin_at(const struct decision *decision, const char *connector) {
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    const struct candidate *candidate = &decision->candidates[i];
    if (strcmp(candidate->connector, connector) == 0)
      return candidate->health == CANDIDATE_DRILL;
    if (candidate->skipped == SKIP_NONE)
      return false;
  }
  return false;
}

/* NULL when as many are told apart as can be. */
static struct drill_instead *instead_of(struct drill_report *report, const char *connector) {
  for (unsigned i = 0; i < report->count; i++) {
    if (strcmp(report->instead[i].connector, connector) == 0)
      return &report->instead[i];
  }
  if (report->count == DRILL_CONNECTORS_MAX)
    return NULL;
  struct drill_instead *instead = &report->instead[report->count++];
  strcpy(instead->connector, connector);
  return instead;
}

static void count(void *context, const struct payment *payment) {
  struct tally *tally = context;
  if (!would_begin_at(&payment->decision, tally->connector))
    return;
  tally->report->payments++;
  if (payment->attempt_count == 0) {
    tally->report->untried++;
    return;
  }
  struct drill_instead *instead = instead_of(tally->report, payment->attempts[0].connector);
  if (instead)
    instead->payments[payment->status]++;
  else
    tally->report->more = true;
}

int drill_report(struct ledger *ledger, const struct draws *draws, const struct id *merchant,
                 const struct drill *drill, struct drill_report *ret_report) {
  struct drill_report report = {0};
  struct tally tally = {.connector = drill->connector, .report = &report};
  struct payment_filter filter = {.created_from_ms = drill->started_ms, .created_to_ms = drill->ended_ms};
  struct id last, before = {0};
  bool more;
  if (drill->ended_ms != 0) /* no payment of the drill's was made later than that id */
    before = draw_id(draws, "pay", drill->ended_ms + 1);
  int r = payment_list(ledger, merchant, &filter, &before, PAYMENT_SCAN_MAX, count, &tally, &more, &last);
  if (r < 0)
    return r;
  report.more |= more;
  *ret_report = report;
  return 0;
}
