#include "exchange.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "problem.h"

enum { DEADLINE_FACTOR = 4, SECOND_US = 1000000 };

static const struct problem target_too_long = {414, "uri_too_long", "The address is too long.", NULL, 0};
static const struct problem too_many_headers = {431, "too_many_headers", "There are too many header lines.",
                                                NULL, 0};

void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection) {
  struct http_server *server = context;
  size_t length = target != NULL ? strlen(target) : 0;
  size_t copied = length <= HTTP_TARGET_MAX ? length : 0;
  struct exchange *exchange = calloc(1, sizeof *exchange + copied + 1);
  if (exchange == NULL)
    return NULL;
  exchange->server = server;
  exchange->connection = connection;
  exchange->started_us = server->clock->monotonic_us(server->clock->context);
  exchange->raw_target = target;
  exchange->target_length = length;
  exchange->target_valid = target != NULL && framing_target_valid(target, length);
  memcpy(exchange->target, target != NULL ? target : "", copied);
  char *question = strchr(exchange->target, '?');
  if (question != NULL)
    *question = '\0';
  exchange->request.path = exchange->target;
  exchange->request.query = question != NULL ? question + 1 : "";
  exchange->request.id = id_new("req", server->clock->now_ms(server->clock->context));
  return exchange;
}

void http_drop_body(struct http_request *request) {
  struct exchange *exchange = (struct exchange *)request;
  if (exchange->body == NULL)
    return;
  sodium_memzero(exchange->body, exchange->expected);
  free(exchange->body);
  exchange->body = NULL;
  request->body = NULL;
  request->body_length = 0;
}

void exchange_end(void *context, struct MHD_Connection *connection, void **slot,
                  enum MHD_RequestTerminationCode code) {
  (void)context, (void)connection, (void)code;
  struct exchange *exchange = *slot;
  if (exchange == NULL)
    return;
  assert(exchange->state != EXCHANGE_KEPT);
  *slot = NULL;
  if (exchange->response != NULL)
    MHD_destroy_response(exchange->response);
  http_drop_body(&exchange->request);
  if (exchange->is_long)
    exchange->server->long_count--;
  free(exchange);
}

static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_length, const char *value, size_t value_length) {
  (void)kind;
  struct framing_head *head = context;
  if (head->header_count < HTTP_HEADERS_MAX)
    head->headers[head->header_count] =
        (struct framing_header){name, name_length, value != NULL ? value : "", value_length};
  head->header_count++;
  return MHD_YES;
}

static const struct problem *check(struct exchange *exchange, const char *method, const char *version,
                                   struct framing_result *ret_result) {
  struct framing_head head = {.method = method,
                              .target = exchange->raw_target,
                              .target_length = exchange->target_length,
                              .target_valid = exchange->target_valid,
                              .version = version};
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  head.head_bytes = info != NULL ? info->header_size : 0;
  (void)MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, collect_header, &head);
  if (head.header_count > HTTP_HEADERS_MAX)
    return &too_many_headers;
  if (exchange->target_length > HTTP_TARGET_MAX)
    return &target_too_long;
  return framing_check(&head, ret_result);
}

static enum MHD_Result queue(struct exchange *exchange) {
  enum MHD_Result result = MHD_queue_response(exchange->connection, exchange->status, exchange->response);
  MHD_destroy_response(exchange->response);
  exchange->response = NULL;
  return result;
}

static enum MHD_Result refuse(struct exchange *exchange, const struct problem *problem) {
  static const struct http_header closing[] = {{"Connection", "close"}, {NULL, NULL}};
  exchange->state = EXCHANGE_HANDLING;
  problem_answer(&exchange->request, problem, closing);
  return exchange->state == EXCHANGE_ANSWERED ? queue(exchange) : MHD_NO;
}

/* What keeps a body of that length from being taken, or NULL. */
static const struct problem *length_problem(struct exchange *exchange, uint64_t length) {
  struct http_server *server = exchange->server;
  const struct http_limits *limits = &server->limits;
  if (length <= limits->body_bytes)
    return NULL;
  if (limits->long_path == NULL || strcmp(exchange->request.path, limits->long_path) != 0 ||
      length > limits->long_body_bytes)
    return &problem_too_large;
  if (server->long_count >= limits->long_bodies)
    return &problem_busy;
  exchange->is_long = true;
  server->long_count++;
  return NULL;
}

