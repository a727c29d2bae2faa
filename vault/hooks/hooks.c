#include "hooks.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hook_request.h"
#include "log.h"
#include "problem.h"
#include "routes.h"

/* Between a request and the vault's answer to it. */
struct delivery {
  struct hooks *hooks;
  struct http_request *request;
  unsigned handle;
};

/* A wrong signature, a connector that is not there and one without a secret look alike. */
static const struct problem refused = {
    401, "webhook_refused", "No webhooks are taken here, or this one's signature is not accepted.", NULL, 0};
static const struct problem unreadable = {400, "invalid_webhook",
                                          "This is not a webhook as this address takes them.", NULL, 0};
static const struct problem away = {503, "unavailable", "It could not be taken now. Send it again.", NULL, 5};

static void accept_webhook(struct http_request *request) {
  static const char accepted[] = "[accepted]"; /* what Adyen waits for; the others look at the status */
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = "text/plain",
                                               .body = accepted,
                                               .length = sizeof accepted - 1,
                                               .body_is_static = true});
}

static const struct problem *problem_of(enum status status) {
  switch (status) {
  case STATUS_REFUSED:
    return &refused;
  case STATUS_INVALID:
    return &unreadable;
  default:
    return &away;
  }
}

static void answered(void *asker, enum status status, struct reader *reply) {
  struct delivery *delivery = asker;
  (void)reply; /* a status is all that the vault says */
  if (delivery == NULL)
    return;
  if (status == STATUS_DONE)
    accept_webhook(delivery->request);
  else
    problem_answer(delivery->request, problem_of(status), NULL);
  free(delivery);
}

static void gone(struct http_request *request) {
  struct delivery *delivery = request->context;
  line_abandon(&delivery->hooks->line, delivery->handle);
  free(delivery);
}

/* Sends it to the vault and keeps the request until the answer. */
static void hand_on(struct hooks *hooks, struct http_request *request, const struct hook *hook) {
  struct writer writer = writer_over(hooks->message, MESSAGE_MAX - MESSAGE_HEADER);
  write_hook(&writer, hook);
  struct delivery *delivery = malloc(sizeof *delivery);
  int error = delivery == NULL ? -ENOMEM : writer_finish(&writer);
  if (error == 0) {
    *delivery = (struct delivery){hooks, request, 0};
    error = line_ask(&hooks->line, HV_WEBHOOK, hooks->message, writer_length(&writer), answered, delivery,
                     &delivery->handle);
  }
  sodium_memzero(hooks->message, writer_length(&writer));
  if (error != 0) {
    free(delivery);
    problem_answer(request, &away, NULL);
    return;
  }
  request->context = delivery;
  http_drop_body(request);
  http_keep(request, gone);
}

static bool comes_too_fast(struct hooks *hooks, const struct http_request *request) {
  uint8_t address[16];
  http_peer(request, address);
  if (!hooks->options->live && http_peer_is_loopback(address))
    return false;
  return !velocity_take(hooks->velocity, address, hooks->clock->monotonic_us(hooks->clock->context));
}

static void post_hook(void *context, struct http_request *request, const char *segment) {
  struct hooks *hooks = context;
  struct hook hook;
  const struct problem *problem =
      comes_too_fast(hooks, request) ? &problem_limited : hook_request_read(request, segment, &hook);
  if (problem == NULL)
    hand_on(hooks, request, &hook);
  else
    problem_answer(request, problem, NULL);
}

static void get_health(void *context, struct http_request *request, const char *segment) {
  (void)segment;
  static const char up[] = "{\"status\":\"ok\",\"vault\":true}",
                    down[] = "{\"status\":\"ok\",\"vault\":false}";
  const struct hooks *hooks = context;
  bool there = line_up(&hooks->line);
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = "application/json",
                                               .body = there ? up : down,
                                               .length = there ? sizeof up - 1 : sizeof down - 1,
                                               .body_is_static = true});
}

static const struct http_route routes[] = {
    {HTTP_POST, "/v1/hooks/{connector}", post_hook},
    {HTTP_GET, "/healthz", get_health},
};

void hooks_handle(void *context, struct http_request *request) {
  http_route_dispatch(routes, sizeof routes / sizeof *routes, context, request, NULL);
}

int hooks_open(struct hooks *hooks, const struct hooks_options *options, struct loop *loop,
               const struct clock *clock) {
  *hooks = (struct hooks){.options = options, .clock = clock};
  hooks->velocity = velocity_new(options->rate_per_second, options->rate_burst);
  if (hooks->velocity == NULL)
    return -ENOMEM;
  line_init(&hooks->line, loop, clock);
  return 0;
}

void hooks_close(struct hooks *hooks) {
  line_close(&hooks->line);
  velocity_free(hooks->velocity);
}
