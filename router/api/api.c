#include "api.h"
#include "auth.h"
#include "change_log.h"
#include "events_render.h"
#include "json_in.h"
#include "log.h"
#include "resources.h"
#include "stray_card.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
  CONNECTIONS_EXTRA = 1024, /* idle connections, and those whose requests are answered at once */
  REQUEST_TIMEOUT_S = 30,
  LONG_BODIES = 16,         /* policies that come in at once */
  KEYS_SWEPT_PER_ROUND = 4, /* old idempotency keys are looked for a few at a time */
  DISPATCH_SLACK_MS = 5000, /* beyond a dispatch's own time the vault is taken to have lost it */
  QUESTION_MS = 5000,
  US_PER_MS = 1000
};

/* An effect of the engine that went to the vault. */
struct errand {
  struct vault_question question;
  struct api *api;
  enum effect_type type;
  uint64_t correlation;
};

/* ---- A request comes in ---- */

static const struct fault fault_unauthorized = {
    .status = 401, .code = "unauthorized", .detail = "No secret key, or one that is not accepted here."};

static const struct fault fault_ledger = {
    .status = 503,
    .code = "ledger_rolled_back",
    .detail =
        "The ledger is older than the vault, or was lost: cards were released for payments that it does "
        "not know, so nothing is charged or changed. An operator puts the right ledger back, or accepts "
        "this one (freeport ledger)."};

/* Finds the key's owner. Returns whether there is one. */
static bool authenticate(struct call *call) {
  uint8_t hash[API_KEY_HASH_BYTES];
  struct api_key key;
  if (auth_hash_header(http_header(call->http, "Authorization"), hash) != 0 ||
      ledger_api_key_get(call->api->options.ledger, hash, &key) != 0)
    return false;
  if (key.revoked || key.livemode != call->api->options.live)
    return false;
  call->from.merchant = key.merchant;
  call->from.actor = key.id;
  call->from.livemode = key.livemode;
  return true;
}

/* Takes the Idempotency-Key when there is one. Returns false with *ret_fault when it is wrong or wanting. */
static bool take_idempotency(struct call *call, bool required, struct fault *ret_fault) {
  const char *key = http_header(call->http, "Idempotency-Key");
  if (key == NULL) {
    *ret_fault = fault_of(400, "idempotency_key_required", "This request needs an Idempotency-Key.");
    return !required;
  }
  size_t length = strlen(key);
  if (length < 1 || length > IDEMPOTENCY_KEY_MAX || !alphabet_holds(ALPHABET_PRINT, key)) {
    *ret_fault =
        fault_of(400, "invalid_idempotency_key", "The Idempotency-Key is 1 to 255 printable characters.");
    return false;
  }
  if (holds_card_number(key)) {
    *ret_fault = fault_of(400, "card_number_not_allowed", "A card number is no Idempotency-Key.");
    return false;
  }
  memcpy(call->from.idempotency_key, key, length + 1);
  return true;
}

/* What is common to all requests. Returns false with *ret_fault. */
static bool prepare(struct call *call, unsigned needs, struct fault *ret_fault) {
  const char *version = http_header(call->http, "Freeport-Version");
  if (version != NULL && strcmp(version, API_VERSION) != 0) {
    *ret_fault = fault_of(400, "unknown_version", "There is no such Freeport-Version.");
    return false;
  }
  if ((needs & NEEDS_KEY) && !authenticate(call)) {
    *ret_fault = fault_unauthorized;
    return false;
  }
  if (call->api->draining && (needs & NEEDS_KEY)) {
    *ret_fault = fault_passing("busy", "The router is being stopped; nothing was done.");
    return false;
  }
  if ((needs & NEEDS_JSON) && call->http->body_length > 0 &&
      !http_content_is(call->http, "application/json")) {
    *ret_fault = fault_of(415, "unsupported_media_type", "The body must be application/json.");
    return false;
  }
  if ((needs & NEEDS_JSON) && !take_idempotency(call, needs & NEEDS_IDEMPOTENCY, ret_fault))
    return false;
  if ((needs & NEEDS_LEDGER) && call->api->check.behind) {
    *ret_fault = fault_ledger;
    return false;
  }
  crypto_hash_sha256(call->from.body_hash, call->http->body, call->http->body_length);
  return true;
}

