#include "sandbox_exchange.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void hash_request(const struct exchange *exchange, uint8_t ret_hash[BODY_HASH_BYTES]) {
  const struct text *body = &exchange->request->body;
  crypto_generichash(ret_hash, BODY_HASH_BYTES,
                     (const unsigned char *)(body->bytes == NULL ? "" : body->bytes), body->length, NULL, 0);
}

static const char *key_of(const struct exchange *exchange) {
  const char *key = exchange->book->psp->key(exchange->request);
  return strcmp(exchange->request->method, "GET") == 0 ? "" : key;
}

static const struct kept *find_kept(const struct exchange *exchange) {
  const char *key = key_of(exchange);
  const struct kept *kept = key[0] == '\0' ? NULL : map_get(&exchange->book->kept, key);
  bool alive = kept != NULL && exchange->now_ms - kept->created_ms < exchange->book->psp->key_lifetime_ms;
  return alive ? kept : NULL;
}

static void keep(struct exchange *exchange, const uint8_t hash[BODY_HASH_BYTES]) {
  const char *key = key_of(exchange);
  if (key[0] == '\0' || !exchange->book->psp->keeps(exchange))
    return;
  const struct psp_answer *answer = exchange->answer;
  const char *body = answer->body.bytes == NULL ? "" : answer->body.bytes;
  books_note_kept(
      exchange->books, exchange->book,
      book_keep(exchange->book, key, exchange->path, hash, exchange->now_ms, answer->status, body));
}

static void replay(struct exchange *exchange, const struct kept *kept, const uint8_t hash[BODY_HASH_BYTES]) {
  const struct psp *psp = exchange->book->psp;
  bool same =
      strcmp(kept->endpoint, exchange->path) == 0 && memcmp(kept->body_hash, hash, BODY_HASH_BYTES) == 0;
  if (psp->compares_requests && !same) {
    psp->key_conflict(exchange);
    psp->decorate(exchange, false);
    return;
  }
  exchange->answer->status = kept->status;
  text_put(&exchange->answer->body, kept->body);
  psp->decorate(exchange, true);
}

static void fail_with(struct exchange *exchange, uint16_t status) {
  text_clear(&exchange->answer->body);
  text_clear(&exchange->answer->headers);
  exchange->executed = true;
  exchange->book->psp->fail(exchange, status);
}

/* The PSP at work: a kept answer is given again, anything else is done and kept. */
static void work(struct exchange *exchange, enum fault fault) {
  uint8_t hash[BODY_HASH_BYTES];
  const struct kept *kept = find_kept(exchange);
  hash_request(exchange, hash);
  if (kept != NULL) {
    replay(exchange, kept, hash);
    if (fault == FAULT_HTTP_500_AFTER || fault == FAULT_HTTP_500_BEFORE)
      fail_with(exchange, 500);
    return;
  }
  bool full = state_log_full(&exchange->books->log) && strcmp(exchange->request->method, "GET") != 0;
  if (fault == FAULT_HTTP_500_BEFORE || full)
    fail_with(exchange, 500);
  else
    exchange->handle(exchange);
  if (fault == FAULT_HTTP_500_AFTER)
    fail_with(exchange, 500);
  keep(exchange, hash);
  exchange->book->psp->decorate(exchange, false);
}

static enum fate run_fault(struct exchange *exchange, enum fault fault) {
  switch (fault) {
  case FAULT_REFUSE:
  case FAULT_RESET_BEFORE:
    return FATE_RESET;
  case FAULT_HANG_BEFORE:
    return FATE_HANG;
  case FAULT_STATUS_403:
  case FAULT_STATUS_404:
    fail_with(exchange, fault == FAULT_STATUS_403 ? 403 : 404);
    exchange->book->psp->decorate(exchange, false);
    return FATE_ANSWER;
  default:
    break;
  }
  work(exchange, fault);
  if (fault == FAULT_RESET_AFTER)
    return FATE_RESET;
  if (fault == FAULT_HANG_AFTER)
    return FATE_HANG;
  return fault == FAULT_GARBAGE_AFTER ? FATE_GARBAGE : FATE_ANSWER;
}

struct verdict_on_request exchange_run(struct books *books, struct book *book, struct request *request,
                                       const char *path, int64_t now_ms, struct psp_answer *answer) {
  struct exchange exchange = {
      .books = books, .book = book, .request = request, .path = path, .now_ms = now_ms, .answer = answer};
  struct verdict_on_request verdict = {.fate = FATE_ANSWER};
  exchange.form.count = 0;
  if (book->psp->authenticate(&exchange) && book->psp->prepare(&exchange)) {
    verdict.fate = run_fault(&exchange, behaviour_draw(&book->behaviour, exchange.operation));
    if (behaviour_matches(&book->behaviour, exchange.operation))
      verdict.latency_ms = book->behaviour.latency_ms;
  } else {
    book->psp->decorate(&exchange, false);
    if (book->behaviour.fault == FAULT_REFUSE && behaviour_draw(&book->behaviour, 0) == FAULT_REFUSE)
      verdict.fate = FATE_RESET;
  }
  json_decref(exchange.json);
  free(exchange.form_text);
  return verdict;
}
