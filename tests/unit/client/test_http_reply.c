#include "http_reply.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_LIMIT = 64, TOO_LONG = 20000 };

struct outcome {
  int code; /* the last that feed or closed returned */
  int fed;  /* the last that feed returned */
  size_t used;
  struct http_reply reply;
};

/* Feeds text in pieces of step bytes, then closes if it is not done. */
static struct outcome *read_all(const char *text, size_t length, size_t step) {
  struct outcome *outcome = malloc(sizeof *outcome);
  http_reply_begin(&outcome->reply, BODY_LIMIT);
  outcome->code = 0;
  outcome->used = 0;
  while (outcome->code == 0 && outcome->used < length) {
    size_t piece = length - outcome->used < step ? length - outcome->used : step;
    uint8_t *copy = malloc(piece); /* exact, so that the sanitizer sees a read beyond it */
    memcpy(copy, text + outcome->used, piece);
    size_t used = 0;
    outcome->code = http_reply_feed(&outcome->reply, copy, piece, &used);
    free(copy);
    outcome->used += used;
  }
  outcome->fed = outcome->code;
  if (outcome->code == 0)
    outcome->code = http_reply_closed(&outcome->reply);
  return outcome;
}

static void drop(struct outcome *outcome) {
  http_reply_end(&outcome->reply);
  free(outcome);
}

static const size_t steps[] = {1, 2, 3, 7, 1000000};

#define EACH_STEP(step)                                                                                      \
  for (size_t at_##step = 0, step;                                                                           \
       at_##step < sizeof steps / sizeof *steps && (step = steps[at_##step], true); at_##step++)

static const struct {
  const char *text;
  unsigned status;
  const char *body;
  bool keep_alive;
  size_t surplus;
} good[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true, 0},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", true, 0},
    {"HTTP/1.1 404 Not Found\r\nContent-Length:2\r\n\r\nno", 404, "no", true, 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Close\r\n\r\nhello", 200, "hello", false, 0},
    {"HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 1\r\n\r\n1", 200, "1", false, 0},
    {"HTTP/1.1 200 OK\r\nConnection: closely\r\nContent-Length: 1\r\n\r\n1", 200, "1", true, 0},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", 200, "1", false, 0},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end", false, 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true, 0},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, "", true, 0},
    {"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n", 301, "", true, 0},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n"
     "Content-Length: 2\r\n\r\nok",
     201, "ok", true, 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\n",
     200, "hello world", true, 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0A\r\n0123456789\r\n00\r\nTrailer: x\r\nB: "
     "c\r\n\r\n",
     200, "0123456789", true, 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", 200, "ok", true, 17},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", 200, "", true, 1},
};

Test(http_reply, whole_answers_are_read_in_any_pieces) {
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    EACH_STEP(step) {
      size_t length = strlen(good[i].text);
      struct outcome *got = read_all(good[i].text, length, step);
      cr_assert_eq(got->code, HTTP_REPLY_DONE, "answer %zu, step %zu: %d", i, step, got->code);
      cr_assert_eq(got->reply.status, good[i].status);
      cr_assert_eq(got->reply.body_length, strlen(good[i].body), "answer %zu", i);
      if (got->reply.body_length > 0)
        cr_assert_str_eq((char *)got->reply.body, good[i].body);
      cr_assert_eq(got->reply.keep_alive, good[i].keep_alive, "answer %zu", i);
      cr_assert_eq(length - got->used, good[i].surplus, "answer %zu, step %zu", i, step);
      drop(got);
    }
  }
}

static const struct {
  const char *text;
  int code;
} bad[] = {
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 101 Switching\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", -EMSGSIZE},
    {"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     -EBADMSG},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\nx\r\n0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\rxhello\r\n0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\rx0\r\n\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\rx", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n", -EBADMSG},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", -EMSGSIZE},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n"
     "0123456789012345678901234567890123456789012345678901234567890123\r\n1\r\nx\r\n0\r\n\r\n",
     -EMSGSIZE},
    {"HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123456789",
     -EMSGSIZE},
};

Test(http_reply, what_does_not_fit_is_refused_in_any_pieces) {
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    EACH_STEP(step) {
      struct outcome *got = read_all(bad[i].text, strlen(bad[i].text), step);
      cr_assert_eq(got->fed, bad[i].code, "answer %zu, step %zu: %d", i, step, got->fed);
      drop(got);
    }
  }
}

/* Nothing is wrong with them but that they end. */
Test(http_reply, what_is_cut_off_is_no_answer) {
  static const char *const cut[] = {
      "",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"};
  for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
    EACH_STEP(step) {
      struct outcome *got = read_all(cut[i], strlen(cut[i]), step);
      cr_assert_eq(got->fed, 0, "answer %zu, step %zu", i, step);
      cr_assert_eq(got->code, -EBADMSG, "answer %zu, step %zu: %d", i, step, got->code);
      drop(got);
    }
  }
}

Test(http_reply, a_nul_byte_is_refused) {
  static const char in_header[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n";
  static const char in_name[] = "HTTP/1.1 200 OK\r\nA\0: b\r\nContent-Length: 0\r\n\r\n";
  struct outcome *got = read_all(in_header, sizeof in_header - 1, 5);
  cr_assert_eq(got->code, -EBADMSG);
  drop(got);
  got = read_all(in_name, sizeof in_name - 1, 5);
  cr_assert_eq(got->code, -EBADMSG);
  drop(got);
}

Test(http_reply, headers_are_bounded) {
  char *text = calloc(1, TOO_LONG + 100);
  strcpy(text, "HTTP/1.1 200 OK\r\nX: ");
  memset(text + strlen(text), 'x', TOO_LONG);
  struct outcome *got = read_all(text, strlen(text), 1000);
  cr_assert_eq(got->code, -EMSGSIZE);
  drop(got);
  strcpy(text, "HTTP/1.1 200 OK\r\n");
  for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
    strcat(text, "A: b\r\n");
  strcat(text, "\r\n");
  got = read_all(text, strlen(text), 1000);
  cr_assert_eq(got->code, -EMSGSIZE);
  drop(got);
  free(text);
}

Test(http_reply, interim_answers_and_trailers_are_bounded) {
  char *text = calloc(1, TOO_LONG);
  for (int i = 0; i <= HTTP_INTERIM_MAX; i++)
    strcat(text, "HTTP/1.1 100 Continue\r\n\r\n");
  struct outcome *got = read_all(text, strlen(text), 1000);
  cr_assert_eq(got->fed, -EBADMSG);
  drop(got);
  strcpy(text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  for (int i = 0; i < HTTP_TRAILER_MAX / 4; i++)
    strcat(text, "T: x\r\n");
  got = read_all(text, strlen(text), 1000);
  cr_assert_eq(got->code, -EMSGSIZE);
  drop(got);
  free(text);
}

Test(http_reply, headers_are_found_without_regard_to_case) {
  static const char text[] =
      "HTTP/1.1 200 OK\r\nTransient-Error:  true \t\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n";
  struct outcome *got = read_all(text, sizeof text - 1, 1000);
  cr_assert_eq(got->code, HTTP_REPLY_DONE);
  cr_assert_str_eq(http_reply_header(&got->reply, "transient-error"), "true");
  cr_assert_str_eq(http_reply_header(&got->reply, "X-EMPTY"), "");
  cr_assert_null(http_reply_header(&got->reply, "absent"));
  drop(got);
}
