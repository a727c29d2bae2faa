/* Our requests beside those that the PSPs' own SDKs were recorded sending: the same method, path, key header,
 * and every field name that an SDK uses. */
#include "answer.h"
#include "render.h"
#include "sheet_trial.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MAX = 128, NAME_CAPACITY = 128 };

struct names {
  size_t count;
  char name[NAMES_MAX][NAME_CAPACITY];
};

static struct rendered rendered;

static void add_name(struct names *names, const char *prefix, const char *name) {
  cr_assert(names->count < NAMES_MAX);
  snprintf(names->name[names->count++], NAME_CAPACITY, "%s.%s", prefix, name);
}

static void json_names(const json_t *object, const char *prefix, struct names *names) {
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    char path[NAME_CAPACITY];
    snprintf(path, sizeof path, "%s.%s", prefix, key);
    if (json_is_object(value) && strcmp(key, "metadata") != 0)
      json_names(value, path, names);
    else
      add_name(names, prefix, key);
  }
}

static void form_names(const char *form, struct names *names) {
  while (*form != '\0') {
    char name[NAME_CAPACITY];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(form, "="), form);
    if (strncmp(name, "metadata[", 9) == 0)
      name[8] = '\0';
    add_name(names, "", name);
    form += strcspn(form, "&");
    form += *form == '&';
  }
}

static void body_names(const char *body, struct names *names) {
  names->count = 0;
  json_t *json = json_loads(body, 0, NULL);
  if (json != NULL)
    json_names(json, "", names);
  else
    form_names(body, names);
  json_decref(json);
}

static bool has_name(const struct names *names, const char *name) {
  for (size_t i = 0; i < names->count; i++)
    if (strcmp(names->name[i], name) == 0)
      return true;
  return false;
}

/* A recorded request and the step of ours that does the same. */
static const struct {
  const char *psp, *tag;
  enum operation operation;
  bool second;
} pairs[] = {
    {"stripe", "stripe.pm", OPERATION_AUTHORIZE, false},
    {"stripe", "stripe.authorize", OPERATION_AUTHORIZE, true},
    {"stripe", "stripe.capture", OPERATION_CAPTURE, false},
    {"stripe", "stripe.cancel", OPERATION_VOID, false},
    {"stripe", "stripe.refund", OPERATION_REFUND, false},
    {"stripe", "stripe.get", OPERATION_STATUS, false},
    {"adyen", "adyen.authorize", OPERATION_AUTHORIZE, false},
    {"adyen", "adyen.capture", OPERATION_CAPTURE, false},
    {"adyen", "adyen.refund", OPERATION_REFUND, false},
    {"adyen", "adyen.cancel", OPERATION_VOID, false},
    {"checkout", "checkout.authorize", OPERATION_AUTHORIZE, false},
    {"checkout", "checkout.capture", OPERATION_CAPTURE, false},
    {"checkout", "checkout.refund", OPERATION_REFUND, false},
    {"checkout", "checkout.void", OPERATION_VOID, false},
    {"checkout", "checkout.get", OPERATION_STATUS, false},
    {"checkout", "checkout.list", OPERATION_STATUS, true},
};

/* The recorded path without its version, the ids of the recording replaced by ours. */
static void comparable_path(const char *path, char *ret, size_t capacity) {
  if (path[0] == '/' && path[1] == 'v' && isdigit((unsigned char)path[2]))
    path = strchr(path + 1, '/');
  snprintf(ret, capacity, "%.*s", (int)strcspn(path, "? "), path);
}

static void render_pair(size_t i) {
  struct sheet *sheet = trial_sheet(pairs[i].psp);
  struct egress_send send = trial_send(pairs[i].psp, pairs[i].operation, true);
  trial_set(&send, REQUEST_PSP_ID,
            strcmp(pairs[i].psp, "stripe") == 0  ? "pi_1"
            : strcmp(pairs[i].psp, "adyen") == 0 ? "P1"
                                                 : "pay_1");
  trial_set(&send, REQUEST_KIND, "recurring");
  struct exchange exchange;
  if (pairs[i].operation == OPERATION_STATUS && pairs[i].second)
    trial_unset(&send, REQUEST_PSP_ID);
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  if (pairs[i].second && pairs[i].operation != OPERATION_STATUS) {
    static const char body[] = "{\"id\":\"pm_1\",\"type\":\"card\"}";
    const struct http_answer http = {.status = 200, .body = body, .body_length = sizeof body - 1};
    static struct verdict verdict;
    cr_assert_eq(read_answer(&exchange, &http, &verdict), ANSWER_GOES_ON);
  }
  cr_assert_eq(render_step(&exchange, &rendered), 0);
  sheet_free(sheet);
}

static void compare_line(const json_t *recorded, const char *tag) {
  char method[16], path[512], ours[512], theirs[512];
  cr_assert_eq(sscanf((char *)rendered.bytes, "%15s %511s", method, path), 2);
  cr_assert_str_eq(method, json_string_value(json_object_get(recorded, "method")), "%s", tag);
  comparable_path(path, ours, sizeof ours);
  comparable_path(json_string_value(json_object_get(recorded, "path")), theirs, sizeof theirs);
  cr_assert_str_eq(ours, theirs, "%s", tag);
}

static void compare_key_header(const json_t *recorded, const char *tag) {
  const char *name = NULL;
  json_t *value = NULL;
  json_object_foreach(json_object_get(recorded, "headers"), name, value) {
    if (strcasestr(name, "idempotency") == NULL)
      continue;
    char head[20000], wanted[128];
    snprintf(head, sizeof head, "%.*s", (int)rendered.head_length, (char *)rendered.bytes);
    snprintf(wanted, sizeof wanted, "\n%s: ", name);
    cr_assert(strcasestr(head, wanted) != NULL, "%s: %s", tag, name);
  }
}

static void compare(const json_t *recorded, size_t i) {
  static struct names ours, theirs;
  render_pair(i);
  compare_line(recorded, pairs[i].tag);
  compare_key_header(recorded, pairs[i].tag);
  char body[8192];
  snprintf(body, sizeof body, "%.*s", (int)(rendered.length - rendered.head_length),
           (char *)rendered.bytes + rendered.head_length);
  body_names(body, &ours);
  body_names(json_string_value(json_object_get(recorded, "body")), &theirs);
  for (size_t j = 0; j < theirs.count; j++)
    cr_expect(has_name(&ours, theirs.name[j]), "%s: we send no %s", pairs[i].tag, theirs.name[j]);
}

Test(sdk_requests, ours_are_as_theirs) {
  unsigned compared = 0;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    char file[512];
    snprintf(file, sizeof file, "%s/psp/sdk-requests/%s.json", FREEPORT_SHARED, pairs[i].psp);
    json_t *all = json_load_file(file, 0, NULL);
    if (all == NULL)
      cr_skip_test("../shared/psp is absent");
    for (size_t j = 0; j < json_array_size(all); j++) {
      const json_t *recorded = json_array_get(all, j);
      if (strcmp(json_string_value(json_object_get(recorded, "tag")), pairs[i].tag) != 0)
        continue;
      compare(recorded, i);
      compared++;
    }
    json_decref(all);
  }
  cr_assert_eq(compared, sizeof pairs / sizeof pairs[0]);
}
