#include "reckoning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the merchant was told ---- */

static bool is_one_of(const char *status, const char *list) {
  const char *found = strstr(list, status);
  return status[0] != '\0' && found != NULL;
}

/* What was said once may only go on from there. */
static bool may_follow(const char *told, const char *status) {
  if (strcmp(told, "processing") == 0 || strcmp(told, "unresolved") == 0)
    return true;
  if (strcmp(told, "authorized") == 0)
    return is_one_of(status, "authorized partially_captured captured voided");
  if (strcmp(told, "partially_captured") == 0)
    return is_one_of(status, "partially_captured captured");
  return strcmp(told, status) == 0;
}

static const json_t *movement_of(const json_t *payment, const char *reference, unsigned *ret_count) {
  const json_t *found = NULL;
  size_t i;
  json_t *movement;
  *ret_count = 0;
  json_array_foreach(json_object_get(payment, "movements"), i, movement) {
    if (strcmp(text_of(movement, "reference"), reference) == 0) {
      found = movement;
      (*ret_count)++;
    }
  }
  return found;
}

static void check_movement_note(struct shop *shop, const json_t *payment, const struct note *note) {
  unsigned count;
  const json_t *movement = movement_of(payment, note->key, &count);
  if (count > 1)
    shop_complain(shop, "the key %s made %u movements", note->key, count);
  if (note->id[0] != '\0' && (movement == NULL || strcmp(text_of(movement, "id"), note->id) != 0))
    shop_complain(shop, "%s was acknowledged as %s and is not in the ledger", note->key, note->id);
  if (note->id[0] == '\0' && count > 0)
    shop_complain(shop, "%s is in the ledger, and its repeats were refused", note->key);
}

static void check_order(struct shop *shop, const json_t *ledger, const struct order *order) {
  const struct note *note = &order->payment;
  const json_t *payment = json_object_get(ledger, note->id);
  if (payment == NULL) {
    shop_complain(shop, "%s was acknowledged as %s and is not in the ledger", note->key, note->id);
    return;
  }
  if (strcmp(text_of(payment, "reference"), note->key) != 0)
    shop_complain(shop, "%s is not the payment of %s", note->id, note->key);
  if (!may_follow(note->told, text_of(payment, "status")))
    shop_complain(shop, "%s was told %s and is %s", note->id, note->told, text_of(payment, "status"));
  for (unsigned i = 0; i < order->movement_count; i++)
    check_movement_note(shop, payment, &order->movements[i]);
}

/* One payment a key (P3): as many payments as orders, each its own. */
static void check_orders(struct shop *shop, const json_t *ledger) {
  for (unsigned i = 0; i < shop->order_count; i++)
    check_order(shop, ledger, &shop->orders[i]);
  if (json_object_size(ledger) != shop->order_count)
    shop_complain(shop, "%zu payments stand in the ledger, of %u orders", json_object_size(ledger),
                  shop->order_count);
}

static unsigned check_tokens(struct shop *shop) {
  unsigned there = 0;
  for (unsigned i = 0; i < shop->token_count; i++) {
    char path[80];
    json_t *json;
    snprintf(path, sizeof path, "/v1/tokens/%s", shop->tokens[i]);
    const struct http_ask ask = {
        .method = "GET", .url = shop->urls.api, .path = path, .key = shop->urls.secret_key};
    long status = http_ask(&ask, &json);
    json_decref(json);
    if (status == 200)
      there++;
    else
      shop_complain(shop, "a token that was acknowledged is answered with %ld", status);
  }
  return there;
}

/* ---- What the books say ---- */

/* The books of all connectors as lists by payment, each line with its connector. */
static json_t *read_books(struct shop *shop) {
  static const char *const connectors[] = {"adyen", "checkout", "stripe"};
  json_t *books = json_object();
  for (unsigned i = 0; i < 3; i++) {
    char path[80];
    json_t *lines, *line;
    size_t at;
    snprintf(path, sizeof path, "/_sandbox/%s/charges", connectors[i]);
    const struct http_ask ask = {.method = "GET", .url = shop->urls.sandbox, .path = path};
    if (http_ask(&ask, &lines) != 200)
      shop_complain(shop, "the books of %s are not to be had", connectors[i]);
    json_array_foreach(lines, at, line) {
      char payment[ID_TEXT];
      snprintf(payment, sizeof payment, "%.30s", text_of(line, "reference")); /* pay_ and 26 characters */
      if (json_object_get(books, payment) == NULL)
        json_object_set_new(books, payment, json_array());
      json_object_set_new(line, "connector", json_string(connectors[i]));
      json_array_append(json_object_get(books, payment), line);
    }
    json_decref(lines);
  }
  return books;
}

static bool is_live(const json_t *line) {
  return is_one_of(text_of(line, "status"), "authorized captured");
}

/* What is open about movements of that type: as much may already stand in the books. */
static json_int_t open_amount(const json_t *payment, const char *type) {
  json_int_t sum = 0;
  size_t i;
  json_t *movement;
  json_array_foreach(json_object_get(payment, "movements"), i, movement) {
    if (strcmp(text_of(movement, "type"), type) == 0 &&
        is_one_of(text_of(movement, "status"), "pending unresolved"))
      sum += integer_of(movement, "amount");
  }
  return sum;
}

