#include "call.h"
#include "log.h"
#include "resources.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_WAIT_MS = 5000 };

static const struct http_header replayed_headers[] = {{"Idempotent-Replayed", "true"}, {NULL, NULL}};

const struct fault fault_storage = {.status = 503,
                                    .code = "storage_unavailable",
                                    .detail = "The ledger cannot be written now; nothing was done.",
                                    .retry_after = 5};
static const struct fault fault_away = {
    .status = 503, .code = "vault_unavailable", .detail = "The vault does not answer now.", .retry_after = 1};
static const struct fault fault_rolled_back = {
    .status = 503,
    .code = "vault_rolled_back",
    .detail = "The vault's file is older than the ledger; an operator must look."};

int64_t api_now_ms(const struct api *api) {
  return api->options.clock->now_ms(api->options.clock->context);
}

/* The one end of every call. */
static void call_end(struct call *call, unsigned status) {
  struct api *api = call->api;
  const struct clock *clock = api->options.clock;
  if (call->http != NULL)
    metrics_answered(&api->metrics, call->route, status,
                     clock->monotonic_us(clock->context) - call->started_us);
  if (call->state != CALL_HANDLED)
    api->waiting--;
  free(call->body);
  trial_free(call);
  free(call);
}

void call_answer_bytes(struct call *call, unsigned status, const char *type, const void *body,
                       size_t length) {
  if (call->http != NULL)
    http_answer(call->http, &(struct http_response){.status = status,
                                                    .content_type = type,
                                                    .body = body,
                                                    .length = length,
                                                    .headers = call->replayed ? replayed_headers : NULL});
  call_end(call, status);
}

void call_answer(struct call *call, unsigned status, struct json_out *out) {
  char *text;
  size_t length;
  if (out_finish(out, &text, &length) != 0) {
    call_refuse(call,
                &(struct fault){.status = 503, .code = "busy", .detail = "Out of memory.", .retry_after = 1});
    return;
  }
  call_answer_bytes(call, status, "application/json", text, length);
  free(text);
}

void call_refuse(struct call *call, const struct fault *fault) {
  struct problem problem = fault_problem(fault);
  if (call->http != NULL)
    problem_answer(call->http, &problem, NULL);
  call_end(call, fault->status);
}

void call_refuse_with(struct call *call, const struct fault *fault,
                      void (*add)(struct json_out *out, const void *what), const void *what) {
  struct problem problem = fault_problem(fault);
  struct json_out out = {0};
  char *text;
  size_t length;
  out_open(&out, NULL);
  out_text(&out, "type", "about:blank");
  out_text(&out, "title", problem_title(problem.status));
  out_integer(&out, "status", problem.status);
  out_text(&out, "code", problem.code);
  out_text(&out, "detail", problem.detail);
  if (problem.param != NULL)
    out_text(&out, "param", problem.param);
  out_text(&out, "request_id", call->from.request.text);
  add(&out, what);
  out_close(&out);
  if (out_finish(&out, &text, &length) != 0) {
    call_refuse(call, fault);
    return;
  }
  call_answer_bytes(call, problem.status, "application/problem+json", text, length);
  free(text);
}

void call_not_found(struct call *call) {
  struct fault fault = fault_of(404, "not_found", "There is no such object.");
  call_refuse(call, &fault);
}

void call_refuse_vault(struct call *call) {
  struct fault fault = fault_of_vault(call->api);
  call_refuse(call, &fault);
}

/* ---- Waiting ---- */

static void forget_ticket(struct call *call) {
  call->api->by_ticket[call->ticket % TICKET_SLOTS] = NULL;
  call->ticket = 0;
}

/* The client has left. What it asked for goes on; only its answer is of no interest any more. */
static void client_gone(struct http_request *http) {
  struct call *call = http->context;
  call->api->metrics.clients_gone++;
  call->http = NULL;
  if (call->state != CALL_ENGINE)
    return; /* the vault's reply or the round's end ends it */
  engine_forget(call->api->engine, call->ticket);
  forget_ticket(call);
  call_end(call, 0);
}

static void keep(struct call *call, enum call_state state) {
  assert(call->state == CALL_HANDLED || state == CALL_ROUND);
  if (call->state == CALL_HANDLED) {
    call->http->context = call;
    http_keep(call->http, client_gone);
    call->api->waiting++;
  }
  call->state = state;
}

/* Tickets are never used twice; the few that still wait when their place comes round again are stepped over.
 */
static uint64_t free_ticket(struct api *api) {
  for (unsigned i = 0; i < TICKET_SLOTS; i++)
    if (api->by_ticket[++api->tickets % TICKET_SLOTS] == NULL)
      return api->tickets;
  return 0;
}

