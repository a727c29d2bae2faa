/* Query parameters of lists. */
#include "query_args.h"
#include <criterion/criterion.h>
#include <string.h>

static const struct {
  const char *query;
  unsigned status;
  const char *code, *param;
} wrong[] = {
    {"limit=0", 422, "invalid_field", "limit"},
    {"limit=101", 422, "invalid_field", "limit"},
    {"limit=", 422, "invalid_field", "limit"},
    {"limit=-1", 422, "invalid_field", "limit"},
    {"limit=1e1", 422, "invalid_field", "limit"},
    {"limit=5&limit=5", 422, "invalid_field", "limit"},
    {"starting_after=pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCD", 422, "invalid_field", "starting_after"},
    {"status=paid", 422, "invalid_field", "status"},
    {"customer=4242424242424242", 422, "invalid_field", "customer"},
    {"connector=A", 422, "invalid_field", "connector"},
    {"reference=", 422, "invalid_field", "reference"},
    {"reference=%C3%A9", 422, "invalid_field", "reference"},
    {"connector=an_account_whose_name_is_longer_than_any", 422, "invalid_field", "connector"},
    {"created[gte]=111111111111", 422, "invalid_field", "created[gte]"},
    {"metadata[]=x", 422, "invalid_field", "metadata"},
    {"metadata[a]=1&metadata[b]=2", 422, "invalid_field", "metadata"},
    {"created[gte]=yesterday", 422, "invalid_field", "created[gte]"},
    {"created[lte]=", 422, "invalid_field", "created[lte]"},
    {"created=1", 422, "unknown_field", ""},
    {"amount=1", 422, "unknown_field", ""},
    {"4242424242424242=1", 422, "unknown_field", ""},
    {"reference=%zz", 400, "bad_request", ""},
    {"reference=%00", 400, "bad_request", ""},
    {"reference=%ff", 400, "bad_request", ""},
};

Test(api_query, wrong_parameters_are_refused) {
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct payments_query query;
    struct fault fault = {0};
    cr_assert_eq(parse_payments_query(wrong[i].query, &query, &fault), 1, "%s", wrong[i].query);
    cr_expect_eq(fault.status, wrong[i].status, "%u for %s", fault.status, wrong[i].query);
    cr_expect_str_eq(fault.code, wrong[i].code, "%s for %s", fault.code, wrong[i].query);
    cr_expect_str_eq(fault.param, wrong[i].param, "%s for %s", fault.param, wrong[i].query);
  }
}

Test(api_query, every_parameter_arrives) {
  struct payments_query query;
  struct fault fault = {0};
  cr_assert_eq(
      parse_payments_query("limit=100&starting_after=pay_01J9ZC8XK4T5V6W7X8Y9Z0ABCD&reference=order+%237&"
                           "status=partially_captured&customer=cus_01J9ZC8XK4T5V6W7X8Y9Z0ABCD&"
                           "connector=adyen_eu&metadata%5Bcart%5D=a%26b&created[gte]=2026-01-31T12:00:00Z&"
                           "created[lte]=1800000000",
                           &query, &fault),
      0, "%s %s", fault.code, fault.param);
  cr_expect_eq(query.page.limit, 100);
  cr_expect_str_eq(query.page.after.text, "pay_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  cr_expect_str_eq(query.reference, "order #7");
  cr_expect_eq(query.status, PAYMENT_PARTIALLY_CAPTURED);
  cr_expect_str_eq(query.connector, "adyen_eu");
  cr_expect_str_eq(query.metadata_key, "cart");
  cr_expect_str_eq(query.metadata_value, "a&b");
  cr_expect_eq(query.created_from_ms, 1769860800000);
  cr_expect_eq(query.created_to_ms, 1800000000000);
}

Test(api_query, what_rates_are_asked_for_arrives) {
  static struct authorization_query query;
  struct fault fault = {0};
  cr_assert_eq(parse_authorization_query("group_by=network,plan&from=1767225600&to=2026-01-02T00:00:00Z&"
                                         "connector=adyen_eu&kind=renewal&country=DE&plan=a%26b&limit=1000",
                                         &query, &fault),
               0, "%s %s", fault.code, fault.param);
  cr_expect_eq(query.rates.groups, 1U << DIM_NETWORK | 1U << DIM_PLAN);
  cr_expect_eq(query.rates.from_ms, 1767225600000);
  cr_expect_eq(query.rates.to_ms, 1767312000000);
  cr_expect_str_eq(query.rates.only_connector, "adyen_eu");
  cr_expect_str_eq(query.rates.only_plan, "a&b");
  cr_expect_eq(query.rates.only[DIM_KIND], KIND_VALUE_RENEWAL);
  cr_expect_eq(query.rates.only[DIM_COUNTRY], rate_value_of(DIM_COUNTRY, "DE"));
  cr_expect_eq(query.rates.only[DIM_NETWORK], VALUE_ANY);
  cr_expect_eq(query.rates.limit, RATES_ROWS_MAX);
}

Test(api_query, wrong_questions_about_rates_are_refused) {
  static const struct {
    const char *query, *code, *param;
  } cases[] = {{"group_by=connector%2C", "invalid_field", "group_by"},
               {"group_by=,connector", "invalid_field", "group_by"},
               {"group_by=kind,kind", "invalid_field", "group_by"},
               {"group_by=card.bin", "invalid_field", "group_by"},
               {"limit=1001", "invalid_field", "limit"},
               {"funding=charge", "invalid_field", "funding"},
               {"plan=", "invalid_field", "plan"},
               {"to=tomorrow", "invalid_field", "to"},
               {"from=1&from=1", "invalid_field", "from"},
               {"4242424242424242=1", "unknown_field", ""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct authorization_query query;
    struct fault fault = {0};
    cr_assert_eq(parse_authorization_query(cases[i].query, &query, &fault), 1, "%s", cases[i].query);
    cr_expect_str_eq(fault.code, cases[i].code, "%s for %s", fault.code, cases[i].query);
    cr_expect_str_eq(fault.param, cases[i].param, "%s for %s", fault.param, cases[i].query);
  }
}

Test(api_query, nothing_asked_is_the_first_page) {
  struct payments_query query;
  struct page_query page;
  struct fault fault;
  cr_assert_eq(parse_payments_query("", &query, &fault), 0);
  cr_expect_eq(query.page.limit, LIST_LIMIT_DEFAULT);
  cr_expect_str_empty(query.page.after.text);
  cr_assert_eq(parse_policies_query("starting_after=pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCD", &page, &fault), 0);
  cr_expect_eq(parse_policies_query("status=captured", &page, &fault), 1);
}