/* The head is there. Refuses it, or gets ready for the body. */
static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version) {
  struct framing_result result;
  const struct problem *problem = check(exchange, method, version, &result);
  if (problem != NULL)
    return refuse(exchange, problem);
  exchange->request.method = result.method;
  exchange->state = EXCHANGE_RECEIVING;
  problem = length_problem(exchange, result.content_length);
  if (problem != NULL) {
    if (result.content_length > HTTP_SWALLOW_MAX || http_header(&exchange->request, "Expect") != NULL)
      return refuse(exchange, problem);
    exchange->refusal = problem;
    return MHD_YES;
  }
  exchange->expected = (size_t)result.content_length;
  return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *data_length) {
  struct http_server *server = exchange->server;
  int64_t spent = server->clock->monotonic_us(server->clock->context) - exchange->started_us;
  if (spent > (int64_t)server->limits.timeout_s * DEADLINE_FACTOR * SECOND_US)
    return MHD_NO;
  if (exchange->refusal == NULL) {
    if (exchange->body == NULL)
      exchange->body = malloc(exchange->expected);
    if (exchange->body == NULL || *data_length > exchange->expected - exchange->received)
      return MHD_NO;
    memcpy(exchange->body + exchange->received, data, *data_length);
    exchange->received += *data_length;
  }
  *data_length = 0;
  return MHD_YES;
}

/* The client of a kept request closed its side. */
static void leaving(struct watch *watch, uint32_t events) {
  (void)events;
  exchange_abandon((struct exchange *)((char *)watch - offsetof(struct exchange, watch)));
}

static void unlist(struct exchange *exchange) {
  struct http_server *server = exchange->server;
  loop_forget(server->loop, &exchange->watch);
  if (exchange->previous != NULL)
    exchange->previous->next = exchange->next;
  else
    server->kept = exchange->next;
  if (exchange->next != NULL)
    exchange->next->previous = exchange->previous;
  server->kept_count--;
}

void exchange_abandon(struct exchange *exchange) {
  unlist(exchange);
  exchange->state = EXCHANGE_DEAD;
  exchange->gone(&exchange->request);
  server_resume(exchange->server, exchange->connection);
}

/* Suspends the request until its answer is there. Returns 0, or a negated errno when nobody would tell of its
 * client's leaving. */
static int suspend(struct exchange *exchange) {
  struct http_server *server = exchange->server;
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  assert(info != NULL);
  exchange->watch = (struct watch){leaving, info->connect_fd};
  int error = loop_watch(server->loop, &exchange->watch, EPOLLRDHUP);
  if (error != 0)
    return error;
  exchange->state = EXCHANGE_KEPT;
  exchange->previous = NULL;
  exchange->next = server->kept;
  if (server->kept != NULL)
    server->kept->previous = exchange;
  server->kept = exchange;
  server->kept_count++;
  MHD_suspend_connection(exchange->connection);
  return 0;
}

/* The request is whole. */
static enum MHD_Result act(struct exchange *exchange) {
  struct http_server *server = exchange->server;
  if (exchange->refusal != NULL)
    return refuse(exchange, exchange->refusal);
  exchange->state = EXCHANGE_HANDLING;
  exchange->request.body = exchange->body;
  exchange->request.body_length = exchange->received;
  if (server->kept_count >= server->limits.requests)
    problem_answer(&exchange->request, &problem_busy, NULL);
  else
    server->handle(server->context, &exchange->request);
  if (exchange->state == EXCHANGE_ANSWERED)
    return queue(exchange);
  if (exchange->state == EXCHANGE_DEAD)
    return MHD_NO;
  assert(exchange->keep);
  if (suspend(exchange) == 0)
    return MHD_YES;
  exchange->state = EXCHANGE_DEAD;
  exchange->gone(&exchange->request);
  return MHD_NO;
}

