/* What leaves for an endpoint, to the byte, and what its answers mean. */
#include "deliverer.h"
#include "webhook_request.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct delivery_head head_to(const char *url) {
  struct delivery_head head = {.timestamp_s = 1700000000, .timeout_ms = 15000, .length = 2};
  strcpy(head.url, url);
  strcpy(head.id.text, "evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  strcpy(head.signatures, "v1,aaaa v1,bbbb");
  return head;
}

static void expect_request(const char *to, const char *first_lines) {
  static const char rest[] = "User-Agent: Freeport-Webhooks/1\r\n"
                             "Accept: */*\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 2\r\n"
                             "webhook-id: evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\r\n"
                             "webhook-timestamp: 1700000000\r\n"
                             "webhook-signature: v1,aaaa v1,bbbb\r\n"
                             "\r\n"
                             "{}";
  struct delivery_head head = head_to(to);
  struct webhook_url url;
  char wanted[2048];
  uint8_t bytes[WEBHOOK_HEAD_MAX + 2];
  cr_assert_eq(webhook_url_parse(head.url, &url), 0);
  size_t length = webhook_request(&head, &url, "{}", bytes, sizeof bytes);
  snprintf(wanted, sizeof wanted, "%s%s", first_lines, rest);
  cr_assert_eq(length, strlen(wanted));
  cr_expect_arr_eq(bytes, wanted, length);
  cr_expect_eq(webhook_request(&head, &url, "{}", bytes, length - 1), 0, "no room");
}

Test(webhook_request, is_one_post) {
  expect_request("https://shop.example/hook?a=b", "POST /hook?a=b HTTP/1.1\r\nHost: shop.example\r\n");
  expect_request("https://shop.example:8443", "POST / HTTP/1.1\r\nHost: shop.example:8443\r\n");
  expect_request("https://shop.example:443/", "POST / HTTP/1.1\r\nHost: shop.example\r\n");
  expect_request("http://localhost:80/", "POST / HTTP/1.1\r\nHost: localhost\r\n");
  expect_request("http://[::1]:81?q", "POST /?q HTTP/1.1\r\nHost: [::1]:81\r\n");
}

/* The longest of everything still fits. */
Test(webhook_request, fits_at_its_longest) {
  struct delivery_head head = head_to("https://shop.example/");
  struct webhook_url url;
  uint8_t bytes[WEBHOOK_HEAD_MAX + 2];
  memset(head.url + strlen(head.url), 'x', WEBHOOK_URL_CAPACITY - 1 - strlen(head.url));
  memset(head.signatures, 'a', sizeof head.signatures - 1);
  head.timestamp_s = INT64_MAX;
  cr_assert_eq(webhook_url_parse(head.url, &url), 0);
  cr_expect_gt(webhook_request(&head, &url, "{}", bytes, sizeof bytes), 0);
}

Test(deliverer, the_status_says_it_all) {
  static const struct {
    struct client_result result;
    enum delivery_outcome outcome;
  } cases[] = {
      {{.error = CLIENT_DONE, .status = 200}, DELIVERY_TAKEN},
      {{.error = CLIENT_DONE, .status = 204}, DELIVERY_TAKEN},
      {{.error = CLIENT_TOO_LARGE, .status = 200}, DELIVERY_TAKEN},
      {{.error = CLIENT_TIMEOUT, .status = 202}, DELIVERY_TAKEN},
      {{.error = CLIENT_DONE, .status = 302}, DELIVERY_REDIRECTED},
      {{.error = CLIENT_CLOSED, .status = 301}, DELIVERY_REDIRECTED},
      {{.error = CLIENT_DONE, .status = 404}, DELIVERY_ANSWERED},
      {{.error = CLIENT_DONE, .status = 500}, DELIVERY_ANSWERED},
      {{.error = CLIENT_TIMEOUT}, DELIVERY_TIMEOUT},
      {{.error = CLIENT_CLOSED}, DELIVERY_CLOSED},
      {{.error = CLIENT_MALFORMED}, DELIVERY_MALFORMED},
      {{.error = CLIENT_CERTIFICATE}, DELIVERY_CERTIFICATE},
      {{.error = CLIENT_ADDRESS_REFUSED}, DELIVERY_ADDRESS_REFUSED},
      {{.error = CLIENT_NO_ADDRESS}, DELIVERY_NO_ADDRESS},
      {{.error = CLIENT_NO_CONNECTION}, DELIVERY_NO_CONNECTION},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct delivery_attempt attempt = deliverer_judge(&cases[i].result);
    cr_expect_eq(attempt.outcome, cases[i].outcome, "%zu: %s", i, delivery_outcome_name(attempt.outcome));
    cr_expect_eq(attempt.http_status, cases[i].result.status);
  }
}
