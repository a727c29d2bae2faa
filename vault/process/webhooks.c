#include "webhooks.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "egress_vault.h"
#include "log.h"
#include "scrub_digits.h"
#include "vault.h"
#include "webhook_signature.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000, EVENT_BITS = 4, PLACE_BITS = 8, SECRETS = 2 };

_Static_assert(WEBHOOKS_MAX == 1 << PLACE_BITS, "a serial holds the place");
_Static_assert(WEBHOOK_EVENTS_MAX <= 1 << EVENT_BITS && WEBHOOK_EVENTS_MAX <= 8, "an event has a bit");

static void free_place(struct arrival *arrival) {
  struct vault *vault = arrival->vault;
  loop_clear_timer(vault->loop, &arrival->timer);
  *arrival = (struct arrival){.vault = vault};
}

static void count(struct vault *vault, const char *connector, enum webhook_fate fate) {
  webhook_count(&vault->webhooks.counts, connector, fate, vault_now_ms(vault));
}

/* What is refused only now is of a scheme that signs fields: its signatures were met in the reading. */
static void finish(struct arrival *arrival, enum status status) {
  if (status == STATUS_DONE)
    count(arrival->vault, arrival->connector, WEBHOOK_TAKEN);
  else if (status == STATUS_REFUSED)
    count(arrival->vault, arrival->connector, WEBHOOK_WRONG_SIGNATURE);
  else if (status == STATUS_INVALID)
    count(arrival->vault, arrival->connector, WEBHOOK_UNREADABLE);
  struct return_address from = arrival->from;
  free_place(arrival);
  peer_reply(&from, status, NULL, 0);
}

static void on_late(struct timer *timer) {
  struct arrival *arrival = (struct arrival *)(void *)((char *)timer - offsetof(struct arrival, timer));
  log_warn("a webhook was not taken in time");
  finish(arrival, STATUS_UNAVAILABLE);
}

void webhooks_begin(struct webhooks *webhooks, struct vault *vault) {
  for (size_t i = 0; i < WEBHOOKS_MAX; i++)
    webhooks->all[i].vault = vault;
}

void webhooks_end(struct webhooks *webhooks, struct vault *vault) {
  for (size_t i = 0; i < WEBHOOKS_MAX; i++)
    loop_clear_timer(vault->loop, &webhooks->all[i].timer);
}

static struct arrival *take_place(struct vault *vault, const struct return_address *from,
                                  const char *connector) {
  struct webhooks *webhooks = &vault->webhooks;
  size_t place = 0;
  while (place < WEBHOOKS_MAX && webhooks->all[place].state != ARRIVAL_FREE)
    place++;
  if (place == WEBHOOKS_MAX)
    return NULL;
  struct arrival *arrival = &webhooks->all[place];
  arrival->state = ARRIVAL_READING;
  arrival->from = *from;
  arrival->serial = ++webhooks->serial << PLACE_BITS | place;
  memcpy(arrival->connector, connector, strlen(connector) + 1);
  arrival->timer.due = on_late;
  if (loop_set_timer(vault->loop, &arrival->timer, (int64_t)WEBHOOK_WAIT_MS * US_PER_MS) == 0)
    return arrival;
  free_place(arrival);
  return NULL;
}

/* The arrival of that serial, in that state; NULL when it is over. */
static struct arrival *find(struct vault *vault, uint64_t serial, enum arrival_state state) {
  struct arrival *arrival = &vault->webhooks.all[serial % WEBHOOKS_MAX];
  return arrival->state == state && arrival->serial == serial ? arrival : NULL;
}

/* The connector's webhook secrets, the present one first. Returns how many. */
static size_t secrets_of(const struct connector_set *set, const char *ret_secrets[SECRETS]) {
  static const char *const names[SECRETS] = {webhook_secret_name, webhook_secret_previous_name};
  size_t count = 0;
  for (size_t which = 0; which < SECRETS; which++)
    for (size_t i = 0; i < set->credential_count; i++)
      if (strcmp(set->credentials[i].name, names[which]) == 0 &&
          webhook_secret_fits(set->signing.scheme, set->credentials[i].value))
        ret_secrets[count++] = set->credentials[i].value;
  return count;
}

static bool is_signed_by(const struct vault *vault, const struct webhook_signing *signing, const char *secret,
                         const struct hook *hook) {
  const char *header = hook->signatures[signing->header];
  if (signing->scheme == WEBHOOK_BODY_HMAC)
    return signature_of_body(secret, header, hook->body, hook->body_length);
  return signature_of_time_and_body(secret, header, vault_now_ms(vault) / MS_PER_S, hook->body,
                                    hook->body_length);
}

