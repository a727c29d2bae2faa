#include "http_reply.h"

#include "http_head.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_FIRST_CAPACITY = 4096, CHUNK_SIZE_DIGITS_MAX = 8 };

void http_reply_begin(struct http_reply *reply, size_t body_limit) {
  memset(reply, 0, offsetof(struct http_reply, head));
  reply->body_limit = body_limit < HTTP_BODY_MAX ? body_limit : HTTP_BODY_MAX;
}

void http_reply_end(struct http_reply *reply) {
  if (reply->body != NULL) {
    sodium_memzero(reply->body, reply->body_capacity);
    free(reply->body);
  }
  sodium_memzero(reply->head, reply->head_length);
  memset(reply, 0, offsetof(struct http_reply, head));
}

const char *http_reply_header(const struct http_reply *reply, const char *name) {
  for (unsigned i = 0; i < reply->header_count; i++)
    if (strcasecmp(reply->head + reply->headers[i].name, name) == 0)
      return reply->head + reply->headers[i].value;
  return NULL;
}

/* realloc() would leave a copy behind. */
static int grow_body(struct http_reply *reply, size_t needed) {
  size_t capacity = reply->body_capacity > 0 ? reply->body_capacity : BODY_FIRST_CAPACITY;
  while (capacity < needed)
    capacity *= 2;
  uint8_t *body = malloc(capacity);
  if (body == NULL)
    return -ENOMEM;
  if (reply->body != NULL) {
    memcpy(body, reply->body, reply->body_length);
    sodium_memzero(reply->body, reply->body_capacity);
    free(reply->body);
  }
  reply->body = body;
  reply->body_capacity = capacity;
  return 0;
}

static int append_body(struct http_reply *reply, const uint8_t *bytes, size_t length) {
  if (length > reply->body_limit - reply->body_length)
    return -EMSGSIZE;
  size_t needed = reply->body_length + length + 1;
  if (needed > reply->body_capacity) {
    int error = grow_body(reply, needed);
    if (error < 0)
      return error;
  }
  memcpy(reply->body + reply->body_length, bytes, length);
  reply->body_length += length;
  reply->body[reply->body_length] = '\0';
  return 0;
}

/* Gathers the head until its empty line. *ret_used: how many bytes were taken. */
static int feed_head(struct http_reply *reply, const uint8_t *bytes, size_t length, size_t *ret_used) {
  size_t room = HTTP_HEAD_MAX - reply->head_length;
  size_t taken = length < room ? length : room;
  size_t before = reply->head_length;
  size_t from = before > 3 ? before - 3 : 0;
  memcpy(reply->head + before, bytes, taken);
  reply->head_length += taken;
  char *end = memmem(reply->head + from, reply->head_length - from, "\r\n\r\n", 4);
  if (end == NULL) {
    *ret_used = taken;
    return reply->head_length == HTTP_HEAD_MAX ? -EMSGSIZE : 0;
  }
  reply->head_length = (size_t)(end + 4 - reply->head);
  *ret_used = reply->head_length - before;
  return http_head_parse(reply);
}

static int feed_data(struct http_reply *reply, const uint8_t *bytes, size_t length, size_t *ret_used) {
  size_t taken = length;
  if (reply->part != HTTP_BODY_TO_CLOSE && reply->left < taken)
    taken = (size_t)reply->left;
  int error = append_body(reply, bytes, taken);
  if (error < 0)
    return error;
  *ret_used = taken;
  if (reply->part == HTTP_BODY_TO_CLOSE)
    return 0;
  reply->left -= taken;
  if (reply->left == 0)
    reply->part = reply->part == HTTP_BODY_SIZED ? HTTP_DONE : HTTP_CHUNK_DATA_CR;
  return 0;
}

