#include "events.h"

#include <errno.h>
#include <string.h>

static void tell(struct entry_events *events, enum event_type type, unsigned subject) {
  if (type != EVENT_NONE)
    events->events[events->count++] = (struct told){.type = type, .subject = (uint8_t)subject};
}

/* ---- Payments: what differs between before and after ---- */

static enum event_type status_event(enum payment_status status) {
  static const enum event_type types[PAYMENT_STATUS_COUNT] = {
      [PAYMENT_REQUIRES_ACTION] = EVENT_PAYMENT_REQUIRES_ACTION,
      [PAYMENT_AUTHORIZED] = EVENT_PAYMENT_AUTHORIZED,
      [PAYMENT_PARTIALLY_CAPTURED] = EVENT_PAYMENT_PARTIALLY_CAPTURED,
      [PAYMENT_CAPTURED] = EVENT_PAYMENT_CAPTURED,
      [PAYMENT_VOIDED] = EVENT_PAYMENT_VOIDED,
      [PAYMENT_DECLINED] = EVENT_PAYMENT_DECLINED,
      [PAYMENT_FAILED] = EVENT_PAYMENT_FAILED,
      [PAYMENT_UNRESOLVED] = EVENT_PAYMENT_UNRESOLVED,
      [PAYMENT_SCHEDULED] = EVENT_PAYMENT_SCHEDULED,
  };
  return types[status];
}

/* A movement that is merely under way is told of by the answer to its request; one that the PSP has received
 * and settles later is told of when that is known. */
static enum event_type movement_event(const struct movement *movement) {
  static const enum event_type types[MOVEMENT_TYPE_COUNT][STEP_STATUS_COUNT] = {
      [MOVEMENT_CAPTURE] = {[STEP_PENDING] = EVENT_CAPTURE_PENDING,
                            [STEP_SUCCEEDED] = EVENT_CAPTURE_SUCCEEDED,
                            [STEP_FAILED] = EVENT_CAPTURE_FAILED,
                            [STEP_UNRESOLVED] = EVENT_CAPTURE_UNRESOLVED},
      [MOVEMENT_VOID] = {[STEP_PENDING] = EVENT_VOID_PENDING,
                         [STEP_SUCCEEDED] = EVENT_VOID_SUCCEEDED,
                         [STEP_FAILED] = EVENT_VOID_FAILED,
                         [STEP_UNRESOLVED] = EVENT_VOID_UNRESOLVED},
      [MOVEMENT_REFUND] = {[STEP_PENDING] = EVENT_REFUND_PENDING,
                           [STEP_SUCCEEDED] = EVENT_REFUND_SUCCEEDED,
                           [STEP_FAILED] = EVENT_REFUND_FAILED,
                           [STEP_UNRESOLVED] = EVENT_REFUND_UNRESOLVED},
  };
  if (movement->step.status == STEP_PENDING && !movement->received)
    return EVENT_NONE;
  return types[movement->type][movement->step.status];
}

static bool movement_differs(const struct payment_marks *before, const struct movement *movement,
                             unsigned i) {
  if (i >= before->movement_count || before->movements[i].status != movement->step.status)
    return true;
  return movement->step.status == STEP_PENDING && before->movements[i].received != movement->received;
}

/* By type, then by movement: the order in which the events of one entry are listed, kept and delivered. */
static void sort_events(struct entry_events *events) {
  for (unsigned i = 1; i < events->count; i++) {
    struct told moved = events->events[i];
    unsigned at = i;
    for (; at > 0 && told_order(&events->events[at - 1], &moved) > 0; at--)
      events->events[at] = events->events[at - 1];
    events->events[at] = moved;
  }
}

/* What a person is asked about: an attempt (or an approval that cannot be undone), or that movement. */
static void tell_attention(struct entry_events *events, const struct payment_marks *before) {
  struct payment_marks now;
  payment_mark(events->payment, &now);
  if (now.attempts_attention && !before->attempts_attention)
    tell(events, EVENT_PAYMENT_ATTENTION_REQUIRED, 0);
  for (unsigned i = 0; i < now.movement_count; i++) {
    if (now.movements[i].attention && !(i < before->movement_count && before->movements[i].attention))
      tell(events, EVENT_PAYMENT_ATTENTION_REQUIRED, i + 1);
  }
}