static void refuse_unrouted(struct api *api, struct http_request *http, int found, const char *allow) {
  const struct http_header headers[] = {{"Allow", allow}, {NULL, NULL}};
  bool no_method = found == HTTP_NO_METHOD;
  metrics_answered(&api->metrics, api_route_count, no_method ? 405 : 404, 0);
  problem_answer(http, no_method ? &problem_method : &problem_not_found, no_method ? headers : NULL);
}

static void handle(void *context, struct http_request *http) {
  struct api *api = context;
  struct http_match match;
  struct fault fault;
  int found = http_route_find(api->matches, api_route_count, http->method, http->path, &match);
  if (found != 0) {
    refuse_unrouted(api, http, found, match.allow);
    return;
  }
  struct call *call = calloc(1, sizeof *call);
  if (call == NULL) {
    problem_answer(http, &problem_busy, NULL);
    return;
  }
  call->api = api;
  call->http = http;
  call->route = (size_t)(match.route - api->matches);
  call->started_us = api->options.clock->monotonic_us(api->options.clock->context);
  call->from.request = http->id;
  if (prepare(call, api_routes[call->route].needs, &fault))
    api_routes[call->route].handle(call, match.segment);
  else
    call_refuse(call, &fault);
}

/* ---- Effects go out, replies come in ---- */

/* A reply that cannot be read says nothing about what was sent. */
static void description_replied(const struct errand *errand, struct vault_reply *reply) {
  struct token_description description = {0};
  if (reply->status == STATUS_DONE && read_token_description(&reply->body, &description) != 0)
    engine_on_lost(errand->api->engine, api_now_ms(errand->api), errand->correlation);
  else
    engine_on_description(errand->api->engine, api_now_ms(errand->api), errand->correlation, reply->status,
                          &description);
}

static void dispatch_replied(const struct errand *errand, struct vault_reply *reply) {
  struct dispatch_result result = {0};
  if (reply->status == STATUS_DONE && read_dispatch_result(&reply->body, &result) != 0)
    engine_on_lost(errand->api->engine, api_now_ms(errand->api), errand->correlation);
  else
    engine_on_result(errand->api->engine, api_now_ms(errand->api), errand->correlation, reply->status,
                     &result);
}

static void errand_answered(struct vault_question *question, struct vault_reply *reply) {
  struct errand *errand = (struct errand *)((char *)question - offsetof(struct errand, question));
  struct api *api = errand->api;
  bool line_lost = reply->fate == VAULT_LOST && !vault_link_up(api->vault);
  bool awaited = errand->type == EFFECT_DESCRIBE || errand->type == EFFECT_DISPATCH;
  if (!awaited || line_lost) {
    /* Nobody waits; or engine_on_vault() tells the engine about everything that was outstanding. */
  } else if (reply->fate == VAULT_NOT_SENT) {
    engine_on_refused(api->engine, api_now_ms(api), errand->correlation);
  } else if (reply->fate == VAULT_LOST) {
    engine_on_lost(api->engine, api_now_ms(api), errand->correlation);
  } else if (errand->type == EFFECT_DESCRIBE) {
    description_replied(errand, reply);
  } else {
    dispatch_replied(errand, reply);
  }
  free(errand);
}

static void send_errand(struct api *api, const struct effect *effect, enum router_vault_type type,
                        const struct writer *body, uint32_t timeout_ms) {
  struct errand *errand = calloc(1, sizeof *errand);
  if (errand == NULL) {
    log_warn("out of memory for a question to the vault");
    if (api->refused_count < REFUSED_MAX)
      api->refused[api->refused_count++] = effect->correlation;
    return;
  }
  assert(writer_finish(body) == 0);
  errand->api = api;
  errand->type = effect->type;
  errand->correlation = effect->correlation;
  errand->question.answered = errand_answered;
  vault_link_ask(api->vault, &errand->question, type, body->start, writer_length(body), timeout_ms);
}

/* The vault is told until when: a dispatch that is asked about must not be begun any more. */
static void send_dispatch(struct api *api, const struct effect *effect, struct writer *writer) {
  const struct clock *clock = api->options.clock;
  struct dispatch dispatch = *effect->dispatch;
  dispatch.deadline_us = clock->monotonic_us(clock->context) + (int64_t)dispatch.timeout_ms * US_PER_MS;
  write_dispatch(writer, &dispatch);
  send_errand(api, effect, RV_DISPATCH, writer, dispatch.timeout_ms + DISPATCH_SLACK_MS);
}

