/* The typed fields that cross the boundary: those of a request that the router may fill in (never a card, a
 * host, a path, a header or a body), and those of an answer that may come back from a PSP. Each has a limit
 * and an alphabet, checked by whoever writes and again by whoever reads. A set holds each field at most once.
 */
#pragma once

#include "cursor.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value may be made of. */
enum alphabet {
  ALPHABET_TEXT,  /* UTF-8 without control characters: names, addresses */
  ALPHABET_PRINT, /* printable ASCII, 0x20 to 0x7e */
  ALPHABET_TOKEN, /* A-Z a-z 0-9 . _ - : : PSP ids, codes */
  ALPHABET_REF,   /* printable ASCII without space: base64 values, URLs, PSP references with = and / */
  ALPHABET_DIGITS,
  ALPHABET_URL /* https:// (http:// to loopback in the test environment) and printable ASCII without spaces */
};

/* Of a request: what a sheet's placeholders may name. The comment is the name in a sheet. */
enum request_field {
  REQUEST_REFERENCE = 1,         /* reference: the merchant's own order reference */
  REQUEST_DESCRIPTOR,            /* statement_descriptor */
  REQUEST_CUSTOMER_ID,           /* customer_id */
  REQUEST_CUSTOMER_NAME,         /* customer_name */
  REQUEST_CUSTOMER_EMAIL,        /* customer_email */
  REQUEST_CUSTOMER_PHONE,        /* customer_phone */
  REQUEST_CUSTOMER_IP,           /* customer_ip */
  REQUEST_BILLING_LINE1,         /* billing_line1 */
  REQUEST_BILLING_LINE2,         /* billing_line2 */
  REQUEST_BILLING_CITY,          /* billing_city */
  REQUEST_BILLING_STATE,         /* billing_state */
  REQUEST_BILLING_POSTAL_CODE,   /* billing_postal_code */
  REQUEST_BILLING_COUNTRY,       /* billing_country: ISO 3166-1 alpha-2 */
  REQUEST_RETURN_URL,            /* return_url */
  REQUEST_KIND,                  /* kind: customer, recurring, installment, unscheduled, resubmission, moto */
  REQUEST_STORE,                 /* store: on_session or off_session when the card is to be kept for later */
  REQUEST_PREVIOUS_NTID,         /* previous_network_transaction_id (P8) */
  REQUEST_MERCHANT_CATEGORY,     /* merchant_category: four digits */
  REQUEST_THREE_DS_MODE,         /* three_ds_mode: auto, require, skip, external */
  REQUEST_THREE_DS_EXEMPTION,    /* three_ds_exemption */
  REQUEST_THREE_DS_VERSION,      /* three_ds_version */
  REQUEST_THREE_DS_STATUS,       /* three_ds_status */
  REQUEST_THREE_DS_ECI,          /* three_ds_eci */
  REQUEST_THREE_DS_CAVV,         /* three_ds_cavv: base64 */
  REQUEST_THREE_DS_DS_ID,        /* three_ds_ds_transaction_id */
  REQUEST_BROWSER_ACCEPT,        /* browser_accept_header */
  REQUEST_BROWSER_USER_AGENT,    /* browser_user_agent */
  REQUEST_BROWSER_LANGUAGE,      /* browser_language */
  REQUEST_BROWSER_COLOR_DEPTH,   /* browser_color_depth */
  REQUEST_BROWSER_SCREEN_HEIGHT, /* browser_screen_height */
  REQUEST_BROWSER_SCREEN_WIDTH,  /* browser_screen_width */
  REQUEST_BROWSER_TIME_ZONE,     /* browser_time_zone_offset: minutes */
  REQUEST_BROWSER_JAVA,          /* browser_java_enabled: true or false */
  REQUEST_PSP_ID, /* psp_id: the PSP's id of the payment that is captured, voided, refunded, asked for */
  REQUEST_PSP_CAPTURE_ID, /* psp_capture_id */
  REQUEST_REASON,         /* reason of a refund or void */
  REQUEST_STARTED_AT,     /* started_at: Unix seconds at which the attempt asked about was dispatched */
  REQUEST_CONSENT,        /* consent: what the customer agreed to when the card was stored, as compact JSON */
  REQUEST_METADATA_FIRST, /* metadata, up to METADATA_MAX entries of "key=value"; keys A-Z a-z 0-9 _ - */
  REQUEST_ATTRIBUTE_FIRST =
      REQUEST_METADATA_FIRST + 20,             /* customer attributes, up to ATTRIBUTES_MAX, likewise;
                                                  for the routing policy, never for a PSP */
  REQUEST_FINAL = REQUEST_ATTRIBUTE_FIRST + 8, /* final: of a capture: true or false. Stored fields bear these
                                                  numbers: what comes later comes last */
  REQUEST_FIELD_COUNT
};

