#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

static int pipe_ends[2];
static int saved;

static void begin_capture(void) {
  cr_assert_eq(pipe2(pipe_ends, O_NONBLOCK), 0);
  saved = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
}

static void end_capture(char *ret_text, size_t capacity) {
  dup2(saved, STDERR_FILENO);
  ssize_t length = read(pipe_ends[0], ret_text, capacity - 1);
  ret_text[length < 0 ? 0 : length] = '\0';
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  close(saved);
}

static void expect_line(const char *text, const char *rest) {
  int64_t ms;
  char time[TIMESTAMP_CAPACITY] = {0};
  memcpy(time, text, TIMESTAMP_CAPACITY - 1);
  cr_expect_eq(timestamp_parse(time, &ms), 0, "%s", text);
  cr_expect_str_eq(text + TIMESTAMP_CAPACITY - 1, rest, "%s", text);
}

Test(log, a_line_has_time_program_level_and_event) {
  char text[1024];
  log_open("freeport-test");
  begin_capture();
  log_info("started");
  end_capture(text, sizeof text);
  expect_line(text, " freeport-test info started\n");
}

Test(log, numbers_and_ids_are_named) {
  char text[1024], wanted[128];
  log_open("freeport-test");
  begin_capture();
  log_warn_number("queue full", "waiting", INT64_MIN);
  end_capture(text, sizeof text);
  expect_line(text, " freeport-test warn queue full waiting=-9223372036854775808\n");
  begin_capture();
  log_error("commit failed", -28);
  end_capture(text, sizeof text);
  expect_line(text, " freeport-test error commit failed error=-28\n");
  struct id id = id_new_random("pay");
  snprintf(wanted, sizeof wanted, " freeport-test warn unresolved id=%s\n", id.text);
  begin_capture();
  log_warn_id("unresolved", &id);
  end_capture(text, sizeof text);
  expect_line(text, wanted);
}

Test(log, a_connector_is_named_when_it_can_be_nothing_else) {
  static const struct {
    const char *connector, *rest;
  } lines[] = {{"adyen_eu2", " connector=adyen_eu2"},
               {NULL, ""},
               {"", ""},
               {"4242424242424242", ""},
               {"c4242424242424242", ""},
               {"Adyen", ""},
               {"adyen eu", ""},
               {"a\nb", ""},
               {"abcdefghijklmnopqrstuvwxyz_abcdef", ""}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char text[1024], wanted[128];
    log_open("freeport-test");
    begin_capture();
    log_warn_about("not sent", lines[i].connector, "error", -5);
    end_capture(text, sizeof text);
    snprintf(wanted, sizeof wanted, " freeport-test warn not sent%s error=-5\n", lines[i].rest);
    expect_line(text, wanted);
  }
}

static void expect_facts(const struct log_facts *facts, const char *rest) {
  char text[1024];
  log_open("freeport-test");
  begin_capture();
  log_info_facts("told", facts);
  end_capture(text, sizeof text);
  expect_line(text, rest);
}

Test(log, a_line_of_facts_names_what_it_may) {
  static const uint8_t hash[32] = {0x0a, 0xff, 1, 2, 3, 4, 5, 6, 7};
  struct id key = id_new_random("key");
  char wanted[256];
  struct log_facts facts = {.connector = "adyen",
                            .meant = "adyen_eu",
                            .network = "visa",
                            .country = "DE",
                            .key = &key,
                            .hash = hash,
                            .numbers = {LOG_NUMBER("requests", 20), LOG_NUMBER("faults", -3)}};
  snprintf(wanted, sizeof wanted,
           " freeport-test info told connector=adyen meant=adyen_eu network=visa country=DE key=%s "
           "hash=0aff010203040506 requests=20 faults=-3\n",
           key.text);
  expect_facts(&facts, wanted);
  expect_facts(&(struct log_facts){.connector = "4242424242424242",
                                   .meant = "A",
                                   .network = "4242424242424242",
                                   .country = "D1",
                                   .id = &(struct id){""}},
               " freeport-test info told\n");
  expect_facts(&(struct log_facts){.network = "abcdefghijklmnopq", .country = ""},
               " freeport-test info told\n");
}

/* One write a line, so that lines of several processes do not mix: a pipe with packets shows each write. */
Test(log, a_line_is_one_write_and_a_long_one_is_cut) {
  char text[1024], longest[2048];
  memset(longest, 'e', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  cr_assert_eq(pipe2(pipe_ends, O_DIRECT), 0);
  saved = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
  log_write("info", longest, "", 0, NULL);
  dup2(saved, STDERR_FILENO);
  ssize_t length = read(pipe_ends[0], text, sizeof text);
  cr_expect_eq(length, 511);
  cr_expect_eq(text[length - 1], '\n');
}

Test(log, a_closed_log_stops_nothing) {
  saved = dup(STDERR_FILENO);
  close(STDERR_FILENO);
  log_info("nobody reads this");
  dup2(saved, STDERR_FILENO);
}
