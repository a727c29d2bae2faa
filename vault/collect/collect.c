#include "collect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "card_body.h"
#include "cors.h"
#include "form.h"
#include "log.h"
#include "problem.h"
#include "routes.h"

enum { OBJECT_CAPACITY = 512, LIMITED_RETRY_S = 3600 };

/* Between a request and the vault's answer to it. */
struct intake {
  struct collect *collect;
  struct http_request *request;
  unsigned handle;
};

static const struct problem vault_away = {
    503, "vault_unavailable", "The vault is not there now. It may have stored the card.", NULL, 1};
static const struct problem vault_sealed = {503, "vault_sealed",
                                            "The vault is not unlocked yet; nothing was done.", NULL, 5};
static const struct problem vault_full = {503, "storage", "The vault cannot store now; nothing was done.",
                                          NULL, 5};
static const struct problem card_limited = {429, "rate_limited",
                                            "Too many new card numbers that look alike came in within a day.",
                                            NULL, LIMITED_RETRY_S};
static const struct problem card_refused = {422, "card_not_accepted", "The vault does not accept this card.",
                                            "card", 0};
static const struct problem no_token = {404, "token_not_found", "There is no such token.", "token", 0};
static const struct problem code_refused = {
    422, "invalid_security_code", "The security code must be the three or four digits of this card.", "cvc",
    0};

static const struct problem *problem_of(enum status status, bool code_only) {
  switch (status) {
  case STATUS_BUSY:
    return &problem_busy;
  case STATUS_REFUSED:
    return &problem_unauthorized;
  case STATUS_LIMITED:
    return &card_limited;
  case STATUS_SEALED:
    return &vault_sealed;
  case STATUS_STORAGE:
    return &vault_full;
  case STATUS_INVALID:
    return code_only ? &code_refused : &card_refused;
  case STATUS_NOT_FOUND:
  case STATUS_EXPIRED:
  case STATUS_DELETED:
    return code_only ? &no_token : &vault_away;
  default:
    return &vault_away;
  }
}

static void refuse(const struct collect *collect, struct http_request *request,
                   const struct problem *problem) {
  struct http_header headers[CORS_HEADERS_MAX];
  cors_headers(collect->options, request, headers);
  problem_answer(request, problem, headers);
}

static void created(const struct collect *collect, struct http_request *request, const char *body,
                    int length) {
  struct http_header headers[CORS_HEADERS_MAX];
  cors_headers(collect->options, request, headers);
  http_answer(request, &(struct http_response){.status = 201,
                                               .content_type = "application/json",
                                               .body = body,
                                               .length = (size_t)length,
                                               .headers = headers});
}

static void gone(struct http_request *request) {
  struct intake *intake = request->context;
  line_abandon(&intake->collect->line, intake->handle);
  free(intake);
}

static void answer_token(const struct collect *collect, struct http_request *request,
                         const struct tokenized *tokenized) {
  char body[OBJECT_CAPACITY], created_at[TIMESTAMP_CAPACITY];
  timestamp_format(collect->clock->now_ms(collect->clock->context), created_at);
  int length = snprintf(
      body, sizeof body,
      "{\"id\":\"%s\",\"object\":\"token\",\"livemode\":%s,\"created_at\":\"%s\",\"type\":\"card\","
      "\"card\":{\"bin\":\"%s\",\"last4\":\"%s\",\"network\":\"%s\",\"exp_month\":%u,\"exp_year\":%u}}",
      tokenized->token.text, collect->options->live ? "true" : "false", created_at, tokenized->card.bin,
      tokenized->card.last4, network_name(tokenized->card.network), tokenized->card.exp_month,
      tokenized->card.exp_year);
  created(collect, request, body, length);
}

static void token_answered(void *asker, enum status status, struct reader *reply) {
  struct intake *intake = asker;
  struct tokenized tokenized;
  if (intake == NULL)
    return;
  if (status == STATUS_DONE && read_tokenized(reply, &tokenized) != 0) {
    log_warn("vault_answer_unreadable");
    status = STATUS_UNAVAILABLE;
  }
  if (status == STATUS_DONE)
    answer_token(intake->collect, intake->request, &tokenized);
  else
    refuse(intake->collect, intake->request, problem_of(status, false));
  free(intake);
}

static void code_answered(void *asker, enum status status, struct reader *reply) {
  struct intake *intake = asker;
  struct code_leased leased;
  char body[OBJECT_CAPACITY], created_at[TIMESTAMP_CAPACITY], expires_at[TIMESTAMP_CAPACITY];
  if (intake == NULL)
    return;
  const struct collect *collect = intake->collect;
  if (status == STATUS_DONE && read_code_leased(reply, &leased) != 0) {
    log_warn("vault_answer_unreadable");
    status = STATUS_UNAVAILABLE;
  }
  if (status == STATUS_DONE) {
    timestamp_format(collect->clock->now_ms(collect->clock->context), created_at);
    timestamp_format(leased.expires_ms, expires_at);
    int length = snprintf(body, sizeof body,
                          "{\"id\":\"%s\",\"object\":\"security_code\",\"livemode\":%s,\"created_at\":\"%s\","
                          "\"expires_at\":\"%s\"}",
                          leased.security_code.text, collect->options->live ? "true" : "false", created_at,
                          expires_at);
    created(collect, intake->request, body, length);
  } else {
    refuse(collect, intake->request, problem_of(status, true));
  }
  free(intake);
}

