#include "dispatch.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "card_rules.h"
#include "log.h"
#include "scrub_digits.h"
#include "tokens.h"
#include "vault.h"

enum { SCRUBBED_MAX = 255 };

#define US_PER_MS INT64_C(1000)

int dispatches_new(struct dispatches *dispatches, struct vault *vault, struct arena *arena) {
  dispatches->all = calloc(DISPATCHES_MAX, sizeof *dispatches->all);
  dispatches->send = arena_take(arena, sizeof *dispatches->send);
  dispatches->message = arena_take(arena, MESSAGE_MAX);
  if (!dispatches->all || !dispatches->send || !dispatches->message)
    return -ENOMEM;
  for (size_t i = 0; i < DISPATCHES_MAX; i++) {
    dispatches->all[i].vault = vault;
    dispatches->free[i] = (uint16_t)(DISPATCHES_MAX - 1 - i);
  }
  dispatches->free_count = DISPATCHES_MAX;
  return 0;
}

void dispatches_free(struct dispatches *dispatches) {
  free(dispatches->all);
  dispatches->all = NULL;
}

static void free_place(struct vault *vault, struct pending *pending) {
  struct dispatches *dispatches = &vault->dispatches;
  loop_clear_timer(vault->loop, &pending->timer);
  sodium_memzero(&pending->dispatch, sizeof pending->dispatch); /* personal data */
  *pending = (struct pending){.vault = vault};
  dispatches->free[dispatches->free_count++] = (uint16_t)(pending - dispatches->all);
}

static void answer_status(struct vault *vault, struct pending *pending, enum status status) {
  struct return_address from = pending->from;
  free_place(vault, pending);
  peer_reply(&from, status, NULL, 0);
}

static void answer_result(struct vault *vault, struct pending *pending, struct dispatch_result *result) {
  struct return_address from = pending->from;
  result->security_code_sent = pending->code_sent;
  result->head = vault->audit.committed;
  free_place(vault, pending);
  struct writer writer = writer_over(vault->scratch, sizeof vault->scratch);
  write_dispatch_result(&writer, result);
  peer_reply(&from, STATUS_DONE, vault->scratch, writer_length(&writer));
}

static void answer_phase(struct vault *vault, struct pending *pending, enum phase phase) {
  struct dispatch_result *result = &vault->dispatches.result;
  *result = (struct dispatch_result){.phase = phase, .answer = ANSWER_IS_UNKNOWN, .step = 1};
  answer_result(vault, pending, result);
}

static int check_connector(const struct vault *vault, const struct dispatch *dispatch) {
  const struct connector_facts *facts = connector_by_name(&vault->connectors, dispatch->connector);
  if (!facts)
    return STATUS_NOT_FOUND;
  bool asks_only = dispatch->operation == OPERATION_STATUS || dispatch->replay;
  bool goes_on = asks_only || !operation_releases_card(dispatch->operation);
  if (facts->status == CONNECTOR_DISABLED ? !asks_only : facts->status == CONNECTOR_DRAINING && !goes_on)
    return STATUS_UNAVAILABLE;
  return memcmp(facts->sheet_hash, dispatch->sheet_hash, SHEET_HASH_BYTES) == 0 ? 0 : STATUS_CONFLICT;
}

static struct lease_owner owner_of(const struct found_token *found) {
  struct lease_owner owner;
  memcpy(owner.merchant, found->merchant->id, sizeof owner.merchant);
  memcpy(owner.token, found->names.hash, sizeof owner.token);
  return owner;
}

/* As for a first sending, which it is when the one before was lost on its way to the vault. */
static int bind_code(struct vault *vault, struct pending *pending, const struct lease_owner *owner,
                     const uint8_t *id, enum status absent) {
  int r = lease_bind(vault->leases, owner, id, pending->payment, vault_now_us(vault), &pending->lease);
  pending->has_lease = r == 0;
  return r == LEASE_ABSENT && id ? (int)absent : 0;
}