enum MHD_Result exchange_step(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *data_length,
                              void **slot) {
  (void)connection, (void)url;
  struct http_server *server = context;
  struct exchange *exchange = *slot;
  if (exchange == NULL || server->closing)
    return MHD_NO;
  switch (exchange->state) {
  case EXCHANGE_NEW:
    return take_head(exchange, method, version);
  case EXCHANGE_RECEIVING:
    return *data_length > 0 ? take_body(exchange, data, data_length) : act(exchange);
  case EXCHANGE_ANSWERED:
    return queue(exchange);
  default:
    return MHD_NO;
  }
}

static bool add_headers(struct MHD_Response *response, const struct exchange *exchange,
                        const struct http_response *answer) {
  bool good = MHD_add_response_header(response, "Freeport-Request-Id", exchange->request.id.text) == MHD_YES;
  bool cache = false, sniff = false;
  for (const struct http_header *header = exchange->server->headers; header != NULL && header->name != NULL;
       header++)
    good = good && MHD_add_response_header(response, header->name, header->value) == MHD_YES;
  for (const struct http_header *header = answer->headers; header != NULL && header->name != NULL; header++) {
    good = good && MHD_add_response_header(response, header->name, header->value) == MHD_YES;
    cache = cache || strcasecmp(header->name, "Cache-Control") == 0;
    sniff = sniff || strcasecmp(header->name, "X-Content-Type-Options") == 0;
  }
  if (answer->content_type != NULL)
    good = good && MHD_add_response_header(response, "Content-Type", answer->content_type) == MHD_YES;
  if (answer->close)
    good = good && MHD_add_response_header(response, "Connection", "close") == MHD_YES;
  if (!cache)
    good = good && MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES;
  if (!sniff)
    good = good && MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES;
  return good;
}

void http_answer(struct http_request *request, const struct http_response *answer) {
  struct exchange *exchange = (struct exchange *)request;
  assert(exchange->state == EXCHANGE_HANDLING || exchange->state == EXCHANGE_KEPT);
  bool kept = exchange->state == EXCHANGE_KEPT;
  enum MHD_ResponseMemoryMode mode = answer->body_is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY;
  struct MHD_Response *response =
      MHD_create_response_from_buffer(answer->length, (void *)(uintptr_t)answer->body, mode);
  exchange->state = EXCHANGE_DEAD;
  if (response != NULL && add_headers(response, exchange, answer)) {
    exchange->response = response;
    exchange->status = answer->status;
    exchange->state = EXCHANGE_ANSWERED;
  } else if (response != NULL) {
    MHD_destroy_response(response);
  }
  if (kept) {
    unlist(exchange);
    server_resume(exchange->server, exchange->connection);
  }
}

void http_keep(struct http_request *request, void (*gone)(struct http_request *request)) {
  struct exchange *exchange = (struct exchange *)request;
  assert(exchange->state == EXCHANGE_HANDLING && gone != NULL);
  exchange->keep = true;
  exchange->gone = gone;
}

const char *http_header(const struct http_request *request, const char *name) {
  return MHD_lookup_connection_value(((const struct exchange *)request)->connection, MHD_HEADER_KIND, name);
}

bool http_content_is(const struct http_request *request, const char *type) {
  const char *value = http_header(request, "Content-Type");
  size_t length = strlen(type);
  return value != NULL && strncasecmp(value, type, length) == 0 && strchr("; \t", value[length]) != NULL;
}

void http_peer(const struct http_request *request, uint8_t ret_address[16]) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      ((const struct exchange *)request)->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
  memset(ret_address, 0, 16);
  if (address != NULL && address->sa_family == AF_INET6) {
    memcpy(ret_address, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
  } else if (address != NULL && address->sa_family == AF_INET) {
    ret_address[10] = ret_address[11] = 0xff;
    memcpy(ret_address + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  }
}

bool http_peer_is_loopback(const uint8_t address[16]) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  static const uint8_t loopback[16] = {[15] = 1};
  return memcmp(address, loopback, 16) == 0 || (memcmp(address, mapped, 12) == 0 && address[12] == 127);
}
