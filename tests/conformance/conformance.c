/* conformance NAME PORT DESCRIPTION: holds every request that a sheet makes to its PSP's published
 * description, served on 127.0.0.1:PORT by the mock. Exits 0 when every right request is accepted, every
 * wrong one refused, and exactly what is known to be lacking is lacking. */
#include "answer.h"
#include "cases.h"
#include "mock_client.h"
#include "render.h"
#include "sheet_model.h"
#include "sheet_trial.h"
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
  const char *psp;
  uint16_t port;
  char prefix[128]; /* the path of the description's server */
  unsigned accepted, refused, lacking, failed;
};

static struct rendered rendered;

static void fail(struct run *run, const char *operation, const char *variant,
                 const struct mock_answer *answer, const char *reason) {
  printf("FAIL %s %s, %s, step to %.*s: %s (status %d) %s\n", run->psp, operation, variant,
         (int)strcspn((const char *)rendered.bytes, "?\r"), (const char *)rendered.bytes, reason,
         answer->status, answer->violations);
  run->failed++;
}

/* Whether the request under way is one that the description is known to lack. */
static bool is_lacking(const struct run *run) {
  char method[16] = "", path[256] = "";
  if (sscanf((const char *)rendered.bytes, "%15s %255[^ ?]", method, path) != 2)
    return false;
  for (size_t i = 0; i < lacking_request_count; i++) {
    const struct lacking_request *lacking = &lacking_requests[i];
    if (strcmp(lacking->psp, run->psp) == 0 && strcmp(lacking->method, method) == 0 &&
        fnmatch(lacking->path, path, FNM_PATHNAME) == 0)
      return true;
  }
  return false;
}

/* An answer good enough for a step that hands a value to the next. */
static bool go_on(struct exchange *exchange) {
  static const char body[] = "{\"id\":\"pm_1Nq8xE2eZvKYlo2C\",\"type\":\"card\"}";
  const struct http_answer http = {.status = 200, .body = body, .body_length = sizeof body - 1};
  static struct verdict verdict;
  return read_answer(exchange, &http, &verdict) == ANSWER_GOES_ON;
}

/* Asks the mock about the step at which the exchange stands. */
static bool ask(struct run *run, const struct exchange *exchange, struct mock_answer *answer) {
  *answer = (struct mock_answer){0};
  if (render_step(exchange, &rendered) != 0)
    return false;
  return mock_ask(run->port, run->prefix, rendered.bytes, rendered.length, answer) == 0 &&
         answer->status != 0;
}

static bool is_success(const struct mock_answer *answer) {
  return answer->status >= 200 && answer->status < 300;
}

/* A right request: each step is accepted, or known to be lacking. */
static void expect_accepted(struct run *run, const struct sheet *sheet, const struct egress_send *send,
                            const char *variant) {
  struct exchange exchange;
  struct mock_answer answer;
  const char *operation = operation_name(send->operation);
  if (exchange_begin(sheet, send, &exchange) != 0) {
    printf("FAIL %s %s, %s: not rendered\n", run->psp, operation, variant);
    run->failed++;
    return;
  }
  for (;;) {
    if (!ask(run, &exchange, &answer)) {
      fail(run, operation, variant, &answer, "no answer");
      return;
    }
    bool lacking = is_lacking(run);
    if (lacking && answer.status != 404 && answer.status != 405)
      fail(run, operation, variant, &answer, "listed as lacking, but the description has it");
    else if (!lacking && !is_success(&answer))
      fail(run, operation, variant, &answer, "refused");
    else if (lacking)
      run->lacking++;
    else
      run->accepted++;
    if (exchange.step->next == NULL || send->operation == OPERATION_STATUS || !go_on(&exchange))
      return;
  }
}

static void change(struct egress_send *send, const struct variant *variant) {
  if (variant->value == NULL)
    trial_unset(send, variant->field);
  else
    trial_set(send, variant->field, variant->value);
}

/* Leaves out what the description lacks. */
static struct egress_send known_part(const struct run *run, enum operation operation) {
  struct egress_send send = trial_send(run->psp, operation, true);
  for (size_t i = 0; i < lacking_field_count; i++)
    if (strcmp(lacking_fields[i].psp, run->psp) == 0 && lacking_fields[i].bearer.field != REQUEST_KIND)
      trial_unset(&send, lacking_fields[i].bearer.field);
  return send;
}

