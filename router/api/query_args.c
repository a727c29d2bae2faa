#include "query_args.h"
#include "clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_DIGITS_MAX = 18 };

static const char not_allowed[] = "The parameter's value is not allowed.";

/* Takes one parameter; false when its value is refused. */
typedef bool taker(void *target, const struct http_parameter *parameter);

struct parameter_rule {
  const char *name; /* a name, or the beginning of one that ends with "[" and goes on with a key and "]" */
  taker *take;
};

static bool take_limit(void *target, const struct http_parameter *parameter) {
  struct page_query *page = target;
  size_t length = strlen(parameter->value);
  if (length == 0 || length > 3 || strspn(parameter->value, "0123456789") != length)
    return false;
  page->limit = (unsigned)strtoul(parameter->value, NULL, 10);
  return page->limit >= 1 && page->limit <= LIST_LIMIT_MAX;
}

static bool take_id(const char *prefix, const char *value, struct id *ret_id) {
  if (id_parse(prefix, value, NULL) != 0)
    return false;
  strcpy(ret_id->text, value);
  return true;
}

static bool take_after_payment(void *target, const struct http_parameter *parameter) {
  return take_id("pay", parameter->value, &((struct page_query *)target)->after);
}

static bool take_after_policy(void *target, const struct http_parameter *parameter) {
  return take_id("pol", parameter->value, &((struct page_query *)target)->after);
}

static bool take_after_event(void *target, const struct http_parameter *parameter) {
  return take_id("evt", parameter->value, &((struct page_query *)target)->after);
}

static bool take_after_endpoint(void *target, const struct http_parameter *parameter) {
  return take_id("whk", parameter->value, &((struct page_query *)target)->after);
}

static bool take_before(void *target, const struct http_parameter *parameter) {
  struct history_query *query = target;
  size_t length = strlen(parameter->value);
  if (length == 0 || length > NUMBER_DIGITS_MAX || strspn(parameter->value, "0123456789") != length)
    return false;
  query->before = strtoull(parameter->value, NULL, 10);
  return query->before > 0;
}

static bool take_reference(void *target, const struct http_parameter *parameter) {
  struct payments_query *query = target;
  if (parameter->value[0] == '\0' || !alphabet_holds(ALPHABET_PRINT, parameter->value))
    return false;
  strcpy(query->reference, parameter->value);
  return true;
}

static bool take_status(void *target, const struct http_parameter *parameter) {
  struct payments_query *query = target;
  query->status = payment_status_from_name(parameter->value);
  return query->status != 0;
}

static bool take_customer(void *target, const struct http_parameter *parameter) {
  return take_id("cus", parameter->value, &((struct payments_query *)target)->customer);
}

static bool take_connector_name(const char *value, char ret_name[CONNECTOR_NAME_CAPACITY]) {
  size_t length = strlen(value);
  if (length == 0 || length >= CONNECTOR_NAME_CAPACITY ||
      strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
    return false;
  strcpy(ret_name, value);
  return true;
}

static bool take_connector(void *target, const struct http_parameter *parameter) {
  return take_connector_name(parameter->value, ((struct payments_query *)target)->connector);
}

/* metadata[KEY] */
static bool take_metadata(void *target, const struct http_parameter *parameter) {
  struct payments_query *query = target;
  size_t length = strlen(parameter->name) - strlen("metadata[") - 1;
  if (length == 0)
    return false;
  memcpy(query->metadata_key, parameter->name + strlen("metadata["), length);
  query->metadata_key[length] = '\0';
  strcpy(query->metadata_value, parameter->value);
  return true;
}

/* RFC 3339, or whole seconds since the Unix epoch. */
static bool take_time(const char *value, int64_t *ret_ms) {
  size_t length = strlen(value);
  if (length > 0 && length <= 11 && strspn(value, "0123456789") == length) {
    *ret_ms = strtoll(value, NULL, 10) * 1000;
    return true;
  }
  return timestamp_parse(value, ret_ms) == 0;
}

static bool take_created_from(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &((struct payments_query *)target)->created_from_ms);
}

static bool take_created_to(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &((struct payments_query *)target)->created_to_ms);
}

static bool take_event_type(void *target, const struct http_parameter *parameter) {
  enum event_type type = event_type_from_name(parameter->value);
  ((struct events_query *)target)->types = (event_type_set)1 << type;
  return type != EVENT_NONE;
}

