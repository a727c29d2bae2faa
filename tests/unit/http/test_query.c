#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "http.h"
#include "problem.h"
#include "routes.h"

Test(query, parameters_are_decoded_in_order) {
  struct http_parameter parameter;
  size_t cursor = 0;
  const char *query = "&metadata%5Bk%5D=a+b%2Bc&&empty=&bare&x=%C3%A9";
  const char *const expected[][2] = {
      {"metadata[k]", "a b+c"}, {"empty", ""}, {"bare", ""}, {"x", "\xc3\xa9"}};
  for (size_t i = 0; i < 4; i++) {
    cr_assert_eq(http_query_next(query, &cursor, &parameter), 0);
    cr_assert_str_eq(parameter.name, expected[i][0]);
    cr_assert_str_eq(parameter.value, expected[i][1]);
  }
  cr_assert_eq(http_query_next(query, &cursor, &parameter), HTTP_QUERY_END);
}

Test(query, broken_ones_are_refused) {
  static const char *const queries[] = {"a=%", "a=%4", "a=%zz", "a=%00", "a=%0a", "a=%ff", "%7f=a"};
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    struct http_parameter parameter;
    size_t cursor = 0;
    cr_expect_eq(http_query_next(queries[i], &cursor, &parameter), -EBADMSG, "%s", queries[i]);
  }
  char name[200], value[8];
  memset(name, 'n', sizeof name);
  name[199] = '\0';
  cr_expect_eq(http_query_value(name, "n", value, sizeof value), -EBADMSG);
}

Test(query, a_value_is_found_once_or_refused) {
  char value[4] = "-";
  cr_assert_eq(http_query_value("a=1&b=22", "b", value, sizeof value), 0);
  cr_assert_str_eq(value, "22");
  cr_assert_eq(http_query_value("a=1", "b", value, sizeof value), HTTP_QUERY_END);
  cr_assert_eq(http_query_value("b=1&b=1", "b", value, sizeof value), -EBADMSG);
  cr_assert_eq(http_query_value("b=1234", "b", value, sizeof value), -EBADMSG);
  cr_assert_str_eq(value, "22");
}

static void never(void *context, struct http_request *request, const char *segment) {
  (void)context, (void)request, (void)segment;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/v1/payments", never},           {HTTP_POST, "/v1/payments", never},
    {HTTP_GET, "/v1/payments/{id}", never},      {HTTP_POST, "/v1/payments/{id}/capture", never},
    {HTTP_POST, "/v1/policies/rollback", never}, {HTTP_GET, "/v1/policies/{id}", never}};

static int find(enum http_method method, const char *path, struct http_match *ret_match) {
  return http_route_find(routes, sizeof routes / sizeof *routes, method, path, ret_match);
}

Test(routes, are_found_by_method_and_path) {
  struct http_match match;
  cr_assert_eq(find(HTTP_POST, "/v1/payments", &match), 0);
  cr_assert_eq(match.route, &routes[1]);
  cr_assert_eq(find(HTTP_POST, "/v1/payments/pay_1/capture", &match), 0);
  cr_assert_eq(match.route, &routes[3]);
  cr_assert_str_eq(match.segment, "pay_1");
  cr_assert_eq(find(HTTP_POST, "/v1/policies/rollback", &match), 0);
  cr_assert_eq(match.route, &routes[4]);
}

Test(routes, a_wrong_method_names_the_right_ones) {
  struct http_match match;
  cr_assert_eq(find(HTTP_DELETE, "/v1/payments", &match), HTTP_NO_METHOD);
  cr_assert_str_eq(match.allow, "GET, HEAD, POST");
}

Test(routes, odd_paths_are_not_found) {
  static const char *const paths[] = {"/",
                                      "/v1/payments/",
                                      "/v1/payments/a/",
                                      "/v1/payments/a%2fb",
                                      "/v1/payments//capture",
                                      "/v1/payments/a/b/capture",
                                      "/v1//payments",
                                      "/v1/Payments"};
  struct http_match match;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    cr_expect_eq(find(HTTP_GET, paths[i], &match), HTTP_NO_PATH, "%s", paths[i]);
  char path[200] = "/v1/payments/";
  memset(path + 13, 'a', 64);
  cr_expect_eq(find(HTTP_GET, path, &match), HTTP_NO_PATH);
  path[13 + 63] = '\0';
  cr_expect_eq(find(HTTP_GET, path, &match), 0);
}

Test(problem, is_written_with_its_code_and_field) {
  char text[PROBLEM_CAPACITY];
  struct problem problem = {422, "invalid_card_number", "Not a card number.", "card.number", 0};
  struct id id = {"req_1"};
  size_t length = problem_write(&problem, &id, text);
  cr_assert_eq(length, strlen(text));
  cr_assert_str_eq(
      text, "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
            "\"code\":\"invalid_card_number\",\"detail\":\"Not a card number.\",\"param\":\"card.number\","
            "\"request_id\":\"req_1\"}");
}