/* A replay sends the code exactly when the first sending did: the bodies must be the same to the byte. */
static int find_replayed_code(struct vault *vault, struct pending *pending, const struct lease_owner *owner,
                              const uint8_t *id) {
  bool sent = pending->dispatch.security_code_sent;
  if (!sent)
    return 0;
  int r = audit_code_sent(&vault->audit, pending->dispatch.key, &sent);
  if (r == AUDIT_NEVER_RELEASED)
    return bind_code(vault, pending, owner, id, STATUS_EXPIRED);
  if (r < 0 || !sent)
    return r < 0 ? r : 0;
  r = lease_find_bound(vault->leases, owner, id, pending->payment, vault_now_us(vault), &pending->lease);
  pending->has_lease = r == 0;
  return r == LEASE_ABSENT ? STATUS_EXPIRED : r;
}

static int find_code(struct vault *vault, struct pending *pending, const struct found_token *found) {
  const struct dispatch *dispatch = &pending->dispatch;
  struct lease_owner owner = owner_of(found);
  uint8_t bytes[ID_RANDOM_BYTES];
  const uint8_t *id = NULL;
  if (dispatch->security_code.text[0] != '\0') {
    if (id_parse("cvc", dispatch->security_code.text, bytes) < 0)
      return STATUS_NO_CODE;
    id = bytes;
  }
  if (dispatch->replay)
    return find_replayed_code(vault, pending, &owner, id);
  return bind_code(vault, pending, &owner, id, STATUS_NO_CODE);
}

static struct audit_record record_of(const struct vault *vault, const struct dispatch *dispatch,
                                     enum audit_kind kind) {
  struct audit_record record = {.at_ms = vault_now_ms(vault),
                                .kind = kind,
                                .actor = AUDIT_BY_ROUTER,
                                .merchant = dispatch->merchant,
                                .operation = dispatch->operation};
  memcpy(record.connector, dispatch->connector, sizeof record.connector);
  memcpy(record.key, dispatch->key, sizeof record.key);
  memcpy(record.sheet_hash, dispatch->sheet_hash, sizeof record.sheet_hash);
  return record;
}

static int audit_release(struct vault *vault, const struct pending *pending,
                         const struct found_token *found) {
  struct audit_record record = record_of(vault, &pending->dispatch, AUDIT_RELEASE);
  record.security_code = pending->has_lease;
  memcpy(record.token, found->names.hash, sizeof record.token);
  return audit_append(&vault->audit, &record);
}

/* No card leaves; but a ledger that has forgotten a refund would make it again. */
static int audit_movement(struct vault *vault, const struct pending *pending) {
  struct audit_record record = record_of(vault, &pending->dispatch, AUDIT_MOVEMENT);
  record.payment = pending->dispatch.payment;
  return audit_append(&vault->audit, &record);
}

static void note_card(struct pending *pending, const struct found_token *found) {
  memcpy(pending->bin, found->record.view.bin, sizeof pending->bin);
  memcpy(pending->last4, found->record.view.last4, sizeof pending->last4);
}

/* A token that a replay names may have passed its date meanwhile: its question must be asked all the same. */
static int prepare_release(struct vault *vault, struct pending *pending, struct found_token *found) {
  enum status hindrance = token_hindrance(vault, found);
  if (hindrance == STATUS_DELETED || (hindrance != STATUS_DONE && !pending->dispatch.replay))
    return hindrance;
  note_card(pending, found);
  int r = find_code(vault, pending, found);
  return r != 0 ? r : audit_release(vault, pending, found);
}

/* Checks and notes what needs the token. Returns 0, a status or a negated errno. */
static int prepare(struct vault *vault, struct pending *pending) {
  const struct dispatch *dispatch = &pending->dispatch;
  bool releases = operation_releases_card(dispatch->operation);
  if (dispatch->token.text[0] == '\0')
    return releases ? STATUS_NOT_FOUND : 0;
  struct found_token found;
  int r = token_find(vault, &dispatch->merchant, &dispatch->token, &found);
  if (r != 0)
    return releases || r < 0 ? r : 0;
  if (releases)
    r = prepare_release(vault, pending, &found);
  else
    note_card(pending, &found);
  token_found_wipe(&found);
  return r;
}

static struct pending *take_place(struct vault *vault, const struct return_address *from,
                                  const struct dispatch *dispatch) {
  struct dispatches *dispatches = &vault->dispatches;
  if (dispatches->free_count == 0)
    return NULL;
  struct pending *pending = &dispatches->all[dispatches->free[--dispatches->free_count]];
  pending->from = *from;
  pending->dispatch = *dispatch;
  pending->state = PENDING_HELD;
  if (id_parse("pay", dispatch->payment.text, pending->payment) < 0 &&
      id_parse("ver", dispatch->payment.text, pending->payment) < 0)
    memset(pending->payment, 0, sizeof pending->payment);
  return pending;
}