/* Sends the message to the vault and keeps the request until the answer. */
static void ask(struct collect *collect, struct http_request *request, uint8_t type,
                const struct writer *writer, line_answered *answered) {
  struct intake *intake = malloc(sizeof *intake);
  if (intake == NULL || writer_finish(writer) != 0) {
    free(intake);
    refuse(collect, request, &problem_busy);
    return;
  }
  *intake = (struct intake){collect, request, 0};
  int error =
      line_ask(&collect->line, type, writer->start, writer_length(writer), answered, intake, &intake->handle);
  if (error != 0) {
    free(intake);
    refuse(collect, request, error == -EBUSY ? &problem_busy : &vault_away);
    return;
  }
  request->context = intake;
  http_drop_body(request);
  http_keep(request, gone);
}

/* What is checked before a body is looked at. Returns NULL, or the problem. */
static const struct problem *admit(struct collect *collect, const struct http_request *request,
                                   uint8_t ret_key_hash[PUBLISHABLE_HASH_BYTES]) {
  uint8_t address[16];
  http_peer(request, address);
  bool exempt = !collect->options->live && http_peer_is_loopback(address);
  if (!exempt &&
      !velocity_take(collect->velocity, address, collect->clock->monotonic_us(collect->clock->context)))
    return &problem_limited;
  if (!publishable_key_read(http_header(request, "Authorization"), collect->options->live, ret_key_hash))
    return &problem_unauthorized;
  return http_content_is(request, "application/json") ? NULL : &problem_media_type;
}

static void post_token(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  struct collect *collect = context;
  struct tokenize tokenize;
  uint8_t bytes[sizeof tokenize + MESSAGE_HEADER], hash[PUBLISHABLE_HASH_BYTES];
  const struct problem *problem = admit(collect, request, hash);
  if (problem != NULL) {
    refuse(collect, request, problem);
    return;
  }
  struct card_body_context body = {collect->clock->now_ms(collect->clock->context), collect->options->live};
  problem = card_body_read(request->body, request->body_length, &body, &tokenize);
  if (problem != NULL) {
    refuse(collect, request, problem);
  } else {
    struct writer writer = writer_over(bytes, sizeof bytes);
    memcpy(tokenize.key_hash, hash, sizeof hash);
    write_tokenize(&writer, &tokenize);
    ask(collect, request, CV_TOKENIZE, &writer, token_answered);
  }
  sodium_memzero(&tokenize, sizeof tokenize);
  sodium_memzero(bytes, sizeof bytes);
}

static void post_code(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  struct collect *collect = context;
  struct code_typed typed;
  uint8_t bytes[sizeof typed + MESSAGE_HEADER], hash[PUBLISHABLE_HASH_BYTES];
  const struct problem *problem = admit(collect, request, hash);
  if (problem != NULL) {
    refuse(collect, request, problem);
    return;
  }
  problem = code_body_read(request->body, request->body_length, &typed);
  if (problem != NULL) {
    refuse(collect, request, problem);
  } else {
    struct writer writer = writer_over(bytes, sizeof bytes);
    memcpy(typed.key_hash, hash, sizeof hash);
    write_code_typed(&writer, &typed);
    ask(collect, request, CV_SECURITY_CODE, &writer, code_answered);
  }
  sodium_memzero(&typed, sizeof typed);
  sodium_memzero(bytes, sizeof bytes);
}

static void preflight(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  const struct collect *collect = context;
  cors_preflight(collect->options, request);
}

static void get_fields(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  const struct collect *collect = context;
  form_page(collect->options, request);
}

static void get_asset(void *context, struct http_request *request, const char *segment) {
  (void)context;
  form_asset(request, segment);
}

static void get_health(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  static const char up[] = "{\"status\":\"ok\",\"vault\":true}",
                    down[] = "{\"status\":\"ok\",\"vault\":false}";
  const struct collect *collect = context;
  bool there = line_up(&collect->line);
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = "application/json",
                                               .body = there ? up : down,
                                               .length = there ? sizeof up - 1 : sizeof down - 1,
                                               .body_is_static = true});
}

static const struct http_route routes[] = {
    {HTTP_POST, "/v1/tokens", post_token},        {HTTP_OPTIONS, "/v1/tokens", preflight},
    {HTTP_POST, "/v1/security-codes", post_code}, {HTTP_OPTIONS, "/v1/security-codes", preflight},
    {HTTP_GET, "/v1/fields", get_fields},         {HTTP_GET, "/v1/fields/{name}", get_asset},
    {HTTP_GET, "/healthz", get_health},
};

void collect_handle(void *context, struct http_request *request) {
  http_route_dispatch(routes, sizeof routes / sizeof *routes, context, request, NULL);
}

int collect_open(struct collect *collect, const struct collect_options *options, struct loop *loop,
                 const struct clock *clock) {
  *collect = (struct collect){.options = options, .clock = clock};
  collect->velocity = velocity_new(options->rate_per_second, options->rate_burst);
  if (collect->velocity == NULL)
    return -ENOMEM;
  line_init(&collect->line, loop, clock);
  return 0;
}

void collect_close(struct collect *collect) {
  line_close(&collect->line);
  velocity_free(collect->velocity);
}
