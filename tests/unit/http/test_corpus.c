/* Requests that two readers could read differently, byte for byte on a socket: which are served, which are
 * refused by our checks, which by libmicrohttpd itself. The first 25 are the set that shared/http is held to;
 * the rest is around it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front.h"

enum by { SERVED, OURS, LIBRARY };

struct sample {
  const char *name;
  const char *bytes;
  size_t length;
  enum by by;
  int status; /* of the first answer; 0: the connection is closed without one */
};

#define SAMPLE(name, bytes, by, status)                                                                      \
  { name, bytes, sizeof(bytes) - 1, by, status }
#define NEXT "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: a\r\n"

static const struct sample samples[] = {
    SAMPLE("plain GET", "GET /g HTTP/1.1\r\nHost: a\r\n\r\n", SERVED, 200),
    SAMPLE("plain POST", POST "Content-Length: 5\r\n\r\nhello", SERVED, 200),
    SAMPLE("Content-Length, then Transfer-Encoding",
           POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("Transfer-Encoding, then Content-Length",
           POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("two differing Content-Length", POST "Content-Length: 0\r\nContent-Length: 36\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("two equal Content-Length", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", OURS, 400),
    SAMPLE("space before the colon of Content-Length", POST "Content-Length : 5\r\n\r\nhello" NEXT, OURS,
           400),
    SAMPLE("space before the colon of Transfer-Encoding",
           POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("Content-Length as a list", POST "Content-Length: 5, 5\r\n\r\nhello", LIBRARY, 400),
    SAMPLE("Content-Length with a plus", POST "Content-Length: +5\r\n\r\nhello", LIBRARY, 400),
    SAMPLE("Content-Length below zero", POST "Content-Length: -5\r\n\r\nhello", LIBRARY, 400),
    SAMPLE("Content-Length in hexadecimal", POST "Content-Length: 0x5\r\n\r\nhello", LIBRARY, 400),
    SAMPLE("Content-Length beyond 64 bits", POST "Content-Length: 99999999999999999999999\r\n\r\nhello",
           LIBRARY, 413),
    SAMPLE("bare LF everywhere", "GET /g HTTP/1.1\nHost: a\n\n" NEXT, OURS, 400),
    SAMPLE("bare LF after one header", "GET /g HTTP/1.1\r\nHost: a\nX: b\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("bare LF as the last line", "GET /g HTTP/1.1\r\nHost: a\r\n\n" NEXT, OURS, 400),
    SAMPLE("bare CR in a value", "GET /g HTTP/1.1\r\nHost: a\r\nX: b\rContent-Length: 36\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("NUL in a value", "GET /g HTTP/1.1\r\nHost: a\r\nX: b\0Content-Length: 36\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("two Host headers", "GET /g HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", OURS, 400),
    SAMPLE("no Host header", "GET /g HTTP/1.1\r\nX: a\r\n\r\n", OURS, 400),
    SAMPLE("folded header", "GET /g HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", OURS, 400),
    SAMPLE("folded Transfer-Encoding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("unknown Transfer-Encoding", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("Transfer-Encoding in chunks", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, OURS, 411),
    SAMPLE("body on a GET", "GET /g HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" NEXT, OURS, 400),

    SAMPLE("two codings", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("two Transfer-Encoding",
           POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT, OURS, 400),
    SAMPLE("vertical tab before a coding", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("NULs at the end of the last value", "GET /g HTTP/1.1\r\nHost: a\0\0\r\n\r\n", OURS, 400),
    SAMPLE("NUL that hides a byte at the end", "GET /g HTTP/1.1\r\nHost: a\0b\n\n" NEXT, OURS, 400),
    SAMPLE("bare LF made up for by a NUL elsewhere", "GET /g HTTP/1.1\r\nHost: a\nX: b\0\r\n\r\n" NEXT, OURS,
           400),
    SAMPLE("NUL in a name", "GET /g HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n", LIBRARY, 400),
    SAMPLE("NUL in the target", "GET /g\0h HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("control character in a value", "GET /g HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", OURS, 400),
    SAMPLE("empty header name", "GET /g HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", OURS, 400),
    SAMPLE("blank before the first header", "GET /g HTTP/1.1\r\n Host: a\r\n\r\n", OURS, 400),
    SAMPLE("header without a colon", "GET /g HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", LIBRARY, 400),
    SAMPLE("two spaces before the target", "GET  /g HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("space in the target", "GET /g h HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("target with a scheme", "GET http://b/g HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("method in lower case", "get /g HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 501),
    SAMPLE("HTTP/1.2", "GET /g HTTP/1.2\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("HTTP/2.0", "GET /g HTTP/2.0\r\nHost: a\r\n\r\n", LIBRARY, 505),
    SAMPLE("no version", "GET /g\r\nHost: a\r\n\r\n", LIBRARY, 400),
    SAMPLE("two Authorization", "GET /g HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
           OURS, 400),
    SAMPLE("empty lines first", "\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n", SERVED, 200),
    SAMPLE("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", OURS, 400),
    SAMPLE("NUL before a bare LF", "GET /g HTTP/1.1\r\nHost: a\0\nX: b\r\n\r\n", SERVED,
           200), /* not seen: framing.h */
    SAMPLE("no space in the request line", "GET\r\nHost: a\r\n\r\n", LIBRARY, 0),
};

static const struct http_limits limits = {
    .body_bytes = 1024, .connections = 100, .requests = 10, .timeout_s = 10};

static void check(struct front *front, const struct sample *sample) {
  struct talk talk;
  unsigned before = front->handled;
  int client = front_connect(front);
  front_talk(front, client, sample->bytes, sample->length, &talk);
  close(client);
  bool ours = strstr(talk.text, "Freeport-Request-Id: req_") != NULL;
  cr_expect_eq(status_of(talk.text), sample->status, "%s: status %d", sample->name, status_of(talk.text));
  cr_expect_eq(ours, sample->by != LIBRARY, "%s: refused by the other one", sample->name);
  cr_expect_eq(front->handled - before, sample->by == SERVED ? 1 : 0, "%s: handled", sample->name);
  /* libmicrohttpd 0.9.75 writes the head of its own refusal of a Content-Length twice. */
  cr_expect_leq(answers_in(talk.text), sample->by == LIBRARY ? 2 : 1, "%s: more was served", sample->name);
  cr_expect_eq(talk.closed, sample->by != SERVED, "%s: closed or not", sample->name);
  if (sample->by == OURS)
    cr_expect(strstr(talk.text, "application/problem+json") != NULL, "%s: no problem document", sample->name);
}

Test(corpus, each_case_is_served_or_refused_as_the_table_says) {
  struct front front;
  front_open(&front, limits, NULL, NULL);
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
    check(&front, &samples[i]);
  front_close(&front);
}

/* What a proxy sends on one connection: several requests at once, each answered once and in order. */
Test(corpus, pipelined_requests_are_answered_one_by_one) {
  static const char two[] =
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  front_talk(&front, client, two, sizeof two - 1, &talk);
  cr_assert_eq(front.handled, 2);
  cr_assert_eq(answers_in(talk.text), 2);
  cr_assert_not(talk.closed);
  close(client);
  front_close(&front);
}

/* The layout check must hold however the bytes are cut into reads. */
Test(corpus, a_head_that_comes_in_pieces_is_served) {
  static const char request[] = "POST /p?x=%20y&z HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=\"d\"\r\nX:\r\nY:   "
                                "spaced  \r\nContent-Length: 3\r\n\r\nabc";
  struct front front;
  struct talk talk;
  front_open(&front, limits, NULL, NULL);
  int client = front_connect(&front);
  for (size_t i = 0; i + 1 < sizeof request - 1; i++) {
    cr_assert_eq(send(client, request + i, 1, 0), 1);
    front_run(&front, 1);
  }
  front_talk(&front, client, request + sizeof request - 2, 1, &talk);
  cr_assert_eq(status_of(talk.text), 200, "%s", talk.text);
  cr_assert_eq(front.last_body, 3);
  close(client);
  front_close(&front);
}