uint64_t call_wait_engine(struct call *call) {
  uint64_t ticket = free_ticket(call->api);
  if (ticket == 0) {
    struct fault fault = fault_passing("busy", "Too many requests are waiting; nothing was done.");
    call_refuse(call, &fault);
    return 0;
  }
  keep(call, CALL_ENGINE);
  call->ticket = ticket;
  call->api->by_ticket[ticket % TICKET_SLOTS] = call;
  return ticket;
}

struct call *call_of_ticket(struct api *api, uint64_t ticket) {
  struct call *call = api->by_ticket[ticket % TICKET_SLOTS];
  if (call == NULL || call->ticket != ticket)
    return NULL;
  forget_ticket(call);
  return call;
}

static void vault_answered(struct vault_question *question, struct vault_reply *reply) {
  struct call *call = (struct call *)((char *)question - offsetof(struct call, question));
  if (call->http == NULL)
    call_end(call, 0);
  else
    call->described(call, reply);
}

void call_wait_vault(struct call *call, enum router_vault_type type, const struct writer *body,
                     void (*described)(struct call *call, struct vault_reply *reply)) {
  assert(writer_finish(body) == 0);
  unsigned wait_ms = call->api->options.vault_wait_ms > 0 ? call->api->options.vault_wait_ms : VAULT_WAIT_MS;
  keep(call, CALL_VAULT);
  call->described = described;
  call->question.answered = vault_answered;
  vault_link_ask(call->api->vault, &call->question, type, body->start, writer_length(body), wait_ms);
}

void call_wait_round(struct call *call, void (*finish)(struct call *call, bool committed)) {
  keep(call, CALL_ROUND);
  call->finish = finish;
  call->next = call->api->after_commit;
  call->api->after_commit = call;
}

void call_wait_connectors(struct call *call, void (*finish)(struct call *call, bool committed)) {
  keep(call, CALL_ROUND);
  call->finish = finish;
  call->next = call->api->after_connectors;
  call->api->after_connectors = call;
  connector_list_read(&call->api->connectors);
}

void call_wait_turn(struct call *call, void (*finish)(struct call *call, bool committed)) {
  struct api *api = call->api;
  keep(call, CALL_ROUND);
  call->finish = finish;
  call->next = api->next_turn;
  api->next_turn = call;
  if (loop_set_timer(api->options.loop, &api->turn_timer, 0) != 0)
    log_warn("out of memory for a timer");
}

static void finish_prepared(struct call *call, bool committed) {
  if (committed)
    call_answer_bytes(call, call->status, "application/json", call->body, call->length);
  else
    call_refuse(call, &fault_storage);
}

void call_answer_committed(struct call *call, unsigned status, bool replayed, struct json_out *out) {
  call->status = status;
  call->replayed = replayed;
  if (out_finish(out, &call->body, &call->length) != 0)
    call_write_failed(call, -ENOMEM);
  else
    call_wait_round(call, finish_prepared);
}

void call_write_failed(struct call *call, int error) {
  assert(error < 0);
  log_error("ledger write failed", error);
  ledger_spoil(call->api->options.ledger, error);
  call_wait_round(call, finish_prepared);
}

void call_finish_all(struct call **list, bool good) {
  struct call *call = *list;
  *list = NULL;
  while (call != NULL) {
    struct call *next = call->next;
    if (call->http == NULL)
      call_end(call, 0);
    else
      call->finish(call, good);
    call = next;
  }
}

struct fault fault_of_vault(const struct api *api) {
  return vault_link_rolled_back(api->vault) ? fault_rolled_back : fault_away;
}

struct fault fault_of_reply(const struct api *api, const struct vault_reply *reply) {
  if (reply->fate != VAULT_REPLIED)
    return fault_of_vault(api);
  switch (reply->status) {
  case STATUS_NOT_FOUND:
    return fault_of(404, "not_found", "There is no such object.");
  case STATUS_DELETED:
    return fault_of(422, "token_deleted", "The token was deleted.");
  case STATUS_EXPIRED:
    return fault_of(422, "token_expired", "The token has expired.");
  case STATUS_LIMITED:
    return fault_of(429, "deletion_limited",
                    "So many of a merchant's tokens in a day are deleted by an operator only.");
  case STATUS_BUSY:
    return fault_passing("busy", "The vault is busy; nothing was done.");
  case STATUS_SEALED:
    return fault_passing("vault_sealed", "The vault is sealed.");
  case STATUS_STORAGE:
    return fault_passing("storage_unavailable", "The vault cannot write now; nothing was done.");
  case STATUS_ROLLED_BACK:
    return fault_rolled_back;
  default:
    return fault_away;
  }
}