static void perform(struct api *api, const struct effect *effect) {
  uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  struct writer writer = writer_over(bytes, sizeof bytes);
  switch (effect->type) {
  case EFFECT_DESCRIBE:
    write_token_question(&writer, &effect->describe);
    send_errand(api, effect, RV_DESCRIBE, &writer, QUESTION_MS);
    break;
  case EFFECT_DISPATCH:
    send_dispatch(api, effect, &writer);
    break;
  case EFFECT_END_PAYMENT:
    write_end_payment(&writer, &effect->end);
    send_errand(api, effect, RV_END_PAYMENT, &writer, QUESTION_MS);
    break;
  case EFFECT_ANSWER:
    payments_answered(api, &effect->answer);
    break;
  case EFFECT_WEBHOOK_TAKEN:
    write_webhook_taken(&writer, &effect->taken);
    send_errand(api, effect, RV_WEBHOOK_TAKEN, &writer, QUESTION_MS);
    break;
  }
}

/* ---- The vault ---- */

static void vault_changed(void *context) {
  struct api *api = context;
  bool up = vault_link_up(api->vault);
  engine_on_vault(api->engine, api_now_ms(api), up);
  if (up)
    connector_list_read(&api->connectors);
  else
    connector_list_doubt(&api->connectors);
}

static int webhook_told(struct api *api, struct reader *body) {
  struct webhook webhook;
  int r = read_webhook(body, &webhook);
  if (r == 0)
    engine_on_webhook(api->engine, api_now_ms(api), &webhook);
  return r;
}

/* What a later vault may say besides is no fault of its. */
static int vault_told(void *context, uint8_t type, struct reader *body) {
  struct api *api = context;
  if (type == RV_LEDGER_ACCEPTED)
    return ledger_check_accept(&api->check, body);
  if (!vault_link_up(api->vault))
    return 0;
  if (type == RV_WEBHOOK)
    return webhook_told(api, body);
  if (type == RV_CONNECTORS_CHANGED)
    connector_list_read(&api->connectors);
  return 0;
}

static void vault_head(void *context, const struct audit_head *head) {
  struct api *api = context;
  ledger_check_begin(&api->check, head);
}

static void connectors_loaded(void *context, const struct connector_facts *facts, size_t count) {
  struct api *api = context;
  engine_on_connectors(api->engine, api_now_ms(api), facts, count);
  log_connectors(facts, count);
  log_fees(api->options.fees, facts, count);
}

void api_fees_changed(const struct api *api) {
  if (api->connectors.known)
    log_fees(api->options.fees, api->connectors.facts, api->connectors.count);
}

static void connectors_ended(void *context, bool good) {
  struct api *api = context;
  call_finish_all(&api->after_connectors, good);
}

int api_connect_vault(struct api *api, int fd) {
  struct audit_head head = ledger_head(api->options.ledger);
  return vault_link_connect(api->vault, fd, &head);
}

/* ---- Webhooks ---- */

static void notify_changed(void *context, bool there) {
  struct api *api = context;
  pump_on_line(api->pump, api_now_ms(api), there);
}

static void notify_ended(void *context, uint64_t number, const struct delivery_attempt *attempt) {
  struct api *api = context;
  pump_on_attempt(api->pump, api_now_ms(api), number, attempt);
}

static int notify_send(void *context, uint64_t number, const struct delivery_head *head, const void *body) {
  struct api *api = context;
  return notify_link_send(&api->notify, number, head, body);
}

static int event_body(void *context, const struct entry_events *events, unsigned index, char **ret_text,
                      size_t *ret_length) {
  struct api *api = context;
  struct event_renderer renderer = {
      .ledger = api->options.ledger, .key = event_key_of(api->options.ledger), .livemode = api->options.live};
  struct json_out out = {0};
  int result = render_event(&renderer, &out, events, index);
  if (result == 0)
    return out_finish(&out, ret_text, ret_length);
  out_drop(&out);
  return result;
}