static bool bears_lacking_field(const struct run *run, const struct variant *variant) {
  for (size_t i = 0; i < lacking_field_count; i++) {
    const struct variant *bearer = &lacking_fields[i].bearer;
    if (strcmp(lacking_fields[i].psp, run->psp) == 0 && variant->value != NULL &&
        bearer->field == variant->field && strcmp(bearer->value, variant->value) == 0)
      return true;
  }
  return false;
}

static bool is_on_card(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE || operation == OPERATION_VERIFY;
}

static void try_operation(struct run *run, const struct sheet *sheet, enum operation operation) {
  struct egress_send send = trial_send(run->psp, operation, false);
  expect_accepted(run, sheet, &send, "minimal");
  send = known_part(run, operation);
  if (operation == OPERATION_CAPTURE) {
    trial_set(&send, REQUEST_FINAL, "true");
    expect_accepted(run, sheet, &send, "the last capture");
    trial_set(&send, REQUEST_FINAL, "false");
  }
  expect_accepted(run, sheet, &send, "maximal");
  for (size_t i = 0; is_on_card(operation) && i < variant_count; i++) {
    if (bears_lacking_field(run, &variants[i]))
      continue;
    send = known_part(run, operation);
    change(&send, &variants[i]);
    expect_accepted(run, sheet, &send, variants[i].name);
  }
}

/* Every question, by the PSP's id and without it. */
static void try_questions(struct run *run, const struct sheet *sheet) {
  for (unsigned i = 1; i < OPERATION_COUNT; i++) {
    if (sheet->questions[i].steps == NULL)
      continue;
    struct egress_send movement = trial_send(run->psp, OPERATION_CAPTURE, false);
    struct egress_send send = trial_send(run->psp, OPERATION_STATUS, false);
    send.asked_about = (enum operation)i;
    if (is_on_card(send.asked_about))
      expect_accepted(run, sheet, &send, operation_name(send.asked_about));
    trial_set(&send, REQUEST_PSP_ID, request_fields_get(&movement.fields, REQUEST_PSP_ID));
    expect_accepted(run, sheet, &send, operation_name(send.asked_about));
  }
}

/* The last step of an operation, reached without asking about those before it. */
static bool last_step(const struct sheet *sheet, const struct egress_send *send, struct exchange *exchange) {
  if (exchange_begin(sheet, send, exchange) != 0)
    return false;
  while (exchange->step->next != NULL)
    if (!go_on(exchange))
      return false;
  return true;
}

static void try_lacking_field(struct run *run, const struct sheet *sheet,
                              const struct lacking_field *lacking) {
  struct exchange exchange;
  struct mock_answer answer = {0};
  struct egress_send send = known_part(run, lacking->operation);
  if (lacking->bearer.field == REQUEST_PREVIOUS_NTID)
    trial_set(&send, REQUEST_KIND, "recurring");
  change(&send, &lacking->bearer);
  const char *operation = operation_name(lacking->operation);
  if (!last_step(sheet, &send, &exchange) || !ask(run, &exchange, &answer))
    fail(run, operation, lacking->field, &answer, "no answer");
  else if (is_success(&answer))
    fail(run, operation, lacking->field, &answer, "listed as lacking, but the description has it");
  else if (strstr(answer.violations, lacking->field) == NULL)
    fail(run, operation, lacking->field, &answer, "refused for another reason");
  else
    printf("     %s: the description lacks the field %s (%s)\n", run->psp, lacking->field,
           lacking->bearer.name);
}

/* The sheet's text with the one change; NULL when there is nothing to change. */
static char *changed_text(const struct wrong_sheet *wrong) {
  size_t length = 0;
  char *text = trial_sheet_text(wrong->psp, &length);
  char *place = strstr(text, wrong->find);
  char *changed = calloc(1, length + strlen(wrong->replace) + 1);
  if (place != NULL && changed != NULL)
    sprintf(changed, "%.*s%s%s", (int)(place - text), text, wrong->replace, place + strlen(wrong->find));
  free(text);
  if (place != NULL)
    return changed;
  free(changed);
  return NULL;
}