static void tell_payment(struct entry_events *events, const struct payment_marks *before) {
  const struct payment *payment = events->payment;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (movement_differs(before, &payment->movements[i], i))
      tell(events, movement_event(&payment->movements[i]), i + 1);
  }
  if (before->status != payment->status)
    tell(events, status_event(payment->status), 0);
  tell_attention(events, before);
  sort_events(events);
}

static int take_payment(struct ledger *ledger, struct entry_events *events, unsigned *ret_reads) {
  struct payment_marks before;
  int r = payment_at(ledger, events->sequence, &before, &events->payment, ret_reads);
  if (r != 0)
    return r < 0 ? r : -EBADMSG;
  events->object = events->payment->id;
  tell_payment(events, &before);
  return 0;
}

/* ---- The others ---- */

static int take_policy(const struct journal_entry *entry, struct entry_events *events) {
  int r = ledger_policy_entry(entry, &events->publication);
  if (r < 0)
    return r;
  events->object = events->publication.policy;
  tell(events, events->publication.rollback ? EVENT_POLICY_ROLLED_BACK : EVENT_POLICY_PUBLISHED, 0);
  return 0;
}

static int take_endpoint(const struct journal_entry *entry, struct entry_events *events) {
  enum endpoint_change change;
  int r = ledger_endpoint_entry(entry, &change, &events->endpoint);
  if (r < 0)
    return r;
  events->object = events->endpoint.id;
  if (change == ENDPOINT_STOPPED)
    tell(events, EVENT_ENDPOINT_DISABLED, 0);
  return 0;
}

static int take_connector(const struct journal_entry *entry, struct entry_events *events) {
  static const enum event_type types[CONNECTOR_CHANGE_COUNT] = {
      [CONNECTOR_WENT_OUT] = EVENT_CONNECTOR_UNHEALTHY,
      [CONNECTOR_PROBED] = EVENT_CONNECTOR_PROBING,
      [CONNECTOR_CAME_BACK] = EVENT_CONNECTOR_HEALTHY,
      [CONNECTOR_DRILL_BEGAN] = EVENT_CONNECTOR_DRILL_STARTED,
      [CONNECTOR_DRILL_ENDED] = EVENT_CONNECTOR_DRILL_ENDED,
  };
  int r = connector_entry_read(entry, &events->connector);
  if (r == 0)
    tell(events, types[events->connector.change], 0);
  return r;
}

static int take_rate_alert(const struct journal_entry *entry, struct entry_events *events) {
  int r = ledger_rate_alert_entry(entry, &events->rate_alert);
  if (r < 0)
    return r;
  events->object = events->merchant;
  tell(events, EVENT_APPROVAL_RATE_DROPPED, 0);
  return 0;
}

int events_of(struct ledger *ledger, const struct journal_entry *entry, struct entry_events *ret_events,
              unsigned *ret_reads) {
  struct entry_events *events = ret_events;
  memset(events, 0, offsetof(struct entry_events, events));
  events->sequence = entry->sequence;
  events->at_ms = entry->head.at_ms;
  int r = ledger_entry_merchant(entry, &events->merchant);
  if (r < 0)
    return r;
  switch (entry->type) {
  case JOURNAL_PAYMENT:
    return take_payment(ledger, events, ret_reads);
  case JOURNAL_POLICY:
    return take_policy(entry, events);
  case JOURNAL_ENDPOINT:
    return take_endpoint(entry, events);
  case JOURNAL_CONNECTOR:
    return take_connector(entry, events);
  case JOURNAL_RATE_ALERT:
    return take_rate_alert(entry, events);
  }
  return -EBADMSG;
}

int events_at(struct ledger *ledger, uint64_t sequence, struct entry_events *ret_events,
              unsigned *ret_reads) {
  struct journal_entry entry;
  if (sequence == 0 || sequence > ledger_durable(ledger))
    return LEDGER_ABSENT;
  int r = ledger_entry(ledger, sequence, &entry);
  if (r != 0 || entry.sequence != sequence)
    return r < 0 ? r : -EBADMSG; /* it was durable: an entry is missing */
  if (ret_reads)
    ++*ret_reads;
  return events_of(ledger, &entry, ret_events, ret_reads);
}

void events_free(struct entry_events *events) {
  payment_free(events->payment);
  events->payment = NULL;
}

int events_find(const struct entry_events *events, enum event_type type, uint8_t subject) {
  for (unsigned i = 0; i < events->count; i++) {
    if (events->events[i].type == type && events->events[i].subject == subject)
      return (int)i;
  }
  return -1;
}