static int start_pump(struct api *api) {
  struct pump_options pump = {.ledger = api->options.ledger,
                              .draws = system_draws,
                              .send = notify_send,
                              .body = event_body,
                              .context = api,
                              .schedule_count = api->options.webhook_retries.count};
  memcpy(pump.schedule_ms, api->options.webhook_retries.waits_ms, sizeof pump.schedule_ms);
  return pump_new(&pump, api_now_ms(api), &api->pump);
}

int api_connect_notify(struct api *api, int fd) {
  return notify_link_connect(&api->notify, fd);
}

/* ---- The round ---- */

static void time_passes(struct timer *timer) {
  struct api *api = (struct api *)((char *)timer - offsetof(struct api, engine_timer));
  engine_on_time(api->engine, api_now_ms(api));
  pump_run(api->pump, api_now_ms(api));
  rates_run(api->rates, api_now_ms(api));
}

/* Of two times, -1 for never. */
static int64_t earlier(int64_t left, int64_t right) {
  return left < 0 || (right >= 0 && right < left) ? right : left;
}

static void turns_come(struct timer *timer) {
  struct api *api = (struct api *)((char *)timer - offsetof(struct api, turn_timer));
  call_finish_all(&api->next_turn, !api->draining);
}

static int64_t due(struct api *api) {
  int64_t engine_ms = api->refused_count > 0 ? 0 : engine_due(api->engine);
  int64_t pump_ms = pump_due(api->pump, api_now_ms(api));
  return earlier(earlier(engine_ms, pump_ms), rates_due(api->rates, api_now_ms(api)));
}

static void arm_timer(struct api *api) {
  int64_t due_ms = due(api);
  if (due_ms < 0) {
    loop_clear_timer(api->options.loop, &api->engine_timer);
    return;
  }
  int64_t wait_ms = due_ms - api_now_ms(api);
  if (loop_set_timer(api->options.loop, &api->engine_timer, wait_ms > 0 ? wait_ms * 1000 : 0) != 0)
    log_warn("out of memory for a timer");
}

static int commit(struct api *api) {
  int error = 0;
  if (pump_wants_commit(api->pump, api_now_ms(api)))
    error = pump_put(api->pump, api_now_ms(api));
  if (error == 0 && rates_wants_commit(api->rates, api_now_ms(api)))
    error = rates_put(api->rates, api_now_ms(api));
  if (error < 0)
    ledger_spoil(api->options.ledger, error);
  bool pending = ledger_pending(api->options.ledger);
  int result = engine_commit(api->engine, api_now_ms(api));
  pump_committed(api->pump, api_now_ms(api), result == 0);
  rates_committed(api->rates, api_now_ms(api), result == 0);
  api->storage_failed = result != 0 || (api->storage_failed && !pending);
  if (result != 0) {
    api->metrics.failed_commits++;
    log_error("commit failed", result);
  } else if (pending) {
    api->metrics.commits++;
  }
  return result;
}

void api_round_end(struct api *api) {
  struct effect effect;
  while (api->refused_count > 0)
    engine_on_refused(api->engine, api_now_ms(api), api->refused[--api->refused_count]);
  int result = commit(api);
  while (engine_next_effect(api->engine, &effect))
    perform(api, &effect);
  call_finish_all(&api->after_commit, result == 0);
  ledger_check_committed(&api->check, result == 0);
  arm_timer(api);
}

/* ---- Start and end ---- */

static int start_engine(struct api *api) {
  const struct api_options *options = &api->options;
  struct engine_options engine = {.ledger = options->ledger,
                                  .bins = options->bins,
                                  .draws = system_draws,
                                  .sheet = options->sheet,
                                  .sheet_context = options->sheet_context,
                                  .health = options->health,
                                  .fees = options->fees,
                                  .on_connector = log_connector_change,
                                  .zone_offset = options->zone_offset};
  int result = engine_new(&engine, &api->engine);
  if (result == 0)
    result = engine_start(api->engine, api_now_ms(api));
  return result;
}

/* What the journal tells of first attempts that ended before this start. */
static void recall_first(void *context, const struct payment *payment, const struct attempt *attempt,
                         int64_t at_ms) {
  struct api *api = context;
  engine_recall(api->engine, payment, attempt, at_ms);
}