/* Whether the body as a whole is signed: WEBHOOK_TAKEN, or why not. Of a scheme that signs fields, whether
 * there is a secret for it. */
static enum webhook_fate fate_of(const struct vault *vault, const struct connector_set *set,
                                 const struct hook *hook) {
  const char *secrets[SECRETS];
  size_t held = set->signing.scheme == WEBHOOK_UNSIGNED ? 0 : secrets_of(set, secrets);
  if (held == 0)
    return WEBHOOK_WITHOUT_SECRET;
  bool good = set->signing.scheme == WEBHOOK_FIELD_HMAC;
  for (size_t i = 0; !good && i < held; i++)
    good = is_signed_by(vault, &set->signing, secrets[i], hook);
  return good ? WEBHOOK_TAKEN : WEBHOOK_WRONG_SIGNATURE;
}

/* Counted among what was handed to egress: dispatch_egress_lost() tells by their order what never left. */
static int push(struct vault *vault, struct peer *egress, const struct arrival *arrival,
                const struct connector_facts *facts, const struct hook *hook) {
  struct webhook_body body = {
      .environment = vault->environment, .length = hook->body_length, .bytes = hook->body};
  memcpy(body.sheet, facts->sheet, sizeof body.sheet);
  memcpy(body.sheet_hash, facts->sheet_hash, sizeof body.sheet_hash);
  struct writer writer = writer_over(vault->scratch, MESSAGE_MAX - MESSAGE_HEADER);
  write_webhook_body(&writer, &body);
  int r = writer_finish(&writer);
  if (r == 0)
    r = peer_send(egress, EV_WEBHOOK, arrival->serial, vault->scratch, writer_length(&writer));
  sodium_memzero(vault->scratch, writer_length(&writer));
  if (r == 0)
    vault->dispatches.sent++;
  return r;
}

static int check(struct vault *vault, const struct hook *hook) {
  struct connector_set *set;
  int r = connector_open(&vault->connectors, hook->connector, &set);
  if (r != 0)
    return r == STATUS_NOT_FOUND ? STATUS_REFUSED : r;
  enum webhook_fate fate = fate_of(vault, set, hook);
  connector_close(&vault->connectors);
  if (fate == WEBHOOK_TAKEN)
    return 0;
  count(vault, hook->connector, fate);
  return STATUS_REFUSED;
}

int webhook_take(struct vault *vault, const struct return_address *from, const struct hook *hook) {
  int r = check(vault, hook);
  if (r != 0)
    return r;
  struct peer *egress = peer_of(vault, ROLE_EGRESS);
  if (!egress || !peer_of(vault, ROLE_ROUTER))
    return STATUS_UNAVAILABLE;
  struct arrival *arrival = take_place(vault, from, hook->connector);
  if (!arrival)
    return STATUS_BUSY;
  r = push(vault, egress, arrival, connector_by_name(&vault->connectors, hook->connector), hook);
  if (r == 0)
    return 0;
  free_place(arrival);
  return r == -ENOBUFS ? STATUS_BUSY : STATUS_UNAVAILABLE;
}

/* Whether a value is among those that are signed. */
static bool is_among(const struct webhook_event *event, const char *text) {
  for (size_t i = 0; i < event->signed_count; i++)
    if (strcmp(event->signed_values[i], text) == 0)
      return true;
  return false;
}

/* One with a colon in it could have been signed as two others. */
static bool is_unambiguous(const struct webhook_event *event) {
  for (size_t i = 0; i < event->signed_count; i++)
    if (strchr(event->signed_values[i], ':'))
      return false;
  return true;
}

static bool is_event_signed(const char *const *secrets, size_t count, const struct webhook_event *event) {
  const char *values[WEBHOOK_SIGNED_MAX];
  for (size_t i = 0; i < event->signed_count; i++)
    values[i] = event->signed_values[i];
  for (size_t i = 0; i < count; i++)
    if (signature_of_fields(secrets[i], values, event->signed_count, event->signature))
      return true;
  return false;
}

/* Of a scheme that signs fields: whether every entry is signed. What then tells of a reference that the
 * signature does not cover tells nothing. */
static bool are_events_signed(const struct connector_set *set, struct webhook_reading *reading) {
  const char *secrets[SECRETS];
  size_t count = secrets_of(set, secrets);
  for (size_t i = 0; i < reading->count; i++) {
    struct webhook_event *event = &reading->events[i];
    if (!is_event_signed(secrets, count, event))
      return false;
    event->tells = event->tells && is_unambiguous(event) && is_among(event, event->key);
  }
  return true;
}