enum {
  METADATA_MAX = REQUEST_ATTRIBUTE_FIRST - REQUEST_METADATA_FIRST,
  ATTRIBUTES_MAX = REQUEST_FINAL - REQUEST_ATTRIBUTE_FIRST
};

/* Of an answer: what a sheet may read from a PSP. */
enum answer_field {
  ANSWER_PSP_ID = 1,             /* psp_id */
  ANSWER_PSP_CAPTURE_ID,         /* psp_capture_id: where refunds name the capture or charge */
  ANSWER_STATUS_TEXT,            /* psp_status: the PSP's own word */
  ANSWER_CODE,                   /* code: the PSP's answer code */
  ANSWER_NETWORK_CODE,           /* network_code: the issuer's raw ISO 8583 code */
  ANSWER_ADVICE_CODE,            /* advice_code: merchant advice code */
  ANSWER_NETWORK_TRANSACTION_ID, /* network_transaction_id */
  ANSWER_AUTH_CODE,              /* auth_code */
  ANSWER_AVS_ADDRESS,     /* avs_address: what became of the check of the billing address's first line */
  ANSWER_AVS_POSTAL_CODE, /* avs_postal_code, likewise */
  ANSWER_CVC_CHECK,       /* cvc_check: of the security code */
  ANSWER_ECI,             /* eci */
  ANSWER_REFERENCE,       /* reference: the reference that the PSP holds (status questions) */
  ANSWER_AMOUNT,          /* amount: minor units as ISO 4217 counts them, decimal digits (egress converts) */
  ANSWER_AMOUNT_CAPTURED, /* amount_captured, likewise */
  ANSWER_AMOUNT_REFUNDED, /* amount_refunded, likewise */
  ANSWER_CURRENCY,        /* currency */
  ANSWER_ACTION_URL,      /* action_url: where the customer is sent (3DS) */
  ANSWER_MESSAGE,         /* message: free text for people; never decided upon */
  ANSWER_RETRY_AFTER,     /* retry_after: seconds */
  ANSWER_FIELD_COUNT
};

struct field_rule {
  const char *name; /* as sheets and journals call it */
  uint16_t limit;   /* bytes at most */
  enum alphabet alphabet;
  bool personal;  /* P9: stays out of the journal */
  bool free_text; /* may hold words: the security code standing by itself is scrubbed here too (B4) */
  const char *const *words; /* the only values there are, NULL-terminated; NULL: any */
};

enum { FIELDS_BYTES = 12288 };

/* A set of fields: values lie one after another in bytes, NUL-terminated; offset 0 means absent. */
struct request_fields {
  uint16_t offset[REQUEST_FIELD_COUNT];
  uint16_t used;
  char bytes[FIELDS_BYTES];
};

struct answer_fields {
  uint16_t offset[ANSWER_FIELD_COUNT];
  uint16_t used;
  char bytes[4096];
};

/* The rule of a field; field is in range. */
const struct field_rule *request_field_rule(enum request_field field);
const struct field_rule *answer_field_rule(enum answer_field field);
/* The field of that name, or 0. */
enum request_field request_field_named(const char *name);
enum answer_field answer_field_named(const char *name);
/* Whether the bytes are one of the rule's words, or it has none. */
bool field_rule_takes(const struct field_rule *rule, const char *value, size_t length);
/* Whether text fits the alphabet. */
bool alphabet_holds(enum alphabet alphabet, const char *text);

/* Sets or replaces nothing twice: returns 0; -EINVAL when value breaks the field's rule or is empty; -EEXIST
 * when the field is set already; -ENOBUFS when the set is full. */
MUST_USE int request_fields_set(struct request_fields *fields, enum request_field field, const char *value);
MUST_USE int answer_fields_set(struct answer_fields *fields, enum answer_field field, const char *value);
/* The value, or NULL. Borrowed. */
const char *request_fields_get(const struct request_fields *fields, enum request_field field);
const char *answer_fields_get(const struct answer_fields *fields, enum answer_field field);
/* Drops a field and wipes its value. */
void answer_fields_drop(struct answer_fields *fields, enum answer_field field);

/* As in messages: u8 count, then per field u8 field, text; ascending. Reading checks every rule again. */
void write_request_fields(struct writer *writer, const struct request_fields *fields);
void read_request_fields(struct reader *reader, struct request_fields *ret_fields);
void write_answer_fields(struct writer *writer, const struct answer_fields *fields);
void read_answer_fields(struct reader *reader, struct answer_fields *ret_fields);