static bool take_events_from(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &((struct events_query *)target)->created_from_ms);
}

static bool take_events_to(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &((struct events_query *)target)->created_to_ms);
}

/* ---- Approval rates ---- */

static struct rates_query *rates_of(void *target) {
  return &((struct authorization_query *)target)->rates;
}

/* Names with one comma between, none twice. */
static bool take_groups(void *target, const struct http_parameter *parameter) {
  unsigned groups = 0;
  const char *at = parameter->value;
  for (bool more = true; more;) {
    char name[HTTP_QUERY_NAME_CAPACITY];
    size_t length = strcspn(at, ",");
    if (length >= sizeof name)
      return false;
    memcpy(name, at, length);
    name[length] = '\0';
    enum rate_dim dim = rate_dim_from_name(name);
    if (dim == DIM_GROUPABLE || groups >> dim & 1)
      return false;
    groups |= 1U << dim;
    more = at[length] == ',';
    at += length + more;
  }
  rates_of(target)->groups = groups;
  return true;
}

static bool take_rates_from(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &rates_of(target)->from_ms);
}

static bool take_rates_to(void *target, const struct http_parameter *parameter) {
  return take_time(parameter->value, &rates_of(target)->to_ms);
}

static bool take_rows(void *target, const struct http_parameter *parameter) {
  size_t length = strlen(parameter->value);
  if (length == 0 || length > 4 || strspn(parameter->value, "0123456789") != length)
    return false;
  rates_of(target)->limit = (unsigned)strtoul(parameter->value, NULL, 10);
  return rates_of(target)->limit >= 1 && rates_of(target)->limit <= RATES_ROWS_MAX;
}

/* A value of a fixed list; the parameter bears the dimension's name. */
static bool take_fixed(void *target, const struct http_parameter *parameter) {
  enum rate_dim dim = rate_dim_from_name(parameter->name);
  rates_of(target)->only[dim] = rate_value_of(dim, parameter->value);
  return rates_of(target)->only[dim] != VALUE_ANY;
}

static bool take_rates_connector(void *target, const struct http_parameter *parameter) {
  struct authorization_query *query = target;
  query->rates.only_connector = query->connector;
  return take_connector_name(parameter->value, query->connector);
}

static bool take_plan(void *target, const struct http_parameter *parameter) {
  struct authorization_query *query = target;
  if (parameter->value[0] == '\0' || strlen(parameter->value) >= sizeof query->plan)
    return false;
  strcpy(query->plan, parameter->value);
  query->rates.only_plan = query->plan;
  return true;
}

_Static_assert(offsetof(struct payments_query, page) == 0, "a page's takers fill in a query's page");
_Static_assert(offsetof(struct events_query, page) == 0, "likewise");
_Static_assert(offsetof(struct history_query, limit) == offsetof(struct page_query, limit), "likewise");

static const struct parameter_rule payments_parameters[] = {
    {"limit", take_limit},
    {"starting_after", take_after_payment},
    {"reference", take_reference},
    {"status", take_status},
    {"customer", take_customer},
    {"connector", take_connector},
    {"metadata[", take_metadata},
    {"created[gte]", take_created_from},
    {"created[lte]", take_created_to},
};
static const struct parameter_rule policies_parameters[] = {{"limit", take_limit},
                                                            {"starting_after", take_after_policy}};

static const struct parameter_rule history_parameters[] = {{"limit", take_limit},
                                                           {"starting_after", take_before}};

static const struct parameter_rule events_parameters[] = {
    {"limit", take_limit},
    {"starting_after", take_after_event},
    {"type", take_event_type},
    {"created[gte]", take_events_from},
    {"created[lte]", take_events_to},
};
static const struct parameter_rule authorization_parameters[] = {
    {"group_by", take_groups},
    {"from", take_rates_from},
    {"to", take_rates_to},
    {"limit", take_rows},
    {"connector", take_rates_connector},
    {"network", take_fixed},
    {"funding", take_fixed},
    {"country", take_fixed},
    {"amount_band", take_fixed},
    {"kind", take_fixed},
    {"plan", take_plan},
};
static const struct parameter_rule endpoints_parameters[] = {{"limit", take_limit},
                                                             {"starting_after", take_after_endpoint}};