static int check_events(struct vault *vault, struct arrival *arrival, struct webhook_reading *reading) {
  struct connector_set *set;
  int r = connector_open(&vault->connectors, arrival->connector, &set);
  if (r != 0)
    return r == STATUS_NOT_FOUND ? STATUS_REFUSED : STATUS_UNAVAILABLE;
  arrival->by_fields = set->signing.scheme == WEBHOOK_FIELD_HMAC;
  bool good = !arrival->by_fields || are_events_signed(set, reading);
  connector_close(&vault->connectors);
  return good ? 0 : STATUS_REFUSED;
}

static int tell(struct vault *vault, struct peer *router, const struct arrival *arrival, size_t place) {
  struct webhook_event *event = &vault->webhooks.reading.events[place];
  struct webhook *webhook = &vault->webhooks.webhook;
  if (scrub_card_numbers(&event->fields) > 0)
    log_warn("alert: egress let a card number of a webhook through; the field was dropped");
  *webhook = (struct webhook){.number = arrival->serial << EVENT_BITS | place,
                              .about = event->about,
                              .answer = event->answer,
                              .at_ms = event->at_ms,
                              .codes_unsigned = arrival->by_fields,
                              .fields = event->fields};
  memcpy(webhook->connector, arrival->connector, sizeof webhook->connector);
  memcpy(webhook->key, event->key, sizeof webhook->key);
  struct writer writer = writer_over(vault->scratch, MESSAGE_MAX - MESSAGE_HEADER);
  write_webhook(&writer, webhook);
  int r = writer_finish(&writer);
  return r == 0 ? peer_send(router, RV_WEBHOOK, 0, vault->scratch, writer_length(&writer)) : r;
}

/* Tells the router every event of it. Returns STATUS_DONE when there is nothing to tell, 0 and waiting bits
 * otherwise, or a status. */
static enum status tell_all(struct vault *vault, struct arrival *arrival) {
  const struct webhook_reading *reading = &vault->webhooks.reading;
  struct peer *router = peer_of(vault, ROLE_ROUTER);
  if (!router || vault->rolled_back)
    return STATUS_UNAVAILABLE;
  arrival->state = ARRIVAL_TELLING;
  for (size_t i = 0; i < reading->count; i++) {
    if (!reading->events[i].tells)
      continue;
    int r = tell(vault, router, arrival, i);
    if (r < 0)
      return r == -ENOBUFS ? STATUS_BUSY : STATUS_UNAVAILABLE;
    arrival->waiting |= (uint8_t)(1U << i);
  }
  return STATUS_DONE;
}

void webhook_was_read(struct vault *vault, uint64_t correlation, enum status status) {
  struct arrival *arrival = find(vault, correlation, ARRIVAL_READING);
  if (!arrival)
    return; /* late: hooks was told long ago */
  if (status == STATUS_DONE)
    status = (enum status)check_events(vault, arrival, &vault->webhooks.reading);
  else if (status == STATUS_CONFLICT)
    status = STATUS_UNAVAILABLE; /* until egress has the connector's sheet */
  if (status == STATUS_DONE)
    status = tell_all(vault, arrival);
  if (status != STATUS_DONE || arrival->waiting == 0)
    finish(arrival, status);
}

void webhook_was_taken(struct vault *vault, const struct webhook_taken *taken) {
  struct arrival *arrival = find(vault, taken->number >> EVENT_BITS, ARRIVAL_TELLING);
  uint64_t event = taken->number & ((1U << EVENT_BITS) - 1);
  if (!arrival || event >= WEBHOOK_EVENTS_MAX)
    return; /* late, or invented */
  if (taken->status != STATUS_DONE) {
    finish(arrival, taken->status);
    return;
  }
  arrival->waiting &= (uint8_t) ~(1U << event);
  if (arrival->waiting == 0)
    finish(arrival, STATUS_DONE);
}

void webhooks_peer_lost(struct vault *vault, enum role role) {
  for (size_t i = 0; i < WEBHOOKS_MAX; i++) {
    struct arrival *arrival = &vault->webhooks.all[i];
    bool waits = (role == ROLE_EGRESS && arrival->state == ARRIVAL_READING) ||
                 (role == ROLE_ROUTER && arrival->state == ARRIVAL_TELLING);
    if (waits)
      finish(arrival, STATUS_UNAVAILABLE);
  }
}