static bool void_is_open(const json_t *payment) {
  return open_amount(payment, "void") > 0;
}

static void compare_amount(struct shop *shop, const char *id, const char *what, json_int_t ledger,
                           json_int_t open, json_int_t books) {
  if (books < ledger || books > ledger + open)
    shop_complain(shop, "%s: %s is %lld in the ledger (%lld open) and %lld in the books", id, what,
                  (long long)ledger, (long long)open, (long long)books);
}

static void compare_line(struct shop *shop, const json_t *payment, const json_t *line) {
  const char *id = text_of(payment, "id"), *status = text_of(payment, "status");
  bool voided = strcmp(text_of(line, "status"), "voided") == 0;
  if (strcmp(text_of(line, "connector"), text_of(payment, "connector")) != 0)
    shop_complain(shop, "%s is at %s in the ledger and at %s in the books", id, text_of(payment, "connector"),
                  text_of(line, "connector"));
  if (voided != (strcmp(status, "voided") == 0) && !(voided && void_is_open(payment)))
    shop_complain(shop, "%s is %s in the ledger and %s in the books", id, status, text_of(line, "status"));
  if (strcmp(status, "voided") != 0) /* nothing is authorized any more */
    compare_amount(shop, id, "authorized", integer_of(payment, "amount_authorized"), 0,
                   integer_of(line, "amount"));
  compare_amount(shop, id, "captured", integer_of(payment, "amount_captured"),
                 open_amount(payment, "capture"), integer_of(line, "amount_captured"));
  compare_amount(shop, id, "refunded", integer_of(payment, "amount_refunded"), open_amount(payment, "refund"),
                 integer_of(line, "amount_refunded"));
}

static const json_t *line_of_success(const json_t *payment, const json_t *lines) {
  size_t i, j;
  json_t *attempt, *line;
  json_array_foreach(json_object_get(payment, "attempts"), i, attempt) {
    if (strcmp(text_of(attempt, "status"), "succeeded") != 0)
      continue;
    json_array_foreach(lines, j, line) {
      if (strcmp(text_of(line, "reference"), text_of(attempt, "id")) == 0)
        return line;
    }
  }
  return NULL;
}

static unsigned count_live(const json_t *lines, const char **ret_connector) {
  unsigned live = 0;
  size_t i;
  json_t *line;
  json_array_foreach(lines, i, line) {
    if (is_live(line)) {
      live++;
      *ret_connector = text_of(line, "connector");
    }
  }
  return live;
}

/* One payment beside all lines of the books that are its own. */
static void compare(struct shop *shop, const json_t *payment, const json_t *lines) {
  const char *id = text_of(payment, "id"), *status = text_of(payment, "status"), *where = "";
  unsigned live = count_live(lines, &where);
  if (live > 1) {
    char *told = json_dumps(lines, JSON_COMPACT),
         *known = json_dumps(json_object_get(payment, "attempts"), JSON_COMPACT);
    shop_complain(shop, "%s has %u live charges: the books hold %s, its attempts are %s", id, live, told,
                  known);
    free(told);
    free(known);
  }
  if (is_one_of(status, "authorized partially_captured captured voided")) {
    const json_t *line = line_of_success(payment, lines);
    if (line == NULL)
      shop_complain(shop, "%s is %s in the ledger and not in the books", id, status);
    else
      compare_line(shop, payment, line);
  } else if (is_one_of(status, "declined failed") && live > 0) {
    shop_complain(shop, "%s is %s and has a live charge at %s", id, status, where);
  } else if (strcmp(status, "unresolved") == 0 && live > 0 && strcmp(where, "adyen") != 0) {
    shop_complain(shop, "%s is unresolved and charged at %s, which answers questions", id, where);
  }
  if (integer_of(payment, "amount_captured") > integer_of(payment, "amount_authorized") ||
      integer_of(payment, "amount_refunded") > integer_of(payment, "amount_captured"))
    shop_complain(shop, "%s: more is captured than authorized, or refunded than captured", id);
}

/* ---- Both ---- */

struct reckoning reckon(struct shop *shop, json_t *ledger) {
  struct reckoning reckoning = {.payments = (unsigned)json_object_size(ledger)};
  json_t *books = read_books(shop), *errors = errors_read(shop), *payment, *lines;
  const char *id;
  check_orders(shop, ledger);
  json_object_foreach(ledger, id, payment) {
    enum openness openness = payment_openness(shop, payment, errors);
    reckoning.open[openness]++;
    reckoning.ended += openness == OPEN_NOT;
    compare(shop, payment, json_object_get(books, id));
  }
  json_object_foreach(books, id, lines) {
    reckoning.lines += (unsigned)json_array_size(lines);
    if (json_object_get(ledger, id) == NULL)
      shop_complain(shop, "the books hold %s, which the ledger lacks", id);
  }
  json_decref(books);
  json_decref(errors);
  reckoning.tokens = check_tokens(shop);
  return reckoning;
}
