#include "dispatcher.h"

#include "answer.h"
#include "log.h"
#include "scrub.h"
#include "sheet_model.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000, COMPLAINT_US = 1000000 };

struct flight {
  struct timer ending; /* first: the callback is given its address */
  struct dispatcher *dispatcher;
  struct flight *next, *previous;
  uint64_t line, correlation;
  int64_t deadline_us;
  unsigned requests; /* made so far */
  bool charging;     /* the request under way is the charging step's */
  bool code_inside;  /* and holds the security code */
  bool charged;      /* a byte of a charging step has left */
  struct scrub scrub;
  struct exchange exchange;
  struct dispatch_result result;
  struct egress_send send;
};

/* While a PSP is down, one line a second instead of thousands. */
struct complaint {
  struct timer timer; /* first, likewise */
  unsigned unanswered;
};

struct dispatcher {
  struct dispatcher_settings settings;
  struct complaint complaint;
  struct flight *flights;
  unsigned count;
  struct rendered rendered; /* one request, while it is being made */
};

static void free_flight(struct flight *flight) {
  struct dispatcher *dispatcher = flight->dispatcher;
  if (flight->previous != NULL)
    flight->previous->next = flight->next;
  else
    dispatcher->flights = flight->next;
  if (flight->next != NULL)
    flight->next->previous = flight->previous;
  dispatcher->count--;
  loop_clear_timer(dispatcher->settings.loop, &flight->ending);
  sodium_memzero(flight, sizeof *flight);
  free(flight);
}

/* The card is gone before the vault hears of the end. */
static void end_flight(struct flight *flight) {
  const struct dispatcher_settings *settings = &flight->dispatcher->settings;
  scrub_wipe(&flight->scrub);
  sodium_memzero(&flight->send, sizeof flight->send);
  settings->ended(settings->owner, flight->line, flight->correlation, &flight->result);
  free_flight(flight);
}

static void on_ending(struct timer *timer) {
  end_flight((struct flight *)timer);
}

/* It ended without an answer that says anything. Before the charging step that proves that nothing was
 * charged; after it, never. */
static void set_phase(struct flight *flight, enum phase phase) {
  if (!flight->charged)
    phase = PHASE_NOT_SENT;
  else if (phase == PHASE_NOT_SENT)
    phase = PHASE_SENT_NO_REPLY;
  flight->result.phase = phase;
  flight->result.answer = ANSWER_IS_UNKNOWN;
}

/* A whole answer ended it, at whatever step. One before the charging step that says nothing leaves nothing
 * charged. */
static void set_verdict(struct flight *flight, const struct verdict *verdict) {
  struct dispatch_result *result = &flight->result;
  bool proved = !flight->charged && verdict->answer == ANSWER_IS_UNKNOWN;
  result->phase = proved ? PHASE_NOT_SENT : PHASE_REPLY;
  result->answer = verdict->answer;
  result->transient_error = verdict->transient_error;
  result->step = verdict->step;
  result->fields = verdict->fields;
  unsigned dropped = scrub_answer(&flight->scrub, &result->fields);
  result->scrubbed = dropped < UINT8_MAX ? (uint8_t)dropped : UINT8_MAX;
  if (dropped > 0)
    log_warn_about("alert: an answer held card data, which was dropped", flight->send.connector, "fields",
                   dropped);
}

/* The card is not needed beyond the charging step, but for the scrub, which has its own copy. */
static void note_rendered(struct flight *flight, const struct rendered *rendered) {
  flight->charging = rendered->charging || flight->send.operation == OPERATION_STATUS;
  flight->code_inside = rendered->code_sent;
  flight->result.step = flight->exchange.number;
  if (!rendered->charging)
    return;
  card_wipe(&flight->send.card);
  card_code_wipe(&flight->send.code);
  flight->send.has_card = false;
}

