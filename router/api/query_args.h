/* Query parameters of lists, read strictly. Inside this room only. */
#pragma once

#include "event_types.h"
#include "fault.h"
#include "http.h"
#include "payment.h"
#include "rates.h"

enum { LIST_LIMIT_DEFAULT = 10, LIST_LIMIT_MAX = 100 };

/* What every list takes. */
struct page_query {
  unsigned limit;
  struct id after; /* starting_after, or empty */
};

struct payments_query {
  struct page_query page;
  char reference[HTTP_QUERY_VALUE_CAPACITY];
  char connector[CONNECTOR_NAME_CAPACITY];
  char metadata_key[HTTP_QUERY_NAME_CAPACITY], metadata_value[HTTP_QUERY_VALUE_CAPACITY];
  struct id customer;
  enum payment_status status;
  int64_t created_from_ms, created_to_ms;
};

struct history_query {
  unsigned limit;
  uint64_t before; /* only publications of a smaller number; 0: all */
};

struct events_query {
  struct page_query page;
  event_type_set types;
  int64_t created_from_ms, created_to_ms;
};

enum { ROWS_DEFAULT = 100 };

struct authorization_query {
  struct rates_query rates; /* its texts lie here */
  char connector[CONNECTOR_NAME_CAPACITY], plan[NAME_CAPACITY];
};

/* The parameters of `GET /v1/metrics/authorization`; the merchant is left empty. Returns 0, or 1 with
 * *ret_fault. */
MUST_USE int parse_authorization_query(const char *query, struct authorization_query *ret_query,
                                       struct fault *ret_fault);
/* The parameters of `GET /v1/events`. Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_events_query(const char *query, struct events_query *ret_query, struct fault *ret_fault);
/* Those of `GET /v1/webhook_endpoints`. */
MUST_USE int parse_endpoints_query(const char *query, struct page_query *ret_page, struct fault *ret_fault);
/* Those of `GET /v1/webhook_endpoints/{id}/dead_letters`. */
MUST_USE int parse_dead_letters_query(const char *query, struct page_query *ret_page,
                                      struct fault *ret_fault);
/* The parameters of `GET /v1/policies`. Returns 0, or 1 with *ret_fault. */
MUST_USE int parse_policies_query(const char *query, struct page_query *ret_page, struct fault *ret_fault);
/* Those of `GET /v1/policies/history`. */
MUST_USE int parse_history_query(const char *query, struct history_query *ret_query, struct fault *ret_fault);
/* Those of `GET /v1/payments`. */
MUST_USE int parse_payments_query(const char *query, struct payments_query *ret_query,
                                  struct fault *ret_fault);
