#include "answer.h"
#include "answer_view.h"
#include "place_value.h"
#include <sodium.h>
#include <string.h>

/* Takes what the next step needs. False when any of it is missing or unfit to stand in a request. */
static bool carry(const struct answer_view *view, struct exchange *exchange) {
  for (const struct reading *reading = view->plan->readings; reading != NULL; reading = reading->next) {
    char text[JSON_SCALAR_CAPACITY];
    if (reading->field != 0)
      continue;
    size_t length = answer_view_read(view, reading, text);
    if (length == 0 || length >= CARRY_CAPACITY || !alphabet_holds(ALPHABET_REF, text))
      return false;
    memcpy(exchange->carried[reading->carried], text, length + 1);
  }
  return true;
}

/* A list that goes on, and whose next page may still be asked for. */
static bool turn_page(const struct answer_view *view, const struct list_reading *list,
                      struct exchange *exchange) {
  if (!list->paged || view->item != NULL || !view->is_list || view->http->status / 100 != 2 ||
      exchange->pages + 1 >= list->pages)
    return false;
  const json_t *items = answer_json_at(view->body, &list->items);
  if (!json_is_true(answer_json_at(view->body, &list->more)) || json_array_size(items) == 0)
    return false;
  const json_t *last = json_array_get(items, json_array_size(items) - 1);
  char text[JSON_SCALAR_CAPACITY];
  size_t length = answer_json_text(answer_json_at(last, &list->cursor), text);
  if (length == 0 || length >= CARRY_CAPACITY || !alphabet_holds(ALPHABET_REF, text) ||
      strcmp(text, exchange->cursor) == 0)
    return false;
  memcpy(exchange->cursor, text, length + 1);
  exchange->pages++;
  return true;
}

static bool move_on(const struct answer_view *view, struct exchange *exchange) {
  struct exchange next = *exchange;
  if (!carry(view, &next) || !exchange_stand_at(&next, next.step->next))
    return false;
  *exchange = next;
  return true;
}

static void conclude(const struct answer_view *view, const struct outcome_rule *rule,
                     struct verdict *verdict) {
  verdict->answer = rule == NULL || rule->goes_on ? ANSWER_IS_UNKNOWN : rule->answer;
  verdict->transient_error = rule != NULL && rule->transient;
  answer_view_fields(view, &verdict->fields);
}

int read_answer(struct exchange *exchange, const struct http_answer *http, struct verdict *ret_verdict) {
  json_t *body = answer_json_read(http->body, http->body_length);
  const struct egress_send *send = exchange->send;
  struct answer_view view = {.sheet = exchange->sheet,
                             .plan = exchange->step->answer,
                             .http = http,
                             .key = send->key,
                             .operation =
                                 send->operation == OPERATION_STATUS ? send->asked_about : send->operation,
                             .currency = send->amount.currency,
                             .body = body};
  const struct list_reading *list = exchange->step->answer->list;
  if (list != NULL)
    answer_view_search(&view, list);
  const struct outcome_rule *rule = answer_view_rule(&view);
  bool goes_on = list != NULL && turn_page(&view, list, exchange);
  if (!goes_on && rule != NULL && rule->goes_on)
    goes_on = move_on(&view, exchange);
  if (!goes_on) {
    sodium_memzero(ret_verdict, sizeof *ret_verdict);
    ret_verdict->step = exchange->number;
    conclude(&view, rule, ret_verdict);
  }
  json_decref(body);
  return goes_on ? ANSWER_GOES_ON : 0;
}