static int start_rates(struct api *api) {
  int result = rates_new(api->options.ledger, api_now_ms(api), &api->rates);
  if (result == 0)
    rates_on_first_ended(api->rates, recall_first, api);
  return result;
}

static void name_routes(struct api *api) {
  for (size_t i = 0; i < api_route_count; i++) {
    api->matches[i] = (struct http_route){api_routes[i].method, api_routes[i].pattern, NULL};
    api->metrics.routes[i].path = api_routes[i].pattern;
    api->metrics.routes[i].method = metrics_method(api_routes[i].method);
  }
  api->metrics.routes[api_route_count] = (struct metrics_route){.method = "", .path = "none"};
  api->metrics.route_count = api_route_count + 1;
}

int api_new(const struct api_options *options, struct api **ret_api) {
  struct api *api = calloc(1, sizeof *api);
  if (api == NULL)
    return -ENOMEM;
  api->options = *options;
  api->engine_timer.due = time_passes;
  api->turn_timer.due = turns_come;
  name_routes(api);
  const struct vault_link_host host = {vault_changed, vault_told, vault_head, api};
  const struct notify_link_host notify = {notify_changed, notify_ended, api};
  notify_link_init(&api->notify, options->loop, &notify);
  int result = start_engine(api);
  if (result == 0)
    result = start_pump(api);
  if (result == 0)
    result = start_rates(api);
  if (result == 0)
    result = vault_link_new(options->loop, &host, &api->vault);
  if (result != 0) {
    api_free(api);
    return result;
  }
  ledger_check_init(&api->check, api->vault, options->loop, options->ledger);
  connector_list_init(&api->connectors, api->vault, options->loop, connectors_loaded, connectors_ended, api);
  *ret_api = api;
  return 0;
}

void api_free(struct api *api) {
  if (api == NULL)
    return;
  http_server_close(api->server);
  vault_link_free(api->vault);
  notify_link_close(&api->notify);
  call_finish_all(&api->after_connectors, false);
  call_finish_all(&api->after_commit, false);
  call_finish_all(&api->next_turn, false);
  loop_clear_timer(api->options.loop, &api->turn_timer);
  loop_clear_timer(api->options.loop, &api->engine_timer);
  loop_clear_timer(api->options.loop, &api->connectors.retry);
  ledger_check_end(&api->check);
  pump_free(api->pump);
  rates_free(api->rates);
  engine_free(api->engine);
  free(api);
}

int api_listen(struct api *api, int fd) {
  static const struct http_header headers[] = {{"Freeport-Version", API_VERSION}, {NULL, NULL}};
  unsigned requests = api->options.requests_max > 0 ? api->options.requests_max : API_REQUESTS_MAX;
  const struct http_options options = {.loop = api->options.loop,
                                       .clock = api->options.clock,
                                       .listen_fd = fd,
                                       .limits = {.body_bytes = BODY_MAX,
                                                  .connections = requests + CONNECTIONS_EXTRA,
                                                  .requests = requests,
                                                  .timeout_s = REQUEST_TIMEOUT_S,
                                                  .long_path = "/v1/policies",
                                                  .long_body_bytes = LONG_BODY_MAX,
                                                  .long_bodies = LONG_BODIES},
                                       .headers = headers,
                                       .handle = handle,
                                       .context = api};
  struct http_server *server;
  int result = http_server_open(&options, &server);
  if (result != 0)
    return result;
  http_server_close(api->server);
  api->server = server;
  return 0;
}

int api_add_key(struct api *api, const void *payload, size_t length) {
  struct api_key_setting setting;
  int result = auth_read_setting(payload, length, &setting);
  if (result != 0)
    return result;
  struct api_key key = {
      .merchant = setting.merchant, .livemode = setting.livemode, .created_ms = api_now_ms(api)};
  result = ledger_api_key_add(api->options.ledger, setting.hash, &key);
  if (result < 0 && result != -EEXIST)
    ledger_spoil(api->options.ledger, result);
  return result;
}

void api_drain(struct api *api) {
  api->draining = true;
  pump_flush(api->pump, api_now_ms(api));
  if (api->server != NULL)
    http_server_stop_accepting(api->server);
}

unsigned api_waiting(const struct api *api) {
  return api->waiting;
}