int dispatch_take(struct vault *vault, const struct return_address *from, const struct dispatch *dispatch) {
  if (vault_now_us(vault) >= dispatch->deadline_us)
    return STATUS_BUSY;
  if (!peer_of(vault, ROLE_EGRESS))
    return STATUS_UNAVAILABLE;
  if (!merchant_by_id(&vault->merchants, &dispatch->merchant))
    return STATUS_NOT_FOUND;
  int r = check_connector(vault, dispatch);
  if (r != 0)
    return r;
  struct pending *pending = take_place(vault, from, dispatch);
  if (!pending)
    return STATUS_BUSY;
  bool moves = operation_is_movement(dispatch->operation);
  r = prepare(vault, pending);
  if (r == 0 && moves)
    r = audit_movement(vault, pending);
  if (r != 0) {
    free_place(vault, pending);
    return r;
  }
  uint16_t place = (uint16_t)(pending - vault->dispatches.all);
  if (moves || operation_releases_card(dispatch->operation))
    round_hold_dispatch(vault, place);
  else
    dispatch_release(vault, place);
  return 0;
}

/* Opens the card and its code into the message. Returns 0, a status, or a negated errno. */
static int add_card(struct vault *vault, struct pending *pending, struct egress_send *send) {
  struct found_token found;
  int r = token_find(vault, &pending->dispatch.merchant, &pending->dispatch.token, &found);
  if (r != 0)
    return r;
  struct record_binding binding = token_binding(&found);
  if (found.record.status == TOKEN_DELETED)
    r = STATUS_DELETED;
  else
    r = record_open_card(&found.record, &binding, found.names.inner_key, &send->card);
  if (r == 0 && pending->has_lease &&
      lease_code(vault->leases, pending->lease, pending->payment, vault_now_us(vault), &send->code) ==
          LEASE_ABSENT)
    r = pending->dispatch.replay ? STATUS_EXPIRED : STATUS_NO_CODE;
  token_found_wipe(&found);
  send->has_card = r == 0;
  return r;
}

static int add_connector(struct vault *vault, const struct pending *pending, struct egress_send *send) {
  struct connector_set *set;
  int r = connector_open(&vault->connectors, pending->dispatch.connector, &set);
  if (r != 0)
    return r;
  memcpy(send->connector, set->facts.name, sizeof send->connector);
  memcpy(send->sheet, set->facts.sheet, sizeof send->sheet);
  memcpy(send->base_url, set->base_url, sizeof send->base_url);
  for (size_t i = 0; i < set->credential_count; i++) /* what signs webhooks is for the vault alone */
    if (!webhook_secret_is(set->credentials[i].name))
      send->credentials[send->credential_count++] = set->credentials[i];
  connector_close(&vault->connectors);
  return 0;
}

static int build(struct vault *vault, struct pending *pending, struct egress_send *send) {
  const struct dispatch *dispatch = &pending->dispatch;
  memcpy(send->key, dispatch->key, sizeof send->key);
  memcpy(send->sheet_hash, dispatch->sheet_hash, sizeof send->sheet_hash);
  send->environment = vault->environment;
  send->operation = dispatch->operation;
  send->asked_about = dispatch->asked_about;
  memcpy(send->bin, pending->bin, sizeof send->bin);
  memcpy(send->last4, pending->last4, sizeof send->last4);
  send->amount = dispatch->amount;
  send->timeout_ms = dispatch->timeout_ms;
  int64_t latest_us = vault_now_us(vault) + dispatch->timeout_ms * US_PER_MS;
  send->deadline_us = latest_us < dispatch->deadline_us ? latest_us : dispatch->deadline_us;
  send->fields = dispatch->fields;
  int r = add_connector(vault, pending, send);
  return r != 0 || !operation_releases_card(dispatch->operation) ? r : add_card(vault, pending, send);
}

static void on_late(struct timer *timer) {
  struct pending *pending = (struct pending *)(void *)((char *)timer - offsetof(struct pending, timer));
  log_warn("egress did not say in time how a dispatch ended");
  answer_phase(pending->vault, pending, PHASE_SENT_NO_REPLY);
}

