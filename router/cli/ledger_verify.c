#include "ledger_verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exit_status.h"
#include "merchant_api.h"

enum { PATH_CAPACITY = 160, SECONDS_PER_DAY = 86400 };

/* What was found so far. */
struct verified {
  unsigned long long same, differing, untried;
};

long ledger_verify_days(const struct command_line *line) {
  char *end = NULL;
  long days = line->days == NULL ? VERIFY_DAYS_DEFAULT : strtol(line->days, &end, 10);
  return days < 1 || days > VERIFY_DAYS_MAX || (end != NULL && *end != '\0') ? 0 : days;
}

/* Returns 0, or -EBADMSG when the router does not say. */
static int take(const json_t *payment, const char *id, struct verified *verified) {
  const json_t *decision = json_object_get(payment, "decision");
  const json_t *reproduced = json_object_get(decision, "reproduced");
  if (!json_is_boolean(reproduced) && !json_is_null(reproduced)) {
    fputs("freeport ledger: the router does not say whether decisions come out again\n", stderr);
    return -EBADMSG;
  }
  verified->same += json_is_true(reproduced);
  verified->differing += json_is_false(reproduced);
  verified->untried += json_is_null(reproduced);
  if (json_is_false(reproduced)) {
    const char *policy = json_string_value(json_object_get(decision, "policy"));
    printf("%s  policy %s  decides otherwise now\n", id, policy != NULL ? policy : "");
  }
  return 0;
}

static int verify_payment(struct merchant_api *api, const char *id, struct verified *verified) {
  char path[PATH_CAPACITY];
  json_t *payment;
  if (id == NULL || id_parse("pay", id, NULL) < 0) {
    return -EBADMSG;
  }
  snprintf(path, sizeof path, "/v1/payments/%s", id);
  int result = merchant_api_call(api, "GET", path, NULL, &payment);
  if (result == 0) {
    result = take(payment, id, verified);
    json_decref(payment);
  }
  return result;
}

static int verify_page(struct merchant_api *api, const json_t *page, struct verified *verified) {
  const json_t *payment;
  size_t i;
  int result = 0;
  json_array_foreach(json_object_get(page, "data"), i, payment) {
    if (result == 0) {
      result = verify_payment(api, json_string_value(json_object_get(payment, "id")), verified);
    }
  }
  return result;
}

/* Where the next page starts, in next: empty when there is none. Returns 0 or -EBADMSG. */
static int take_next(const json_t *page, struct id *next) {
  const char *text = json_string_value(json_object_get(page, "next"));
  *next = (struct id){0};
  if (text == NULL) {
    return 0;
  }
  if (id_parse("pay", text, NULL) < 0) {
    return -EBADMSG;
  }
  strcpy(next->text, text);
  return 0;
}

static int verify_since(struct merchant_api *api, long long since_s, struct verified *verified) {
  char path[PATH_CAPACITY];
  struct id next = {0};
  int result;
  do {
    json_t *page;
    snprintf(path, sizeof path, "/v1/payments?limit=100&created%%5Bgte%%5D=%lld%s%s", since_s,
             next.text[0] != '\0' ? "&starting_after=" : "", next.text);
    result = merchant_api_call(api, "GET", path, NULL, &page);
    if (result == 0) {
      result = verify_page(api, page, verified);
      result = result == 0 ? take_next(page, &next) : result;
      json_decref(page);
    }
  } while (result == 0 && next.text[0] != '\0');
  return result;
}

int ledger_verify(const struct command_line *line) {
  static struct merchant_api api;
  struct verified verified = {0};
  if (merchant_api_open(line->directory, "ledger", &api) < 0) {
    return EXIT_NO_STACK;
  }
  long long since_s = (long long)time(NULL) - ledger_verify_days(line) * SECONDS_PER_DAY;
  int result = verify_since(&api, since_s, &verified);
  merchant_api_forget(&api);
  if (result != 0) {
    return merchant_api_status(result);
  }
  printf("decisions that come out again, to the byte: %llu; that do not: %llu; that cannot be tried: %llu\n",
         verified.same, verified.differing, verified.untried);
  return verified.differing == 0 ? EXIT_GOOD : EXIT_FAILED;
}
