/* The messages between router and notify: each field wrong once, pieces to the byte. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "notify_protocol.h"

static struct delivery_head good_head(uint32_t length) {
  struct delivery_head head = {.timestamp_s = 1700000000, .timeout_ms = 15000, .length = length};
  strcpy(head.url, "https://shop.example/hook");
  strcpy(head.id.text, "evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  strcpy(head.signatures, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  return head;
}

static uint8_t bytes[MESSAGE_MAX];
static uint8_t body[DELIVERY_BODY_MAX];

static size_t written(const struct delivery_head *head) {
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_deliver(&writer, head, body);
  cr_assert_eq(writer_finish(&writer), 0);
  return writer_length(&writer);
}

static int read_back(size_t length, struct delivery_head *ret_head, const uint8_t **ret_piece,
                     size_t *ret_length) {
  struct reader reader = reader_over(bytes, length);
  return read_deliver(&reader, ret_head, ret_piece, ret_length);
}

Test(notify_protocol, a_head_comes_back_as_it_was) {
  struct delivery_head head = good_head(100), read;
  const uint8_t *piece;
  size_t length, size = written(&head);
  cr_assert_eq(read_back(size, &read, &piece, &length), 0);
  cr_expect_str_eq(read.url, head.url);
  cr_expect(id_equal(&read.id, &head.id));
  cr_expect_str_eq(read.signatures, head.signatures);
  cr_expect_eq(read.timestamp_s, head.timestamp_s);
  cr_expect_eq(read.timeout_ms, head.timeout_ms);
  cr_expect(read.length == 100 && length == 100);
  for (size_t i = 0; i < size; i++)
    cr_expect_eq(read_back(i, &read, &piece, &length), -EBADMSG, "%zu bytes", i);
  bytes[size] = 0;
  cr_expect_eq(read_back(size + 1, &read, &piece, &length), -EBADMSG, "one left over");
}

Test(notify_protocol, each_field_wrong_once) {
  struct delivery_head heads[12], read;
  const uint8_t *piece;
  size_t length;
  for (size_t i = 0; i < 12; i++)
    heads[i] = good_head(100);
  strcpy(heads[0].url, "ftp://shop.example/");
  strcpy(heads[1].url, "https://shop.example/\r\nX: 1");
  strcpy(heads[2].id.text, "pay_01J9ZC8XK4T5V6W7X8Y9Z0ABCD");
  strcpy(heads[3].id.text, "evt_01J9ZC8XK4T5V6W7X8Y9Z0ABC");
  heads[4].timestamp_s = 0;
  strcpy(heads[5].signatures, "");
  strcpy(heads[6].signatures, "v1,abc\r\nX: 1");
  heads[7].timeout_ms = 0;
  heads[8].timeout_ms = DELIVERY_TIMEOUT_MAX_MS + 1;
  heads[9].length = 0;
  heads[10].length = DELIVERY_BODY_MAX + 1;
  strcpy(heads[11].url, "");
  for (size_t i = 0; i < 12; i++)
    cr_expect_eq(read_back(written(&heads[i]), &read, &piece, &length), -EBADMSG, "%zu", i);
}

Test(notify_protocol, a_long_body_goes_in_pieces_that_fit_and_join) {
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (uint8_t)(i * 7 + i / 251);
  static const uint32_t lengths[] = {1,
                                     DELIVERY_PIECE_MAX - 1,
                                     DELIVERY_PIECE_MAX,
                                     DELIVERY_PIECE_MAX + 1,
                                     3 * DELIVERY_PIECE_MAX,
                                     DELIVERY_BODY_MAX};
  static uint8_t joined[DELIVERY_BODY_MAX];
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    struct delivery_head head = good_head(lengths[k]), read;
    const uint8_t *piece;
    size_t at;
    unsigned messages = 1;
    cr_assert_eq(read_back(written(&head), &read, &piece, &at), 0);
    memcpy(joined, piece, at);
    for (; at < lengths[k]; messages++) {
      struct writer writer = writer_over(bytes, sizeof bytes);
      size_t length;
      write_more(&writer, body, lengths[k], at);
      struct reader shorter = reader_over(bytes, writer_length(&writer) - 1);
      struct reader reader = reader_over(bytes, writer_length(&writer));
      cr_expect_eq(read_more(&shorter, lengths[k], at, &piece, &length), -EBADMSG);
      cr_assert_eq(read_more(&reader, lengths[k], at, &piece, &length), 0);
      memcpy(joined + at, piece, length);
      at += length;
    }
    cr_expect_eq(messages, delivery_messages(lengths[k]));
    cr_expect_arr_eq(joined, body, lengths[k]);
  }
}

Test(notify_protocol, an_attempts_end_says_nothing_that_cannot_be) {
  for (unsigned outcome = 0; outcome < 16; outcome++) {
    for (unsigned status = 0; status < 700; status += 1 + (status > 0) * 9) {
      struct delivery_attempt attempt = {.outcome = (enum delivery_outcome)outcome,
                                         .http_status = (uint16_t)status};
      struct delivery_attempt read;
      struct writer writer = writer_over(bytes, sizeof bytes);
      write_attempt_end(&writer, &attempt);
      struct reader reader = reader_over(bytes, writer_length(&writer));
      bool known =
          outcome > 0 && outcome < DELIVERY_OUTCOME_COUNT && (status == 0 || (status >= 100 && status < 600));
      bool good =
          known && (outcome == DELIVERY_TAKEN        ? status / 100 == 2
                    : outcome == DELIVERY_REDIRECTED ? status / 100 == 3
                    : outcome == DELIVERY_ANSWERED   ? status != 0 && status / 100 != 2 && status / 100 != 3
                                                     : true);
      cr_expect_eq(read_attempt_end(&reader, &read), good ? 0 : -EBADMSG, "%u %u", outcome, status);
    }
  }
}

/* ---- URLs ---- */