/* Encodes and sends what build() made. Returns 0 or a negated errno. */
static int push(struct vault *vault, struct peer *egress, struct pending *pending,
                const struct egress_send *send) {
  struct dispatches *dispatches = &vault->dispatches;
  struct writer writer = writer_over(dispatches->message, MESSAGE_MAX - MESSAGE_HEADER);
  write_egress_send(&writer, send);
  pending->correlation = ++dispatches->correlation << 16 | (uint64_t)(pending - dispatches->all);
  int r = writer_finish(&writer);
  if (r == 0)
    r = peer_send(egress, EV_SEND, pending->correlation, dispatches->message, writer_length(&writer));
  sodium_memzero(dispatches->message, writer_length(&writer));
  return r;
}

static void sent(struct vault *vault, struct pending *pending, bool with_code) {
  pending->state = PENDING_SENT;
  pending->order = ++vault->dispatches.sent;
  pending->code_sent = with_code;
  pending->timer.due = on_late;
  int64_t most_us = (pending->dispatch.timeout_ms + DISPATCH_GRACE_MS) * US_PER_MS;
  if (loop_set_timer(vault->loop, &pending->timer, most_us) < 0)
    log_warn("a dispatch has no timer of its own; egress keeps the time alone");
}

void dispatch_release(struct vault *vault, uint16_t place) {
  struct pending *pending = &vault->dispatches.all[place];
  struct egress_send *send = vault->dispatches.send;
  struct peer *egress = peer_of(vault, ROLE_EGRESS);
  if (pending->state != PENDING_HELD)
    return;
  int r = egress ? build(vault, pending, send) : STATUS_UNAVAILABLE;
  if (r == 0)
    r = push(vault, egress, pending, send);
  bool with_code = send->code.digits[0] != '\0';
  sodium_memzero(send, sizeof *send);
  if (r == 0)
    sent(vault, pending, with_code);
  else if (r == -ENOBUFS)
    answer_status(vault, pending, STATUS_BUSY);
  else if (r > 0)
    answer_status(vault, pending, (enum status)r);
  else
    answer_status(vault, pending, r == -EBADMSG ? STATUS_STORAGE : STATUS_UNAVAILABLE);
}

void dispatch_give_up(struct vault *vault, uint16_t place) {
  struct pending *pending = &vault->dispatches.all[place];
  if (pending->state == PENDING_HELD)
    answer_status(vault, pending, STATUS_STORAGE);
}

static void scrub_again(struct pending *pending, struct dispatch_result *result) {
  unsigned dropped = scrub_digits(&result->fields, pending->bin, pending->last4);
  unsigned all = result->scrubbed + dropped;
  result->scrubbed = (uint8_t)(all < SCRUBBED_MAX ? all : SCRUBBED_MAX);
  if (dropped > 0)
    log_warn_number("alert: egress let digits of a card through; fields dropped", "fields", dropped);
}

void dispatch_answered(struct vault *vault, uint64_t correlation, enum status status,
                       struct dispatch_result *result) {
  struct pending *pending = &vault->dispatches.all[correlation % DISPATCHES_MAX];
  if ((correlation & 0xffff) >= DISPATCHES_MAX || pending->state != PENDING_SENT ||
      pending->correlation != correlation)
    return; /* late: the router was told long ago */
  if (status != STATUS_DONE) {
    answer_status(vault, pending, status);
    return;
  }
  scrub_again(pending, result);
  answer_result(vault, pending, result);
}

void dispatch_egress_lost(struct vault *vault, unsigned unsent) {
  struct dispatches *dispatches = &vault->dispatches;
  if (!dispatches->all)
    return;
  uint64_t left = dispatches->sent - (unsent < dispatches->sent ? unsent : dispatches->sent);
  for (size_t i = 0; i < DISPATCHES_MAX; i++) {
    struct pending *pending = &dispatches->all[i];
    if (pending->state != PENDING_SENT)
      continue;
    bool never_left = pending->order > left;
    pending->code_sent = pending->code_sent && !never_left;
    answer_phase(vault, pending, never_left ? PHASE_NOT_SENT : PHASE_SENT_NO_REPLY);
  }
  dispatches->sent = 0;
}
