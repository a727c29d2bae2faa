#include "settling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger_read.h"

enum {
  BACK_WITHIN_S = 40, /* restarts wait up to five seconds, and one may need the other */
  SETTLED_WITHIN_S = 90,
  REPEATS_MAX = 40,
  STEP_MS = 500,
  STEPS_PER_S = 1000 / STEP_MS,
  /* How long nothing may have changed about what is open for a reason: longer than its next question waits.
   */
  STILL_STEPS = 16 * STEPS_PER_S
};

static void pause_step(void) {
  struct timespec pause = {.tv_nsec = (long)STEP_MS * 1000000};
  nanosleep(&pause, NULL);
}

static bool end_faults(const struct shop *shop) {
  static const char *const connectors[] = {"adyen", "checkout", "stripe"};
  unsigned done = 0;
  for (unsigned step = 0; done < 3 && step < BACK_WITHIN_S * STEPS_PER_S; step++) {
    if (shop_behave(shop, connectors[done], "{\"fault\":\"none\"}"))
      done++;
    else
      pause_step();
  }
  return done == 3;
}

static bool is_ready(const struct shop *shop) {
  json_t *json;
  const struct http_ask ask = {.method = "GET", .url = shop->urls.api, .path = "/readyz", .wait_ms = 2000};
  long status = http_ask(&ask, &json);
  json_decref(json);
  return status == 200;
}

/* Every process runs, and a card goes all the way into the vault. */
static bool wait_for_all(struct shop *shop) {
  for (unsigned step = 0; step < BACK_WITHIN_S * STEPS_PER_S; step++) {
    struct stack_processes now = stack_processes_now(shop->supervisor);
    if (stack_processes_all(&now, &shop->expected) && is_ready(shop) && shop_tokenize(shop, 0))
      return true;
    pause_step();
  }
  return false;
}

/* A merchant asks again, under the same key, until an answer comes. */
static bool repeat_until_answered(struct shop *shop, struct note *note) {
  for (unsigned i = 0; note->answered == 0 && !note->refused && i < REPEATS_MAX; i++) {
    if (shop_send(shop, note, 0) == 0 || (note->answered == 0 && !note->refused))
      pause_step();
  }
  return note->answered > 0 || note->refused;
}

static void repeat_unanswered(struct shop *shop) {
  for (unsigned i = 0; i < shop->order_count; i++) {
    struct order *order = &shop->orders[i];
    if (!repeat_until_answered(shop, &order->payment) || order->payment.refused)
      shop_complain(shop, "%s is not answered, however often it is repeated", order->payment.key);
    for (unsigned j = 0; j < order->movement_count; j++) {
      if (!repeat_until_answered(shop, &order->movements[j]))
        shop_complain(shop, "%s is not answered, however often it is repeated", order->movements[j].key);
    }
  }
}

/* Counts what is being asked, and sums up the rest so that a change is seen. */
static unsigned count_asked(const struct shop *shop, json_t *ledger, const json_t *errors, unsigned *ret_rest,
                            const char **ret_one) {
  unsigned asked = 0, rest = 0;
  const char *id;
  json_t *payment;
  json_object_foreach(ledger, id, payment) {
    enum openness openness = payment_openness(shop, payment, errors);
    asked += openness == OPEN_STILL_ASKED;
    rest += openness > OPEN_STILL_ASKED;
    if (openness == OPEN_STILL_ASKED)
      *ret_one = id;
  }
  *ret_rest = rest;
  return asked;
}

/* What is known of a payment that does not settle, for whoever looks into it. */
static void show(const json_t *payment) {
  json_t *known =
      json_pack("{s:O*, s:O*, s:O*}", "status", json_object_get(payment, "status"), "attempts",
                json_object_get(payment, "attempts"), "movements", json_object_get(payment, "movements"));
  char *text = json_dumps(known, JSON_COMPACT);
  printf("%s\n", text != NULL ? text : "");
  free(text);
  json_decref(known);
}

json_t *settle(struct shop *shop, bool anew, struct saboteur_report *report) {
  if (!end_faults(shop)) {
    shop_complain(shop, "the sandbox does not come back");
    return NULL;
  }
  if (anew)
    saboteur_kill(shop, "router", report);
  if (!wait_for_all(shop)) {
    shop_complain(shop, "a process does not come back");
    return NULL;
  }
  repeat_unanswered(shop);
  unsigned still = 0, before = 0;
  for (unsigned step = 0; step < SETTLED_WITHIN_S * STEPS_PER_S; step++) {
    unsigned rest = 0;
    const char *one = "";
    json_t *ledger = ledger_read(shop), *errors = errors_read(shop);
    unsigned asked = ledger != NULL && errors != NULL ? count_asked(shop, ledger, errors, &rest, &one) : 1;
    json_decref(errors);
    still = asked == 0 && rest == before ? still + 1 : 0;
    before = rest;
    if (asked == 0 && (rest == 0 || still >= STILL_STEPS))
      return ledger;
    if (step == SETTLED_WITHIN_S * STEPS_PER_S - 1) {
      shop_complain(shop, "%u payments are still being asked about, %s for one", asked, one);
      show(json_object_get(ledger, one));
    }
    json_decref(ledger);
    pause_step();
  }
  return NULL;
}