/* Moves the rendered request into memory that the client takes over. */
static int fill_request(const struct rendered *rendered, bool tls13, struct client_request *request) {
  uint8_t *bytes = client_bytes(rendered->length);
  if (bytes == NULL)
    return -ENOMEM;
  memcpy(bytes, rendered->bytes, rendered->length);
  memcpy(request->host, rendered->target.host, sizeof rendered->target.host);
  request->port = rendered->target.port;
  request->tls = rendered->target.tls;
  request->tls13 = tls13;
  request->bytes = bytes;
  request->length = rendered->length;
  return 0;
}

/* Renders the step at which the exchange stands into request. */
static int make_request(struct flight *flight, struct client_request *request) {
  struct rendered *rendered = &flight->dispatcher->rendered;
  int error = render_step(&flight->exchange, rendered);
  if (error < 0)
    return error;
  error = fill_request(rendered, flight->exchange.sheet->tls13, request);
  if (error == 0)
    note_rendered(flight, rendered);
  rendered_wipe(rendered);
  return error;
}

static int64_t time_left_us(const struct flight *flight) {
  const struct clock *clock = flight->dispatcher->settings.clock;
  return flight->deadline_us - clock->monotonic_us(clock->context);
}

/* Sends the step at which the exchange stands. Returns 0, or a negated errno when nothing of it was sent. */
static int send_step(struct flight *flight, void (*done)(void *context, const struct client_result *result)) {
  struct client_request request = {
      .timeout_us = time_left_us(flight), .body_limit = ANSWER_BODY_MAX, .done = done, .context = flight};
  if (request.timeout_us <= 0)
    return -ETIMEDOUT;
  if (++flight->requests > DISPATCH_REQUESTS_MAX)
    return -ELOOP;
  int error = make_request(flight, &request);
  if (error < 0)
    return error;
  error = client_send(flight->dispatcher->settings.pool, &request);
  if (error < 0)
    client_bytes_free(request.bytes, request.length);
  return error;
}

static int read_reply(struct flight *flight, const struct http_reply *reply, struct verdict *verdict) {
  struct answer_header headers[HTTP_HEADERS_MAX];
  struct http_answer http = {.status = reply->status,
                             .header_count = reply->header_count,
                             .headers = headers,
                             .body = reply->body != NULL ? (const void *)reply->body : "",
                             .body_length = reply->body_length};
  for (unsigned i = 0; i < reply->header_count; i++)
    headers[i] = (struct answer_header){.name = reply->head + reply->headers[i].name,
                                        .value = reply->head + reply->headers[i].value};
  return read_answer(&flight->exchange, &http, verdict);
}

static void note_client_result(struct flight *flight, const struct client_result *got) {
  struct dispatch_result *result = &flight->result;
  bool left = got->phase != PHASE_NOT_SENT;
  flight->charged |= left && flight->charging;
  result->security_code_sent |= left && flight->code_inside;
  result->http_status = got->status;
  uint32_t room = UINT32_MAX - result->latency_us;
  result->latency_us += got->latency_us < room ? got->latency_us : room;
}

static void on_complaint(struct timer *timer) {
  struct complaint *complaint = (struct complaint *)timer;
  if (complaint->unanswered > 0)
    log_warn_number("further requests were not answered", "requests", complaint->unanswered);
  complaint->unanswered = 0;
}

static void complain(struct dispatcher *dispatcher, const char *connector, enum client_error error) {
  struct complaint *complaint = &dispatcher->complaint;
  if (complaint->timer.index != 0) {
    complaint->unanswered++;
    return;
  }
  log_write_about("warn", "a request was not answered", connector, client_error_name(error), 1);
  if (loop_set_timer(dispatcher->settings.loop, &complaint->timer, COMPLAINT_US) < 0) {
    /* Then the next one is logged too. */
  }
}

