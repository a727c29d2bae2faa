#include "shoppers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "draws_seeded.h"

enum {
  THINK_MS = 60, /* at most, between two requests */
  HANG_UP_MS = 50,
  PERCENT_NEW = 40,
  PERCENT_REPEATED = 15,
  PERCENT_TOKEN = 5,
  PERCENT_HANG_UP = 10,
  PERCENT_CODE = 8
};

struct shopper {
  struct shop *shop;
  struct chance chance;
  unsigned round, number, orders;
  int64_t until_ms;
  pthread_t thread;
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send(struct shopper *shopper, struct note *note) {
  bool hangs_up = chance_is(&shopper->chance, PERCENT_HANG_UP);
  long status =
      shop_send(shopper->shop, note, hangs_up ? 1 + (long)chance_below(&shopper->chance, HANG_UP_MS) : 0);
  bool payment = strcmp(note->path, "/v1/payments") == 0;
  if (payment && status >= 400 && status < 500)
    shop_complain(shopper->shop, "the payment %s is refused: %ld", note->key, status);
}

/* ---- A new payment ---- */

/* All three connectors, in any order. */
static void put_route(struct shopper *shopper, char *ret_text, size_t capacity) {
  static const char *const orders[] = {
      "\"adyen\",\"checkout\",\"stripe\"", "\"adyen\",\"stripe\",\"checkout\"",
      "\"checkout\",\"adyen\",\"stripe\"", "\"checkout\",\"stripe\",\"adyen\"",
      "\"stripe\",\"adyen\",\"checkout\"", "\"stripe\",\"checkout\",\"adyen\""};
  snprintf(ret_text, capacity, "%s", orders[chance_below(&shopper->chance, sizeof orders / sizeof *orders)]);
}

/* A code for that token, as `"security_code":"cvc_...",`; nothing when none could be had. */
static bool put_code(struct shopper *shopper, const char *token, char *ret_text, size_t capacity) {
  char body[BODY_TEXT];
  json_t *json = NULL;
  ret_text[0] = '\0';
  if (!chance_is(&shopper->chance, PERCENT_CODE))
    return false;
  snprintf(body, sizeof body, "{\"token\":\"%s\",\"cvc\":\"123\"}", token);
  const struct http_ask ask = {.method = "POST",
                               .url = shopper->shop->urls.collect,
                               .path = "/v1/security-codes",
                               .key = shopper->shop->urls.publishable_key,
                               .body = body};
  const char *id = http_ask(&ask, &json) == 201 ? json_string_value(json_object_get(json, "id")) : NULL;
  if (id != NULL)
    snprintf(ret_text, capacity, "\"security_code\":\"%s\",", id);
  json_decref(json);
  return id != NULL;
}

static struct order *new_order(struct shopper *shopper) {
  struct shop *shop = shopper->shop;
  pthread_mutex_lock(&shop->lock);
  struct order *order = shop->order_count < ORDERS_MAX ? &shop->orders[shop->order_count] : NULL;
  if (order != NULL) {
    snprintf(order->payment.key, KEY_TEXT, "o%u-%u-%u", shopper->round, shopper->number, ++shopper->orders);
    shop->order_count++;
  }
  pthread_mutex_unlock(&shop->lock);
  return order;
}

static void buy(struct shopper *shopper) {
  char token[ID_TEXT], route[64], code[64], body[BODY_TEXT];
  struct shop *shop = shopper->shop;
  pthread_mutex_lock(&shop->lock);
  unsigned vault_deaths = shop->vault_deaths;
  strcpy(token, shop->tokens[chance_below(&shopper->chance, shop->token_count)]);
  pthread_mutex_unlock(&shop->lock);
  put_route(shopper, route, sizeof route);
  bool has_code = put_code(shopper, token, code, sizeof code);
  struct order *order = new_order(shopper);
  if (order == NULL)
    return;
  snprintf(body, sizeof body,
           "{\"amount\":%u,\"currency\":\"EUR\",\"token\":\"%s\",%s\"capture\":\"%s\",\"reference\":\"%s\","
           "\"routing\":{\"connectors\":[%s]}}",
           500 + chance_below(&shopper->chance, 9500), token, code,
           chance_is(&shopper->chance, 50) ? "manual" : "automatic", order->payment.key, route);
  pthread_mutex_lock(&shop->lock);
  order->has_code = has_code;
  order->vault_deaths = vault_deaths;
  strcpy(order->payment.path, "/v1/payments");
  strcpy(order->payment.body, body);
  pthread_mutex_unlock(&shop->lock);
  send(shopper, &order->payment);
}

/* ---- Something about an earlier one ---- */

/* An order whose request stands; NULL when the draw met one that does not yet. */
static struct order *draw_order(struct shopper *shopper) {
  struct shop *shop = shopper->shop;
  /* Those of late, mostly: what is under way is met more often. */
  unsigned back = shop->order_count < 200 || chance_is(&shopper->chance, 10) ? shop->order_count : 200;
  struct order *order =
      back > 0 ? &shop->orders[shop->order_count - 1 - chance_below(&shopper->chance, back)] : NULL;
  return order != NULL && order->payment.body[0] != '\0' ? order : NULL;
}

static void repeat(struct shopper *shopper) {
  struct shop *shop = shopper->shop;
  pthread_mutex_lock(&shop->lock);
  struct order *order = draw_order(shopper);
  struct note *note = order != NULL ? &order->payment : NULL;
  if (order != NULL && order->movement_count > 0 && chance_is(&shopper->chance, 50))
    note = &order->movements[chance_below(&shopper->chance, order->movement_count)];
  pthread_mutex_unlock(&shop->lock);
  if (note != NULL)
    send(shopper, note);
}

static void fill_movement(struct shopper *shopper, struct order *order) {
  static const char *const kinds[] = {"capture", "capture", "void", "refunds", "refunds"};
  const char *kind = kinds[chance_below(&shopper->chance, sizeof kinds / sizeof *kinds)];
  struct note *note = &order->movements[order->movement_count];
  char amount[32] = "", payment[ID_TEXT], key[KEY_TEXT], own_key[KEY_TEXT];
  memcpy(payment, order->payment.id, sizeof payment);
  memcpy(key, order->payment.key, sizeof key);
  snprintf(own_key, sizeof own_key, "%.32s-m%u", key, order->movement_count % MOVEMENTS_MAX);
  memcpy(note->key, own_key, sizeof own_key);
  snprintf(note->path, sizeof note->path, "/v1/payments/%s/%s", payment, kind);
  if (kind[0] != 'v' && chance_is(&shopper->chance, 60))
    snprintf(amount, sizeof amount, "\"amount\":%u,", 1 + chance_below(&shopper->chance, 3000));
  snprintf(note->body, sizeof note->body, "{%s\"reference\":\"%s\"}", amount, own_key);
}

static void move(struct shopper *shopper) {
  struct shop *shop = shopper->shop;
  struct note *note = NULL;
  pthread_mutex_lock(&shop->lock);
  struct order *order = draw_order(shopper);
  if (order != NULL && order->payment.id[0] != '\0' && order->movement_count < MOVEMENTS_MAX) {
    note = &order->movements[order->movement_count];
    fill_movement(shopper, order);
    order->movement_count++;
  }
  pthread_mutex_unlock(&shop->lock);
  if (note != NULL)
    send(shopper, note);
}

/* ---- A thread ---- */

static void pause_ms(unsigned milliseconds) {
  struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

static void *shopping(void *context) {
  struct shopper *shopper = context;
  while (now_ms() < shopper->until_ms) {
    unsigned draw = chance_below(&shopper->chance, 100);
    if (draw < PERCENT_NEW)
      buy(shopper);
    else if (draw < PERCENT_NEW + PERCENT_REPEATED)
      repeat(shopper);
    else if (draw < PERCENT_NEW + PERCENT_REPEATED + PERCENT_TOKEN)
      shop_tokenize(shopper->shop, chance_below(&shopper->chance, 4));
    else
      move(shopper);
    pause_ms(1 + chance_below(&shopper->chance, THINK_MS));
  }
  return NULL;
}

void shoppers_run(struct shop *shop, unsigned round, unsigned milliseconds) {
  static struct shopper shoppers[SHOPPERS];
  int64_t until_ms = now_ms() + milliseconds;
  for (unsigned i = 0; i < SHOPPERS; i++) {
    shoppers[i] = (struct shopper){.shop = shop,
                                   .chance = chance_new(shop->seed, round, i + 1),
                                   .round = round,
                                   .number = i + 1,
                                   .until_ms = until_ms};
    if (pthread_create(&shoppers[i].thread, NULL, shopping, &shoppers[i]) != 0)
      abort();
  }
  for (unsigned i = 0; i < SHOPPERS; i++)
    pthread_join(shoppers[i].thread, NULL);
}