static const struct parameter_rule dead_letters_parameters[] = {{"limit", take_limit},
                                                                {"starting_after", take_after_event}};

static bool name_fits(const struct parameter_rule *rule, const char *name) {
  size_t length = strlen(rule->name);
  if (rule->name[length - 1] != '[')
    return strcmp(rule->name, name) == 0;
  size_t given = strlen(name);
  return strncmp(rule->name, name, length) == 0 && given > length && name[given - 1] == ']';
}

/* param: the name as it stands in the table, closed; the rest of it is input. */
static struct fault fault_of_parameter(const struct parameter_rule *rule, const char *detail) {
  char name[HTTP_QUERY_NAME_CAPACITY];
  snprintf(name, sizeof name, "%s", rule->name);
  name[strcspn(name, "[")] = rule->name[strlen(rule->name) - 1] == '[' ? '\0' : name[strcspn(name, "[")];
  return fault_at(422, "invalid_field", detail, name);
}

static int parse(const char *query, const struct parameter_rule *rules, size_t count, void *target,
                 struct fault *ret_fault) {
  struct http_parameter parameter;
  size_t cursor = 0;
  unsigned seen = 0;
  int result;
  while ((result = http_query_next(query, &cursor, &parameter)) == 0) {
    size_t i = 0;
    while (i < count && !name_fits(&rules[i], parameter.name))
      i++;
    if (i == count) {
      *ret_fault = fault_of(422, "unknown_field", "The query holds a parameter that is not known here.");
      return 1;
    }
    if (seen & (1U << i)) {
      *ret_fault = fault_of_parameter(&rules[i], "The parameter stands twice.");
      return 1;
    }
    seen |= 1U << i;
    if (!rules[i].take(target, &parameter)) {
      *ret_fault = fault_of_parameter(&rules[i], not_allowed);
      return 1;
    }
  }
  if (result == HTTP_QUERY_END)
    return 0;
  *ret_fault = fault_of(400, "bad_request", "The query is not well-formed.");
  return 1;
}

int parse_policies_query(const char *query, struct page_query *ret_page, struct fault *ret_fault) {
  *ret_page = (struct page_query){.limit = LIST_LIMIT_DEFAULT};
  return parse(query, policies_parameters, sizeof policies_parameters / sizeof *policies_parameters, ret_page,
               ret_fault);
}

int parse_history_query(const char *query, struct history_query *ret_query, struct fault *ret_fault) {
  *ret_query = (struct history_query){.limit = LIST_LIMIT_DEFAULT};
  return parse(query, history_parameters, sizeof history_parameters / sizeof *history_parameters, ret_query,
               ret_fault);
}

int parse_payments_query(const char *query, struct payments_query *ret_query, struct fault *ret_fault) {
  memset(ret_query, 0, sizeof *ret_query);
  ret_query->page.limit = LIST_LIMIT_DEFAULT;
  return parse(query, payments_parameters, sizeof payments_parameters / sizeof *payments_parameters,
               ret_query, ret_fault);
}

int parse_events_query(const char *query, struct events_query *ret_query, struct fault *ret_fault) {
  *ret_query = (struct events_query){.page.limit = LIST_LIMIT_DEFAULT, .types = EVERY_EVENT_TYPE};
  return parse(query, events_parameters, sizeof events_parameters / sizeof *events_parameters, ret_query,
               ret_fault);
}

int parse_endpoints_query(const char *query, struct page_query *ret_page, struct fault *ret_fault) {
  *ret_page = (struct page_query){.limit = LIST_LIMIT_DEFAULT};
  return parse(query, endpoints_parameters, sizeof endpoints_parameters / sizeof *endpoints_parameters,
               ret_page, ret_fault);
}

int parse_dead_letters_query(const char *query, struct page_query *ret_page, struct fault *ret_fault) {
  *ret_page = (struct page_query){.limit = LIST_LIMIT_DEFAULT};
  return parse(query, dead_letters_parameters,
               sizeof dead_letters_parameters / sizeof *dead_letters_parameters, ret_page, ret_fault);
}

int parse_authorization_query(const char *query, struct authorization_query *ret_query,
                              struct fault *ret_fault) {
  *ret_query = (struct authorization_query){.rates.limit = ROWS_DEFAULT};
  return parse(query, authorization_parameters,
               sizeof authorization_parameters / sizeof *authorization_parameters, ret_query, ret_fault);
}