Test(webhook_url, good_ones_come_apart) {
  static const struct {
    const char *text, *host, *target;
    unsigned port;
    bool tls, literal, live, test;
  } cases[] = {
      {"https://shop.example", "shop.example", "", 443, true, false, true, true},
      {"https://shop.example/", "shop.example", "/", 443, true, false, true, true},
      {"https://a-b.c_d.shop.example:8443/p/q?r=s&t=%20", "a-b.c_d.shop.example", "/p/q?r=s&t=%20", 8443,
       true, false, true, true},
      {"https://shop.example?a=b", "shop.example", "?a=b", 443, true, false, true, true},
      {"http://shop.example/", "shop.example", "/", 80, false, false, false, false},
      {"http://localhost:9/x", "localhost", "/x", 9, false, false, false, true},
      {"http://127.0.0.1:8080/x", "127.0.0.1", "/x", 8080, false, true, false, true},
      {"http://[::1]:8080/x", "::1", "/x", 8080, false, true, false, true},
      {"https://10.0.0.1/", "10.0.0.1", "/", 443, true, true, false, false},
      {"http://10.0.0.1/", "10.0.0.1", "/", 80, false, true, false, false},
      {"https://8.8.8.8/", "8.8.8.8", "/", 443, true, true, false, false},
      {"https://[fe80::1]/", "fe80::1", "/", 443, true, true, false, false},
      {"https://127.0.0.1/", "127.0.0.1", "/", 443, true, true, false, true},
      {"https://169.254.169.254/", "169.254.169.254", "/", 443, true, true, false, false},
      {"https://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1", "/", 443, true, true, false, false},
      {"http://[fd00::1]/", "fd00::1", "/", 80, false, true, false, false},
      {"https://intranet/", "intranet", "/", 443, true, false, false, true},
      {"https://db.internal/", "db.internal", "/", 443, true, false, false, true},
      {"https://printer.local/", "printer.local", "/", 443, true, false, false, true},
      {"https://a.localhost/", "a.localhost", "/", 443, true, false, false, true},
      {"https://3com.example/", "3com.example", "/", 443, true, false, true, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct webhook_url url;
    cr_assert_eq(webhook_url_parse(cases[i].text, &url), 0, "%s", cases[i].text);
    cr_expect_str_eq(url.host, cases[i].host);
    cr_expect_str_eq(url.target, cases[i].target);
    cr_expect(url.port == cases[i].port && url.tls == cases[i].tls && url.literal == cases[i].literal, "%s",
              cases[i].text);
    cr_expect_eq(webhook_url_allowed(&url, true), cases[i].live, "%s, live", cases[i].text);
    cr_expect_eq(webhook_url_allowed(&url, false), cases[i].test, "%s, test", cases[i].text);
  }
}

Test(webhook_url, others_are_none) {
  static const char *const texts[] = {"",
                                      "https://",
                                      "https:///x",
                                      "HTTPS://shop.example/",
                                      "https:/shop.example",
                                      "//shop.example",
                                      "https://shop.example:",
                                      "https://shop.example:0/",
                                      "https://shop.example:65536/",
                                      "https://shop.example:+80/",
                                      "https://shop.example:080443/",
                                      "https://user@shop.example/",
                                      "https://user:pw@shop.example/",
                                      "https://shop.example\\@evil.example/",
                                      "https://shop.example/#fragment",
                                      "https://shop.example/a b",
                                      "https://shop.example/\r\nHost: x",
                                      "https://shop.example/\x7f",
                                      "https://shop.example/\xc3\xa4",
                                      "https://Shop.example/",
                                      "https://.example/",
                                      "https://shop..example/",
                                      "https://shop.example./",
                                      "https://2130706433/",
                                      "https://0x7f.1/",
                                      "https://127.1/",
                                      "https://1.2.3.4.5/",
                                      "https://shop.example.0x7f/",
                                      "https://[::1/",
                                      "https://[127.0.0.1]/",
                                      "https://[::1]x/",
                                      "https://[fe80::1%25eth0]/"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct webhook_url url;
    cr_expect_eq(webhook_url_parse(texts[i], &url), -EINVAL, "%s", texts[i]);
  }
  char text[WEBHOOK_URL_CAPACITY + 1] = "https://shop.example/";
  struct webhook_url url;
  memset(text + strlen(text), 'x', WEBHOOK_URL_CAPACITY - 1 - strlen(text));
  cr_expect_eq(webhook_url_parse(text, &url), 0);
  text[WEBHOOK_URL_CAPACITY - 1] = 'x';
  cr_expect_eq(webhook_url_parse(text, &url), -EINVAL, "one too long");
  char label[] = "https://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example/";
  cr_expect_eq(webhook_url_parse(label, &url), -EINVAL, "a label of 64");
}