/* Some step of it must be refused. */
static bool is_refused(struct run *run, const struct sheet *sheet, const struct wrong_sheet *wrong,
                       struct mock_answer *answer) {
  struct egress_send send = known_part(run, wrong->operation);
  if (wrong->operation == OPERATION_CAPTURE)
    trial_set(&send, REQUEST_FINAL, "false");
  if (wrong->operation == OPERATION_REFUND && strcmp(wrong->psp, "stripe") == 0)
    trial_unset(&send, REQUEST_REASON);
  struct exchange exchange;
  if (exchange_begin(sheet, &send, &exchange) != 0)
    return false;
  for (;;) {
    if (!ask(run, &exchange, answer))
      return false;
    if (answer->status >= 400 && answer->status < 500)
      return true;
    if (exchange.step->next == NULL || !go_on(&exchange))
      return false;
  }
}

static void try_wrong(struct run *run, const struct wrong_sheet *wrong) {
  struct sheet *sheet = NULL;
  struct sheet_error error = {0};
  struct mock_answer answer = {0};
  const char *operation = operation_name(wrong->operation);
  char *text = changed_text(wrong);
  if (text == NULL || sheet_parse(text, strlen(text), &sheet, &error) != 0) {
    printf("FAIL %s %s, %s: the sheet made wrong cannot be read: line %u: %s\n", run->psp, operation,
           wrong->what, error.line, error.reason == NULL ? "nothing to change" : error.reason);
    run->failed++;
  } else if (!is_refused(run, sheet, wrong, &answer)) {
    fail(run, operation, wrong->what, &answer, "wrong, but not refused");
  } else {
    run->refused++;
  }
  sheet_free(sheet);
  free(text);
}

/* The sheet must name the description's own server; the server's path is what the mock leaves out. */
static bool read_server(const char *file, const struct sheet *sheet, struct run *run) {
  json_t *description = json_load_file(file, 0, NULL);
  const char *url =
      json_string_value(json_object_get(json_array_get(json_object_get(description, "servers"), 0), "url"));
  char host[128] = "", path[128] = "";
  bool read = url != NULL && sscanf(url, "https://%127[^/]%127s", host, path) >= 1;
  size_t length = strlen(path);
  if (length > 0 && path[length - 1] == '/')
    path[length - 1] = '\0';
  memcpy(run->prefix, path, sizeof path);
  json_decref(description);
  if (read && strcmp(host, sheet_host(sheet)) == 0)
    return true;
  printf("FAIL %s: the sheet's host is not that of the description\n", run->psp);
  return false;
}

static void list_lacking(const struct run *run) {
  for (size_t i = 0; i < lacking_request_count; i++)
    if (strcmp(lacking_requests[i].psp, run->psp) == 0)
      printf("     %s: the description lacks %s %s\n", run->psp, lacking_requests[i].method,
             lacking_requests[i].path);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: conformance NAME PORT DESCRIPTION\n");
    return 64;
  }
  struct run run = {.psp = argv[1], .port = (uint16_t)strtoul(argv[2], NULL, 10)};
  struct sheet *sheet = trial_sheet(run.psp);
  if (!read_server(argv[3], sheet, &run))
    return 1;
  for (unsigned i = 1; i < OPERATION_COUNT; i++)
    if (sheet->operations[i].steps != NULL)
      try_operation(&run, sheet, (enum operation)i);
  try_questions(&run, sheet);
  list_lacking(&run);
  for (size_t i = 0; i < lacking_field_count; i++)
    if (strcmp(lacking_fields[i].psp, run.psp) == 0)
      try_lacking_field(&run, sheet, &lacking_fields[i]);
  for (size_t i = 0; i < wrong_sheet_count; i++)
    if (strcmp(wrong_sheets[i].psp, run.psp) == 0)
      try_wrong(&run, &wrong_sheets[i]);
  sheet_free(sheet);
  printf("%s %s: %u requests accepted, %u wrong ones refused, %u that the description lacks, %u failed\n",
         run.failed == 0 ? "ok  " : "FAIL", run.psp, run.accepted, run.refused, run.lacking, run.failed);
  return run.failed == 0 ? 0 : 1;
}
