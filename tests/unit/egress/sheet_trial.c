#include "sheet_trial.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what) {
  fprintf(stderr, "sheet_trial: %s\n", what);
  abort();
}

char *trial_sheet_text(const char *name, size_t *ret_length) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.yaml", FREEPORT_SHEETS, name);
  FILE *file = fopen(path, "rb");
  char *text = calloc(1, SHEET_BYTES_MAX + 1);
  if (file == NULL || text == NULL)
    give_up("no such sheet");
  *ret_length = fread(text, 1, SHEET_BYTES_MAX, file);
  fclose(file);
  return text;
}

struct sheet *trial_sheet(const char *name) {
  size_t length = 0;
  char *text = trial_sheet_text(name, &length);
  struct sheet *sheet = NULL;
  struct sheet_error error = {0};
  if (sheet_parse(text, length, &sheet, &error) != 0)
    give_up(error.reason);
  free(text);
  return sheet;
}

void trial_set(struct egress_send *send, enum request_field field, const char *value) {
  trial_unset(send, field);
  if (request_fields_set(&send->fields, field, value) != 0)
    give_up("a field that does not fit");
}

void trial_unset(struct egress_send *send, enum request_field field) {
  send->fields.offset[field] = 0;
}

static void set_text(char *text, size_t capacity, const char *value) {
  snprintf(text, capacity, "%s", value);
}

static void add_credential(struct egress_send *send, const char *name, const char *value) {
  struct credential *credential = &send->credentials[send->credential_count++];
  set_text(credential->name, sizeof credential->name, name);
  set_text(credential->value, sizeof credential->value, value);
}

static void add_credentials(struct egress_send *send, bool maximal) {
  add_credential(send, "api_key", "sk_test_trial");
  if (strcmp(send->sheet, "adyen") == 0)
    add_credential(send, "merchant_account", "TrialMerchant");
  if (strcmp(send->sheet, "checkout") == 0) {
    add_credential(send, "processing_channel_id", "pc_trial");
    if (maximal)
      add_credential(send, "descriptor_city", "London");
  }
}

/* Every field that a payment's request may bring. */
static const struct {
  enum request_field field;
  const char *value;
} everything[] = {
    {REQUEST_REFERENCE, "order 6735"},
    {REQUEST_DESCRIPTOR, "BOOKS AND MORE"},
    {REQUEST_CUSTOMER_ID, "cus_01J9ZC3V5K8Q2W4E6R8T0Y1A3S"},
    {REQUEST_CUSTOMER_NAME, "Zo\xc3\xab van den Berg"},
    {REQUEST_CUSTOMER_EMAIL, "zoe@example.org"},
    {REQUEST_CUSTOMER_PHONE, "+31201234567"},
    {REQUEST_CUSTOMER_IP, "192.0.2.7"},
    {REQUEST_BILLING_LINE1, "Rokin 49"},
    {REQUEST_BILLING_LINE2, "2nd floor"},
    {REQUEST_BILLING_CITY, "Amsterdam"},
    {REQUEST_BILLING_STATE, "NH"},
    {REQUEST_BILLING_POSTAL_CODE, "1012KK"},
    {REQUEST_BILLING_COUNTRY, "NL"},
    {REQUEST_RETURN_URL, "https://shop.example.org/return?o=6735&s=1"},
    {REQUEST_KIND, "customer"},
    {REQUEST_STORE, "off_session"},
    {REQUEST_PREVIOUS_NTID, "MCC123456789012"},
    {REQUEST_MERCHANT_CATEGORY, "5942"},
    {REQUEST_THREE_DS_MODE, "external"},
    {REQUEST_THREE_DS_EXEMPTION, "transaction_risk_analysis"},
    {REQUEST_THREE_DS_VERSION, "2.2.0"},
    {REQUEST_THREE_DS_STATUS, "Y"},
    {REQUEST_THREE_DS_ECI, "05"},
    {REQUEST_THREE_DS_CAVV, "AAABBEg0VhI0VniQEjRWAAAAAAA="},
    {REQUEST_THREE_DS_DS_ID, "c4e59ceb-a382-4d6a-bc87-385d591fa09d"},
    {REQUEST_BROWSER_ACCEPT, "text/html,application/xhtml+xml;q=0.9"},
    {REQUEST_BROWSER_USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64)"},
    {REQUEST_BROWSER_LANGUAGE, "nl-NL"},
    {REQUEST_BROWSER_COLOR_DEPTH, "24"},
    {REQUEST_BROWSER_SCREEN_HEIGHT, "1080"},
    {REQUEST_BROWSER_SCREEN_WIDTH, "1920"},
    {REQUEST_BROWSER_TIME_ZONE, "-60"},
    {REQUEST_BROWSER_JAVA, "false"},
    {REQUEST_METADATA_FIRST, "basket=42"},
    {(enum request_field)(REQUEST_METADATA_FIRST + 1), "reference=mine"},
};

/* Of a movement or a question. */
static const struct {
  const char *sheet;
  const char *psp_id;
} psp_ids[] = {{"stripe", "pi_3Nq8xE2eZvKYlo2C"},
               {"adyen", "WNS7WQ756L2GWR82"},
               {"checkout", "pay_y3oqhf46pyzuxjbcn2giaqnb44"}};

static void set_psp_id(struct egress_send *send) {
  for (size_t i = 0; i < sizeof psp_ids / sizeof psp_ids[0]; i++)
    if (strcmp(psp_ids[i].sheet, send->sheet) == 0)
      trial_set(send, REQUEST_PSP_ID, psp_ids[i].psp_id);
}

static void set_card(struct egress_send *send, bool maximal) {
  send->has_card = true;
  send->card = (struct card){.number = TRIAL_CARD, .exp_month = 3, .exp_year = 2030};
  if (maximal) {
    set_text(send->card.name, sizeof send->card.name, "Z. van den Berg");
    set_text(send->code.digits, sizeof send->code.digits, TRIAL_CODE);
  }
}

static void set_everything(struct egress_send *send) {
  for (size_t i = 0; i < sizeof everything / sizeof everything[0]; i++)
    trial_set(send, everything[i].field, everything[i].value);
}

static bool is_on_card(enum operation operation) {
  return operation == OPERATION_AUTHORIZE || operation == OPERATION_CHARGE || operation == OPERATION_VERIFY;
}

struct egress_send trial_send(const char *name, enum operation operation, bool maximal) {
  struct egress_send send = {.operation = operation,
                             .environment = ENVIRONMENT_TEST,
                             .amount = {.minor = 1234, .currency = "EUR"},
                             .bin = "42424242",
                             .last4 = "4242",
                             .timeout_ms = 10000,
                             .deadline_us = INT64_MAX};
  set_text(send.connector, sizeof send.connector, name);
  set_text(send.sheet, sizeof send.sheet, name);
  set_text(send.key, sizeof send.key, is_on_card(operation) ? TRIAL_KEY : "mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S");
  add_credentials(&send, maximal);
  if (is_on_card(operation)) {
    set_card(&send, maximal);
    if (maximal)
      set_everything(&send);
  } else if (operation == OPERATION_STATUS) {
    send.asked_about = OPERATION_AUTHORIZE;
    set_text(send.key, sizeof send.key, TRIAL_KEY);
    trial_set(&send, REQUEST_STARTED_AT, "1700000000");
  } else {
    set_psp_id(&send);
    if (maximal)
      trial_set(&send, REQUEST_REASON, "requested_by_customer");
  }
  return send;
}