static void on_result(void *context, const struct client_result *got) {
  struct flight *flight = context;
  note_client_result(flight, got);
  if (got->phase != PHASE_REPLY) {
    complain(flight->dispatcher, flight->send.connector, got->error);
    set_phase(flight, got->phase);
    end_flight(flight);
    return;
  }
  struct verdict verdict = {.answer = ANSWER_IS_UNKNOWN, .step = flight->exchange.number};
  int outcome = read_reply(flight, got->reply, &verdict);
  if (outcome == ANSWER_GOES_ON) {
    outcome = send_step(flight, on_result);
    if (outcome == 0)
      return;
    log_warn_about("a further step was not sent", flight->send.connector, "error", outcome);
    set_phase(flight, PHASE_REPLY);
  } else {
    set_verdict(flight, &verdict);
  }
  sodium_memzero(&verdict, sizeof verdict);
  end_flight(flight);
}

static void aim_scrub(struct flight *flight) {
  const struct egress_send *send = &flight->send;
  struct scrub *scrub = &flight->scrub;
  if (send->has_card) {
    memcpy(scrub->number, send->card.number, sizeof scrub->number);
    memcpy(scrub->code, send->code.digits, sizeof scrub->code);
  }
  memcpy(scrub->bin, send->bin, sizeof scrub->bin);
  memcpy(scrub->last4, send->last4, sizeof scrub->last4);
}

/* Returns 0 when the first step was sent. Otherwise nothing was: PHASE_NOT_SENT. */
static int begin(struct flight *flight) {
  const struct dispatcher_settings *settings = &flight->dispatcher->settings;
  const struct egress_send *send = &flight->send;
  if (send->environment != settings->environment)
    return -EXDEV;
  const struct sheet *sheet = sheet_shelf_find(settings->shelf, send->sheet, send->sheet_hash);
  if (sheet == NULL)
    return -ENOENT;
  int error = exchange_begin(sheet, send, &flight->exchange);
  return error < 0 ? error : send_step(flight, on_result);
}

int dispatcher_new(const struct dispatcher_settings *settings, struct dispatcher **ret_dispatcher) {
  struct dispatcher *dispatcher = calloc(1, sizeof *dispatcher);
  if (dispatcher == NULL)
    return -ENOMEM;
  dispatcher->settings = *settings;
  dispatcher->complaint.timer.due = on_complaint;
  *ret_dispatcher = dispatcher;
  return 0;
}

void dispatcher_free(struct dispatcher *dispatcher) {
  while (dispatcher->flights != NULL)
    free_flight(dispatcher->flights);
  loop_clear_timer(dispatcher->settings.loop, &dispatcher->complaint.timer);
  free(dispatcher);
}

unsigned dispatcher_outstanding(const struct dispatcher *dispatcher) {
  return dispatcher->count;
}

static struct flight *new_flight(struct dispatcher *dispatcher, const struct egress_send *send) {
  const struct clock *clock = dispatcher->settings.clock;
  struct flight *flight = calloc(1, sizeof *flight);
  if (flight == NULL)
    return NULL;
  flight->dispatcher = dispatcher;
  flight->ending.due = on_ending;
  flight->send = *send;
  int64_t latest_us = clock->monotonic_us(clock->context) + (int64_t)send->timeout_ms * US_PER_MS;
  flight->deadline_us = latest_us < send->deadline_us ? latest_us : send->deadline_us;
  flight->result = (struct dispatch_result){.phase = PHASE_NOT_SENT, .answer = ANSWER_IS_UNKNOWN, .step = 1};
  flight->next = dispatcher->flights;
  if (flight->next != NULL)
    flight->next->previous = flight;
  dispatcher->flights = flight;
  dispatcher->count++;
  aim_scrub(flight);
  return flight;
}

int dispatcher_take(struct dispatcher *dispatcher, const struct egress_send *send, uint64_t line,
                    uint64_t correlation) {
  if (dispatcher->count >= DISPATCHES_MAX)
    return -EBUSY;
  struct flight *flight = new_flight(dispatcher, send);
  if (flight == NULL)
    return -ENOMEM;
  flight->line = line;
  flight->correlation = correlation;
  int error = begin(flight);
  if (error == 0)
    return 0;
  log_warn_about("a dispatch was not sent", send->connector, "error", error);
  error =
      loop_set_timer(dispatcher->settings.loop, &flight->ending, 0); /* its end is told in the next round */
  if (error < 0)
    free_flight(flight);
  return error;
}