static int hex_value(uint8_t c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

static int chunk_size_byte(struct http_reply *reply, uint8_t c) {
  int digit = hex_value(c);
  if (digit >= 0) {
    if (++reply->size_digits > CHUNK_SIZE_DIGITS_MAX)
      return -EBADMSG;
    reply->left = reply->left * 16 + (uint64_t)digit;
    return 0;
  }
  if (reply->size_digits == 0 || (c != '\r' && c != ';'))
    return -EBADMSG;
  reply->part = c == '\r' ? HTTP_CHUNK_SIZE_LF : HTTP_CHUNK_EXTENSION;
  return 0;
}

static int chunk_size_end(struct http_reply *reply) {
  reply->size_digits = 0;
  if (reply->left > reply->body_limit - reply->body_length)
    return -EMSGSIZE;
  reply->part = reply->left == 0 ? HTTP_TRAILER_START : HTTP_CHUNK_DATA;
  return 0;
}

/* A byte of an extension or a trailer: read past, within the limit. */
static int overhead_byte(struct http_reply *reply, uint8_t c, enum http_part after_cr) {
  if (++reply->overhead > HTTP_TRAILER_MAX)
    return -EMSGSIZE;
  if (c == '\r')
    reply->part = after_cr;
  else if (c != '\t' && (c < 0x20 || c == 0x7f))
    return -EBADMSG;
  return 0;
}

static int expect_byte(struct http_reply *reply, uint8_t c, uint8_t wanted, enum http_part next) {
  if (c != wanted)
    return -EBADMSG;
  reply->part = next;
  return 0;
}

/* One byte of the framing of a chunked body. */
static int feed_framing(struct http_reply *reply, uint8_t c) {
  switch (reply->part) {
  case HTTP_CHUNK_SIZE:
    return chunk_size_byte(reply, c);
  case HTTP_CHUNK_EXTENSION:
    return overhead_byte(reply, c, HTTP_CHUNK_SIZE_LF);
  case HTTP_CHUNK_SIZE_LF:
    return c == '\n' ? chunk_size_end(reply) : -EBADMSG;
  case HTTP_CHUNK_DATA_CR:
    return expect_byte(reply, c, '\r', HTTP_CHUNK_DATA_LF);
  case HTTP_CHUNK_DATA_LF:
    return expect_byte(reply, c, '\n', HTTP_CHUNK_SIZE);
  case HTTP_TRAILER_START:
    if (c == '\r') {
      reply->part = HTTP_END_LF;
      return 0;
    }
    reply->part = HTTP_TRAILER_LINE;
    return overhead_byte(reply, c, HTTP_TRAILER_LF);
  case HTTP_TRAILER_LINE:
    return overhead_byte(reply, c, HTTP_TRAILER_LF);
  case HTTP_TRAILER_LF:
    return expect_byte(reply, c, '\n', HTTP_TRAILER_START);
  case HTTP_END_LF:
    return expect_byte(reply, c, '\n', HTTP_DONE);
  default:
    return -EBADMSG;
  }
}

static int feed_part(struct http_reply *reply, const uint8_t *bytes, size_t length, size_t *ret_used) {
  switch (reply->part) {
  case HTTP_HEAD:
    return feed_head(reply, bytes, length, ret_used);
  case HTTP_BODY_SIZED:
  case HTTP_BODY_TO_CLOSE:
  case HTTP_CHUNK_DATA:
    return feed_data(reply, bytes, length, ret_used);
  default:
    *ret_used = 1;
    return feed_framing(reply, bytes[0]);
  }
}

int http_reply_feed(struct http_reply *reply, const uint8_t *bytes, size_t length, size_t *ret_used) {
  size_t used = 0;
  while (used < length && reply->part != HTTP_DONE) {
    size_t taken = 0;
    int error = feed_part(reply, bytes + used, length - used, &taken);
    if (error < 0)
      return error;
    used += taken;
  }
  *ret_used = used;
  return reply->part == HTTP_DONE ? HTTP_REPLY_DONE : 0;
}

int http_reply_closed(struct http_reply *reply) {
  if (reply->part != HTTP_BODY_TO_CLOSE)
    return -EBADMSG;
  reply->part = HTTP_DONE;
  return HTTP_REPLY_DONE;
}
